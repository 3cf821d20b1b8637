/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "build/build.h"
#include "cli/app.h"
#include "cli/build_metadata.h"
#include "cli/build_request.h"
#include "cli/call.h"
#include "cli/failure_shell.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/warnings.h"
#include "os/fs.h"

typedef struct Outcome {
        BuildResult result;
        WarningLog warnings;
        BuildMaterials materials;
} Outcome;

static void outcome_done(Outcome *o) {
        if (o->warnings.list) warning_log_done(&o->warnings);
        build_materials_done(&o->materials);
}

static int write_iidfile(const char *path, const BuildResult *result, Err **e) {
        char id[DIGEST_TEXT_SIZE];
        if (!path || !build_result_id(result, id)) return 0;
        if (file_write_result(path, id, strlen(id), e) < 0) return err_wrap(e, "--iidfile");
        return 0;
}

static int write_metadata(const char *path, const BuildRequest *request, const Outcome *outcome, Err **e) {
        AUTO(buf_done) Buf ref = {0}, json = {0};
        if (!path) return 0;
        if (build_metadata_ref(&ref, e) < 0) return -1;
        BuildMetadata m = {.params = &request->params,
                           .result = &outcome->result,
                           .ref = ref.p,
                           .provenance = provenance_mode(getenv("BUILDX_METADATA_PROVENANCE")),
                           .warnings = build_metadata_wants_warnings() ? outcome->warnings.list : NULL};
        build_metadata_render(&m, &json);
        if (file_write_result(path, json.p, json.n, e) < 0) return err_wrap(e, "--metadata-file");
        return 0;
}

static int print_id(const BuildResult *result, Err **e) {
        char id[DIGEST_TEXT_SIZE];
        AUTO(buf_done) Buf out = {0};
        if (!build_result_id(result, id)) return 0;
        buf_addf(&out, "%s\n", id);
        return app_print(&out, e);
}

static int tell_result(const Args *args, const BuildRequest *request, const Outcome *outcome, Err **e) {
        const BuildResult *result = &outcome->result;
        if (write_iidfile(args_text(args, "iidfile"), result, e) < 0) return -1;
        if (write_metadata(args_text(args, "metadata-file"), request, outcome, e) < 0) return -1;
        if (args_flag(args, "quiet")) return print_id(result, e);
        if (request->params.tags.n == 0 && request->params.output_count == 0) {
                app_printf_error(
                        "WARNING: the result stays in the build cache only; name it with -t, or write it out with -o");
        }
        return 0;
}

static void explain(const BuildRequest *request, int r) {
        const StrVec *lines = request->params.explanations;
        if (!lines) return;
        for (size_t i = 0; i < lines->n; i++) app_printf_error("not cached: %s", lines->v[i]);
        if (r == 0 && lines->n == 0) app_printf_error("every step was cached");
}

static int build(App *app, const Args *args, BuildRequest *request, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(progress_freep) Progress *progress = NULL;
        ProgressParams params;
        AUTO(outcome_done) Outcome outcome = {0};
        if (app_progress(app, args_text(args, "progress"), &params, e) < 0 || signals_install(e) < 0) return -1;
        if (args_flag(args, "quiet")) params.mode = PROGRESS_QUIET;
        if (args_text(args, "on-error") && failure_shell_progress(&params.mode, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        const char *iidfile = args_text(args, "iidfile");
        if (iidfile) file_remove_result(iidfile); /* a build that fails leaves no old id behind */
        progress = progress_new(&params);
        request->params.store = store.store;
        warning_log_init(&outcome.warnings, progress_sink(progress));
        request->params.events = signals_watch(&outcome.warnings.sink);
        if (args_text(args, "metadata-file")) request->params.materials = &outcome.materials;
        if (args_text(args, "on-error")) request->params.enter_failure = failure_shell;
        request->params.cancelled = signals_flag();
        request->params.cancel_fd = signals_fd();
        int r = build_run(&request->params, &outcome.result, e);
        progress_finish(progress);
        explain(request, r);
        return r < 0 ? -1 : tell_result(args, request, &outcome, e);
}

int command_build(App *app, const Args *args, Err **e) {
        BuildRequest request;
        Call call;
        if (call_parse(args_text(args, "call"), args_flag(args, "check"), &call, e) < 0) return -1;
        int r = build_request_init(&request, args, e);
        if (r == 0) r = call.method == CALL_BUILD ? build(app, args, &request, e) : call_run(app, &call, &request, e);
        build_request_done(&request);
        return r;
}
