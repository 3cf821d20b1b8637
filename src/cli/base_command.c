/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/base_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/signals.h"
#include "distroless/architecture.h"
#include "os/clock.h"

enum { RELEASE_AGE_S = 3600 }; /* how old what was asked for may be; --pull asks in any case */

/* ---- progress */

static void emit(BaseRequest *r, Event event) {
        event.time_ns = clock_now_ns();
        event_emit(r->events, &event);
}

static unsigned begin(void *context, const char *title) {
        BaseRequest *r = context;
        unsigned vertex = ++r->vertices;
        emit(r, (Event){.type = EVENT_VERTEX, .vertex = vertex, .name = title});
        emit(r, (Event){.type = EVENT_START, .vertex = vertex});
        return vertex;
}

static void status(void *context, unsigned vertex, const char *what, uint64_t current, uint64_t total) {
        emit(context,
             (Event){.type = EVENT_STATUS, .vertex = vertex, .name = what, .current = current, .total = total});
}

static void end(void *context, unsigned vertex, VertexOutcome outcome, const char *message, int64_t duration_ns) {
        emit(context, (Event){.type = EVENT_DONE,
                              .vertex = vertex,
                              .outcome = outcome,
                              .message = message,
                              .duration_ns = duration_ns});
}

static void warn(void *context, const char *text) {
        emit(context, (Event){.type = EVENT_WARNING, .name = "", .message = text});
}

/* ---- NAME[-RELEASE][:VARIANT] */

static bool is_release(const char *text) {
        size_t n = strlen("debian");
        return starts_with(text, "debian") && text[n] && strspn(text + n, "0123456789") == strlen(text + n);
}

static void split_operand(BaseRequest *r, const char *operand) {
        const char *colon = strrchr(operand, ':');
        if (colon && strchr(colon, '/')) colon = NULL;
        r->name = colon ? xstrndup(operand, (size_t)(colon - operand)) : xstrdup(operand);
        r->variant = colon ? xstrdup(colon + 1) : NULL;
        char *dash = strrchr(r->name, '-');
        if (!dash || !is_release(dash + 1)) return;
        r->release = xstrdup(dash + 1);
        *dash = '\0';
}

/* ---- options */

static int read_repositories(BaseRequest *r, Err **e) {
        const char *line;
        for (size_t i = 0; (line = args_next(r->args, "repository", &i));)
                if (apt_sources_parse_lines(str_of(line), "--repository", &r->repositories, e) < 0) return -1;
        if (r->repositories.n == 0 && apt_sources_read("/", &r->repositories, e) < 0) return -1;
        return apt_auth_read("/", &r->auth, e);
}

static int add_architecture(BaseRequest *r, const char *text, Err **e) {
        Platform platform;
        if (app_platform(text, &platform, e) < 0) return -1;
        const DebianArchitecture *a = debian_architecture_of_platform(&platform);
        if (!a) return err_new(e, ERR_UNSUPPORTED, "--platform: Debian has no architecture for '%s'", text);
        strvec_push(&r->architectures, a->name);
        return 0;
}

static int read_platforms(BaseRequest *r, Err **e) {
        const char *value;
        for (size_t i = 0; (value = args_next(r->args, "platform", &i));) {
                Str rest = str_of(value), one;
                bool more = true;
                while (more) {
                        more = str_cut(&rest, ',', &one);
                        AUTO(freep) char *text = str_dup(one);
                        if (add_architecture(r, text, e) < 0) return -1;
                }
        }
        return r->architectures.n > 0 ? 0 : add_architecture(r, "local", e);
}

static int read_max_age(const Args *args, unsigned *ret_s, Err **e) {
        const char *text = args_text(args, "max-age");
        int64_t ns = (int64_t)RELEASE_AGE_S * 1000000000;
        if (text && duration_parse(str_of(text), &ns, e) < 0) return err_wrap(e, "--max-age");
        if (ns < 0) return err_new(e, ERR_USAGE, "--max-age: '%s' is negative", text);
        *ret_s = args_flag(args, "pull") ? 0 : ns / 1000000000 > UINT32_MAX ? UINT32_MAX : (unsigned)(ns / 1000000000);
        return 0;
}

static int read_options(BaseRequest *r, Err **e) {
        const Args *args = r->args;
        r->params = (AssembleParams){.repositories = &r->repositories,
                                     .auth = &r->auth,
                                     .offline = args_flag(args, "offline"),
                                     .allow_unsigned = args_flag(args, "allow-unsigned"),
                                     .now_s = clock_now_ns() / 1000000000,
                                     .progress = &r->progress,
                                     .cancelled = signals_flag()};
        if (app_source_date_epoch(&r->params.epoch_s, e) < 0 || read_max_age(args, &r->params.max_age_s, e) < 0)
                return -1;
        return read_platforms(r, e);
}

int base_request_init(BaseRequest *r, const Args *args, const char *operand, Err **e) {
        const char *folder;
        *r = (BaseRequest){.args = args, .progress = {begin, status, end, warn, r}};
        for (size_t i = 0; (folder = args_next(args, "recipes", &i));) strvec_push(&r->book.folders, folder);
        recipe_book_add(&r->book, getenv("DECANT_RECIPES"));
        if (operand) split_operand(r, operand);
        return read_repositories(r, e) < 0 || read_options(r, e) < 0 ? -1 : 0;
}

void base_request_done(BaseRequest *r) {
        recipe_book_done(&r->book);
        apt_repositories_done(&r->repositories);
        apt_auth_done(&r->auth);
        strvec_done(&r->architectures);
        free(r->name);
        free(r->release);
        free(r->variant);
        *r = (BaseRequest){0};
}

int base_request_recipe(const BaseRequest *r, const char *architecture, Recipe **ret_recipe, Err **e) {
        RecipeChoice choice = {r->name, r->release, r->variant, architecture};
        return recipe_load(&r->book, &choice, ret_recipe, e);
}

char *base_request_lock_path(const BaseRequest *r, const Recipe *recipe) {
        const char *given = args_text(r->args, "lock");
        if (given) return xstrdup(given);
        const char *variant = streq(recipe->variant, "latest") ? "" : recipe->variant;
        const char *slash = strrchr(r->name, '/');
        int folder = slash ? (int)(slash + 1 - r->name) : 0;
        return xasprintf("%.*s%s-%s%s%s.lock.json", folder, r->name, recipe->name, recipe->release, *variant ? "-" : "",
                         variant);
}
