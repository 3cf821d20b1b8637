/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "os/fs.h"

enum { XATTR_NAMES_MAX = 65536, XATTR_VALUE_MAX = 65536 }; /* the kernel's own limits */

/* l*xattr() knows no directory descriptor: go by /proc/self/fd/<dir>/<path>, which follows no last link. */
static char *proc_path(int dir_fd, const char *path) {
        if (dir_fd == AT_FDCWD || path[0] == '/') return xstrdup(path);
        return xasprintf("/proc/self/fd/%d/%s", dir_fd, path[0] ? path : ".");
}

/* getxattrat(2) came with Linux 6.13; the C library has no name for it yet. */
#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

typedef struct XattrArgs {
        uint64_t value;
        uint32_t size;
        uint32_t flags;
} XattrArgs;

ssize_t xattr_get(int dir_fd, const char *path, const char *name, void *ret_value, size_t size) {
        XattrArgs args = {.value = (uint64_t)(uintptr_t)ret_value, .size = (uint32_t)size};
        ssize_t n = syscall(SYS_getxattrat, dir_fd, path, AT_SYMLINK_NOFOLLOW, name, &args, sizeof args);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;
        AUTO(freep) char *full = proc_path(dir_fd, path);
        return lgetxattr(full, name, ret_value, size);
}

static int xattr_read(const char *path, const char *name, Xattr *ret_xattr, Err **e) {
        AUTO(freep) char *value = xmalloc(XATTR_VALUE_MAX);
        ssize_t n = lgetxattr(path, name, value, XATTR_VALUE_MAX);
        if (n < 0) return errno == ENODATA || errno == ENOTSUP ? 1 : err_sys(e, "read attribute %s", name);
        *ret_xattr = (Xattr){xstrdup(name), xmemdup(value, (size_t)n), (size_t)n};
        return 0;
}

static int compare_xattrs(const void *a, const void *b) {
        return strcmp(((const Xattr *)a)->name, ((const Xattr *)b)->name);
}

int xattr_list(int dir_fd, const char *path, XattrList *ret_list, Err **e) {
        AUTO(freep) char *full = proc_path(dir_fd, path);
        char small[256];
        *ret_list = (XattrList){0};
        ssize_t n = llistxattr(full, small, sizeof small);
        if (n == 0 || (n < 0 && errno == ENOTSUP)) return 0;
        AUTO(freep) char *names = xmalloc(XATTR_NAMES_MAX);
        n = llistxattr(full, names, XATTR_NAMES_MAX);
        if (n < 0) return err_sys(e, "list attributes of '%s'", path);
        VEC(Xattr) list = {0};
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                Xattr one;
                int r = xattr_read(full, name, &one, e);
                if (r == 0) vec_push(&list, one);
                if (r < 0) {
                        *ret_list = (XattrList){list.v, list.n};
                        xattr_list_done(ret_list);
                        return err_wrap(e, "'%s'", path);
                }
        }
        if (list.n > 1) qsort(list.v, list.n, sizeof *list.v, compare_xattrs);
        *ret_list = (XattrList){list.v, list.n};
        return 0;
}

void xattr_list_done(XattrList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].name);
                free(list->v[i].value);
        }
        free(list->v);
        *list = (XattrList){0};
}
