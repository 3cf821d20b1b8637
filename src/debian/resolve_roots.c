/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "debian/resolve_internal.h"

enum { ROOT_LENGTH_MAX = 4096 };

/* A root as it was understood. */
typedef struct Wanted {
        const ResolveRoot *root;
        const Relation *relation;
        Node *node;
} Wanted;

typedef VEC(Wanted) WantedList;

static void wanted_done(WantedList *list) {
        vec_done(list);
}

static const char *place(const ResolveRoot *root) {
        return root->where ? root->where : "command line";
}

/* "name=version" is apt's way to say "name (= version)". */
static Str spell_out(Resolver *r, const char *text) {
        Str rest = str_of(text), name;
        if (strchr(text, '(') || !str_cut(&rest, '=', &name)) return str_of(text);
        Str version, tail = rest;
        str_cut(&tail, '[', &version);
        bool has_tail = version.n < rest.n;
        return str_of(arena_printf(r->arena, STR_FMT " (= " STR_FMT ")%s" STR_FMT, STR_ARG(str_trim(name)),
                                   STR_ARG(str_trim(version)), has_tail ? " [" : "",
                                   STR_ARG(has_tail ? tail : STR(""))));
}

static int parse(Resolver *r, const ResolveRoot *root, const Relation **ret) {
        AUTO(err_freep) Err *cause = NULL;
        Relations found;
        if (strlen(root->name) > ROOT_LENGTH_MAX)
                return err_new(r->e, ERR_LIMIT, "%s: the name of a package is too long", place(root));
        if (relations_parse(r->arena, spell_out(r, root->name), &found, &cause) < 0)
                err_new(r->e, ERR_SYNTAX, "%s: package '%s': %s", place(root), root->name, err_message(cause));
        else if (found.n != 1 || found.v[0].n != 1)
                err_new(r->e, ERR_SYNTAX, "%s: package '%s': expected the name of one package", place(root),
                        root->name);
        else {
                *ret = &found.v[0].v[0];
                return 0;
        }
        return err_hint(r->e, "write 'libpq5', 'libpq5=15.6-0+deb12u1', 'libpq5 (>= 15)' or 'libpq5 [amd64 arm64]'");
}

/* A virtual name stands for the package that provides it, if there is one only. */
static int resolve_name(Resolver *r, const ResolveRoot *root, const Relation *relation, Node **ret) {
        if (resolver_node(r, relation->name, ret) < 0) return -1;
        if ((*ret)->package) return 0;
        AUTO(nodes_done) Nodes providers = {0};
        if (relation_matches(r, relation, &providers) < 0) return -1;
        if (providers.n != 1) return explain_unknown_root(r, root, relation->name, &providers);
        *ret = providers.v[0];
        return 0;
}

static bool accepts(const Wanted *w, const DebianPackage *p, const char *architecture) {
        if (!str_eq(w->relation->name, p->name)) return true; /* what provides the name that was asked for */
        return relation_takes_version(w->relation, p->version) &&
               (w->relation->qualifier.n == 0 || str_is(w->relation->qualifier, architecture));
}

static bool all_accept(const Resolver *r, const WantedList *list, const Node *n, const DebianPackage *p) {
        const char *architecture = package_universe_architecture(r->u);
        for (size_t i = 0; i < list->n; i++)
                if (list->v[i].node == n && !accepts(&list->v[i], p, architecture)) return false;
        return true;
}

/* The highest version that all roots of this name take. */
static int choose_version(Resolver *r, const WantedList *list, const Wanted *w) {
        PackageList there;
        if (package_universe_find(r->u, w->node->name, &there, r->e) < 0) return -1;
        for (size_t i = 0; i < there.n; i++) {
                if (!all_accept(r, list, w->node, there.v[i])) continue;
                w->node->package = there.v[i];
                return 0;
        }
        return explain_versions(r, w->root, w->relation, &there);
}

static int understand(Resolver *r, const ResolveRoot *roots, size_t count, WantedList *ret) {
        const char *architecture = package_universe_architecture(r->u);
        for (size_t i = 0; i < count; i++) {
                Wanted w = {.root = &roots[i]};
                if (parse(r, w.root, &w.relation) < 0) return -1;
                if (!relation_is_for(w.relation, architecture)) continue;
                if (resolve_name(r, w.root, w.relation, &w.node) < 0) return -1;
                vec_push(ret, w);
        }
        return 0;
}

static void take(Node *n, const ResolveRoot *root) {
        if (!n->root) {
                n->root = root;
                n->alone = true;
        }
        if (root->closure) n->alone = false;
        n->required = true;
}

int resolver_take_roots(Resolver *r, const ResolveRoot *roots, size_t count, Nodes *ret) {
        AUTO(wanted_done) WantedList wanted = {0};
        if (understand(r, roots, count, &wanted) < 0) return -1;
        for (size_t i = 0; i < wanted.n; i++) {
                Wanted *w = &wanted.v[i];
                if (choose_version(r, &wanted, w) < 0) return -1;
                if (!w->node->root) vec_push(ret, w->node);
                take(w->node, w->root);
        }
        return 0;
}
