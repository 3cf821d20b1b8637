/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/bake.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/bake_run.h"
#include "cli/build_metadata.h"
#include "cli/call.h"
#include "cli/exit.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "cli/warnings.h"
#include "os/fs.h"

/* The command line as what bake/ takes. */
typedef struct BakeRequest {
        BakeParams params;
        VEC(const char *) files, variables;
        StrVec sets;
        char platform[128];
} BakeRequest;

static void bake_request_done(BakeRequest *r) {
        vec_done(&r->files);
        vec_done(&r->variables);
        strvec_done(&r->sets);
}

/* Options that are said of all targets go behind every --set. */
static void add_sets(BakeRequest *r, const Args *args) {
        static const char *const flags[] = {"push", "load", "no-cache", "pull"};
        const char *text;
        for (size_t i = 0; (text = args_next(args, "set", &i));) strvec_push(&r->sets, text);
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
                bool always = i >= 2; /* --no-cache=false overrides the file; --push=false says nothing */
                text = args_text(args, flags[i]);
                if (text && (always || streq(text, "true"))) strvec_pushf(&r->sets, "*.%s=%s", flags[i], text);
        }
        if (args_text(args, "call")) strvec_pushf(&r->sets, "*.call=%s", args_text(args, "call"));
        if (args_flag(args, "check")) strvec_push(&r->sets, "*.call=check");
}

static void bake_request_init(BakeRequest *r, const Args *args) {
        const char *text;
        Platform host;
        *r = (BakeRequest){.params = {.environment = (const char *const *)environ}};
        for (size_t i = 0; (text = args_next(args, "file", &i));) vec_push(&r->files, text);
        for (size_t i = 0; (text = args_next(args, "var", &i));) vec_push(&r->variables, text);
        add_sets(r, args);
        platform_host(&host);
        platform_render(&host, r->platform);
        r->params.files = r->files.v;
        r->params.file_count = r->files.n;
        r->params.variables = r->variables.v;
        r->params.variable_count = r->variables.n;
        r->params.sets = (const char *const *)r->sets.v;
        r->params.set_count = r->sets.n;
        r->params.names = args->operands.v;
        r->params.name_count = args->operands.n;
        r->params.local_platform = r->platform;
}

/* ---- --list, --print */

/* "targets", "variables", "type=targets,format=json" */
static int parse_list(const char *text, bool *ret_variables, bool *ret_json, Err **e) {
        Str rest = str_of(text), field, key;
        bool more;
        Str type = {0};
        do {
                more = str_cut(&rest, ',', &field);
                if (!str_cut(&field, '=', &key)) {
                        type = field;
                } else if (str_is(key, "type")) {
                        type = field;
                } else if (str_is(key, "format") && (str_is(field, "json") || str_is(field, "table"))) {
                        *ret_json = str_is(field, "json");
                } else {
                        return err_new(e, ERR_USAGE, "--list: unknown '" STR_FMT "'", STR_ARG(key));
                }
        } while (more);
        *ret_variables = str_is(type, "variables");
        if (*ret_variables || str_is(type, "targets")) return 0;
        err_new(e, ERR_USAGE, "--list: '%s' is nothing that can be listed", text);
        return err_hint(e, "write --list targets or --list variables, with ,format=json for JSON");
}

static int list(Bake *bake, const char *what, Err **e) {
        bool variables = false, json = false;
        AUTO(buf_done) Buf cells = {0}, table = {0};
        if (parse_list(what, &variables, &json, e) < 0) return -1;
        if (variables) {
                if (bake_list_variables(bake, json, &cells, e) < 0) return -1;
        } else {
                bake_list_targets(bake, json, &cells);
        }
        if (json) return app_print(&cells, e);
        text_add_table(&table, buf_str(&cells));
        return app_print(&table, e);
}

static int print(const Bake *bake, Err **e) {
        AUTO(buf_done) Buf out = {0};
        bake_print(bake, &out);
        return app_print(&out, e);
}

/* ---- --call */

static int find_call(const BakeJob *job, Call *ret_call, Err **e) {
        if (call_parse(job->build->call, false, ret_call, e) < 0) return err_wrap(e, "target %s", job->build->name);
        return 0;
}

/* What a Dockerfile says needs no results: links are images of which nothing is known. */
static void stand_in_links(BakeJob *job) {
        BuildRequest *r = &job->request;
        for (size_t i = 0; i < job->build->link_count; i++) {
                PlanPair pair = {.name = job->build->links[i].context, .value = "docker-image://target"};
                vec_push(&r->contexts, pair);
        }
        r->params.plan.named_contexts = r->contexts.v;
        r->params.plan.named_context_count = r->contexts.n;
}

static int print_heading(const BakeJob *job, const Call *call, bool first, Err **e) {
        AUTO(buf_done) Buf out = {0};
        if (call->json) {
                buf_addf(&out, "%s\"%s\": ", first ? "" : ",\n", job->build->name);
        } else {
                buf_addf(&out, "%s%s\n", first ? "" : "\n", job->build->name);
                if (job->build->description) buf_addf(&out, "%s\n", job->build->description);
                buf_addc(&out, '\n');
        }
        return app_print(&out, e);
}

static int print_text(const char *text, Err **e) {
        AUTO(buf_done) Buf out = {0};
        buf_adds(&out, text);
        return app_print(&out, e);
}

/* In the order of the targets; as JSON: one object, a member a target. The worst status counts. */
static int call_all(App *app, BakeJobs *jobs, Err **e) {
        int status = EXIT_DONE;
        bool first = true, json = false;
        for (size_t i = 0; i < jobs->n; i++) {
                BakeJob *job = &jobs->v[i];
                Call call;
                if (find_call(job, &call, e) < 0) return -1;
                if (call.method == CALL_BUILD || job->build->linked_only) continue;
                if (first && call.json && print_text("{\n", e) < 0) return -1;
                stand_in_links(job);
                json = json || call.json;
                if (print_heading(job, &call, first, e) < 0) return -1;
                int r = call_run(app, &call, &job->request, e);
                if (r < 0) return err_wrap(e, "target %s", job->build->name);
                if (r > status) status = r;
                first = false;
        }
        return json && print_text("}\n", e) < 0 ? -1 : status;
}

/* ---- results */

static void add_indented(Buf *out, Str text) {
        for (size_t i = 0; i < text.n; i++) {
                buf_addc(out, text.p[i]);
                if (text.p[i] == '\n' && i + 1 < text.n) buf_adds(out, "  ");
        }
}

/* Of all targets; one member before those of the targets. */
static void add_warnings(Buf *out, json_t *warnings) {
        if (!build_metadata_wants_warnings() || json_array_size(warnings) == 0) return;
        AUTO(freep) char *text = json_dumps(warnings, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        buf_adds(out, "\n  \"buildx.build.warnings\": ");
        add_indented(out, str_of(text));
}

static int write_metadata(const char *path, const BakeJobs *jobs, json_t *warnings, Err **e) {
        AUTO(buf_done) Buf out = {0};
        if (!path) return 0;
        buf_addc(&out, '{');
        add_warnings(&out, warnings);
        for (size_t i = 0; i < jobs->n; i++) {
                const BakeJob *job = &jobs->v[i];
                AUTO(buf_done) Buf ref = {0}, one = {0};
                if (job->skipped || job->build->linked_only) continue;
                if (build_metadata_ref(&ref, e) < 0) return -1;
                BuildMetadata m = {.params = &job->request.params,
                                   .result = &job->result,
                                   .ref = ref.p,
                                   .provenance = provenance_mode(getenv("BUILDX_METADATA_PROVENANCE"))};
                build_metadata_render(&m, &one);
                buf_addf(&out, "%s\n  \"%s\": ", out.n > 1 ? "," : "", job->build->name);
                add_indented(&out, str_trim(buf_str(&one)));
        }
        buf_adds(&out, out.n > 1 ? "\n}" : "}");
        if (file_write_atomic(AT_FDCWD, path, out.p, out.n, 0644, e) < 0) return err_wrap(e, "--metadata-file");
        return 0;
}

static void note_ignored(const BakeJobs *jobs) {
        const Option *option;
        StrVec told = {0};
        for (size_t i = 0; i < jobs->n; i++) {
                for (size_t k = 0; (option = args_next_ignored(&jobs->v[i].args, &k));) {
                        if (strvec_index(&told, option->name) >= 0) continue;
                        strvec_push(&told, option->name);
                        app_printf_error("decant: note: target %s: --%s changes nothing: %s", jobs->v[i].build->name,
                                         option->name, option->note);
                }
        }
        strvec_done(&told);
}

static void warn_nameless(const BakeJobs *jobs) {
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; i < jobs->n; i++) {
                const BuildParams *p = &jobs->v[i].request.params;
                bool kept = p->tags.n || p->output_count || jobs->v[i].build->linked_only || jobs->v[i].skipped;
                if (!kept) buf_addf(&names, "%s%s", names.n ? ", " : "", jobs->v[i].build->name);
        }
        if (names.n)
                app_printf_error("WARNING: the results of %s stay in the build cache only; give them tags, or --load",
                                 names.p);
}

static int build_all(App *app, const Args *args, BakeJobs *jobs, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(progress_freep) Progress *progress = NULL;
        ProgressParams params;
        if (app_progress(app, args_text(args, "progress"), &params, e) < 0 || signals_install(e) < 0) return -1;
        bool quiet = params.mode == PROGRESS_QUIET;
        if (!quiet) note_ignored(jobs);
        if (app_store_open(app, &store.store, e) < 0) return -1;
        progress = progress_new(&params);
        const char *metadata = args_text(args, "metadata-file");
        for (size_t i = 0; metadata && i < jobs->n; i++) jobs->v[i].request.params.materials = &jobs->v[i].materials;
        AUTO(warning_log_done) WarningLog warnings;
        warning_log_init(&warnings, progress_sink(progress));
        int r = bake_jobs_run(jobs, store.store, &warnings.sink, e);
        progress_finish(progress);
        if (r < 0 || write_metadata(metadata, jobs, warnings.list, e) < 0) return -1;
        if (!quiet) warn_nameless(jobs);
        return 0;
}

/* A target that is called is not built, unless one that is built links to it. Links go to smaller indexes. */
static int choose_built(BakeJobs *jobs, size_t *ret_count, Err **e) {
        *ret_count = 0;
        for (size_t i = 0; i < jobs->n; i++) {
                Call call;
                if (find_call(&jobs->v[i], &call, e) < 0) return -1;
                jobs->v[i].skipped = call.method != CALL_BUILD || jobs->v[i].build->linked_only;
        }
        for (size_t i = jobs->n; i-- > 0;) {
                const BakeBuild *build = jobs->v[i].build;
                if (jobs->v[i].skipped) continue;
                for (size_t k = 0; k < build->link_count; k++) jobs->v[build->links[k].target].skipped = false;
                ++*ret_count;
        }
        return 0;
}

static int run_targets(App *app, const Args *args, const Bake *bake, Err **e) {
        BakeJobs jobs = {0};
        int r = bake_jobs_init(&jobs, bake, e);
        size_t built = 0;
        if (r == 0) r = choose_built(&jobs, &built, e);
        if (r == 0 && built > 0) r = build_all(app, args, &jobs, e);
        if (r == 0) r = call_all(app, &jobs, e);
        bake_jobs_done(&jobs);
        return r;
}

static int run(App *app, const Args *args, const BakeRequest *request, Err **e) {
        AUTO(bake_freep) Bake *bake = NULL;
        const char *what = args_text(args, "list");
        if (what && args_flag(args, "print")) return err_new(e, ERR_USAGE, "--print and --list exclude each other");
        if (bake_load(&request->params, &bake, e) < 0) return -1;
        if (what) return list(bake, what, e);
        if (bake_select(bake, e) < 0) return -1;
        if (args_flag(args, "print")) return print(bake, e);
        return bake_commands(bake, e) < 0 ? -1 : run_targets(app, args, bake, e);
}

int command_bake(App *app, const Args *args, Err **e) {
        AUTO(bake_request_done) BakeRequest request;
        bake_request_init(&request, args);
        return run(app, args, &request, e);
}
