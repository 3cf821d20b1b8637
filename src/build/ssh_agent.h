/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "build/build.h"

/* The agents whose sockets RUN --mount=type=ssh passes on. For keys that the command line names the programs ssh-agent and
 * ssh-add make one that only this build has: started by the first step that wants it, gone with the build however that ends.
 * The keys' bytes are not kept here. Internal to build/; any thread. */

typedef struct SshAgent SshAgent;

typedef struct SshAgents {
        pthread_mutex_t lock; /* held while one is started: others want the same */
        SshAgent *first;
} SshAgents;

void ssh_agents_init(SshAgents *a);
/* Ends those that were started. */
void ssh_agents_done(SshAgents *a);

/* *ret_socket: borrowed until ssh_agents_done(). ERR_DENIED: a key has a passphrase; ERR_FORMAT: it is none; ERR_NOT_FOUND: the
 * programs are not installed. */
int ssh_agent_socket(SshAgents *a, const BuildSsh *ssh, const char **ret_socket, Err **e);
