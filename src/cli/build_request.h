/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "build/build.h"
#include "cli/args.h"
#include "cli/run_options.h"

/* The options of `decant build` as what build_run() takes. One thread. */

typedef struct BuildRequest {
        Arena *arena;       /* texts of the pairs below */
        BuildParams params; /* points into the rest; store, events and cancellation are filled in by the caller */
        VEC(PlanPair) build_args, labels, contexts;
        VEC(BuildOutput) outputs;
        VEC(BuildSecret) secrets;
        VEC(SandboxLimit) limits;
        StrVec no_cache_stages;
        Platform platform;
        VEC(Platform) platforms;
        Annotation *annotations; /* owned */
        VEC(BuildSsh) ssh;
        StrVec explanations;
        StrVec unset_env, unset_labels;
        RunOptions volumes; /* only mounts */
} BuildRequest;

/* The request must stay where it is. ERR_USAGE, ERR_UNSUPPORTED. */
int build_request_init(BuildRequest *r, const Args *args, Err **e);
void build_request_done(BuildRequest *r);

/* "host:ip", "host=ip", "host:[::1]", "host:host-gateway" as "host:ip". Appended to list. Also for `run`. */
int extra_host_parse(const char *text, StrVec *list, Err **e);
/* "id=x,src=path", "id=x,env=NAME", "id=x,type=env" ...: buildx's rules for what is left out. */
int build_secret_parse(const char *text, BuildSecret *ret_secret, Err **e);
void build_secret_done(BuildSecret *s);
