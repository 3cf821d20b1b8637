/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "distroless/assemble.h"
#include "distroless/small_tree.h"
#include "layer/pack.h"
#include "store/key.h"

/* An assembly under way. Internal to distroless/. */

#define CERTIFICATES_PACKAGE "ca-certificates"

struct View;
struct ToolKind;

typedef struct BaseLayer {
        char *title;                         /* what history says of it */
        VEC(const LockedPackage *) packages; /* what it is unpacked from, or */
        bool whole;                          /* with all their files, whatever the recipe says: not for the image */
        SmallTree *tree;                     /* what it is made of, or */
        bool bootstrap;                      /* a complete Debian, or */
        const struct ToolKind *tool;         /* what a program makes of */
        struct View *below;                  /* the layers before it; borrowed */
        Digest key;
        char snapshot[SNAPSHOT_ID_SIZE];
        uint64_t size_bytes;
        bool found;
} BaseLayer;
typedef VEC(BaseLayer) BaseLayers;
void base_layer_done(BaseLayer *l);
void base_layers_done(BaseLayers *list);

typedef struct Assembly {
        const AssembleParams *params;
        const Recipe *recipe;
        Store *store;
        const BaseLock *lock;
        char *cache_dir; /* of repositories and packages */
        bool usr_merged; /* /bin, /sbin and /lib are links into /usr */
        int lock_fd;     /* on the cache */
        unsigned vertex; /* what is being done, for whoever watches */
} Assembly;

/* progress.c: nothing happens where nobody listens. A phase ends with what it came to, which is returned. */
typedef struct AssemblyPhase {
        unsigned vertex, outer; /* outer: what goes on when this one has ended */
        int64_t started_ns;
} AssemblyPhase;
AssemblyPhase assembly_begin(Assembly *a, const char *title);
int assembly_end(Assembly *a, const AssemblyPhase *phase, int result, Err *const *e);
DebianListener assembly_listener(Assembly *a);

int assembly_init(Assembly *a, const AssembleParams *params, Err **e); /* fails before anything is to be released */
void assembly_done(Assembly *a);

/* cache.c: nobody removes what was fetched while *ret_fd is open. */
int assembly_lock(Store *s, int *ret_fd, Err **e);

/* fetch.c: have the packages' files in the pool, verified. */
typedef VEC(const LockedPackage *) LockedPackages;
int assembly_fetch(Assembly *a, const LockedPackages *packages, Err **e);
/* The first of the places to ask for it; borrowed, NULL: none is known. */
const char *assembly_uri(const AptRepositories *repositories, const LockedPackage *p);

/* origins.c: keep with the layers what they were unpacked from. */
int origins_record(const Assembly *a, const BaseLayers *layers, Err **e);

/* select.c: the packages that the recipe comes to now, and where they come from. */
int assembly_select(Assembly *a, BaseLock *ret_lock, Err **e);
/* Was the lock made when the recipe asked for what it asks for now? ERR_SYNTAX. */
int assembly_check_lock(const Assembly *a, Err **e);
int assembly_repositories(const AssembleParams *params, AptRepositories *ret_list, Err **e);
DebianArchiveParams assembly_archive_params(Assembly *a);

/* layering.c: which packages lie in one layer, by the recipe's strategy. */
void layering_of(const Assembly *a, BaseLayers *ret_layers);

/* package_layer.c */
/* The rule of the recipe that asked for the package, NULL: it came with another. */
const RecipePackage *package_rule(const Recipe *r, const char *name);
void package_layer_key(const Assembly *a, BaseLayer *l);
/* Unpack the packages of l, which are in the pool, into a draft. */
int package_layer_fill(const Assembly *a, const BaseLayer *l, const Draft *draft, LayerTotals *ret_totals, Err **e);

/* bootstrap.c: a complete Debian, of the lock's packages that are to be installed, which must be in the pool. */
int bootstrap_key(const Assembly *a, Digest *ret_key, Err **e);
int bootstrap_check(Err **e); /* before anything is fetched: could this user make one? ERR_DENIED, with a hint */
int bootstrap_fill(Assembly *a, const BaseLayer *l, const Draft *draft, LayerTotals *ret_totals, Err **e);

/* derived.c: the layers of what no package ships, in rounds: each sees what those before it have made. below: the layers so far;
 * sources: all files of the packages that something is made of (certificates, busybox). */
typedef enum DerivedRound {
        DERIVED_ALTERNATIVES, /* links between files of packages */
        DERIVED_SYSTEM,       /* what scripts would have made */
        DERIVED_RECIPE,       /* what the recipe says itself */
        DERIVED_ROUNDS
} DerivedRound;
typedef struct DerivedViews {
        struct View *below, *sources;
} DerivedViews;
int derived_layers(const Assembly *a, DerivedRound round, const DerivedViews *views, BaseLayers *layers, Err **e);

/* config.c */
void base_config(const Assembly *a, const BaseLayers *layers, ImageConfig *ret_config);

/* A layer that a program of packages makes (distroless/tool_run.h), for whatever key of a recipe. */
typedef struct ToolKind {
        const char *title; /* of the layer */
        const char *phase; /* what is shown while it is made */
        bool (*wanted)(const Recipe *r);
        /* All that its bytes depend on. */
        void (*add_key)(const Assembly *a, const BaseLayers *below, KeyText *k);
        int (*make)(Assembly *a, struct View *below, const Draft *draft, Err **e);
} ToolKind;
extern const ToolKind java_runtime, python_bytecode;

/* The packages of this machine's architecture by these names, for a key. */
void tool_key_packages(const Assembly *a, const StrVec *names, KeyText *k);

/* assemble.c: packages with all their files, each in a layer that is not for the image. */
int assembly_unpack_whole(Assembly *a, const LockedPackages *packages, BaseLayers *ret_layers, Err **e);

/* conflicts.c: a path that two packages ship with other contents, told from the lists of digests that they carry. ERR_CONFLICT. */
int conflicts_check(const Assembly *a, struct View *layers, Err **e);
