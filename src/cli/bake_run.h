/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "bake/bake.h"
#include "cli/args.h"
#include "cli/build_request.h"

/* The builds of a bake, all at once over one store: what two of them have in common runs once, since every step is locked by its
 * key; what links to another waits for it. */

typedef enum BakeJobState { BAKE_JOB_WAITING, BAKE_JOB_RUNNING, BAKE_JOB_DONE, BAKE_JOB_FAILED } BakeJobState;

typedef struct BakeJob {
        const BakeBuild *build;
        Args args;
        BuildRequest request;
        bool skipped; /* not to be built */
        BuildResult result;
        BuildMaterials materials;
        Digest *image_ids; /* of its platforms, for those who link to it */
        BakeJobState state;
        Err *error;
} BakeJob;

typedef struct BakeJobs {
        BakeJob *v; /* in the order of bake_build() */
        size_t n;
} BakeJobs;

/* Make the jobs' requests from their command lines. ERR_USAGE, ERR_UNSUPPORTED name the target. */
int bake_jobs_init(BakeJobs *jobs, const Bake *bake, Err **e);
void bake_jobs_done(BakeJobs *jobs);

/* Build. The first failure ends everything; it is *e, with the target's name before it. */
int bake_jobs_run(BakeJobs *jobs, Store *store, const EventSink *events, Err **e);
