/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "distroless/recipe_internal.h"

#define SIZE_BUDGET_MAX 0x1p50

/* What stands in the image's configuration, certificates, time zone, layers, budgets. */

void recipe_apply_certificates(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *item = value->first; item; item = item->next) {
                const char *path = recipe_beside(r, item, recipe_text(r, item));
                if (!path) continue;
                if (strvec_index(&r->recipe->certificates, path) >= 0) {
                        recipe_mistake(r, item, "the certificate file '%s' is there already", path);
                } else if (recipe_room(r, item, r->recipe->certificates.n)) {
                        strvec_push(&r->recipe->certificates, path);
                        vec_push(&r->recipe->certificates_at, recipe_place(item));
                }
        }
}

#define FLAG(member)                                                           \
        void recipe_apply_##member(RecipeReader *r, const ConfigNode *value) { \
                r->recipe->member = recipe_flag(r, value);                     \
        }

FLAG(ca_bundle)
FLAG(ca_links)
FLAG(java_keystore)
FLAG(os_release)

void recipe_apply_ld_cache(RecipeReader *r, const ConfigNode *value) {
        r->recipe->ld_cache = recipe_flag(r, value);
        r->recipe->ld_cache_at = recipe_place(value);
}

/* true, false, or the text. */
void recipe_apply_nsswitch(RecipeReader *r, const ConfigNode *value) {
        bool flag;
        bool is_flag = value->plain && config_node_flag(value, &flag) == 0;
        r->recipe->nsswitch = is_flag ? flag : true;
        r->recipe->nsswitch_text = is_flag ? NULL : arena_strdup(r->arena, value->text);
}

void recipe_apply_python_bytecode(RecipeReader *r, const ConfigNode *value) {
        r->recipe->python_bytecode = recipe_flag(r, value);
        r->recipe->bytecode_at = recipe_place(value);
}

/* Names of modules: java.net.http. */
void recipe_apply_java_runtime(RecipeReader *r, const ConfigNode *value) {
        Recipe *recipe = r->recipe;
        const ConfigNode *modules = config_node_get(value, "modules");
        recipe->java_version = recipe_member(r, value, "version");
        recipe->java_at = recipe_place(value);
        if (!*recipe->java_version || strspn(recipe->java_version, "0123456789") != strlen(recipe->java_version))
                recipe_mistake(r, value, "'version' wants the number of a Java release such as '17', found '%s'",
                               recipe->java_version);
        strvec_done(&recipe->java_modules);
        recipe_texts(r, modules, &recipe->java_modules);
        if (!recipe->java_modules.n) recipe_mistake(r, modules, "'modules' wants at least one: java.base");
        for (size_t i = 0; i < recipe->java_modules.n; i++) {
                const char *name = recipe->java_modules.v[i];
                size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
                if (!n || name[n]) recipe_mistake(r, modules, "'%s' is no name of a module", name);
        }
}

/* A relative path of plain names: of a folder below one that is known. */
static const char *plain_name(RecipeReader *r, const ConfigNode *value, const char *what) {
        const char *text = recipe_text(r, value);
        bool fine = *text && *text != '/' && !strstr(text, "..");
        for (const char *c = text; *c; c++)
                if (!isalnum((unsigned char)*c) && !strchr("/_-+.@", *c)) fine = false;
        if (!fine) recipe_mistake(r, value, "'%s' is no %s", text, what);
        return text;
}

void recipe_apply_time_zone(RecipeReader *r, const ConfigNode *value) {
        r->recipe->timezone_at = recipe_place(value);
        r->recipe->timezone = plain_name(r, value, "time zone, such as 'Europe/Berlin'");
}

void recipe_apply_locale(RecipeReader *r, const ConfigNode *value) {
        r->recipe->locale_at = recipe_place(value);
        r->recipe->locale = plain_name(r, value, "locale, such as 'C.utf8'");
}

static bool environment_name_is_valid(const char *name) {
        if (!isalpha((unsigned char)*name) && *name != '_') return false;
        for (; *name; name++)
                if (!isalnum((unsigned char)*name) && *name != '_') return false;
        return true;
}

void recipe_apply_environment(RecipeReader *r, const ConfigNode *value) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                if (!environment_name_is_valid(entry->key)) {
                        recipe_mistake(r, entry, "'%s' is no name of a variable", entry->key);
                } else if (recipe_room(r, entry, r->recipe->env.n)) {
                        strvec_env_set(&r->recipe->env, entry->key, recipe_text(r, entry));
                }
        }
}

void recipe_apply_entrypoint(RecipeReader *r, const ConfigNode *value) {
        strvec_done(&r->recipe->entrypoint);
        recipe_texts(r, value, &r->recipe->entrypoint);
        r->recipe->has_entrypoint = true;
}

void recipe_apply_cmd(RecipeReader *r, const ConfigNode *value) {
        strvec_done(&r->recipe->cmd);
        recipe_texts(r, value, &r->recipe->cmd);
        r->recipe->has_cmd = true;
}

void recipe_apply_user(RecipeReader *r, const ConfigNode *value) {
        const char *text = recipe_text(r, value);
        if (!*text || strpbrk(text, " \t\n"))
                recipe_mistake(r, value, "'%s' is no user: a name or number, ':GROUP' behind it", text);
        r->recipe->user = text;
}

void recipe_apply_work_dir(RecipeReader *r, const ConfigNode *value) {
        r->recipe->working_dir = recipe_image_path(r, value, recipe_text(r, value));
}

void recipe_apply_stop_signal(RecipeReader *r, const ConfigNode *value) {
        const char *text = recipe_text(r, value);
        uint32_t number;
        const char *name = starts_with(text, "SIG") ? text + 3 : text;
        bool fine = u32_parse(str_of(text), 10, &number) && number > 0 && number < NSIG;
        for (int i = 1; i < NSIG && !fine; i++) fine = sigabbrev_np(i) && streq(sigabbrev_np(i), name);
        if (!fine && !starts_with(name, "RTMIN")) recipe_mistake(r, value, "'%s' is no signal", text);
        r->recipe->stop_signal = text;
}

static void set_pairs(RecipeReader *r, const ConfigNode *value, StringPairs *pairs) {
        for (const ConfigNode *entry = value->first; entry; entry = entry->next) {
                if (!*entry->key) {
                        recipe_mistake(r, entry, "the name of a label or annotation is empty");
                } else if (recipe_room(r, entry, pairs->n)) {
                        string_pairs_set(pairs, entry->key, recipe_text(r, entry));
                }
        }
}

void recipe_apply_labels(RecipeReader *r, const ConfigNode *value) {
        set_pairs(r, value, &r->recipe->labels);
}

void recipe_apply_annotations(RecipeReader *r, const ConfigNode *value) {
        set_pairs(r, value, &r->recipe->annotations);
}

const char *const recipe_layering_names[] = {
        [LAYERING_PACKAGE] = "package", [LAYERING_ORIGIN] = "origin", [LAYERING_ONE] = "one"};

void recipe_apply_layering(RecipeReader *r, const ConfigNode *value) {
        bool map = value->kind == CONFIG_MAP;
        const ConfigNode *budget = config_node_get(value, "budget");
        const char *text = map ? recipe_member(r, value, "strategy") : recipe_text(r, value);
        size_t count = ARRAY_SIZE(recipe_layering_names), i = 0;
        while (i < count && !streq(text, recipe_layering_names[i])) i++;
        if (i == count) {
                const char *near = nearest_name(text, recipe_layering_names, count);
                recipe_mistake(r, value, "unknown layering '%s': %s%s", text,
                               near ? "did you mean " : "package, origin or one", near ? near : "");
                return;
        }
        r->recipe->layering = (RecipeLayering)i;
        r->recipe->layer_budget = 0;
        if (!budget) return;
        const char *number = recipe_text(r, budget);
        if (!u32_parse(str_of(number), 10, &r->recipe->layer_budget) || r->recipe->layer_budget < 1 ||
            r->recipe->layer_budget > RECIPE_LAYER_BUDGET_MAX)
                recipe_mistake(r, budget, "'budget' wants a number of layers from 1 to %d, found '%s'",
                               RECIPE_LAYER_BUDGET_MAX, number);
}

/* "30MB", "1.5 GB", "20MiB": what no unit is behind are bytes. */
static bool parse_bytes(const char *text, uint64_t *ret_bytes) {
        static const struct {
                const char *name;
                double bytes;
        } units[] = {{"", 1},     {"B", 1},        {"kB", 1e3},     {"KB", 1e3},    {"MB", 1e6},
                     {"GB", 1e9}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}};
        size_t digits = strspn(text, "0123456789"), n = digits;
        double value = 0, place = 1;
        for (size_t i = 0; i < digits; i++) value = value * 10 + (text[i] - '0');
        if (digits && text[n] == '.')
                for (n++; isdigit((unsigned char)text[n]); n++) value += (text[n] - '0') * (place /= 10);
        if (!digits || digits > 16) return false;
        while (text[n] == ' ') n++;
        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
                if (!streq(text + n, units[i].name)) continue;
                value = value * units[i].bytes + 0.5;
                if (value < 1 || value > SIZE_BUDGET_MAX) return false;
                *ret_bytes = (uint64_t)value;
                return true;
        }
        return false;
}

void recipe_apply_size_budget(RecipeReader *r, const ConfigNode *value) {
        const char *text = recipe_text(r, value);
        r->recipe->budget_at = recipe_place(value);
        if (!parse_bytes(text, &r->recipe->size_budget))
                recipe_mistake(r, value, "'size-budget' wants a size such as '30MB' or '28.5MiB', found '%s'", text);
}
