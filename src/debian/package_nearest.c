/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "debian/package_index_internal.h"

enum { CANDIDATES_MAX = 256, NAME_MAX_LENGTH = 128 };

/* Names that may have been meant: those that differ in a few letters, and those that go on where the text ends. */
typedef struct Search {
        const char *text;
        StrVec near, longer;
} Search;

static void search_done(Search *s) {
        strvec_done(&s->near);
        strvec_done(&s->longer);
}

static int search_found(void *context, const ScannedPackage *package, Err **e) {
        (void)e;
        Search *s = context;
        char name[NAME_MAX_LENGTH];
        if (package->name.n >= sizeof name) return 0;
        memcpy(name, package->name.p, package->name.n);
        name[package->name.n] = '\0';
        const char *const one[] = {name};
        if (starts_with(name, s->text)) {
                if (s->longer.n < CANDIDATES_MAX && strvec_index(&s->longer, name) < 0) strvec_push(&s->longer, name);
        } else if (s->near.n < CANDIDATES_MAX && nearest_name(s->text, one, 1) && strvec_index(&s->near, name) < 0) {
                strvec_push(&s->near, name);
        }
        return 0;
}

static void take_from(StrVec *from, int i, StrVec *to) {
        if (i < 0) return;
        if (strvec_index(to, from->v[i]) < 0)
                strvec_push_take(to, from->v[i]);
        else
                free(from->v[i]);
        from->n--;
        for (size_t j = (size_t)i; j < from->n; j++) from->v[j] = from->v[j + 1];
        from->v[from->n] = NULL;
}

static int nearest_of(const Search *s) {
        const char *best = nearest_name(s->text, (const char *const *)s->near.v, s->near.n);
        return best ? strvec_index(&s->near, best) : -1;
}

static int shortest_of(const StrVec *list) {
        size_t best = 0;
        for (size_t i = 1; i < list->n; i++)
                if (strlen(list->v[i]) < strlen(list->v[best])) best = i;
        return list->n > 0 ? (int)best : -1;
}

int package_universe_nearest(PackageUniverse *u, const char *name, StrVec *ret_names, Err **e) {
        if (!*name) return 0;
        AUTO(search_done) Search s = {.text = name};
        PackageScan scan = {.found = search_found, .context = &s};
        for (size_t i = 0; i < package_universe_count(u); i++)
                if (package_index_scan(package_universe_index(u, i), &scan, e) < 0) return -1;
        strvec_sort(&s.near);
        strvec_sort(&s.longer);
        size_t limit = ret_names->n + PACKAGE_NEAREST_MAX;
        /* the libraries that Debian 13 renamed for their 64-bit times */
        AUTO(strvec_done) StrVec renamed = {0};
        strvec_pushf(&renamed, "%st64", name);
        take_from(&s.longer, strvec_index(&s.longer, renamed.v[0]), ret_names);
        while (ret_names->n < limit && s.near.n > 0) take_from(&s.near, nearest_of(&s), ret_names);
        while (ret_names->n < limit && s.longer.n > 0) take_from(&s.longer, shortest_of(&s.longer), ret_names);
        return 0;
}
