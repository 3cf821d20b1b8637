/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "store/key.h"
#include "build/ssh_forward.h"
#include "layer/users.h"
#include "sandbox/sandbox.h"

/* RUN --mount and scripts: what a RUN sees besides its root file system. Internal to build/. */

typedef struct RunMounts {
        VEC(SandboxMount) list;
        StrVec texts;   /* strings that the list points into */
        StrVec scratch; /* directories to remove afterwards */
        VEC(int) locks; /* cache mounts in use */
        VEC(SshForward *) agents;
        Store *store;
} RunMounts;

/* Does the key of this RUN need files to be read (bind mounts)? Then lookup has to leave it to a thread. */
bool run_mounts_need_reading(const Node *n);

/* Add what of the mounts decides the result: types, targets, options, contents of bind mounts; never secrets' values, nor
 * what cache mounts hold. */
int run_mounts_key(Build *b, Node *n, KeyText *k, Err **e);

/* Make sources ready. env gets the variables of secrets and SSH_AUTH_SOCK. *m is zero at first; run_mounts_done() in any case. */
int run_mounts_prepare(Build *b, Node *n, const User *user, StrVec *env, RunMounts *m, Err **e);

/* A copy of text that lives as long as *m. */
const char *run_mounts_keep(RunMounts *m, const char *text);

void run_mounts_done(RunMounts *m);
