/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"

/* RUN --mount=KEY=VALUE,...: the fields in the order in which they are written, then the defaults of the type. Values are
 * expanded, save from=. */

bool plan_csv_split(Arena *a, const char *text, const char *const **ret_fields, size_t *ret_count) {
        size_t commas = 1;
        for (const char *c = text; *c; c++) commas += *c == ',';
        const char **fields = arena_array(a, commas, sizeof *fields);
        AUTO(buf_done) Buf field = {0};
        size_t n = 0;
        for (const char *c = text;; c++) {
                if (*c == '"' && field.n == 0) {
                        for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
                                if (*c == '"') c++;
                                buf_addc(&field, *c);
                        }
                        if (!*c || (c[1] && c[1] != ',')) return false;
                        c++;
                } else if (*c && *c != ',') {
                        if (*c == '"') return false;
                        buf_addc(&field, *c);
                        continue;
                }
                fields[n++] = arena_str(a, buf_str(&field));
                buf_clear(&field);
                if (!*c) break;
        }
        *ret_fields = fields;
        *ret_count = n;
        return true;
}

typedef struct MountDraft {
        Stage *s;
        const Instruction *i;
        const char *text; /* the whole flag */
        PlanMount mount;
        const char *from, *id, *source, *target, *env;
        bool read_only_given, env_of_id, has_size, has_sharing, has_required;
} MountDraft;

static const char *const type_names[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
static const char *const sharing_names[] = {"shared", "private", "locked"};

__attribute__((format(printf, 4, 5))) static int mount_error(const MountDraft *d, const char *word, Err **e,
                                                             const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        return plan_error(d->s->maker, d->i, word, e, "--mount=%s: %s", d->text, text);
}

/* A closed set of words; the index of value, or -1 with *e. */
typedef struct Choice {
        const char *what;
        const char *const *names;
        size_t count;
} Choice;

static int choose(const MountDraft *d, const Choice *choice, const char *value, Err **e) {
        for (size_t k = 0; k < choice->count; k++)
                if (strcasecmp(value, choice->names[k]) == 0) return (int)k;
        const char *near = nearest_name(value, choice->names, choice->count);
        mount_error(d, value, e, "unsupported %s '%s'", choice->what, value);
        if (near) return err_hint(e, "did you mean '%s'?", near);
        AUTO(buf_done) Buf known = {0};
        for (size_t k = 0; k < choice->count; k++) buf_addf(&known, "%s%s", k ? ", " : "", choice->names[k]);
        return err_hint(e, "known are %s", known.p);
}

static int set_type(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)key;
        static const Choice types = {"mount type", type_names, ARRAY_SIZE(type_names)};
        int type = choose(d, &types, value, e);
        if (type < 0) return -1;
        d->mount.type = (MountType)type;
        return 0;
}

static int set_sharing(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)key;
        static const Choice values = {"sharing value", sharing_names, ARRAY_SIZE(sharing_names)};
        int sharing = choose(d, &values, value, e);
        if (sharing < 0) return -1;
        d->mount.sharing = (MountSharing)sharing;
        d->has_sharing = true;
        return 0;
}

/* What Go's strconv takes as a boolean, in any case. */
static bool boolean_parse(const char *text, bool *ret_value) {
        static const struct {
                const char *text;
                bool value;
        } rows[] = {{"true", true}, {"1", true}, {"t", true}, {"false", false}, {"0", false}, {"f", false}};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (strcasecmp(text, rows[i].text) != 0) continue;
                *ret_value = rows[i].value;
                return true;
        }
        return false;
}

static int parse_bool(const MountDraft *d, const char *key, const char *value, bool *ret, Err **e) {
        *ret = true;
        if (!value || boolean_parse(value, ret)) return 0;
        return mount_error(d, value, e, "invalid value for %s: '%s' (true or false)", key, value);
}

static int set_read_only(MountDraft *d, const char *key, const char *value, Err **e) {
        bool yes = true;
        if (parse_bool(d, key, value, &yes, e) < 0) return -1;
        d->mount.read_only = streq(key, "rw") || streq(key, "readwrite") ? !yes : yes;
        d->read_only_given = true;
        return 0;
}

static int set_required(MountDraft *d, const char *key, const char *value, Err **e) {
        d->has_required = true;
        return parse_bool(d, key, value, &d->mount.required, e);
}

static int set_size(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)key;
        d->has_size = true;
        if (size_parse(str_of(value), &d->mount.size_bytes, e) == 0) return 0;
        err_wrap(e, "--mount=%s: invalid size '%s'", d->text, value);
        return plan_locate(d->s->maker, d->i, value, e);
}

static int set_number(MountDraft *d, const char *key, const char *value, Err **e) {
        const struct {
                const char *key;
                unsigned base;
                uint32_t *value;
                bool *has;
        } rows[] = {{"mode", 8, &d->mount.mode, &d->mount.has_mode},
                    {"uid", 10, &d->mount.uid, &d->mount.has_uid},
                    {"gid", 10, &d->mount.gid, &d->mount.has_gid}};
        for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
                if (!streq(rows[k].key, key)) continue;
                *rows[k].has = true;
                if (u32_parse(str_of(value), rows[k].base, rows[k].value) && (k > 0 || *rows[k].value <= 07777))
                        return 0;
        }
        return mount_error(d, value, e, "invalid value '%s' for %s (%s)", value, key,
                           *key == 'm' ? "an octal mode" : "a number");
}

static int set_from(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)key;
        const char *dollar = strchr(value, '$');
        if (dollar && dollar[1]) {
                mount_error(d, value, e, "'from' doesn't support variable expansion");
                return err_hint(e, "define a new stage 'FROM %s AS name' with a global ARG, and mount from that name",
                                value);
        }
        d->from = value;
        return 0;
}

static int set_text(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)e;
        if (streq(key, "id"))
                d->id = value;
        else if (*key == 's')
                d->source = value;
        else
                d->target = value;
        return 0;
}

static int set_env(MountDraft *d, const char *key, const char *value, Err **e) {
        (void)key;
        (void)e;
        d->env = value;
        d->env_of_id = value == NULL;
        return 0;
}

typedef struct MountKey {
        const char *name;
        int (*set)(MountDraft *d, const char *key, const char *value, Err **e);
        bool bare;    /* may stand without "=" */
        bool literal; /* not expanded */
} MountKey;

static const MountKey keys[] = {
        {"type", set_type, false, false},        {"from", set_from, false, true},
        {"source", set_text, false, false},      {"src", set_text, false, false},
        {"target", set_text, false, false},      {"dst", set_text, false, false},
        {"destination", set_text, false, false}, {"readonly", set_read_only, true, false},
        {"ro", set_read_only, true, false},      {"readwrite", set_read_only, true, false},
        {"rw", set_read_only, true, false},      {"id", set_text, false, false},
        {"sharing", set_sharing, false, false},  {"size", set_size, false, false},
        {"mode", set_number, false, false},      {"uid", set_number, false, false},
        {"gid", set_number, false, false},       {"required", set_required, true, false},
        {"env", set_env, true, false},
};

static int unknown_key(const MountDraft *d, const char *name, Err **e) {
        const char *names[ARRAY_SIZE(keys)];
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++) names[k] = keys[k].name;
        const char *near = nearest_name(name, names, ARRAY_SIZE(names));
        mount_error(d, name, e, "unexpected key '%s'", name);
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

static int set_field(MountDraft *d, const char *field, Err **e) {
        Str rest = str_of(field), name;
        bool has_value = str_cut(&rest, '=', &name);
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
                if (!str_eq_nocase(name, str_of(keys[k].name))) continue;
                const char *value = NULL;
                if (!has_value && !keys[k].bare)
                        return mount_error(d, field, e, "invalid field '%s' must be a key=value pair", field);
                if (has_value) value = arena_str(d->s->maker->arena, rest);
                if (value && !keys[k].literal && stage_expand(d->s, d->i, value, &value, e) < 0) return -1;
                return keys[k].set(d, keys[k].name, value, e);
        }
        return unknown_key(d, arena_str(d->s->maker->arena, name), e);
}

/* What a key means only for some types. */
static int check_types(const MountDraft *d, Err **e) {
        const PlanMount *m = &d->mount;
        const unsigned bind = 1u << MOUNT_BIND, cache = 1u << MOUNT_CACHE, tmpfs = 1u << MOUNT_TMPFS,
                       secret = 1u << MOUNT_SECRET, ssh = 1u << MOUNT_SSH;
        const struct {
                const char *key;
                bool given;
                unsigned types;
        } rows[] = {{"mode", m->has_mode, cache | secret | ssh},
                    {"uid", m->has_uid, cache | secret | ssh},
                    {"gid", m->has_gid, cache | secret | ssh},
                    {"sharing", d->has_sharing, cache},
                    {"size", d->has_size, tmpfs},
                    {"required", d->has_required, secret | ssh},
                    {"env", d->env || d->env_of_id, secret},
                    {"from", d->from && *d->from, bind | cache}};
        for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
                if (rows[k].given && !(rows[k].types & (1u << m->type)))
                        return mount_error(d, rows[k].key, e, "%s not allowed for '%s' type mounts", rows[k].key,
                                           type_names[m->type]);
        return 0;
}

static int resolve_target(MountDraft *d, Err **e) {
        const char *directory = d->s->pub.config.working_dir ? d->s->pub.config.working_dir : "/";
        if (!d->target) d->target = ""; /* no target: the working directory is covered */
        d->mount.target = plan_path_join(d->s->maker->arena, directory, d->target);
        if (!streq(d->mount.target, "/")) return 0;
        mount_error(d, *d->target ? d->target : NULL, e, "invalid mount target '/': the root can not be covered");
        return *d->target ? -1 : err_hint(e, "say where it goes: target=/PATH");
}

static int finish_files(MountDraft *d, Err **e) {
        Maker *m = d->s->maker;
        if (resolve_target(d, e) < 0) return -1;
        d->mount.source = plan_path_clean(m->arena, d->source ? d->source : "") + 1; /* without the leading slash */
        if (d->mount.type == MOUNT_CACHE) {
                const char *ns = plan_build_arg(m, "BUILDKIT_CACHE_MOUNT_NS");
                bool named = d->id && *d->id;
                const char *id = named ? d->id : d->target;
                if (*id == '/' || !named)
                        id = *id == '/' ? plan_path_clean(m->arena, id) : plan_path_clean(m->arena, id) + 1;
                if (!*id) id = "."; /* the working directory itself */
                d->mount.id = ns && *ns ? arena_printf(m->arena, "%s/%s", ns, id) : id;
        }
        bool from = d->from && *d->from && !(d->mount.type == MOUNT_CACHE && streq(d->from, "scratch"));
        if (from) {
                Source source;
                if (plan_source_find(d->s, d->i, d->from, &source, e) < 0) return -1;
                d->mount.from = source.step;
                d->mount.from_context = source.context;
        } else if (d->mount.type == MOUNT_BIND) {
                d->mount.from_context = "";
                m->context_needed = true;
        }
        return 0;
}

static int finish_secret(MountDraft *d, Err **e) {
        Arena *a = d->s->maker->arena;
        bool has_target = d->target && *d->target;
        if (d->source && d->id) return mount_error(d, NULL, e, "invalid secret mount: both source and id can't be set");
        const char *id = d->id ? d->id : d->source;
        if ((!id || !*id) && !has_target)
                return mount_error(d, NULL, e, "invalid secret mount: one of source, target required");
        d->mount.id = id && *id ? id : plan_path_base(a, d->target);
        if (has_target && resolve_target(d, e) < 0) return -1;
        d->mount.env = d->env_of_id ? plan_path_base(a, d->mount.id) : d->env;
        if (!has_target && !d->mount.env)
                d->mount.target = arena_printf(a, "/run/secrets/%s", plan_path_base(a, d->mount.id));
        return 0;
}

static int finish_ssh(MountDraft *d, unsigned number, Err **e) {
        d->mount.id = d->id && *d->id ? d->id : d->source && *d->source ? d->source : "default";
        if (d->target && *d->target) return resolve_target(d, e);
        d->mount.target = arena_printf(d->s->maker->arena, "/run/buildkit/ssh_agent.%u", number);
        return 0;
}

static int mount_finish(MountDraft *d, unsigned ssh_number, Err **e) {
        PlanMount *m = &d->mount;
        if (check_types(d, e) < 0) return -1;
        if (!d->read_only_given) m->read_only = m->type != MOUNT_CACHE && m->type != MOUNT_TMPFS;
        switch (m->type) {
        case MOUNT_BIND:
        case MOUNT_CACHE: return finish_files(d, e);
        case MOUNT_TMPFS: return resolve_target(d, e);
        case MOUNT_SECRET: return finish_secret(d, e);
        case MOUNT_SSH: return finish_ssh(d, ssh_number, e);
        }
        return 0;
}

static int mount_parse(MountDraft *d, unsigned ssh_number, Err **e) {
        const char *const *fields = NULL;
        size_t count = 0;
        if (!plan_csv_split(d->s->maker->arena, d->text, &fields, &count))
                return mount_error(d, NULL, e, "a quote is not closed or stands inside a field");
        for (size_t k = 0; k < count; k++)
                if (set_field(d, fields[k], e) < 0) return -1;
        return mount_finish(d, ssh_number, e);
}

int mounts_parse(Stage *s, const Instruction *i, const PlanMount **ret_mounts, size_t *ret_count, Err **e) {
        const char *const *texts = NULL;
        size_t count = plan_flag_list(s->maker, i, "mount", &texts);
        if (count > PLAN_MOUNTS_MAX) return plan_limit(s->maker, i, PLAN_MOUNTS_MAX, "mounts in one RUN", e);
        PlanMount *mounts = arena_array(s->maker->arena, count, sizeof *mounts);
        unsigned ssh_number = 0;
        for (size_t k = 0; k < count; k++) {
                MountDraft draft = {.s = s, .i = i, .text = texts[k]};
                if (mount_parse(&draft, ssh_number, e) < 0) return -1;
                ssh_number += draft.mount.type == MOUNT_SSH;
                mounts[k] = draft.mount;
        }
        *ret_mounts = mounts;
        *ret_count = count;
        return 0;
}
