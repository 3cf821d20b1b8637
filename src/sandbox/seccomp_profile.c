/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <sys/stat.h>

/* Which system calls a step may make: the policy that container engines use by default, as a table. What is in none of
 * the groups is refused with EPERM; what is newer than SECCOMP_LAST_NUMBER with ENOSYS, so that C libraries fall back.
 * A change of the tables needs a new SECCOMP_PROFILE_VERSION. */

static const char *const files[] = {"access",
                                    "chdir",
                                    "chmod",
                                    "chown",
                                    "chown32",
                                    "close",
                                    "close_range",
                                    "copy_file_range",
                                    "creat",
                                    "dup",
                                    "dup2",
                                    "dup3",
                                    "faccessat",
                                    "faccessat2",
                                    "fadvise64",
                                    "fadvise64_64",
                                    "fallocate",
                                    "fchdir",
                                    "fchmod",
                                    "fchmodat",
                                    "fchown",
                                    "fchown32",
                                    "fchownat",
                                    "fcntl",
                                    "fcntl64",
                                    "fdatasync",
                                    "flock",
                                    "fstat",
                                    "fstat64",
                                    "fstatat64",
                                    "fstatfs",
                                    "fstatfs64",
                                    "fsync",
                                    "ftruncate",
                                    "ftruncate64",
                                    "futimesat",
                                    "getcwd",
                                    "getdents",
                                    "getdents64",
                                    "lchown",
                                    "lchown32",
                                    "link",
                                    "linkat",
                                    "_llseek",
                                    "lseek",
                                    "lstat",
                                    "lstat64",
                                    "mkdir",
                                    "mkdirat",
                                    "name_to_handle_at",
                                    "newfstatat",
                                    "open",
                                    "openat",
                                    "openat2",
                                    "pread64",
                                    "preadv",
                                    "preadv2",
                                    "pwrite64",
                                    "pwritev",
                                    "pwritev2",
                                    "read",
                                    "readahead",
                                    "readlink",
                                    "readlinkat",
                                    "readv",
                                    "rename",
                                    "renameat",
                                    "renameat2",
                                    "rmdir",
                                    "sendfile",
                                    "sendfile64",
                                    "splice",
                                    "stat",
                                    "stat64",
                                    "statfs",
                                    "statfs64",
                                    "statx",
                                    "symlink",
                                    "symlinkat",
                                    "sync",
                                    "sync_file_range",
                                    "syncfs",
                                    "tee",
                                    "truncate",
                                    "truncate64",
                                    "umask",
                                    "unlink",
                                    "unlinkat",
                                    "utime",
                                    "utimensat",
                                    "utimensat_time64",
                                    "utimes",
                                    "vmsplice",
                                    "write",
                                    "writev",
                                    "ioctl",
                                    "fanotify_mark",
                                    "inotify_add_watch",
                                    "inotify_init",
                                    "inotify_init1",
                                    "inotify_rm_watch",
                                    NULL};

static const char *const attributes[] = {
        "fgetxattr",  "flistxattr",   "fremovexattr", "fsetxattr",   "getxattr", "lgetxattr", "listxattr",
        "llistxattr", "lremovexattr", "lsetxattr",    "removexattr", "setxattr", NULL};

static const char *const memory[] = {
        "brk",      "madvise",    "membarrier", "memfd_create",  "memfd_secret",     "mincore", "mlock",   "mlock2",
        "mlockall", "mmap",       "mmap2",      "mprotect",      "mremap",           "msync",   "munlock", "munlockall",
        "munmap",   "pkey_alloc", "pkey_free",  "pkey_mprotect", "remap_file_pages", NULL};

static const char *const processes[] = {"execve",
                                        "execveat",
                                        "exit",
                                        "exit_group",
                                        "fork",
                                        "vfork",
                                        "futex",
                                        "futex_time64",
                                        "futex_waitv",
                                        "getcpu",
                                        "getpgid",
                                        "getpgrp",
                                        "getpid",
                                        "getppid",
                                        "getpriority",
                                        "getrlimit",
                                        "get_robust_list",
                                        "getrusage",
                                        "getsid",
                                        "get_thread_area",
                                        "gettid",
                                        "ioprio_get",
                                        "ioprio_set",
                                        "kill",
                                        "pause",
                                        "pidfd_open",
                                        "pidfd_send_signal",
                                        "prctl",
                                        "prlimit64",
                                        "process_mrelease",
                                        "restart_syscall",
                                        "rseq",
                                        "sched_getaffinity",
                                        "sched_getattr",
                                        "sched_getparam",
                                        "sched_get_priority_max",
                                        "sched_get_priority_min",
                                        "sched_getscheduler",
                                        "sched_rr_get_interval",
                                        "sched_rr_get_interval_time64",
                                        "sched_setaffinity",
                                        "sched_setattr",
                                        "sched_setparam",
                                        "sched_setscheduler",
                                        "sched_yield",
                                        "setpgid",
                                        "setpriority",
                                        "setrlimit",
                                        "set_robust_list",
                                        "setsid",
                                        "set_thread_area",
                                        "set_tid_address",
                                        "tgkill",
                                        "tkill",
                                        "ugetrlimit",
                                        "wait4",
                                        "waitid",
                                        "waitpid",
                                        "process_vm_readv",
                                        "process_vm_writev",
                                        "ptrace",
                                        NULL};

static const char *const identities[] = {
        "capget",    "capset",      "getegid",     "getegid32",  "geteuid",     "geteuid32",  "getgid",
        "getgid32",  "getgroups",   "getgroups32", "getresgid",  "getresgid32", "getresuid",  "getresuid32",
        "getuid",    "getuid32",    "setfsgid",    "setfsgid32", "setfsuid",    "setfsuid32", "setgid",
        "setgid32",  "setgroups",   "setgroups32", "setregid",   "setregid32",  "setresgid",  "setresgid32",
        "setresuid", "setresuid32", "setreuid",    "setreuid32", "setuid",      "setuid32",   NULL};

static const char *const signals[] = {"rt_sigaction",
                                      "rt_sigpending",
                                      "rt_sigprocmask",
                                      "rt_sigqueueinfo",
                                      "rt_sigreturn",
                                      "rt_sigsuspend",
                                      "rt_sigtimedwait",
                                      "rt_sigtimedwait_time64",
                                      "rt_tgsigqueueinfo",
                                      "sigaltstack",
                                      "signalfd",
                                      "signalfd4",
                                      "sigprocmask",
                                      "sigreturn",
                                      NULL};

static const char *const times[] = {"adjtimex",
                                    "alarm",
                                    "clock_adjtime",
                                    "clock_adjtime64",
                                    "clock_getres",
                                    "clock_getres_time64",
                                    "clock_gettime",
                                    "clock_gettime64",
                                    "clock_nanosleep",
                                    "clock_nanosleep_time64",
                                    "getitimer",
                                    "gettimeofday",
                                    "nanosleep",
                                    "setitimer",
                                    "time",
                                    "timer_create",
                                    "timer_delete",
                                    "timer_getoverrun",
                                    "timer_gettime",
                                    "timer_gettime64",
                                    "timer_settime",
                                    "timer_settime64",
                                    "timerfd_create",
                                    "timerfd_gettime",
                                    "timerfd_gettime64",
                                    "timerfd_settime",
                                    "timerfd_settime64",
                                    "times",
                                    NULL};

static const char *const waiting[] = {"epoll_create",
                                      "epoll_create1",
                                      "epoll_ctl",
                                      "epoll_ctl_old",
                                      "epoll_pwait",
                                      "epoll_pwait2",
                                      "epoll_wait",
                                      "epoll_wait_old",
                                      "eventfd",
                                      "eventfd2",
                                      "io_cancel",
                                      "io_destroy",
                                      "io_getevents",
                                      "io_pgetevents",
                                      "io_pgetevents_time64",
                                      "io_setup",
                                      "io_submit",
                                      "_newselect",
                                      "pipe",
                                      "pipe2",
                                      "poll",
                                      "ppoll",
                                      "ppoll_time64",
                                      "pselect6",
                                      "pselect6_time64",
                                      "select",
                                      NULL};

static const char *const network[] = {
        "accept", "accept4",    "bind",     "connect",         "getpeername", "getsockname", "getsockopt", "listen",
        "recv",   "recvfrom",   "recvmmsg", "recvmmsg_time64", "recvmsg",     "send",        "sendmmsg",   "sendmsg",
        "sendto", "setsockopt", "shutdown", "socketcall",      "socketpair",  NULL};

static const char *const messages[] = {"ipc",
                                       "mq_getsetattr",
                                       "mq_notify",
                                       "mq_open",
                                       "mq_timedreceive",
                                       "mq_timedreceive_time64",
                                       "mq_timedsend",
                                       "mq_timedsend_time64",
                                       "mq_unlink",
                                       "msgctl",
                                       "msgget",
                                       "msgrcv",
                                       "msgsnd",
                                       "semctl",
                                       "semget",
                                       "semop",
                                       "semtimedop",
                                       "semtimedop_time64",
                                       "shmat",
                                       "shmctl",
                                       "shmdt",
                                       "shmget",
                                       NULL};

static const char *const other[] = {"getrandom",
                                    "landlock_add_rule",
                                    "landlock_create_ruleset",
                                    "landlock_restrict_self",
                                    "seccomp",
                                    "sysinfo",
                                    "uname",
                                    NULL};

static const char *const of_processor[] = {
#if defined(__x86_64__) || defined(__i386__)
        "arch_prctl", "modify_ldt",
#elif defined(__aarch64__) || defined(__arm__)
        "arm_fadvise64_64",
        "arm_sync_file_range",
        "sync_file_range2",
        "breakpoint",
        "cacheflush",
        "set_tls",
#elif defined(__powerpc64__)
        "sync_file_range2", "swapcontext",
#elif defined(__s390x__)
        "s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr",
#elif defined(__riscv)
        "riscv_flush_icache",
#endif
        NULL};

static const char *const with_read_search[] = {"open_by_handle_at", NULL};
static const char *const with_admin[] = {
        "bpf",       "clone",           "clone3",         "fanotify_init", "fsconfig",      "fsmount",
        "fsopen",    "fspick",          "lookup_dcookie", "mount",         "mount_setattr", "move_mount",
        "open_tree", "perf_event_open", "quotactl",       "quotactl_fd",   "setdomainname", "sethostname",
        "setns",     "syslog",          "umount",         "umount2",       "unshare",       NULL};
static const char *const with_boot[] = {"reboot", NULL};
static const char *const with_chroot[] = {"chroot", NULL};
static const char *const with_module[] = {"delete_module", "init_module", "finit_module", NULL};
static const char *const with_accounting[] = {"acct", NULL};
static const char *const with_ptrace[] = {"kcmp", "pidfd_getfd", "process_madvise", NULL};
static const char *const with_rawio[] = {"iopl", "ioperm", NULL};
static const char *const with_time[] = {"settimeofday", "stime", "clock_settime", "clock_settime64", NULL};
static const char *const with_tty[] = {"vhangup", NULL};
static const char *const with_nice[] = {"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node", NULL};
static const char *const with_syslog[] = {"syslog", NULL};
static const char *const with_bpf[] = {"bpf", NULL};
static const char *const with_perfmon[] = {"perf_event_open", NULL};

enum { ALWAYS = -1 };

const SeccompGroup seccomp_groups[] = {
        {files, ALWAYS},
        {attributes, ALWAYS},
        {memory, ALWAYS},
        {processes, ALWAYS},
        {identities, ALWAYS},
        {signals, ALWAYS},
        {times, ALWAYS},
        {waiting, ALWAYS},
        {network, ALWAYS},
        {messages, ALWAYS},
        {other, ALWAYS},
        {of_processor, ALWAYS},
        {with_read_search, CAP_DAC_READ_SEARCH},
        {with_admin, CAP_SYS_ADMIN},
        {with_boot, CAP_SYS_BOOT},
        {with_chroot, CAP_SYS_CHROOT},
        {with_module, CAP_SYS_MODULE},
        {with_accounting, CAP_SYS_PACCT},
        {with_ptrace, CAP_SYS_PTRACE},
        {with_rawio, CAP_SYS_RAWIO},
        {with_time, CAP_SYS_TIME},
        {with_tty, CAP_SYS_TTY_CONFIG},
        {with_nice, CAP_SYS_NICE},
        {with_syslog, CAP_SYSLOG},
        {with_bpf, CAP_BPF},
        {with_perfmon, CAP_PERFMON},
};
const size_t seccomp_group_count = ARRAY_SIZE(seccomp_groups);

enum {
        VSOCK_FAMILY = 40,
        PERSONALITY_32 = 0x8,
        PERSONALITY_UNAME26 = 0x20000,
        CLONE_NEW_ANYTHING = 0x7e020000, /* every CLONE_NEW* that clone() takes */
};

/* Opening a device is not ours to forbid where no cgroup does it, so making one is: pipes, sockets and files, and the
 * devices that every step has anyway. 0:0 marks what an overlay hides. */
#define MKNOD_RULES(call, mode, device)                                                                         \
        {call, mode, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFIFO, ALWAYS},                                              \
                {call, mode, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFSOCK, ALWAYS},                                     \
                {call, mode, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFREG, ALWAYS},                                      \
                {call, mode, SCMP_CMP_MASKED_EQ, S_IFMT, 0, ALWAYS}, {call, device, SCMP_CMP_EQ, 0, 0, ALWAYS}, \
                {call, device, SCMP_CMP_EQ, 0x103, 0, ALWAYS}, /* null */                                       \
                {call, device, SCMP_CMP_EQ, 0x105, 0, ALWAYS}, /* zero */                                       \
                {call, device, SCMP_CMP_EQ, 0x107, 0, ALWAYS}, /* full */                                       \
                {call, device, SCMP_CMP_EQ, 0x108, 0, ALWAYS}, /* random */                                     \
                {call, device, SCMP_CMP_EQ, 0x109, 0, ALWAYS}, /* urandom */                                    \
                {call, device, SCMP_CMP_EQ, 0x500, 0, ALWAYS}, /* tty */                                        \
                {call, device, SCMP_CMP_EQ, 0x501, 0, ALWAYS}, /* console */                                    \
                {call, device, SCMP_CMP_EQ, 0x502, 0, ALWAYS}, /* ptmx */                                       \
        {                                                                                                       \
                call, device, SCMP_CMP_EQ, 0xac8, 0, ALWAYS                                                     \
        } /* net/tun */

const SeccompArg seccomp_args[] = {
        MKNOD_RULES("mknod", 1, 2),
        MKNOD_RULES("mknodat", 2, 3),
        {"socket", 0, SCMP_CMP_NE, VSOCK_FAMILY, 0, ALWAYS},
        {"personality", 0, SCMP_CMP_EQ, 0, 0, ALWAYS},
        {"personality", 0, SCMP_CMP_EQ, PERSONALITY_32, 0, ALWAYS},
        {"personality", 0, SCMP_CMP_EQ, PERSONALITY_UNAME26, 0, ALWAYS},
        {"personality", 0, SCMP_CMP_EQ, PERSONALITY_UNAME26 | PERSONALITY_32, 0, ALWAYS},
        {"personality", 0, SCMP_CMP_EQ, UINT32_MAX, 0, ALWAYS}, /* only asks */
#if defined(__s390x__)
        {"clone", 1, SCMP_CMP_MASKED_EQ, CLONE_NEW_ANYTHING, 0, CAP_SYS_ADMIN},
#else
        {"clone", 0, SCMP_CMP_MASKED_EQ, CLONE_NEW_ANYTHING, 0, CAP_SYS_ADMIN},
#endif
};
const size_t seccomp_arg_count = ARRAY_SIZE(seccomp_args);

const SeccompNew seccomp_news[] = {
        {"cachestat", 451, ALWAYS},
        {"fchmodat2", 452, ALWAYS},
        {"map_shadow_stack", 453, ALWAYS},
        {"futex_wake", 454, ALWAYS},
        {"futex_wait", 455, ALWAYS},
        {"futex_requeue", 456, ALWAYS},
        {"statmount", 457, ALWAYS},
        {"listmount", 458, ALWAYS},
        {"lsm_get_self_attr", 459, ALWAYS},
        {"lsm_set_self_attr", 460, ALWAYS},
        {"lsm_list_modules", 461, ALWAYS},
        {"mseal", 462, ALWAYS},
        {"setxattrat", 463, ALWAYS},
        {"getxattrat", 464, ALWAYS},
        {"listxattrat", 465, ALWAYS},
        {"removexattrat", 466, ALWAYS},
        {"open_tree_attr", 467, CAP_SYS_ADMIN},
        {"file_getattr", 468, ALWAYS},
        {"file_setattr", 469, ALWAYS},
};
const size_t seccomp_new_count = ARRAY_SIZE(seccomp_news);

uint64_t seccomp_relevant(uint64_t capabilities) {
        uint64_t relevant = 0;
        for (size_t i = 0; i < seccomp_group_count; i++)
                if (seccomp_groups[i].capability >= 0) relevant |= (uint64_t)1 << seccomp_groups[i].capability;
        return relevant & capabilities;
}
