/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/target.h"

#include <ctype.h>

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

static int wrong_kind(AttributeId id, const BakeNode *n, const char *wanted, Err **e) {
        return bake_node_error(n, e, "%s: expected %s, not %s", bake_attributes[id].name, wanted,
                               bake_node_kind_name(n));
}

static int read_list(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_value, Err **e) {
        if (n->kind != BAKE_LIST) return wrong_kind(id, n, "a list", e);
        BakeNode *list = bake_node_new(a, BAKE_LIST, n);
        for (const BakeNode *child = n->first; child; child = child->next) {
                const char *text = bake_node_scalar(child);
                if (child->kind == BAKE_NULL) continue;
                if (!text) return wrong_kind(id, child, "a text", e);
                bake_node_append(list, bake_node_text(a, text, child));
        }
        *ret_value = list;
        return 0;
}

static int read_map(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_value, Err **e) {
        if (n->kind != BAKE_MAP) return wrong_kind(id, n, "a map", e);
        BakeNode *map = bake_node_new(a, BAKE_MAP, n);
        for (const BakeNode *child = n->first; child; child = child->next) {
                const char *text = bake_node_scalar(child);
                if (child->kind == BAKE_NULL) continue;
                if (!text)
                        return bake_node_error(child, e, "%s.%s: expected a text, not %s", bake_attributes[id].name,
                                               child->key, bake_node_kind_name(child));
                bake_node_set(a, map, child->key, bake_node_text(a, text, child));
        }
        *ret_value = map;
        return 0;
}

/* "default=/a,/b", "id" */
static int read_ssh_text(Arena *a, const BakeNode *n, BakeNode **ret_record, Err **e) {
        Str paths = str_of(n->text), id, path;
        bool has_paths = str_cut(&paths, '=', &id), more = has_paths;
        if (!id.n) return bake_node_error(n, e, "ssh: '%s' has no id", n->text);
        BakeNode *record = bake_node_new(a, BAKE_MAP, n), *list = bake_node_new(a, BAKE_LIST, n);
        bake_node_set(a, record, "id", bake_node_text(a, arena_str(a, id), n));
        while (more) {
                more = str_cut(&paths, ',', &path);
                bake_node_append(list, bake_node_text(a, arena_str(a, path), n));
        }
        if (list->count) bake_node_set(a, record, "paths", list);
        *ret_record = record;
        return 0;
}

static int fields_to_record(Arena *a, AttributeId id, const BakeNode *fields, BakeNode *record, Err **e) {
        const char *name = bake_attributes[id].name;
        for (const BakeNode *f = fields->first; f; f = f->next) {
                const char *equals = strchr(f->text, '=');
                if (!equals) return bake_node_error(f, e, "%s: '%s' is not KEY=VALUE", name, f->text);
                AUTO(freep) char *key = str_dup(str_trim((Str){f->text, (size_t)(equals - f->text)}));
                for (char *c = key; *c; c++) *c = (char)tolower((unsigned char)*c);
                bool source = id == ATTRIBUTE_SECRET && streq(key, "source");
                bake_node_set(a, record, source ? "src" : key, bake_node_text(a, equals + 1, f));
        }
        return 0;
}

/* What one word alone means. */
static bool short_record(Arena *a, AttributeId id, const BakeNode *n, BakeNode *record) {
        bool output = id == ATTRIBUTE_OUTPUT, cache = id == ATTRIBUTE_CACHE_FROM || id == ATTRIBUTE_CACHE_TO;
        if (strchr(n->text, ',') || (output ? starts_with(n->text, "type=") : strchr(n->text, '=') != NULL))
                return false;
        if (output) {
                bake_node_set(a, record, "type", bake_node_text(a, streq(n->text, "-") ? "tar" : "local", n));
                bake_node_set(a, record, "dest", bake_node_text(a, n->text, n));
        } else if (cache) {
                bake_node_set(a, record, "type", bake_node_text(a, "registry", n));
                bake_node_set(a, record, "ref", bake_node_text(a, n->text, n));
        }
        return output || cache;
}

/* type=env: what src names is a variable; the type itself is not kept. */
static int secret_record(Arena *a, BakeNode *record, BakeNode **ret_record, Err **e) {
        static const char *const keys[] = {"id", "src", "env", "type"};
        BakeNode *ordered = bake_node_new(a, BAKE_MAP, record);
        const char *type = bake_node_member_text(record, "type"), *source = bake_node_member_text(record, "src");
        bool variable = type && streq(type, "env") && source && !bake_node_get(record, "env");
        for (const BakeNode *f = record->first; f; f = f->next) {
                bool known = false;
                for (size_t i = 0; i < ARRAY_SIZE(keys); i++) known = known || streq(f->key, keys[i]);
                if (!known) {
                        bake_node_error(record, e, "secret: unknown key '%s'", f->key);
                        return err_hint(e, "keys: id, src, env, type");
                }
        }
        for (size_t i = 0; i < 3; i++) {
                BakeNode *field = bake_node_copy(a, bake_node_get(record, keys[i]));
                if (field) bake_node_set(a, ordered, variable && i == 1 ? "env" : keys[i], field);
        }
        *ret_record = ordered;
        return 0;
}

static int check_record(Arena *a, AttributeId id, BakeNode *record, BakeNode **ret_record, Err **e) {
        if (id == ATTRIBUTE_SECRET) return secret_record(a, record, ret_record, e);
        if (id != ATTRIBUTE_SSH) {
                if (!bake_node_get(record, "type"))
                        return bake_node_error(record, e, "%s: type= is missing", bake_attributes[id].name);
                bake_node_sort(a, record);
        }
        *ret_record = record;
        return 0;
}

int bake_record_read(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_record, Err **e) {
        if (id == ATTRIBUTE_SSH) return read_ssh_text(a, n, ret_record, e);
        BakeNode *record = bake_node_new(a, BAKE_MAP, n), *fields = bake_node_new(a, BAKE_LIST, n);
        if (!short_record(a, id, n, record)) {
                if (!bake_csv_split(a, n->text, fields))
                        return bake_node_error(n, e, "%s: a stray '\"' in '%s'", bake_attributes[id].name, n->text);
                if (fields_to_record(a, id, fields, record, e) < 0) return -1;
        }
        return check_record(a, id, record, ret_record, e);
}

static int read_record_map(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_record, Err **e) {
        BakeNode *record = bake_node_new(a, BAKE_MAP, n);
        for (const BakeNode *child = n->first; child; child = child->next) {
                const char *text = bake_node_scalar(child);
                if (child->kind == BAKE_NULL) continue;
                if (id == ATTRIBUTE_SSH && child->kind == BAKE_LIST) {
                        bake_node_set(a, record, child->key, bake_node_copy(a, child));
                } else if (text) {
                        bake_node_set(a, record, child->key, bake_node_text(a, text, child));
                } else {
                        return wrong_kind(id, child, "a text", e);
                }
        }
        return check_record(a, id, record, ret_record, e);
}

static int read_records(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_value, Err **e) {
        if (n->kind != BAKE_LIST) return wrong_kind(id, n, "a list", e);
        BakeNode *list = bake_node_new(a, BAKE_LIST, n);
        for (const BakeNode *child = n->first; child; child = child->next) {
                BakeNode *record;
                int r;
                if (child->kind == BAKE_NULL || (child->kind == BAKE_TEXT && !*child->text)) continue;
                if (child->kind == BAKE_MAP) {
                        r = read_record_map(a, id, child, &record, e);
                } else if (child->kind == BAKE_TEXT) {
                        r = bake_record_read(a, id, child, &record, e);
                } else {
                        r = wrong_kind(id, child, "a text or a map", e);
                }
                if (r < 0) return -1;
                bake_node_append(list, record);
        }
        *ret_value = list;
        return 0;
}

int bake_attribute_read(Arena *a, AttributeId id, const BakeNode *n, BakeNode **ret_value, Err **e) {
        bool flag;
        *ret_value = NULL;
        if (n->kind == BAKE_NULL) return 0;
        switch (bake_attributes[id].kind) {
        case ATTRIBUTE_IS_LIST: return read_list(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_MAP: return read_map(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_RECORDS: return read_records(a, id, n, ret_value, e);
        case ATTRIBUTE_IS_FLAG:
                if (bake_node_flag(n, &flag) < 0) return wrong_kind(id, n, "true or false", e);
                *ret_value = bake_node_new(a, BAKE_BOOL, n);
                (*ret_value)->flag = flag;
                return 0;
        case ATTRIBUTE_IS_TEXT: break;
        }
        if (!bake_node_scalar(n)) return wrong_kind(id, n, "a text", e);
        *ret_value = bake_node_text(a, bake_node_scalar(n), n);
        return 0;
}

/* ---- merging */

/* A later attestation of a type replaces the earlier one; the rest just adds. */
static void append_record(Arena *a, AttributeId id, BakeNode *list, const BakeNode *record) {
        const char *type = id == ATTRIBUTE_ATTEST ? bake_node_member_text(record, "type") : NULL;
        BakeNode *kept = bake_node_new(a, BAKE_LIST, list);
        for (BakeNode *n = list->first, *next; type && n; n = next) {
                next = n->next;
                const char *other = bake_node_member_text(n, "type");
                if (!other || !streq(type, other)) bake_node_append(kept, n);
        }
        if (type) *list = *kept;
        bake_node_append(list, bake_node_copy(a, record));
}

void bake_attribute_merge(Arena *a, BakeTarget *target, AttributeId id, const BakeNode *value, bool all_append) {
        const Attribute *attribute = &bake_attributes[id];
        BakeNode **at = &target->values[id];
        if (!value) return;
        bool map = attribute->kind == ATTRIBUTE_IS_MAP;
        bool list = attribute->kind == ATTRIBUTE_IS_LIST || attribute->kind == ATTRIBUTE_IS_RECORDS;
        if (!*at || !(map || (list && (attribute->appends || all_append)))) {
                *at = bake_node_copy(a, value);
                return;
        }
        for (const BakeNode *child = value->first; child; child = child->next) {
                if (map) {
                        bake_node_set(a, *at, child->key, bake_node_copy(a, child));
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
        if (!target->inherits) target->inherits = bake_node_new(a, BAKE_LIST, over->inherits);
        for (const BakeNode *n = over->inherits->first; n; n = n->next)
                bake_node_append(target->inherits, bake_node_copy(a, n));
}

static void drop_doubles(Arena *a, BakeNode *list) {
        BakeNode *kept = bake_node_new(a, BAKE_LIST, list);
        for (BakeNode *n = list->first, *next; n; n = next) {
                next = n->next;
                bool drop = n->kind == BAKE_TEXT && !*n->text;
                for (const BakeNode *k = kept->first; k && !drop; k = k->next) drop = bake_node_eq(k, n);
                if (!drop) bake_node_append(kept, n);
        }
        *list = *kept;
}

void bake_target_finish(Arena *a, BakeTarget *t) {
        const char *network = bake_target_text(t, ATTRIBUTE_NETWORK);
        if (network && streq(network, "host")) {
                BakeNode *list = bake_node_new(a, BAKE_LIST, t->values[ATTRIBUTE_NETWORK]);
                bake_node_append(list, bake_node_text(a, "network.host", list));
                bake_attribute_merge(a, t, ATTRIBUTE_ENTITLEMENTS, list, true);
        }
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                BakeNode *value = t->values[id];
                if (!value) continue;
                if (value->kind == BAKE_LIST) drop_doubles(a, value);
                if (id == ATTRIBUTE_CONTEXTS) {
                        BakeNode *kept = bake_node_new(a, BAKE_MAP, value);
                        for (const BakeNode *n = value->first; n; n = n->next)
                                if (*n->text) bake_node_set(a, kept, n->key, bake_node_copy(a, n));
                        t->values[id] = value = kept;
                }
                if (value->kind == BAKE_MAP) bake_node_sort(a, value);
        }
}

/* ---- printing */

static void escape(Arena *a, BakeNode *n) {
        if (n->kind == BAKE_TEXT && (strstr(n->text, "${") || strstr(n->text, "%{"))) {
                AUTO(buf_done) Buf out = {0};
                for (const char *c = n->text; *c; c++) {
                        if ((c[0] == '$' || c[0] == '%') && c[1] == '{') buf_addc(&out, c[0]);
                        buf_addc(&out, *c);
                }
                n->text = arena_str(a, buf_str(&out));
        }
        for (BakeNode *child = n->first; child; child = child->next) escape(a, child);
}

BakeNode *bake_target_node(Arena *a, const BakeTarget *t) {
        BakeNode *map = bake_node_new(a, BAKE_MAP, NULL);
        if (t->description && *t->description)
                bake_node_set(a, map, "description", bake_node_text(a, t->description, NULL));
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                const BakeNode *value = t->values[id];
                if (!value || ((value->kind == BAKE_LIST || value->kind == BAKE_MAP) && !value->count)) continue;
                BakeNode *copy = bake_node_copy(a, value);
                if (bake_attributes[id].escaped) escape(a, copy);
                bake_node_set(a, map, bake_attributes[id].name, copy);
        }
        return map;
}
