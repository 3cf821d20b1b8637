/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/bake.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bake/definition.h"
#include "base/cleanup.h"
#include "os/fs.h"

/* Which files are read, and as what. */

enum { FILES_MAX = 256 };

/* In the order in which they are laid over each other. */
static const char *const default_files[] = {
        "compose.yaml",     "compose.yml",     "docker-compose.yml",        "docker-compose.yaml",
        "docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl",
};

BakeTarget *bake_target_find(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->targets.n; i++)
                if (streq(b->targets.v[i]->name, name)) return b->targets.v[i];
        return NULL;
}

BakeGroup *bake_group_find(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->groups.n; i++)
                if (streq(b->groups.v[i]->name, name)) return b->groups.v[i];
        return NULL;
}

int bake_target_add(Bake *b, const BakeTarget *target, bool all_append, Err **e) {
        BakeTarget *t = bake_target_find(b, target->name);
        if (b->targets.n >= BAKE_TARGETS_MAX) return err_new(e, ERR_LIMIT, "more than %d targets", BAKE_TARGETS_MAX);
        if (!t) {
                t = arena_alloc(b->arena, sizeof *t);
                t->name = arena_strdup(b->arena, target->name);
                vec_push(&b->targets, t);
        }
        bake_target_merge(b->arena, t, target, all_append);
        return 0;
}

void bake_group_put(Bake *b, BakeGroup *group) {
        for (size_t i = 0; i < b->groups.n; i++) {
                if (!streq(b->groups.v[i]->name, group->name)) continue;
                b->groups.v[i] = group;
                return;
        }
        vec_push(&b->groups, group);
}

int bake_unknown_key(const ConfigNode *n, const char *what, const char *const *known, size_t count, Err **e) {
        config_node_error(n, e, "'%s' is no key of %s", n->key, what);
        const char *near = nearest_name(n->key, known, count);
        if (near) return err_hint(e, "did you mean '%s'?", near);
        Buf all = {0};
        for (size_t i = 0; i < count; i++) buf_addf(&all, "%s%s", i ? ", " : "", known[i]);
        err_hint(e, "keys: %s", all.p);
        buf_done(&all);
        return -1;
}

typedef struct Roots {
        ConfigNode *compose[FILES_MAX], *definitions[FILES_MAX];
        size_t compose_count, definition_count;
} Roots;

static int refuse_hcl(const char *name, Err **e) {
        err_new(e, ERR_UNSUPPORTED, "%s: HCL is not read", name);
        return err_hint(e, "write it as JSON once: docker buildx bake -f %s --print > docker-bake.json", name);
}

/* The name decides; without one of the known endings the first character does. */
static bool is_json(const char *name, Str text) {
        if (ends_with(name, ".json")) return true;
        if (ends_with(name, ".yml") || ends_with(name, ".yaml")) return false;
        Str trimmed = str_trim(text);
        return trimmed.n && trimmed.p[0] == '{';
}

static int read_text(Bake *b, const char *name, Str text, Roots *roots, Err **e) {
        bool json = is_json(name, text);
        ConfigNode *root;
        if (roots->compose_count + roots->definition_count >= FILES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d files", FILES_MAX);
        if ((json ? config_json_parse : config_yaml_parse)(b->arena, name, text, &root, e) < 0) return -1;
        if (json) {
                roots->definitions[roots->definition_count++] = root;
        } else {
                roots->compose[roots->compose_count++] = root;
        }
        return 0;
}

static int read_path(Bake *b, const char *path, Roots *roots, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        const char *name = starts_with(path, "cwd://") ? path + strlen("cwd://") : path;
        bool input = streq(name, "-");
        int r = input ? fd_read_all(STDIN_FILENO, CONFIG_FILE_MAX, &text, &size, e)
                      : file_read(AT_FDCWD, name, CONFIG_FILE_MAX, &text, &size, e);
        if (r < 0) return err_wrap(e, "bake file '%s'", name);
        if (ends_with(name, ".hcl")) return refuse_hcl(name, e);
        return read_text(b, input ? "standard input" : name, (Str){text, size}, roots, e);
}

static int no_files(Err **e) {
        err_new(e, ERR_NOT_FOUND, "there is no bake file in this directory");
        return err_hint(e, "looked for compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml, "
                           "docker-bake.json and docker-bake.override.json; -f FILE names another");
}

static int read_files(Bake *b, Roots *roots, Err **e) {
        for (size_t i = 0; i < b->params->file_count; i++)
                if (read_path(b, b->params->files[i], roots, e) < 0) return -1;
        if (b->params->file_count) return 0;
        bool any = false;
        for (size_t i = 0; i < ARRAY_SIZE(default_files); i++) {
                if (access(default_files[i], F_OK) < 0) continue;
                if (read_path(b, default_files[i], roots, e) < 0) return -1;
                any = true;
        }
        return any ? 0 : no_files(e);
}

static void read_environment(Bake *b) {
        b->environment = config_node_new(b->arena, CONFIG_MAP, NULL);
        for (const char *const *v = b->params->environment; v && *v; v++) {
                Str value = str_of(*v), name;
                if (!str_cut(&value, '=', &name) || !name.n) continue;
                ConfigNode *text = config_node_text(b->arena, arena_str(b->arena, value), NULL);
                text->key = arena_str(b->arena, name);
                config_node_append(b->environment, text); /* the first of a name counts, as for getenv() */
        }
}

static int check_variables(const BakeParams *p, Err **e) {
        for (size_t i = 0; i < p->variable_count; i++)
                if (!strchr(p->variables[i], '=') || p->variables[i][0] == '=')
                        return err_new(e, ERR_USAGE, "--var: '%s' is not NAME=VALUE", p->variables[i]);
        return 0;
}

int bake_load(const BakeParams *params, Bake **ret_bake, Err **e) {
        AUTO(bake_freep) Bake *b = xcalloc(1, sizeof *b);
        Roots roots = {.compose_count = 0};
        b->arena = arena_new();
        b->params = params;
        read_environment(b);
        if (check_variables(params, e) < 0 || read_files(b, &roots, e) < 0) return -1;
        if (bake_read_compose(b, roots.compose, roots.compose_count, e) < 0) return -1;
        if (bake_read_definitions(b, roots.definitions, roots.definition_count, e) < 0) return -1;
        *ret_bake = TAKE(b);
        return 0;
}

void bake_free(Bake *b) {
        vec_done(&b->targets);
        vec_done(&b->groups);
        vec_done(&b->variables);
        vec_done(&b->overrides);
        vec_done(&b->selected);
        vec_done(&b->builds);
        arena_free(b->arena);
        free(b);
}
