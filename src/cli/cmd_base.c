/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/base_command.h"
#include "cli/exit.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "distroless/architecture.h"
#include "oci/reference.h"
#include "os/fs.h"

/* `decant base ACTION`: the images that decant assembles itself. */

static const char *operand(const Args *args) {
        return args->operands.n > 1 ? args->operands.v[1] : NULL;
}

/* ---- list, show */

static void join(Buf *out, const StrVec *list) {
        for (size_t i = 0; i < list->n; i++) buf_addf(out, "%s%s", i > 0 ? "," : "", list->v[i]);
}

static int base_list(BaseRequest *r, Err **e) {
        RecipeSummaries list = {0};
        AUTO(buf_done) Buf cells = {0}, table = {0};
        if (recipe_list(&r->book, &list, e) < 0) return -1;
        buf_adds(&cells, "NAME\tRELEASES\tARCHITECTURES\tDESCRIPTION\n");
        for (size_t i = 0; i < list.n; i++) {
                buf_addf(&cells, "%s\t", list.v[i].name);
                join(&cells, &list.v[i].releases);
                buf_addc(&cells, '\t');
                join(&cells, &list.v[i].architectures);
                buf_addf(&cells, "\t%s\n", list.v[i].description ? list.v[i].description : "");
        }
        recipe_summaries_done(&list);
        text_add_table(&table, buf_str(&cells));
        return app_print(&table, e);
}

static int base_show(BaseRequest *r, Err **e) {
        AUTO(buf_done) Buf out = {0};
        recipe_render(r->recipes.v[0], &out);
        return app_print(&out, e);
}

/* ---- lock files */

static int read_lock(const BaseRequest *r, LockFile *ret_file, Err **e) {
        AUTO(freep) char *path = base_request_lock_path(r);
        AUTO(freep) char *data = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, LOCK_FILE_MAX, &data, &size, e) < 0) {
                err_wrap(e, "lock file");
                return err_hint(e, "'decant base lock %s' writes it", r->name);
        }
        if (lock_file_parse((Str){data, size}, path, ret_file, e) < 0) return -1;
        return lock_file_check(ret_file, path, r->recipes.v[0]->name, r->recipes.v[0]->release, e);
}

static int find_lock(const LockFile *file, const char *architecture, const BaseLock **ret_lock, Err **e) {
        *ret_lock = lock_file_find(file, architecture);
        if (*ret_lock) return 0;
        err_new(e, ERR_NOT_FOUND, "the lock file has no packages for %s", architecture);
        return err_hint(e, "lock it for all platforms: decant base lock --platform linux/amd64,linux/arm64 NAME");
}

/* What the recipe comes to now, for every platform that is asked for. */
static int select_all(BaseRequest *r, LockFile *ret_file, Err **e) {
        ret_file->recipe = xstrdup(r->recipes.v[0]->name);
        ret_file->release = xstrdup(r->recipes.v[0]->release);
        for (size_t i = 0; i < r->recipes.n; i++) {
                BaseLock lock = {0};
                r->params.recipe = r->recipes.v[i];
                if (base_select(&r->params, &lock, e) < 0) return err_wrap(e, "base image %s", ret_file->recipe);
                vec_push(&ret_file->architectures, lock);
        }
        return 0;
}

static int write_lock(const BaseRequest *r, const LockFile *file, Err **e) {
        AUTO(buf_done) Buf json = {0}, counts = {0};
        AUTO(freep) char *path = base_request_lock_path(r);
        lock_file_render(file, &json);
        if (streq(path, "-")) return app_print(&json, e);
        if (file_write_result(path, json.p, json.n, e) < 0) {
                err_wrap(e, "write the lock file '%s'", path);
                return err_hint(e, "--lock FILE writes it elsewhere");
        }
        for (size_t i = 0; i < file->architectures.n; i++) {
                const BaseLock *lock = &file->architectures.v[i];
                buf_addf(&counts, "%s %zu package%s for %s", i > 0 ? "," : "", lock->packages.n,
                         lock->packages.n == 1 ? "" : "s", lock->architecture);
        }
        app_printf_error("wrote %s:%s", path, counts.p);
        return 0;
}

static int base_lock(BaseRequest *r, Err **e) {
        AUTO(lock_file_done) LockFile file = {0};
        if (select_all(r, &file, e) < 0) return -1;
        return write_lock(r, &file, e);
}

/* ---- update: what would change, and the new lock */

static int compare_locks(const LockFile *before, const LockFile *after, Buf *out) {
        size_t changes = 0;
        for (size_t i = 0; i < after->architectures.n; i++) {
                static const BaseLock nothing;
                AUTO(strvec_done) StrVec lines = {0};
                const BaseLock *now = &after->architectures.v[i], *was = lock_file_find(before, now->architecture);
                base_lock_compare(was ? was : &nothing, now, &lines);
                for (size_t j = 0; j < lines.n; j++) buf_addf(out, "%s: %s\n", now->architecture, lines.v[j]);
                changes += lines.n;
        }
        return changes > 0;
}

/* What was not asked for this time stays as it is. */
static void keep_others(const LockFile *before, LockFile *after) {
        for (size_t i = 0; i < before->architectures.n; i++) {
                BaseLock copy;
                if (lock_file_find(after, before->architectures.v[i].architecture)) continue;
                base_lock_copy(&copy, &before->architectures.v[i]);
                vec_push(&after->architectures, copy);
        }
}

static int base_update(BaseRequest *r, Err **e) {
        AUTO(lock_file_done) LockFile before = {0};
        AUTO(lock_file_done) LockFile after = {0};
        AUTO(buf_done) Buf out = {0};
        if (read_lock(r, &before, e) < 0 || base_request_architectures_of(r, &before, e) < 0 ||
            select_all(r, &after, e) < 0)
                return -1;
        keep_others(&before, &after);
        bool changed = compare_locks(&before, &after, &out);
        if (!changed) buf_adds(&out, "nothing has changed\n");
        if (app_print(&out, e) < 0) return -1;
        return changed && !args_flag(r->args, "diff") ? write_lock(r, &after, e) : 0;
}

/* ---- verify */

static const char *const verdict_texts[] = {[BASE_VOUCHED] = "signed",
                                            [BASE_SUPERSEDED] = "superseded",
                                            [BASE_GONE] = "gone",
                                            [BASE_OTHER_VERSION] = "OTHER VERSION",
                                            [BASE_OTHER_BYTES] = "OTHER BYTES"};

static size_t print_verdicts(const BaseVerdicts *list, Buf *cells) {
        size_t doubtful = 0;
        for (size_t i = 0; i < list->n; i++) {
                const BaseVerdict *v = &list->v[i];
                const char *says = v->suite ? v->suite : v->newest ? v->newest : "";
                buf_addf(cells, "%s\t%s\t%s\t%s\t%s\n", v->package->name, v->package->version, v->package->architecture,
                         verdict_texts[v->kind], says);
                doubtful += v->kind != BASE_VOUCHED;
        }
        return doubtful;
}

static int verify_one(BaseRequest *r, const LockFile *file, size_t at, Buf *cells, size_t *doubtful, Err **e) {
        AUTO(base_verdicts_done) BaseVerdicts verdicts = {0};
        if (find_lock(file, r->architectures.v[at], &r->params.lock, e) < 0) return -1;
        r->params.recipe = r->recipes.v[at];
        int result = base_verify(&r->params, &verdicts, e);
        r->params.lock = NULL;
        if (result == 0) *doubtful += print_verdicts(&verdicts, cells);
        return result;
}

/* The status is 1 when a package of the lock is not what the signed releases have today. */
static int base_verify_lock(BaseRequest *r, Err **e) {
        AUTO(lock_file_done) LockFile file = {0};
        AUTO(buf_done) Buf cells = {0}, table = {0};
        size_t doubtful = 0;
        if (read_lock(r, &file, e) < 0 || base_request_architectures_of(r, &file, e) < 0) return -1;
        buf_adds(&cells, "PACKAGE\tVERSION\tARCHITECTURE\tVERDICT\tRELEASE\n");
        for (size_t i = 0; i < r->recipes.n; i++)
                if (verify_one(r, &file, i, &cells, &doubtful, e) < 0) return -1;
        text_add_table(&table, buf_str(&cells));
        if (app_print(&table, e) < 0) return -1;
        return doubtful > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- build */

typedef struct BuiltBases {
        VEC(AssembledBase) v;
} BuiltBases;

static void built_bases_done(BuiltBases *b) {
        for (size_t i = 0; i < b->v.n; i++) assembled_base_done(&b->v.v[i]);
        vec_done(&b->v);
}

static int build_one(BaseRequest *r, size_t at, BuiltBases *built, Err **e) {
        AUTO(lock_file_done) LockFile file = {0};
        AssembledBase base;
        if (args_flag(r->args, "locked") &&
            (read_lock(r, &file, e) < 0 || find_lock(&file, r->architectures.v[at], &r->params.lock, e) < 0))
                return -1;
        r->params.recipe = r->recipes.v[at];
        int result = base_assemble(&r->params, &base, e);
        r->params.lock = NULL;
        if (result < 0) return -1;
        vec_push(&built->v, base);
        return 0;
}

static int set_name(Store *s, const char *text, const BuiltBases *built, Err **e) {
        AUTO(freep) char *name = NULL;
        if (app_full_name(text, &name, e) < 0) return -1;
        size_t n = built->v.n;
        if (n == 1) return store_tag_set(s, name, &built->v.v[0].image.id, e);
        AUTO(freep) TagPlatform *list = xcalloc(n, sizeof *list);
        char(*texts)[96] = xcalloc(n, sizeof *texts);
        for (size_t i = 0; i < n; i++) {
                platform_render(&built->v.v[i].image.config.platform, texts[i]);
                list[i] = (TagPlatform){texts[i], built->v.v[i].image.id};
        }
        int r = store_tag_set_platforms(s, name, list, n, e);
        free(texts);
        return r;
}

static char *own_name(const BaseRequest *r) {
        const Recipe *recipe = r->recipes.v[0];
        return xasprintf("%s-%s:%s", recipe->name, recipe->release, recipe->variant);
}

/* Without -t it is called what its recipe is called. */
static int set_names(BaseRequest *r, const BuiltBases *built, Err **e) {
        const char *name;
        size_t count = 0;
        for (size_t i = 0; (name = args_next(r->args, "tag", &i)); count++)
                if (set_name(r->params.store, name, built, e) < 0) return -1;
        if (count > 0) return 0;
        AUTO(freep) char *own = own_name(r);
        return set_name(r->params.store, own, built, e);
}

static int print_built(const BuiltBases *built, Err **e) {
        AUTO(buf_done) Buf out = {0};
        char id[DIGEST_TEXT_SIZE];
        for (size_t i = 0; i < built->v.n; i++) {
                digest_text(&built->v.v[i].image.id, id);
                buf_addf(&out, "%s\n", id);
        }
        return app_print(&out, e);
}

/* Before anything is made: may it be called that? */
static int check_names(const BaseRequest *r, Err **e) {
        const char *name;
        size_t count = 0;
        for (size_t i = 0; (name = args_next(r->args, "tag", &i)); count++) {
                AUTO(freep) char *full = NULL;
                if (app_full_name(name, &full, e) < 0) return -1;
        }
        AUTO(freep) char *own = own_name(r), *full = NULL;
        if (count > 0 || app_full_name(own, &full, e) >= 0) return 0;
        return err_hint(e, "so it cannot be called after its recipe: -t NAME, or 'name:' in the recipe");
}

static int base_build(BaseRequest *r, Err **e) {
        AUTO(built_bases_done) BuiltBases built = {0};
        if (check_names(r, e) < 0) return -1;
        for (size_t i = 0; i < r->recipes.n; i++)
                if (build_one(r, i, &built, e) < 0) return -1;
        if (set_names(r, &built, e) < 0) return -1;
        return print_built(&built, e);
}

/* ---- the table of actions */

typedef struct Action {
        const char *name;
        bool needs_name, needs_store;
        int (*run)(BaseRequest *r, Err **e);
} Action;

static const Action actions[] = {
        {"list", false, false, base_list},   {"show", true, false, base_show},
        {"build", true, true, base_build},   {"lock", true, true, base_lock},
        {"update", true, true, base_update}, {"verify", true, true, base_verify_lock},
};

static const Action *find_action(const char *name, Err **e) {
        const char *names[ARRAY_SIZE(actions)];
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
                if (streq(actions[i].name, name)) return &actions[i];
                names[i] = actions[i].name;
        }
        const char *near = nearest_name(name, names, ARRAY_SIZE(names));
        err_new(e, ERR_USAGE, "base: '%s' is no action", name);
        err_hint(e, near ? "did you mean '%s'?" : "actions: list show build lock update verify", near);
        return NULL;
}

static int run_with_store(App *app, const Action *action, BaseRequest *r, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(progress_freep) Progress *progress = NULL;
        ProgressParams params;
        if (base_request_sources(r, e) < 0) return -1;
        if (app_progress(app, args_text(r->args, "progress"), &params, e) < 0 || signals_install(e) < 0) return -1;
        if (args_flag(r->args, "quiet")) params.mode = PROGRESS_QUIET;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        progress = progress_new(&params);
        r->params.store = store.store;
        r->params.events = signals_watch(progress_sink(progress));
        int result = action->run(r, e);
        progress_finish(progress);
        return result;
}

int command_base(App *app, const Args *args, Err **e) {
        const Action *action = find_action(args->operands.v[0], e);
        if (!action) return -1;
        const char *name = operand(args);
        if (action->needs_name && !name) {
                err_new(e, ERR_USAGE, "base %s: NAME is missing", action->name);
                return err_hint(e, "'decant base list' shows the names there are");
        }
        BaseRequest r;
        int result = base_request_init(&r, args, action->needs_name ? name : NULL, e);
        if (result == 0) result = action->needs_store ? run_with_store(app, action, &r, e) : action->run(&r, e);
        base_request_done(&r);
        return result;
}
