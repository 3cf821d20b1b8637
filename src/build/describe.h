/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/build.h"
#include "dockerfile/checks.h"

/* What can be said of a Dockerfile without building it: `--call`, `--check`, `decant lint`. */

typedef struct BuildDescription {
        char *path;             /* of the Dockerfile; "-" = standard input */
        Dockerfile *dockerfile; /* NULL: it cannot be parsed */
        Checks *checks;         /* NULL: it cannot be parsed */
        Plan *plan;             /* NULL: error */
        Err *error;             /* why it would not build, or NULL */
} BuildDescription;

/* Read, parse, plan and check; nothing is executed. Of params count the paths, plan and store. Base images that are not in the
 * store (NULL: all) are taken for granted, whatever is in them. What is wrong with the Dockerfile is in ret->error; below 0 only
 * when it cannot be read. */
int build_describe(const BuildParams *params, BuildDescription *ret, Err **e);
void build_description_done(BuildDescription *d);

/* The line that ret->error is about; 0: none. */
uint32_t build_description_error_line(const BuildDescription *d);
