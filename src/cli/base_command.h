/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/app.h"
#include "distroless/assemble.h"
#include "distroless/recipe.h"

/* What the actions of `decant base` share: options, progress, and assembling for each platform that is asked for. One thread. */

typedef struct BaseRequest {
        const Args *args;
        RecipeBook book;
        AptRepositories repositories;   /* --repository, else this machine's */
        AptAuth auth;                   /* this machine's logins */
        char *name, *release, *variant; /* of the operand: "python3-debian12:nonroot" */
        StrVec architectures;           /* Debian's words, of --platform; else this machine's */
        AssembleParams params;          /* recipe and lock are filled in for each architecture */
        BaseProgress progress;
        const EventSink *events;
        unsigned vertices;
} BaseRequest;
/* ERR_USAGE, ERR_NOT_FOUND, ERR_SYNTAX. operand: NAME[-RELEASE][:VARIANT], or a recipe's file. */
int base_request_init(BaseRequest *r, const Args *args, const char *operand, Err **e);
void base_request_done(BaseRequest *r);

int base_request_recipe(const BaseRequest *r, const char *architecture, Recipe **ret_recipe, Err **e);

/* Beside the recipe's file, or in the working directory: "python3-debian12.lock.json", unless --lock says otherwise. Owned. */
char *base_request_lock_path(const BaseRequest *r, const Recipe *recipe);
