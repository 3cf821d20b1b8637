/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "debian/resolve_internal.h"

int resolver_node(Resolver *r, Str name, Node **ret) {
        Node *n = map_get(r->nodes, name.p, name.n);
        if (!n) {
                PackageList list;
                if (package_universe_find(r->u, name, &list, r->e) < 0) return -1;
                n = arena_alloc(r->arena, sizeof *n);
                n->name = (Str){arena_str(r->arena, name), name.n};
                n->package = list.n > 0 ? list.v[0] : NULL;
                n->possible = n->package != NULL;
                map_put(r->nodes, name.p, name.n, n);
        }
        *ret = n;
        return 0;
}

static int load_relations(Resolver *r, const DebianPackage *p, const char *field, Str value, Relations *ret) {
        if (value.n == 0 || relations_parse(r->arena, value, ret, r->e) == 0) return 0;
        return err_wrap(r->e, "%s: package '" STR_FMT "' " STR_FMT ": %s", package_universe_label(r->u, p->index),
                        STR_ARG(p->name), STR_ARG(p->version), field);
}

int node_load(Resolver *r, Node *n) {
        const DebianPackage *p = n->package;
        if (n->loaded || !p) return 0;
        n->loaded = true;
        if (load_relations(r, p, "Pre-Depends", p->pre_depends, &n->needs[0]) < 0) return -1;
        if (load_relations(r, p, "Depends", p->depends, &n->needs[1]) < 0) return -1;
        if (load_relations(r, p, "Conflicts", p->conflicts, &n->excludes[0]) < 0) return -1;
        if (load_relations(r, p, "Breaks", p->breaks, &n->excludes[1]) < 0) return -1;
        return load_relations(r, p, "Provides", p->provides, &n->provides);
}

static int priority_rank(Str priority) {
        static const char *const names[] = {"required", "important", "standard", "optional", "extra"};
        int i = 0;
        while (i < (int)ARRAY_SIZE(names) && !str_is(priority, names[i])) i++;
        return i;
}

/* Which of two providers is the more ordinary one. */
static bool is_preferred(const DebianPackage *a, const DebianPackage *b) {
        if (a->essential != b->essential) return a->essential;
        if (a->important != b->important) return a->important;
        int difference = priority_rank(a->priority) - priority_rank(b->priority);
        return difference != 0 ? difference < 0 : str_cmp(a->name, b->name) < 0;
}

static void insert_provider(Node *n, Provider provider) {
        size_t at = n->providers_count++;
        for (; at > 0 && is_preferred(provider.node->package, n->providers[at - 1].node->package); at--)
                n->providers[at] = n->providers[at - 1];
        n->providers[at] = provider;
}

/* A package may provide a name in several versions. */
static size_t count_provides(const Node *provider, Str name) {
        size_t count = 0;
        for (size_t i = 0; i < provider->provides.n; i++) count += str_eq(provider->provides.v[i].v[0].name, name);
        return count;
}

static int collect_providers(Resolver *r, Node *n, const PackageList *list, Nodes *ret, size_t *ret_count) {
        for (size_t i = 0; i < list->n; i++) {
                Node *provider;
                if (resolver_node(r, list->v[i]->name, &provider) < 0) return -1;
                if (provider->package != list->v[i]) continue; /* a version that is not considered */
                if (node_load(r, provider) < 0) return -1;
                *ret_count += count_provides(provider, n->name);
                vec_push(ret, provider);
        }
        return 0;
}

int node_load_providers(Resolver *r, Node *n) {
        if (n->providers_known) return 0;
        n->providers_known = true;
        PackageList list;
        if (package_universe_providers(r->u, n->name, &list, r->e) < 0) return -1;
        AUTO(nodes_done) Nodes nodes = {0};
        size_t count = 0;
        if (collect_providers(r, n, &list, &nodes, &count) < 0) return -1;
        n->providers = arena_array(r->arena, count, sizeof *n->providers);
        for (size_t i = 0; i < nodes.n; i++) {
                const Relations *provides = &nodes.v[i]->provides;
                for (size_t j = 0; j < provides->n; j++) {
                        const Relation *p = &provides->v[j].v[0];
                        if (str_eq(p->name, n->name)) insert_provider(n, (Provider){nodes.v[i], p->version});
                }
        }
        return 0;
}

/* "name:any" asks for a package that may serve foreign architectures, "name:amd64" for one of that architecture. */
static bool qualifier_fits(const Resolver *r, Str qualifier, const DebianPackage *p) {
        if (qualifier.n == 0) return true;
        if (str_is(qualifier, "any")) return str_is(p->multi_arch, "allowed");
        return str_is(qualifier, package_universe_architecture(r->u));
}

static bool means_real(const Resolver *r, const Relation *relation, const Node *n) {
        return n->package && relation_takes_version(relation, n->package->version) &&
               qualifier_fits(r, relation->qualifier, n->package);
}

/* An unversioned Provides fulfils only what asks for no version (Policy 7.5). */
static bool means_provided(const Resolver *r, const Relation *relation, const DebianPackage *p, Str version) {
        if (relation->operation != RELATION_ANY && version.n == 0) return false;
        return (version.n == 0 || relation_takes_version(relation, version)) &&
               qualifier_fits(r, relation->qualifier, p);
}

bool relation_means(const Resolver *r, const Relation *relation, const Node *n) {
        if (str_eq(relation->name, n->name)) return means_real(r, relation, n);
        for (size_t i = 0; i < n->provides.n; i++) {
                const Relation *p = &n->provides.v[i].v[0];
                if (str_eq(p->name, relation->name) && means_provided(r, relation, n->package, p->version)) return true;
        }
        return false;
}

static void add_once(Nodes *list, Node *n) {
        for (size_t i = 0; i < list->n; i++)
                if (list->v[i] == n) return;
        vec_push(list, n);
}

int relation_matches(Resolver *r, const Relation *relation, Nodes *ret) {
        Node *target;
        if (!relation_is_for(relation, package_universe_architecture(r->u))) return 0;
        if (resolver_node(r, relation->name, &target) < 0 || node_load_providers(r, target) < 0) return -1;
        if (means_real(r, relation, target)) add_once(ret, target);
        for (size_t i = 0; i < target->providers_count; i++) {
                const Provider *p = &target->providers[i];
                if (means_provided(r, relation, p->node->package, p->version)) add_once(ret, p->node);
        }
        return 0;
}

int group_matches(Resolver *r, const RelationGroup *group, Nodes *ret) {
        for (size_t i = 0; i < group->n; i++)
                if (relation_matches(r, &group->v[i], ret) < 0) return -1;
        return 0;
}

int group_satisfied(Resolver *r, const RelationGroup *group) {
        AUTO(nodes_done) Nodes matches = {0};
        if (group_matches(r, group, &matches) < 0) return -1;
        for (size_t i = 0; i < matches.n; i++)
                if (matches.v[i]->selected) return 1;
        return 0;
}
