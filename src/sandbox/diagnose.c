/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "os/fs.h"
#include "os/process.h"
#include "sandbox/internal.h"
#include "sandbox/rootless.h"
#include "sandbox/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* Everything is tried in a child process; a check's exit status is the errno of what failed, 0 when it works. */

enum { SMALL_FILE_MAX = 4096, TOOL_OUTPUT_MAX = 1 << 16 };

static int try_in_child(int (*body)(void *), void *context) {
        pid_t pid = fork();
        if (pid < 0) return errno;
        if (pid == 0) _exit(body(context));
        int status;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
        return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int nothing(void *context) {
        (void)context;
        return 0;
}

static int private_mounts(void) {
        if (unshare(CLONE_NEWNS) < 0) return errno;
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0;
}

/* On a tmpfs, so that only the kernel is asked and no disk: lower, upper and work directory, mounted volatile. */
static int overlay_body(void *context) {
        int error = private_mounts();
        if (error) return error;
        static const char *const directories[] = {"/tmp/l", "/tmp/u", "/tmp/w", "/tmp/m"};
        if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755") < 0) return errno;
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
                if (mkdir(directories[i], 0755) < 0) return errno;
        bool userns = *(bool *)context;
        const char *options = userns ? "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,volatile,userxattr"
                                     : "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,volatile";
        return mount("overlay", "/tmp/m", "overlay", 0, options) < 0 ? errno : 0;
}

static int proc_mount_body(void *context) {
        (void)context;
        return mount("proc", "/proc", "proc", 0, NULL) < 0 ? errno : 0;
}

static int proc_body(void *context) {
        (void)context;
        int error = private_mounts();
        if (error) return error;
        if (unshare(CLONE_NEWPID) < 0) return errno;
        return try_in_child(proc_mount_body, NULL);
}

static bool small_file_is(const char *path, const char *text) {
        AUTO(freep) char *found = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, SMALL_FILE_MAX, &found, &size, NULL) < 0) return false;
        return str_is(str_trim(str_of(found)), text);
}

static void add_userns_remedy(StrVec *lines, int error) {
        strvec_pushf(lines, "fail: user namespaces: %s; RUN is not possible as an ordinary user", strerror(error));
        if (small_file_is("/proc/sys/kernel/unprivileged_userns_clone", "0"))
                strvec_push(lines, "fail: kernel.unprivileged_userns_clone is 0; as root: sysctl -w "
                                   "kernel.unprivileged_userns_clone=1");
        else if (small_file_is("/proc/sys/user/max_user_namespaces", "0"))
                strvec_push(lines,
                            "fail: user.max_user_namespaces is 0; as root: sysctl -w user.max_user_namespaces=15000");
        else if (small_file_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
                strvec_push(lines, "fail: AppArmor forbids user namespaces; as root: sysctl -w "
                                   "kernel.apparmor_restrict_unprivileged_userns=0, or give decant a profile");
        else
                strvec_push(lines,
                            "fail: in a container, run it with seccomp=unconfined and apparmor=unconfined, or as "
                            "privileged");
}

/* As an ordinary user outside: can we get in, and with how many ids? */
static bool check_userns(StrVec *lines) {
        UsernsChild child;
        int error;
        if (userns_start(nothing, NULL, &child, &error) > 0) {
                add_userns_remedy(lines, error);
                return false;
        }
        bool single = true;
        AUTO(buf_done) Buf why = {0};
        AUTO(err_freep) Err *e = NULL;
        int r = userns_map(&child, &single, &why, &e);
        userns_go(&child);
        waitpid(child.pid, NULL, 0);
        if (r < 0) {
                strvec_pushf(lines, "fail: user namespaces: %s", err_message(e));
                return false;
        }
        if (!single) {
                strvec_push(lines, "ok: user namespace with subordinate ids (newuidmap, newgidmap)");
                return true;
        }
        strvec_pushf(lines, "warn: only one id can be mapped: %s", why.n ? why.p : "no subordinate ids");
        strvec_push(lines,
                    "warn: steps that change owners will fail; install uidmap and, as root: usermod --add-subuids "
                    "100000-165535 --add-subgids 100000-165535 USER");
        return true;
}

static bool check_place(StrVec *lines) {
        switch (rootless_rung()) {
        case RUNG_ROOT: strvec_push(lines, "ok: running as root"); return true;
        case RUNG_SUBIDS:
                strvec_pushf(lines, "ok: user %u in a user namespace with %s ids", rootless_outer_uid(),
                             rootless_outer_uid() ? "subordinate" : "the same");
                return true;
        case RUNG_SINGLE_ID:
                strvec_pushf(lines,
                             "warn: user %u in a user namespace with a single id: steps that change owners will fail; "
                             "install uidmap and add ranges to /etc/subuid and /etc/subgid",
                             rootless_outer_uid());
                return true;
        case RUNG_NONE: break;
        }
        if (geteuid() == 0) strvec_push(lines, "warn: root without CAP_SYS_ADMIN (an unprivileged container?)");
        return check_userns(lines);
}

static bool check_overlay(StrVec *lines) {
        HostFacts facts;
        host_facts_find(&facts);
        int error = try_in_child(overlay_body, &facts.userns);
        if (error == 0) {
                strvec_push(lines, "ok: overlay file system");
                return true;
        }
        strvec_pushf(lines, "fail: overlay file system: %s; load the module (modprobe overlay)%s", strerror(error),
                     facts.userns ? ", and have Linux 5.11 or newer" : "");
        return false;
}

static void check_proc(StrVec *lines) {
        int error = try_in_child(proc_body, NULL);
        if (error == 0)
                strvec_push(lines, "ok: a /proc of its own for each step");
        else
                strvec_pushf(lines,
                             "warn: no fresh /proc can be mounted (%s): steps see the surrounding one; in a container, "
                             "use systempaths=unconfined or procMount: Unmasked",
                             strerror(error));
}

static bool check_seccomp(StrVec *lines) {
        AUTO(buf_done) Buf program = {0};
        AUTO(err_freep) Err *e = NULL;
        if (seccomp_compile(0, &program, &e) < 0) {
                strvec_pushf(lines, "fail: %s", err_message(e));
                return false;
        }
        if (access("/proc/sys/kernel/seccomp", F_OK) < 0) {
                strvec_push(lines, "fail: the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
                return false;
        }
        strvec_push(lines, "ok: seccomp filter");
        return true;
}

static void check_cgroup(StrVec *lines) {
        SandboxSpec spec = {.memory_bytes = 1 << 30};
        StepCgroup g = {0};
        if (cgroup_make(&spec, &g, NULL) == 0)
                strvec_push(lines, "ok: memory limits by cgroup");
        else
                strvec_push(
                        lines,
                        "warn: no writable cgroup with a memory controller: memory limits are refused; run as root or "
                        "under systemd-run --user --scope -p Delegate=yes");
        cgroup_remove(&g);
}

static void check_crun(StrVec *lines) {
        const char *const argv[] = {"crun", "--version", NULL};
        ProcessParams params = {.argv = argv, .output_max = TOOL_OUTPUT_MAX};
        AUTO(buf_done) Buf output = {0}, errors = {0};
        int status = 1;
        if (process_run(&params, &status, &output, &errors, NULL) == 0 && status == 0 && output.n) {
                Str rest = buf_str(&output), line;
                str_cut(&rest, '\n', &line);
                strvec_pushf(lines, "ok: " STR_FMT " for --runtime crun", STR_ARG(line));
        } else {
                strvec_push(lines, "ok: crun is not installed (only --runtime crun needs it)");
        }
}

static bool check_launcher(StrVec *lines) {
        AUTO(freep) char *path = NULL;
        AUTO(err_freep) Err *e = NULL;
        if (launcher_find(&path, &e) == 0 && access(path, X_OK) == 0) {
                strvec_pushf(lines, "ok: launcher %s", path);
                return true;
        }
        strvec_pushf(lines, "fail: %s", e ? err_message(e) : "the launcher cannot be executed");
        return false;
}

int sandbox_diagnose(StrVec *ret_lines, bool *ret_can_run, Err **e) {
        (void)e;
        bool can_run = check_place(ret_lines);
        if (rootless_rung() != RUNG_NONE) {
                can_run = check_overlay(ret_lines) && can_run;
                check_proc(ret_lines);
        }
        can_run = check_seccomp(ret_lines) && can_run;
        can_run = check_launcher(ret_lines) && can_run;
        check_cgroup(ret_lines);
        check_crun(ret_lines);
        *ret_can_run = can_run;
        return 0;
}
