/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

/* Values of recipes: mistakes, variables, paths. */

enum { PATH_LIMIT = 4095, MISTAKES_SHOWN = 20 };

void recipe_mistake(RecipeReader *r, const ConfigNode *at, const char *format, ...) {
        if (++r->mistake_count > MISTAKES_SHOWN) return;
        buf_addf(&r->mistakes, "%s:%u: ", at->file, at->line);
        va_list ap;
        va_start(ap, format);
        buf_addvf(&r->mistakes, format, ap);
        va_end(ap);
        buf_addc(&r->mistakes, '\n');
}

int recipe_check_mistakes(RecipeReader *r, Err **e) {
        if (!r->mistake_count) return 0;
        Str rest = buf_str(&r->mistakes), first;
        str_cut(&rest, '\n', &first);
        err_new(e, ERR_SYNTAX, STR_FMT, STR_ARG(first));
        if (r->mistake_count > MISTAKES_SHOWN)
                buf_addf(&r->mistakes, "... and %zu more\n", r->mistake_count - MISTAKES_SHOWN);
        if (r->mistake_count > 1) err_excerpt(e, r->mistakes.p + first.n + 1);
        return -1;
}

RecipePlace recipe_place(const ConfigNode *at) {
        return (RecipePlace){at->file, at->line};
}

bool recipe_same_part(const RecipeReader *r, const ConfigNode *at, const RecipePlace *other) {
        return other->file == at->file && other->line >= r->first_line && other->line <= r->last_line;
}

bool recipe_room(RecipeReader *r, const ConfigNode *at, size_t count) {
        if (count < RECIPE_ENTRIES_MAX) return true;
        if (count == RECIPE_ENTRIES_MAX) recipe_mistake(r, at, "more than %d entries", RECIPE_ENTRIES_MAX);
        return false;
}

const char *recipe_joined(RecipeReader *r, const StrVec *list) {
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < list->n; i++) buf_addf(&text, "%s%s", i ? ", " : "", list->v[i]);
        return arena_str(r->arena, buf_str(&text));
}

/* ---- Variables */

typedef const char *(*VariableOf)(const RecipeReader *r);

static const char *release_of(const RecipeReader *r) {
        return r->debian->release;
}

static const char *codename_of(const RecipeReader *r) {
        return r->debian->codename;
}

static const char *version_id_of(const RecipeReader *r) {
        return r->debian->version_id;
}

static const char *architecture_of(const RecipeReader *r) {
        return r->architecture->name;
}

static const char *multiarch_of(const RecipeReader *r) {
        return r->architecture->triplet;
}

static const char *variant_of(const RecipeReader *r) {
        return r->recipe->variant;
}

static const struct {
        const char *name;
        VariableOf value;
} variables[] = {
        {"release", release_of},           {"codename", codename_of},   {"version-id", version_id_of},
        {"architecture", architecture_of}, {"multiarch", multiarch_of}, {"variant", variant_of},
};

/* One name between the braces; what is known only when packages are is left as it stands. */
static void add_variable(RecipeReader *r, const ConfigNode *at, Str name, Buf *out) {
        const char *names[ARRAY_SIZE(variables)];
        if (str_starts(name, STR("upstream:"))) {
                buf_addf(out, "${" STR_FMT "}", STR_ARG(name));
                name = str_sub(name, strlen("upstream:"), name.n);
                vec_push(&r->recipe->upstreams, (RecipeUpstream){arena_str(r->arena, name), recipe_place(at)});
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                names[i] = variables[i].name;
                if (!str_is(name, variables[i].name)) continue;
                buf_adds(out, variables[i].value(r));
                return;
        }
        AUTO(freep) char *text = str_dup(name);
        const char *near = nearest_name(text, names, ARRAY_SIZE(variables));
        recipe_mistake(r, at, "unknown variable '${%s}': %s '${%s}'", text,
                       near ? "did you mean" : "there is, for one,", near ? near : names[0]);
}

const char *recipe_expand(RecipeReader *r, const ConfigNode *at, const char *text) {
        if (!strstr(text, "${")) return arena_strdup(r->arena, text);
        AUTO(buf_done) Buf out = {0};
        for (const char *p = text; *p;) {
                const char *end = starts_with(p, "${") ? strchr(p, '}') : NULL;
                if (starts_with(p, "$${")) {
                        buf_adds(&out, "${");
                        p += 3;
                } else if (end) {
                        add_variable(r, at, (Str){p + 2, (size_t)(end - p) - 2}, &out);
                        p = end + 1;
                } else {
                        buf_addc(&out, *p++);
                }
        }
        return arena_str(r->arena, buf_str(&out));
}

const char *recipe_text(RecipeReader *r, const ConfigNode *value) {
        return value->kind == CONFIG_TEXT ? recipe_expand(r, value, value->text) : "";
}

const char *recipe_member(RecipeReader *r, const ConfigNode *map, const char *key) {
        const ConfigNode *value = config_node_get(map, key);
        return value ? recipe_text(r, value) : NULL;
}

void recipe_texts(RecipeReader *r, const ConfigNode *list, StrVec *to) {
        for (const ConfigNode *item = list ? list->first : NULL; item; item = item->next)
                if (recipe_room(r, item, to->n)) strvec_push(to, recipe_text(r, item));
}

bool recipe_flag(RecipeReader *r, const ConfigNode *value) {
        bool flag = false;
        (void)r;
        (void)config_node_flag(value, &flag); /* its kind was checked with the keys */
        return flag;
}

/* ---- Paths */

const char *recipe_image_path(RecipeReader *r, const ConfigNode *at, const char *path) {
        if (*path != '/') {
                recipe_mistake(r, at, "the path '%s' is not absolute: write '/%s'", path, path);
                return NULL;
        }
        if (strlen(path) > PATH_LIMIT) {
                recipe_mistake(r, at, "a path of more than %d bytes", PATH_LIMIT);
                return NULL;
        }
        AUTO(buf_done) Buf clean = {0};
        Str rest = str_of(path + 1), part;
        for (bool more = true; more;) {
                more = str_cut(&rest, '/', &part);
                if (str_is(part, "..") || str_is(part, ".")) {
                        recipe_mistake(r, at, "the path '%s' must not hold '" STR_FMT "'", path, STR_ARG(part));
                        return NULL;
                }
                if (str_starts(part, STR(".wh."))) {
                        recipe_mistake(r, at, "the path '%s': names with '.wh.' take files away in layers", path);
                        return NULL;
                }
                if (!part.n) continue;
                buf_addc(&clean, '/');
                buf_add_str(&clean, part);
        }
        return clean.n ? arena_str(r->arena, buf_str(&clean)) : "/";
}

const char *recipe_beside(RecipeReader *r, const ConfigNode *at, const char *path) {
        if (!*path) {
                recipe_mistake(r, at, "the name of a file is empty");
                return NULL;
        }
        if (*path == '/') return path;
        if (r->folder) return arena_printf(r->arena, "%s/%s", r->folder, path);
        recipe_mistake(r, at, "a recipe that comes with the program has no file '%s' beside it", path);
        return NULL;
}
