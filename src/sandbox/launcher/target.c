/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>

/* Mount points that the image lacks are made in the root and told to the builder, with the directories that the making
 * copies up, so that it can undo all of it: a RUN must leave only what its command left. */

typedef struct Target {
        const char *path;
        int directory_fd;           /* the deepest directory that exists */
        const char *missing;        /* rest of path */
        char real[LAUNCH_PATH_MAX]; /* of directory_fd, seen from the root, without a slash at the end */
        size_t real_size;
} Target;

enum { OPEN_ATTEMPTS = 10000 };

static long open_inside(int root_fd, const char *path, uint64_t flags) {
        struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
        long fd = -EAGAIN;
        /* EAGAIN: somebody renamed or mounted something while ".." was resolved; the kernel asks to try again. */
        for (int attempt = 0; attempt < OPEN_ATTEMPTS && (fd == -EAGAIN || fd == -EINTR); attempt++)
                fd = SYS(SYS_openat2, root_fd, path, &how, sizeof how);
        return fd;
}

static long find_directory(int root_fd, Target *t) {
        char prefix[LAUNCH_PATH_MAX];
        size_t size = text_length(t->path);
        if (size >= sizeof prefix) return -ENAMETOOLONG;
        for (size_t i = 0; i <= size; i++) prefix[i] = t->path[i];
        for (;;) {
                long fd = open_inside(root_fd, size ? prefix : "/", O_RDONLY | O_DIRECTORY);
                if (fd != -ENOENT || size == 0) {
                        t->missing = t->path + size;
                        return fd;
                }
                while (size && prefix[size - 1] == '/') size--;
                while (size && prefix[size - 1] != '/') size--;
                prefix[size] = 0;
        }
}

/* Where the directory really is, links followed: by getcwd(), since /proc may not be there yet. */
static long find_real(int root_fd, Target *t) {
        char root[LAUNCH_PATH_MAX];
        long r = SYS(SYS_fchdir, root_fd);
        if (r >= 0) r = SYS(SYS_getcwd, root, sizeof root);
        if (r >= 0) r = SYS(SYS_fchdir, t->directory_fd);
        if (r >= 0) r = SYS(SYS_getcwd, t->real, sizeof t->real);
        if (r < 0) return r;
        size_t skip = text_starts(t->real, root) && root[1] ? text_length(root) : 0;
        size_t n = 0;
        for (; t->real[skip + n]; n++) t->real[n] = t->real[skip + n];
        if (n == 1 && t->real[0] == '/') n = 0;
        t->real[n] = 0;
        t->real_size = n;
        return 0;
}

static void report_directory(int root_fd, const char *path) {
        struct statx st;
        const char *relative = path[0] == '/' ? path + 1 : path;
        if (SYS(SYS_statx, root_fd, relative, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) < 0) return;
        StatusRecord record = {.mode = st.stx_mode & 07777U,
                               .uid = st.stx_uid,
                               .gid = st.stx_gid,
                               .mtime = st.stx_mtime.tv_sec,
                               .mtime_ns = st.stx_mtime.tv_nsec};
        report_path(STATUS_DIR, path, &record);
}

static void report_parents(int root_fd, Target *t) {
        for (size_t i = 1; i <= t->real_size; i++) {
                if (t->real[i] && t->real[i] != '/') continue;
                char kept = t->real[i];
                t->real[i] = 0;
                report_directory(root_fd, t->real);
                t->real[i] = kept;
        }
}

static long make_one(int at, const char *name, int is_directory) {
        if (is_directory) {
                long r = SYS(SYS_mkdirat, at, name, 0755);
                if (r < 0) return r;
                return SYS(SYS_openat, at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        }
        return SYS(SYS_openat, at, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static int same(const char *a, const char *b) {
        return text_starts(a, b) && text_length(a) == text_length(b);
}

/* Takes over t->directory_fd. */
static long make_missing(Target *t, int is_directory) {
        Line real = {t->real, t->real_size, sizeof t->real, 0};
        int at = t->directory_fd;
        const char *rest = t->missing;
        while (*rest) {
                LINE(name, 256);
                while (*rest == '/') rest++;
                while (*rest && *rest != '/') {
                        char piece[2] = {*rest++, 0};
                        line_add(&name, piece);
                }
                while (*rest == '/') rest++;
                if (name.n == 0 || same(name.p, ".")) continue;
                if (same(name.p, "..") || name.cut) return -EINVAL;
                long made = make_one(at, name.p, *rest || is_directory);
                SYS(SYS_close, at);
                if (made < 0) return made;
                at = (int)made;
                line_add(&real, "/");
                line_add(&real, name.p);
                if (real.cut) return -ENAMETOOLONG;
                report_path(STATUS_STUB, real.p, NULL);
        }
        return at;
}

static long make_target(int root_fd, const char *path, int is_directory) {
        Target t = {.path = path};
        long fd = find_directory(root_fd, &t);
        if (fd < 0) return fd;
        t.directory_fd = (int)fd;
        struct statx st;
        long r = SYS(SYS_statx, t.directory_fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);
        if (r >= 0) r = find_real(root_fd, &t);
        if (r < 0) return r;
        report_parents(root_fd, &t);
        long parent = SYS(SYS_fcntl, t.directory_fd, F_DUPFD_CLOEXEC, 0);
        long made = make_missing(&t, is_directory);
        /* The step sees the directory as the image has it. */
        struct {
                int64_t seconds, nanoseconds;
        } times[2] = {{st.stx_atime.tv_sec, st.stx_atime.tv_nsec}, {st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec}};
        if (parent >= 0 && made >= 0) SYS(SYS_utimensat, parent, 0, times, 0);
        if (parent >= 0) SYS(SYS_close, parent);
        return made;
}

int target_open(int root_fd, const char *path, int is_directory) {
        long fd = open_inside(root_fd, path, O_PATH);
        if (fd == -ENOENT) fd = make_target(root_fd, path, is_directory);
        if (fd == -EEXIST) setup_fail("make the mount point (a link on the way leads nowhere)", path, ENOENT);
        if (fd < 0) setup_fail("make the mount point", path, fd);
        return (int)fd;
}
