/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* What passes between the builder and the launcher. Both are made by one build, so numbers are in host order and
 * the version only guards against a launcher that was left over from another build.
 *
 * Descriptors of the launcher: 0-2 are the step's; the other three: */
enum {
        LAUNCH_FD_SPEC = 3,    /* memfd: LaunchHeader, then records; the launcher writes init_pid into it */
        LAUNCH_FD_STATUS = 4,  /* pipe to the builder: StatusRecord + text */
        LAUNCH_FD_CONTROL = 5, /* pipe from the builder: a byte is a signal for the step, end of file means SIGKILL */
};

enum {
        LAUNCH_MAGIC = 0x314c4344,
        LAUNCH_VERSION = 1,
        LAUNCH_ALIGN = 8,
        LAUNCH_LOWER_MAX = 480, /* overlayfs takes 500 */
        LAUNCH_SPEC_MAX = 8 << 20,
        LAUNCH_MOUNTS_MAX = 512,
        LAUNCH_LIMITS_MAX = 32,
        LAUNCH_GROUPS_MAX = 4096,
        LAUNCH_FILTER_MAX = 4096, /* instructions; the kernel's own maximum */
        LAUNCH_PATH_MAX = 4096,
        STATUS_TEXT_MAX = 3072 /* with the record below PIPE_BUF: written in one piece */,
};

typedef struct LaunchHeader {
        uint32_t magic;
        uint32_t version;
        uint32_t size; /* of everything, header included */
        int32_t init_pid;
} LaunchHeader;

/* A record: this, then size bytes, then zeros up to a multiple of LAUNCH_ALIGN. Texts end in NUL, counted. */
typedef struct LaunchRecord {
        uint32_t tag;
        uint32_t size;
} LaunchRecord;

typedef enum LaunchTag {
        TAG_LOWER = 1, /* text, uppermost first */
        TAG_UPPER,     /* text */
        TAG_WORK,      /* text */
        TAG_ROOT_AT,   /* text: where the root is attached before it becomes the root (or for the other runtime) */
        TAG_ARG,       /* text */
        TAG_ENV,       /* text */
        TAG_CWD,       /* text */
        TAG_HOSTNAME,  /* text */
        TAG_CGROUP,    /* text: cgroup.procs file to enter, any number */
        TAG_GROUPS,    /* uint32_t[] */
        TAG_FILTER,    /* struct sock_filter[] */
        TAG_MOUNT,     /* LaunchMount, source text, target text */
        TAG_LIMIT,     /* LaunchLimit */
        TAG_BASICS,    /* LaunchBasics */
} LaunchTag;

enum {
        LAUNCH_USERNS = 1 << 0,    /* inside a user namespace: no mknod, no new sysfs, user.overlay.* */
        LAUNCH_NET_NONE = 1 << 1,  /* a network namespace of its own with only lo */
        LAUNCH_CGROUP2 = 1 << 2,   /* /sys/fs/cgroup is the unified hierarchy */
        LAUNCH_CGROUP1 = 1 << 3,   /* /sys/fs/cgroup holds hierarchies */
        LAUNCH_INSECURE = 1 << 4,  /* no masks, writable /sys, devices of the host */
        LAUNCH_READ_ONLY = 1 << 5, /* the root */
        LAUNCH_TERMINAL = 1 << 6,  /* standard input is a terminal to be controlled */
        LAUNCH_ROOT_ONLY = 1 << 7, /* make the root and its mount points, then run ARG on the host's root (crun) */
};

typedef struct LaunchBasics {
        uint64_t capabilities; /* bounding set; permitted and effective too for uid 0 */
        uint64_t shm_size;
        uint32_t flags; /* LAUNCH_* */
        uint32_t uid;
        uint32_t gid;
        uint32_t reserved;
} LaunchBasics;

enum {
        LAUNCH_MOUNT_BIND = 1 << 0, /* else tmpfs */
        LAUNCH_MOUNT_RO = 1 << 1,
        LAUNCH_MOUNT_NOEXEC = 1 << 2,
        LAUNCH_MOUNT_NOSUID = 1 << 3,
        LAUNCH_MOUNT_NODEV = 1 << 4,
};

typedef struct LaunchMount {
        uint64_t size_bytes;
        uint32_t flags;
        uint32_t mode;
} LaunchMount;

typedef struct LaunchLimit {
        uint64_t soft;
        uint64_t hard;
        uint32_t resource;
        uint32_t reserved;
} LaunchLimit;

typedef enum StatusTag {
        STATUS_FAILED = 1, /* text: what was being done; error: errno */
        STATUS_STUB,       /* text: path of a mount point that was made in the root */
        STATUS_DIR,        /* text: directory that the making of the next stub copies up; mode ... as they were */
        STATUS_EXIT,       /* exit_status: as wait() gives it */
} StatusTag;

/* Followed by size bytes of text without NUL. */
typedef struct StatusRecord {
        uint32_t tag;
        uint32_t size;
        int32_t error;
        int32_t exit_status;
        uint32_t mode;
        uint32_t uid;
        uint32_t gid;
        uint32_t mtime_ns;
        int64_t mtime;
} StatusRecord;
