/* SPDX-License-Identifier: Apache-2.0 */
#include "build/epoch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/fetch.h"
#include "build/main_context.h"
#include "os/fs.h"

#define EPOCH "SOURCE_DATE_EPOCH"
enum { DEPTH_MAX = 1000 };

/* ---- how it is given */

static const char *given_value(const PlanParams *params) {
        const char *text = getenv(EPOCH);
        for (size_t i = 0; i < params->build_arg_count; i++) {
                if (streq(params->build_args[i].name, EPOCH)) text = params->build_args[i].value;
        }
        return text;
}

static bool has_default(const Dockerfile *d) {
        for (size_t i = 0; i < d->instruction_count && d->instructions[i].kind == INSTR_ARG; i++) {
                const Instruction *arg = &d->instructions[i];
                for (size_t k = 0; k < arg->pair_count; k++)
                        if (streq(arg->pairs[k].key, EPOCH) && arg->pairs[k].value) return true;
        }
        return false;
}

static int invalid(const char *text, Err **e) {
        err_new(e, ERR_USAGE, "invalid " EPOCH ": %s", text);
        return err_hint(
                e, "it is seconds since 1970, 'context', the name of a remote context, or of a stage that is one ADD "
                   "of a URL or repository");
}

/* ---- times */

/* The youngest regular file of an unpacked archive. */
static void youngest(int dir_fd, const char *path, unsigned depth, int64_t *time_s) {
        AUTO(closep) int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DirList list;
        if (fd < 0 || depth > DEPTH_MAX || dir_list(fd, ".", &list, NULL) < 0) return;
        for (size_t i = 0; i < list.n; i++) {
                struct stat st;
                if (list.v[i].type == DT_DIR) youngest(fd, list.v[i].name, depth + 1, time_s);
                if (list.v[i].type != DT_REG || fstatat(fd, list.v[i].name, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
                if (st.st_mtim.tv_sec > *time_s) *time_s = st.st_mtim.tv_sec;
        }
        dir_list_done(&list);
}

static int64_t archive_time(const char *directory) {
        int64_t time_s = -1;
        youngest(AT_FDCWD, directory, 0, &time_s);
        return time_s;
}

static int64_t context_time(const Build *b) {
        const Node *node;
        const char *directory;
        main_context_origin(b, &node, &directory);
        int64_t time_s = node ? fetch_time_s(b, node) : -1;
        return time_s < 0 && directory ? archive_time(directory) : time_s;
}

static int fetched_time(Build *b, const PlanFetch *fetch, int64_t *ret_s, Err **e) {
        Node *node;
        AUTO(freep) char *title = xasprintf("[internal] resolve " EPOCH " of %s", fetch->url);
        if (fetch_early(b, fetch, title, &node, e) < 0) return err_wrap(e, EPOCH);
        *ret_s = fetch_time_s(b, node);
        if (*ret_s >= 0 || fetch->kind != FETCH_ARCHIVE) return 0;
        AUTO(freep) char *directory = store_snapshot_path(b->store, node->result.snapshot);
        *ret_s = archive_time(directory);
        return 0;
}

/* ---- what it names */

/* The plan of a stage tells what its ADD fetches, every variable expanded. */
static int stage_time(Build *b, Dockerfile *d, const PlanParams *like, const char *name, int64_t *ret_s, Err **e) {
        AUTO(plan_freep) Plan *plan = NULL;
        PlanParams params = *like;
        params.target = name;
        if (plan_make(d, &params, &plan, e) < 0) return err_wrap(e, EPOCH);
        const PlanStep *step = plan->target->result;
        bool one = step->kind == STEP_COPY && step->copy.fetched_count == 1 && step->copy.source_count == 1 &&
                   step->copy.inline_count == 0 && step->parent->kind == STEP_SCRATCH;
        if (one) return fetched_time(b, &step->copy.fetched[0]->fetch, ret_s, e);
        err_new(e, ERR_USAGE, EPOCH " names the stage '%s', which is more than one ADD of a URL or repository", name);
        return err_hint(e, "it has to be FROM scratch and a single ADD");
}

static int named_time(Build *b, const PlanPair *pair, int64_t *ret_s, Err **e) {
        PlanFetch fetch;
        if (plan_context_fetch(pair->value, &fetch) > 0) return fetched_time(b, &fetch, ret_s, e);
        *ret_s = -1; /* a directory or image says nothing */
        return 0;
}

static bool is_stage(const Dockerfile *d, const char *name) {
        for (size_t i = 0; i < d->instruction_count; i++) {
                const Instruction *from = &d->instructions[i];
                if (from->kind == INSTR_FROM && from->word_count == 3 &&
                    str_eq_nocase(str_of(from->words[2]), str_of(name)))
                        return true;
        }
        return false;
}

static int resolve(Build *b, Dockerfile *d, const PlanParams *params, const char *text, int64_t *ret_s, Err **e) {
        if (i64_parse(str_of(text), ret_s)) return *ret_s < 0 ? invalid(text, e) : 0;
        if (streq(text, "context")) {
                *ret_s = context_time(b);
                return 0;
        }
        for (size_t i = params->named_context_count; i-- > 0;) {
                const PlanPair *pair = &params->named_contexts[i];
                if (streq(pair->name, text)) return named_time(b, pair, ret_s, e);
        }
        return is_stage(d, text) ? stage_time(b, d, params, text, ret_s, e) : invalid(text, e);
}

/* Who reads the argument sees the number. */
static void replace_argument(Build *b, PlanParams *params) {
        size_t n = params->build_arg_count;
        b->epoch_args = xcalloc(n + 1, sizeof *b->epoch_args);
        if (n) memcpy(b->epoch_args, params->build_args, n * sizeof *b->epoch_args);
        if (b->epoch_s >= 0) snprintf(b->epoch_text, sizeof b->epoch_text, "%lld", (long long)b->epoch_s);
        b->epoch_args[n] = (PlanPair){EPOCH, b->epoch_text};
        params->build_args = b->epoch_args;
        params->build_arg_count = n + 1;
}

/* The value of the default, with variables expanded. */
static int read_default(Dockerfile *d, const PlanParams *params, char **ret_text, Err **e) {
        AUTO(plan_freep) Plan *plan = NULL;
        if (plan_make(d, params, &plan, e) < 0) return -1;
        *ret_text = xstrdup(plan->source_date_epoch);
        return 0;
}

int epoch_find(Build *b, Dockerfile *dockerfile, PlanParams *params, Err **e) {
        AUTO(freep) char *fallback = NULL;
        const char *text = given_value(params);
        PlanParams quiet = *params; /* plans that are made to look something up */
        quiet.source_date_epoch_s = -1;
        quiet.warning = NULL;
        quiet.checks = NULL;
        if (!text && has_default(dockerfile)) {
                if (read_default(dockerfile, &quiet, &fallback, e) < 0) return -1;
                text = fallback;
        }
        params->source_date_epoch_s = -1;
        if (!text || !*text) return 0;
        if (resolve(b, dockerfile, &quiet, text, &b->epoch_s, e) < 0) return -1;
        params->source_date_epoch_s = b->epoch_s;
        int64_t number;
        if (!i64_parse(str_of(text), &number)) replace_argument(b, params);
        return 0;
}
