/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "codec/stream.h"
#include "distroless/recipe.h"
#include "image/image.h"
#include "oci/platform.h"
#include "plan/plan.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

/* Run a build: Dockerfile and context -> plan -> steps in parallel -> image -> exports. */

typedef enum OutputType { OUTPUT_IMAGE, OUTPUT_OCI, OUTPUT_DOCKER, OUTPUT_TAR, OUTPUT_LOCAL } OutputType;

typedef struct BuildOutput {
        OutputType type;
        char *destination;           /* path, "-" = standard output; NULL for OUTPUT_IMAGE */
        bool as_directory;           /* tar=false */
        bool one_tree;               /* platform-split=false */
        VEC(Annotation) annotations; /* annotation[-TYPE][[PLATFORM]].KEY=VALUE; further ones for this archive */
        StrVec annotation_texts;     /* what they point to */
        StrVec names;                /* name= */
        Compression compression;     /* default: none for archives */
        int compression_level;       /* <0 default */
        bool force_compression;
        bool docker_media_types; /* oci-mediatypes=false */
} BuildOutput;
/* "type=oci,dest=x.tar", "dir", "-": CSV as buildx. ERR_USAGE names the key. */
int build_output_parse(const char *text, BuildOutput *ret_output, Err **e);
void build_output_done(BuildOutput *o);

typedef struct BuildSecret {
        char *id;
        char *path; /* or */
        char *env;
} BuildSecret;

typedef struct BuildSsh {
        const char *id;
        const char *path;        /* the agent's socket; or NULL and */
        const char *const *keys; /* files of private keys, for an agent of the build's own; NULL-terminated */
} BuildSsh;

/* Something that a build was made of. */
typedef struct BuildMaterial {
        size_t target; /* index of the platform whose plan names it */
        char *uri;     /* "pkg:docker/debian@12?platform=linux%2Famd64", a URL as written */
        char *digest;  /* "sha256:..." (of an image: its id), "sha1:..." of a commit; NULL: not known */
} BuildMaterial;
typedef VEC(BuildMaterial) BuildMaterials;
void build_materials_done(BuildMaterials *m);

/* A RUN that failed, in the state in which it failed: spec starts a shell there. */
typedef struct BuildFailure {
        const char *step;    /* its name */
        const char *message; /* why */
        Sandbox *sandbox;
        SandboxSpec *spec; /* stdin, stdout, stderr, terminal are the callee's to set */
} BuildFailure;

/* Where base images come from that are not in the store. */
typedef enum BaseFrom { BASE_FROM_ANYWHERE, BASE_FROM_RECIPE, BASE_FROM_REGISTRY } BaseFrom;
typedef struct BuildBases {
        RecipeBook book;     /* the user's own recipes; borrowed */
        BaseFrom from;       /* REGISTRY: recipes are not asked */
        bool pull;           /* assemble again what the store has, if packages have changed */
        bool offline;        /* from packages that are at hand */
        bool allow_unsigned; /* from repositories without a good signature, with a warning */
} BuildBases;

typedef struct BuildParams {
        Store *store;
        const EventSink *events;
        const char *context_path; /* directory, git reference, URL, "-" standard input; NULL: none was given */
        const char
                *dockerfile_path; /* -f: path, URL, "-" standard input; NULL: Dockerfile or dockerfile in the context */
        const char *dockerfile_text; /* instead of a file; NULL */
        const char *ignore_file;     /* --ignorefile: instead of .dockerignore; NULL */
        bool ignore_remote;          /* .dockerignore counts also in contexts that are not directories here */
        PlanParams plan; /* target, build_args, labels, named_contexts, platform, network, no_cache...; resolver,
                                        warning, now and epoch are filled in by build_run() */
        /* --platform with several values: a plan for each instead of plan.platform, one graph, an image of all of them. */
        const Platform *platforms;
        size_t platform_count;
        BuildBases bases;
        StrVec tags; /* -t, full references */
        const BuildOutput *outputs;
        size_t output_count;
        const BuildSecret *secrets;
        size_t secret_count;
        const BuildSsh *ssh;
        size_t ssh_count;
        const Annotation *annotations; /* of archives */
        size_t annotation_count;
        /* --on-error=shell: called for the first RUN that fails, on its thread; the build is silent until it returns. NULL: a
         * failure is a failure. */
        int (*enter_failure)(void *context, const BuildFailure *failure, Err **e);
        void *enter_context;
        BuildMaterials *materials;   /* filled with the images, URLs and repositories of the build; NULL: nobody asks */
        StrVec *explanations;        /* --explain: a line for each step that is executed, why; NULL: nobody asks */
        bool squash;                 /* what the target's steps made becomes one layer */
        StrVec cap_add, cap_drop;    /* of all RUNs */
        const SandboxMount *volumes; /* in all RUNs; not part of any key */
        size_t volume_count;
        bool allow_devices; /* RUN --device: any, or */
        StrVec allowed_devices;
        StrVec extra_hosts; /* "name:ip" */
        const SandboxLimit *limits;
        size_t limit_count;
        uint64_t shm_size_bytes;
        uint64_t memory_bytes;
        SandboxRuntime runtime;
        int64_t fresh_since_ns; /* no_cache runs nothing again that was run since then (wall clock); 0: everything */
        bool want_image;        /* make the image record even when nothing names or exports it */
        Digest *ret_image_ids;  /* of the platforms' images, in their order; filled where there are images; NULL */
        unsigned jobs;          /* steps at once; 0 = default */
        const volatile bool *cancelled; /* set by a signal handler; pollable flag */
        int cancel_fd;                  /* readable when cancelled; -1 = none */
} BuildParams;

typedef struct BuildResult {
        bool has_image;
        Digest image_id;    /* of the config; of several platforms: of the one that names stand for here */
        int64_t created_ns; /* as its config says */
        Digest manifest;    /* of what was exported; zero when nothing was */
        ArchiveTop top;     /* the same, when manifest is not zero */
        bool is_index;      /* manifest is the index of several platforms */
        unsigned steps_total, steps_cached;
} BuildResult;

/* Blocks until everything that it started has ended. *ret_result may be NULL. */
int build_run(const BuildParams *params, BuildResult *ret_result, Err **e);
