/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/signals.h"
#include "cli/test_format.h"
#include "cli/test_runner.h"
#include "layer/view.h"
#include "os/fs.h"

enum { TEST_FILE_MAX = 8 << 20, TIMEOUT_S = 120, TIMEOUT_MAX_S = 86400 };
static const int64_t S_NS = 1000000000;

typedef struct TestJob {
        const Args *args;
        const char *image_name;
        VEC(const char *) paths;
        VEC(StructureFile *) files;
        Image image;
        View *root;
        TestRunner *runner;
        const TestFormat *format;
        TestFormatOptions format_options;
        const char *report_path; /* the report goes there, text to standard output; NULL: none */
        bool quiet;
        unsigned timeout_s;
        StructureReport report;
} TestJob;

static void job_done(TestJob *j) {
        for (size_t i = 0; i < j->files.n; i++) structure_file_free(j->files.v[i]);
        vec_done(&j->files);
        vec_done(&j->paths);
        structure_report_done(&j->report);
        test_runner_freep(&j->runner);
        view_freep(&j->root);
        image_done(&j->image);
}

/* ---- the command line */

static int read_operands(TestJob *j, Err **e) {
        const char *image = args_text(j->args, "image"), *path;
        size_t first = image ? 0 : 1;
        if (!image && j->args->operands.n == 0) {
                err_new(e, ERR_USAGE, "which image is to be tested?");
                return err_hint(e, "decant test IMAGE FILE...");
        }
        j->image_name = image ? image : j->args->operands.v[0];
        for (size_t i = 0; (path = args_next(j->args, "config", &i));) vec_push(&j->paths, path);
        for (size_t i = first; i < j->args->operands.n; i++) vec_push(&j->paths, j->args->operands.v[i]);
        if (j->paths.n) return 0;
        err_new(e, ERR_USAGE, "which file holds the tests?");
        return err_hint(e, "decant test %s FILE...", j->image_name);
}

static int read_timeout(TestJob *j, Err **e) {
        const char *text = args_text(j->args, "timeout");
        int64_t ns = TIMEOUT_S * S_NS;
        if (text && duration_parse(str_of(text), &ns, e) < 0) return err_wrap(e, "--timeout");
        if (ns <= 0 || ns > TIMEOUT_MAX_S * S_NS)
                return err_new(e, ERR_USAGE, "--timeout: '%s' is not between 1s and 24h", text);
        j->timeout_s = (unsigned)((ns + S_NS - 1) / S_NS);
        return 0;
}

static int read_options(TestJob *j, Err **e) {
        const char *no_color = getenv("NO_COLOR"), *form = args_text(j->args, "output");
        j->report_path = args_text(j->args, "test-report");
        j->quiet = args_flag(j->args, "quiet");
        j->format_options.color = isatty(STDOUT_FILENO) && !(no_color && *no_color) && !args_flag(j->args, "no-color");
        j->format_options.suite_name = args_text(j->args, "junit-suite-name");
        if (j->report_path && (!form || streq(form, "text"))) form = "json";
        if (read_operands(j, e) < 0 || read_timeout(j, e) < 0) return -1;
        return test_format_find(form, &j->format, e);
}

/* ---- files and image */

static int read_file(TestJob *j, const char *path, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        StructureFile *file;
        bool from_input = streq(path, "-");
        int r = from_input ? fd_read_all(STDIN_FILENO, TEST_FILE_MAX, &data, &size, e)
                           : file_read(AT_FDCWD, path, TEST_FILE_MAX, &data, &size, e);
        if (r < 0 || structure_file_parse(from_input ? "standard input" : path, (Str){data, size}, &file, e) < 0)
                return -1;
        vec_push(&j->files, file);
        return 0;
}

static int open_image(TestJob *j, Store *s, Err **e) {
        Platform platform;
        const char *text = args_text(j->args, "platform");
        AUTO(strvec_done) StrVec dirs = {0};
        if (text && app_platform(text, &platform, e) < 0) return -1;
        if (image_find_platform(s, j->image_name, text ? &platform : NULL, &j->image, NULL, e) < 0) return -1;
        for (size_t i = 0; i < j->image.snapshots.n; i++)
                strvec_push_take(&dirs, store_snapshot_path(s, j->image.snapshots.v[i]));
        return view_open(&dirs, &j->root, e);
}

/* ---- running */

/* Without a report file the chosen form goes to standard output, with one it is the text that does. */
static const TestFormat *shown_format(const TestJob *j) {
        return j->report_path ? &test_format_text : j->format;
}

static void show_result(void *context, const StructureResult *result) {
        const TestJob *j = context;
        const TestFormat *format = shown_format(j);
        AUTO(buf_done) Buf out = {0};
        if (!format->result || j->quiet) return;
        format->result(result, &j->format_options, &out);
        app_print(&out, NULL); /* the end of it tells of a broken output */
}

static int run_files(TestJob *j, Err **e) {
        StructureRunParams params = {
                .root = j->root,
                .config = &j->image.config,
                .runner = j->runner ? test_runner_interface(j->runner) : NULL,
                .on_result = show_result,
                .context = j,
        };
        for (size_t i = 0; i < j->files.n; i++)
                if (structure_file_run(j->files.v[i], &params, &j->report, e) < 0) return -1;
        return 0;
}

static int finish(TestJob *j, Err **e) {
        AUTO(buf_done) Buf shown = {0};
        AUTO(buf_done) Buf report = {0};
        const TestFormat *format = shown_format(j);
        if (j->report_path) {
                j->format->finish(&j->report, &j->format_options, &report);
                if (file_write_result(j->report_path, report.p, report.n, e) < 0) return err_wrap(e, "--test-report");
        }
        if (j->quiet && format == &test_format_text) return 0;
        format->finish(&j->report, &j->format_options, &shown);
        return app_print(&shown, e);
}

static int run_job(TestJob *j, Store *s, Err **e) {
        TestRunnerParams runner = {.store = s, .image = &j->image, .args = j->args, .timeout_s = j->timeout_s};
        if (open_image(j, s, e) < 0 || signals_install(e) < 0) return -1;
        if (!args_flag(j->args, "no-run")) j->runner = test_runner_new(&runner);
        if (run_files(j, e) < 0 || finish(j, e) < 0) return -1;
        return j->report.failed ? EXIT_TESTS_FAILED : EXIT_DONE;
}

int command_test(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        TestJob job = {.args = args};
        int r = read_options(&job, e);
        for (size_t i = 0; r == 0 && i < job.paths.n; i++) r = read_file(&job, job.paths.v[i], e);
        if (r == 0) r = app_store_open(app, &store.store, e);
        if (r == 0) r = run_job(&job, store.store, e);
        job_done(&job);
        return r;
}
