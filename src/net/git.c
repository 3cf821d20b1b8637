/* SPDX-License-Identifier: Apache-2.0 */
#include "net/git.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "base/vec.h"
#include "net/git_run.h"
#include "os/fs.h"
#include "os/root_path.h"

enum { GIT_DEPTH_MAX = 1000 };

void git_commit_done(GitCommit *c) {
        free(c->full_ref);
        *c = (GitCommit){0};
}

/* ---- which commit */

static void copy_id(char to[GIT_COMMIT_SIZE], Str id) {
        size_t n = id.n < GIT_COMMIT_SIZE - 1 ? id.n : GIT_COMMIT_SIZE - 1;
        for (size_t i = 0; i < n; i++) to[i] = (char)tolower((unsigned char)id.p[i]);
        to[n] = '\0';
}

/* The id that ls-remote gives for a full name; empty when the name is not in the list. */
static Str listed_id(Str list, const char *name) {
        Str line, id;
        bool more = true;
        while (more) {
                more = str_cut(&list, '\n', &line);
                if (str_cut(&line, '\t', &id) && str_is(line, name)) return id;
        }
        return (Str){"", 0};
}

/* As git itself: the name as it is, then tags and branches by it; a branch before a tag of the same name. */
static bool choose_ref(Str list, const char *ref, GitCommit *ret_commit) {
        static const char *const prefixes[] = {"refs/heads/", "refs/tags/", "refs/", ""};
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
                AUTO(freep) char *name = xasprintf("%s%s", prefixes[i], ref);
                AUTO(freep) char *peeled = xasprintf("%s^{}", name);
                Str id = listed_id(list, name), commit = listed_id(list, peeled);
                if (!id.n) continue;
                if (commit.n) copy_id(ret_commit->tag, id);
                copy_id(ret_commit->id, commit.n ? commit : id);
                ret_commit->full_ref = TAKE(name);
                return git_commit_valid(ret_commit->id);
        }
        return false;
}

static int ask_remote(const GitRequest *r, GitCommit *ret_commit, Err **e) {
        const char *ref = r->ref->ref ? r->ref->ref : "HEAD";
        AUTO(buf_done) Buf list = {0};
        AUTO(freep) char *peeled = xasprintf("%s^{}", ref);
        const char *const argv[] = {"ls-remote", "--", r->ref->remote, ref, peeled, NULL};
        if (git_run(r, r->scratch, argv, &list, e) < 0) return -1;
        if (choose_ref(buf_str(&list), ref, ret_commit)) return 0;
        err_new(e, ERR_NOT_FOUND, "the repository has no %s '%s'", r->ref->ref ? "branch or tag" : "ref", ref);
        if (strspn(ref, "0123456789abcdef") == strlen(ref)) err_hint(e, "a commit is named by all of its 40 digits");
        return -1;
}

int git_commit_check(const GitCommit *commit, const char *checksum, Err **e) {
        size_t n = strlen(checksum);
        if (strncasecmp(commit->id, checksum, n) == 0 || (commit->tag[0] && strncasecmp(commit->tag, checksum, n) == 0))
                return 0;
        return err_new(e, ERR_FORMAT, "checksum mismatch: commit %s was found, %s was expected", commit->id, checksum);
}

int git_resolve(const GitRequest *request, GitCommit *ret_commit, Err **e) {
        const GitRef *ref = request->ref;
        GitCommit commit = {0};
        const char *known = ref->fetch_by_commit ? ref->checksum : ref->ref;
        int r = 0;
        if (known && git_commit_valid(known))
                copy_id(commit.id, str_of(known));
        else
                r = ask_remote(request, &commit, e);
        if (r == 0 && ref->checksum) r = git_commit_check(&commit, ref->checksum, e);
        if (r < 0) {
                git_commit_done(&commit);
                return -1;
        }
        *ret_commit = commit;
        return 0;
}

/* ---- getting it */

typedef struct Checkout {
        const GitRequest *r;
        GitCommit *commit;
        bool keep;
        char *tree, *git_dir;
} Checkout;

static void checkout_done(Checkout *c) {
        free(c->tree);
        free(c->git_dir);
}

/* git ARGUMENTS in the tree, with up to six words. */
static int in_tree(const Checkout *c, const char *const *words, Buf *ret_output, Err **e) {
        AUTO(freep) char *git_dir = xasprintf("--git-dir=%s", c->git_dir);
        AUTO(freep) char *work_tree = xasprintf("--work-tree=%s", c->tree);
        StrVec argv = {0};
        strvec_push(&argv, git_dir);
        strvec_push(&argv, work_tree);
        for (size_t i = 0; words[i]; i++) strvec_push(&argv, words[i]);
        int r = git_run(c->r, c->tree, (const char *const *)argv.v, ret_output, e);
        strvec_done(&argv);
        return r;
}

static int make_repository(const Checkout *c, Err **e) {
        bool sha256 = strlen(c->commit->id) == 64;
        if (mkdir(c->tree, 0755) < 0) return err_sys(e, "make directory '%s'", c->tree);
        const char *const init[] = {"init", "-q",
                                    "--template=", sha256 ? "--object-format=sha256" : "--object-format=sha1", NULL};
        const char *const origin[] = {"remote", "add", "origin", c->r->ref->remote, NULL};
        return in_tree(c, init, NULL, e) < 0 || in_tree(c, origin, NULL, e) < 0 ? -1 : 0;
}

static bool has_commit(const Checkout *c) {
        AUTO(freep) char *object = xasprintf("%s^{commit}", c->commit->id);
        const char *const argv[] = {"cat-file", "-e", object, NULL};
        return in_tree(c, argv, NULL, NULL) == 0;
}

static int fetch_shallow(const Checkout *c, const char *what, Err **e) {
        const char *const argv[] = {"fetch", "--progress", "--no-tags", "--depth=1", "origin", what, NULL};
        return in_tree(c, argv, NULL, e);
}

static void fetch_everything(const Checkout *c) {
        const char *const argv[] = {
                "fetch", "--progress", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*",
                NULL};
        (void)in_tree(c, argv, NULL, NULL);
}

/* Whoever did not answer will not answer another question either. */
static bool worth_another(const Err *failure) {
        return !failure || (err_kind(failure) != ERR_CANCELLED && !strstr(err_message(failure), "no sign of life"));
}

/* The commit alone where the server gives that; else what its ref stands for; else everything there is. */
static int fetch(const Checkout *c, Err **e) {
        const char *ref = c->commit->full_ref;
        AUTO(freep) char *tag = c->keep && ref && starts_with(ref, "refs/tags/") ? xasprintf("+%s:%s", ref, ref) : NULL;
        AUTO(err_freep) Err *first = NULL;
        if (fetch_shallow(c, tag ? tag : c->commit->id, &first) == 0 && has_commit(c)) return 0;
        if (worth_another(first)) {
                if (ref && fetch_shallow(c, ref, NULL) == 0 && has_commit(c)) return 0;
                fetch_everything(c);
                if (has_commit(c)) return 0;
        }
        if (!first) return err_new(e, ERR_NOT_FOUND, "the repository does not give commit %s", c->commit->id);
        err_move(e, &first);
        return -1;
}

static bool exists_in(const char *directory, const char *name) {
        AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
        return access(path, F_OK) == 0;
}

static int check_out(const Checkout *c, Err **e) {
        const char *const tree[] = {"checkout", "-q", "-f", "--detach", c->commit->id, NULL};
        if (in_tree(c, tree, NULL, e) < 0) return -1;
        if (!c->r->ref->submodules || !exists_in(c->tree, ".gitmodules")) return 0;
        const char *const modules[] = {"submodule", "update", "-q", "--init", "--recursive", "--depth=1", NULL};
        return in_tree(c, modules, NULL, e);
}

/* ---- what is left of git in the tree, and the times of files */

typedef struct Sweep {
        bool drop_git;
        bool set_times;
        struct timespec times[2];
} Sweep;

static int sweep(const Sweep *s, int dir_fd, const char *name, unsigned depth, Err **e);

static int sweep_entry(const Sweep *s, int fd, const DirEntry *entry, unsigned depth, Err **e) {
        if (streq(entry->name, ".git")) return s->drop_git ? tree_remove(fd, entry->name, e) : 0;
        if (entry->type == DT_DIR) return sweep(s, fd, entry->name, depth + 1, e);
        if (!s->set_times || utimensat(fd, entry->name, s->times, AT_SYMLINK_NOFOLLOW) == 0) return 0;
        return err_sys(e, "set the time of '%s'", entry->name);
}

static int sweep(const Sweep *s, int dir_fd, const char *name, unsigned depth, Err **e) {
        if (depth > GIT_DEPTH_MAX) return err_new(e, ERR_LIMIT, "directories deeper than %d", GIT_DEPTH_MAX);
        AUTO(closep) int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open directory '%s'", name);
        DirList list;
        if (dir_list(fd, ".", &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) r = sweep_entry(s, fd, &list.v[i], depth, e);
        dir_list_done(&list);
        if (r == 0 && s->set_times && futimens(fd, s->times) < 0) return err_sys(e, "set the time of '%s'", name);
        return r;
}

static int read_commit_time(const Checkout *c, Err **e) {
        AUTO(buf_done) Buf text = {0};
        const char *const argv[] = {"show", "-s", "--format=%ct", c->commit->id, NULL};
        if (in_tree(c, argv, &text, e) < 0) return -1;
        if (i64_parse(str_trim(buf_str(&text)), &c->commit->time_s)) return 0;
        return err_new(e, ERR_FORMAT, "the commit's time is '%s'", text.p ? text.p : "");
}

static int tidy(const Checkout *c, Err **e) {
        Sweep s = {.drop_git = !c->keep, .set_times = c->r->ref->commit_times};
        if (read_commit_time(c, e) < 0) return -1;
        s.times[0] = s.times[1] = (struct timespec){.tv_sec = c->commit->time_s};
        static const char *const traces[] = {"FETCH_HEAD", "ORIG_HEAD", "logs"};
        for (size_t i = 0; c->keep && i < ARRAY_SIZE(traces); i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", c->git_dir, traces[i]);
                if (tree_remove(AT_FDCWD, path, e) < 0) return -1;
        }
        bool modules = exists_in(c->tree, ".gitmodules");
        return s.set_times || (s.drop_git && modules) ? sweep(&s, AT_FDCWD, c->tree, 0, e) : 0;
}

/* A link in the repository must not lead to somewhere else. */
static int find_subdir(const Checkout *c, char **ret_tree, Err **e) {
        const char *subdir = c->r->ref->subdir;
        if (!subdir) {
                *ret_tree = xstrdup(c->tree);
                return 0;
        }
        AUTO(closep) int root = open(c->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0) return err_sys(e, "open '%s'", c->tree);
        Err *failure = NULL;
        AUTO(closep) int fd = root_open(root, subdir, O_PATH | O_DIRECTORY, 0, &failure);
        if (fd < 0) {
                err_free(failure);
                return err_new(e, ERR_NOT_FOUND, "the repository has no directory '%s' at commit %.12s", subdir,
                               c->commit->id);
        }
        char link[64], target[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof target);
        if (n < 0 || (size_t)n == sizeof target) return err_sys(e, "resolve '%s'", subdir);
        *ret_tree = xstrndup(target, (size_t)n);
        return 0;
}

int git_checkout(const GitRequest *request, GitCommit *commit, bool keep_git_dir, char **ret_tree, Err **e) {
        AUTO(checkout_done) Checkout c = {.r = request, .commit = commit};
        c.keep = keep_git_dir && !request->ref->subdir;
        c.tree = xasprintf("%s/tree", request->scratch);
        c.git_dir = c.keep ? xasprintf("%s/.git", c.tree) : xasprintf("%s/repository", request->scratch);
        if (make_repository(&c, e) < 0 || fetch(&c, e) < 0 || check_out(&c, e) < 0 || tidy(&c, e) < 0) return -1;
        return find_subdir(&c, ret_tree, e);
}
