/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "distroless/recipe_internal.h"

/* Directories, files, links and removals: each path once; what a later recipe says of a path stands. */

static uint32_t mode_of(RecipeReader *r, const ConfigNode *entry, uint32_t usual) {
        const ConfigNode *value = config_node_get(entry, "mode");
        uint32_t mode = usual;
        if (!value) return usual;
        Str text = str_of(recipe_text(r, value));
        if (str_starts(text, STR("0o"))) text = str_sub(text, 2, text.n);
        if (!u32_parse(text, 8, &mode) || mode > 07777)
                recipe_mistake(r, value, "'mode' wants an octal number from 0 to 7777, found '" STR_FMT "'",
                               STR_ARG(text));
        return mode;
}

static bool user_id(const Recipe *recipe, Str text, uint32_t *ret_uid, uint32_t *ret_gid) {
        for (size_t i = 0; i < recipe->users.n; i++) {
                if (!str_is(text, recipe->users.v[i].name)) continue;
                *ret_uid = recipe->users.v[i].uid;
                *ret_gid = recipe->users.v[i].gid;
                return true;
        }
        if (!u32_parse(text, 10, ret_uid)) return false;
        *ret_gid = *ret_uid;
        return true;
}

static bool group_id(const Recipe *recipe, Str text, uint32_t *ret_gid) {
        for (size_t i = 0; i < recipe->groups.n; i++) {
                if (!str_is(text, recipe->groups.v[i].name)) continue;
                *ret_gid = recipe->groups.v[i].gid;
                return true;
        }
        return u32_parse(text, 10, ret_gid);
}

/* "65532:65532", "nonroot", "nonroot:staff". */
static void set_owner(RecipeReader *r, const ConfigNode *entry, RecipePath *path) {
        const ConfigNode *value = config_node_get(entry, "owner");
        if (!value) return;
        Str group = str_of(recipe_text(r, value)), user;
        bool has_group = str_cut(&group, ':', &user);
        if (!user_id(r->recipe, user, &path->uid, &path->gid)) {
                recipe_mistake(r, value, "there is no user '" STR_FMT "' in accounts", STR_ARG(user));
        } else if (has_group && !group_id(r->recipe, group, &path->gid)) {
                recipe_mistake(r, value, "there is no group '" STR_FMT "' in accounts", STR_ARG(group));
        }
}

/* The path is looked up by itself; r->places holds index + 1. */
static void add_path(RecipeReader *r, const ConfigNode *at, RecipePath path) {
        RecipePaths *all = &r->recipe->paths;
        size_t old = (size_t)map_gets(r->places, path.path);
        path.at = recipe_place(at);
        if (old) {
                if (recipe_same_part(r, at, &all->v[old - 1].at))
                        recipe_mistake(r, at, "the path '%s' is there already, in line %u", path.path,
                                       all->v[old - 1].at.line);
                all->v[old - 1] = path;
        } else if (recipe_room(r, at, all->n)) {
                vec_push(all, path);
                map_puts(r->places, path.path, (void *)all->n);
        }
}

static const char *path_of(RecipeReader *r, const ConfigNode *entry) {
        return recipe_image_path(r, entry, recipe_expand(r, entry, entry->key));
}

/* Anything but a directory cannot be the root. */
static const char *path_below_root(RecipeReader *r, const ConfigNode *entry, const char *text) {
        const char *path = recipe_image_path(r, entry, text);
        if (!path || path[1]) return path;
        recipe_mistake(r, entry, "the root directory cannot be this");
        return NULL;
}

void recipe_apply_directories(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                RecipePath path = {
                        .kind = RECIPE_DIRECTORY, .path = path_of(r, entry), .mode = mode_of(r, entry, 0755)};
                set_owner(r, entry, &path);
                if (path.path) add_path(r, entry, path);
        }
}

void recipe_apply_files(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                const ConfigNode *text = config_node_get(entry, "text"), *source = config_node_get(entry, "source");
                RecipePath path = {.kind = RECIPE_FILE, .mode = mode_of(r, entry, 0644)};
                path.path = path_below_root(r, entry, recipe_expand(r, entry, entry->key));
                set_owner(r, entry, &path);
                if (!text == !source) {
                        recipe_mistake(r, entry, "a file wants 'text' or 'source', %s",
                                       text ? "not both" : "found neither");
                        continue;
                }
                if (source) {
                        path.source = recipe_beside(r, source, recipe_text(r, source));
                } else {
                        path.text = arena_strdup(r->arena, text->text); /* as it is: "${" belongs to others, too */
                }
                if (path.path) add_path(r, entry, path);
        }
}

void recipe_apply_links(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                const ConfigNode *hard = config_node_get(entry, "hard");
                RecipePath path = {.kind = hard && recipe_flag(r, hard) ? RECIPE_HARDLINK : RECIPE_SYMLINK,
                                   .mode = 0777};
                path.path = path_below_root(r, entry, recipe_expand(r, entry, entry->key));
                path.target = entry->kind == CONFIG_MAP ? recipe_member(r, entry, "target") : recipe_text(r, entry);
                set_owner(r, entry, &path);
                if (!path.target || !*path.target) {
                        recipe_mistake(r, entry, "the target of a link is empty");
                } else if (path.kind == RECIPE_HARDLINK) {
                        if (config_node_get(entry, "owner"))
                                recipe_mistake(r, entry, "a hard link has the owner of its target");
                        path.target = path_below_root(r, entry, path.target);
                }
                if (path.path && path.target) add_path(r, entry, path);
        }
}

void recipe_apply_remove(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *item = value->first; item; item = item->next) {
                RecipePath path = {.kind = RECIPE_REMOVE, .path = path_below_root(r, item, recipe_text(r, item))};
                if (path.path) add_path(r, item, path);
        }
}

void recipe_apply_busybox(RecipeReader *r, const ConfigNode *value) {
        r->recipe->busybox = path_below_root(r, value, recipe_text(r, value));
}
