/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "debian/resolve_internal.h"

enum { STEPS_MAX = 64, NAMED_MAX = 8 };

/* One step of the chain that leads from a root to what is wrong: n needs this. */
typedef struct Step {
        Node *n;
        const RelationGroup *group;
} Step;

typedef VEC(Step) Steps;

static void steps_done(Steps *steps) {
        vec_done(steps);
}

static const char *place(const ResolveRoot *root) {
        return root && root->where ? root->where : "command line";
}

static void add_suites(const Resolver *r, Buf *text) {
        for (size_t i = 0; i < package_universe_count(r->u); i++)
                buf_addf(text, "%s%s", i > 0 ? ", " : "", package_universe_label(r->u, i));
}

static int hint_suites(Resolver *r) {
        AUTO(buf_done) Buf suites = {0};
        add_suites(r, &suites);
        if (suites.n == 0) return err_hint(r->e, "no suite was searched");
        return err_hint(r->e, "searched for %s: %s", package_universe_architecture(r->u), suites.p);
}

static int hint_nearest(Resolver *r, Str name) {
        AUTO(freep) char *text = str_dup(name);
        AUTO(strvec_done) StrVec names = {0};
        if (package_universe_nearest(r->u, text, &names, NULL) < 0 || names.n == 0) return 0;
        if (strvec_index(&names, text) >= 0) /* an index may hold other architectures as well */
                return err_hint(r->e, "it is there for other architectures than %s only",
                                package_universe_architecture(r->u));
        AUTO(buf_done) Buf list = {0};
        for (size_t i = 0; i < names.n; i++) {
                if (i > 0) buf_adds(&list, i + 1 == names.n ? " or " : ", ");
                buf_addf(&list, "'%s'", names.v[i]);
        }
        return err_hint(r->e, "did you mean %s?", list.p);
}

static int hint_providers(Resolver *r, const Nodes *providers) {
        AUTO(buf_done) Buf list = {0};
        for (size_t i = 0; i < providers->n && i < NAMED_MAX; i++)
                buf_addf(&list, "%s'" STR_FMT "'", i > 0 ? ", " : "", STR_ARG(providers->v[i]->name));
        return err_hint(r->e, "name one of those that provide it: %s%s", list.p,
                        providers->n > NAMED_MAX ? ", ..." : "");
}

int explain_unknown_root(Resolver *r, const ResolveRoot *root, Str name, const Nodes *providers) {
        if (providers->n > 0) {
                err_new(r->e, ERR_NOT_FOUND, "%s: '" STR_FMT "' is a virtual package", place(root), STR_ARG(name));
                return hint_providers(r, providers);
        }
        err_new(r->e, ERR_NOT_FOUND, "%s: there is no package '" STR_FMT "'", place(root), STR_ARG(name));
        hint_nearest(r, name);
        hint_suites(r);
        return -1;
}

int explain_versions(Resolver *r, const ResolveRoot *root, const Relation *wanted, const PackageList *there) {
        AUTO(buf_done) Buf shown = {0}, versions = {0};
        relation_render(wanted, &shown);
        bool possible = false;
        for (size_t i = 0; i < there->n; i++) {
                possible |= wanted->qualifier.n == 0 && relation_takes_version(wanted, there->v[i]->version);
                buf_addf(&versions, "%s" STR_FMT " (%s)", i > 0 ? ", " : "", STR_ARG(there->v[i]->version),
                         package_universe_label(r->u, there->v[i]->index));
        }
        if (possible)
                err_new(r->e, ERR_CONFLICT, "%s: '%s': no version is what all that ask for this package want",
                        place(root), shown.p);
        else
                err_new(r->e, ERR_NOT_FOUND, "%s: there is no '%s'", place(root), shown.p);
        return err_hint(r->e, "there is: %s", versions.p);
}

static void add_package(const Resolver *r, const Node *n, Buf *text) {
        buf_addf(text, STR_FMT " " STR_FMT " (%s)", STR_ARG(n->name), STR_ARG(n->package->version),
                 package_universe_label(r->u, n->package->index));
}

/* From the root down to n. */
static void add_way_to(Steps *steps, const Node *n) {
        size_t first = steps->n;
        for (; n->requirer && steps->n - first < STEPS_MAX; n = n->requirer)
                vec_push(steps, (Step){n->requirer, n->because});
        for (size_t i = first, j = steps->n; i + 1 < j; i++) {
                Step swapped = steps->v[i];
                steps->v[i] = steps->v[--j];
                steps->v[j] = swapped;
        }
}

static const ResolveRoot *root_of(const Node *n) {
        while (!n->root && n->requirer) n = n->requirer;
        return n->root;
}

/* Where only one package could have been taken, what is wrong with that one is the reason. */
static int add_way_down(Resolver *r, Steps *steps, Node *n, const RelationGroup *group) {
        for (;;) {
                vec_push(steps, (Step){n, group});
                AUTO(nodes_done) Nodes matches = {0};
                if (group_matches(r, group, &matches) < 0) return -1;
                if (group->n > 1 || matches.n != 1 || !matches.v[0]->refusal.group || steps->n >= STEPS_MAX) return 0;
                n = matches.v[0];
                group = n->refusal.group;
        }
}

/* "WHERE: a 1 (suite)", then a line for each step. The last one is left open. */
static void add_steps(const Resolver *r, const ResolveRoot *root, const Steps *steps, Buf *text) {
        buf_addf(text, "%s: ", place(root));
        for (size_t i = 0; i < steps->n; i++) {
                if (i > 0) buf_addc(text, ' ');
                add_package(r, steps->v[i].n, text);
                buf_addf(text, "\n  needs " STR_FMT ":", STR_ARG(steps->v[i].group->text));
        }
}

static int add_reason(Resolver *r, const Relation *relation, Buf *text) {
        Node *named;
        AUTO(nodes_done) Nodes matches = {0};
        if (resolver_node(r, relation->name, &named) < 0 || node_load_providers(r, named) < 0) return -1;
        if (relation_matches(r, relation, &matches) < 0) return -1;
        const Node *match = matches.n > 0 ? matches.v[0] : NULL;
        if (match && match->refusal.excluded_by)
                buf_addf(text, "'" STR_FMT "' and '" STR_FMT "' exclude each other", STR_ARG(match->name),
                         STR_ARG(match->refusal.excluded_by->name));
        else if (match && match->refusal.group)
                buf_addf(text, "'" STR_FMT "' needs '" STR_FMT "', which cannot be had", STR_ARG(match->name),
                         STR_ARG(match->refusal.group->text));
        else if (match)
                buf_addf(text, "'" STR_FMT "' had to give way", STR_ARG(match->name));
        else if (named->package)
                buf_addf(text, "there is " STR_FMT " (%s)", STR_ARG(named->package->version),
                         package_universe_label(r->u, named->package->index));
        else if (named->providers_count > 0)
                buf_addf(text, "'" STR_FMT "' provides it, but not in this version",
                         STR_ARG(named->providers[0].node->name));
        else
                buf_adds(text, "there is no such package");
        return 0;
}

static int add_reasons(Resolver *r, const RelationGroup *group, Buf *text) {
        if (group->n == 1) {
                buf_addc(text, ' ');
                return add_reason(r, &group->v[0], text);
        }
        for (size_t i = 0; i < group->n; i++) {
                buf_addf(text, "\n    " STR_FMT ": ", STR_ARG(group->v[i].text));
                if (add_reason(r, &group->v[i], text) < 0) return -1;
        }
        return 0;
}

static void add_way(const Resolver *r, const Node *n, Buf *text) {
        AUTO(steps_done) Steps steps = {0};
        add_way_to(&steps, n);
        add_steps(r, root_of(n), &steps, text);
        if (steps.n > 0) buf_addc(text, ' ');
        add_package(r, n, text);
        buf_addc(text, '\n');
}

/* How what stands in the way came to be there. */
static int add_excluders(Resolver *r, const RelationGroup *group, Buf *text) {
        AUTO(nodes_done) Nodes matches = {0};
        if (group_matches(r, group, &matches) < 0) return -1;
        for (size_t i = 0; i < matches.n && i < NAMED_MAX; i++)
                if (matches.v[i]->refusal.excluded_by) add_way(r, matches.v[i]->refusal.excluded_by, text);
        return 0;
}

int explain_needs(Resolver *r, Node *n, const RelationGroup *group) {
        AUTO(steps_done) Steps steps = {0};
        AUTO(buf_done) Buf chain = {0};
        const ResolveRoot *root = root_of(n);
        add_way_to(&steps, n);
        if (add_way_down(r, &steps, n, group) < 0) return -1;
        add_steps(r, root, &steps, &chain);
        const Step *last = &steps.v[steps.n - 1];
        if (add_reasons(r, last->group, &chain) < 0) return -1;
        buf_addc(&chain, '\n');
        if (add_excluders(r, last->group, &chain) < 0) return -1;
        err_new(r->e, ERR_CONFLICT, "%s: package '%s' cannot be had: '" STR_FMT "' needs '" STR_FMT "'", place(root),
                root ? root->name : "", STR_ARG(last->n->name), STR_ARG(last->group->text));
        err_excerpt(r->e, chain.p);
        return hint_suites(r);
}

int explain_conflict(Resolver *r, Node *n, Node *other, const Relation *relation) {
        AUTO(buf_done) Buf chains = {0}, shown = {0};
        add_way(r, n, &chains);
        add_way(r, other, &chains);
        relation_render(relation, &shown);
        err_new(r->e, ERR_CONFLICT,
                "%s: packages '" STR_FMT "' and '" STR_FMT "' exclude each other: '" STR_FMT
                "' names '%s' in Conflicts or Breaks",
                place(root_of(n)), STR_ARG(n->name), STR_ARG(other->name), STR_ARG(n->name), shown.p);
        return err_excerpt(r->e, chains.p);
}
