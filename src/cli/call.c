/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "cli/exit.h"
#include "cli/text.h"

static const struct {
        const char *name;
        CallMethod method;
        const char *help;
} methods[] = {
        {"build", CALL_BUILD, "Build (default)"},
        {"check", CALL_CHECK, "Check the Dockerfile"},
        {"lint", CALL_CHECK, "The same as check"},
        {"outline", CALL_OUTLINE, "Show the arguments, secrets and caches that a target takes"},
        {"targets", CALL_TARGETS, "Show the stages that can be built"},
        {"subrequests.describe", CALL_DESCRIBE, "Show these methods"},
};

static int parse_field(Str field, Call *call, Err **e) {
        Str key;
        if (str_cut(&field, '=', &key)) {
                bool text = str_is(field, "text") || str_is(field, "json");
                if (str_is(key, "format") && text) {
                        call->json = str_is(field, "json");
                        return 0;
                }
                if (str_is(key, "ignorestatus")) {
                        call->ignore_status = str_is(field, "true") || str_is(field, "1");
                        return 0;
                }
                err_new(e, ERR_USAGE, "--call: unknown '" STR_FMT "=" STR_FMT "'", STR_ARG(key), STR_ARG(field));
        } else {
                err_new(e, ERR_USAGE, "--call: '" STR_FMT "' is not KEY=VALUE", STR_ARG(key));
        }
        return err_hint(e, "write METHOD[,format=text|json][,ignorestatus=true]");
}

static int find_method(Str name, CallMethod *ret_method, Err **e) {
        const char *names[ARRAY_SIZE(methods)];
        for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
                names[i] = methods[i].name;
                if (!str_is(name, methods[i].name)) continue;
                *ret_method = methods[i].method;
                return 0;
        }
        AUTO(freep) char *text = str_dup(name);
        const char *near = nearest_name(text, names, ARRAY_SIZE(names));
        err_new(e, ERR_USAGE, "--call: there is no method '%s'", text);
        if (near) return err_hint(e, "did you mean --call=%s?", near);
        return err_hint(e, "methods: build check outline targets subrequests.describe");
}

int call_parse(const char *text, bool check, Call *ret_call, Err **e) {
        Call call = {.method = check ? CALL_CHECK : CALL_BUILD};
        Str rest = str_of(text ? text : ""), one;
        if (text && *text) {
                bool more = str_cut(&rest, ',', &one);
                if (find_method(one, &call.method, e) < 0) return -1;
                while (more) {
                        more = str_cut(&rest, ',', &one);
                        if (parse_field(one, &call, e) < 0) return -1;
                }
        }
        *ret_call = call;
        return 0;
}

/* ---- check */

static void add_finding(const BuildDescription *d, const Finding *f, Buf *out) {
        const CheckRule *rule = check_rule(f->id);
        AUTO(freep) char *excerpt = dockerfile_excerpt(d->dockerfile, f->first_line, f->last_line, NULL);
        buf_addf(out, "\n%s: %s - ", rule->level == CHECK_LEVEL_INFO ? "INFO" : "WARNING", rule->name);
        check_url(f->id, out);
        buf_addf(out, "\n%s\n%sfix: %s\n", f->text, excerpt, f->fix);
}

static void add_error(const BuildDescription *d, Buf *out) {
        const char *excerpt = err_excerpt_text(d->error);
        buf_addf(out, "\nERROR: %s\n", err_message(d->error));
        if (excerpt) buf_addf(out, "%s%s", excerpt, ends_with(excerpt, "\n") ? "" : "\n");
        Str rest = str_of(err_hints(d->error)), line;
        while (str_cut(&rest, '\n', &line)) buf_addf(out, "hint: " STR_FMT "\n", STR_ARG(line));
}

static void check_text(const BuildDescription *d, Buf *out) {
        size_t n = 0;
        const Finding *list = d->checks ? checks_list(d->checks, &n) : NULL;
        if (n == 0) {
                buf_adds(out, d->error ? "Check failed.\n" : "Check complete, no warnings found.\n");
        } else {
                buf_addf(out, "Check complete, %zu warning%s been found!\n", n, n == 1 ? " has" : "s have");
        }
        for (size_t i = 0; i < n; i++) add_finding(d, &list[i], out);
        if (d->error) add_error(d, out);
}

static int check(const Call *call, BuildDescription *d, Buf *out) {
        if (d->plan) checks_verdict(d->checks, &d->error);
        if (call->json) {
                call_json_check(d, out);
        } else {
                check_text(d, out);
        }
        return d->error ? EXIT_FAILED : EXIT_DONE;
}

/* ---- outline */

/* What the comment "# name text" above an instruction says of name; "" when it says nothing. */
static const char *description(Arena *a, const Instruction *in, const char *name) {
        Str rest = str_of(in && in->doc ? in->doc : ""), line;
        bool more = rest.n > 0;
        size_t size = strlen(name);
        while (more && size) {
                more = str_cut(&rest, '\n', &line);
                if (line.n > size && str_starts(line, str_of(name)) && line.p[size] == ' ')
                        return arena_str(a, str_trim(str_sub(line, size, line.n)));
        }
        return "";
}

static bool declares(const Instruction *in, const char *name) {
        for (size_t k = 0; in->kind == INSTR_ARG && k < in->pair_count; k++)
                if (streq(in->pairs[k].key, name)) return true;
        return false;
}

/* The declaration of an argument: the first one in the stage or, when it has none, in the file. A described one is preferred. */
static const Instruction *declaration(const Dockerfile *d, const char *name, uint32_t from_line) {
        const Instruction *best = NULL;
        for (size_t i = 0; i < d->instruction_count; i++) {
                const Instruction *in = &d->instructions[i];
                if (!declares(in, name)) continue;
                bool better = !best || (!best->doc && in->doc) || (best->first_line < from_line && !best->doc);
                if (better) best = in;
        }
        return best;
}

typedef struct Collector {
        const BuildDescription *d;
        Outline *outline;
        Arena *arena;
        Map *seen;
} Collector;

static void add_row(Collector *c, OutlineRows *rows, OutlineRow row) {
        const char *key = arena_printf(c->arena, "%p %s", (void *)rows, row.name);
        if (!map_puts(c->seen, key, c)) vec_push(rows, row);
}

static bool mentions(const char *text, const char *name) {
        size_t size = strlen(name);
        for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$')) {
                const char *word = at + 1 + (at[1] == '{');
                bool same = strncmp(word, name, size) == 0;
                if (same && !isalnum((unsigned char)word[size]) && word[size] != '_') return true;
        }
        return false;
}

static bool used_by_from(const Dockerfile *d, const char *name) {
        for (size_t i = 0; i < d->instruction_count; i++) {
                const Instruction *in = &d->instructions[i];
                if (in->kind != INSTR_FROM) continue;
                const char *platform = instruction_flag(in, "platform");
                if (mentions(in->words[0], name) || (platform && mentions(platform, name))) return true;
        }
        return false;
}

/* Arguments above the first FROM count when a FROM uses them. */
static void add_global_args(Collector *c, const PlanParams *params) {
        const Dockerfile *d = c->d->dockerfile;
        for (size_t i = 0; i < d->instruction_count && d->instructions[i].kind == INSTR_ARG; i++) {
                const Instruction *in = &d->instructions[i];
                for (size_t k = 0; k < in->pair_count; k++) {
                        const Pair *pair = &in->pairs[k];
                        const char *value = pair->value;
                        if (!used_by_from(d, pair->key)) continue;
                        for (size_t a = 0; a < params->build_arg_count; a++)
                                if (streq(params->build_args[a].name, pair->key)) value = params->build_args[a].value;
                        add_row(c, &c->outline->args,
                                (OutlineRow){.name = pair->key,
                                             .value = value,
                                             .description = description(c->arena, in, pair->key),
                                             .line = in->first_line});
                }
        }
}

static void add_stage_args(Collector *c, const PlanStage *stage) {
        for (size_t i = 0; i < stage->argument_count; i++) {
                const PlanVariable *v = &stage->arguments[i];
                const Instruction *in = declaration(c->d->dockerfile, v->name, stage->from_line);
                add_row(c, &c->outline->args,
                        (OutlineRow){.name = v->name,
                                     .value = v->value,
                                     .description = description(c->arena, in, v->name),
                                     .line = in ? in->first_line : stage->from_line});
        }
}

static void add_mounts(Collector *c, const PlanStep *step) {
        OutlineRows *lists[] = {[MOUNT_SECRET] = &c->outline->secrets,
                                [MOUNT_SSH] = &c->outline->ssh,
                                [MOUNT_CACHE] = &c->outline->caches};
        for (size_t i = 0; step->kind == STEP_RUN && i < step->run.mount_count; i++) {
                const PlanMount *m = &step->run.mounts[i];
                if ((size_t)m->type >= ARRAY_SIZE(lists) || !lists[m->type] || !m->id) continue;
                add_row(c, lists[m->type],
                        (OutlineRow){.name = m->id, .required = m->required, .line = step->first_line});
        }
}

static void collect(Collector *c, const PlanParams *params) {
        const Plan *plan = c->d->plan;
        const Instruction *from = checks_instruction(c->d->checks, plan->target->from_line);
        c->outline->name = from && from->word_count == 3 ? from->words[2] : "";
        c->outline->description = description(c->arena, from, c->outline->name);
        add_stage_args(c, plan->target);
        for (size_t i = 0; i < plan->stage_count; i++)
                if (plan->stages[i].reachable) add_stage_args(c, &plan->stages[i]);
        add_global_args(c, params);
        for (size_t i = 0; i < plan->step_count; i++) add_mounts(c, plan->steps[i]);
}

static void add_required(const char *title, const OutlineRows *rows, Buf *out) {
        Buf table = {0};
        if (rows->n == 0) return;
        buf_addf(&table, "%s\tREQUIRED\n", title);
        for (size_t i = 0; i < rows->n; i++)
                buf_addf(&table, "%s\t%s\n", rows->v[i].name, rows->v[i].required ? "true" : "");
        text_add_table(out, buf_str(&table));
        buf_addc(out, '\n');
        buf_done(&table);
}

static void outline_text(const Outline *o, Buf *out) {
        Buf table = {0};
        buf_addf(&table, "TARGET:\t%s\n", *o->name ? o->name : "(default)");
        if (*o->description) buf_addf(&table, "DESCRIPTION:\t%s\n", o->description);
        text_add_table(out, buf_str(&table));
        buf_addc(out, '\n');
        buf_clear(&table);
        if (o->args.n) buf_adds(&table, "BUILD ARG\tVALUE\tDESCRIPTION\n");
        for (size_t i = 0; i < o->args.n; i++)
                buf_addf(&table, "%s\t%s\t%s\n", o->args.v[i].name, o->args.v[i].value ? o->args.v[i].value : "",
                         o->args.v[i].description);
        if (o->args.n) {
                text_add_table(out, buf_str(&table));
                buf_addc(out, '\n');
        }
        buf_done(&table);
        add_required("SECRET", &o->secrets, out);
        add_required("SSH", &o->ssh, out);
        if (o->caches.n) buf_adds(out, "CACHE MOUNT\n");
        for (size_t i = 0; i < o->caches.n; i++) buf_addf(out, "%s\n", o->caches.v[i].name);
}

static int outline(const Call *call, BuildDescription *d, const PlanParams *params, Buf *out) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(map_freep) Map *seen = map_new();
        Outline o = {0};
        Collector c = {d, &o, arena, seen};
        collect(&c, params);
        if (call->json) {
                call_json_outline(d, &o, out);
        } else {
                outline_text(&o, out);
        }
        vec_done(&o.args);
        vec_done(&o.secrets);
        vec_done(&o.ssh);
        vec_done(&o.caches);
        return EXIT_DONE;
}

/* ---- targets */

static void collect_targets(const BuildDescription *d, Arena *arena, TargetRows *rows) {
        for (size_t i = 0; i < d->dockerfile->instruction_count; i++) {
                const Instruction *in = &d->dockerfile->instructions[i];
                if (in->kind != INSTR_FROM) continue;
                const char *name = in->word_count == 3 ? in->words[2] : "",
                           *platform = instruction_flag(in, "platform");
                TargetRow row = {.name = name,
                                 .description = description(arena, in, name),
                                 .base = in->words[0],
                                 .platform = platform ? platform : "",
                                 .line = in->first_line};
                vec_push(rows, row);
        }
        if (rows->n) rows->v[rows->n - 1].is_default = true;
}

static void targets_text(const TargetRows *rows, Buf *out) {
        AUTO(buf_done) Buf table = {0};
        buf_adds(&table, "TARGET\tDESCRIPTION\n");
        for (size_t i = 0; i < rows->n; i++) {
                const TargetRow *row = &rows->v[i];
                if (!*row->name && !row->is_default) continue;
                buf_addf(&table, "%s%s%s\t%s\n", row->name, *row->name && row->is_default ? " " : "",
                         row->is_default ? "(default)" : "", row->description);
        }
        text_add_table(out, buf_str(&table));
}

static int targets(const Call *call, const BuildDescription *d, Buf *out) {
        AUTO(arena_freep) Arena *arena = arena_new();
        TargetRows rows = {0};
        collect_targets(d, arena, &rows);
        if (call->json) {
                call_json_targets(d, &rows, out);
        } else {
                targets_text(&rows, out);
        }
        vec_done(&rows);
        return EXIT_DONE;
}

static int describe(Buf *out) {
        AUTO(buf_done) Buf table = {0};
        buf_adds(&table, "NAME\tDESCRIPTION\n");
        for (size_t i = 0; i < ARRAY_SIZE(methods); i++) buf_addf(&table, "%s\t%s\n", methods[i].name, methods[i].help);
        text_add_table(out, buf_str(&table));
        return EXIT_DONE;
}

/* ---- */

static int answer(const Call *call, BuildDescription *d, const PlanParams *params, Buf *out, Err **e) {
        if (call->method == CALL_CHECK) return check(call, d, out);
        if (call->method == CALL_TARGETS && d->dockerfile) return targets(call, d, out);
        if (d->error) {
                err_move(e, &d->error);
                return -1;
        }
        return outline(call, d, params, out);
}

int call_run(App *app, const Call *call, BuildRequest *request, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(build_description_done) BuildDescription d = {0};
        AUTO(buf_done) Buf out = {0};
        int status;
        if (call->method == CALL_DESCRIBE) {
                status = describe(&out);
        } else {
                if (app_store_open(app, &store.store, e) < 0) return -1;
                request->params.store = store.store;
                if (build_describe(&request->params, &d, e) < 0) return -1;
                status = answer(call, &d, &request->params.plan, &out, e);
        }
        if (status < 0 || app_print(&out, e) < 0) return -1;
        return call->ignore_status ? EXIT_DONE : status;
}
