/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/resolve.h"

#include "base/cleanup.h"
#include "debian/resolve_internal.h"

enum { REPAIRS_MAX = 8 };

static void node_done(Node *n) {
        vec_done(&n->claims);
}

static void resolver_done(Resolver *r) {
        for (size_t i = 0; i < map_count(r->nodes); i++) node_done(map_at(r->nodes, i, NULL, NULL));
        vec_done(&r->selection);
        map_free(r->nodes);
        arena_free(r->arena);
}

/* What an alternative brought in that was given up later is not needed by anything. */
static int reach(Resolver *r, const Nodes *roots, Nodes *reached) {
        for (size_t i = 0; i < roots->n; i++) {
                roots->v[i]->reached = true;
                vec_push(reached, roots->v[i]);
        }
        for (size_t i = 0; i < reached->n; i++) {
                Node *n = reached->v[i];
                AUTO(nodes_done) Nodes matches = {0};
                for (size_t field = 0; field < ARRAY_SIZE(n->needs) && !n->alone; field++)
                        for (size_t j = 0; j < n->needs[field].n; j++)
                                if (group_matches(r, &n->needs[field].v[j], &matches) < 0) return -1;
                for (size_t j = 0; j < matches.n; j++) {
                        if (!matches.v[j]->selected || matches.v[j]->reached) continue;
                        matches.v[j]->reached = true;
                        vec_push(reached, matches.v[j]);
                }
        }
        return 0;
}

static int check_needs(Resolver *r, Node *n) {
        for (size_t field = 0; field < ARRAY_SIZE(n->needs) && !n->alone; field++) {
                for (size_t i = 0; i < n->needs[field].n; i++) {
                        int satisfied = group_satisfied(r, &n->needs[field].v[i]);
                        if (satisfied < 0) return -1;
                        if (!satisfied) return explain_needs(r, n, &n->needs[field].v[i]);
                }
        }
        return 0;
}

static int check_conflicts(Resolver *r, Node *n) {
        for (size_t field = 0; field < ARRAY_SIZE(n->excludes); field++) {
                for (size_t i = 0; i < n->excludes[field].n; i++) {
                        const Relation *relation = &n->excludes[field].v[i].v[0];
                        AUTO(nodes_done) Nodes matches = {0};
                        if (relation_matches(r, relation, &matches) < 0) return -1;
                        for (size_t j = 0; j < matches.n; j++) {
                                Node *other = matches.v[j];
                                if (other != n && other->reached) return explain_conflict(r, n, other, relation);
                        }
                }
        }
        return 0;
}

/* Whatever the choices were: nothing is missing and nothing is excluded in what comes out. */
static int check_result(Resolver *r, const Nodes *reached) {
        for (size_t i = 0; i < reached->n; i++)
                if (check_needs(r, reached->v[i]) < 0 || check_conflicts(r, reached->v[i]) < 0) return -1;
        return 0;
}

static int by_name(const void *a, const void *b) {
        const Node *const *x = a, *const *y = b;
        return str_cmp((*x)->name, (*y)->name);
}

/* After what it needs. Recursion goes no deeper than there are packages. */
static int list_after_needs(Resolver *r, Node *n, PackageList *ret) {
        if (n->listed) return 0;
        n->listed = true;
        for (size_t field = 0; field < ARRAY_SIZE(n->needs) && !n->alone; field++) {
                AUTO(nodes_done) Nodes matches = {0};
                for (size_t i = 0; i < n->needs[field].n; i++)
                        if (group_matches(r, &n->needs[field].v[i], &matches) < 0) return -1;
                if (matches.n > 0) qsort(matches.v, matches.n, sizeof *matches.v, by_name);
                for (size_t i = 0; i < matches.n; i++)
                        if (matches.v[i]->reached && list_after_needs(r, matches.v[i], ret) < 0) return -1;
        }
        ret->v[ret->n++] = n->package;
        return 0;
}

static int list_all(Resolver *r, Nodes *reached, PackageList *ret) {
        PackageList list = {.v = arena_array(package_universe_arena(r->u), reached->n, sizeof *list.v)};
        if (reached->n > 0) qsort(reached->v, reached->n, sizeof *reached->v, by_name);
        for (size_t i = 0; i < reached->n; i++)
                if (list_after_needs(r, reached->v[i], &list) < 0) return -1;
        *ret = list;
        return 0;
}

static int mark_roots(Resolver *r, const Nodes *roots) {
        for (size_t i = 0; i < roots->n; i++)
                if (resolver_select_root(r, roots->v[i]) < 0) return -1;
        for (size_t i = 0; i < roots->n; i++)
                if (resolver_mark(r, roots->v[i], NULL, NULL) < 0) return -1;
        for (size_t i = 0; i < REPAIRS_MAX; i++) {
                size_t before = r->selection.n;
                if (resolver_repair(r) < 0) return -1;
                if (r->selection.n == before) break;
        }
        return 0;
}

int debian_resolve(PackageUniverse *u, const ResolveRoot *roots, size_t count, PackageList *ret, Err **e) {
        AUTO(resolver_done) Resolver r = {.u = u, .arena = arena_new(), .nodes = map_new(), .e = e};
        AUTO(nodes_done) Nodes nodes = {0}, reached = {0};
        if (resolver_take_roots(&r, roots, count, &nodes) < 0 || mark_roots(&r, &nodes) < 0) return -1;
        if (reach(&r, &nodes, &reached) < 0 || check_result(&r, &reached) < 0) return -1;
        return list_all(&r, &reached, ret);
}
