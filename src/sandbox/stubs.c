/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Mount points that the image lacked were made through the overlay; here, after the step, they are taken out of
 * its upper directory again, and with them the directories that were copied up for their sake alone. The names come
 * from our launcher, but the step could write there: no link is followed. */

static int open_in_upper(int upper, const char *path) {
        struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
        return (int)syscall(SYS_openat2, upper, path[0] ? path : ".", &how, sizeof how);
}

static bool same_as_told(const struct stat *st, const StatusRecord *r) {
        return (st->st_mode & 07777) == r->mode && st->st_uid == r->uid && st->st_gid == r->gid &&
               st->st_mtim.tv_sec == r->mtime && (uint32_t)st->st_mtim.tv_nsec == r->mtime_ns;
}

/* Remove what nobody put anything into; the parent's times stay. */
static void remove_one(int upper, const char *path, const StatusRecord *r) {
        AUTO(freep) char *parent = xstrdup(path[0] == '/' ? path + 1 : path);
        char *slash = strrchr(parent, '/');
        const char *name = slash ? slash + 1 : parent;
        if (slash) *slash = 0;
        AUTO(closep) int fd = open_in_upper(upper, slash ? parent : ".");
        struct stat before, st;
        if (fd < 0 || fstat(fd, &before) < 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return;
        int removed = -1;
        if (S_ISDIR(st.st_mode) && (r->tag == STATUS_STUB || same_as_told(&st, r)))
                removed = unlinkat(fd, name, AT_REMOVEDIR);
        else if (r->tag == STATUS_STUB && S_ISREG(st.st_mode) && st.st_size == 0)
                removed = unlinkat(fd, name, 0);
        if (removed == 0) futimens(fd, (struct timespec[]){before.st_atim, before.st_mtim});
}

typedef struct Made {
        StatusRecord record;
        char *path;
} Made;

void stubs_remove(const char *upper_dir, const Buf *status) {
        VEC(Made) list = {0};
        size_t at = 0;
        StatusRecord r;
        Str text;
        while (status_next(status, &at, &r, &text))
                if ((r.tag == STATUS_STUB || r.tag == STATUS_DIR) && text.n) vec_push(&list, (Made){r, str_dup(text)});
        AUTO(closep) int upper = -1;
        if (list.n) upper = open(upper_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = list.n; i-- > 0;) {
                if (upper >= 0) remove_one(upper, list.v[i].path, &list.v[i].record);
                free(list.v[i].path);
        }
        vec_done(&list);
}
