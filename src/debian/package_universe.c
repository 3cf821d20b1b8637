/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "debian/package_index_internal.h"
#include "debian/version.h"

typedef VEC(const DebianPackage *) Matches;

struct PackageUniverse {
        char *architecture;
        VEC(PackageIndex *) indexes;
        Arena *arena;
        Map *packages;              /* (index, offset) -> DebianPackage */
        Map *lists[TABLE_KIND_MAX]; /* name -> PackageList */
};

PackageUniverse *package_universe_new(const char *architecture) {
        PackageUniverse *u = xcalloc(1, sizeof *u);
        u->architecture = xstrdup(architecture);
        u->arena = arena_new();
        u->packages = map_new();
        for (int i = 0; i < TABLE_KIND_MAX; i++) u->lists[i] = map_new();
        return u;
}

void package_universe_free(PackageUniverse *u) {
        for (size_t i = 0; i < u->indexes.n; i++) package_index_close(u->indexes.v[i]);
        vec_done(&u->indexes);
        for (int i = 0; i < TABLE_KIND_MAX; i++) map_free(u->lists[i]);
        map_free(u->packages);
        arena_free(u->arena);
        free(u->architecture);
        free(u);
}

int package_universe_add(PackageUniverse *u, PackageIndex *index, Err **e) {
        if (map_count(u->lists[TABLE_NAMES]) + map_count(u->lists[TABLE_PROVIDED]) > 0) {
                package_index_close(index);
                return err_new(e, ERR_INTERNAL, "package_universe_add() after a look-up");
        }
        vec_push(&u->indexes, index);
        return 0;
}

const char *package_universe_architecture(const PackageUniverse *u) {
        return u->architecture;
}

size_t package_universe_count(const PackageUniverse *u) {
        return u->indexes.n;
}

Arena *package_universe_arena(PackageUniverse *u) {
        return u->arena;
}

const PackageIndex *package_universe_index(const PackageUniverse *u, size_t i) {
        return u->indexes.v[i];
}

const char *package_universe_label(const PackageUniverse *u, size_t index) {
        return package_index_label(u->indexes.v[index]);
}

static int package_at(PackageUniverse *u, unsigned index, const TableEntry *entry, const DebianPackage **ret, Err **e) {
        uint32_t key[] = {index, entry->offset};
        DebianPackage *package = map_get(u->packages, key, sizeof key);
        if (!package) {
                package = arena_alloc(u->arena, sizeof *package);
                if (package_index_read(u->indexes.v[index], entry, u->arena, package, e) < 0) return -1;
                package->index = index;
                map_put(u->packages, key, sizeof key, package);
        }
        *ret = package;
        return 0;
}

static bool fits(const PackageUniverse *u, const DebianPackage *p) {
        return str_is(p->architecture, "all") || str_is(p->architecture, u->architecture);
}

static bool provides(const DebianPackage *p, Str name) {
        Str rest = p->provides, provided;
        while (provides_next_name(&rest, &provided))
                if (str_eq(provided, name)) return true;
        return false;
}

/* Two names may share a hash. */
static bool is_match(const PackageUniverse *u, TableKind kind, const DebianPackage *p, Str name) {
        if (!fits(u, p)) return false;
        bool named = str_eq(p->name, name);
        return kind == TABLE_NAMES ? named : !named && provides(p, name);
}

static int collect(PackageUniverse *u, TableKind kind, Str name, Matches *ret, Err **e) {
        for (unsigned i = 0; i < u->indexes.n; i++) {
                TableRange range = package_index_entries(u->indexes.v[i], kind, name);
                for (size_t j = 0; j < range.n; j++) {
                        const DebianPackage *package;
                        bool again = j > 0 && range.v[j].offset == range.v[j - 1].offset; /* provided in two versions */
                        if (again) continue;
                        if (package_at(u, i, &range.v[j], &package, e) < 0) return -1;
                        if (!is_match(u, kind, package, name)) continue;
                        if (ret->n == PACKAGE_MATCHES_MAX)
                                return err_new(e, ERR_LIMIT, "more than %d packages are or provide '" STR_FMT "'",
                                               PACKAGE_MATCHES_MAX, STR_ARG(name));
                        vec_push(ret, package);
                }
        }
        return 0;
}

/* Highest version first; equal ones stay in the order of their indexes. */
static void sort_versions(Matches *list) {
        for (size_t i = 1; i < list->n; i++) {
                const DebianPackage *package = list->v[i];
                size_t at = i;
                for (; at > 0 && debian_version_compare(list->v[at - 1]->version, package->version) < 0; at--)
                        list->v[at] = list->v[at - 1];
                list->v[at] = package;
        }
}

static void matches_done(Matches *m) {
        vec_done(m);
}

static int look_up(PackageUniverse *u, TableKind kind, Str name, PackageList *ret, Err **e) {
        PackageList *list = map_get(u->lists[kind], name.p, name.n);
        if (!list) {
                AUTO(matches_done) Matches found = {0};
                if (collect(u, kind, name, &found, e) < 0) return -1;
                if (kind == TABLE_NAMES) sort_versions(&found);
                list = arena_alloc(u->arena, sizeof *list);
                list->n = found.n;
                list->v = arena_array(u->arena, found.n, sizeof *list->v);
                if (found.n > 0) memcpy(list->v, found.v, found.n * sizeof *list->v);
                map_put(u->lists[kind], name.p, name.n, list);
        }
        *ret = *list;
        return 0;
}

int package_universe_find(PackageUniverse *u, Str name, PackageList *ret, Err **e) {
        return look_up(u, TABLE_NAMES, name, ret, e);
}

int package_universe_providers(PackageUniverse *u, Str name, PackageList *ret, Err **e) {
        return look_up(u, TABLE_PROVIDED, name, ret, e);
}

/* ---- by what a paragraph says */

typedef struct LineSearch {
        PackageUniverse *u;
        unsigned index;
        const char *const *lines;
        Matches *found;
} LineSearch;

static bool has_line(Str text, const char *wanted) {
        size_t n = strlen(wanted);
        for (const char *at = text.p, *end = text.p + text.n; (at = memmem(at, (size_t)(end - at), wanted, n));
             at += n) {
                bool begins = at == text.p || at[-1] == '\n', ends = at + n == end || at[n] == '\n' || at[n] == '\r';
                if (begins && ends) return true;
        }
        return false;
}

static int line_found(void *context, const ScannedPackage *scanned, Err **e) {
        LineSearch *s = context;
        const TableEntry entry = {.offset = scanned->offset, .size = scanned->size};
        const DebianPackage *package;
        size_t i = 0;
        while (s->lines[i] && !has_line(scanned->text, s->lines[i])) i++;
        if (!s->lines[i]) return 0;
        if (package_at(s->u, s->index, &entry, &package, e) < 0) return -1;
        if (!fits(s->u, package)) return 0;
        if (s->found->n == PACKAGE_MATCHES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d packages have '%s'", PACKAGE_MATCHES_MAX, s->lines[i]);
        vec_push(s->found, package);
        return 0;
}

int package_universe_with_line(PackageUniverse *u, unsigned index, const char *const *lines, PackageList *ret,
                               Err **e) {
        AUTO(matches_done) Matches found = {0};
        LineSearch search = {u, index, lines, &found};
        PackageScan scan = {.found = line_found, .context = &search};
        if (package_index_scan(u->indexes.v[index], &scan, e) < 0) return -1;
        ret->n = found.n;
        ret->v = arena_array(u->arena, found.n, sizeof *ret->v);
        if (found.n > 0) memcpy(ret->v, found.v, found.n * sizeof *ret->v);
        return 0;
}
