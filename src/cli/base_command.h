/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/app.h"
#include "distroless/assemble.h"
#include "distroless/recipe.h"

/* What the actions of `decant base` share: options, and the recipe for each platform that is asked for. One thread. */

typedef struct BaseRequest {
        const Args *args;
        RecipeBook book;
        PackageSources sources;         /* --repository, else this machine's */
        char *name, *release, *variant; /* of the operand: "python3-debian12:nonroot" */
        StrVec architectures;           /* Debian's words, of --platform; else this machine's */
        VEC(Recipe *) recipes;          /* what the operand names, for each of architectures; none without an operand */
        AssembleParams params;          /* store and events, and for each architecture recipe and lock, are filled in */
        unsigned vertices;
} BaseRequest;
/* ERR_USAGE, ERR_NOT_FOUND, ERR_SYNTAX. operand: NAME[-RELEASE][:VARIANT], or a recipe's file. */
int base_request_init(BaseRequest *r, const Args *args, const char *operand, Err **e);
void base_request_done(BaseRequest *r);
/* Read the repositories, of --repository or else this machine's, for what looks into one. ERR_SYNTAX, ERR_SYS. */
int base_request_sources(BaseRequest *r, Err **e);
/* When the command line names no platform: those of the lock. Errors as above. */
int base_request_architectures_of(BaseRequest *r, const LockFile *lock, Err **e);

/* Beside the recipe's file, or in the working directory: "python3-debian12.lock.json", unless --lock says otherwise. Owned. */
char *base_request_lock_path(const BaseRequest *r);
