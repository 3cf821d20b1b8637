/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "os/fs.h"

/* How layer directories mark what they hide: a whiteout is a character device 0:0, an opaque directory carries the
 * attribute trusted.overlay.opaque or, in a user namespace, user.overlay.opaque with the value "y". Any thread. */

static inline bool overlay_is_whiteout(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* Does the directory at path (relative to dir_fd, "" = itself) hide what lower layers have in it? */
bool overlay_is_opaque(int dir_fd, const char *path);

int overlay_make_whiteout(int dir_fd, const char *name, Err **e);

/* Mark the directory at path below dir_fd as opaque, in the way that is allowed to this process. */
int overlay_set_opaque(int dir_fd, const char *path, Err **e);

/* Attributes that belong to overlay mounts and never travel. */
bool overlay_owns_xattr(const char *name);

/* Is name one of the attributes that COPY carries over? security.capability, user.* and trusted.*, without the overlay's. */
bool overlay_copies_xattr(const char *name);

/* Set an attribute of the last component itself. Attributes other than security.capability may fail silently where
 * the file system or the rights do not allow them. */
int overlay_put_xattr(int dir_fd, const char *path, const Xattr *xattr, Err **e);
