/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "cm.h"
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { OUTPUT_MAX = 1 << 20 };

bool fixture_possible(void) {
        if (!getenv("DECANT_PROBE") || !getenv("DECANT_LAUNCHER")) return false;
        pid_t pid = fork();
        if (pid == 0) _exit(unshare(CLONE_NEWNS | CLONE_NEWPID) < 0);
        int status = 1;
        waitpid(pid, &status, 0);
        return status == 0;
}

static void copy_file(const char *from, const char *to) {
        AUTO(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
        AUTO(closep) int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        struct stat st;
        assert_true(in >= 0 && out >= 0 && fstat(in, &st) == 0);
        assert_int_equal(fd_copy(in, out, (uint64_t)st.st_size, NULL), 0);
}

static void make_lower(Fixture *f) {
        static const char *const directories[] = {"", "/bin", "/etc", "/home"};
        f->lower_dir = xasprintf("%s/lower", f->dir);
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                AUTO(freep) char *path = xasprintf("%s%s", f->lower_dir, directories[i]);
                assert_int_equal(mkdir(path, 0755), 0);
        }
        AUTO(freep)
        char *probe = xasprintf("%s/bin/probe", f->lower_dir), *script = xasprintf("%s/bin/plain", f->lower_dir);
        AUTO(freep) char *motd = xasprintf("%s/etc/motd", f->lower_dir), *etc = xasprintf("%s/etc", f->lower_dir);
        copy_file(getenv("DECANT_PROBE"), probe);
        assert_int_equal(file_write_atomic(AT_FDCWD, script, "x", 1, 0644, NULL), 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, motd, "base\n", 5, 0644, NULL), 0);
        struct timespec times[2] = {{1000, 5}, {1000, 7}};
        assert_int_equal(utimensat(AT_FDCWD, etc, times, 0), 0);
}

void fixture_init(Fixture *f, const char *dir_template, SandboxRuntime runtime) {
        umask(022);
        *f = (Fixture){.dir = xstrdup(dir_template)};
        assert_non_null(mkdtemp(f->dir));
        assert_int_equal(chmod(f->dir, 0755), 0);
        make_lower(f);
        strvec_push(&f->lower, f->lower_dir);
        strvec_push(&f->env, "PATH=/bin");
        SandboxParams params = {.runtime = runtime, .cache_dir = f->dir, .scratch_dir = f->dir};
        assert_int_equal(sandbox_new(&params, &f->sandbox, NULL), 0);
        fixture_reset(f);
}

void fixture_reset(Fixture *f) {
        f->spec = (SandboxSpec){.lower_dirs = &f->lower, .env = &f->env, .cwd = "/", .stdin_fd = -1};
}

void fixture_done(Fixture *f) {
        sandbox_free(f->sandbox);
        tree_remove(AT_FDCWD, f->dir, NULL);
        strvec_done(&f->lower);
        strvec_done(&f->env);
        strvec_done(&f->argv);
        buf_done(&f->output);
        free(f->dir);
        free(f->lower_dir);
        free(f->upper_dir);
}

void fixture_words(Fixture *f, const char *words) {
        strvec_done(&f->argv);
        Str rest = str_of(words), word;
        bool more = true;
        while (more) {
                more = str_cut(&rest, ' ', &word);
                strvec_push_take(&f->argv, str_dup(word));
        }
}

SandboxProcess *fixture_start(Fixture *f, int *ret_read) {
        free(f->upper_dir);
        f->upper_dir = xasprintf("%s/upper-%u", f->dir, f->runs);
        AUTO(freep) char *work = xasprintf("%s/work-%u", f->dir, f->runs++);
        assert_int_equal(mkdir(f->upper_dir, 0755), 0);
        assert_int_equal(mkdir(work, 0755), 0);
        int fds[2];
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        f->spec.upper_dir = f->upper_dir;
        f->spec.work_dir = work;
        f->spec.argv = &f->argv;
        f->spec.stdout_fd = f->spec.stderr_fd = fds[1];
        SandboxProcess *p = NULL;
        AUTO(err_freep) Err *e = NULL;
        if (sandbox_start(f->sandbox, &f->spec, &p, &e) < 0) fail_msg("start: %s", err_message(e));
        close(fds[1]);
        *ret_read = fds[0];
        return p;
}

int fixture_run(Fixture *f, const char *words, Err **e) {
        fixture_words(f, words);
        AUTO(closep) int out = -1;
        SandboxProcess *p = fixture_start(f, &out);
        buf_clear(&f->output);
        AUTO(freep) char *text = NULL;
        size_t size;
        assert_int_equal(fd_read_all(out, OUTPUT_MAX, &text, &size, NULL), 0);
        buf_add(&f->output, text, size);
        f->status = -1;
        int r = sandbox_wait(p, &f->status, &f->oom, e);
        sandbox_process_free(p);
        return r;
}

bool fixture_has(const Fixture *f, const char *text) {
        return f->output.p && strstr(f->output.p, text);
}

bool fixture_left(const Fixture *f, const char *path) {
        AUTO(freep) char *full = xasprintf("%s%s", f->upper_dir, path);
        struct stat st;
        return lstat(full, &st) == 0;
}

static size_t count_in(const char *dir) {
        DirList list = {0};
        assert_int_equal(dir_list(AT_FDCWD, dir, &list, NULL), 0);
        size_t total = list.n;
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", dir, list.v[i].name);
                if (list.v[i].type == DT_DIR) total += count_in(path);
        }
        dir_list_done(&list);
        return total;
}

size_t fixture_count(const Fixture *f) {
        return count_in(f->upper_dir);
}
