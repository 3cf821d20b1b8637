/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* A socket of our own that passes everything on to an SSH agent: so it can have the owner and mode that a mount asks for,
 * and goes away with the step. Internal to build/. */
typedef struct SshForward SshForward;

typedef struct SshForwardParams {
        const char *agent;  /* path of the agent's socket */
        const char *socket; /* what is made; its directory is removed by the caller */
        mode_t mode;
        uid_t uid;
        gid_t gid;
} SshForwardParams;

/* Starts a thread. An agent that is gone shows as a closed connection inside. */
int ssh_forward_start(const SshForwardParams *params, SshForward **ret_forward, Err **e);
/* Ends the thread and all connections. */
void ssh_forward_stop(SshForward *f);
