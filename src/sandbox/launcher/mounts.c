/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>

enum {
        NOSUID = 2, /* MS_*, which <linux/mount.h> spells alike but <sys/mount.h> would clash with */
        NODEV = 4,
        NOEXEC = 8,
        READ_ONLY = 1,
        HARDENED = NOSUID | NODEV | NOEXEC,
};

int mount_clone(const char *path, int recursive) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
        return (int)SYS(SYS_open_tree, AT_FDCWD, path, flags);
}

void mount_set(int mount_fd, uint64_t attributes, int recursive, const char *what) {
        struct mount_attr set = {.attr_set = attributes};
        if (attributes == 0) return;
        unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
        long r = SYS(SYS_mount_setattr, mount_fd, "", flags, &set, sizeof set);
        if (r < 0) setup_fail("restrict the mount", what, r);
}

/* Takes mount_fd over. */
void mount_attach(int mount_fd, int root_fd, const char *target, int is_directory) {
        int at = target_open(root_fd, target, is_directory);
        long r = SYS(SYS_move_mount, mount_fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        if (r < 0) setup_fail("mount on", target, r);
        SYS(SYS_close, at);
        SYS(SYS_close, mount_fd);
}

static int is_directory(int fd) {
        struct statx st;
        return SYS(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 && (st.stx_mode & 0170000U) == 0040000U;
}

static uint64_t attributes_of(const LaunchMount *m) {
        static const struct {
                uint32_t flag;
                uint64_t attribute;
        } table[] = {{LAUNCH_MOUNT_RO, MOUNT_ATTR_RDONLY},
                     {LAUNCH_MOUNT_NOEXEC, MOUNT_ATTR_NOEXEC},
                     {LAUNCH_MOUNT_NOSUID, MOUNT_ATTR_NOSUID},
                     {LAUNCH_MOUNT_NODEV, MOUNT_ATTR_NODEV}};
        uint64_t result = 0;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                if (m->flags & table[i].flag) result |= table[i].attribute;
        return result;
}

static int bind_take(const LaunchMount *m) {
        int fd = mount_clone(mount_source(m), 1);
        if (fd < 0) setup_fail("take the mount source", mount_source(m), fd);
        mount_set(fd, attributes_of(m), 1, mount_source(m));
        return fd;
}

/* In a user namespace the kernel gives a file system of this kind only while a whole one can be seen, so it is made
 * before the old root goes; where it is refused (parts are covered, the network is not ours) the surrounding one serves. */
static int special_take(const char *type, const char *path) {
        long fs = SYS(SYS_fsopen, type, FSOPEN_CLOEXEC);
        long r = fs < 0 ? fs : SYS(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
        if (r >= 0) r = SYS(SYS_fsmount, fs, FSMOUNT_CLOEXEC, HARDENED);
        if (fs >= 0) SYS(SYS_close, fs);
        if (r >= 0) return (int)r;
        int fd = mount_clone(path, 1);
        if (fd >= 0) mount_set(fd, HARDENED, 1, path);
        return fd;
}

void mounts_take(const Spec *s, Held *h) {
        uint32_t flags = s->basics->flags;
        for (size_t i = 0; i < s->mount_count; i++)
                h->binds[i] = s->mounts[i]->flags & LAUNCH_MOUNT_BIND ? bind_take(s->mounts[i]) : -1;
        dev_take(s, h);
        if (flags & LAUNCH_USERNS) {
                h->sys = special_take("sysfs", "/sys");
                h->proc = special_take("proc", "/proc");
        }
        /* The surrounding /sys brings its /sys/fs/cgroup along. */
        int fresh_sys = !(flags & LAUNCH_USERNS) || flags & LAUNCH_NET_NONE;
        if (flags & LAUNCH_CGROUP2 || (flags & LAUNCH_CGROUP1 && fresh_sys))
                h->cgroup = mount_clone("/sys/fs/cgroup", 1);
}

static void set_text(int fs, const char *key, uint64_t value, unsigned base) {
        LINE(text, 32);
        line_add_u64(&text, value, base);
        SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, text.p, 0);
}

static int tmpfs_take(const LaunchMount *m) {
        long fs = SYS(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0) setup_fail("open the tmpfs file system", NULL, fs);
        SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "tmpfs", 0);
        if (m->size_bytes) set_text((int)fs, "size", m->size_bytes, 10);
        if (m->mode) set_text((int)fs, "mode", m->mode, 8);
        long r = SYS(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
        if (r >= 0) r = SYS(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes_of(m));
        if (r < 0) setup_fail("make a tmpfs for", mount_target(m), r);
        SYS(SYS_close, fs);
        return (int)r;
}

void mounts_place(const Spec *s, int root_fd) {
        for (size_t i = 0; i < s->mount_count; i++) {
                const LaunchMount *m = s->mounts[i];
                int directory = 1;
                if (m->flags & LAUNCH_MOUNT_BIND) {
                        long fd = SYS(SYS_openat, AT_FDCWD, mount_source(m), O_PATH | O_CLOEXEC, 0);
                        if (fd < 0) setup_fail("take the mount source", mount_source(m), fd);
                        directory = is_directory((int)fd);
                        SYS(SYS_close, fd);
                }
                int at = target_open(root_fd, mount_target(m), directory);
                SYS(SYS_close, at);
        }
}

/* A file system of the step's own; its place in the image is made when it is missing. */
static long mount_new(const char *type, const char *target, unsigned long flags, const char *data) {
        return SYS(SYS_mount, type, target, type, flags, data);
}

static void mount_or_fail(const char *type, const char *target, unsigned long flags, const char *data) {
        long r = mount_new(type, target, flags, data);
        if (r < 0) setup_fail("mount", target, r);
}

static void proc_mount(Held *h, int root_fd) {
        if (h->proc >= 0) {
                mount_attach(h->proc, root_fd, "/proc", 1);
                return;
        }
        SYS(SYS_close, target_open(root_fd, "/proc", 1));
        mount_or_fail("proc", "/proc", HARDENED, 0);
}

static void sys_mount(const Spec *s, Held *h, int root_fd) {
        unsigned long locked = s->basics->flags & LAUNCH_INSECURE ? 0 : READ_ONLY;
        if (h->sys >= 0) {
                mount_set(h->sys, locked, 1, "/sys");
                mount_attach(h->sys, root_fd, "/sys", 1);
        } else {
                SYS(SYS_close, target_open(root_fd, "/sys", 1));
                mount_or_fail("sysfs", "/sys", HARDENED | locked, 0);
        }
        if (h->cgroup < 0) return;
        long r = -EINVAL;
        if (s->basics->flags & LAUNCH_CGROUP2) r = mount_new("cgroup2", "/sys/fs/cgroup", HARDENED | locked, 0);
        if (r >= 0) return;
        mount_set(h->cgroup, HARDENED | locked, 1, "/sys/fs/cgroup");
        mount_attach(h->cgroup, root_fd, "/sys/fs/cgroup", 1);
}

static void dev_mounts(const Spec *s) {
        long r = mount_new("devpts", "/dev/pts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
        if (r < 0) mount_or_fail("devpts", "/dev/pts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
        LINE(size, 64);
        line_add(&size, "mode=1777,size=");
        line_add_u64(&size, s->basics->shm_size, 10);
        mount_or_fail("tmpfs", "/dev/shm", HARDENED, size.p);
        mount_or_fail("mqueue", "/dev/mqueue", HARDENED, 0);
}

void mounts_all(const Spec *s, Held *h, int root_fd) {
        proc_mount(h, root_fd);
        dev_fill(s, h, root_fd);
        dev_mounts(s);
        sys_mount(s, h, root_fd);
        for (size_t i = 0; i < s->mount_count; i++) {
                int fd = h->binds[i] >= 0 ? h->binds[i] : tmpfs_take(s->mounts[i]);
                mount_attach(fd, root_fd, mount_target(s->mounts[i]), is_directory(fd));
        }
        if (!(s->basics->flags & LAUNCH_INSECURE)) mask_all(root_fd);
        if (s->basics->flags & LAUNCH_READ_ONLY) mount_set(root_fd, MOUNT_ATTR_RDONLY, 0, "/");
}
