/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

/* The keys of a recipe: one table for checking, reading and the test of docs/RECIPES.md. */

#define OF(section) (1U << SECTION_##section)

const RecipeKey recipe_keys[] = {
        {IN_RECIPE, .name = "name", .kind = VALUE_TEXT},
        {IN_RECIPE, .name = "description", .kind = VALUE_TEXT},
        {IN_RECIPE, .name = "extends", .kind = VALUE_TEXT},
        {IN_RECIPE, .name = "releases", .kind = VALUE_NAMED, .inside = SECTION_RELEASE},
        {IN_RECIPE, .name = "variants", .kind = VALUE_NAMED, .inside = SECTION_VARIANT},
        {OF(VARIANT), .name = "with", .kind = VALUE_TEXTS},
        {IN_RECIPE, .name = "architectures", .kind = VALUE_TEXTS},
        {IN_RECIPE, .name = "published", .kind = VALUE_TEXTS},
        {IN_RECIPE | IN_RELEASE, .name = "versions", .kind = VALUE_TEXTS},

        {IN_RECIPE | IN_RELEASE, .name = "repositories", .kind = VALUE_ENTRIES, .inside = SECTION_REPOSITORY,
         .apply = recipe_apply_repositories},
        {OF(REPOSITORY), .name = "uri", .kind = VALUE_TEXT, .required = true},
        {OF(REPOSITORY), .name = "suite", .kind = VALUE_TEXT, .required = true},
        {OF(REPOSITORY), .name = "components", .kind = VALUE_TEXTS},
        {OF(REPOSITORY), .name = "signed-by", .kind = VALUE_TEXTS},

        {IN_BODY, .name = "closure", .kind = VALUE_FLAG},
        {IN_BODY, .name = "packages", .kind = VALUE_SHORT_ENTRIES, .inside = SECTION_PACKAGE,
         .apply = recipe_apply_packages},
        {IN_BODY, .name = "without", .kind = VALUE_TEXTS, .apply = recipe_apply_without},
        {OF(PACKAGE), .name = "name", .kind = VALUE_TEXT, .required = true},
        {OF(PACKAGE), .name = "closure", .kind = VALUE_FLAG},
        {OF(PACKAGE), .name = "architectures", .kind = VALUE_TEXTS},
        {OF(PACKAGE), .name = "paths", .kind = VALUE_TEXTS},
        {IN_BODY, .name = "keep", .kind = VALUE_TEXTS, .apply = recipe_apply_keep},
        {IN_BODY, .name = "drop", .kind = VALUE_TEXTS, .apply = recipe_apply_drop},
        {IN_BODY, .name = "busybox", .kind = VALUE_TEXT, .apply = recipe_apply_busybox},
        {IN_BODY, .name = "bootstrap", .kind = VALUE_TEXT, .apply = recipe_apply_bootstrap},

        {IN_BODY, .name = "accounts", .kind = VALUE_MAP, .inside = SECTION_ACCOUNTS, .early = true,
         .apply = recipe_apply_accounts},
        {OF(ACCOUNTS), .name = "users", .kind = VALUE_ENTRIES, .inside = SECTION_USER},
        {OF(ACCOUNTS), .name = "groups", .kind = VALUE_ENTRIES, .inside = SECTION_GROUP},
        {OF(USER), .name = "name", .kind = VALUE_TEXT, .required = true},
        {OF(USER), .name = "uid", .kind = VALUE_TEXT, .required = true},
        {OF(USER), .name = "gid", .kind = VALUE_TEXT},
        {OF(USER), .name = "home", .kind = VALUE_TEXT},
        {OF(USER), .name = "shell", .kind = VALUE_TEXT},
        {OF(USER), .name = "gecos", .kind = VALUE_TEXT},
        {OF(GROUP), .name = "name", .kind = VALUE_TEXT, .required = true},
        {OF(GROUP), .name = "gid", .kind = VALUE_TEXT, .required = true},
        {OF(GROUP), .name = "members", .kind = VALUE_TEXTS},

        {IN_BODY, .name = "directories", .kind = VALUE_NAMED, .inside = SECTION_DIRECTORY,
         .apply = recipe_apply_directories},
        {IN_BODY, .name = "files", .kind = VALUE_NAMED, .inside = SECTION_FILE, .apply = recipe_apply_files},
        {IN_BODY, .name = "links", .kind = VALUE_SHORT_NAMED, .inside = SECTION_LINK, .apply = recipe_apply_links},
        {IN_BODY, .name = "remove", .kind = VALUE_TEXTS, .apply = recipe_apply_remove},
        {OF(DIRECTORY) | OF(FILE), .name = "mode", .kind = VALUE_TEXT},
        {OF(DIRECTORY) | OF(FILE) | OF(LINK), .name = "owner", .kind = VALUE_TEXT},
        {OF(FILE), .name = "text", .kind = VALUE_TEXT},
        {OF(FILE), .name = "source", .kind = VALUE_TEXT},
        {OF(LINK), .name = "target", .kind = VALUE_TEXT, .required = true},
        {OF(LINK), .name = "hard", .kind = VALUE_FLAG},

        {IN_BODY, .name = "certificates", .kind = VALUE_TEXTS, .apply = recipe_apply_certificates},
        {IN_BODY, .name = "ca-bundle", .kind = VALUE_FLAG, .apply = recipe_apply_ca_bundle},
        {IN_BODY, .name = "ca-links", .kind = VALUE_FLAG, .apply = recipe_apply_ca_links},
        {IN_BODY, .name = "java-keystore", .kind = VALUE_FLAG, .apply = recipe_apply_java_keystore},
        {IN_BODY, .name = "ld-cache", .kind = VALUE_FLAG, .apply = recipe_apply_ld_cache},
        {IN_BODY, .name = "os-release", .kind = VALUE_FLAG, .apply = recipe_apply_os_release},
        {IN_BODY, .name = "nsswitch", .kind = VALUE_TEXT, .apply = recipe_apply_nsswitch},
        {IN_BODY, .name = "python-bytecode", .kind = VALUE_FLAG, .apply = recipe_apply_python_bytecode},
        {IN_BODY, .name = "java-runtime", .kind = VALUE_MAP, .inside = SECTION_JAVA_RUNTIME,
         .apply = recipe_apply_java_runtime},
        {OF(JAVA_RUNTIME), .name = "version", .kind = VALUE_TEXT, .required = true},
        {OF(JAVA_RUNTIME), .name = "modules", .kind = VALUE_TEXTS, .required = true},
        {IN_BODY, .name = "time-zone", .kind = VALUE_TEXT, .apply = recipe_apply_time_zone},
        {IN_BODY, .name = "locale", .kind = VALUE_TEXT, .apply = recipe_apply_locale},

        {IN_BODY, .name = "environment", .kind = VALUE_TEXT_MAP, .apply = recipe_apply_environment},
        {IN_BODY, .name = "entrypoint", .kind = VALUE_TEXTS, .apply = recipe_apply_entrypoint},
        {IN_BODY, .name = "cmd", .kind = VALUE_TEXTS, .apply = recipe_apply_cmd},
        {IN_BODY, .name = "user", .kind = VALUE_TEXT, .apply = recipe_apply_user},
        {IN_BODY, .name = "work-dir", .kind = VALUE_TEXT, .apply = recipe_apply_work_dir},
        {IN_BODY, .name = "stop-signal", .kind = VALUE_TEXT, .apply = recipe_apply_stop_signal},
        {IN_BODY, .name = "labels", .kind = VALUE_TEXT_MAP, .apply = recipe_apply_labels},
        {IN_BODY, .name = "annotations", .kind = VALUE_TEXT_MAP, .apply = recipe_apply_annotations},

        {IN_BODY, .name = "layering", .kind = VALUE_TEXT_OR_MAP, .inside = SECTION_LAYERING,
         .apply = recipe_apply_layering},
        {OF(LAYERING), .name = "strategy", .kind = VALUE_TEXT, .required = true},
        {OF(LAYERING), .name = "budget", .kind = VALUE_TEXT},
        {IN_BODY, .name = "size-budget", .kind = VALUE_TEXT, .apply = recipe_apply_size_budget},
};
const size_t recipe_key_count = ARRAY_SIZE(recipe_keys);

const RecipeKey *recipe_key_find(RecipeSection section, const char *name) {
        for (size_t i = 0; i < recipe_key_count; i++)
                if (recipe_keys[i].sections & 1U << section && streq(recipe_keys[i].name, name)) return &recipe_keys[i];
        return NULL;
}

static void unknown_key(RecipeReader *r, const ConfigNode *value, RecipeSection section) {
        const char *names[ARRAY_SIZE(recipe_keys)];
        size_t count = 0;
        for (size_t i = 0; i < recipe_key_count; i++) {
                if (!(recipe_keys[i].sections & 1U << section)) {
                        if (section == SECTION_RECIPE || !streq(recipe_keys[i].name, value->key) ||
                            !(recipe_keys[i].sections & IN_RECIPE) || section > SECTION_VARIANT)
                                continue;
                        recipe_mistake(r, value, "the key '%s' may only stand at the top of a recipe", value->key);
                        return;
                }
                names[count++] = recipe_keys[i].name;
        }
        const char *near = nearest_name(value->key, names, count);
        if (near) {
                recipe_mistake(r, value, "unknown key '%s': did you mean '%s'?", value->key, near);
                return;
        }
        AUTO(buf_done) Buf list = {0};
        for (size_t i = 0; i < count; i++) buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
        recipe_mistake(r, value, "unknown key '%s': there are %s", value->key, list.p);
}

static void check_value(RecipeReader *r, const ConfigNode *value, RecipeValueKind kind, RecipeSection inside);

/* What the members of a list or map have to be. A name alone stands for an empty map. */
static void check_members(RecipeReader *r, const ConfigNode *value, RecipeValueKind kind, RecipeSection inside) {
        for (const ConfigNode *member = value->first; member; member = member->next)
                if (kind != VALUE_MAP || member->kind != CONFIG_NULL || !member->key)
                        check_value(r, member, kind, inside);
}

static bool kind_fits(RecipeValueKind kind, const ConfigNode *value) {
        bool flag;
        switch (kind) {
        case VALUE_TEXT: return value->kind == CONFIG_TEXT;
        case VALUE_FLAG: return value->kind == CONFIG_TEXT && value->plain && config_node_flag(value, &flag) == 0;
        case VALUE_TEXTS:
        case VALUE_ENTRIES:
        case VALUE_SHORT_ENTRIES: return value->kind == CONFIG_LIST;
        case VALUE_TEXT_OR_MAP: return value->kind == CONFIG_MAP || value->kind == CONFIG_TEXT;
        default: return value->kind == CONFIG_MAP;
        }
}

static void check_value(RecipeReader *r, const ConfigNode *value, RecipeValueKind kind, RecipeSection inside) {
        static const char *const expected[VALUE_KIND_MAX] = {
                [VALUE_TEXT] = "a text",
                [VALUE_FLAG] = "true or false",
                [VALUE_TEXTS] = "a list of texts",
                [VALUE_TEXT_MAP] = "a map of texts",
                [VALUE_MAP] = "a map",
                [VALUE_TEXT_OR_MAP] = "a text or a map",
                [VALUE_ENTRIES] = "a list of maps",
                [VALUE_SHORT_ENTRIES] = "a list of texts or maps",
                [VALUE_NAMED] = "a map of names to maps",
                [VALUE_SHORT_NAMED] = "a map of names to texts or maps",
        };
        if (!kind_fits(kind, value)) {
                const char *found = value->kind == CONFIG_NULL ? "nothing" : config_node_kind_name(value);
                if (value->key) {
                        recipe_mistake(r, value, "'%s' wants %s, found %s", value->key, expected[kind], found);
                } else {
                        recipe_mistake(r, value, "expected %s, found %s", expected[kind], found);
                }
                return;
        }
        switch (kind) {
        case VALUE_TEXTS:
        case VALUE_TEXT_MAP: check_members(r, value, VALUE_TEXT, inside); return;
        case VALUE_ENTRIES:
        case VALUE_NAMED: check_members(r, value, VALUE_MAP, inside); return;
        case VALUE_SHORT_ENTRIES:
        case VALUE_SHORT_NAMED: check_members(r, value, VALUE_TEXT_OR_MAP, inside); return;
        default:
                if (value->kind == CONFIG_MAP) recipe_check_keys(r, value, inside);
        }
}

void recipe_check_keys(RecipeReader *r, const ConfigNode *map, RecipeSection section) {
        for (const ConfigNode *value = map->first; value; value = value->next) {
                const RecipeKey *key = recipe_key_find(section, value->key);
                if (key) {
                        check_value(r, value, key->kind, key->inside);
                } else {
                        unknown_key(r, value, section);
                }
        }
        for (size_t i = 0; i < recipe_key_count; i++) {
                const RecipeKey *key = &recipe_keys[i];
                if (key->required && key->sections & 1U << section && !config_node_get(map, key->name))
                        recipe_mistake(r, map, "the key '%s' is missing here", key->name);
        }
}
