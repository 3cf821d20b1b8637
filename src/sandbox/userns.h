/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* A child process in a user namespace of its own, for rootless_enter() and for the checks of sandbox_diagnose(). */

typedef struct UsernsChild {
        pid_t pid;
        int go_fd; /* a byte lets the child go on; closed without one, the child ends */
} UsernsChild;

/* body runs in the child once the ids are mapped and it is root in there; its result is the exit status.
 * Returns 0; or 1: the kernel gives no user namespace (*ret_errno says why). */
int userns_start(int (*body)(void *context), void *context, UsernsChild *ret_child, int *ret_errno);

/* Map ids for the child: subordinate ones when there are (*ret_single false), else only the user's own.
 * *ret_why (may be NULL): why there are no subordinate ids, in one line. */
int userns_map(const UsernsChild *child, bool *ret_single, Buf *ret_why, Err **e);
void userns_go(UsernsChild *child);
