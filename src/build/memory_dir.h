/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

/* A directory of ours alone on a file system in memory, for secrets and sockets. *ret_path: owned, short. *ret_lock_fd: to be
 * kept open as long as it is in use: what killed builds left is found by its missing lock, and removed on this occasion.
 * ERR_NOT_FOUND: the machine has no such file system. Internal to build/. */
int memory_dir_make(char **ret_path, int *ret_lock_fd, Err **e);
