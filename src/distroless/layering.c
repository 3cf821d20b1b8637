/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/assembly.h"

/* Which packages lie in one layer. What changes together should lie together, and what is large should not have to travel because something
 * small beside it changed: groups are packages or their sources, and when there are more than the budget allows, the smallest
 * ones share a layer. */

enum { USUAL_BUDGET = 100 }; /* docker takes 127 layers: room for what is derived, and for whoever builds on it */

typedef struct Group {
        const char *name; /* of the package, or of its source */
        VEC(const LockedPackage *) packages;
        uint64_t size_bytes; /* of the packages' files: what travels */
        bool shared;         /* it lies in the layer of the small ones */
} Group;
typedef VEC(Group) Groups;

static const char *group_name(RecipeLayering layering, const LockedPackage *p) {
        switch (layering) {
        case LAYERING_ONE: return "";
        case LAYERING_ORIGIN: return p->source ? p->source : p->name;
        default: return p->name;
        }
}

static Group *group_of(Groups *groups, const char *name) {
        for (size_t i = 0; i < groups->n; i++)
                if (streq(groups->v[i].name, name)) return &groups->v[i];
        vec_push(groups, (Group){.name = name});
        return &groups->v[groups->n - 1];
}

static int by_size(const void *a, const void *b) {
        const Group *const *x = a, *const *y = b;
        if ((*x)->size_bytes != (*y)->size_bytes) return (*x)->size_bytes > (*y)->size_bytes ? -1 : 1;
        return strcmp((*x)->name, (*y)->name);
}

/* All but the largest budget - 1 groups share a layer. */
static void keep_budget(Groups *groups, unsigned budget) {
        if (groups->n <= budget) return;
        AUTO(freep) Group **order = xcalloc(groups->n, sizeof *order);
        for (size_t i = 0; i < groups->n; i++) order[i] = &groups->v[i];
        qsort(order, groups->n, sizeof *order, by_size);
        for (size_t i = budget - 1; i < groups->n; i++) order[i]->shared = true;
}

static void add_packages(BaseLayer *layer, const Group *group) {
        for (size_t i = 0; i < group->packages.n; i++) vec_push(&layer->packages, group->packages.v[i]);
}

static char *layer_title(const BaseLayer *l) {
        Buf title = {0};
        for (size_t i = 0; i < l->packages.n; i++)
                buf_addf(&title, "%s%s %s", i > 0 ? ", " : "", l->packages.v[i]->name, l->packages.v[i]->version);
        return buf_take(&title);
}

static void add_layer(BaseLayers *layers, BaseLayer layer) {
        layer.title = layer_title(&layer);
        vec_push(layers, layer);
}

static void make_layers(const Groups *groups, BaseLayers *layers) {
        BaseLayer shared = {0};
        for (size_t i = 0; i < groups->n; i++) {
                BaseLayer own = {0};
                add_packages(groups->v[i].shared ? &shared : &own, &groups->v[i]);
                if (!groups->v[i].shared) add_layer(layers, own);
        }
        if (shared.packages.n > 0) add_layer(layers, shared);
}

void layering_of(const Assembly *a, BaseLayers *ret_layers) {
        Groups groups = {0};
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                const LockedPackage *p = &a->lock->packages.v[i];
                if (p->use == USE_TOOL || lock_use_installs(p->use)) continue;
                Group *g = group_of(&groups, group_name(a->recipe->layering, p));
                vec_push(&g->packages, p);
                g->size_bytes += p->size;
        }
        keep_budget(&groups, a->recipe->layer_budget ? a->recipe->layer_budget : USUAL_BUDGET);
        make_layers(&groups, ret_layers);
        for (size_t i = 0; i < groups.n; i++) vec_done(&groups.v[i].packages);
        vec_done(&groups);
}
