/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

/* "${upstream:PACKAGE}", which is known only when the packages are. */

/* The upstream version as its makers write it: without epoch, revision, and what Debian adds ("+dfsg", "~deb12u1", "+9"). */
static Str upstream_of(const char *version) {
        const char *colon = strchr(version, ':');
        const char *begin = colon ? colon + 1 : version;
        const char *dash = strrchr(begin, '-');
        size_t n = dash ? (size_t)(dash - begin) : strlen(begin);
        size_t plain = strcspn(begin, "+~");
        return (Str){begin, plain < n ? plain : n};
}

typedef struct Filler {
        const Recipe *recipe;
        RecipeVersionOf lookup;
        void *context;
        Err **error;
} Filler;

/* The last that asks for it is what stands. */
static const RecipePlace *place_of(const Recipe *r, const char *package) {
        for (size_t i = r->upstreams.n; i-- > 0;)
                if (streq(r->upstreams.v[i].name, package)) return &r->upstreams.v[i].at;
        return &r->at;
}

/* >0: *ret_text (owned) is to stand instead; 0: nothing to do. */
static int fill(const Filler *f, const char *text, char **ret_text) {
        static const char mark[] = "${upstream:";
        const char *at = strstr(text, mark), *from = text;
        AUTO(buf_done) Buf out = {0};
        for (; at; at = strstr(from, mark)) {
                const char *name = at + sizeof mark - 1, *end = strchr(name, '}');
                if (!end) break;
                AUTO(freep) char *package = xstrndup(name, (size_t)(end - name));
                const char *version = f->lookup(f->context, package);
                if (!version) {
                        const RecipePlace *place = place_of(f->recipe, package);
                        return err_new(f->error, ERR_SYNTAX,
                                       "%s:%u: '${upstream:%s}': there is no such package in the image", place->file,
                                       place->line, package);
                }
                buf_add(&out, from, (size_t)(at - from));
                buf_add_str(&out, upstream_of(version));
                from = end + 1;
        }
        if (from == text) return 0;
        buf_adds(&out, from);
        *ret_text = buf_take(&out);
        return 1;
}

static int fill_in_place(const Filler *f, char **text) {
        char *filled;
        int r = fill(f, *text, &filled);
        if (r <= 0) return r;
        free(*text);
        *text = filled;
        return 0;
}

int recipe_fill_versions(Recipe *r, RecipeVersionOf lookup, void *context, Err **e) {
        Filler f = {r, lookup, context, e};
        for (size_t i = 0; i < r->env.n; i++)
                if (fill_in_place(&f, &r->env.v[i]) < 0) return -1;
        for (size_t i = 0; i < r->labels.n; i++)
                if (fill_in_place(&f, &r->labels.v[i].value) < 0) return -1;
        for (size_t i = 0; i < r->annotations.n; i++)
                if (fill_in_place(&f, &r->annotations.v[i].value) < 0) return -1;
        return 0;
}
