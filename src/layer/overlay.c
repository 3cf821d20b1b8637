/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"

static const char *const opaque_names[] = {"trusted.overlay.opaque", "user.overlay.opaque"};

/* The l*xattr() calls know no directory descriptor; /proc leads from one to the path without naming the root again. */
static char *proc_path(int dir_fd, const char *path) {
        return xasprintf("/proc/self/fd/%d/%s", dir_fd, path[0] ? path : ".");
}

bool overlay_is_opaque(int dir_fd, const char *path) {
        AUTO(freep) char *full = proc_path(dir_fd, path);
        for (size_t i = 0; i < ARRAY_SIZE(opaque_names); i++) {
                char value[2];
                if (lgetxattr(full, opaque_names[i], value, sizeof value) == 1 && value[0] == 'y') return true;
        }
        return false;
}

int overlay_make_whiteout(int dir_fd, const char *name, Err **e) {
        if (mknodat(dir_fd, name, S_IFCHR, makedev(0, 0)) < 0) return err_sys(e, "make whiteout '%s'", name);
        return 0;
}

int overlay_set_opaque(int dir_fd, const char *path, Err **e) {
        AUTO(freep) char *full = proc_path(dir_fd, path);
        for (size_t i = 0; i < ARRAY_SIZE(opaque_names); i++) {
                if (lsetxattr(full, opaque_names[i], "y", 1, 0) == 0) return 0;
                if (errno != EPERM) break;
        }
        return err_sys(e, "mark directory '%s' as opaque", path);
}

bool overlay_owns_xattr(const char *name) {
        return starts_with(name, "trusted.overlay.") || starts_with(name, "user.overlay.");
}

bool overlay_copies_xattr(const char *name) {
        if (streq(name, "security.capability")) return true;
        return (starts_with(name, "user.") || starts_with(name, "trusted.")) && !overlay_owns_xattr(name);
}

int overlay_put_xattr(int dir_fd, const char *path, const Xattr *xattr, Err **e) {
        AUTO(freep) char *full = proc_path(dir_fd, path);
        if (lsetxattr(full, xattr->name, xattr->value, xattr->size, 0) == 0) return 0;
        bool optional = !streq(xattr->name, "security.capability");
        if (optional && (errno == ENOTSUP || errno == EPERM || errno == ENOSPC || errno == E2BIG)) return 0;
        return err_sys(e, "set attribute %s of '%s'", xattr->name, path);
}
