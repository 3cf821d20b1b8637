/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

/* Bake files: several builds described in JSON (docker-bake.json) or in the build: sections of compose files. A target of them
 * comes out as the `decant build` command line that it stands for; nothing is built here. One thread. */

typedef struct BakeParams {
        const char *const *files; /* -f, "-" is standard input; none: the usual names, those that are there */
        size_t file_count;
        const char *const *names; /* targets, groups, patterns; none: "default" */
        size_t name_count;
        const char *const *sets; /* --set PATTERN.KEY[+]=VALUE */
        size_t set_count;
        const char *const *variables; /* --var NAME=VALUE: before the environment */
        size_t variable_count;
        const char *const *environment; /* NAME=VALUE, NULL at the end */
        const char *local_platform;     /* of BAKE_LOCAL_PLATFORM */
} BakeParams;

typedef struct Bake Bake;

/* Read and merge the files. params is borrowed for the life of the result. ERR_NOT_FOUND (no file), ERR_SYNTAX with file and
 * line, ERR_UNSUPPORTED (HCL). */
int bake_load(const BakeParams *params, Bake **ret_bake, Err **e);
void bake_free(Bake *b);
static inline void bake_freep(Bake **b) {
        if (*b) bake_free(*b);
}

/* Choose what params names, with inheritance, --set and the targets that others link to. ERR_NOT_FOUND with the nearest name,
 * ERR_USAGE (--set), ERR_SYNTAX (circles, bad values). */
int bake_select(Bake *b, Err **e);

/* After bake_select(): make the command lines. ERR_UNSUPPORTED for what no build here can do (pushing). */
int bake_commands(Bake *b, Err **e);

/* One build. All borrowed from the Bake. */
typedef struct BakeLink {
        const char *context; /* name of the build context */
        size_t target;       /* index of the target whose result it is; smaller than one's own */
} BakeLink;

typedef struct BakeBuild {
        const char *name, *description;
        const char *const *argv; /* "build", options, "--", the context; without the contexts that are links */
        size_t argc;
        const char *dockerfile_inline; /* NULL: a file */
        const BakeLink *links;
        size_t link_count;
        bool linked_only; /* nobody named it: its result stays in the store without a name */
        const char *call; /* NULL: build */
} BakeBuild;

/* After bake_commands(): what others link to comes first. */
size_t bake_count(const Bake *b);
const BakeBuild *bake_build(const Bake *b, size_t i);

/* The selection as buildx's `bake --print` writes it. */
void bake_print(const Bake *b, Buf *out);
/* After bake_load(): all targets and groups, or all variables, as lines of cells separated by tabs, or as JSON. */
void bake_list_targets(const Bake *b, bool json, Buf *out);
int bake_list_variables(Bake *b, bool json, Buf *out, Err **e);
