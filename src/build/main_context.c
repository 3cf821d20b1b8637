/* SPDX-License-Identifier: Apache-2.0 */
#include "build/main_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/fetch.h"
#include "build/fetch_auth.h"
#include "codec/stream.h"
#include "dockerfile/dockerfile.h"
#include "layer/pack.h"
#include "net/git_ref.h"
#include "net/http.h"
#include "net/url.h"
#include "os/fs.h"

enum { TAR_BLOCK = 512, ARCHIVE_ENTRIES_MAX = 1 << 24 };

struct MainContext {
        char *directory;        /* where it was put; NULL: nowhere */
        bool keep_owner;        /* an archive says whose files they are */
        bool transient;         /* in the draft */
        Draft *draft;           /* of standard input */
        Node *node;             /* what fetched it */
        char *text, *text_name; /* the Dockerfile, when it came by itself */
        size_t text_size;
};

void main_context_done(Build *b) {
        MainContext *c = b->main_context;
        fetch_early_done(b);
        if (!c) return;
        store_draft_discard(b->store, c->draft);
        free(c->directory);
        free(c->text);
        free(c->text_name);
        free(c);
        b->main_context = NULL;
}

/* ---- standard input */

/* The checksum of a tar header: the sum of its bytes, its own field taken as blanks. Zeros are an empty archive. */
static bool is_tar_header(const unsigned char *block) {
        char field[9] = "";
        uint64_t want, sum = 0, all = 0;
        memcpy(field, block + 148, 8);
        for (size_t i = 0; i < TAR_BLOCK; i++) {
                sum += i >= 148 && i < 156 ? ' ' : block[i];
                all += block[i];
        }
        Str digits = str_trim((Str){field, strlen(field)});
        return all == 0 || (u64_parse(digits, 8, &want) && want == sum);
}

static bool is_archive(const void *head, size_t size) {
        return compression_detect(head, size) != COMPRESSION_NONE || (size == TAR_BLOCK && is_tar_header(head));
}

/* What was looked at already, and the rest. */
typedef struct Rejoined {
        Source source;
        char head[TAR_BLOCK];
        size_t size, taken;
        int fd;
} Rejoined;

static int rejoined_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        Rejoined *r = (Rejoined *)s;
        if (r->taken == r->size) return fd_read_full(r->fd, data, size, ret_size, e);
        size_t n = r->size - r->taken < size ? r->size - r->taken : size;
        memcpy(data, r->head + r->taken, n);
        r->taken += n;
        *ret_size = n;
        return 0;
}

static int unpack_stdin(Build *b, Rejoined *in, Err **e) {
        MainContext *c = b->main_context;
        HttpLimits limits;
        AUTO(source_freep) Source *plain = NULL;
        if (http_limits(&limits, e) < 0 || store_draft_new(b->store, &c->draft, e) < 0) return -1;
        c->directory = xstrdup(c->draft->fs_path);
        c->keep_owner = c->transient = true;
        if (source_decompressing(&in->source, limits.max_bytes, NULL, &plain, e) < 0) return -1;
        UnpackParams params = {
                .fs_path = c->draft->fs_path, .max_bytes = limits.max_bytes, .max_entries = ARCHIVE_ENTRIES_MAX};
        return layer_unpack(&params, plain, NULL, e);
}

static int empty_context(Build *b, Err **e) {
        MainContext *c = b->main_context;
        if (store_draft_new(b->store, &c->draft, e) < 0) return -1;
        c->directory = xstrdup(c->draft->fs_path);
        c->transient = true;
        return 0;
}

/* The Dockerfile itself; the context is empty then. */
static int take_stdin_text(Build *b, const Rejoined *in, Err **e) {
        MainContext *c = b->main_context;
        AUTO(freep) char *rest = NULL;
        size_t size = 0;
        if (in->size == TAR_BLOCK && fd_read_all(STDIN_FILENO, DOCKERFILE_SIZE_MAX, &rest, &size, e) < 0) return -1;
        c->text_size = in->size + size;
        c->text = xmalloc(c->text_size + 1);
        memcpy(c->text, in->head, in->size);
        if (size) memcpy(c->text + in->size, rest, size);
        c->text[c->text_size] = '\0';
        c->text_name = xstrdup("Dockerfile");
        return empty_context(b, e);
}

static int open_stdin(Build *b, Err **e) {
        Rejoined in = {.source = {.read = rejoined_read}, .fd = STDIN_FILENO};
        if (fd_read_full(STDIN_FILENO, in.head, sizeof in.head, &in.size, e) < 0) return err_wrap(e, "standard input");
        if (!is_archive(in.head, in.size)) return take_stdin_text(b, &in, e);
        return unpack_stdin(b, &in, e) < 0 ? err_wrap(e, "the context on standard input") : 0;
}

/* ---- from the network */

static bool keeps_git_dir(const BuildParams *params) {
        for (size_t i = 0; i < params->plan.build_arg_count; i++) {
                const PlanPair *arg = &params->plan.build_args[i];
                if (streq(arg->name, "BUILDKIT_CONTEXT_KEEP_GIT_DIR"))
                        return arg->value && (streq(arg->value, "1") || streq(arg->value, "true"));
        }
        return false;
}

static int fetch_context(Build *b, PlanFetch fetch, Err **e) {
        MainContext *c = b->main_context;
        AUTO(freep) char *shown = url_shown(fetch.url);
        AUTO(freep) char *title = xasprintf("[internal] load remote build context %s", shown);
        fetch.place = "";
        if (fetch_early(b, &fetch, title, &c->node, e) < 0) return -1;
        c->keep_owner = fetch.kind == FETCH_ARCHIVE;
        c->directory = store_snapshot_path(b->store, c->node->result.snapshot);
        return 0;
}

static int open_remote(Build *b, bool is_git, int keep_git_dir, Err **e) {
        const char *url = b->params->context_path;
        if (!is_git) return fetch_context(b, (PlanFetch){.kind = FETCH_ARCHIVE, .url = url, .name = "Dockerfile"}, e);
        bool keep = keep_git_dir >= 0 ? keep_git_dir : keeps_git_dir(b->params);
        return fetch_context(b, (PlanFetch){.kind = FETCH_GIT, .url = url, .keep_git_dir = keep}, e);
}

/* -f https://... */
static int fetch_dockerfile(Build *b, const char *url, Err **e) {
        MainContext *c = b->main_context;
        AUTO(freep) char *authorization = NULL;
        AUTO(http_reply_done) HttpReply reply = {0};
        AUTO(closep) int fd = memfd_create("dockerfile", MFD_CLOEXEC);
        HttpRequest request = {.url = url, .fd = fd, .cancelled = b->params->cancelled};
        if (fd < 0) return err_sys(e, "make a memory file");
        if (http_limits(&request.limits, e) < 0) return -1;
        request.limits.max_bytes = DOCKERFILE_SIZE_MAX;
        if (fetch_http_authorization(b->params, url, &authorization, e) < 0) return -1;
        request.authorization = authorization;
        if (http_get(&request, &reply, e) < 0) return err_wrap(e, "failed to read dockerfile");
        if (lseek(fd, 0, SEEK_SET) < 0) return err_sys(e, "rewind");
        if (fd_read_all(fd, DOCKERFILE_SIZE_MAX, &c->text, &c->text_size, e) < 0) return -1;
        char *name = url_file_name(url);
        c->text_name = name ? name : xstrdup("Dockerfile");
        return 0;
}

/* ---- all of it */

/* A directory that happens to look like a URL is one. */
static bool is_directory(const char *path) {
        struct stat st;
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int open_context(Build *b, Err **e) {
        const char *path = b->params->context_path;
        if (!path) return 0;
        if (streq(path, "-")) return open_stdin(b, e);
        GitRef ref = {.keep_git_dir = -1};
        int git = git_ref_parse(path, true, &ref, e);
        int keep = ref.keep_git_dir;
        git_ref_done(&ref);
        if (git < 0) return -1;
        if ((git == GIT_REF_OTHER && !url_is_http(path)) || is_directory(path)) return 0;
        return open_remote(b, git == GIT_REF, keep, e);
}

int main_context_open(Build *b, Err **e) {
        const char *file = b->params->dockerfile_path, *path = b->params->context_path;
        if (file && path && streq(file, "-") && streq(path, "-"))
                return err_new(e, ERR_USAGE, "standard input cannot be both the context and the Dockerfile");
        b->main_context = xcalloc(1, sizeof *b->main_context);
        if (open_context(b, e) < 0) return -1;
        return file && url_is_http(file) && !b->main_context->text ? fetch_dockerfile(b, file, e) : 0;
}

void main_context_dockerfile(const Build *b, DockerfileSource *ret_source) {
        const MainContext *c = b->main_context;
        *ret_source = (DockerfileSource){
                .context = c->directory ? c->directory : b->params->context_path,
                .path = b->params->dockerfile_path,
                .foreign = c->directory != NULL,
                .text = c->text,
                .size = c->text_size,
                .name = c->text_name,
        };
        const char *text = b->params->dockerfile_text;
        if (!text) return;
        ret_source->text = text;
        ret_source->size = strlen(text);
        ret_source->name = "Dockerfile";
}

int main_context_source(Build *b, ContextSource *ret_source, Err **e) {
        const MainContext *c = b->main_context;
        const BuildParams *p = b->params;
        if (!p->context_path) {
                err_new(e, ERR_USAGE, "the Dockerfile copies files, but the build has no context");
                return err_hint(e, "give a directory as the last argument, for instance: decant build .");
        }
        bool foreign = c->directory != NULL;
        const char *shown = p->context_path;
        if (streq(shown, "-"))
                shown = c->text ? "standard input (a Dockerfile alone, so it is empty)" : "standard input";
        *ret_source = (ContextSource){
                .name = "",
                .path = shown,
                .directory = c->directory,
                .dockerfile = b->dockerfile_path,
                .ignore_file = p->ignore_file,
                .foreign = foreign,
                .unignored = foreign && !p->ignore_remote,
                .keep_owner = c->keep_owner,
                .transient = c->transient,
                .snapshot = c->node ? c->node->result.snapshot : NULL,
        };
        return 0;
}

const char *main_context_directory(const Build *b) {
        return b->main_context->directory || b->params->ignore_file ? NULL : b->params->context_path;
}

void main_context_origin(const Build *b, const Node **ret_node, const char **ret_directory) {
        const MainContext *c = b->main_context;
        *ret_node = c->node;
        *ret_directory = c->keep_owner ? c->directory : NULL;
}
