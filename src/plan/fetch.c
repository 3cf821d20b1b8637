/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/cleanup.h"
#include "codec/sha256.h"
#include "net/git_ref.h"
#include "net/url.h"

/* Steps that fetch. What ADD names comes to lie in a directory of its own in the step's tree, so that the trees of several
 * sources and the context can be looked at as one; named contexts are the whole tree. Equal ones are fetched once. */

/* A directory that no context has by accident. */
static const char *place_of(Arena *a, const char *definition) {
        Digest digest;
        char hex[DIGEST_HEX_SIZE];
        sha256_of(definition, strlen(definition), &digest);
        digest_hex(&digest, hex);
        return arena_printf(a, PLAN_FETCHED_PREFIX "%.16s", hex);
}

/* An ADD of a repository or URL? GIT_REF_OTHER also for what is no URL. */
static int parse_git(const Stage *s, const Instruction *i, const char *source, GitRef *ret_ref, Err **e) {
        int r = git_ref_parse(source, false, ret_ref, e);
        return r < 0 ? plan_locate(s->maker, i, source, e) : r;
}

int plan_remote_source(const Stage *s, const Instruction *i, const char *source, Err **e) {
        GitRef ref = {0};
        int r = parse_git(s, i, source, &ref, e);
        git_ref_done(&ref);
        if (r < 0) return -1;
        return r == GIT_REF || starts_with(source, "http://") || starts_with(source, "https://");
}

bool plan_context_remote(const char *value) {
        GitRef ref = {0};
        int r = git_ref_parse(value, true, &ref, NULL);
        git_ref_done(&ref);
        return r != GIT_REF_OTHER || url_is_http(value);
}

static PlanStep *fetch_step(Stage *s, const Instruction *i, PlanFetch fetch, bool apart) {
        Maker *m = s->maker;
        const char *definition =
                arena_printf(m->arena, "%d %s\n%s\n%d %d %d", fetch.kind, fetch.url,
                             fetch.checksum ? fetch.checksum : "", fetch.keep_git_dir, apart, s->no_cache);
        PlanStep *step = map_gets(m->fetches, definition);
        if (step) return step;
        AUTO(freep) char *shown = url_shown(fetch.url);
        fetch.place = apart ? place_of(m->arena, definition) : "";
        step = step_new(s, STEP_FETCH, i, arena_strdup(m->arena, shown));
        step->parent = NULL;
        step->fetch = fetch;
        map_puts(m->fetches, definition, step);
        return step;
}

static const char *file_name(Arena *a, const char *url) {
        AUTO(freep) char *name = url_file_name(url);
        return name ? arena_strdup(a, name) : "__unnamed__";
}

int plan_context_fetch(const char *value, PlanFetch *ret_fetch) {
        GitRef ref = {0};
        if (!plan_context_remote(value)) return 0;
        *ret_fetch = (PlanFetch){.kind = FETCH_ARCHIVE, .url = value, .place = "", .name = "__unnamed__"};
        if (git_ref_parse(value, true, &ref, NULL) != GIT_REF_OTHER) {
                ret_fetch->kind = FETCH_GIT;
                ret_fetch->name = NULL;
                ret_fetch->keep_git_dir = ref.keep_git_dir == 1;
        }
        git_ref_done(&ref);
        return 1;
}

PlanStep *plan_fetch_context(Stage *s, const Instruction *i, const PlanPair *pair) {
        PlanFetch fetch = {0};
        plan_context_fetch(pair->value, &fetch);
        if (fetch.kind == FETCH_ARCHIVE) fetch.name = file_name(s->maker->arena, pair->value);
        return fetch_step(s, i, fetch, false);
}

/* The source as the copy engine has it, where * ? [ and \ would be patterns. */
static const char *literal(Arena *a, const char *place, const char *name) {
        AUTO(buf_done) Buf path = {0};
        buf_addf(&path, "/%s/", place);
        for (const char *c = name; *c; c++) {
                if (strchr("*?[\\", *c)) buf_addc(&path, '\\');
                buf_addc(&path, *c);
        }
        return arena_str(a, buf_str(&path));
}

static int check_digest(const Stage *s, const Instruction *i, const char *checksum, Err **e) {
        Digest digest;
        if (!checksum || (starts_with(checksum, "sha256:") && digest_parse(str_of(checksum), &digest, NULL) == 0))
                return 0;
        return plan_error(s->maker, i, checksum, e, "invalid checksum '%s': it should be sha256: and 64 digits",
                          checksum);
}

static int fetch_source(Stage *s, const Instruction *i, PlanFetch fetch, const char **source, PlanStep **ret_step,
                        Err **e) {
        Arena *a = s->maker->arena;
        GitRef ref = {0};
        int r = parse_git(s, i, *source, &ref, e);
        fetch.url = *source;
        if (r == GIT_REF) {
                fetch.kind = FETCH_GIT;
                if (ref.keep_git_dir >= 0 && !instruction_flag(i, "keep-git-dir"))
                        fetch.keep_git_dir = ref.keep_git_dir;
        } else if (r == GIT_REF_OTHER) {
                fetch.kind = FETCH_FILE;
                fetch.keep_git_dir = false;
                fetch.name = file_name(a, *source);
                r = check_digest(s, i, fetch.checksum, e);
        }
        git_ref_done(&ref);
        if (r < 0) return -1;
        *ret_step = fetch_step(s, i, fetch, true);
        const PlanFetch *made = &(*ret_step)->fetch;
        *source = made->kind == FETCH_GIT ? arena_printf(a, "/%s", made->place) : literal(a, made->place, made->name);
        return 0;
}

static int check_checksum(const Stage *s, const Instruction *i, const PlanCopy *copy, size_t remote_count, Err **e) {
        const Maker *m = s->maker;
        if (copy->source_count + copy->inline_count != 1)
                return plan_error(m, i, "--checksum", e, "checksum can't be specified for multiple sources");
        if (remote_count == 1) return 0;
        return plan_error(m, i, "--checksum", e,
                          "checksum can't be specified for sources that are neither HTTP(S) nor git");
}

int plan_fetch_sources(Stage *s, const Instruction *i, const char *checksum, PlanCopy *copy, Err **e) {
        Arena *a = s->maker->arena;
        bool *remote = arena_array(a, copy->source_count + 1, sizeof *remote);
        size_t count = 0;
        for (size_t k = 0; k < copy->source_count && copy->add; k++) {
                int r = plan_remote_source(s, i, copy->sources[k], e);
                if (r < 0) return -1;
                remote[k] = r > 0;
                count += remote[k];
        }
        if (checksum && check_checksum(s, i, copy, count, e) < 0) return -1;
        if (!count) return 0;
        PlanFetch like = {.checksum = checksum, .keep_git_dir = instruction_flag_on(i, "keep-git-dir")};
        const char **sources = arena_array(a, copy->source_count, sizeof *sources);
        PlanStep **steps = arena_array(a, count, sizeof *steps);
        for (size_t k = 0; k < copy->source_count; k++) {
                sources[k] = copy->sources[k];
                if (remote[k] && fetch_source(s, i, like, &sources[k], &steps[copy->fetched_count++], e) < 0) return -1;
        }
        copy->sources = sources;
        copy->remote = remote;
        copy->fetched = steps;
        return 0;
}
