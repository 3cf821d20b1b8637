/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/definition.h"

#include <fcntl.h>
#include <errno.h>

#include "base/cleanup.h"
#include "os/fs.h"

/* The build: sections of compose files: each service that has one is a target, all of them are the group "default". */

enum { EXTENDS_MAX = 16 };

typedef struct ComposeKey {
        const char *name;
        AttributeId id;
} ComposeKey;

/* Keys that are an attribute by another name. */
static const ComposeKey plain_keys[] = {
        {"context", ATTRIBUTE_CONTEXT},
        {"dockerfile", ATTRIBUTE_DOCKERFILE},
        {"dockerfile_inline", ATTRIBUTE_DOCKERFILE_INLINE},
        {"args", ATTRIBUTE_ARGS},
        {"labels", ATTRIBUTE_LABELS},
        {"tags", ATTRIBUTE_TAGS},
        {"cache_from", ATTRIBUTE_CACHE_FROM},
        {"cache_to", ATTRIBUTE_CACHE_TO},
        {"additional_contexts", ATTRIBUTE_CONTEXTS},
        {"target", ATTRIBUTE_TARGET},
        {"platforms", ATTRIBUTE_PLATFORMS},
        {"pull", ATTRIBUTE_PULL},
        {"no_cache", ATTRIBUTE_NO_CACHE},
        {"network", ATTRIBUTE_NETWORK},
        {"shm_size", ATTRIBUTE_SHM_SIZE},
        {"entitlements", ATTRIBUTE_ENTITLEMENTS},
        {"extra_hosts", ATTRIBUTE_EXTRA_HOSTS},
        {"ssh", ATTRIBUTE_SSH},
};

/* What needs more than that, and what means nothing to a build here. */
static const char *const other_keys[] = {"secrets", "ulimits", "provenance", "sbom", "isolation", "privileged"};

/* Below x-bake. */
static const AttributeId extension_ids[] = {
        ATTRIBUTE_TAGS,     ATTRIBUTE_CACHE_FROM,      ATTRIBUTE_CACHE_TO, ATTRIBUTE_SECRET,
        ATTRIBUTE_SSH,      ATTRIBUTE_PLATFORMS,       ATTRIBUTE_OUTPUT,   ATTRIBUTE_PULL,
        ATTRIBUTE_NO_CACHE, ATTRIBUTE_NO_CACHE_FILTER, ATTRIBUTE_CONTEXTS,
};

typedef struct Service {
        Bake *bake;
        const ConfigNode *root; /* of the file */
        const ConfigNode *node; /* the service */
        BakeTarget target;
} Service;

static Arena *arena_of(const Service *s) {
        return s->bake->arena;
}

/* ---- environment */

/* The process' variables, then those of .env, for compose files only. */
static int load_environment(Bake *b, Err **e) {
        AUTO(freep) char *text = NULL;
        AUTO(err_freep) Err *failure = NULL;
        size_t size;
        b->compose_environment = config_node_copy(b->arena, b->environment);
        b->unset = config_node_new(b->arena, CONFIG_LIST, NULL);
        for (size_t i = 0; i < b->params->variable_count; i++) {
                Str value = str_of(b->params->variables[i]), name;
                if (!str_cut(&value, '=', &name)) continue;
                config_node_set(b->arena, b->compose_environment, arena_str(b->arena, name),
                                config_node_text(b->arena, arena_str(b->arena, value), NULL));
        }
        if (file_read(AT_FDCWD, ".env", CONFIG_FILE_MAX, &text, &size, &failure) == 0)
                return bake_dotenv(b->arena, ".env", (Str){text, size}, b->compose_environment, e);
        if (err_errno(failure) == ENOENT || err_errno(failure) == EISDIR) return 0;
        err_move(e, &failure);
        return -1;
}

/* ---- forms that compose writes in its own way */

static int bad_kind(const ConfigNode *n, const char *wanted, Err **e) {
        return config_node_error(n, e, "%s: expected %s, not %s", n->key ? n->key : "value", wanted,
                                 config_node_kind_name(n));
}

/* "NAME=VALUE" or (separator other than '=') "NAME:VALUE" entries as a map; without VALUE the member is null. */
static int list_to_map(Service *s, const ConfigNode *n, const char *separators, ConfigNode **ret_map, Err **e) {
        *ret_map = (ConfigNode *)n;
        if (n->kind != CONFIG_LIST) return 0;
        ConfigNode *map = config_node_new(arena_of(s), CONFIG_MAP, n);
        map->key = n->key;
        for (const ConfigNode *one = n->first; one; one = one->next) {
                const char *text = config_node_scalar(one);
                if (!text) return bad_kind(one, "NAME=VALUE", e);
                size_t cut = strcspn(text, separators);
                ConfigNode *value = text[cut] ? config_node_text(arena_of(s), text + cut + 1, one)
                                              : config_node_new(arena_of(s), CONFIG_NULL, one);
                config_node_set(arena_of(s), map, arena_str(arena_of(s), (Str){text, cut}), value);
        }
        *ret_map = map;
        return 0;
}

static const char *service_variable(const Service *s, const ConfigNode *environment, const char *name) {
        const ConfigNode *n = config_node_get(environment, name);
        if (n && config_node_scalar(n)) return config_node_scalar(n);
        return config_node_member_text(s->bake->compose_environment, name);
}

/* Arguments without a value come from the service's environment, then from ours. */
static int read_args(Service *s, ConfigNode *map, Err **e) {
        ConfigNode *environment = config_node_get(s->node, "environment"),
                   *filled = config_node_new(arena_of(s), CONFIG_MAP, map);
        if (environment && list_to_map(s, environment, "=", &environment, e) < 0) return -1;
        if (map->kind != CONFIG_MAP) return bad_kind(map, "a map or a list of NAME=VALUE", e);
        for (ConfigNode *n = map->first; n; n = n->next) {
                const char *text = n->kind == CONFIG_NULL ? service_variable(s, environment, n->key) : NULL;
                if (n->kind != CONFIG_NULL || text)
                        config_node_set(arena_of(s), filled, n->key,
                                        text ? config_node_text(arena_of(s), text, n)
                                             : config_node_copy(arena_of(s), n));
        }
        return bake_attribute_read(arena_of(s), ATTRIBUTE_ARGS, filled, &s->target.values[ATTRIBUTE_ARGS], e);
}

static void sanitize(char *name) {
        for (; *name; name++)
                if (*name == '.') *name = '_';
}

/* service:NAME is the target of that service. */
static void name_links(Arena *a, ConfigNode *contexts) {
        for (ConfigNode *n = contexts ? contexts->first : NULL; n; n = n->next) {
                bool service = starts_with(n->text, "service:");
                if (!service && !starts_with(n->text, "target:")) continue;
                char *link = arena_printf(a, "target:%s", strchr(n->text, ':') + 1);
                sanitize(link);
                n->text = link;
        }
}

/* Several addresses of one host are written with commas. */
static ConfigNode *join_hosts(Service *s, const ConfigNode *map) {
        ConfigNode *joined = config_node_new(arena_of(s), CONFIG_MAP, map);
        for (const ConfigNode *n = map->first; n; n = n->next) {
                AUTO(buf_done) Buf text = {0};
                for (const ConfigNode *one = n->first; one; one = one->next)
                        buf_addf(&text, "%s%s", text.n ? "," : "",
                                 config_node_scalar(one) ? config_node_scalar(one) : "");
                config_node_set(arena_of(s), joined, n->key,
                                n->kind == CONFIG_LIST ? config_node_text(arena_of(s), text.n ? text.p : "", n)
                                                       : config_node_copy(arena_of(s), n));
        }
        return joined;
}

/* One text stands for a list of one. */
static ConfigNode *as_list(Service *s, ConfigNode *n, bool words) {
        if (n->kind != CONFIG_TEXT) return n;
        ConfigNode *list = config_node_new(arena_of(s), CONFIG_LIST, n);
        list->key = n->key;
        Str rest = str_of(n->text), word;
        bool more = true;
        while (words && more) {
                more = str_cut(&rest, ' ', &word);
                if (word.n) config_node_append(list, config_node_text(arena_of(s), arena_str(arena_of(s), word), n));
        }
        if (!words) config_node_append(list, config_node_text(arena_of(s), n->text, n));
        return list;
}

/* A label without a value is an empty one. */
static ConfigNode *empty_for_null(Service *s, ConfigNode *map) {
        ConfigNode *filled = config_node_copy(arena_of(s), map);
        for (ConfigNode *n = filled->first; n; n = n->next) {
                if (n->kind != CONFIG_NULL) continue;
                n->kind = CONFIG_TEXT;
                n->text = "";
        }
        return filled;
}

static int read_plain(Service *s, const ComposeKey *key, ConfigNode *n, Err **e) {
        const Attribute *attribute = &bake_attributes[key->id];
        if (n->kind == CONFIG_NULL) return 0;
        if (attribute->kind == ATTRIBUTE_IS_MAP) {
                bool hosts = key->id == ATTRIBUTE_EXTRA_HOSTS;
                if (list_to_map(s, n, hosts ? "=:" : "=", &n, e) < 0) return -1;
                if (key->id == ATTRIBUTE_ARGS) return read_args(s, n, e);
                if (hosts && n->kind == CONFIG_MAP) n = join_hosts(s, n);
        }
        if (key->id == ATTRIBUTE_LABELS) n = empty_for_null(s, n);
        if (attribute->kind == ATTRIBUTE_IS_RECORDS || attribute->kind == ATTRIBUTE_IS_LIST) n = as_list(s, n, false);
        if (bake_attribute_read(arena_of(s), key->id, n, &s->target.values[key->id], e) < 0) return -1;
        if (key->id == ATTRIBUTE_CONTEXTS) name_links(arena_of(s), s->target.values[key->id]);
        return 0;
}

/* ---- secrets, limits, attestations */

static int read_secret(Service *s, const ConfigNode *n, Err **e) {
        const char *source = n->kind == CONFIG_MAP ? config_node_member_text(n, "source") : config_node_scalar(n);
        if (!source) return config_node_error(n, e, "secrets: a name, or a map with 'source', is expected here");
        const ConfigNode *about = config_node_get(config_node_get(s->root, "secrets"), source);
        bool flag = false;
        const ConfigNode *external = config_node_get(about, "external");
        if (external && (external->kind == CONFIG_MAP || config_node_flag(external, &flag) < 0 || flag))
                return config_node_error(n, e, "secrets: '%s' is external; there is no place from which it could come",
                                         source);
        ConfigNode *record = config_node_new(arena_of(s), CONFIG_MAP, n);
        config_node_set(arena_of(s), record, "id", config_node_text(arena_of(s), source, n));
        const char *file = config_node_member_text(about, "file"),
                   *variable = config_node_member_text(about, "environment");
        if (file) config_node_set(arena_of(s), record, "src", config_node_text(arena_of(s), file, n));
        if (variable) config_node_set(arena_of(s), record, "env", config_node_text(arena_of(s), variable, n));
        ConfigNode **list = &s->target.values[ATTRIBUTE_SECRET];
        if (!*list) *list = config_node_new(arena_of(s), CONFIG_LIST, n);
        config_node_append(*list, record);
        return 0;
}

static int read_secrets(Service *s, const ConfigNode *n, Err **e) {
        if (n->kind != CONFIG_LIST) return bad_kind(n, "a list", e);
        for (const ConfigNode *one = n->first; one; one = one->next)
                if (read_secret(s, one, e) < 0) return -1;
        return 0;
}

/* "nofile: 1024", "nofile: {soft: 1024, hard: 2048}" */
static int read_ulimits(Service *s, const ConfigNode *n, Err **e) {
        if (n->kind != CONFIG_MAP) return bad_kind(n, "a map", e);
        ConfigNode *list = config_node_new(arena_of(s), CONFIG_LIST, n);
        for (const ConfigNode *one = n->first; one; one = one->next) {
                const ConfigNode *soft = config_node_get(one, "soft"), *hard = config_node_get(one, "hard");
                const char *low = soft ? config_node_scalar(soft) : config_node_scalar(one);
                const char *high = hard ? config_node_scalar(hard) : low;
                if (!low || !high) return config_node_error(one, e, "ulimits.%s: a number, or soft and hard", one->key);
                config_node_append(
                        list,
                        config_node_text(arena_of(s), arena_printf(arena_of(s), "%s=%s:%s", one->key, low, high), one));
        }
        s->target.values[ATTRIBUTE_ULIMITS] = list;
        return 0;
}

/* "provenance: mode=max", "sbom: false" */
static int read_attest(Service *s, const ConfigNode *n, Err **e) {
        const char *text = config_node_scalar(n);
        bool flag;
        if (n->kind == CONFIG_NULL) return 0;
        if (!text) return bad_kind(n, "a text", e);
        bool is_flag = config_node_flag(n, &flag) == 0;
        char *spec = !is_flag ? arena_printf(arena_of(s), "type=%s,%s", n->key, text)
                     : flag   ? arena_printf(arena_of(s), "type=%s", n->key)
                              : arena_printf(arena_of(s), "type=%s,disabled=true", n->key);
        ConfigNode *list = config_node_new(arena_of(s), CONFIG_LIST, n), *value;
        config_node_append(list, config_node_text(arena_of(s), spec, n));
        if (bake_attribute_read(arena_of(s), ATTRIBUTE_ATTEST, list, &value, e) < 0) return -1;
        bake_attribute_merge(arena_of(s), &s->target, ATTRIBUTE_ATTEST, value, true);
        return 0;
}

/* ---- x-bake */

static int unknown_extension(const ConfigNode *n, Err **e) {
        const char *names[ARRAY_SIZE(extension_ids)];
        for (size_t i = 0; i < ARRAY_SIZE(extension_ids); i++) names[i] = bake_attributes[extension_ids[i]].name;
        return bake_unknown_key(n, "x-bake", names, ARRAY_SIZE(names), e);
}

static int read_extension_key(Service *s, ConfigNode *n, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(extension_ids); i++) {
                AttributeId id = extension_ids[i];
                AttributeKind kind = bake_attributes[id].kind;
                ConfigNode *value;
                if (!streq(n->key, bake_attributes[id].name)) continue;
                if (kind == ATTRIBUTE_IS_LIST || kind == ATTRIBUTE_IS_RECORDS) n = as_list(s, n, true);
                if (bake_attribute_read(arena_of(s), id, n, &value, e) < 0) return -1;
                if (id == ATTRIBUTE_CONTEXTS) name_links(arena_of(s), value);
                bake_attribute_merge(arena_of(s), &s->target, id, value, true);
                return 0;
        }
        return unknown_extension(n, e);
}

static int read_extension(Service *s, const ConfigNode *n, Err **e) {
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_MAP) return bad_kind(n, "a map", e);
        for (ConfigNode *one = n->first; one; one = one->next)
                if (read_extension_key(s, one, e) < 0) return -1;
        return 0;
}

/* ---- services */

static int unknown_build_key(const ConfigNode *n, Err **e) {
        const char *names[ARRAY_SIZE(plain_keys) + ARRAY_SIZE(other_keys)];
        size_t count = 0;
        for (size_t i = 0; i < ARRAY_SIZE(plain_keys); i++) names[count++] = plain_keys[i].name;
        for (size_t i = 0; i < ARRAY_SIZE(other_keys); i++) names[count++] = other_keys[i];
        return bake_unknown_key(n, "build", names, count, e);
}

static int read_build_key(Service *s, ConfigNode *n, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(plain_keys); i++)
                if (streq(n->key, plain_keys[i].name)) return read_plain(s, &plain_keys[i], n, e);
        if (streq(n->key, "secrets")) return read_secrets(s, n, e);
        if (streq(n->key, "ulimits")) return read_ulimits(s, n, e);
        if (streq(n->key, "provenance") || streq(n->key, "sbom")) return read_attest(s, n, e);
        if (streq(n->key, "isolation") || streq(n->key, "privileged") || starts_with(n->key, "x-")) return 0;
        return unknown_build_key(n, e);
}

static int read_build(Service *s, const ConfigNode *build, Err **e) {
        if (build->kind == CONFIG_TEXT) {
                s->target.values[ATTRIBUTE_CONTEXT] = config_node_text(arena_of(s), build->text, build);
                return 0;
        }
        if (build->kind != CONFIG_MAP) return bad_kind(build, "a directory or a map", e);
        for (ConfigNode *n = build->first; n; n = n->next)
                if (read_build_key(s, n, e) < 0) return -1;
        const ConfigNode *extension = config_node_get(build, "x-bake");
        return extension ? read_extension(s, extension, e) : 0;
}

/* What a service takes over from another of the same file. */
static ConfigNode *overlay(Arena *a, const ConfigNode *base, const ConfigNode *over) {
        if (base->kind != CONFIG_MAP || over->kind != CONFIG_MAP) return config_node_copy(a, over);
        ConfigNode *merged = config_node_copy(a, base);
        for (const ConfigNode *n = over->first; n; n = n->next) {
                const ConfigNode *below = config_node_get(base, n->key);
                config_node_set(a, merged, n->key, below ? overlay(a, below, n) : config_node_copy(a, n));
        }
        return merged;
}

static int extend(Service *s, const ConfigNode *n, unsigned depth, const ConfigNode **ret_node, Err **e) {
        const ConfigNode *extends = config_node_get(n, "extends");
        *ret_node = n;
        if (!extends || extends->kind == CONFIG_NULL) return 0;
        const char *name =
                extends->kind == CONFIG_MAP ? config_node_member_text(extends, "service") : config_node_scalar(extends);
        if (config_node_get(extends, "file"))
                return config_node_error(extends, e, "extends: services of other files are not read");
        const ConfigNode *base = name ? config_node_get(config_node_get(s->root, "services"), name) : NULL;
        if (!base)
                return config_node_error(extends, e, "extends: there is no service '%s' in this file",
                                         name ? name : "");
        if (depth >= EXTENDS_MAX)
                return config_node_error(extends, e, "extends: services extend each other in a circle");
        if (extend(s, base, depth + 1, &base, e) < 0) return -1;
        *ret_node = overlay(arena_of(s), base, n);
        return 0;
}

/* The tag of a service that has none is its image; decided when all files are merged, so kept aside until then. */
static int read_service(Bake *b, const ConfigNode *root, const ConfigNode *n, ConfigNode *images, Err **e) {
        Service s = {.bake = b, .root = root};
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_MAP) return bad_kind(n, "a map", e);
        if (extend(&s, n, 0, &s.node, e) < 0) return -1;
        char *name = arena_strdup(b->arena, n->key);
        sanitize(name);
        if (!bake_name_valid(name)) return config_node_error(n, e, "'%s' is no name of a service", n->key);
        const ConfigNode *build = config_node_get(s.node, "build"), *image = config_node_get(s.node, "image");
        if (image && config_node_scalar(image))
                config_node_set(b->arena, images, name, config_node_text(b->arena, config_node_scalar(image), image));
        if (!build || build->kind == CONFIG_NULL) return 0;
        s.target.name = name;
        s.target.place = n;
        return read_build(&s, build, e) < 0 ? -1 : bake_target_add(b, &s.target, true, e);
}

static int read_file(Bake *b, ConfigNode *root, ConfigNode *images, Err **e) {
        BakeEnvironment environment = {b->compose_environment, b->unset};
        if (root->kind == CONFIG_NULL) return config_node_error(root, e, "the file is empty");
        if (root->kind != CONFIG_MAP) return bad_kind(root, "a compose file, which is a map", e);
        const ConfigNode *services = config_node_get(root, "services"), *include = config_node_get(root, "include");
        if (include) return config_node_error(include, e, "include: other files are not read; name them with -f");
        if (!services) {
                static const char *const keys[] = {"services", "secrets", "volumes", "networks",
                                                   "configs",  "version", "name"};
                if (root->first) return bake_unknown_key(root->first, "a compose file without services", keys, 1, e);
                return config_node_error(root, e, "there are no services");
        }
        if (services->kind != CONFIG_MAP) return services->kind == CONFIG_NULL ? 0 : bad_kind(services, "a map", e);
        static const char *const used[] = {"build", "image", "environment", "extends"};
        for (ConfigNode *service = services->first; service; service = service->next) {
                for (size_t i = 0; i < ARRAY_SIZE(used); i++) {
                        ConfigNode *part = config_node_get(service, used[i]);
                        if (part && bake_compose_expand(b->arena, &environment, part, e) < 0) return -1;
                }
        }
        ConfigNode *secrets = config_node_get(root, "secrets");
        if (secrets && bake_compose_expand(b->arena, &environment, secrets, e) < 0) return -1;
        for (const ConfigNode *service = services->first; service; service = service->next)
                if (read_service(b, root, service, images, e) < 0) return -1;
        return 0;
}

int bake_read_compose(Bake *b, ConfigNode *const *roots, size_t count, Err **e) {
        if (count == 0) return 0;
        if (load_environment(b, e) < 0) return -1;
        ConfigNode *images = config_node_new(b->arena, CONFIG_MAP, NULL);
        for (size_t i = 0; i < count; i++)
                if (read_file(b, roots[i], images, e) < 0) return -1;
        BakeGroup *g = arena_alloc(b->arena, sizeof *g);
        *g = (BakeGroup){.name = "default", .targets = config_node_new(b->arena, CONFIG_LIST, NULL)};
        for (size_t i = 0; i < b->targets.n; i++) {
                BakeTarget *t = b->targets.v[i];
                const char *image = config_node_member_text(images, t->name);
                ConfigNode *tags = t->values[ATTRIBUTE_TAGS];
                config_node_append(g->targets, config_node_text(b->arena, t->name, t->place));
                if ((tags && tags->count) || !image) continue;
                t->values[ATTRIBUTE_TAGS] = config_node_new(b->arena, CONFIG_LIST, config_node_get(images, t->name));
                config_node_append(t->values[ATTRIBUTE_TAGS],
                                   config_node_text(b->arena, image, config_node_get(images, t->name)));
        }
        bake_group_put(b, g);
        return 0;
}
