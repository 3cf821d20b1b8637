/* SPDX-License-Identifier: Apache-2.0 */
#include "build/describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/build_checks.h"
#include "build/input.h"
#include "build/main_context.h"
#include "build/resolve.h"
#include "layer/view.h"
#include "os/clock.h"

void build_description_done(BuildDescription *d) {
        plan_freep(&d->plan);
        checks_freep(&d->checks);
        dockerfile_freep(&d->dockerfile);
        err_freep(&d->error);
        free(d->path);
        *d = (BuildDescription){0};
}

/* ---- images that may be absent */

/* Everything that would tell something is left empty. */
static void stand_in(const char *name, PlanImage *ret_image) {
        *ret_image = (PlanImage){.unknown = true, .resolved = xstrdup(name)};
        image_config_init(&ret_image->config);
}

static int tolerate(Err *failure, const char *name, PlanImage *ret_image, Err **e) {
        ErrKind kind = err_kind(failure);
        if (kind != ERR_NOT_FOUND && kind != ERR_SYS && kind != ERR_UNSUPPORTED) {
                err_move(e, &failure);
                return -1;
        }
        err_free(failure);
        stand_in(name, ret_image);
        return 0;
}

static int lenient_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image,
                         Err **e) {
        const ImageResolver *resolver = context;
        Err *failure = NULL;
        if (!resolver->store) {
                stand_in(reference, ret_image);
                return 0;
        }
        if (resolve_image(context, reference, platform, ret_image, &failure) == 0) return 0;
        return tolerate(failure, reference, ret_image, e);
}

static int lenient_context(void *context, const char *value, const Platform *platform, PlanImage *ret_image, Err **e) {
        const ImageResolver *resolver = context;
        Err *failure = NULL;
        if (!resolver->store) {
                stand_in(value, ret_image);
                return 0;
        }
        if (resolve_context_image(context, value, platform, ret_image, &failure) == 0) return 0;
        return tolerate(failure, value, ret_image, e);
}

/* ---- compilers in the base image of what ships */

static bool has_program(View *view, const char *path) {
        ViewEntry entry = {0};
        bool found = view_lookup(view, path, true, &entry, NULL) == VIEW_FOUND && S_ISREG(entry.st.st_mode);
        view_entry_done(&entry);
        return found;
}

static void look_for_toolchain(Checks *c, View *view, const PlanStep *step) {
        static const char *const programs[] = {
                "/usr/bin/gcc",   "/usr/bin/clang",     "/usr/bin/g++",  "/usr/local/go/bin/go",
                "/usr/bin/go",    "/usr/local/bin/gcc", "/usr/bin/make", "/usr/local/cargo/bin/cargo",
                "/usr/bin/cargo", "/usr/bin/javac",     "/usr/bin/mvn",  "/usr/bin/cmake",
        };
        AUTO(buf_done) Buf found = {0};
        for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
                if (has_program(view, programs[i])) buf_addf(&found, "%s%s", found.n ? ", " : "", programs[i]);
        if (found.n)
                checks_add(c, CHECK_TOOLCHAIN, checks_instruction(c, step->first_line),
                           "The base image brings what only builds need: %s", found.p);
}

static void check_base(const BuildDescription *d, Store *store) {
        const PlanStep *step = d->plan->target->result;
        while (step->parent) step = step->parent;
        if (!store || step->kind != STEP_IMAGE || step->image->unknown) return;
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(view_freep) View *view = NULL;
        const StrVec *layers = &step->image->snapshots;
        for (size_t i = 0; i < layers->n; i++) strvec_push_take(&dirs, store_snapshot_path(store, layers->v[i]));
        if (view_open(&dirs, &view, NULL) == 0) look_for_toolchain(d->checks, view, step);
}

/* ---- the whole */

static void make_plan(BuildDescription *d, const BuildParams *p, const char *directory) {
        ImageResolver images = {.store = p->store};
        PlanResolver resolver = {.image = lenient_image, .context_image = lenient_context, .context = &images};
        PlanParams params = p->plan;
        params.resolver = &resolver;
        params.warning = NULL;
        params.now_ns = clock_now_ns();
        params.source_date_epoch_s = -1;
        params.describe = true;
        params.checks = d->checks;
        platform_host(&params.build_platform);
        if (plan_make(d->dockerfile, &params, &d->plan, &d->error) < 0) return;
        build_checks_context(d->checks, d->plan, directory, d->path);
        check_base(d, p->store);
}

static int load_and_plan(const DockerfileSource *source, const char *directory, const BuildParams *params,
                         BuildDescription *d, Err **e) {
        Err *failure = NULL;
        if (dockerfile_load_from(source, &d->dockerfile, &d->path, &failure) < 0) {
                if (err_kind(failure) != ERR_SYNTAX && err_kind(failure) != ERR_LIMIT) {
                        err_move(e, &failure);
                        return -1;
                }
                d->error = failure;
                return 0;
        }
        d->checks = build_checks_new(d->dockerfile, params);
        make_plan(d, params, directory);
        return 0;
}

/* With a store the context may be anywhere; what is not here is fetched as for a build. */
static int describe_anywhere(const BuildParams *params, BuildDescription *d, Err **e) {
        Build b;
        DockerfileSource source;
        build_init(&b, params);
        int r = main_context_open(&b, e);
        if (r == 0) {
                main_context_dockerfile(&b, &source);
                r = load_and_plan(&source, main_context_directory(&b), params, d, e);
        }
        main_context_done(&b);
        context_list_done(&b.contexts);
        pthread_mutex_destroy(&b.lock);
        pthread_mutex_destroy(&b.emit_lock);
        pthread_cond_destroy(&b.key_done);
        return r;
}

int build_describe(const BuildParams *params, BuildDescription *ret, Err **e) {
        AUTO(build_description_done) BuildDescription d = {0};
        DockerfileSource source = {.context = params->context_path,
                                   .path = params->dockerfile_path,
                                   .text = params->dockerfile_text,
                                   .size = params->dockerfile_text ? strlen(params->dockerfile_text) : 0,
                                   .name = "Dockerfile"};
        int r = params->store ? describe_anywhere(params, &d, e)
                              : load_and_plan(&source, params->context_path, params, &d, e);
        if (r < 0) return -1;
        *ret = d;
        d = (BuildDescription){0};
        return 0;
}

/* The excerpt begins with "NAME:LINE". */
uint32_t build_description_error_line(const BuildDescription *d) {
        const char *excerpt = d->error ? err_excerpt_text(d->error) : NULL;
        if (!excerpt) return 0;
        Str first, rest = str_of(excerpt);
        if (!str_cut(&rest, '\n', &first)) return 0;
        size_t end = first.n;
        while (end > 0 && first.p[end - 1] != ':') end--;
        uint32_t line = 0;
        for (size_t i = end; i < first.n && first.p[i] >= '0' && first.p[i] <= '9'; i++)
                line = line * 10 + (uint32_t)(first.p[i] - '0');
        return line;
}
