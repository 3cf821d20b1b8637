/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Kernel locks (flock on an open file description): they vanish with the process. Any thread; the descriptor
 * is the lock, close it to release. */

enum { LOCK_TAKEN = 0, LOCK_BUSY = 1 };

typedef enum LockMode { LOCK_SHARED, LOCK_EXCLUSIVE } LockMode; /* a shared lock admits other shared ones */

/* Open (create 0600) path below dir_fd and lock it. wait: block until it is free, else return LOCK_BUSY.
 * Whoever held it may have unlinked the file: the lock is on the file that stands at path when this returns. */
int lock_file(int dir_fd, const char *path, LockMode mode, bool wait, int *ret_fd, Err **e);

/* As lock_file(), however long it takes; gives up with LOCK_BUSY soon after *cancelled became true (NULL: never).
 * flock() cannot be interrupted for one thread alone, so this asks again and again, at most 50 times a second. */
int lock_file_until(int dir_fd, const char *path, LockMode mode, const volatile bool *cancelled, int *ret_fd, Err **e);
