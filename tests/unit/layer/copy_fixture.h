/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "helper.h"

/* A context, a base layer below and a draft; copies run as whoever runs the tests. */
typedef struct CopyCase {
        char *root, *context, *base;
        int context_fd;
        View *below;
        Draft draft;
        unsigned drafts;
} CopyCase;

static inline int case_set_up(void **state) {
        CopyCase *c = xcalloc(1, sizeof *c);
        c->root = scratch_new();
        c->context = at(c->root, "context");
        c->base = at(c->root, "base");
        assert_int_equal(mkdir(c->context, 0755), 0);
        assert_int_equal(mkdir(c->base, 0755), 0);
        c->context_fd = open(c->context, O_PATH | O_CLOEXEC);
        c->below = open_views((const char *[]){c->base}, 1);
        c->draft = draft_at(c->root, "draft");
        *state = c;
        return 0;
}

static inline void next_draft(CopyCase *c) {
        draft_close(&c->draft);
        AUTO(freep) char *name = xasprintf("draft%u", ++c->drafts);
        c->draft = draft_at(c->root, name);
}

static inline int case_tear_down(void **state) {
        CopyCase *c = *state;
        view_free(c->below);
        close(c->context_fd);
        draft_close(&c->draft);
        scratch_free(c->root);
        free(c->context);
        free(c->base);
        free(c);
        return 0;
}

/* Sources are separated by blanks. */
static inline int select_with(CopyCase *c, const CopyRoot *root, CopyParams params, const char *sources,
                              CopySet **ret_set, Err **e) {
        char *copy = xstrdup(sources), *saved = NULL;
        const char *list[16];
        for (char *one = strtok_r(copy, " ", &saved); one; one = strtok_r(NULL, " ", &saved))
                list[params.source_count++] = one;
        CopyRoot context = {.root_fd = c->context_fd, .root_path = c->context};
        params.root = root ? root : &context;
        params.sources = list;
        if (!params.has_owner) {
                params.has_owner = geteuid() != 0;
                params.uid = geteuid();
                params.gid = getegid();
        }
        int r = copy_set_new(&params, ret_set, e);
        free(copy);
        return r;
}

static inline int apply_set(CopyCase *c, CopySet *set, CopyApply apply, Err **e) {
        apply.below = c->below;
        apply.draft = &c->draft;
        if (apply.clamp_mtime_ns == 0) apply.clamp_mtime_ns = -1;
        return copy_set_apply(set, &apply, e);
}

static inline int copy_with(CopyCase *c, const CopyRoot *root, CopyParams params, const char *sources, Err **e) {
        CopySet *set;
        if (select_with(c, root, params, sources, &set, e) < 0) return -1;
        int r = apply_set(c, set, (CopyApply){0}, e);
        copy_set_free(set);
        return r;
}

static inline void copy_ok(CopyCase *c, const char *sources, const char *destination, const char *expected) {
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = destination}, sources, &e), &e);
        assert_tree(c->draft.fs_path, expected);
        next_draft(c);
}

static inline void copy_fails(CopyCase *c, const char *sources, const char *destination, const char *message) {
        Err *e = NULL;
        assert_true(copy_with(c, NULL, (CopyParams){.destination = destination}, sources, &e) < 0);
        assert_message(&e, message);
        next_draft(c);
}

static inline void copy_params_ok(CopyCase *c, CopyParams params, const char *sources, const char *expected) {
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, params, sources, &e), &e);
        assert_tree(c->draft.fs_path, expected);
        next_draft(c);
}
