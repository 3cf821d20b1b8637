/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/rootless.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "sandbox/internal.h"
#include "sandbox/userns.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The mark that the inner program finds in its environment: "UID:subids" or "UID:single". It counts only inside of a
 * user namespace, so that one that leaked to elsewhere does no harm. */
static const char mark_name[] = "DECANT_USERNS";

enum { EXIT_SIGNAL_BASE = 128, NOT_STARTED = 127 };

static bool has_capability(unsigned number) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {0};
        if (syscall(SYS_capget, &header, data) < 0) return false;
        return data[number / 32].effective >> (number % 32) & 1;
}

static bool mark_parse(uid_t *ret_uid, RootlessRung *ret_rung) {
        const char *mark = getenv(mark_name);
        if (!mark || geteuid() != 0) return false;
        Str rest = str_of(mark), uid;
        uint32_t number;
        if (!str_cut(&rest, ':', &uid) || !u32_parse(uid, 10, &number)) return false;
        HostFacts facts;
        host_facts_find(&facts);
        if (!facts.userns) return false;
        *ret_uid = number;
        *ret_rung = str_is(rest, "subids") ? RUNG_SUBIDS : RUNG_SINGLE_ID;
        return true;
}

RootlessRung rootless_rung(void) {
        uid_t uid;
        RootlessRung rung;
        if (mark_parse(&uid, &rung)) return rung;
        return geteuid() == 0 && has_capability(CAP_SYS_ADMIN) ? RUNG_ROOT : RUNG_NONE;
}

uid_t rootless_outer_uid(void) {
        uid_t uid;
        RootlessRung rung;
        return mark_parse(&uid, &rung) ? uid : getuid();
}

typedef struct Inner {
        char **argv;
        uid_t uid;
        int result_fd; /* whether only one id could be mapped arrives here, after the fork */
        sigset_t mask;
} Inner;

/* In there the user is root, whose home is somebody else's: without $HOME nobody would find the user's own. */
static void keep_home(uid_t uid) {
        const char *home = getenv("HOME");
        char buffer[4096];
        struct passwd entry, *found = NULL;
        if (home && *home == '/') return;
        getpwuid_r(uid, &entry, buffer, sizeof buffer, &found);
        setenv("HOME", found && found->pw_dir ? found->pw_dir : "/", 1);
}

/* In the child, as root of the new namespace: become the program again. */
static int inner_body(void *context) {
        Inner *inner = context;
        bool single = true;
        if (read(inner->result_fd, &single, sizeof single) != sizeof single) return NOT_STARTED;
        AUTO(freep) char *mark = xasprintf("%u:%s", inner->uid, single ? "single" : "subids");
        setenv(mark_name, mark, 1);
        keep_home(inner->uid);
        /* Mounts of ours must not reach the outside, nor need they: what appears outside later may reach us. */
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) return NOT_STARTED;
        pthread_sigmask(SIG_SETMASK, &inner->mask, NULL);
        execv("/proc/self/exe", inner->argv);
        return NOT_STARTED;
}

static void watched_signals(sigset_t *ret_set) {
        static const int watched[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
        sigemptyset(ret_set);
        for (size_t i = 0; i < ARRAY_SIZE(watched); i++) sigaddset(ret_set, watched[i]);
}

/* Wait for the inner program and end as it ended. What the terminal sends reaches both programs by itself. */
static _Noreturn void stand_by(pid_t pid, const sigset_t *watched) {
        for (;;) {
                int status;
                pid_t ended = waitpid(pid, &status, WNOHANG);
                if (ended == pid) exit(WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status));
                if (ended < 0 && errno != EINTR) exit(NOT_STARTED);
                siginfo_t info;
                int signal = sigwaitinfo(watched, &info);
                if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) kill(pid, signal);
        }
}

int rootless_enter(char **argv, Err **e) {
        if (rootless_rung() != RUNG_NONE) return 0;
        int result[2];
        if (pipe2(result, O_CLOEXEC) < 0) return err_sys(e, "make a pipe");
        AUTO(closep) int result_read = result[0];
        AUTO(closep) int result_write = result[1];
        sigset_t watched;
        Inner inner = {.argv = argv, .uid = getuid(), .result_fd = result_read};
        watched_signals(&watched);
        pthread_sigmask(SIG_BLOCK, &watched, &inner.mask);
        UsernsChild child;
        int why;
        int r = userns_start(inner_body, &inner, &child, &why);
        bool single = true;
        if (r == 0 && userns_map(&child, &single, NULL, NULL) < 0) {
                close(child.go_fd); /* the child ends without it */
                waitpid(child.pid, NULL, 0);
                r = 1;
        }
        if (r > 0) {
                pthread_sigmask(SIG_SETMASK, &inner.mask, NULL);
                return 0;
        }
        if (write(result_write, &single, sizeof single) == sizeof single) userns_go(&child);
        stand_by(child.pid, &watched);
}
