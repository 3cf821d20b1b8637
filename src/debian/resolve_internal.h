/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "debian/package_index_internal.h"
#include "debian/relation.h"
#include "debian/resolve.h"

/* What the files of the resolver share. Everything lives in the resolver's arena and dies with it. */

typedef struct Node Node;

/* A package that provides a name. */
typedef struct Provider {
        Node *node;
        Str version; /* of "name (= version)"; empty when none is named */
} Provider;

/* A package that is selected excludes a name. */
typedef struct Claim {
        Node *by;
        const Relation *relation;
} Claim;

/* Why a package cannot be selected. */
typedef struct Refusal {
        const RelationGroup *group; /* nothing that is possible fulfils this; or: */
        Node *excluded_by;          /* this, which is selected, ... */
        const Relation *relation;   /* ... by this relation of one of the two */
} Refusal;

/* All that is known of one name. At most one version of a package is considered: the highest, or that which a root names. */
struct Node {
        Str name;
        const DebianPackage *package; /* NULL: there is only who provides it, or nobody */
        bool possible;                /* it may still be selected */
        bool selected;
        bool required; /* a root, or the only way to fulfil what a required package needs: alternatives give way to it */
        bool spread;   /* what is required because of it has been marked */
        bool busy;     /* its dependencies are being selected */
        bool alone;    /* its dependencies are not followed */
        bool loaded;   /* the relations below are */
        bool reached;  /* from a root, at the end */
        bool listed;   /* in the result */
        Relations needs[2];    /* Pre-Depends, Depends */
        Relations excludes[2]; /* Conflicts, Breaks */
        Relations provides;
        Provider *providers; /* the preferred first */
        size_t providers_count;
        bool providers_known;
        VEC(Claim) claims;
        const ResolveRoot *root;
        Node *requirer; /* who brought it in first, by which group; NULL with a root */
        const RelationGroup *because;
        Refusal refusal;
};

typedef VEC(Node *) Nodes;

typedef struct Resolver {
        PackageUniverse *u;
        Arena *arena;
        Map *nodes;
        Nodes selection; /* all that were ever selected, in that order */
        size_t depth;
        Err **e;
} Resolver;

enum { RESOLVE_REFUSED = 1, RESOLVE_DEPTH_MAX = 4096 };

/* resolve_graph.c: what the indexes say. Below 0: an index is damaged. */
int resolver_node(Resolver *r, Str name, Node **ret);
int node_load(Resolver *r, Node *n);
int node_load_providers(Resolver *r, Node *n);
/* All packages that fulfil the relation by themselves, the preferred first, whatever their state. Appends. */
int relation_matches(Resolver *r, const Relation *relation, Nodes *ret);
/* As relation_matches() for all alternatives, without repetitions. */
int group_matches(Resolver *r, const RelationGroup *group, Nodes *ret);
/* 1 when a selected package fulfils the group, else 0. */
int group_satisfied(Resolver *r, const RelationGroup *group);
/* Does this relation to the name of target mean n, which is or provides it? */
bool relation_means(const Resolver *r, const Relation *relation, const Node *n);
static inline void nodes_done(Nodes *list) {
        vec_done(list);
}

/* resolve_mark.c: choose. RESOLVE_REFUSED: n->refusal says why. */
int resolver_mark(Resolver *r, Node *n, Node *requirer, const RelationGroup *because);
/* Before anything is marked: what the roots are wins over every other choice. */
int resolver_select_root(Resolver *r, Node *n);
/* Try again what a package that had to give way left unfulfilled. */
int resolver_repair(Resolver *r);

/* resolve_roots.c: the nodes of the roots, their versions chosen, selected and required; roots that are for other architectures are left out. */
int resolver_take_roots(Resolver *r, const ResolveRoot *roots, size_t count, Nodes *ret);

/* resolve_explain.c: set the error. They return -1. */
int explain_unknown_root(Resolver *r, const ResolveRoot *root, Str name, const Nodes *providers);
int explain_versions(Resolver *r, const ResolveRoot *root, const Relation *wanted, const PackageList *there);
int explain_needs(Resolver *r, Node *n, const RelationGroup *group);
int explain_conflict(Resolver *r, Node *n, Node *other, const Relation *relation);
