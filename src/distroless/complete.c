/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/complete.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "debian/resolve.h"

/* ---- what the variants consist of, besides essential packages */

enum { PRIORITIES_MAX = 3 };
#define ESSENTIAL_LINE "Essential: yes"

static const char *const priority_lines[PRIORITIES_MAX] = {"Priority: required", "Priority: important",
                                                           "Priority: standard"};

typedef struct Variant {
        const char *name;
        size_t priorities;   /* how many of them */
        const char *at_once; /* installed in one go with what is essential, or NULL */
        const char *besides; /* or NULL */
} Variant;

static const Variant variants[] = {
        {"essential", 0, NULL, NULL},
        {"apt", 0, "apt", NULL},
        {"minbase", 1, NULL, NULL},
        {"required", 1, NULL, NULL},
        {"important", 2, NULL, NULL},
        {"standard", 3, NULL, NULL},
        {"buildd", 1, NULL, "build-essential"},
};

static const Variant *find_variant(const char *name) {
        size_t i = 0;
        while (i + 1 < ARRAY_SIZE(variants) && !streq(variants[i].name, name)) i++;
        return &variants[i];
}

/* ---- roots */

typedef struct Completion {
        DebianArchive *archive;
        PackageUniverse *universe;
        const Recipe *recipe;
        const Variant *variant;
        VEC(const DebianPackage *)
        system; /* of the release: what is essential, and what has the variant's priorities */
        VEC(ResolveRoot) roots;
        StrVec texts; /* names and places of the roots */
} Completion;

static void completion_done(Completion *c) {
        vec_done(&c->system);
        vec_done(&c->roots);
        strvec_done(&c->texts);
}

static const char *keep_text(Completion *c, char *text) {
        strvec_push_take(&c->texts, text);
        return text;
}

static void add_root(Completion *c, const char *name, const RecipePlace *at) {
        const char *where = keep_text(c, xasprintf("%s:%u", at->file, at->line));
        vec_push(&c->roots, (ResolveRoot){name, where, true});
}

static void add_package_root(Completion *c, const DebianPackage *p) {
        add_root(c, keep_text(c, str_dup(p->name)), &c->recipe->at);
}

/* Suites besides that of the release (updates, security) have newer versions of packages, but do not say what belongs to a system. */
static bool is_of_release(const Completion *c, unsigned index) {
        const DebianRelease *release = debian_archive_index(c->archive, index)->release;
        return streq(release->codename, c->recipe->codename) || streq(release->suite, c->recipe->codename);
}

static int find_system(Completion *c, Err **e) {
        const char *lines[1 + PRIORITIES_MAX + 1] = {ESSENTIAL_LINE};
        for (size_t i = 0; i < c->variant->priorities; i++) lines[1 + i] = priority_lines[i];
        size_t suites = 0;
        for (unsigned i = 0; i < package_universe_count(c->universe); i++) {
                PackageList list;
                if (!is_of_release(c, i)) continue;
                suites++;
                if (package_universe_with_line(c->universe, i, lines, &list, e) < 0) return -1;
                for (size_t j = 0; j < list.n; j++) vec_push(&c->system, list.v[j]);
        }
        if (suites > 0) return 0;
        err_new(e, ERR_NOT_FOUND,
                "%s:%u: no repository has the suite '%s', which says what a complete Debian consists of",
                c->recipe->at.file, c->recipe->at.line, c->recipe->codename);
        return err_hint(e, "name one: --repository 'deb URI %s main'", c->recipe->codename);
}

static void add_system(Completion *c, bool essential) {
        for (size_t i = 0; i < c->system.n; i++)
                if (c->system.v[i]->essential == essential) add_package_root(c, c->system.v[i]);
}

/* ---- the two goes */

static int resolve(Completion *c, PackageList *ret, Err **e) {
        return debian_resolve(c->universe, c->roots.v, c->roots.n, ret, e);
}

/* Links that are there before anything is unpacked are a choice before any other. */
static void add_merged_usr(Completion *c) {
        const RecipePackages *packages = &c->recipe->packages;
        for (size_t i = 0; i < packages->n; i++)
                if (streq(packages->v[i].name, MERGED_USR_PACKAGE)) add_root(c, MERGED_USR_PACKAGE, &packages->v[i].at);
}

/* All of the first go counts as asked for: it is dpkg alone that installs it, and apt learns of no dependencies. */
static int first_go(Completion *c, Err **e) {
        PackageList list;
        add_merged_usr(c);
        add_system(c, true);
        if (c->variant->at_once) add_root(c, c->variant->at_once, &c->recipe->at);
        if (resolve(c, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) add_package_root(c, list.v[i]);
        return 0;
}

static int second_go(Completion *c, PackageList *ret, Err **e) {
        const RecipePackages *packages = &c->recipe->packages;
        for (size_t i = 0; i < packages->n; i++) add_root(c, packages->v[i].name, &packages->v[i].at);
        if (c->variant->besides) add_root(c, c->variant->besides, &c->recipe->at);
        add_system(c, false);
        return resolve(c, ret, e);
}

/* ---- what was asked for */

/* "libpq5" of "libpq5 (>= 15)". */
static Str plain_name(const char *root) {
        return (Str){root, strcspn(root, " (=[:")};
}

static bool provides(const DebianPackage *p, Str name) {
        Str rest = p->provides, one;
        while (provides_next_name(&rest, &one))
                if (str_eq(one, name)) return true;
        return false;
}

/* The package of that name; where there is none, who provides it. */
static void mark_asked(const PackageList *list, Str name, bool *asked) {
        bool found = false;
        for (size_t i = 0; i < list->n; i++)
                if (str_eq(list->v[i]->name, name)) asked[i] = found = true;
        for (size_t i = 0; i < list->n && !found; i++)
                if (provides(list->v[i], name)) asked[i] = true;
}

void complete_debian_done(CompleteDebian *d) {
        free(d->asked);
        *d = (CompleteDebian){0};
}

int complete_debian_select(DebianArchive *archive, const Recipe *r, CompleteDebian *ret, Err **e) {
        AUTO(completion_done)
        Completion c = {.archive = archive,
                        .universe = debian_archive_universe(archive),
                        .recipe = r,
                        .variant = find_variant(r->bootstrap)};
        PackageList list;
        if (find_system(&c, e) < 0 || first_go(&c, e) < 0 || second_go(&c, &list, e) < 0) return -1;
        *ret = (CompleteDebian){list, xcalloc(list.n + 1, sizeof *ret->asked)};
        for (size_t i = 0; i < c.roots.n; i++) mark_asked(&list, plain_name(c.roots.v[i].name), ret->asked);
        return 0;
}
