/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "debian/resolve_internal.h"

/* The choices that apt's marking makes on an empty system: depth first, in the order of the fields; what is selected already wins, then
 * the first alternative, a package of the name before those that provide it. A package whose own needs fail is given up and
 * the next alternative is tried. What is required excludes for good whatever it conflicts with. */

static int give_up(Node *n, Refusal refusal) {
        n->refusal = refusal;
        if (n->required) return RESOLVE_REFUSED;
        n->possible = false;
        n->selected = false;
        return RESOLVE_REFUSED;
}

static bool may_give_way(const Node *n) {
        return !n->required && !n->busy;
}

/* n and other cannot be both. n is to be selected. */
static int exclude(Node *n, Node *other, const Relation *relation) {
        if (other == n) return 0;
        if (!other->selected && !n->required) return 0;
        if (other->selected && (!n->required || !may_give_way(other)))
                return give_up(n, (Refusal){.excluded_by = other, .relation = relation});
        if (!other->required) give_up(other, (Refusal){.excluded_by = n, .relation = relation});
        return 0;
}

static int exclude_all(Resolver *r, Node *n, const Relation *relation) {
        AUTO(nodes_done) Nodes matches = {0};
        if (relation_matches(r, relation, &matches) < 0) return -1;
        for (size_t i = 0; i < matches.n; i++) {
                int status = exclude(n, matches.v[i], relation);
                if (status != 0) return status;
        }
        return 0;
}

/* What n conflicts with. */
static int check_excludes(Resolver *r, Node *n) {
        for (size_t field = 0; field < ARRAY_SIZE(n->excludes); field++) {
                for (size_t i = 0; i < n->excludes[field].n; i++) {
                        int status = exclude_all(r, n, &n->excludes[field].v[i].v[0]);
                        if (status != 0) return status;
                }
        }
        return 0;
}

/* What conflicts with n under one of its names. */
static int check_claims(Resolver *r, Node *n, Str name) {
        Node *named;
        if (resolver_node(r, name, &named) < 0) return -1;
        for (size_t i = 0; i < named->claims.n; i++) {
                Claim claim = named->claims.v[i];
                if (!claim.by->selected || !relation_means(r, claim.relation, n)) continue;
                int status = exclude(n, claim.by, claim.relation);
                if (status != 0) return status;
        }
        return 0;
}

static int check_all_claims(Resolver *r, Node *n) {
        int status = check_claims(r, n, n->name);
        for (size_t i = 0; i < n->provides.n && status == 0; i++)
                status = check_claims(r, n, n->provides.v[i].v[0].name);
        return status;
}

static int make_claims(Resolver *r, Node *n) {
        for (size_t field = 0; field < ARRAY_SIZE(n->excludes); field++) {
                for (size_t i = 0; i < n->excludes[field].n; i++) {
                        const Relation *relation = &n->excludes[field].v[i].v[0];
                        Node *named;
                        if (resolver_node(r, relation->name, &named) < 0) return -1;
                        vec_push(&named->claims, (Claim){n, relation});
                }
        }
        return 0;
}

/* A look ahead: is there for each need at least one package that could be? */
static int check_possible(Resolver *r, Node *n) {
        for (size_t field = 0; field < ARRAY_SIZE(n->needs); field++) {
                for (size_t i = 0; i < n->needs[field].n; i++) {
                        AUTO(nodes_done) Nodes matches = {0};
                        if (group_matches(r, &n->needs[field].v[i], &matches) < 0) return -1;
                        size_t possible = 0;
                        for (size_t j = 0; j < matches.n; j++) possible += matches.v[j]->possible;
                        if (possible == 0) return give_up(n, (Refusal){.group = &n->needs[field].v[i]});
                }
        }
        return 0;
}

static void keep_possible(Nodes *list) {
        size_t kept = 0;
        for (size_t i = 0; i < list->n; i++)
                if (list->v[i]->possible) list->v[kept++] = list->v[i];
        list->n = kept;
}

static int choose(Resolver *r, Node *n, const RelationGroup *group) {
        AUTO(nodes_done) Nodes choices = {0};
        if (group_matches(r, group, &choices) < 0) return -1;
        keep_possible(&choices);
        bool only = choices.n == 1;
        int status = RESOLVE_REFUSED;
        for (size_t i = 0; i < choices.n && status == RESOLVE_REFUSED; i++) {
                if (only && n->required) choices.v[i]->required = true;
                status = resolver_mark(r, choices.v[i], n, group);
        }
        return status;
}

/* A group of a required package that is fulfilled: if only one package can do that, it is required too. */
static int spread(Resolver *r, Node *n, const RelationGroup *group) {
        AUTO(nodes_done) Nodes choices = {0};
        if (group_matches(r, group, &choices) < 0) return -1;
        keep_possible(&choices);
        if (choices.n != 1 || choices.v[0]->required) return 0;
        choices.v[0]->required = true;
        return resolver_mark(r, choices.v[0], n, group);
}

static int fulfil(Resolver *r, Node *n, const RelationGroup *group) {
        int satisfied = group_satisfied(r, group);
        if (satisfied < 0) return -1;
        int status = 0;
        if (!satisfied)
                status = choose(r, n, group);
        else if (n->required)
                status = spread(r, n, group);
        if (status == RESOLVE_REFUSED) n->refusal = (Refusal){.group = group};
        return status;
}

static int fulfil_all(Resolver *r, Node *n) {
        int result = 0;
        for (size_t field = 0; field < ARRAY_SIZE(n->needs); field++) {
                for (size_t i = 0; i < n->needs[field].n; i++) {
                        int status = fulfil(r, n, &n->needs[field].v[i]);
                        if (status < 0) return -1;
                        if (status == RESOLVE_REFUSED) result = status;
                        if (result && !n->required) return result;
                }
        }
        return result;
}

static int check(Resolver *r, Node *n) {
        if (node_load(r, n) < 0) return -1;
        int status = n->alone ? 0 : check_possible(r, n);
        if (status == 0) status = check_excludes(r, n);
        if (status == 0) status = check_all_claims(r, n);
        return status;
}

static int select_node(Resolver *r, Node *n, Node *requirer, const RelationGroup *because) {
        if (n->selected) return 0;
        if (r->selection.n == RESOLVE_PACKAGES_MAX)
                return err_new(r->e, ERR_LIMIT, "more than %d packages are needed", RESOLVE_PACKAGES_MAX);
        n->selected = true;
        n->requirer = requirer;
        n->because = because;
        vec_push(&r->selection, n);
        return make_claims(r, n);
}

int resolver_select_root(Resolver *r, Node *n) {
        return node_load(r, n) < 0 ? -1 : select_node(r, n, NULL, NULL);
}

static int mark_needs(Resolver *r, Node *n) {
        if (r->depth == RESOLVE_DEPTH_MAX)
                return err_new(r->e, ERR_LIMIT, "a chain of more than %d packages, each of which needs the next",
                               RESOLVE_DEPTH_MAX);
        bool was_busy = n->busy;
        n->busy = true;
        r->depth++;
        int status = fulfil_all(r, n);
        r->depth--;
        n->busy = was_busy;
        return status == RESOLVE_REFUSED ? give_up(n, n->refusal) : status;
}

int resolver_mark(Resolver *r, Node *n, Node *requirer, const RelationGroup *because) {
        if (!n->possible) return RESOLVE_REFUSED;
        if (n->selected && (!n->required || n->spread)) return 0;
        int status = check(r, n);
        if (status != 0) return status;
        n->spread = n->required;
        if (select_node(r, n, requirer, because) < 0) return -1;
        return n->alone ? 0 : mark_needs(r, n);
}

int resolver_repair(Resolver *r) {
        for (size_t i = 0; i < r->selection.n; i++) {
                Node *n = r->selection.v[i];
                if (n->selected && !n->alone && fulfil_all(r, n) < 0) return -1;
        }
        return 0;
}
