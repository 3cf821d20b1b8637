/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/csv.h"
#include "bake/definition.h"
#include "base/cleanup.h"

/* A target as the `decant build` that it stands for. */

typedef struct Line {
        Bake *bake;
        const BakeTarget *target;
        ConfigNode *words; /* list of texts */
} Line;

static void add(Line *l, const char *word) {
        config_node_append(l->words, config_node_text(l->bake->arena, word, NULL));
}

static void add_option(Line *l, const char *name, const char *value) {
        add(l, arena_printf(l->bake->arena, "--%s=%s", name, value));
}

static void add_record(Line *l, const char *option, const ConfigNode *record) {
        AUTO(buf_done) Buf text = {0};
        for (const ConfigNode *f = record->first; f; f = f->next)
                bake_csv_add(&text, arena_printf(l->bake->arena, "%s=%s", f->key,
                                                 config_node_scalar(f) ? config_node_scalar(f) : ""));
        add_option(l, option, text.p);
}

static bool disabled(const ConfigNode *record) {
        const ConfigNode *n = config_node_get(record, "disabled");
        bool flag = false;
        return n && config_node_flag(n, &flag) == 0 && flag;
}

static int add_map(Line *l, AttributeId id, const ConfigNode *value) {
        const char *option = bake_attributes[id].option;
        for (const ConfigNode *n = value->first; n; n = n->next) {
                if (id == ATTRIBUTE_EXTRA_HOSTS) { /* several addresses with commas */
                        Str rest = str_of(n->text), one;
                        bool more = true;
                        while (more) {
                                more = str_cut(&rest, ',', &one);
                                add_option(l, option,
                                           arena_printf(l->bake->arena, "%s=" STR_FMT, n->key, STR_ARG(one)));
                        }
                } else if (id != ATTRIBUTE_CONTEXTS || !bake_link_name(n->text)) {
                        bool here = id == ATTRIBUTE_CONTEXTS && starts_with(n->text, "cwd://");
                        const char *text = here ? n->text + strlen("cwd://") : n->text;
                        add_option(l, option,
                                   arena_printf(l->bake->arena, "%s=%s", n->key,
                                                *text  ? text
                                                : here ? "."
                                                       : ""));
                }
        }
        return 0;
}

static void add_value(Line *l, AttributeId id, const ConfigNode *value) {
        const Attribute *attribute = &bake_attributes[id];
        switch (attribute->kind) {
        case ATTRIBUTE_IS_TEXT: add_option(l, attribute->option, value->text); break;
        case ATTRIBUTE_IS_FLAG: add_option(l, attribute->option, value->flag ? "true" : "false"); break;
        case ATTRIBUTE_IS_MAP: add_map(l, id, value); break;
        case ATTRIBUTE_IS_LIST:
                for (const ConfigNode *n = value->first; n; n = n->next) add_option(l, attribute->option, n->text);
                break;
        case ATTRIBUTE_IS_RECORDS:
                for (const ConfigNode *n = value->first; n; n = n->next)
                        if (!disabled(n)) add_record(l, attribute->option, n);
                break;
        }
}

static void add_ssh(Line *l) {
        const ConfigNode *list = l->target->values[ATTRIBUTE_SSH];
        for (const ConfigNode *n = list ? list->first : NULL; n; n = n->next) {
                const char *id = config_node_member_text(n, "id");
                const ConfigNode *paths = config_node_get(n, "paths");
                AUTO(buf_done) Buf text = {0};
                buf_adds(&text, id ? id : "default");
                for (const ConfigNode *p = paths ? paths->first : NULL; p; p = p->next)
                        buf_addf(&text, "%c%s", p == paths->first ? '=' : ',',
                                 config_node_scalar(p) ? config_node_scalar(p) : "");
                add_option(l, "ssh", text.p);
        }
}

static int refuse_push(const Line *l, Err **e) {
        err_new(e, ERR_UNSUPPORTED, "target '%s' is to be pushed, but there is no registry client yet",
                l->target->name);
        return err_hint(e, "write an archive and send that: --set %s.output=type=oci,dest=FILE", l->target->name);
}

/* cacheonly asks for nothing; docker without a destination is the local store. */
static int add_outputs(Line *l, Err **e) {
        const ConfigNode *list = l->target->values[ATTRIBUTE_OUTPUT];
        for (const ConfigNode *n = list ? list->first : NULL; n; n = n->next) {
                const char *type = config_node_member_text(n, "type"), *push = config_node_member_text(n, "push");
                if (streq(type, "registry") || (push && streq(push, "true"))) return refuse_push(l, e);
                if (streq(type, "cacheonly")) continue;
                if (streq(type, "docker") && !config_node_get(n, "dest")) {
                        add(l, "--load");
                        continue;
                }
                ConfigNode *rest = config_node_new(l->bake->arena, CONFIG_MAP, n);
                for (const ConfigNode *f = n->first; f; f = f->next)
                        if (!streq(f->key, "push"))
                                config_node_set(l->bake->arena, rest, f->key, config_node_copy(l->bake->arena, f));
                add_record(l, "output", rest);
        }
        return 0;
}

/* The Dockerfile's name is meant below the context, unless it is absolute or says cwd://. */
static int add_dockerfile(Line *l, Err **e) {
        const BakeTarget *t = l->target;
        const char *context = bake_target_text(t, ATTRIBUTE_CONTEXT), *file = bake_target_text(t, ATTRIBUTE_DOCKERFILE);
        if (streq(context, "-"))
                return config_node_error(t->place, e, "target '%s': a context cannot come from standard input",
                                         t->name);
        if (streq(file, "-"))
                return config_node_error(t->place, e, "target '%s': a Dockerfile cannot come from standard input",
                                         t->name);
        if (bake_target_text(t, ATTRIBUTE_DOCKERFILE_INLINE)) return 0;
        bool remote = strstr(context, "://") || starts_with(context, "git@");
        if (starts_with(file, "cwd://")) {
                add_option(l, "file", file + strlen("cwd://"));
        } else if (file[0] == '/' || remote || strstr(file, "://")) {
                add_option(l, "file", file);
        } else {
                add_option(l, "file", arena_printf(l->bake->arena, "%s/%s", context, file));
        }
        return 0;
}

static int write_line(Line *l, Err **e) {
        const BakeTarget *t = l->target;
        add(l, "build");
        if (add_dockerfile(l, e) < 0 || (!t->linked_only && add_outputs(l, e) < 0)) return -1;
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                bool names_result = id == ATTRIBUTE_TAGS && t->linked_only;
                if (t->values[id] && bake_attributes[id].option && !names_result) add_value(l, id, t->values[id]);
        }
        add_ssh(l);
        add(l, "--");
        add(l, bake_target_text(t, ATTRIBUTE_CONTEXT));
        return 0;
}

/* ---- order */

static size_t build_index(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->builds.n; i++)
                if (streq(b->builds.v[i].name, name)) return i;
        return SIZE_MAX;
}

static const BakeTarget *find_selected(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->selected.n; i++)
                if (streq(b->selected.v[i]->name, name)) return b->selected.v[i];
        return NULL;
}

/* What t links to is there before it: bake_select() saw to it that there is no circle. */
static int add_build(Bake *b, const BakeTarget *t, Err **e) {
        const ConfigNode *contexts = t->values[ATTRIBUTE_CONTEXTS];
        if (build_index(b, t->name) != SIZE_MAX) return 0;
        BakeLink *links = arena_array(b->arena, contexts ? contexts->count + 1 : 1, sizeof *links);
        size_t count = 0;
        for (const ConfigNode *n = contexts ? contexts->first : NULL; n; n = n->next) {
                const char *name = bake_link_name(n->text);
                if (!name) continue;
                if (add_build(b, find_selected(b, name), e) < 0) return -1;
                links[count++] = (BakeLink){n->key, build_index(b, name)};
        }
        Line line = {b, t, config_node_new(b->arena, CONFIG_LIST, NULL)};
        if (write_line(&line, e) < 0) return -1;
        const char **argv = arena_array(b->arena, line.words->count + 1, sizeof *argv);
        size_t argc = 0;
        for (const ConfigNode *n = line.words->first; n; n = n->next) argv[argc++] = n->text;
        BakeBuild build = {.name = t->name,
                           .description = t->description,
                           .argv = argv,
                           .argc = argc,
                           .dockerfile_inline = bake_target_text(t, ATTRIBUTE_DOCKERFILE_INLINE),
                           .links = links,
                           .link_count = count,
                           .linked_only = t->linked_only,
                           .call = bake_target_text(t, ATTRIBUTE_CALL)};
        vec_push(&b->builds, build);
        return 0;
}

static int compare_targets(const void *a, const void *b) {
        return strcmp((*(BakeTarget *const *)a)->name, (*(BakeTarget *const *)b)->name);
}

int bake_commands(Bake *b, Err **e) {
        if (b->selected.n) qsort(b->selected.v, b->selected.n, sizeof *b->selected.v, compare_targets);
        for (size_t i = 0; i < b->selected.n; i++)
                if (add_build(b, b->selected.v[i], e) < 0) return -1;
        return 0;
}

size_t bake_count(const Bake *b) {
        return b->builds.n;
}

const BakeBuild *bake_build(const Bake *b, size_t i) {
        return &b->builds.v[i];
}
