/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

/* <sys/mount.h> and <linux/mount.h> cannot be had both in Debian 12; these are the kernel's. */
enum { DETACH = 2, PRIVATE = 1 << 18, RECURSIVE = 1 << 14 };

typedef struct KernelSigaction {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
} KernelSigaction;

static void die_with_parent(void) {
        SYS(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        /* The parent is outside of this pid namespace: 0 while it lives and when it is gone. The control pipe covers
         * the gap: whoever is left of the pair sees its end. */
}

/* Dispositions that the builder ignores would be inherited through exec. */
static void signals_reset(void) {
        KernelSigaction action = {0};
        for (int i = 1; i < 32; i++) SYS(SYS_rt_sigaction, i, &action, 0, sizeof action.mask);
        uint64_t none = 0;
        SYS(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
}

static void session_make(const Spec *s) {
        SYS(SYS_setsid);
        if (!(s->basics->flags & LAUNCH_TERMINAL)) return;
        long r = SYS(SYS_ioctl, 0, TIOCSCTTY, 0);
        if (r < 0) setup_fail("take control of the terminal", NULL, r);
}

static void root_enter(const Spec *s, int root_mount) {
        long r = SYS(SYS_move_mount, root_mount, "", AT_FDCWD, s->root_at, MOVE_MOUNT_F_EMPTY_PATH);
        if (r < 0) setup_fail("attach the root at", s->root_at, r);
        r = SYS(SYS_fchdir, root_mount);
        if (r < 0) setup_fail("enter the root", NULL, r);
        r = SYS(SYS_pivot_root, ".", ".");
        if (r < 0) setup_fail("pivot_root", NULL, r);
        /* The old root is stacked on the new one. */
        r = SYS(SYS_umount2, ".", DETACH);
        if (r < 0) setup_fail("detach the old root", NULL, r);
}

/* As root: the step starts in a directory that its user could not enter. */
static void cwd_enter(const Spec *s) {
        long r = SYS(SYS_chdir, s->cwd);
        if (r == -ENOENT) {
                LINE(path, LAUNCH_PATH_MAX);
                const char *rest = s->cwd;
                while (*rest && !path.cut) {
                        char piece[2] = {*rest++, 0};
                        line_add(&path, piece);
                        if (*rest != '/' && *rest) continue;
                        if (SYS(SYS_mkdirat, AT_FDCWD, path.p, 0755) == 0)
                                SYS(SYS_fchownat, AT_FDCWD, path.p, s->basics->uid, s->basics->gid, 0);
                }
                r = SYS(SYS_chdir, s->cwd);
        }
        if (r < 0) setup_fail("change to the working directory", s->cwd, r);
}

/* The other runtime does the rest; it needs a /proc that knows this pid namespace. */
static _Noreturn void hand_over(const Spec *s, int root_mount) {
        long r = SYS(SYS_move_mount, root_mount, "", AT_FDCWD, s->root_at, MOVE_MOUNT_F_EMPTY_PATH);
        if (r < 0) setup_fail("attach the root at", s->root_at, r);
        r = SYS(SYS_mount, "proc", "/proc", "proc", 0, 0);
        if (r < 0) setup_fail("mount /proc", NULL, r);
        /* crun takes no machine that has both versions of cgroups; here the newer one is only an empty extra. */
        if (s->basics->flags & LAUNCH_CGROUP1) SYS(SYS_mount, "none", "/sys/fs/cgroup/unified", "tmpfs", 0, 0);
        mounts_place(s, root_mount);
        signals_reset();
        exec_command(s);
}

_Noreturn void init_main(const Spec *s) {
        die_with_parent();
        SYS(SYS_umask, 0);
        session_make(s);
        long r = SYS(SYS_mount, 0, "/", 0, PRIVATE | RECURSIVE, 0);
        if (r < 0) setup_fail("make the mounts private", NULL, r);

        int root_mount = overlay_make(s);
        if (s->basics->flags & LAUNCH_ROOT_ONLY) hand_over(s, root_mount);
        int binds[LAUNCH_MOUNTS_MAX];
        Held held = {.binds = binds, .sys = -1, .proc = -1, .cgroup = -1, .console = -1};
        mounts_take(s, &held);
        root_enter(s, root_mount);
        mounts_all(s, &held, root_mount);

        r = SYS(SYS_sethostname, s->hostname, text_length(s->hostname));
        if (r < 0) setup_fail("set the host name", s->hostname, r);
        if (s->basics->flags & LAUNCH_NET_NONE) loopback_up();
        cwd_enter(s);
        limits_set(s);
        filter_load(s);
        identity_take(s);
        SYS(SYS_umask, 022);
        die_with_parent(); /* changing the user forgot it */
        signals_reset();
        exec_command(s);
}
