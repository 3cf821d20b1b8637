/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CONTROL_BATCH = 64 };

static _Noreturn void not_for_people(void) {
        static const char text[] = "decant-launcher is started by decant\n";
        SYS(SYS_write, 2, text, sizeof text - 1);
        sys_exit(125);
}

static LaunchHeader *spec_map(size_t *ret_size) {
        struct statx st;
        if (SYS(SYS_statx, LAUNCH_FD_SPEC, "", AT_EMPTY_PATH, STATX_SIZE, &st) < 0) not_for_people();
        if (st.stx_size < sizeof(LaunchHeader) || st.stx_size > LAUNCH_SPEC_MAX) not_for_people();
        long p = SYS(SYS_mmap, 0, st.stx_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, LAUNCH_FD_SPEC, 0);
        if (p < 0 && p > -4096) not_for_people();
        *ret_size = st.stx_size;
        return (LaunchHeader *)p;
}

static void spec_load(LaunchHeader *header, size_t size, Spec *ret_spec) {
        size_t room = spec_room(header, size);
        if (room == 0) setup_fail("the launcher belongs to another version of decant", NULL, EINVAL);
        long p = SYS(SYS_mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p < 0 && p > -4096) setup_fail("allocate memory", NULL, p);
        int r = spec_decode(header, size, (void *)p, ret_spec);
        if (r < 0) setup_fail("the launcher belongs to another version of decant", NULL, r);
}

static void cgroups_enter(const Spec *s) {
        for (size_t i = 0; i < s->cgroup_count; i++) {
                long fd = SYS(SYS_openat, AT_FDCWD, s->cgroups[i], O_WRONLY | O_CLOEXEC, 0);
                if (fd < 0) setup_fail("open", s->cgroups[i], fd);
                long r = SYS(SYS_write, fd, "0", 1);
                if (r < 0) setup_fail("enter the cgroup of", s->cgroups[i], r);
                SYS(SYS_close, fd);
        }
}

static unsigned long namespaces(const Spec *s) {
        unsigned long flags = CLONE_NEWPID | CLONE_NEWNS;
        if (s->basics->flags & LAUNCH_ROOT_ONLY) return flags;
        flags |= CLONE_NEWIPC | CLONE_NEWUTS;
        if (s->basics->flags & LAUNCH_CGROUP2) flags |= CLONE_NEWCGROUP;
        if (s->basics->flags & LAUNCH_NET_NONE) flags |= CLONE_NEWNET;
        return flags;
}

/* What the builder says: signals for the step. False when the builder is gone. */
static int control_serve(int pid_fd) {
        unsigned char signals[CONTROL_BATCH];
        long n = SYS(SYS_read, LAUNCH_FD_CONTROL, signals, sizeof signals);
        if (n == -EINTR) return 1;
        for (long i = 0; i < n; i++) SYS(SYS_pidfd_send_signal, pid_fd, signals[i], 0, 0);
        if (n <= 0) SYS(SYS_pidfd_send_signal, pid_fd, SIGKILL, 0, 0);
        return n > 0;
}

static _Noreturn void watch(long pid, int pid_fd) {
        struct pollfd wait_for[2] = {{.fd = pid_fd, .events = POLLIN}, {.fd = LAUNCH_FD_CONTROL, .events = POLLIN}};
        for (;;) {
                long n = SYS(SYS_ppoll, wait_for, 2, 0, 0, 0);
                if (n < 0 && n != -EINTR) break;
                if (n > 0 && wait_for[0].revents) break;
                if (n > 0 && wait_for[1].revents && !control_serve(pid_fd)) wait_for[1].fd = -1;
        }
        int status = 0;
        while (SYS(SYS_wait4, pid, &status, 0, 0) == -EINTR) continue;
        report_exit(status);
        sys_exit(0);
}

/* Runs with all signals blocked: those of the terminal are the builder's business. */
_Noreturn void launcher_main(void) {
        size_t size = 0;
        LaunchHeader *header = spec_map(&size);
        SYS(SYS_close_range, LAUNCH_FD_SPEC, ~0U, CLOSE_RANGE_CLOEXEC);
        Spec spec;
        spec_load(header, size, &spec);
        cgroups_enter(&spec);

        int pid_fd = -1;
        long pid = SYS(SYS_clone, namespaces(&spec) | CLONE_PIDFD | SIGCHLD, 0, &pid_fd, 0, 0);
        if (pid < 0) setup_fail("make namespaces", NULL, pid);
        if (pid == 0) init_main(&spec);
        header->init_pid = (int32_t)pid;
        /* The step's own ends must not keep its pipes open once it is gone. */
        SYS(SYS_close_range, 0, 2, 0);
        watch(pid, pid_fd);
}
