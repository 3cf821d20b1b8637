/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "oci/image_config.h"

/* What a distroless or Debian base image consists of, written as one small YAML file (docs/RECIPES.md has the keys). Here it is
 * flat: what it extends is merged in; release, variant and architecture are chosen; variables are replaced. All strings that are
 * not of a StrVec or StringPairs live in the recipe. One thread. */

enum {
        RECIPE_FILE_MAX = 1 << 20,    /* bytes of one recipe */
        RECIPE_EXTENDS_MAX = 16,      /* recipes in a row */
        RECIPE_ENTRIES_MAX = 10000,   /* of each list of a flat recipe */
        RECIPE_LAYER_BUDGET_MAX = 127 /* what overlay file systems and docker take */
};

typedef struct RecipePlace {
        const char *file;
        unsigned line;
} RecipePlace;

/* "${upstream:NAME}" */
typedef struct RecipeUpstream {
        const char *name;
        RecipePlace at;
} RecipeUpstream;

typedef struct RecipeRepository {
        const char *uri, *suite;
        StrVec components;
        StrVec signed_by; /* paths of keyrings; empty: the machine's */
        RecipePlace at;
} RecipeRepository;

typedef struct RecipePackage {
        const char *name;     /* may say more, as the resolver takes it: "libpq5 (>= 15)" */
        bool closure;         /* with what it needs; else alone */
        StrVec architectures; /* as the recipe says; those of another architecture are not in the flat recipe. Empty: all */
        StrVec paths;         /* patterns: only these of its paths, besides copyright and metadata. Empty: all */
        RecipePlace at;
} RecipePackage;

typedef struct RecipeUser {
        const char *name;
        uint32_t uid, gid;
        const char *home, *shell, *gecos; /* never NULL */
        RecipePlace at;
} RecipeUser;

typedef struct RecipeGroup {
        const char *name;
        uint32_t gid;
        StrVec members;
        RecipePlace at;
} RecipeGroup;

typedef enum RecipePathKind {
        RECIPE_DIRECTORY,
        RECIPE_FILE,
        RECIPE_SYMLINK,
        RECIPE_HARDLINK,
        RECIPE_REMOVE
} RecipePathKind;

typedef struct RecipePath {
        RecipePathKind kind;
        const char *path; /* absolute, without ".", "..", "//" and a slash at the end */
        uint32_t mode, uid, gid;
        const char *text;   /* FILE: its contents, or NULL */
        const char *source; /* FILE: read from there (the recipe's folder is before it), or NULL */
        const char *target; /* SYMLINK: as it stands in the link; HARDLINK: an absolute path */
        RecipePlace at;
} RecipePath;

typedef enum RecipeLayering { LAYERING_PACKAGE, LAYERING_ORIGIN, LAYERING_ONE } RecipeLayering;

typedef VEC(RecipeRepository) RecipeRepositories;
typedef VEC(RecipePackage) RecipePackages;
typedef VEC(RecipeUser) RecipeUsers;
typedef VEC(RecipeGroup) RecipeGroups;
typedef VEC(RecipePath) RecipePaths;

typedef struct Recipe {
        const char *name, *description;
        const char *release;      /* "debian12" */
        const char *codename;     /* "bookworm" */
        const char *version_id;   /* "12" */
        const char *variant;      /* "latest", "nonroot", "debug", "debug-nonroot" */
        const char *architecture; /* Debian's word: "amd64", "arm64", "armhf" */
        RecipePlace at;
        StrVec chain; /* names of the recipes that were merged, the innermost base first, this one last */

        RecipeRepositories repositories; /* empty: the machine's, for codename */
        RecipePackages packages;         /* in the order of the chain; each name once */
        StrVec keep, drop;               /* see recipe_takes() */
        const char *busybox; /* folder for busybox-static's program and a link for each of its applets, or NULL */

        RecipeUsers users; /* in the order of the chain */
        RecipeGroups groups;
        RecipePaths paths;   /* directories, files, links, removals, each path once, in the order of the chain */
        StrVec certificates; /* extra CA files (PEM); the recipe's folder is before them */
        VEC(RecipePlace) certificates_at;
        bool ca_bundle, ca_links, java_keystore;
        bool ld_cache, os_release, nsswitch, python_bytecode;
        const char *java_version; /* "17": a runtime of these modules is linked; NULL: none */
        StrVec java_modules;
        RecipePlace java_at, bytecode_at, ld_cache_at, timezone_at, locale_at; /* of the keys */
        const char *nsswitch_text;                                             /* NULL: the usual text */
        const char *timezone;                                                  /* "Europe/Berlin" or NULL */
        const char *locale; /* "C.utf8" (a folder of libc-bin's /usr/lib/locale) or NULL */

        StrVec env; /* NAME=value, in order; see recipe_fill_versions() */
        bool has_entrypoint, has_cmd;
        StrVec entrypoint, cmd;
        const char *user, *working_dir, *stop_signal; /* NULL: not said */
        StringPairs labels, annotations;              /* see recipe_fill_versions() */
        VEC(RecipeUpstream) upstreams;                /* where versions are asked for */
        StrVec architectures;                         /* all that the recipe is made for, Debian's words */
        RecipeLayering layering;
        unsigned layer_budget; /* of packages; 0: not said */
        uint64_t size_budget;  /* bytes of content; 0: none */
        RecipePlace budget_at; /* of the key */
        const char *
                bootstrap; /* "minbase": a complete Debian by mmdebstrap of that variant with the packages; NULL: unpacked
                                  packages */
        struct Arena *arena;
} Recipe;

/* Where recipes are looked for: folders of the user's own NAME.yaml, first wins; then those that come with the program. */
typedef struct RecipeBook {
        StrVec folders;
} RecipeBook;

/* Folders of a list as $PATH writes it ($DECANT_RECIPES); NULL and empty parts are passed over. */
void recipe_book_add(RecipeBook *b, const char *folders);
void recipe_book_done(RecipeBook *b);

typedef struct RecipeText {
        char *file;   /* for messages: "./web.yaml", "recipes/static.yaml" for those that come with the program */
        char *name;   /* "web" */
        char *folder; /* what source and certificates begin in; NULL: it comes with the program */
        char *text;
        size_t size;
} RecipeText;

/* The recipe of that name; what holds a slash or ends in .yaml is a path. ERR_NOT_FOUND with the nearest name; ERR_SYS. */
int recipe_find(const RecipeBook *b, const char *name, RecipeText *ret_text, Err **e);
void recipe_text_done(RecipeText *t);

/* What is wanted of a recipe. NULL: its newest release; "latest"; this machine's architecture. */
typedef struct RecipeChoice {
        const char *name;
        const char *release;      /* "debian12", "bookworm", "12" */
        const char *variant;      /* "nonroot" */
        const char *architecture; /* "amd64", "arm64"; OCI's words and Debian's */
} RecipeChoice;

/* Read, merge, choose and check. *ret_recipe: owned, recipe_free().
 * ERR_SYNTAX: "FILE:LINE: what is wrong", further mistakes of the same file in the excerpt; ERR_NOT_FOUND: no such recipe, release,
 * variant or architecture, with what there is; ERR_LIMIT. */
int recipe_load(const RecipeBook *b, const RecipeChoice *choice, Recipe **ret_recipe, Err **e);
void recipe_free(Recipe *r);
static inline void recipe_freep(Recipe **r) {
        if (*r) recipe_free(*r);
}

/* Does a path of a package belong into the image? path: absolute. A path that a pattern of drop matches, or a folder above it, is
 * left out unless a pattern of keep does the same. "*" stops at "/", "**" does not. */
bool recipe_takes(const Recipe *r, const char *path);
/* The same for RecipePackage.paths: false when there are patterns and none matches. */
bool recipe_package_takes(const RecipePackage *p, const char *path);

/* Replace "${upstream:PACKAGE}" in env, labels and annotations by the upstream version of that package ("17.0.21" of
 * "17.0.21+9-1~deb12u1"). lookup: its Debian version, borrowed, or NULL when it is not in the image.
 * ERR_SYNTAX with the place: no such package in the image. */
typedef const char *(*RecipeVersionOf)(void *context, const char *package);
int recipe_fill_versions(Recipe *r, RecipeVersionOf lookup, void *context, Err **e);

/* The flat recipe as YAML in a fixed order, without places: equal recipes give equal text. For `base show` and for keys. */
void recipe_render(const Recipe *r, Buf *ret_text);

/* What there is. */
typedef struct RecipeSummary {
        char *name, *description, *file;
        StrVec releases, variants, architectures;
        StrVec published; /* names that it answers to, of its newest release: "gcr.io/distroless/static" */
} RecipeSummary;
typedef VEC(RecipeSummary) RecipeSummaries;

/* All recipes, by name. A recipe that cannot be read is an error as in recipe_load(). */
int recipe_list(const RecipeBook *b, RecipeSummaries *ret_list, Err **e);
void recipe_summaries_done(RecipeSummaries *list);
