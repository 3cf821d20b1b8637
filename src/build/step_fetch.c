/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/fetch.h"
#include "build/fetch_auth.h"
#include "build/graph.h"
#include "store/key.h"
#include "codec/stream.h"
#include "layer/pack.h"
#include "layer/unpack.h"
#include "net/git.h"
#include "net/http.h"
#include "net/url.h"
#include "os/clock.h"
#include "os/fs.h"

/* What comes from the network becomes a snapshot that a COPY takes from.
 *
 * Of a URL the key is what came: digest, name and time. What the server said to recognise it by (ETag, Last-Modified) lies
 * beside the snapshot, and an alias leads from the URL to the last one: the next build only asks whether that is still right,
 * and with a checksum not even that. Of a repository the key is the commit; the next build asks which one is meant now. */

enum { VALIDATORS_MAX = 64 << 10, ARCHIVE_ENTRIES_MAX = 1 << 24 };
#define VALIDATORS_FILE "validators"

typedef struct FetchJob {
        Build *b;
        Node *n;
        const PlanFetch *fetch;
        HttpLimits limits;
        Digest definition;  /* of what is asked for */
        Digest earlier_key; /* of what came last time */
        bool has_earlier;
        char *etag, *last_modified; /* of that */
        char *scratch;
        Draft *draft;
} FetchJob;

static void fetch_job_done(FetchJob *j) {
        free(j->etag);
        free(j->last_modified);
        if (j->scratch) tree_remove(AT_FDCWD, j->scratch, NULL);
        free(j->scratch);
        store_draft_discard(j->b->store, j->draft);
}

static const volatile bool *cancelled_flag(const Build *b) {
        return b->node_count ? &b->cancelled : b->params->cancelled;
}

static void definition_key(const PlanFetch *fetch, Digest *ret_key) {
        KeyText k;
        key_begin(&k, "fetch-definition");
        key_number(&k, "kind", fetch->kind);
        key_text(&k, "url", fetch->url);
        key_text(&k, "place", fetch->place);
        key_text(&k, "name", fetch->name);
        key_text(&k, "checksum", fetch->checksum);
        key_number(&k, "keep-git-dir", fetch->keep_git_dir);
        key_finish(&k, ret_key);
}

static void report_bytes(void *context, uint64_t done, uint64_t total) {
        FetchJob *j = context;
        report_status(j->b, j->n->vertex, "fetching", done, total);
}

/* Others may be waiting for this node by now, and look at its result. */
static int find_made(FetchJob *j, const Digest *key, Err **e) {
        Node found = *j->n;
        int r = node_lookup_key(j->b, &found, key, e);
        if (r != LOOKUP_HIT) return r;
        pthread_mutex_lock(&j->b->lock);
        j->n->result = found.result;
        pthread_mutex_unlock(&j->b->lock);
        return LOOKUP_HIT;
}

/* ---- what is known from last time */

static char *validators_path(const Build *b, const char *snapshot) {
        AUTO(freep) char *fs = store_snapshot_path(b->store, snapshot);
        return xasprintf("%s/../" VALIDATORS_FILE, fs);
}

/* ETag, Last-Modified, the time of what came and its digest; a line each, empty when it is not known. */
static int write_validators(const char *path, const HttpReply *reply, int64_t time_s, const char *digest, Err **e) {
        AUTO(buf_done) Buf text = {0};
        buf_addf(&text, "%s\n%s\n", reply && reply->etag ? reply->etag : "",
                 reply && reply->last_modified ? reply->last_modified : "");
        if (time_s >= 0) buf_addf(&text, "%lld", (long long)time_s);
        buf_addf(&text, "\n%s\n", digest);
        return file_write_atomic(AT_FDCWD, path, text.p, text.n, 0600, e);
}

static int write_reply(const char *path, const HttpReply *reply, Err **e) {
        char digest[DIGEST_TEXT_SIZE];
        digest_text(&reply->digest, digest);
        return write_validators(path, reply, reply->last_modified_s, digest, e);
}

static int write_commit(const char *path, const GitCommit *commit, Err **e) {
        AUTO(freep) char *digest = xasprintf("%s:%s", strlen(commit->id) > 40 ? "sha256" : "sha1", commit->id);
        return write_validators(path, NULL, commit->time_s, digest, e);
}

static char *draft_validators(const FetchJob *j) {
        return xasprintf("%s/" VALIDATORS_FILE, j->draft->path);
}

static char *line_or_null(Str line) {
        return line.n ? str_dup(line) : NULL;
}

static int find_earlier(FetchJob *j, Err **e) {
        StepRecord record;
        if (j->n->step->no_cache) return 0;
        int r = store_alias_get(j->b->store, &j->definition, &j->earlier_key, e);
        if (r == STORE_FOUND) r = store_step_get(j->b->store, &j->earlier_key, &record, e);
        if (r != STORE_FOUND || !record.snapshot[0]) return r < 0 ? -1 : 0;
        AUTO(freep) char *path = validators_path(j->b, record.snapshot);
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, VALIDATORS_MAX, &text, &size, NULL) < 0) return 0;
        Str rest = {text, size}, line;
        if (str_cut(&rest, '\n', &line)) j->etag = line_or_null(line);
        if (str_cut(&rest, '\n', &line)) j->last_modified = line_or_null(line);
        j->has_earlier = j->etag || j->last_modified;
        return 0;
}

/* ---- http */

static int body_open(FetchJob *j, char **ret_path, Err **e) {
        if (store_scratch(j->b->store, "fetch", &j->scratch, e) < 0) return -1;
        *ret_path = xasprintf("%s/body", j->scratch);
        int fd = open(*ret_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd < 0 ? err_sys(e, "create '%s'", *ret_path) : fd;
}

static int ask_server(FetchJob *j, int fd, HttpReply *ret_reply, Err **e) {
        AUTO(freep) char *authorization = NULL;
        if (fetch_http_authorization(j->b->params, j->fetch->url, &authorization, e) < 0) return -1;
        HttpRequest request = {
                .url = j->fetch->url,
                .authorization = authorization,
                .etag = j->has_earlier ? j->etag : NULL,
                .last_modified = j->has_earlier ? j->last_modified : NULL,
                .fd = fd,
                .limits = j->limits,
                .cancelled = cancelled_flag(j->b),
                .progress = report_bytes,
                .progress_context = j,
        };
        return http_get(&request, ret_reply, e);
}

static int check_digest(const FetchJob *j, const HttpReply *reply, Err **e) {
        char got[DIGEST_TEXT_SIZE];
        Digest wanted;
        if (!j->fetch->checksum) return 0;
        if (digest_parse(str_of(j->fetch->checksum), &wanted, e) < 0) return -1;
        if (digest_eq(&wanted, &reply->digest)) return 0;
        digest_text(&reply->digest, got);
        err_new(e, ERR_FORMAT, "checksum mismatch: '%s' has digest %s, expected %s", j->n->step->name, got,
                j->fetch->checksum);
        return err_hint(e, "the file at this URL changed, or the checksum is of another file");
}

static void file_key(const FetchJob *j, const HttpReply *reply, Digest *ret_key) {
        KeyText k;
        key_begin(&k, j->fetch->kind == FETCH_FILE ? "fetch-file" : "fetch-archive");
        key_digest(&k, "digest", &reply->digest);
        key_text(&k, "place", j->fetch->place);
        key_text(&k, "name", j->fetch->name);
        key_number(&k, "mode", 0600);
        key_number(&k, "owner", 0);
        key_number(&k, "modified", (uint64_t)(reply->last_modified_s + 1));
        key_finish(&k, ret_key);
}

/* The directory in the draft that holds what came. */
static int place_open(FetchJob *j, Err **e) {
        const char *place = j->fetch->place[0] ? j->fetch->place : ".";
        if (j->fetch->place[0] && mkdirat(j->draft->fs_fd, place, 0755) < 0) return err_sys(e, "make '%s'", place);
        int fd = openat(j->draft->fs_fd, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", place);
        if (fchmod(fd, 0755) < 0) {
                close(fd);
                return err_sys(e, "set the mode of '%s'", place);
        }
        return fd;
}

static int remember_digest(FetchJob *j, const Digest *digest, Err **e) {
        AUTO(digest_index_freep) DigestIndex *index = digest_index_new();
        AUTO(freep)
        char *path = xasprintf("%s%s%s", j->fetch->place, j->fetch->place[0] ? "/" : "", j->fetch->name);
        struct stat st;
        if (fstatat(j->draft->fs_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) return err_sys(e, "look at '%s'", path);
        digest_index_add(index, path, &st, clock_now_ns(), digest);
        return digest_index_save_draft(index, j->draft, e);
}

static int put_file(FetchJob *j, const char *body, const HttpReply *reply, Err **e) {
        AUTO(closep) int dir = place_open(j, e);
        if (dir < 0) return -1;
        struct timespec time = {.tv_sec = reply->last_modified_s < 0 ? 0 : reply->last_modified_s};
        struct timespec times[2] = {time, time};
        if (renameat(AT_FDCWD, body, dir, j->fetch->name) < 0) return err_sys(e, "keep '%s'", j->fetch->name);
        if (fchmodat(dir, j->fetch->name, 0600, 0) < 0 || utimensat(dir, j->fetch->name, times, 0) < 0)
                return err_sys(e, "set mode and time of '%s'", j->fetch->name);
        return remember_digest(j, &reply->digest, e);
}

static int put_archive(FetchJob *j, int fd, Err **e) {
        if (lseek(fd, 0, SEEK_SET) < 0) return err_sys(e, "rewind");
        AUTO(source_freep) Source *file = source_from_fd(fd);
        AUTO(source_freep) Source *plain = NULL;
        if (source_decompressing(file, j->limits.max_bytes, NULL, &plain, e) < 0) return -1;
        UnpackParams params = {
                .fs_path = j->draft->fs_path, .max_bytes = j->limits.max_bytes, .max_entries = ARCHIVE_ENTRIES_MAX};
        return layer_unpack(&params, plain, NULL, e);
}

static int fill_from_body(FetchJob *j, int fd, const char *body, const HttpReply *reply, Err **e) {
        if (store_draft_new(j->b->store, &j->draft, e) < 0) return -1;
        if (lseek(fd, 0, SEEK_SET) < 0) return err_sys(e, "rewind");
        bool unpack = j->fetch->kind == FETCH_ARCHIVE && archive_begins(fd);
        if ((unpack ? put_archive(j, fd, e) : put_file(j, body, reply, e)) < 0) return -1;
        AUTO(freep) char *path = draft_validators(j);
        return write_reply(path, reply, e);
}

/* Under another ETag the same may have come. */
static int renew_validators(FetchJob *j, const HttpReply *reply, Err **e) {
        AUTO(freep) char *path = validators_path(j->b, j->n->result.snapshot);
        return write_reply(path, reply, e);
}

/* What came is in fd: find it, else make a snapshot of it. */
static int keep_body(FetchJob *j, int fd, const char *body, const HttpReply *reply, Err **e) {
        Digest key;
        int lock_fd = -1;
        if (check_digest(j, reply, e) < 0) return -1;
        file_key(j, reply, &key);
        int r = find_made(j, &key, e);
        if (r == LOOKUP_MISS) r = node_claim(j->b, j->n, &key, &lock_fd, e);
        if (r == CLAIM_MINE) {
                r = fill_from_body(j, fd, body, reply, e);
                if (r == 0) r = node_commit(j->b, j->n, &key, TAKE(j->draft), &reply->digest, e);
                node_release(j->b, lock_fd);
        } else if (r == 0) {
                r = renew_validators(j, reply, e);
        }
        return r < 0 ? -1 : store_alias_put(j->b->store, &j->definition, &key, e);
}

static int fetch_http(FetchJob *j, Err **e) {
        AUTO(freep) char *body = NULL;
        AUTO(http_reply_done) HttpReply reply = {0};
        if (find_earlier(j, e) < 0) return -1;
        AUTO(closep) int fd = body_open(j, &body, e);
        if (fd < 0) return -1;
        int r = ask_server(j, fd, &reply, e);
        if (r == HTTP_NOT_MODIFIED) {
                r = find_made(j, &j->earlier_key, e);
                if (r != LOOKUP_MISS) return r;
                j->has_earlier = false; /* it was removed since we looked */
                http_reply_done(&reply);
                r = ask_server(j, fd, &reply, e);
        }
        return r < 0 ? -1 : keep_body(j, fd, body, &reply, e);
}

/* ---- git */

static void commit_key(const FetchJob *j, const GitRef *ref, const GitCommit *commit, Digest *ret_key) {
        bool keep = j->fetch->keep_git_dir && !ref->subdir;
        KeyText k;
        key_begin(&k, "fetch-git");
        key_text(&k, "commit", commit->id);
        key_text(&k, "remote", keep ? ref->remote : NULL); /* what is said in .git */
        key_text(&k, "ref", keep ? ref->ref : NULL);
        key_text(&k, "subdir", ref->subdir);
        key_number(&k, "submodules", ref->submodules);
        key_number(&k, "commit-times", ref->commit_times);
        key_text(&k, "place", j->fetch->place);
        key_finish(&k, ret_key);
}

/* Everything in the tree into the draft: a rename each. */
static int move_tree(FetchJob *j, const char *tree, Err **e) {
        AUTO(closep) int to = place_open(j, e);
        AUTO(closep) int from = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (to < 0) return -1;
        if (from < 0) return err_sys(e, "open '%s'", tree);
        DirList list;
        struct stat st;
        if (dir_list(from, ".", &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) {
                if (renameat(from, list.v[i].name, to, list.v[i].name) < 0) r = err_sys(e, "keep '%s'", list.v[i].name);
        }
        dir_list_done(&list);
        if (r < 0 || fstat(from, &st) < 0) return r;
        struct timespec times[2] = {st.st_mtim, st.st_mtim};
        return futimens(to, times) < 0 ? err_sys(e, "set a directory's time") : 0;
}

static int make_tree(FetchJob *j, const GitRequest *request, GitCommit *commit, Err **e) {
        AUTO(freep) char *tree = NULL;
        if (store_draft_new(j->b->store, &j->draft, e) < 0) return -1;
        if (git_checkout(request, commit, j->fetch->keep_git_dir, &tree, e) < 0) return -1;
        if (move_tree(j, tree, e) < 0) return -1;
        AUTO(freep) char *path = draft_validators(j);
        return write_commit(path, commit, e);
}

static int keep_commit(FetchJob *j, const GitRequest *request, GitCommit *commit, Err **e) {
        Digest key;
        int lock_fd = -1;
        if (j->fetch->checksum && git_commit_check(commit, j->fetch->checksum, e) < 0) return -1;
        commit_key(j, request->ref, commit, &key);
        int r = find_made(j, &key, e);
        if (r == LOOKUP_MISS) r = node_claim(j->b, j->n, &key, &lock_fd, e);
        if (r != CLAIM_MINE) return r;
        r = make_tree(j, request, commit, e);
        if (r == 0) r = node_commit(j->b, j->n, &key, TAKE(j->draft), NULL, e);
        node_release(j->b, lock_fd);
        return r;
}

static int fetch_git(FetchJob *j, Err **e) {
        AUTO(git_ref_done) GitRef ref = {0};
        AUTO(git_commit_done) GitCommit commit = {0};
        AUTO(freep) char *authorization = NULL;
        if (git_ref_parse(j->fetch->url, true, &ref, e) < 0) return -1;
        if (fetch_git_authorization(j->b->params, ref.remote, &authorization, e) < 0) return -1;
        if (store_scratch(j->b->store, "git", &j->scratch, e) < 0) return -1;
        GitRequest request = {
                .ref = &ref,
                .authorization = authorization,
                .scratch = j->scratch,
                .silence_s = j->limits.stall_s,
                .cancelled = cancelled_flag(j->b),
        };
        int r = git_resolve(&request, &commit, e);
        if (r == 0) r = keep_commit(j, &request, &commit, e);
        return r < 0 ? err_wrap(e, "fetch '%s'", j->n->step->name) : 0;
}

/* ---- before there is a plan */

int fetch_early(Build *b, const PlanFetch *fetch, const char *title, Node **ret_node, Err **e) {
        EarlyFetch *early = xcalloc(1, sizeof *early);
        vec_push(&b->early, early);
        early->name = url_shown(fetch->url);
        early->step = (PlanStep){
                .kind = STEP_FETCH, .name = early->name, .no_cache = b->params->plan.no_cache, .fetch = *fetch};
        Node *n = &early->node;
        int64_t started = clock_monotonic_ns();
        *n = (Node){.step = &early->step, .state = NODE_RUNNING, .started_ns = started};
        n->vertex = report_vertex(b, title);
        report_start(b, n->vertex);
        Err *failure = NULL;
        int r = step_fetch_ops.lookup(b, n, &failure);
        if (r == LOOKUP_MISS) r = step_fetch_ops.execute(b, n, &failure);
        n->state = r < 0 ? NODE_FAILED : NODE_DONE;
        VertexOutcome outcome = r < 0 ? VERTEX_FAILED : n->result.cached ? VERTEX_CACHED : VERTEX_DONE;
        report_done(b, n->vertex, outcome, r < 0 ? err_message(failure) : NULL, clock_monotonic_ns() - started);
        if (r < 0) {
                err_move(e, &failure);
                return -1;
        }
        *ret_node = n;
        return 0;
}

void fetch_early_done(Build *b) {
        for (size_t i = 0; i < b->early.n; i++) {
                free(b->early.v[i]->name);
                free(b->early.v[i]);
        }
        vec_done(&b->early);
        map_freep(&b->claims); /* some of them are early ones */
        b->claims = NULL;
}

/* A line of what lies beside the snapshot, from 0; owned, NULL when it is empty or not there. */
static char *validators_line(const Build *b, const Node *n, int number) {
        AUTO(freep) char *path = validators_path(b, n->result.snapshot);
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, VALIDATORS_MAX, &text, &size, NULL) < 0) return NULL;
        Str rest = {text, size}, line = {0};
        for (int i = 0; i <= number; i++)
                if (!str_cut(&rest, '\n', &line)) return NULL;
        return line_or_null(line);
}

int64_t fetch_time_s(const Build *b, const Node *n) {
        AUTO(freep) char *line = validators_line(b, n, 2);
        int64_t seconds;
        return line && i64_parse(str_of(line), &seconds) ? seconds : -1;
}

char *fetch_digest(const Build *b, const Node *n) {
        return validators_line(b, n, 3);
}

/* ---- the step */

static int lookup_commit(FetchJob *j, Err **e) {
        AUTO(git_ref_done) GitRef ref = {0};
        AUTO(git_commit_done) GitCommit commit = {0};
        Digest key;
        if (git_ref_parse(j->fetch->url, true, &ref, e) < 0) return -1;
        const char *known = ref.fetch_by_commit ? ref.checksum : ref.ref;
        if (!known || !git_commit_valid(known)) return LOOKUP_MISS;
        GitRequest request = {.ref = &ref};
        if (git_resolve(&request, &commit, e) < 0) return -1; /* says whether a checksum fits; asks nobody */
        if (j->fetch->checksum && git_commit_check(&commit, j->fetch->checksum, e) < 0) return -1;
        commit_key(j, &ref, &commit, &key);
        return node_lookup_key(j->b, j->n, &key, e);
}

/* What cannot have changed needs no question. */
static int fetch_lookup(Build *b, Node *n, Err **e) {
        FetchJob j = {.b = b, .n = n, .fetch = &n->step->fetch};
        int r = LOOKUP_MISS;
        if (n->step->no_cache) return LOOKUP_MISS;
        if (j.fetch->kind == FETCH_GIT) {
                r = lookup_commit(&j, e);
        } else if (j.fetch->checksum) {
                definition_key(j.fetch, &j.definition);
                r = store_alias_get(b->store, &j.definition, &j.earlier_key, e);
                if (r != STORE_FOUND) return r < 0 ? -1 : LOOKUP_MISS;
                r = node_lookup_key(b, n, &j.earlier_key, e);
        }
        return r < 0 ? node_error(b, n, e) : r;
}

static int fetch_execute(Build *b, Node *n, Err **e) {
        AUTO(fetch_job_done) FetchJob j = {.b = b, .n = n, .fetch = &n->step->fetch};
        int lock_fd = -1;
        definition_key(j.fetch, &j.definition);
        int r = http_limits(&j.limits, e);
        if (r == 0) r = node_claim(b, n, &j.definition, &lock_fd, e); /* plans of two platforms ask for the same */
        if (r == CLAIM_MINE) {
                r = j.fetch->kind == FETCH_GIT ? fetch_git(&j, e) : fetch_http(&j, e);
                node_release(b, lock_fd);
        }
        return r < 0 ? node_error(b, n, e) : 0;
}

const StepOps step_fetch_ops = {fetch_lookup, fetch_execute, 500};
