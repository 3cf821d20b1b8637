/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/mount.h>

enum { BIND = 4096, READ_ONLY = 1 };

/* Read as empty. */
static const char *const masked[] = {
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
};

static const char *const read_only[] = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static void mask(const char *path) {
        long r = SYS(SYS_mount, "/dev/null", path, 0, BIND, 0);
        if (r == -ENOTDIR) r = SYS(SYS_mount, "tmpfs", path, "tmpfs", READ_ONLY, "size=0k");
        if (r < 0 && r != -ENOENT) setup_fail("mask", path, r);
}

static void keep_from_writing(int root_fd, const char *path) {
        int fd = mount_clone(path, 1);
        if (fd == -ENOENT) return;
        if (fd < 0) setup_fail("take", path, fd);
        mount_set(fd, MOUNT_ATTR_RDONLY, 1, path);
        long r = SYS(SYS_move_mount, fd, "", root_fd, path, MOVE_MOUNT_F_EMPTY_PATH);
        if (r < 0) setup_fail("mount on", path, r);
        SYS(SYS_close, fd);
}

void mask_all(int root_fd) {
        for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++) mask(masked[i]);
        for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++) keep_from_writing(root_fd, read_only[i]);
}
