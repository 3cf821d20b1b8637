/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "base/cleanup.h"
#include "dockerfile/path_pattern.h"
#include "distroless/recipe_internal.h"

/* Repositories, packages, and which of their paths. */

void recipe_apply_repositories(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                RecipeRepository repository = {.uri = recipe_member(r, entry, "uri"),
                                               .suite = recipe_member(r, entry, "suite"),
                                               .at = recipe_place(entry)};
                if (!strstr(repository.uri, ":/"))
                        recipe_mistake(r, entry, "the uri '%s' of a repository is no address: 'https://…' or 'file:/…'",
                                       repository.uri);
                recipe_texts(r, config_node_get(entry, "components"), &repository.components);
                if (!repository.components.n) strvec_push(&repository.components, "main");
                const ConfigNode *keys = config_node_get(entry, "signed-by");
                for (const ConfigNode *key = keys ? keys->first : NULL; key; key = key->next) {
                        const char *path = recipe_beside(r, key, recipe_text(r, key));
                        if (path) strvec_push(&repository.signed_by, path);
                }
                vec_push(&r->recipe->repositories, repository);
        }
}

/* deb-control(5): lower case letters, digits, "+", "-", ".", at least two, not a sign first. A relation may follow. */
static bool package_name_is_valid(const char *name) {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
        const char *rest = name + n;
        if (n < 2 || !isalnum((unsigned char)*name)) return false;
        if (*rest == ':') rest += 1 + strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");
        while (*rest == ' ') rest++;
        return !*rest || *rest == '=' || *rest == '(';
}

static Str package_key(const char *name) {
        return (Str){name, strcspn(name, " =(")};
}

static bool is_for(RecipeReader *r, const ConfigNode *at, const StrVec *architectures) {
        bool wanted = !architectures->n;
        for (size_t i = 0; i < architectures->n; i++) {
                const DebianArchitecture *one = recipe_architecture(architectures->v[i]);
                if (!one) recipe_mistake(r, at, "unknown architecture '%s'", architectures->v[i]);
                if (one == r->architecture) wanted = true;
        }
        return wanted;
}

static void package_done(RecipePackage *p) {
        strvec_done(&p->architectures);
        strvec_done(&p->paths);
}

/* What a later recipe says of a package stands; asked for with its closure once, it comes with it. */
static void add_package(RecipeReader *r, const ConfigNode *at, RecipePackage *package) {
        Str key = package_key(package->name);
        RecipePackages *all = &r->recipe->packages;
        for (size_t i = 0; i < all->n; i++) {
                RecipePackage *old = &all->v[i];
                if (!str_eq(package_key(old->name), key)) continue;
                if (recipe_same_part(r, at, &old->at))
                        recipe_mistake(r, at, "the package '" STR_FMT "' is there already, in line %u", STR_ARG(key),
                                       old->at.line);
                package->closure |= old->closure;
                package_done(old);
                *old = *package;
                return;
        }
        if (recipe_room(r, at, all->n)) {
                vec_push(all, *package);
        } else {
                package_done(package);
        }
}

void recipe_apply_packages(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                const ConfigNode *closure = config_node_get(entry, "closure");
                RecipePackage package = {.closure = closure ? recipe_flag(r, closure) : r->closure,
                                         .at = recipe_place(entry)};
                package.name = entry->kind == CONFIG_MAP ? recipe_member(r, entry, "name") : recipe_text(r, entry);
                recipe_texts(r, config_node_get(entry, "architectures"), &package.architectures);
                recipe_texts(r, config_node_get(entry, "paths"), &package.paths);
                if (!package_name_is_valid(package.name))
                        recipe_mistake(r, entry, "'%s' is no name of a package", package.name);
                if (is_for(r, entry, &package.architectures)) {
                        add_package(r, entry, &package);
                } else {
                        package_done(&package);
                }
        }
}

/* Early or late does not matter for what this recipe extends: that is read already. */
void recipe_apply_without(RecipeReader *r, const ConfigNode *value) {
        RecipePackages *all = &r->recipe->packages;
        for (const ConfigNode *item = value->first; item; item = item->next) {
                const char *name = recipe_text(r, item);
                size_t i = 0;
                while (i < all->n && !str_is(package_key(all->v[i].name), name)) i++;
                if (i < all->n) {
                        package_done(&all->v[i]);
                        memmove(&all->v[i], &all->v[i + 1], (all->n - i - 1) * sizeof *all->v);
                        all->n--;
                        continue;
                }
                AUTO(strvec_done) StrVec names = {0};
                for (i = 0; i < all->n; i++) strvec_push_take(&names, str_dup(package_key(all->v[i].name)));
                const char *near = nearest_name(name, (const char *const *)names.v, names.n);
                recipe_mistake(r, item, "what this recipe extends has no package '%s'%s%s%s", name,
                               near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
}

/* ---- Patterns */

static bool pattern_is_valid(const char *text) {
        PathPattern pattern;
        PathToken tokens[PATH_PATTERN_MAX + 1];
        Str body = str_of(*text == '/' ? text + 1 : text);
        return body.n && body.n < PATH_PATTERN_MAX && path_pattern_compile(&pattern, body, true, tokens);
}

static void add_patterns(RecipeReader *r, const ConfigNode *list, StrVec *to) {
        for (const ConfigNode *item = list->first; item; item = item->next) {
                const char *text = recipe_text(r, item);
                if (*text != '/' && !starts_with(text, "**")) {
                        recipe_mistake(r, item, "the pattern '%s' is not absolute: write '/%s' or '**/%s'", text, text,
                                       text);
                } else if (!pattern_is_valid(text)) {
                        recipe_mistake(r, item, "'%s' is no pattern", text);
                } else if (recipe_room(r, item, to->n)) {
                        strvec_push(to, text);
                }
        }
}

void recipe_apply_keep(RecipeReader *r, const ConfigNode *value) {
        add_patterns(r, value, &r->recipe->keep);
}

void recipe_apply_drop(RecipeReader *r, const ConfigNode *value) {
        add_patterns(r, value, &r->recipe->drop);
}

static bool any_matches(const StrVec *patterns, const char *path) {
        PathToken tokens[PATH_PATTERN_MAX + 1];
        Str body = str_of(*path == '/' ? path + 1 : path);
        for (size_t i = 0; i < patterns->n; i++) {
                PathPattern pattern;
                const char *text = patterns->v[i];
                if (path_pattern_compile(&pattern, str_of(*text == '/' ? text + 1 : text), true, tokens) &&
                    path_pattern_match(&pattern, body, true))
                        return true;
        }
        return false;
}

bool recipe_takes(const Recipe *r, const char *path) {
        return !any_matches(&r->drop, path) || any_matches(&r->keep, path);
}

bool recipe_package_takes(const RecipePackage *p, const char *path) {
        return !p->paths.n || any_matches(&p->paths, path);
}

/* ---- A whole Debian */

void recipe_apply_bootstrap(RecipeReader *r, const ConfigNode *value) {
        static const char *const variants[] = {"minbase",   "essential", "apt",   "required",
                                               "important", "standard",  "buildd"};
        const char *text = recipe_text(r, value);
        for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
                if (!streq(text, variants[i])) continue;
                r->recipe->bootstrap = text;
                return;
        }
        const char *near = nearest_name(text, variants, ARRAY_SIZE(variants));
        recipe_mistake(r, value, "unknown kind of Debian '%s': %s '%s'", text,
                       near ? "did you mean" : "there is, for one,", near ? near : variants[0]);
}
