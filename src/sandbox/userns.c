/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/userns.h"

#include "base/cleanup.h"
#include "os/fs.h"
#include "os/process.h"
#include "sandbox/subids.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { TOOL_OUTPUT_MAX = 1 << 16, CHILD_FAILED = 125 };

static bool become_root(void) {
        setgroups(0, NULL); /* with a single id the kernel refuses; the list is then the user's own */
        return setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0;
}

static _Noreturn void child_main(int ready_fd, int go_fd, int (*body)(void *), void *context) {
        int error = unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : 0;
        char byte;
        if (write(ready_fd, &error, sizeof error) != sizeof error || error) _exit(CHILD_FAILED);
        close(ready_fd);
        ssize_t n;
        do n = read(go_fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        if (n != 1 || !become_root()) _exit(CHILD_FAILED);
        /* Only now: a change of ids would have cleared it. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(body(context));
}

int userns_start(int (*body)(void *context), void *context, UsernsChild *ret_child, int *ret_errno) {
        int ready[2], go[2];
        *ret_errno = 0;
        if (pipe2(ready, O_CLOEXEC) < 0) {
                *ret_errno = errno;
                return 1;
        }
        if (pipe2(go, O_CLOEXEC) < 0) {
                *ret_errno = errno;
                close(ready[0]);
                close(ready[1]);
                return 1;
        }
        pid_t pid = fork();
        if (pid == 0) {
                close(go[1]);
                close(ready[0]);
                child_main(ready[1], go[0], body, context);
        }
        int error = pid < 0 ? errno : 0;
        close(ready[1]);
        close(go[0]);
        if (pid > 0 && read(ready[0], &error, sizeof error) != sizeof error) error = ECHILD;
        close(ready[0]);
        if (error == 0) {
                *ret_child = (UsernsChild){pid, go[1]};
                return 0;
        }
        close(go[1]);
        if (pid > 0) waitpid(pid, NULL, 0);
        *ret_errno = error;
        return 1;
}

static size_t ranges_of(const char *path, const char *user, SubidRange *ret_ranges) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, SUBID_FILE_MAX, &text, &size, NULL) < 0) return 0;
        return subids_parse(text, user, getuid(), ret_ranges);
}

/* Run newuidmap or newgidmap, which are privileged and check the ranges themselves. */
static bool run_tool(const char *tool, pid_t pid, const StrVec *map, Buf *why) {
        AUTO(strvec_done) StrVec argv = {0};
        strvec_push(&argv, tool);
        strvec_pushf(&argv, "%d", pid);
        for (size_t i = 0; i < map->n; i++) strvec_push(&argv, map->v[i]);
        ProcessParams params = {.argv = (const char *const *)argv.v, .output_max = TOOL_OUTPUT_MAX};
        AUTO(buf_done) Buf output = {0}, errors = {0};
        AUTO(err_freep) Err *e = NULL;
        int status = 0;
        if (process_run(&params, &status, &output, &errors, &e) < 0) {
                buf_addf(why, "%s cannot be run (%s)", tool, err_message(e));
                return false;
        }
        if (status == 0) return true;
        buf_addf(why, "%s failed: " STR_FMT, tool, STR_ARG(str_trim(buf_str(&errors))));
        return false;
}

static bool map_subids(pid_t pid, Buf *why) {
        struct passwd entry, *found = NULL;
        char memory[4096];
        getpwuid_r(getuid(), &entry, memory, sizeof memory, &found);
        const char *user = found ? found->pw_name : NULL;
        static const struct {
                const char *file, *tool;
        } kinds[] = {{"/etc/subuid", "newuidmap"}, {"/etc/subgid", "newgidmap"}};
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                SubidRange ranges[SUBID_RANGES_MAX];
                size_t count = ranges_of(kinds[i].file, user, ranges);
                if (count == 0) {
                        buf_addf(why, "%s has no range for user %s", kinds[i].file, user ? user : "");
                        if (!user) buf_addf(why, "%u", getuid());
                        return false;
                }
                AUTO(strvec_done) StrVec map = {0};
                subids_map(ranges, count, i == 0 ? getuid() : getgid(), &map);
                if (!run_tool(kinds[i].tool, pid, &map, why)) return false;
        }
        return true;
}

static int write_proc(pid_t pid, const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("/proc/%d/%s", pid, name);
        AUTO(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) return -1;
        return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int map_single(pid_t pid, Err **e) {
        AUTO(freep) char *uids = xasprintf("0 %u 1", getuid()), *gids = xasprintf("0 %u 1", getgid());
        if (write_proc(pid, "setgroups", "deny") < 0 || write_proc(pid, "uid_map", uids) < 0 ||
            write_proc(pid, "gid_map", gids) < 0)
                return err_sys(e, "map the user's id into a user namespace");
        return 0;
}

/* Root who may not mount, as in many containers, but may take any id: all that he has. */
static bool map_all(pid_t pid) {
        static const char *const files[][2] = {{"/proc/self/uid_map", "uid_map"}, {"/proc/self/gid_map", "gid_map"}};
        if (geteuid() != 0) return false;
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                AUTO(freep) char *text = NULL;
                AUTO(buf_done) Buf map = {0};
                size_t size;
                if (file_read(AT_FDCWD, files[i][0], SUBID_FILE_MAX, &text, &size, NULL) < 0) return false;
                if (!subids_identity(text, &map) || write_proc(pid, files[i][1], map.p) < 0) return false;
        }
        return true;
}

int userns_map(const UsernsChild *child, bool *ret_single, Buf *ret_why, Err **e) {
        AUTO(buf_done) Buf why = {0};
        *ret_single = !map_all(child->pid) && !map_subids(child->pid, &why);
        if (ret_why && why.n) buf_add_str(ret_why, buf_str(&why));
        return *ret_single ? map_single(child->pid, e) : 0;
}

void userns_go(UsernsChild *child) {
        ssize_t n = write(child->go_fd, "", 1);
        (void)n; /* a child that is gone shows in its exit status */
        close(child->go_fd);
        child->go_fd = -1;
}
