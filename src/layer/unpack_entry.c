/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/overlay.h"
#include "layer/unpack_internal.h"
#include "os/root_path.h"

static int set_owner(const Unpack *u, const UnpackPlace *p, Err **e) {
        Owner owner = {p->meta.uid, p->meta.gid};
        if (owner.uid == u->own.uid && owner.gid == u->own.gid) return 0;
        return owner_set_at(u->parent_fd, p->name, owner) == 0 ? 0 : owner_failed(p->path, owner, e);
}

static int set_time(const Unpack *u, const UnpackPlace *p, Err **e) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of_ns(p->meta.mtime_ns)};
        if (utimensat(u->parent_fd, p->name, times, AT_SYMLINK_NOFOLLOW) == 0) return 0;
        return err_sys(e, "set time of '/%s'", p->path);
}

static int set_xattrs(int dir_fd, const char *name, const TarEntry *entry, Err **e) {
        for (size_t i = 0; i < entry->xattr_count; i++) {
                const Xattr *x = &entry->xattrs[i];
                bool kept = streq(x->name, "security.capability") || starts_with(x->name, "user.");
                if (!kept || overlay_owns_xattr(x->name)) continue;
                if (overlay_put_xattr(dir_fd, name, x, e) < 0) return -1;
        }
        return 0;
}

/* Owner first: changing it drops set-id bits and capabilities. Everything but a link. */
static int set_all(const Unpack *u, const UnpackPlace *p, Err **e) {
        if (set_owner(u, p, e) < 0) return -1;
        if (fchmodat(u->parent_fd, p->name, p->meta.mode, 0) < 0) return err_sys(e, "change mode of '/%s'", p->path);
        if (set_xattrs(u->parent_fd, p->name, p->entry, e) < 0) return -1;
        return set_time(u, p, e);
}

/* ---- directories */

/* Does the directory that is about to be made have to hide one that was hidden by what it replaces? */
static int must_hide(Unpack *u, const UnpackPlace *p, unsigned char was, bool *ret_hide, Err **e) {
        unsigned char below = DT_UNKNOWN;
        *ret_hide = was == DT_WHT;
        if (was == DT_UNKNOWN || was == DT_WHT) return 0;
        if (draft_dir_below(u->job->tree, u->parent, p->name, &below, e) < 0) return -1;
        *ret_hide = below == DT_DIR;
        return 0;
}

int unpack_directory(Unpack *u, const UnpackPlace *p, Err **e) {
        struct stat st;
        bool hide = false;
        bool there = fstatat(u->parent_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && !S_ISDIR(st.st_mode)) {
                unsigned char was;
                if (unpack_clear(u, p, &was, e) < 0 || must_hide(u, p, was, &hide, e) < 0) return -1;
        }
        DraftDir *dir;
        if (draft_tree_require(u->job->tree, p->path, &dir, e) < 0) return -1;
        if (hide && overlay_set_opaque(u->job->fs_fd, p->path, e) < 0) return -1;
        draft_dir_set_meta(dir, &p->meta);
        return set_xattrs(u->parent_fd, p->name, p->entry, e);
}

/* ---- files */

static int create_file(Unpack *u, const UnpackPlace *p, Err **e) {
        for (int attempt = 0; attempt < 2; attempt++) {
                int fd = openat(u->parent_fd, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (fd >= 0) return fd;
                unsigned char was;
                if (errno != EEXIST) break;
                if (unpack_clear(u, p, &was, e) < 0) return -1;
                errno = EEXIST;
        }
        return err_sys(e, "create '/%s'", p->path);
}

static int write_data(Unpack *u, int fd, Err **e) {
        for (;;) {
                size_t n;
                if (tar_reader_data(u->reader, u->buffer, UNPACK_BUFFER_SIZE, &n, e) < 0) return -1;
                if (n == 0) return 0;
                if (fd_write_all(fd, u->buffer, n, e) < 0) return -1;
                const volatile bool *cancelled = u->job->cancelled;
                if (cancelled && *cancelled) return err_new(e, ERR_CANCELLED, "cancelled");
        }
}

int unpack_file(Unpack *u, const UnpackPlace *p, Err **e) {
        AUTO(closep) int fd = create_file(u, p, e);
        if (fd < 0) return -1;
        if (write_data(u, fd, e) < 0) return err_wrap(e, "tar entry '%s'", p->entry->name);
        if (set_owner(u, p, e) < 0) return -1;
        if (fchmod(fd, p->meta.mode) < 0) return err_sys(e, "change mode of '/%s'", p->path);
        if (set_xattrs(u->parent_fd, p->name, p->entry, e) < 0) return -1;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of_ns(p->meta.mtime_ns)};
        return futimens(fd, times) < 0 ? err_sys(e, "set time of '/%s'", p->path) : 0;
}

/* ---- hard links */

/* A link to a file that only the view below has: the file comes up into the layer first. */
static int copy_up(Unpack *u, const ViewEntry *found, Err **e) {
        const UnpackJob *job = u->job;
        const char *path = found->path + 1;
        const char *slash = strrchr(path, '/');
        AUTO(freep) char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
        DraftDir *dir;
        if (draft_tree_require(job->tree, parent, &dir, e) < 0) return -1;
        AUTO(closep) int in = view_open_entry(job->merged, found, O_RDONLY, e);
        if (in < 0) return -1;
        AUTO(closep) int out = openat(job->fs_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (out < 0) return err_sys(e, "create '/%s'", path);
        if (fd_copy(in, out, (uint64_t)found->st.st_size, e) < 0) return -1;
        if (fchown(out, found->st.st_uid, found->st.st_gid) < 0) return err_sys(e, "change owner of '/%s'", path);
        if (fchmod(out, found->st.st_mode & 07777) < 0) return err_sys(e, "change mode of '/%s'", path);
        return draft_copy_xattrs(view_layer_fd(job->merged, found->layer), path, job->fs_fd, path, e);
}

static int link_to(Unpack *u, const UnpackPlace *p, const ViewEntry *found, Err **e) {
        const char *target = found->path + 1;
        if (streq(target, p->path)) return 0; /* to itself */
        for (int attempt = 0; attempt < 2; attempt++) {
                if (linkat(u->job->fs_fd, target, u->parent_fd, p->name, 0) == 0) return 0;
                unsigned char was;
                if (errno != EEXIST) break;
                if (unpack_clear(u, p, &was, e) < 0) return -1;
        }
        return err_sys(e, "tar entry '%s': link to '%s'", p->entry->name, p->entry->link);
}

int unpack_link(Unpack *u, const UnpackPlace *p, Err **e) {
        const UnpackJob *job = u->job;
        AUTO(freep) char *clean = path_clean(p->entry->link);
        AUTO(view_entry_done) ViewEntry found = {0};
        int r = view_lookup_below(job->merged, job->base, clean, false, &found, e);
        if (r < 0) return err_wrap(e, "tar entry '%s'", p->entry->name);
        if (r == VIEW_ABSENT || S_ISDIR(found.st.st_mode)) {
                return err_new(e, ERR_FORMAT, "tar entry '%s': hard link to '%s': %s", p->entry->name, p->entry->link,
                               r == VIEW_ABSENT ? "no such file" : "it is a directory");
        }
        bool here = found.layer + 1 == view_layer_count(job->merged);
        if (!here && !S_ISREG(found.st.st_mode))
                return unpack_format(p->entry, e, "hard link to something that is not a file");
        if (!here && copy_up(u, &found, e) < 0) return -1;
        if (link_to(u, p, &found, e) < 0) return -1;
        if (S_ISLNK(found.st.st_mode)) return set_owner(u, p, e) < 0 ? -1 : set_time(u, p, e);
        return set_all(u, p, e);
}

/* ---- links, pipes, devices */

static bool in_user_namespace(void) {
        char *map;
        size_t size;
        if (file_read(AT_FDCWD, "/proc/self/uid_map", 1 << 16, &map, &size, NULL) < 0) return false;
        unsigned inside = 1, outside = 1, count = 0;
        bool whole =
                sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && !inside && !outside && count == UINT32_MAX;
        free(map);
        return !whole;
}

/* null, zero, full, random, urandom; tty, console, ptmx. Another one would be a door to the hardware of whoever runs a step as
 * root. */
static bool is_harmless_device(const TarEntry *entry) {
        static const unsigned memory[] = {3, 5, 7, 8, 9}, terminal[] = {0, 1, 2};
        if (entry->type != TAR_CHAR) return false;
        for (size_t i = 0; i < ARRAY_SIZE(memory); i++)
                if (entry->dev_major == 1 && entry->dev_minor == memory[i]) return true;
        for (size_t i = 0; i < ARRAY_SIZE(terminal); i++)
                if (entry->dev_major == 5 && entry->dev_minor == terminal[i]) return true;
        return false;
}

static int make_node(Unpack *u, const UnpackPlace *p, Err **e) {
        const TarEntry *entry = p->entry;
        if (entry->type == TAR_SYMLINK) return symlinkat(entry->link, u->parent_fd, p->name);
        if (entry->type == TAR_FIFO) return mknodat(u->parent_fd, p->name, S_IFIFO | 0600, 0);
        dev_t device = makedev(entry->dev_major, entry->dev_minor);
        if (device == 0) return unpack_format(entry, e, "a device 0:0, which marks deleted files");
        if (!is_harmless_device(entry)) {
                errno = EPERM;
                return -1;
        }
        return mknodat(u->parent_fd, p->name, (entry->type == TAR_CHAR ? S_IFCHR : S_IFBLK) | 0600, device);
}

enum { SPECIAL_SKIPPED = 1 };

static int create_special(Unpack *u, const UnpackPlace *p, Err **e) {
        for (int attempt = 0; attempt < 2; attempt++) {
                Err *format = NULL;
                if (make_node(u, p, &format) == 0) return 0;
                if (format) {
                        err_move(e, &format);
                        return -1;
                }
                unsigned char was;
                if (errno != EEXIST) break;
                if (unpack_clear(u, p, &was, e) < 0) return -1;
        }
        bool device = p->entry->type == TAR_CHAR || p->entry->type == TAR_BLOCK;
        bool denied = !is_harmless_device(p->entry) || geteuid() != 0 || in_user_namespace();
        /* Only the real root may make devices; an image is of use without them, engines bring their own. */
        if (device && errno == EPERM && denied) return SPECIAL_SKIPPED;
        return err_sys(e, "create '/%s'", p->path);
}

int unpack_special(Unpack *u, const UnpackPlace *p, Err **e) {
        int r = create_special(u, p, e);
        if (r != 0) return r < 0 ? r : 0;
        if (p->entry->type == TAR_SYMLINK) return set_owner(u, p, e) < 0 ? -1 : set_time(u, p, e);
        return set_all(u, p, e);
}
