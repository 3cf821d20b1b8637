/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/published.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/published_internal.h"
#include "oci/reference.h"

void published_name_done(PublishedName *n) {
        free(n->recipe);
        free(n->release);
        free(n->variant);
        free(n->architecture);
        free(n->reference);
        *n = (PublishedName){0};
}

/* Names that were in use once, or are elsewhere, and for which no recipe stands. The first that fits counts. */
typedef struct PastName {
        const char *pattern; /* fnmatch(3), of the name without its tag */
        const char *why;     /* NULL: only a hint, the name lives */
        const char *instead;
} PastName;

static const PastName past_names[] = {
        {"gcr.io/distroless/java8*", "Java 8 is no longer published",
         "gcr.io/distroless/java17-debian12, or java21-debian13"},
        {"gcr.io/distroless/java11*", "Java 11 is no longer published",
         "gcr.io/distroless/java17-debian12, or java21-debian13"},
        {"gcr.io/distroless/java", "the name without a version is no longer published",
         "gcr.io/distroless/java17-debian12, or java21-debian13"},
        {"gcr.io/distroless/java-debian*", "the name without a version is no longer published",
         "gcr.io/distroless/java17-debian12, or java21-debian13"},
        {"gcr.io/distroless/python2.7*", "Python 2.7 is no longer published", "gcr.io/distroless/python3"},
        {"gcr.io/distroless/nodejs1[0246]*", "this version of Node.js is no longer published",
         "gcr.io/distroless/nodejs18-debian12, or nodejs20-debian13"},
        {"gcr.io/distroless/nodejs", "the name without a version is no longer published",
         "gcr.io/distroless/nodejs18-debian12, or nodejs20-debian13"},
        {"gcr.io/distroless/nodejs-debian*", "the name without a version is no longer published",
         "gcr.io/distroless/nodejs18-debian12, or nodejs20-debian13"},
        {"gcr.io/distroless/dotnet*", ".NET is no longer published",
         "gcr.io/distroless/cc with a self-contained program"},
        {"gcr.io/distroless/*-debian8", "Debian 8 is no longer supported", "the same name with -debian12 or -debian13"},
        {"gcr.io/distroless/*-debian9", "Debian 9 is no longer supported", "the same name with -debian12 or -debian13"},
        {"gcr.io/distroless/*-debian1[01]", "this release of Debian is no longer published",
         "the same name with -debian12 or -debian13"},
        {"gcr.io/distroless/nodejs2[246]*", NULL,
         "recipes have the Node.js that Debian has: gcr.io/distroless/nodejs18-debian12, nodejs20-debian13"},
};

static const PastName *find_past(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(past_names); i++)
                if (fnmatch(past_names[i].pattern, name, 0) == 0) return &past_names[i];
        return NULL;
}

/* ---- */

typedef struct Search {
        const RecipeBook *book;
        const char *reference; /* in full */
        char *name;            /* without the tag */
        PublishedName *found;
        bool done;
        const char *recipe;  /* whose names are looked at */
        StrVec near;         /* names of the same repository */
        StrVec repositories; /* all, when every recipe was read */
} Search;

static bool same_repository(const char *reference, const char *name) {
        size_t n = strlen(name);
        return strncmp(reference, name, n) == 0 && reference[n] == ':';
}

static bool look_at(void *context, const PublishedExpansion *at) {
        Search *s = context;
        if (same_repository(at->reference, s->name) && !at->architecture && strvec_index(&s->near, at->reference) < 0)
                strvec_push(&s->near, at->reference);
        AUTO(freep) char *repository = xstrndup(at->reference, strcspn(at->reference, ":"));
        if (strvec_index(&s->repositories, repository) < 0) strvec_push(&s->repositories, repository);
        if (!streq(at->reference, s->reference)) return false;
        *s->found = (PublishedName){
                .recipe = xstrdup(s->recipe),
                .release = xstrdup(at->debian->release),
                .variant = xstrdup(at->variant),
                .architecture = at->architecture ? xstrdup(at->architecture->name) : NULL,
                .reference = xstrdup(s->reference),
        };
        s->done = true;
        return true;
}

/* Can a pattern in this text begin as the reference does? Reading a recipe takes longer than looking. */
static bool may_answer(const char *text, const char *reference) {
        AUTO(freep) char *host = xstrndup(reference, strcspn(reference, "/") + 1);
        for (const char *p = strstr(text, host); p; p = strstr(p + 1, host)) {
                size_t n = strcspn(p, "$[\"' ,]\n");
                if (strncmp(p, reference, n) == 0) return true;
        }
        return false;
}

static int look_into(Search *s, const char *recipe, bool all, Err **e) {
        RecipeText text = {0};
        if (recipe_find(s->book, recipe, &text, e) < 0) return -1;
        bool wanted = all ? strstr(text.text, "published") != NULL : may_answer(text.text, s->reference);
        recipe_text_done(&text);
        if (!wanted) return 0;
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(recipe_reader_done) RecipeReader r = {.book = s->book, .arena = arena};
        if (recipe_read_chain(&r, recipe, e) < 0) return -1;
        s->recipe = recipe;
        published_each(&r, look_at, s);
        return 0;
}

static int look_through(Search *s, bool all, Err **e) {
        AUTO(strvec_done) StrVec names = {0};
        if (recipe_names(s->book, &names, e) < 0) return -1;
        for (size_t i = 0; i < names.n && !s->done; i++)
                if (look_into(s, names.v[i], all, e) < 0) return -1;
        return 0;
}

static const char *familiar(const char *name) {
        return starts_with(name, "docker.io/library/") ? name + strlen("docker.io/library/") : name;
}

/* What recipes have of that repository, or which repository was meant. */
static char *hint_of(Search *s) {
        enum { SHOWN = 12 };
        Buf text = {0};
        if (s->near.n) {
                buf_addf(&text, "recipes have of %s:", familiar(s->name));
                for (size_t i = 0; i < s->near.n && i < SHOWN; i++)
                        buf_addf(&text, "%s %s", i ? "," : "", s->near.v[i] + strlen(s->name) + 1);
                if (s->near.n > SHOWN) buf_adds(&text, ", ...");
                return buf_take(&text);
        }
        const char *near = look_through(s, true, NULL) < 0
                                   ? NULL
                                   : nearest_name(s->name, (const char *const *)s->repositories.v, s->repositories.n);
        if (near) buf_addf(&text, "a recipe has %s: did you mean that?", familiar(near));
        return text.n ? buf_take(&text) : NULL;
}

static int search(Search *s, char **ret_hint, Err **e) {
        if (look_through(s, false, e) < 0) return -1;
        if (s->done) return 0;
        const PastName *past = find_past(s->name);
        if (past && past->why) {
                err_new(e, ERR_NOT_FOUND, "%s: %s", s->name, past->why);
                return err_hint(e, "use %s", past->instead);
        }
        *ret_hint = past ? xstrdup(past->instead) : hint_of(s);
        return PUBLISHED_NONE;
}

int published_find(const RecipeBook *b, const char *reference, PublishedName *ret_name, char **ret_hint, Err **e) {
        static const RecipeBook none;
        Reference parsed;
        *ret_hint = NULL;
        if (reference_parse(str_of(reference), &parsed, e) < 0) return -1;
        AUTO(freep) char *full = reference_render(&parsed), *name = xasprintf("%s/%s", parsed.host, parsed.path);
        bool pinned = parsed.digest != NULL;
        reference_done(&parsed);
        if (pinned) {
                *ret_hint = xstrdup("a digest names one image that somebody made: recipes answer to names with a tag");
                return PUBLISHED_NONE;
        }
        Search s = {.book = b ? b : &none, .reference = full, .name = name, .found = ret_name};
        int r = search(&s, ret_hint, e);
        strvec_done(&s.near);
        strvec_done(&s.repositories);
        return r;
}
