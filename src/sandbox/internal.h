/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <spawn.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sandbox/launch_format.h"
#include "sandbox/sandbox.h"

/* What the files of sandbox/ share. */

/* What the machine is like; found out once. */
typedef struct HostFacts {
        bool userns;     /* not the initial user namespace */
        uint32_t cgroup; /* 0, LAUNCH_CGROUP1 or LAUNCH_CGROUP2 */
} HostFacts;
void host_facts_find(HostFacts *ret_facts);

typedef struct Filter {
        uint64_t capabilities; /* those of them that matter */
        Buf program;           /* struct sock_filter[] */
} Filter;

/* A small file that is made once for all steps that need the same text. */
typedef struct SharedFile {
        char *text;
        char *path;
} SharedFile;

struct Sandbox {
        SandboxRuntime runtime;
        char *launcher_path; /* NULL until the first start, unless given */
        char *cache_dir;     /* may be NULL */
        char *scratch_dir;
        pthread_mutex_t lock; /* the rest */
        bool ready;
        HostFacts facts;
        char *dir;      /* our directory in scratch_dir */
        char *stub_dir; /* lowest layer: the mount points that every step needs, so that no step makes them */
        VEC(Filter *) filters;
        VEC(SharedFile) files;
        unsigned next_id;
};

/* A cgroup that was made for a step. */
typedef struct StepCgroup {
        char *dir; /* NULL: none */
        bool unified;
} StepCgroup;

struct SandboxProcess {
        pid_t pid; /* of the launcher; 0 when it was waited for */
        int spec_fd, status_fd, control_fd;
        char *upper_dir;
        char *bundle_dir; /* NULL unless crun */
        StepCgroup cgroup;
        Buf status;
};

/* All that a start collects before the launcher runs. */
typedef struct Launch {
        Sandbox *sandbox;
        const SandboxSpec *spec;
        SandboxProcess *process;
        uint64_t capabilities;
        const Filter *filter; /* NULL: none */
        const char *hostname;
        const char *hosts_path;
        const char *resolv_path;
} Launch;

/* A way to run a step: encode what the launcher has to do. One file per variant. */
typedef struct RuntimeOps {
        const char *name;
        int (*encode)(const Launch *l, Buf *ret_data, Err **e);
} RuntimeOps;
extern const RuntimeOps runtime_launcher;
extern const RuntimeOps runtime_crun;

/* spec_encode.c */
void spec_begin(Buf *b);
void spec_add(Buf *b, LaunchTag tag, const void *data, size_t size);
void spec_add_text(Buf *b, LaunchTag tag, const char *text);
int spec_add_root(Buf *b, const Launch *l, const char *root_at, Err **e);
void spec_add_basics(Buf *b, const Launch *l, uint32_t more_flags);
void spec_add_mount(Buf *b, const SandboxMount *m);
/* The caller's mounts, those above before those below. Owned: free(). NULL when there are none. */
const SandboxMount **mounts_sorted(const SandboxSpec *spec);
/* Supplementary groups with the user's own among them: without it a program could shed what that group is denied. Owned. */
gid_t *groups_of(const SandboxSpec *spec, size_t *ret_count);
int spec_finish(Buf *b, Err **e);
uint64_t shm_size_of(const SandboxSpec *spec);

/* net_files.c */
int hosts_render(const char *hostname, const StrVec *extra, Buf *ret_text, Err **e);
/* host_text: of the host's resolv.conf. keep_loopback: the step shares the host's network. */
void resolv_render(const char *host_text, bool keep_loopback, Buf *ret_text);
int net_files_make(Launch *l, Err **e);

/* capabilities.c */
int capabilities_choose(const SandboxSpec *spec, uint64_t *ret_set, Err **e);
const char *capability_name(unsigned number); /* "CAP_CHOWN"; NULL past the last */

/* seccomp_profile.c */
enum { SECCOMP_PROFILE_VERSION = 3 };
typedef struct SeccompGroup {
        const char *const *names; /* NULL-terminated */
        int capability;           /* -1: always; else when this one is held */
} SeccompGroup;
typedef struct SeccompArg {
        const char *name;
        unsigned index;
        unsigned op; /* enum scmp_compare */
        uint64_t a, b;
        int without; /* -1, or: only when this capability is not held */
} SeccompArg;
/* System calls newer than the library knows; numbers are equal on all architectures since 424. */
typedef struct SeccompNew {
        const char *name;
        unsigned number;
        int capability;
} SeccompNew;
extern const SeccompGroup seccomp_groups[];
extern const size_t seccomp_group_count;
extern const SeccompArg seccomp_args[];
extern const size_t seccomp_arg_count;
extern const SeccompNew seccomp_news[];
extern const size_t seccomp_new_count;
enum { SECCOMP_LAST_NUMBER = 469 }; /* a call above it is "not implemented" rather than "not permitted" */
uint64_t seccomp_relevant(uint64_t capabilities);

/* seccomp_program.c */
int seccomp_compile(uint64_t capabilities, Buf *ret_program, Err **e);
/* Compiled, or from cache_dir (may be NULL). */
int seccomp_get(const char *cache_dir, uint64_t capabilities, Buf *ret_program, Err **e);

/* limit.c */
const char *limit_name(int resource); /* "RLIMIT_NOFILE" */

/* cgroup.c */
int cgroup_make(const SandboxSpec *spec, StepCgroup *ret_cgroup, Err **e);
bool cgroup_oom(const StepCgroup *g);
void cgroup_remove(StepCgroup *g);

/* stubs.c: undo what STATUS_STUB and STATUS_DIR records tell. */
void stubs_remove(const char *upper_dir, const Buf *status);

/* status.c */
/* The next record at *at; false at the end. *ret_text is not NUL-terminated. */
bool status_next(const Buf *status, size_t *at, StatusRecord *ret_record, Str *ret_text);

/* assets.c: the directory of the sandbox and what is in it. */
int assets_make(Sandbox *s, Err **e);
void assets_remove(Sandbox *s);
int asset_file(Sandbox *s, const char *stem, const Buf *text, const char **ret_path, Err **e);
int launcher_find(char **ret_path, Err **e);

/* crun_config.c */
void crun_config_render(const Launch *l, const char *root, Buf *ret_json);
