/* SPDX-License-Identifier: Apache-2.0 */
#include "build/build_checks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "dockerfile/ignore.h"
#include "os/fs.h"

enum { IGNORE_FILE_MAX = 8 << 20 };

/* The build argument BUILDKIT_DOCKERFILE_CHECK replaces the check directive. */
static const char *check_rules(const BuildParams *params) {
        for (size_t i = 0; i < params->plan.build_arg_count; i++) {
                const PlanPair *arg = &params->plan.build_args[i];
                if (streq(arg->name, "BUILDKIT_DOCKERFILE_CHECK")) return arg->value;
        }
        return NULL;
}

Checks *build_checks_new(const Dockerfile *d, const BuildParams *params) {
        Checks *c = checks_new(d, check_rules(params));
        checks_text(c);
        return c;
}

/* ---- the context */

static Ignore *read_ignore(const char *path) {
        AUTO(freep) char *text = NULL;
        size_t size;
        Ignore *ignore = NULL;
        struct stat st;
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) return NULL; /* the build tells, when it comes to it */
        if (file_read(AT_FDCWD, path, IGNORE_FILE_MAX, &text, &size, NULL) < 0) return NULL;
        if (ignore_parse(path, (Str){text, size}, &ignore, NULL) < 0) return NULL;
        return ignore;
}

static Ignore *find_ignore(const char *directory, const char *dockerfile_path, char **ret_path) {
        Ignore *ignore = NULL;
        *ret_path = NULL;
        if (dockerfile_path && !streq(dockerfile_path, "-")) {
                *ret_path = xasprintf("%s.dockerignore", dockerfile_path);
                ignore = read_ignore(*ret_path);
        }
        if (ignore) return ignore;
        free(*ret_path);
        *ret_path = xasprintf("%s/.dockerignore", directory);
        return read_ignore(*ret_path);
}

/* Without "./", "../" and slashes at the ends; "" is the context itself. Owned. */
static char *clean_source(const char *source) {
        Buf out = {0};
        Str rest = str_of(source), part;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '/', &part);
                if (part.n == 0 || str_is(part, ".")) continue;
                if (str_is(part, "..")) {
                        const char *slash = out.n ? strrchr(out.p, '/') : NULL;
                        out.n = slash ? (size_t)(slash - out.p) : 0;
                        if (out.p) out.p[out.n] = '\0';
                        continue;
                }
                buf_addf(&out, "%s" STR_FMT, out.n ? "/" : "", STR_ARG(part));
        }
        return buf_take(&out);
}

static void check_source(Checks *c, const PlanStep *step, const char *source, const Ignore *ignore,
                         const char *ignore_path) {
        unsigned line = 0;
        const char *rule = "";
        if (strstr(source, "://")) return;
        AUTO(freep) char *path = clean_source(source);
        if (!*path || !ignore_match(ignore, path, false, NULL)) return;
        ignore_explain(ignore, path, &line, &rule);
        AUTO(freep) char *fix = xasprintf("change '%s' in %s:%u, or do not copy it", rule, ignore_path, line);
        checks_advise(c, (CheckAdvice){CHECK_COPY_IGNORED, checks_instruction(c, step->first_line), fix},
                      "'%s' is hidden by the ignore file", source);
}

static bool reads_context(const PlanStep *step) {
        return step->kind == STEP_COPY && step->copy.context && !*step->copy.context;
}

void build_checks_context(Checks *c, const Plan *plan, const char *directory, const char *dockerfile_path) {
        if (!directory || !plan->context_needed || !checks_wanted(c, CHECK_COPY_IGNORED)) return;
        AUTO(freep) char *path = NULL;
        AUTO(ignore_freep) Ignore *ignore = find_ignore(directory, dockerfile_path, &path);
        /* With exceptions a hidden directory may still hold what is meant. */
        if (!ignore || ignore_has_exceptions(ignore)) return;
        for (size_t i = 0; i < plan->step_count; i++) {
                const PlanStep *step = plan->steps[i];
                for (size_t k = 0; reads_context(step) && k < step->copy.source_count; k++) {
                        bool remote = step->copy.remote && step->copy.remote[k];
                        if (!remote) check_source(c, step, step->copy.sources[k], ignore, path);
                }
        }
}

/* ---- telling */

void build_checks_report(Checks *c, Build *b) {
        size_t n;
        Finding *list = checks_list(c, &n);
        for (size_t i = 0; i < n; i++) {
                Finding *f = &list[i];
                const CheckRule *rule = check_rule(f->id);
                if (f->told || rule->level > CHECK_LEVEL_WARNING) continue;
                f->told = true;
                AUTO(freep) char *text = xasprintf("%s (line %u)", f->text, f->first_line);
                AUTO(freep)
                char *excerpt = dockerfile_excerpt(checks_dockerfile(c), f->first_line, f->last_line, NULL);
                AUTO(freep) char *detail = xasprintf("%sfix: %s\n", excerpt ? excerpt : "", f->fix);
                AUTO(buf_done) Buf url = {0};
                check_url(f->id, &url);
                report_warning(b, &(Event){.name = rule->name,
                                           .message = text,
                                           .detail = detail,
                                           .url = url.p,
                                           .first_line = f->first_line,
                                           .last_line = f->last_line});
        }
}
