/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/target.h"

#include <ctype.h>

#include "bake/csv.h"
#include "base/cleanup.h"

/* In the order in which --print shows them. */
const Attribute bake_attributes[ATTRIBUTE_MAX] = {
        [ATTRIBUTE_ANNOTATIONS] = {.name = "annotations",
                                   .kind = ATTRIBUTE_IS_LIST,
                                   .appends = true,
                                   .escaped = true,
                                   .set_appends = true,
                                   .option = "annotation"},
        [ATTRIBUTE_ATTEST] = {.name = "attest",
                              .kind = ATTRIBUTE_IS_RECORDS,
                              .appends = true,
                              .set_appends = true,
                              .option = "attest"},
        [ATTRIBUTE_CONTEXT] = {.name = "context", .kind = ATTRIBUTE_IS_TEXT},
        [ATTRIBUTE_CONTEXTS] = {.name = "contexts", .kind = ATTRIBUTE_IS_MAP, .option = "build-context"},
        [ATTRIBUTE_DOCKERFILE] = {.name = "dockerfile", .kind = ATTRIBUTE_IS_TEXT},
        [ATTRIBUTE_DOCKERFILE_INLINE] = {.name = "dockerfile-inline", .kind = ATTRIBUTE_IS_TEXT, .escaped = true},
        [ATTRIBUTE_ARGS] = {.name = "args", .kind = ATTRIBUTE_IS_MAP, .escaped = true, .option = "build-arg"},
        [ATTRIBUTE_LABELS] = {.name = "labels", .kind = ATTRIBUTE_IS_MAP, .escaped = true, .option = "label"},
        [ATTRIBUTE_TAGS] = {.name = "tags", .kind = ATTRIBUTE_IS_LIST, .option = "tag"},
        [ATTRIBUTE_CACHE_FROM] = {.name = "cache-from",
                                  .kind = ATTRIBUTE_IS_RECORDS,
                                  .appends = true,
                                  .option = "cache-from"},
        [ATTRIBUTE_CACHE_TO] = {.name = "cache-to", .kind = ATTRIBUTE_IS_RECORDS, .option = "cache-to"},
        [ATTRIBUTE_TARGET] = {.name = "target", .kind = ATTRIBUTE_IS_TEXT, .option = "target"},
        [ATTRIBUTE_SECRET] =
                {.name = "secret", .kind = ATTRIBUTE_IS_RECORDS, .appends = true, .set = "secrets", .option = "secret"},
        [ATTRIBUTE_SSH] = {.name = "ssh", .kind = ATTRIBUTE_IS_RECORDS, .appends = true},
        [ATTRIBUTE_PLATFORMS] = {.name = "platforms",
                                 .kind = ATTRIBUTE_IS_LIST,
                                 .set = "platform",
                                 .option = "platform"},
        [ATTRIBUTE_OUTPUT] = {.name = "output", .kind = ATTRIBUTE_IS_RECORDS},
        [ATTRIBUTE_PULL] = {.name = "pull", .kind = ATTRIBUTE_IS_FLAG, .option = "pull"},
        [ATTRIBUTE_NO_CACHE] = {.name = "no-cache", .kind = ATTRIBUTE_IS_FLAG, .option = "no-cache"},
        [ATTRIBUTE_NETWORK] = {.name = "network", .kind = ATTRIBUTE_IS_TEXT, .option = "network"},
        [ATTRIBUTE_NO_CACHE_FILTER] = {.name = "no-cache-filter",
                                       .kind = ATTRIBUTE_IS_LIST,
                                       .appends = true,
                                       .option = "no-cache-filter"},
        [ATTRIBUTE_SHM_SIZE] = {.name = "shm-size", .kind = ATTRIBUTE_IS_TEXT, .option = "shm-size"},
        [ATTRIBUTE_ULIMITS] = {.name = "ulimits", .kind = ATTRIBUTE_IS_LIST, .appends = true, .option = "ulimit"},
        [ATTRIBUTE_RESOURCES] = {.name = "resources", .kind = ATTRIBUTE_IS_MAP, .option = "resource"},
        [ATTRIBUTE_CALL] = {.name = "call", .kind = ATTRIBUTE_IS_TEXT},
        [ATTRIBUTE_ENTITLEMENTS] = {.name = "entitlements",
                                    .kind = ATTRIBUTE_IS_LIST,
                                    .appends = true,
                                    .set_appends = true,
                                    .option = "allow"},
        [ATTRIBUTE_EXTRA_HOSTS] = {.name = "extra-hosts",
                                   .kind = ATTRIBUTE_IS_MAP,
                                   .escaped = true,
                                   .option = "add-host"},
        [ATTRIBUTE_POLICY] = {.name = "policy", .kind = ATTRIBUTE_IS_LIST, .appends = true, .option = "policy"},
};

bool bake_name_valid(const char *name) {
        if (!*name) return false;
        for (const char *c = name; *c; c++)
                if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-') return false;
        return true;
}

/* ---- reading */

static int wrong_kind(AttributeId id, const ConfigNode *n, const char *wanted, Err **e) {
        return config_node_error(n, e, "%s: expected %s, not %s", bake_attributes[id].name, wanted,
                                 config_node_kind_name(n));
}

static int read_list(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_value, Err **e) {
        if (n->kind != CONFIG_LIST) return wrong_kind(id, n, "a list", e);
        ConfigNode *list = config_node_new(a, CONFIG_LIST, n);
        for (const ConfigNode *child = n->first; child; child = child->next) {
                const char *text = config_node_scalar(child);
                if (child->kind == CONFIG_NULL) continue;
                if (!text) return wrong_kind(id, child, "a text", e);
                config_node_append(list, config_node_text(a, text, child));
        }
        *ret_value = list;
        return 0;
}

static int read_map(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_value, Err **e) {
        if (n->kind != CONFIG_MAP) return wrong_kind(id, n, "a map", e);
        ConfigNode *map = config_node_new(a, CONFIG_MAP, n);
        for (const ConfigNode *child = n->first; child; child = child->next) {
                const char *text = config_node_scalar(child);
                if (child->kind == CONFIG_NULL) continue;
                if (!text)
                        return config_node_error(child, e, "%s.%s: expected a text, not %s", bake_attributes[id].name,
                                                 child->key, config_node_kind_name(child));
                config_node_set(a, map, child->key, config_node_text(a, text, child));
        }
        *ret_value = map;
        return 0;
}

/* "default=/a,/b", "id" */
static int read_ssh_text(Arena *a, const ConfigNode *n, ConfigNode **ret_record, Err **e) {
        Str paths = str_of(n->text), id, path;
        bool has_paths = str_cut(&paths, '=', &id), more = has_paths;
        if (!id.n) return config_node_error(n, e, "ssh: '%s' has no id", n->text);
        ConfigNode *record = config_node_new(a, CONFIG_MAP, n), *list = config_node_new(a, CONFIG_LIST, n);
        config_node_set(a, record, "id", config_node_text(a, arena_str(a, id), n));
        while (more) {
                more = str_cut(&paths, ',', &path);
                config_node_append(list, config_node_text(a, arena_str(a, path), n));
        }
        if (list->count) config_node_set(a, record, "paths", list);
        *ret_record = record;
        return 0;
}

static int fields_to_record(Arena *a, AttributeId id, const ConfigNode *fields, ConfigNode *record, Err **e) {
        const char *name = bake_attributes[id].name;
        for (const ConfigNode *f = fields->first; f; f = f->next) {
                const char *equals = strchr(f->text, '=');
                if (!equals) return config_node_error(f, e, "%s: '%s' is not KEY=VALUE", name, f->text);
                AUTO(freep) char *key = str_dup(str_trim((Str){f->text, (size_t)(equals - f->text)}));
                for (char *c = key; *c; c++) *c = (char)tolower((unsigned char)*c);
                bool source = id == ATTRIBUTE_SECRET && streq(key, "source");
                config_node_set(a, record, source ? "src" : key, config_node_text(a, equals + 1, f));
        }
        return 0;
}

/* What one word alone means. */
static bool short_record(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode *record) {
        bool output = id == ATTRIBUTE_OUTPUT, cache = id == ATTRIBUTE_CACHE_FROM || id == ATTRIBUTE_CACHE_TO;
        if (strchr(n->text, ',') || (output ? starts_with(n->text, "type=") : strchr(n->text, '=') != NULL))
                return false;
        if (output) {
                config_node_set(a, record, "type", config_node_text(a, streq(n->text, "-") ? "tar" : "local", n));
                config_node_set(a, record, "dest", config_node_text(a, n->text, n));
        } else if (cache) {
                config_node_set(a, record, "type", config_node_text(a, "registry", n));
                config_node_set(a, record, "ref", config_node_text(a, n->text, n));
        }
        return output || cache;
}

/* type=env: what src names is a variable; the type itself is not kept. */
static int secret_record(Arena *a, ConfigNode *record, ConfigNode **ret_record, Err **e) {
        static const char *const keys[] = {"id", "src", "env", "type"};
        ConfigNode *ordered = config_node_new(a, CONFIG_MAP, record);
        const char *type = config_node_member_text(record, "type"), *source = config_node_member_text(record, "src");
        bool variable = type && streq(type, "env") && source && !config_node_get(record, "env");
        for (const ConfigNode *f = record->first; f; f = f->next) {
                bool known = false;
                for (size_t i = 0; i < ARRAY_SIZE(keys); i++) known = known || streq(f->key, keys[i]);
                if (!known) {
                        config_node_error(record, e, "secret: unknown key '%s'", f->key);
                        return err_hint(e, "keys: id, src, env, type");
                }
        }
        for (size_t i = 0; i < 3; i++) {
                ConfigNode *field = config_node_copy(a, config_node_get(record, keys[i]));
                if (field) config_node_set(a, ordered, variable && i == 1 ? "env" : keys[i], field);
        }
        *ret_record = ordered;
        return 0;
}

static int check_record(Arena *a, AttributeId id, ConfigNode *record, ConfigNode **ret_record, Err **e) {
        if (id == ATTRIBUTE_SECRET) return secret_record(a, record, ret_record, e);
        if (id != ATTRIBUTE_SSH) {
                if (!config_node_get(record, "type"))
                        return config_node_error(record, e, "%s: type= is missing", bake_attributes[id].name);
                config_node_sort(a, record);
        }
        *ret_record = record;
        return 0;
}

int bake_record_read(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_record, Err **e) {
        if (id == ATTRIBUTE_SSH) return read_ssh_text(a, n, ret_record, e);
        ConfigNode *record = config_node_new(a, CONFIG_MAP, n), *fields = config_node_new(a, CONFIG_LIST, n);
        if (!short_record(a, id, n, record)) {
                if (!bake_csv_split(a, n->text, fields))
                        return config_node_error(n, e, "%s: a stray '\"' in '%s'", bake_attributes[id].name, n->text);
                if (fields_to_record(a, id, fields, record, e) < 0) return -1;
        }
        return check_record(a, id, record, ret_record, e);
}

static int read_record_map(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_record, Err **e) {
        ConfigNode *record = config_node_new(a, CONFIG_MAP, n);
        for (const ConfigNode *child = n->first; child; child = child->next) {
                const char *text = config_node_scalar(child);
                if (child->kind == CONFIG_NULL) continue;
                if (id == ATTRIBUTE_SSH && child->kind == CONFIG_LIST) {
                        config_node_set(a, record, child->key, config_node_copy(a, child));
                } else if (text) {
                        config_node_set(a, record, child->key, config_node_text(a, text, child));
                } else {
                        return wrong_kind(id, child, "a text", e);
                }
        }
        return check_record(a, id, record, ret_record, e);
}

static int read_records(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_value, Err **e) {
        if (n->kind != CONFIG_LIST) return wrong_kind(id, n, "a list", e);
        ConfigNode *list = config_node_new(a, CONFIG_LIST, n);
        for (const ConfigNode *child = n->first; child; child = child->next) {
                ConfigNode *record;
                int r;
                if (child->kind == CONFIG_NULL || (child->kind == CONFIG_TEXT && !*child->text)) continue;
                if (child->kind == CONFIG_MAP) {
                        r = read_record_map(a, id, child, &record, e);
                } else if (child->kind == CONFIG_TEXT) {
                        r = bake_record_read(a, id, child, &record, e);
                } else {
                        r = wrong_kind(id, child, "a text or a map", e);
                }
                if (r < 0) return -1;
                config_node_append(list, record);
        }
        *ret_value = list;
        return 0;
}

int bake_attribute_read(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_value, Err **e) {
        bool flag;
        *ret_value = NULL;
        if (n->kind == CONFIG_NULL) return 0;
        switch (bake_attributes[id].kind) {
        case ATTRIBUTE_IS_LIST: return read_list(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_MAP: return read_map(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_RECORDS: return read_records(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_FLAG:
                if (config_node_flag(n, &flag) < 0) return wrong_kind(id, n, "true or false", e);
                *ret_value = config_node_new(a, CONFIG_BOOL, n);
                (*ret_value)->flag = flag;
                return 0;
        case ATTRIBUTE_IS_TEXT: break;
        }
        if (!config_node_scalar(n)) return wrong_kind(id, n, "a text", e);
        *ret_value = config_node_text(a, config_node_scalar(n), n);
        return 0;
}

/* ---- merging */

/* A later attestation of a type replaces the earlier one; the rest just adds. */
static void append_record(Arena *a, AttributeId id, ConfigNode *list, const ConfigNode *record) {
        const char *type = id == ATTRIBUTE_ATTEST ? config_node_member_text(record, "type") : NULL;
        ConfigNode *kept = config_node_new(a, CONFIG_LIST, list);
        for (ConfigNode *n = list->first, *next; type && n; n = next) {
                next = n->next;
                const char *other = config_node_member_text(n, "type");
                if (!other || !streq(type, other)) config_node_append(kept, n);
        }
        if (type) *list = *kept;
        config_node_append(list, config_node_copy(a, record));
}

void bake_attribute_merge(Arena *a, BakeTarget *target, AttributeId id, const ConfigNode *value, bool all_append) {
        const Attribute *attribute = &bake_attributes[id];
        ConfigNode **at = &target->values[id];
        if (!value) return;
        bool map = attribute->kind == ATTRIBUTE_IS_MAP;
        bool list = attribute->kind == ATTRIBUTE_IS_LIST || attribute->kind == ATTRIBUTE_IS_RECORDS;
        if (!*at || !(map || (list && (attribute->appends || all_append)))) {
                *at = config_node_copy(a, value);
                return;
        }
        for (const ConfigNode *child = value->first; child; child = child->next) {
                if (map) {
                        config_node_set(a, *at, child->key, config_node_copy(a, child));
                } else {
                        append_record(a, id, *at, child);
                }
        }
}

void bake_target_merge(Arena *a, BakeTarget *target, const BakeTarget *over, bool all_append) {
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++)
                bake_attribute_merge(a, target, id, over->values[id], all_append);
        if (over->description && *over->description) target->description = over->description;
        if (!target->place) target->place = over->place;
        if (!over->inherits) return;
        if (!target->inherits) target->inherits = config_node_new(a, CONFIG_LIST, over->inherits);
        for (const ConfigNode *n = over->inherits->first; n; n = n->next)
                config_node_append(target->inherits, config_node_copy(a, n));
}

static void drop_doubles(Arena *a, ConfigNode *list) {
        ConfigNode *kept = config_node_new(a, CONFIG_LIST, list);
        for (ConfigNode *n = list->first, *next; n; n = next) {
                next = n->next;
                bool drop = n->kind == CONFIG_TEXT && !*n->text;
                for (const ConfigNode *k = kept->first; k && !drop; k = k->next) drop = config_node_eq(k, n);
                if (!drop) config_node_append(kept, n);
        }
        *list = *kept;
}

void bake_target_finish(Arena *a, BakeTarget *t) {
        const char *network = bake_target_text(t, ATTRIBUTE_NETWORK);
        if (network && streq(network, "host")) {
                ConfigNode *list = config_node_new(a, CONFIG_LIST, t->values[ATTRIBUTE_NETWORK]);
                config_node_append(list, config_node_text(a, "network.host", list));
                bake_attribute_merge(a, t, ATTRIBUTE_ENTITLEMENTS, list, true);
        }
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                ConfigNode *value = t->values[id];
                if (!value) continue;
                if (value->kind == CONFIG_LIST) drop_doubles(a, value);
                if (id == ATTRIBUTE_CONTEXTS) {
                        ConfigNode *kept = config_node_new(a, CONFIG_MAP, value);
                        for (const ConfigNode *n = value->first; n; n = n->next)
                                if (*n->text) config_node_set(a, kept, n->key, config_node_copy(a, n));
                        t->values[id] = value = kept;
                }
                if (value->kind == CONFIG_MAP) config_node_sort(a, value);
        }
}

/* ---- printing */

static void escape(Arena *a, ConfigNode *n) {
        if (n->kind == CONFIG_TEXT && (strstr(n->text, "${") || strstr(n->text, "%{"))) {
                AUTO(buf_done) Buf out = {0};
                for (const char *c = n->text; *c; c++) {
                        if ((c[0] == '$' || c[0] == '%') && c[1] == '{') buf_addc(&out, c[0]);
                        buf_addc(&out, *c);
                }
                n->text = arena_str(a, buf_str(&out));
        }
        for (ConfigNode *child = n->first; child; child = child->next) escape(a, child);
}

ConfigNode *bake_target_node(Arena *a, const BakeTarget *t) {
        ConfigNode *map = config_node_new(a, CONFIG_MAP, NULL);
        if (t->description && *t->description)
                config_node_set(a, map, "description", config_node_text(a, t->description, NULL));
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                const ConfigNode *value = t->values[id];
                if (!value || ((value->kind == CONFIG_LIST || value->kind == CONFIG_MAP) && !value->count)) continue;
                ConfigNode *copy = config_node_copy(a, value);
                if (bake_attributes[id].escaped) escape(a, copy);
                config_node_set(a, map, bake_attributes[id].name, copy);
        }
        return map;
}
