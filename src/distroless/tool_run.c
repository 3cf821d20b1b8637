/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/tool_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "distroless/tool_packages.h"
#include "os/fs.h"
#include "sandbox/sandbox.h"

enum {
        TOOL_OUTPUT_KEEP = 64 << 10, /* of what it says: the end */
        TOOL_FIRST_LINES = 3,        /* of that is shown: programs in Java begin with what is wrong, */
        TOOL_LAST_LINES = 5,         /* others end with it */
        TOOL_POLL_MS = 100,
        TOOL_DEPTH_MAX = 256,
};

/* ---- the root file system */

static int find_packages(const Assembly *a, const ToolRun *run, LockedPackages *ret_list, Err **e) {
        const char *architecture = tool_architecture();
        if (!architecture) return err_new(e, ERR_UNSUPPORTED, "Debian has no programs for this machine");
        for (size_t i = 0; i < run->packages->n; i++) {
                const LockedPackage *p = tool_package_find(a->lock, run->packages->v[i], architecture);
                if (!p) {
                        err_new(e, ERR_NOT_FOUND,
                                "the lock does not have the package %s for %s, which is to be run here",
                                run->packages->v[i], architecture);
                        return err_hint(e, "lock the recipe again on this machine: decant base lock %s",
                                        a->recipe->name);
                }
                vec_push(ret_list, p);
        }
        return 0;
}

static int root_dirs(Assembly *a, const ToolRun *run, BaseLayers *layers, StrVec *ret_dirs, Err **e) {
        LockedPackages packages = {0};
        int r = find_packages(a, run, &packages, e);
        if (r == 0) r = assembly_unpack_whole(a, &packages, layers, e);
        vec_done(&packages);
        for (size_t i = 0; i < layers->n && r == 0; i++)
                strvec_push_take(ret_dirs, store_snapshot_path(a->store, layers->v[i].snapshot));
        return r;
}

/* ---- the process */

typedef struct Tool {
        Assembly *assembly;
        const ToolRun *run;
        StrVec dirs, env;
        Draft *draft; /* takes what it writes elsewhere; never kept */
        char *scratch;
        Sandbox *sandbox;
        SandboxProcess *process;
        int said[2]; /* a pipe: standard output and errors */
        Buf words;
} Tool;

static void tool_done(Tool *t) {
        if (t->process) sandbox_process_free(t->process);
        if (t->sandbox) sandbox_free(t->sandbox);
        if (t->draft) store_draft_discard(t->assembly->store, t->draft);
        if (t->scratch) tree_remove(AT_FDCWD, t->scratch, NULL);
        closep(&t->said[0]);
        closep(&t->said[1]);
        strvec_done(&t->dirs);
        strvec_done(&t->env);
        buf_done(&t->words);
        free(t->scratch);
}

static int tool_start(Tool *t, Err **e) {
        Store *s = t->assembly->store;
        AUTO(freep) char *cache = xasprintf("%s/cache", store_root(s));
        if (store_scratch(s, "tool", &t->scratch, e) < 0 || store_draft_new(s, &t->draft, e) < 0) return -1;
        SandboxParams params = {.runtime = RUNTIME_LAUNCHER, .cache_dir = cache, .scratch_dir = t->scratch};
        if (sandbox_new(&params, &t->sandbox, e) < 0) return -1;
        if (pipe2(t->said, O_CLOEXEC) < 0) return err_sys(e, "make a pipe");
        const SandboxMount mounts[] = {
                {.type = SANDBOX_BIND, .source = t->run->input_dir, .target = TOOL_INPUT, .read_only = true},
                {.type = SANDBOX_BIND, .source = t->run->output_dir, .target = TOOL_OUTPUT}};
        const SandboxSpec spec = {.lower_dirs = &t->dirs,
                                  .upper_dir = t->draft->fs_path,
                                  .work_dir = t->draft->work_path,
                                  .argv = t->run->argv,
                                  .env = &t->env,
                                  .cwd = "/",
                                  .network = NETWORK_NONE,
                                  .mounts = mounts,
                                  .mount_count = ARRAY_SIZE(mounts),
                                  .stdin_fd = -1,
                                  .stdout_fd = t->said[1],
                                  .stderr_fd = t->said[1]};
        if (sandbox_start(t->sandbox, &spec, &t->process, e) < 0) return -1;
        closep(&t->said[1]); /* only the program holds it, so that its end shows here */
        t->said[1] = -1;
        return 0;
}

static void keep_words(Tool *t, const char *data, size_t size) {
        buf_add(&t->words, data, size);
        if (t->words.n <= 2 * TOOL_OUTPUT_KEEP) return;
        memmove(t->words.p, t->words.p + t->words.n - TOOL_OUTPUT_KEEP, TOOL_OUTPUT_KEEP);
        t->words.n = TOOL_OUTPUT_KEEP;
}

/* Until the program has ended, or nobody wants it any more. */
static int listen_to(Tool *t, Err **e) {
        const volatile bool *cancelled = t->assembly->params->cancelled;
        struct pollfd poll_fd = {t->said[0], POLLIN, 0};
        char data[4096];
        for (;;) {
                int ready = poll(&poll_fd, 1, TOOL_POLL_MS);
                if (cancelled && *cancelled) {
                        sandbox_kill(t->process, SIGKILL);
                        return err_new(e, ERR_CANCELLED, "cancelled");
                }
                if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
                ssize_t n = ready < 0 ? -1 : read(t->said[0], data, sizeof data);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read what the program says");
                if (n == 0) return 0;
                keep_words(t, data, (size_t)n);
        }
}

static void add_excerpt(Str text, Buf *out) {
        size_t count = 1, at = 0;
        Str line;
        for (size_t i = 0; i < text.n; i++) count += text.p[i] == '\n';
        for (bool more = text.n > 0; more; at++) {
                more = str_cut(&text, '\n', &line);
                if (at < TOOL_FIRST_LINES || at + TOOL_LAST_LINES >= count)
                        buf_addf(out, STR_FMT "\n", STR_ARG(line));
                else if (at == TOOL_FIRST_LINES)
                        buf_adds(out, "...\n");
        }
}

static int tool_failed(const Tool *t, int status, bool oom, Err **e) {
        AUTO(buf_done) Buf excerpt = {0};
        add_excerpt(str_trim(buf_str(&t->words)), &excerpt);
        err_new(e, ERR_STEP, "%s ended with status %d%s", t->run->argv->v[0], status,
                oom ? " (killed: out of memory)" : "");
        return excerpt.n > 0 ? err_excerpt(e, excerpt.p) : -1;
}

/* No address, no clock, no seed of its own: what it writes is to be the same everywhere. */
static void make_environment(StrVec *env) {
        strvec_push(env, "PATH=/usr/bin:/bin");
        strvec_push(env, "HOME=/tmp");
        strvec_push(env, "LC_ALL=C.UTF-8");
        strvec_push(env, "TZ=UTC");
        strvec_push(env, "PYTHONHASHSEED=0");
        strvec_push(env, "SOURCE_DATE_EPOCH=0");
}

static int run_in(Tool *t, Err **e) {
        int status = 0;
        bool oom = false;
        make_environment(&t->env);
        if (tool_start(t, e) < 0 || listen_to(t, e) < 0) return -1;
        if (sandbox_wait(t->process, &status, &oom, e) < 0) return -1;
        return status == 0 ? 0 : tool_failed(t, status, oom, e);
}

int tool_run(Assembly *a, const ToolRun *run, Err **e) {
        AUTO(base_layers_done) BaseLayers layers = {0};
        Tool t = {.assembly = a, .run = run, .said = {-1, -1}};
        int r = root_dirs(a, run, &layers, &t.dirs, e);
        if (r == 0) r = run_in(&t, e);
        if (r < 0) err_wrap(e, "%s:%u: '%s'", run->at->file, run->at->line, run->key);
        tool_done(&t);
        return r;
}

/* ---- what it left */

static int settle(int dir_fd, unsigned depth, Err **e);

static int settle_entry(int dir_fd, const DirEntry *entry, unsigned depth, Err **e) {
        static const struct timespec never[2];
        struct stat st;
        if (fstatat(dir_fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0) return err_sys(e, "read '%s'", entry->name);
        if (S_ISDIR(st.st_mode)) {
                AUTO(closep) int fd = openat(dir_fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open '%s'", entry->name);
                if (settle(fd, depth + 1, e) < 0) return -1;
        } else if (S_ISREG(st.st_mode)) {
                if (fchmodat(dir_fd, entry->name, st.st_mode & 0111 ? 0755 : 0644, 0) < 0)
                        return err_sys(e, "set the mode of '%s'", entry->name);
        } else if (!S_ISLNK(st.st_mode)) {
                return err_new(e, ERR_FORMAT, "'%s' is neither a file nor a directory nor a link", entry->name);
        }
        if (utimensat(dir_fd, entry->name, never, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, "set the time of '%s'", entry->name);
        return 0;
}

static int settle(int dir_fd, unsigned depth, Err **e) {
        DirList list = {0};
        if (depth > TOOL_DEPTH_MAX)
                return err_new(e, ERR_LIMIT, "more than %d directories in each other", TOOL_DEPTH_MAX);
        if (fchmod(dir_fd, 0755) < 0) return err_sys(e, "set the mode of a directory");
        int r = dir_list(dir_fd, "", &list, e);
        for (size_t i = 0; i < list.n && r == 0; i++) r = settle_entry(dir_fd, &list.v[i], depth, e);
        dir_list_done(&list);
        return r;
}

int tool_output_settle(const char *dir, Err **e) {
        static const struct timespec never[2];
        AUTO(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", dir);
        if (settle(fd, 0, e) < 0) return err_wrap(e, "what was made");
        return futimens(fd, never) < 0 ? err_sys(e, "set the time of '%s'", dir) : 0;
}
