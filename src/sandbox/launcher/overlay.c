/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>

enum {
        SETTING_MAX = 255, /* the kernel's limit for one fsconfig text */
        OLD_OPTIONS_MAX = 4096,
        LOG_MAX = 512,
};

/* What the kernel has to say about a refusal: "e overlay: text\n". */
static _Noreturn void fail_fs(int fs, const char *what, long error) {
        char log[LOG_MAX];
        long n = SYS(SYS_read, fs, log, sizeof log - 1);
        if (n <= 2) setup_fail(what, NULL, error);
        log[log[n - 1] == '\n' ? n - 1 : n] = 0;
        LINE(line, LOG_MAX + 64);
        line_add(&line, what);
        line_add(&line, ":");
        setup_fail(line.p, log + 2, error);
}

static long place(const char *path) {
        long fd = SYS(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
        if (fd < 0) setup_fail("open", path, fd);
        return fd;
}

static bool has_backslash(const char *text) {
        while (*text && *text != '\\') text++;
        return *text;
}

/* A path that is too long for the kernel, or in which it would take something for an escape (it does in some settings and
 * not in others), is given by way of a descriptor. */
static long set_path(int fs, const char *key, const char *path) {
        if (text_length(path) <= SETTING_MAX && !has_backslash(path))
                return SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, path, 0);
        LINE(short_path, 64);
        line_add(&short_path, "/proc/self/fd/");
        line_add_u64(&short_path, (uint64_t)place(path), 10);
        return SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, short_path.p, 0);
}

static void add_place(Line *options, const char *before, const char *path) {
        line_add(options, before);
        line_add_u64(options, (uint64_t)place(path), 10);
}

/* Kernels before 6.5 take all layers in one text of one page: descriptors' numbers, seen from /proc/self/fd, keep it
 * short. */
static int overlay_make_old(const Spec *s) {
        LINE(options, OLD_OPTIONS_MAX);
        line_add(&options, "volatile");
        if (s->basics->flags & LAUNCH_USERNS) line_add(&options, ",userxattr");
        for (size_t i = 0; i < s->lower_count; i++) add_place(&options, i ? ":" : ",lowerdir=", s->lower[i]);
        add_place(&options, ",upperdir=", s->upper);
        add_place(&options, ",workdir=", s->work);
        if (options.cut) setup_fail("too many layers for this kernel", NULL, E2BIG);
        long r = SYS(SYS_chdir, "/proc/self/fd");
        if (r < 0) setup_fail("change to", "/proc/self/fd", r);
        r = SYS(SYS_mount, "overlay", s->root_at, "overlay", 0, options.p);
        if (r < 0) setup_fail("mount the layers", NULL, r);
        r = SYS(SYS_open_tree, AT_FDCWD, s->root_at, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (r < 0) setup_fail("mount the layers", NULL, r);
        return (int)r;
}

/* Whatever the module's defaults are, the upper directory has to be a plain difference, without an xattr of
 * the mount's own. What a kernel does not know yet it refuses, and does not do either. */
static void set_plain(int fs) {
        static const char *const settings[][2] = {
                {"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "off"}, {"uuid", "null"}};
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
                SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, settings[i][0], settings[i][1], 0);
}

int overlay_make(const Spec *s) {
        long fs = SYS(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
        if (fs < 0) setup_fail("open the overlay file system", NULL, fs);
        for (size_t i = 0; i < s->lower_count; i++) {
                long r = set_path((int)fs, "lowerdir+", s->lower[i]);
                if (r == -EINVAL && i == 0) {
                        SYS(SYS_close, fs);
                        return overlay_make_old(s);
                }
                if (r < 0) fail_fs((int)fs, "add a layer", r);
        }
        long r = set_path((int)fs, "upperdir", s->upper);
        if (r >= 0) r = set_path((int)fs, "workdir", s->work);
        if (r >= 0) r = SYS(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", 0, 0);
        if (r >= 0 && (s->basics->flags & LAUNCH_USERNS))
                r = SYS(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", 0, 0);
        else if (r >= 0)
                set_plain((int)fs);
        if (r >= 0) r = SYS(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
        if (r < 0) fail_fs((int)fs, "mount the layers", r);
        r = SYS(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
        if (r < 0) setup_fail("mount the layers", NULL, r);
        SYS(SYS_close, fs);
        return (int)r;
}
