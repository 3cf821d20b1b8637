/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/base_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/signals.h"
#include "distroless/architecture.h"
#include "distroless/published.h"
#include "os/clock.h"

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

int base_request_sources(BaseRequest *r, Err **e) {
        const char *line;
        for (size_t i = 0; (line = args_next(r->args, "repository", &i));)
                if (apt_sources_parse_lines(str_of(line), "--repository", &r->sources.repositories, e) < 0) return -1;
        return package_sources_read(&r->sources, e);
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
        int64_t ns = (int64_t)BASE_RELEASE_AGE_S * 1000000000;
        if (text && duration_parse(str_of(text), &ns, e) < 0) return err_wrap(e, "--max-age");
        if (ns < 0) return err_new(e, ERR_USAGE, "--max-age: '%s' is negative", text);
        *ret_s = args_flag(args, "pull") ? 0 : ns / 1000000000 > UINT32_MAX ? UINT32_MAX : (unsigned)(ns / 1000000000);
        return 0;
}

static int read_options(BaseRequest *r, Err **e) {
        const Args *args = r->args;
        r->params = (AssembleParams){.sources = &r->sources,
                                     .offline = args_flag(args, "offline"),
                                     .allow_unsigned = args_flag(args, "allow-unsigned"),
                                     .now_s = clock_now_ns() / 1000000000,
                                     .vertices = &r->vertices,
                                     .cancelled = signals_flag()};
        if (app_source_date_epoch(&r->params.epoch_s, e) < 0 || read_max_age(args, &r->params.max_age_s, e) < 0)
                return -1;
        return read_platforms(r, e);
}

static int load_recipes(BaseRequest *r, Err **e) {
        for (size_t i = 0; r->name && i < r->architectures.n; i++) {
                const RecipeChoice choice = {r->name, r->release, r->variant, r->architectures.v[i]};
                Recipe *recipe;
                if (recipe_load(&r->book, &choice, &recipe, e) < 0) return -1;
                vec_push(&r->recipes, recipe);
        }
        return 0;
}

/* A name that FROM takes is no name of a recipe, but leads to one. */
static int hint_published(const BaseRequest *r, const char *operand, Err **e) {
        AUTO(published_name_done) PublishedName found = {0};
        AUTO(freep) char *hint = NULL;
        if (err_kind(*e) != ERR_NOT_FOUND || published_find(&r->book, operand, &found, &hint, NULL) != 0) return -1;
        return err_hint(e, "FROM takes that name; the recipe behind it is '%s-%s:%s'", found.recipe, found.release,
                        found.variant);
}

static void forget_recipes(BaseRequest *r) {
        for (size_t i = 0; i < r->recipes.n; i++) recipe_freep(&r->recipes.v[i]);
        vec_done(&r->recipes);
        strvec_done(&r->architectures);
}

int base_request_init(BaseRequest *r, const Args *args, const char *operand, Err **e) {
        const char *folder;
        *r = (BaseRequest){.args = args};
        for (size_t i = 0; (folder = args_next(args, "recipes", &i));) strvec_push(&r->book.folders, folder);
        recipe_book_add(&r->book, getenv("DECANT_RECIPES"));
        if (operand) split_operand(r, operand);
        if (read_options(r, e) < 0) return -1;
        return load_recipes(r, e) < 0 ? hint_published(r, operand, e) : 0;
}

int base_request_architectures_of(BaseRequest *r, const LockFile *lock, Err **e) {
        if (args_text(r->args, "platform") || lock->architectures.n == 0) return 0;
        forget_recipes(r);
        for (size_t i = 0; i < lock->architectures.n; i++)
                strvec_push(&r->architectures, lock->architectures.v[i].architecture);
        return load_recipes(r, e);
}

void base_request_done(BaseRequest *r) {
        recipe_book_done(&r->book);
        package_sources_done(&r->sources);
        forget_recipes(r);
        free(r->name);
        free(r->release);
        free(r->variant);
        *r = (BaseRequest){0};
}

char *base_request_lock_path(const BaseRequest *r) {
        const Recipe *recipe = r->recipes.v[0];
        const char *given = args_text(r->args, "lock");
        if (given) return xstrdup(given);
        const char *variant = streq(recipe->variant, "latest") ? "" : recipe->variant;
        const char *slash = strrchr(r->name, '/');
        int folder = slash ? (int)(slash + 1 - r->name) : 0;
        return xasprintf("%.*s%s-%s%s%s.lock.json", folder, r->name, recipe->name, recipe->release, *variant ? "-" : "",
                         variant);
}
