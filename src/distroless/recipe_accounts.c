/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "distroless/accounts.h"
#include "distroless/recipe_internal.h"

/* Users and groups, each name and each id once. A later recipe may say a name again: that stands. */

static bool account_name_is_valid(const char *name) {
        size_t n = strlen(name);
        if (n < 1 || n > ACCOUNT_NAME_MAX || !(isalpha((unsigned char)*name) || *name == '_')) return false;
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]) && !(name[i] == '$' && i == n - 1))
                        return false;
        return true;
}

static const char *account_name(RecipeReader *r, const ConfigNode *entry, const char *what) {
        const char *name = recipe_member(r, entry, "name");
        if (!account_name_is_valid(name)) recipe_mistake(r, entry, "'%s' is no name of a %s", name, what);
        return name;
}

static uint32_t account_id(RecipeReader *r, const ConfigNode *entry, const char *key) {
        uint32_t id = 0;
        const ConfigNode *value = config_node_get(entry, key);
        const char *text = recipe_text(r, value);
        if (!u32_parse(str_of(text), 10, &id) || id == UINT32_MAX)
                recipe_mistake(r, value, "'%s' wants a number from 0 to 4294967294, found '%s'", key, text);
        return id;
}

/* A field of passwd(5). */
static const char *account_field(RecipeReader *r, const ConfigNode *entry, const char *key, const char *usual) {
        const char *text = recipe_member(r, entry, key);
        if (!text) return usual;
        if (strpbrk(text, ":\n\r"))
                recipe_mistake(r, config_node_get(entry, key), "'%s' must not hold ':' or a line end", key);
        return text;
}

static void used_twice(RecipeReader *r, const ConfigNode *at, const char *what, const char *name,
                       const RecipePlace *other) {
        if (other->file == at->file) {
                recipe_mistake(r, at, "the %s '%s' is there already, in line %u", what, name, other->line);
        } else {
                recipe_mistake(r, at, "the %s '%s' is there already, at %s:%u", what, name, other->file, other->line);
        }
}

static void add_user(RecipeReader *r, const ConfigNode *entry) {
        RecipeUsers *users = &r->recipe->users;
        RecipeUser user = {
                .name = account_name(r, entry, "user"), .uid = account_id(r, entry, "uid"), .at = recipe_place(entry)};
        user.gid = config_node_get(entry, "gid") ? account_id(r, entry, "gid") : user.uid;
        user.home = account_field(r, entry, "home", "/nonexistent");
        user.shell = account_field(r, entry, "shell", "/sbin/nologin");
        user.gecos = account_field(r, entry, "gecos", user.name);
        RecipeUser *same = NULL;
        for (size_t i = 0; i < users->n; i++) {
                RecipeUser *old = &users->v[i];
                if (streq(old->name, user.name)) {
                        same = old;
                        if (recipe_same_part(r, entry, &old->at)) used_twice(r, entry, "user", user.name, &old->at);
                } else if (old->uid == user.uid) {
                        char id[16];
                        snprintf(id, sizeof id, "%u", user.uid);
                        used_twice(r, entry, "user id", id, &old->at);
                }
        }
        if (same) {
                *same = user;
        } else if (recipe_room(r, entry, users->n)) {
                vec_push(users, user);
        }
}

static void add_group(RecipeReader *r, const ConfigNode *entry) {
        RecipeGroups *groups = &r->recipe->groups;
        RecipeGroup group = {
                .name = account_name(r, entry, "group"), .gid = account_id(r, entry, "gid"), .at = recipe_place(entry)};
        recipe_texts(r, config_node_get(entry, "members"), &group.members);
        RecipeGroup *same = NULL;
        for (size_t i = 0; i < groups->n; i++) {
                RecipeGroup *old = &groups->v[i];
                if (streq(old->name, group.name)) {
                        same = old;
                        if (recipe_same_part(r, entry, &old->at)) used_twice(r, entry, "group", group.name, &old->at);
                } else if (old->gid == group.gid) {
                        char id[16];
                        snprintf(id, sizeof id, "%u", group.gid);
                        used_twice(r, entry, "group id", id, &old->at);
                }
        }
        if (same) {
                strvec_done(&same->members);
                *same = group;
        } else if (recipe_room(r, entry, groups->n)) {
                vec_push(groups, group);
        } else {
                strvec_done(&group.members);
        }
}

void recipe_apply_accounts(RecipeReader *r, const ConfigNode *value) {
        const ConfigNode *users = config_node_get(value, "users"), *groups = config_node_get(value, "groups");
        for (const ConfigNode *entry = users ? users->first : NULL; entry; entry = entry->next) add_user(r, entry);
        for (const ConfigNode *entry = groups ? groups->first : NULL; entry; entry = entry->next) add_group(r, entry);
}
