/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* Paths below a root that nothing may leave: links, ".." and absolute paths are resolved inside it
 * (openat2 with RESOLVE_IN_ROOT). Any thread. */

/* Open path inside root_fd. Returns a descriptor >= 0, or -1 with *e (errno kept: ENOENT, ENOTDIR, ELOOP ...). */
int root_open(int root_fd, const char *path, int flags, mode_t mode, Err **e);

/* Lexical cleaning as Go's path.Clean of "/" + path: no "", ".", ".." components, one leading slash, no trailing
 * slash. Owned. */
char *path_clean(const char *path);

/* path_clean(base + "/" + path), or path_clean(path) when it is absolute. Owned. */
char *path_join(const char *base, const char *path);
