/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/published_internal.h"

/* What recipes there are. */

static void summary_done(RecipeSummary *s) {
        free(s->name);
        free(s->description);
        free(s->file);
        strvec_done(&s->releases);
        strvec_done(&s->variants);
        strvec_done(&s->architectures);
        strvec_done(&s->published);
}

void recipe_summaries_done(RecipeSummaries *list) {
        for (size_t i = 0; i < list->n; i++) summary_done(&list->v[i]);
        vec_done(list);
}

static int summarize(const RecipeBook *b, const char *name, RecipeSummary *ret_summary, Err **e) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(recipe_reader_done) RecipeReader r = {.book = b, .arena = arena};
        if (recipe_read_chain(&r, name, e) < 0) return -1;
        const RecipeFile *file = &r.files.v[0];
        RecipeSummary s = {.name = xstrdup(name), .file = xstrdup(file->text.file)};
        s.description = xstrdup(config_node_member_text(file->root, "description"));
        strvec_copy(&s.releases, &r.releases);
        strvec_copy(&s.variants, &r.variants);
        strvec_copy(&s.architectures, &r.architectures);
        published_names(&r, &s.published);
        *ret_summary = s;
        return 0;
}

int recipe_list(const RecipeBook *b, RecipeSummaries *ret_list, Err **e) {
        static const RecipeBook none;
        AUTO(strvec_done) StrVec names = {0};
        AUTO(recipe_summaries_done) RecipeSummaries list = {0};
        if (!b) b = &none;
        if (recipe_names(b, &names, e) < 0) return -1;
        for (size_t i = 0; i < names.n; i++) {
                RecipeSummary summary;
                if (summarize(b, names.v[i], &summary, e) < 0) return -1;
                vec_push(&list, summary);
        }
        *ret_list = list;
        list = (RecipeSummaries){0};
        return 0;
}
