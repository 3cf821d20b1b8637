/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/launch_format.h"

/* The launcher: started once for every RUN. It reads the specification (sandbox/launch_format.h) from a memfd, makes the
 * namespaces in a child of itself, which becomes process 1 of the step, and stays outside to pass signals in, to
 * tell the exit status, and to kill everything when the builder is gone.
 *
 * Functions return 0 or a negative errno unless they say something else; what had been going on is told to the
 * builder by setup_fail(), which does not return. */

/* The decoded specification; everything points into the mapping. */
typedef struct Spec {
        const char **lower; /* uppermost first */
        size_t lower_count;
        const char *upper, *work, *root_at, *cwd, *hostname;
        const char **argv; /* NULL-terminated */
        size_t argc;
        const char **env; /* NULL-terminated */
        size_t env_count;
        const char **cgroups;
        size_t cgroup_count;
        const uint32_t *groups;
        size_t group_count;
        const struct sock_filter *filter;
        size_t filter_count;
        const LaunchMount **mounts; /* source and target follow in the record */
        size_t mount_count;
        const LaunchLimit **limits;
        size_t limit_count;
        const LaunchBasics *basics;
} Spec;

/* decode.c: pure, no system call. data: size bytes, aligned to LAUNCH_ALIGN. */
/* Bytes that the pointer lists of spec_decode() need, or 0 when the data is no specification. */
size_t spec_room(const void *data, size_t size);
/* room: spec_room() bytes, zeroed. 0, or -EINVAL. */
int spec_decode(const void *data, size_t size, void *room, Spec *ret_spec);
const char *mount_source(const LaunchMount *m);
const char *mount_target(const LaunchMount *m);

_Noreturn void launcher_main(void);

/* report.c */
_Noreturn void setup_fail(const char *what, const char *detail,
                          long error); /* detail may be NULL; error: errno, either sign */
void report_path(StatusTag tag, const char *path, const StatusRecord *attributes);
void report_exit(int status);

/* overlay.c: a detached mount of the root. */
int overlay_make(const Spec *s);

/* target.c: a place to mount on, made when it is missing (and then told to the builder, which removes it). */
int target_open(int root_fd, const char *path, int is_directory);

/* mounts.c */
typedef struct Held Held;
void mounts_take(const Spec *s, Held *h);             /* clone what comes from the host */
void mounts_place(const Spec *s, int root_fd);        /* the same, opened places only (ROOT_ONLY) */
void mounts_all(const Spec *s, Held *h, int root_fd); /* after the root became the root */
void mount_set(int mount_fd, uint64_t attributes, int recursive, const char *what);
void mount_attach(int mount_fd, int root_fd, const char *target, int is_directory);
int mount_clone(const char *path, int recursive); /* a descriptor or a negative errno */

enum { DEVICE_COUNT = 6, INSECURE_COUNT = 6 };
/* Mounts of the host that are put into the root later: descriptors, or negative. */
struct Held {
        int *binds; /* one for each mount of the specification */
        int devices[DEVICE_COUNT];
        int insecure[INSECURE_COUNT];
        int sys, proc, cgroup, console;
};

/* dev.c */
void dev_take(const Spec *s, Held *h);
void dev_fill(const Spec *s, Held *h, int root_fd);

/* mask.c */
void mask_all(int root_fd);

/* user.c */
void limits_set(const Spec *s);
void filter_load(const Spec *s);
void identity_take(const Spec *s);

/* net.c */
void loopback_up(void);

/* init.c */
_Noreturn void init_main(const Spec *s);

/* exec.c: never returns; a program that cannot run ends the step with 126 or 127 and a line on its standard error. */
_Noreturn void exec_command(const Spec *s);
