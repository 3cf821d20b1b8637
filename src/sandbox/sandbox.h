/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"

/* What a RUN (or `decant run`) sees: a root file system of overlay layers, namespaces, users, capabilities, seccomp,
 * mounts and limits as BuildKit's executor gives them. Two runtimes behind one interface: our launcher (default) and
 * crun. */

typedef enum NetworkMode { NETWORK_DEFAULT, NETWORK_HOST, NETWORK_NONE } NetworkMode; /* default: the host's */

typedef enum SandboxMountType { SANDBOX_BIND, SANDBOX_TMPFS } SandboxMountType;
typedef struct SandboxMount {
        SandboxMountType type;
        const char *source; /* absolute host path; bind only */
        const char *target; /* absolute path inside */
        bool read_only;
        bool no_exec, no_suid, no_dev;
        uint64_t size_bytes; /* tmpfs; 0 = kernel's default */
        uint32_t mode;       /* tmpfs */
} SandboxMount;

typedef struct SandboxLimit {
        int resource; /* RLIMIT_* */
        rlim_t soft, hard;
} SandboxLimit;

/* "nofile=1024:2048". ERR_USAGE with the known names. */
int sandbox_limit_parse(const char *text, SandboxLimit *ret_limit, Err **e);

typedef struct SandboxSpec {
        const StrVec *lower_dirs; /* absolute paths, lowest first; at least one */
        const char *upper_dir;    /* what the process writes goes here */
        const char *work_dir;     /* overlay's, empty, same file system as upper_dir */
        const StrVec *argv;
        const StrVec *env;
        const char *cwd; /* absolute; created (0755, uid:gid) when missing */
        uid_t uid;
        gid_t gid;
        const gid_t *groups;
        size_t group_count;
        const char *hostname; /* NULL: "buildkitsandbox" for builds */
        NetworkMode network;
        const StrVec *extra_hosts; /* "name:ip" */
        const SandboxMount *mounts;
        size_t mount_count;
        const SandboxLimit *limits;
        size_t limit_count;
        uint64_t shm_size_bytes;          /* 0: 64 MiB */
        uint64_t memory_bytes;            /* 0: no limit; needs a cgroup that we may write */
        bool insecure;                    /* all capabilities, no seccomp, no masks */
        const StrVec *cap_add, *cap_drop; /* may be NULL */
        bool read_only_root;
        bool terminal;                      /* stdio is a pty slave: make it the controlling terminal */
        int stdin_fd, stdout_fd, stderr_fd; /* borrowed; stdin -1 = /dev/null */
} SandboxSpec;

typedef struct Sandbox Sandbox;
typedef enum SandboxRuntime { RUNTIME_LAUNCHER, RUNTIME_CRUN } SandboxRuntime;

typedef struct SandboxParams {
        SandboxRuntime runtime;
        const char *launcher_path; /* NULL: found beside the program or in libexec */
        const char *cache_dir;     /* where the compiled seccomp program is kept; NULL = not kept */
        const char *scratch_dir;   /* for bundles, hosts files, mount points; exists */
} SandboxParams;

/* Cheap; the seccomp program is made or loaded at the first start. Any thread may start processes in it. */
int sandbox_new(const SandboxParams *params, Sandbox **ret_sandbox, Err **e);
void sandbox_free(Sandbox *s);

typedef struct SandboxProcess SandboxProcess;
/* Start. Set-up failures (no namespaces, no overlay, program not found in the image: exit status 127; not executable: 126)
 * are told by sandbox_wait(). ERR_DENIED hints say what to enable. */
int sandbox_start(Sandbox *s, const SandboxSpec *spec, SandboxProcess **ret_process, Err **e);
/* Wait for the end; after it no process of the sandbox lives and stub files made for mounts (/etc/hosts,
 * /etc/resolv.conf, mount points) are gone from upper_dir where still empty, parents' mtimes restored.
 * *ret_status: exit status, or 128 + signal. *ret_oom: killed for memory. <0: it never ran (set-up failed). */
int sandbox_wait(SandboxProcess *p, int *ret_status, bool *ret_oom, Err **e);
void sandbox_kill(SandboxProcess *p, int signal); /* any thread; SIGKILL ends everything in it */
int sandbox_pid(const SandboxProcess *p);         /* host pid of its init, for signals */
void sandbox_process_free(SandboxProcess *p);     /* kills and waits when it still runs */
