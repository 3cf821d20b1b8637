/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/mount.h>

static const struct {
        const char *path; /* on the host; the name behind /dev/ is the name inside */
        unsigned major, minor;
} devices[DEVICE_COUNT] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                           {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

static const char *const insecure[INSECURE_COUNT] = {"/dev/kmsg", "/dev/cuse",    "/dev/fuse",
                                                     "/dev/kvm",  "/dev/net/tun", "/dev/loop-control"};

static const char *const links[][2] = {{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
                                       {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
                                       {"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"}};

enum { MODE_DEVICE = 0020666, NAME_AT = sizeof "/dev/" - 1 };

/* The terminal of standard input as a mount; what it is called is known to the host's /proc. */
static int console_take(void) {
        char path[LAUNCH_PATH_MAX];
        long n = SYS(SYS_readlinkat, AT_FDCWD, "/proc/self/fd/0", path, sizeof path - 1);
        if (n <= 0) return -1;
        path[n] = 0;
        return text_starts(path, "/dev/") ? mount_clone(path, 0) : -1;
}

void dev_take(const Spec *s, Held *h) {
        uint32_t flags = s->basics->flags;
        for (size_t i = 0; i < DEVICE_COUNT; i++)
                h->devices[i] = flags & LAUNCH_USERNS ? mount_clone(devices[i].path, 0) : -1;
        for (size_t i = 0; i < INSECURE_COUNT; i++)
                h->insecure[i] = flags & LAUNCH_INSECURE ? mount_clone(insecure[i], 0) : -1;
        if (flags & LAUNCH_TERMINAL) h->console = console_take();
}

static int dev_new(void) {
        long fs = SYS(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0) setup_fail("open the tmpfs file system", NULL, fs);
        SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "tmpfs", 0);
        /* Not 1777: fs.protected_regular would refuse writes to bound devices of other owners. */
        SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "755", 0);
        SYS(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", "65536k", 0);
        long r = SYS(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
        if (r >= 0) r = SYS(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
        if (r < 0) setup_fail("make /dev", NULL, r);
        SYS(SYS_close, fs);
        return (int)r;
}

static void device_bind(int mount_fd, int root_fd, const char *path) {
        if (mount_fd >= 0) mount_attach(mount_fd, root_fd, path, 0);
}

static void device_make(int dev, size_t i) {
        unsigned number = devices[i].major << 8 | devices[i].minor;
        long r = SYS(SYS_mknodat, dev, devices[i].path + NAME_AT, MODE_DEVICE, number);
        if (r < 0) setup_fail("make", devices[i].path, r);
}

void dev_fill(const Spec *s, Held *h, int root_fd) {
        int dev = dev_new();
        static const char *const directories[] = {"pts", "shm", "mqueue"};
        for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
                SYS(SYS_mkdirat, dev, directories[i], 0755);
        for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) SYS(SYS_symlinkat, links[i][0], dev, links[i][1]);
        int bind = (s->basics->flags & LAUNCH_USERNS) != 0;
        for (size_t i = 0; i < DEVICE_COUNT && !bind; i++) device_make(dev, i);
        mount_attach(dev, root_fd, "/dev", 1);
        for (size_t i = 0; i < DEVICE_COUNT && bind; i++) device_bind(h->devices[i], root_fd, devices[i].path);
        for (size_t i = 0; i < INSECURE_COUNT; i++) device_bind(h->insecure[i], root_fd, insecure[i]);
        device_bind(h->console, root_fd, "/dev/console");
}
