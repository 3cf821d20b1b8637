/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/published_internal.h"

/* A recipe and what it extends, read and checked; what the chain as a whole is made for. */

void recipe_reader_done(RecipeReader *r) {
        for (size_t i = 0; i < r->files.n; i++) recipe_text_done(&r->files.v[i].text);
        vec_done(&r->files);
        strvec_done(&r->releases);
        strvec_done(&r->variants);
        strvec_done(&r->architectures);
        buf_done(&r->mistakes);
        if (r->places) map_free(r->places);
}

static const ConfigNode *key_of(const RecipeReader *r, size_t file, const char *key) {
        return config_node_get(r->files.v[file].root, key);
}

/* ---- One file */

/* It becomes part of the name of a lock file. */
static void check_name(RecipeReader *r, const ConfigNode *name) {
        if (!name || name->kind != CONFIG_TEXT) return;
        bool fine = *name->text && !strchr(name->text, '/');
        for (const char *c = name->text; *c; c++)
                if (iscntrl((unsigned char)*c)) fine = false;
        if (!fine) recipe_mistake(r, name, "'%s' is no name of a recipe", name->text);
}

static int parse_file(RecipeReader *r, RecipeFile *file, Err **e) {
        if (config_yaml_parse(r->arena, file->text.file, (Str){file->text.text, file->text.size}, &file->root, e) < 0)
                return -1;
        if (file->root->kind == CONFIG_NULL) {
                file->root->kind = CONFIG_MAP; /* an empty file */
        } else if (file->root->kind != CONFIG_MAP) {
                recipe_mistake(r, file->root, "a recipe is a map of keys such as 'packages:', found %s",
                               config_node_kind_name(file->root));
                return recipe_check_mistakes(r, e);
        }
        recipe_check_keys(r, file->root, SECTION_RECIPE);
        check_name(r, config_node_get(file->root, "name"));
        published_check(r, file->root);
        return recipe_check_mistakes(r, e);
}

static int circle(const RecipeReader *r, const RecipeText *again, const ConfigNode *at, Err **e) {
        AUTO(buf_done) Buf chain = {0};
        size_t from = 0;
        while (!streq(r->files.v[from].text.file, again->file)) from++;
        for (size_t i = from; i < r->files.n; i++) buf_addf(&chain, "%s -> ", r->files.v[i].text.name);
        return err_new(e, ERR_SYNTAX, "%s:%u: recipes extend each other in a circle: %s%s", at->file, at->line, chain.p,
                       again->name);
}

/* What `extends` of the last file names; takes *text in any case. */
static int add_file(RecipeReader *r, RecipeText *text, const ConfigNode *at, Err **e) {
        for (size_t i = 0; i < r->files.n; i++) {
                if (!streq(r->files.v[i].text.file, text->file)) continue;
                circle(r, text, at, e);
                recipe_text_done(text);
                return -1;
        }
        if (r->files.n == RECIPE_EXTENDS_MAX) {
                recipe_text_done(text);
                return err_new(e, ERR_LIMIT, "%s:%u: more than %d recipes in a row", at->file, at->line,
                               RECIPE_EXTENDS_MAX);
        }
        vec_push(&r->files, (RecipeFile){.text = *text});
        return parse_file(r, &r->files.v[r->files.n - 1], e);
}

static int find_extended(RecipeReader *r, const ConfigNode *extends, RecipeText *ret_text, Err **e) {
        const RecipeText *last = &r->files.v[r->files.n - 1].text;
        const char *name = extends->text;
        if (recipe_is_path(name) && *name != '/') {
                if (!last->folder)
                        return config_node_error(extends, e, "a recipe that comes with the program extends '%s'", name);
                name = arena_printf(r->arena, "%s/%s", last->folder, starts_with(name, "./") ? name + 2 : name);
        }
        if (recipe_find_after(r->book, name, last->file, ret_text, e) < 0)
                return err_wrap(e, "%s:%u", extends->file, extends->line);
        return 0;
}

/* ---- What the chain is made for */

static void no_such_release(RecipeReader *r, const ConfigNode *at) {
        AUTO(strvec_done) StrVec names = {0};
        for (const DebianName *d = debian_names; d->release; d++) strvec_push(&names, d->release);
        const char *near = nearest_name(at->key, (const char *const *)names.v, names.n);
        recipe_mistake(r, at, "unknown release '%s': %s%s", at->key, near ? "did you mean " : "there are ",
                       near ? near : recipe_joined(r, &names));
}

/* Those of all files that say some; the innermost first, so that a mistake names what is left. */
static void find_releases(RecipeReader *r) {
        for (const DebianName *d = debian_names; d->release; d++)
                if (streq(d->release, "debian12") || streq(d->release, "debian13"))
                        strvec_push(&r->releases, d->release);
        bool said = false;
        for (size_t i = r->files.n; i-- > 0;) {
                const ConfigNode *releases = key_of(r, i, "releases");
                if (!releases) continue;
                StrVec both = {0};
                for (const ConfigNode *one = releases->first; one; one = one->next) {
                        if (!debian_name_find(one->key) || !streq(debian_name_find(one->key)->release, one->key)) {
                                no_such_release(r, one);
                        } else if (said && strvec_index(&r->releases, one->key) < 0) {
                                recipe_mistake(r, one, "what this recipe extends is not made for %s, only for %s",
                                               one->key, recipe_joined(r, &r->releases));
                        } else {
                                strvec_push(&both, one->key);
                        }
                }
                if (!releases->first) recipe_mistake(r, releases, "'releases' wants at least one");
                strvec_sort(&both);
                strvec_done(&r->releases);
                r->releases = both;
                said = true;
        }
}

static void find_variants(RecipeReader *r) {
        strvec_push(&r->variants, "latest");
        for (size_t i = r->files.n; i-- > 0;) {
                const ConfigNode *variants = key_of(r, i, "variants");
                for (const ConfigNode *one = variants ? variants->first : NULL; one; one = one->next) {
                        if (!*one->key ||
                            strspn(one->key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(one->key))
                                recipe_mistake(r, one, "'%s' is no name of a variant", one->key);
                        if (strvec_index(&r->variants, one->key) < 0) strvec_push(&r->variants, one->key);
                }
        }
}

static void find_architectures(RecipeReader *r) {
        for (size_t i = 0; i < r->files.n && !r->architectures.n; i++) {
                const ConfigNode *list = key_of(r, i, "architectures");
                if (list) r->made_for = recipe_place(list);
                for (const ConfigNode *one = list ? list->first : NULL; one; one = one->next) {
                        const DebianArchitecture *known = recipe_architecture(one->text);
                        if (!known) {
                                recipe_mistake(r, one, "unknown architecture '%s': amd64, arm64, armhf, ...",
                                               one->text);
                        } else if (strvec_index(&r->architectures, known->name) < 0) {
                                strvec_push(&r->architectures, known->name);
                        }
                }
        }
        if (r->architectures.n) return;
        size_t count;
        const DebianArchitecture *all = debian_architectures(&count);
        for (size_t i = 0; i < count; i++) strvec_push(&r->architectures, all[i].name);
}

/* `with` names variants that the chain has. */
static void check_with(RecipeReader *r) {
        for (size_t i = 0; i < r->files.n; i++) {
                const ConfigNode *variants = key_of(r, i, "variants");
                for (const ConfigNode *one = variants ? variants->first : NULL; one; one = one->next) {
                        const ConfigNode *with = config_node_get(one, "with");
                        for (const ConfigNode *name = with ? with->first : NULL; name; name = name->next)
                                if (strvec_index(&r->variants, name->text) < 0)
                                        recipe_mistake(r, name, "there is no variant '%s': %s", name->text,
                                                       recipe_joined(r, &r->variants));
                }
        }
}

int recipe_read_chain(RecipeReader *r, const char *name, Err **e) {
        RecipeText text = {0};
        const ConfigNode *extends = NULL;
        if (recipe_find(r->book, name, &text, e) < 0) return -1;
        do {
                if (add_file(r, &text, extends, e) < 0) return -1;
                extends = key_of(r, r->files.n - 1, "extends");
                if (extends && find_extended(r, extends, &text, e) < 0) return -1;
        } while (extends);
        find_releases(r);
        find_variants(r);
        find_architectures(r);
        check_with(r);
        return recipe_check_mistakes(r, e);
}
