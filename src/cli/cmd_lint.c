/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "build/describe.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/lint_format.h"
#include "os/fs.h"

/* Checks without a store and without images: what can be known from the file and the ignore file beside it. */

typedef struct LintJob {
        const Args *args;
        CheckLevel levels[CHECK_ID_MAX];
        CheckLevel threshold; /* findings of this level and above make the status 1; CHECK_LEVEL_IGNORE: none do */
        const LintFormat *format;
        LintRows rows;
        bool fix;
        size_t fixed;
} LintJob;

/* ---- options */

static int unknown_rule(const char *option, Str name, Err **e) {
        const char *names[CHECK_ID_MAX];
        for (int i = 0; i < CHECK_ID_MAX; i++) names[i] = check_rule((CheckId)i)->name;
        AUTO(freep) char *text = str_dup(name);
        const char *near = nearest_name(text, names, CHECK_ID_MAX);
        err_new(e, ERR_USAGE, "--%s: there is no rule '%s'", option, text);
        if (near) return err_hint(e, "did you mean %s?", near);
        return err_hint(e, "docs/checks/ has a page for each rule");
}

/* --ignore A,B and its like. */
static int set_levels(LintJob *j, const char *option, CheckLevel level, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(j->args, option, &i));) {
                Str rest = str_of(text), one;
                bool more = true;
                while (more) {
                        more = str_cut(&rest, ',', &one);
                        one = str_trim(one);
                        CheckId id;
                        if (str_eq_nocase(one, STR("all"))) {
                                for (int k = 0; k < CHECK_ID_MAX; k++) j->levels[k] = level;
                        } else if (check_find(one, &id)) {
                                j->levels[id] = level;
                        } else if (one.n) {
                                return unknown_rule(option, one, e);
                        }
                }
        }
        return 0;
}

static int read_options(LintJob *j, Err **e) {
        const char *format = args_text(j->args, "format"), *threshold = args_text(j->args, "failure-threshold");
        for (int i = 0; i < CHECK_ID_MAX; i++) j->levels[i] = check_rule((CheckId)i)->level;
        if (set_levels(j, "info", CHECK_LEVEL_INFO, e) < 0 || set_levels(j, "warning", CHECK_LEVEL_WARNING, e) < 0 ||
            set_levels(j, "error", CHECK_LEVEL_ERROR, e) < 0 || set_levels(j, "ignore", CHECK_LEVEL_IGNORE, e) < 0)
                return -1;
        j->threshold = CHECK_LEVEL_WARNING;
        if (threshold && streq(threshold, "none")) {
                j->threshold = CHECK_LEVEL_IGNORE;
        } else if (threshold) {
                check_level_find(threshold, &j->threshold); /* one of the choices */
        }
        if (args_flag(j->args, "no-fail")) j->threshold = CHECK_LEVEL_IGNORE;
        j->fix = args_flag(j->args, "fix");
        return lint_format_find(format ? format : "tty", &j->format, e);
}

/* ---- one file */

static void add_row(LintJob *j, const char *file, const Finding *f) {
        if (j->levels[f->id] == CHECK_LEVEL_IGNORE) return;
        LintRow row = {.file = file,
                       .code = xstrdup(check_rule(f->id)->name),
                       .text = xstrdup(f->text),
                       .fix = xstrdup(f->fix),
                       .level = j->levels[f->id],
                       .first_line = f->first_line,
                       .last_line = f->last_line};
        vec_push(&j->rows, row);
}

static void add_error(LintJob *j, const char *file, const BuildDescription *d) {
        ErrKind kind = err_kind(d->error);
        /* What decant cannot do on this machine says nothing of the file. */
        if (kind == ERR_UNSUPPORTED || kind == ERR_DENIED) return;
        uint32_t line = build_description_error_line(d);
        if (line == 0) line = 1;
        LintRow row = {.file = file,
                       .code = xstrdup(kind == ERR_SYNTAX && !d->dockerfile ? "SyntaxError" : "BuildError"),
                       .text = xstrdup(err_message(d->error)),
                       .level = CHECK_LEVEL_ERROR,
                       .first_line = line,
                       .last_line = line};
        vec_push(&j->rows, row);
}

static bool is_wanted(void *context, CheckId id) {
        const LintJob *j = context;
        return j->levels[id] != CHECK_LEVEL_IGNORE;
}

/* The mended text takes the file's place; of standard input it goes to standard output. */
static int fix_file(LintJob *j, const char *file, const BuildDescription *d, bool *ret_changed, Err **e) {
        FixParams params = {is_wanted, j};
        size_t size, count;
        AUTO(freep) char *text = dockerfile_fix(d->dockerfile, d->checks, &params, &size, &count);
        struct stat st = {.st_mode = 0644};
        *ret_changed = count > 0;
        j->fixed += count;
        if (streq(file, "-")) return fd_write_all(STDOUT_FILENO, text, size, e);
        if (count == 0) return 0;
        if (stat(file, &st) < 0) return err_sys(e, "--fix: '%s'", file);
        AUTO(freep) char *path = realpath(file, NULL); /* a link stays a link */
        if (!path) return err_sys(e, "--fix: '%s'", file);
        if (file_write_atomic(AT_FDCWD, path, text, size, st.st_mode & 07777, e) < 0) return err_wrap(e, "--fix");
        return 0;
}

static char *directory_of(const char *file) {
        const char *slash = strrchr(file, '/');
        if (streq(file, "-")) return NULL;
        return slash ? xstrndup(file, slash > file ? (size_t)(slash - file) : 1) : xstrdup(".");
}

static int describe(const char *file, BuildDescription *ret, Err **e) {
        AUTO(freep) char *directory = directory_of(file);
        BuildParams params = {.context_path = directory, .dockerfile_path = file};
        params.plan.source_date_epoch_s = -1;
        params.plan.allow_insecure = true;
        return build_describe(&params, ret, e);
}

static void collect(LintJob *j, const char *file, const BuildDescription *d) {
        size_t n = 0;
        const Finding *list = d->checks ? checks_list(d->checks, &n) : NULL;
        for (size_t i = 0; i < n; i++) add_row(j, file, &list[i]);
        if (d->error) add_error(j, file, d);
}

static int lint_file(LintJob *j, const char *file, Err **e) {
        AUTO(build_description_done) BuildDescription d = {0};
        bool changed = false;
        if (describe(file, &d, e) < 0) return -1;
        if (j->fix && d.checks && fix_file(j, file, &d, &changed, e) < 0) return -1;
        if (changed && !streq(file, "-")) {
                build_description_done(&d);
                if (describe(file, &d, e) < 0) return -1;
        }
        collect(j, file, &d);
        return 0;
}

/* ---- all */

static int status(const LintJob *j) {
        for (size_t i = 0; i < j->rows.n; i++)
                if (j->threshold != CHECK_LEVEL_IGNORE && j->rows.v[i].level <= j->threshold) return EXIT_FAILED;
        return EXIT_DONE;
}

static int show(LintJob *j, Err **e) {
        AUTO(buf_done) Buf out = {0};
        const char *no_color = getenv("NO_COLOR");
        bool to_stderr = j->fix && j->args->operands.n > 0 && streq(j->args->operands.v[0], "-");
        int fd = to_stderr ? STDERR_FILENO : STDOUT_FILENO;
        j->format->render(&j->rows, isatty(fd) && !(no_color && *no_color), &out);
        if (j->fixed) app_printf_error("decant: %zu %s mended", j->fixed, j->fixed == 1 ? "place" : "places");
        if (out.n == 0) return 0;
        return fd_write_all(fd, out.p, out.n, e);
}

int command_lint(App *app, const Args *args, Err **e) {
        (void)app;
        LintJob j = {.args = args};
        int r = read_options(&j, e);
        if (r == 0 && args->operands.n == 0)
                r = lint_file(&j,
                              access("Dockerfile", F_OK) < 0 && access("dockerfile", F_OK) == 0 ? "dockerfile"
                                                                                                : "Dockerfile",
                              e);
        for (size_t i = 0; r == 0 && i < args->operands.n; i++) r = lint_file(&j, args->operands.v[i], e);
        if (r == 0) r = show(&j, e);
        if (r == 0) r = status(&j);
        lint_rows_done(&j.rows);
        return r;
}
