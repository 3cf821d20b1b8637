/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "dockerfile/checks.h"
#include "dockerfile/dockerfile.h"
#include "oci/image_config.h"
#include "oci/platform.h"
#include "os/fs.h"

/* Instructions -> stages -> steps: a DAG that holds only what the target needs, with every variable expanded, every image
 * resolved, the configuration and history of each stage known. Nothing is executed and no file of a context is read.
 *
 * Images are resolved through PlanResolver, and only those of stages that the target reaches. Everything in a Plan lives in
 * its arena (ImageConfigs are released by plan_free()). */

typedef struct PlanPair {
        const char *name;
        const char *value; /* NULL: as the environment says / no value */
} PlanPair;

typedef struct PlanImage {  /* what a resolver returns */
        ImageConfig config; /* owned by the plan from then on */
        StrVec snapshots;   /* layers in the store, lowest first; owned by the plan */
        char digest[72];    /* identifies the image ("sha256:..."): config digest */
        bool unknown;       /* a stand-in: nothing is known of its configuration (checks without the image) */
        char *resolved;     /* for progress: full name; allocated, owned by the plan from then on */
} PlanImage;

typedef enum NamedContextKind {
        NAMED_CONTEXT_NONE,
        NAMED_CONTEXT_IMAGE,
        NAMED_CONTEXT_DIRECTORY,
        NAMED_CONTEXT_REMOTE, /* a git repository or a URL */
} NamedContextKind;

typedef struct PlanResolver {
        /* An image by reference text ("debian:bookworm"). platform NULL: the default. ERR_NOT_FOUND says what was searched. */
        int (*image)(void *context, const char *reference, const Platform *platform, PlanImage *ret_image, Err **e);
        /* The named context `name` (--build-context name=value) as an image: docker-image://, oci-layout://. */
        int (*context_image)(void *context, const char *value, const Platform *platform, PlanImage *ret_image, Err **e);
        void *context;
} PlanResolver;

typedef struct PlanParams {
        const char *target;         /* NULL: last stage */
        const PlanPair *build_args; /* value already taken from the environment where none was given */
        size_t build_arg_count;
        const PlanPair *labels;
        size_t label_count;
        const StrVec *unset_env, *unset_labels; /* taken out of the image; before labels are set; NULL: none */
        const PlanPair *named_contexts;         /* --build-context */
        size_t named_context_count;
        const Platform *platform; /* --platform; NULL: build platform, not forced on the config */
        Platform build_platform;
        bool name_platforms;           /* steps' names say their platform: one of several builds in one graph */
        const char *network;           /* --network for RUNs without their own, or NULL */
        const StrVec *no_cache_stages; /* --no-cache-filter; NULL */
        bool no_cache;
        bool describe;               /* fill what only `--call=outline` shows */
        bool allow_insecure;         /* --allow security.insecure: else RUN --security=insecure is ERR_DENIED */
        int64_t now_ns;              /* created times */
        int64_t source_date_epoch_s; /* <0: not set */
        const PlanResolver *resolver;
        Checks *checks; /* what the build checks find goes there; NULL: no checks */
        void (*warning)(void *context, const char *check, const char *text, const char *excerpt);
        void *warning_context;
} PlanParams;

typedef enum StepKind {
        STEP_IMAGE,   /* an image of the store */
        STEP_SCRATCH, /* nothing */
        STEP_RUN,
        STEP_COPY,    /* COPY and ADD */
        STEP_WORKDIR, /* make a directory */
        STEP_FETCH,   /* a tree from the network; a root like an image, that a COPY or ADD takes from */
} StepKind;

typedef struct PlanStep PlanStep;

typedef enum MountType { MOUNT_BIND, MOUNT_CACHE, MOUNT_TMPFS, MOUNT_SECRET, MOUNT_SSH } MountType;
typedef enum MountSharing { SHARING_SHARED, SHARING_PRIVATE, SHARING_LOCKED } MountSharing;
typedef struct PlanMount {
        MountType type;
        const char *target;       /* absolute; NULL for secret with env only */
        const char *source;       /* bind, cache: path inside from, cleaned, without leading slash; "" = root */
        PlanStep *from;           /* bind, cache: stage or image, else NULL */
        const char *from_context; /* named directory context; "" = main context (bind); NULL: from, or nothing */
        bool read_only;
        const char *id;
        MountSharing sharing;
        uint64_t size_bytes;
        bool has_mode, has_uid, has_gid, required;
        uint32_t mode, uid, gid;
        const char *env; /* secret: variable name or NULL */
} PlanMount;

typedef enum PlanNetwork { PLAN_NETWORK_DEFAULT, PLAN_NETWORK_NONE, PLAN_NETWORK_HOST } PlanNetwork;

typedef struct PlanDevice {
        const char *name; /* of the Container Device Interface */
        bool required;
} PlanDevice;

typedef struct PlanRun {
        const char *const *argv;      /* shell prefix included; NULL-terminated */
        const char *const *env;       /* NAME=value: image env, ARGs, PATH default; without proxies; NULL-terminated */
        const char *const *proxy_env; /* not part of the key; NULL-terminated */
        const char *cwd;              /* absolute */
        const char *user;             /* as USER says; "" = root */
        const PlanMount *mounts;
        size_t mount_count;
        const PlanDevice *devices;
        size_t device_count;
        PlanNetwork network;
        bool insecure;          /* --security=insecure */
        const Heredoc *script;  /* heredoc that begins with #! and is executed from a file, or NULL: written to
                                      /dev/pipes/<name> read-only, argv names it */
        const char *shell_text; /* for messages */
} PlanRun;

typedef struct PlanInline {
        const char *name;
        const char *data;
        size_t size;
} PlanInline;

typedef struct PlanCopy {
        bool add;
        const char *const *sources; /* expanded, as written otherwise */
        size_t source_count;
        const PlanInline *inlines; /* heredocs, bodies expanded */
        size_t inline_count;
        const char *destination; /* absolute, cleaned, trailing slash kept where it was written (or for "." and "") */
        PlanStep *from;          /* stage or image; NULL: a context */
        const char *context;     /* "" main context, else name of a directory context; NULL when from is set */
        const char *chown;       /* NULL: none */
        const char *chmod;       /* NULL: none */
        bool link;
        bool parents;
        const char *const *excludes;
        size_t exclude_count;
        int unpack; /* -1 not given, 0, 1 */
        /* ADD of URLs and repositories: remote[k] says that sources[k] is a path in the trees of these steps, which lie over
         * the context. */
        PlanStep *const *fetched; /* one a remote source, in their order */
        size_t fetched_count;
        const bool *remote; /* NULL when there are none */
} PlanCopy;

typedef enum FetchKind {
        FETCH_FILE,    /* http(s): one file, 0600, with the time of Last-Modified */
        FETCH_ARCHIVE, /* http(s): the contents of an archive; the file itself when it is none */
        FETCH_GIT,
} FetchKind;

/* Directories that hold what ADD fetched have names that begin so. */
#define PLAN_FETCHED_PREFIX ".fetched-"

typedef struct PlanFetch {
        FetchKind kind;
        const char *url;      /* as written */
        const char *place;    /* directory of the result that holds what came; "" = its root */
        const char *name;     /* of the file */
        const char *checksum; /* NULL: any */
        bool keep_git_dir;
} PlanFetch;

struct PlanStep {
        StepKind kind;
        unsigned id;                    /* index into plan->steps; parents and sources have smaller ones */
        unsigned depth;                 /* steps below it */
        PlanStep *parent;               /* what it builds on; NULL for STEP_IMAGE, STEP_SCRATCH */
        const char *name;               /* "[build 2/4] RUN make" */
        uint32_t first_line, last_line; /* 0: no line (ONBUILD triggers have the FROM's) */
        size_t stage;                   /* index into plan->stages */
        bool no_cache;
        Platform platform;
        /* Everything this step reads besides parent: copy.from, mounts' from. */
        PlanStep *const *inputs;
        size_t input_count;
        union {
                PlanImage *image;
                PlanFetch fetch;
                PlanRun run;
                PlanCopy copy;
                struct {
                        const char *path;
                        const char *user; /* owner of what is made, as USER says; "" = root */
                } workdir;
        };
};

typedef struct PlanVariable {
        const char *name;
        const char *value; /* NULL: none */
} PlanVariable;

typedef struct PlanStage {
        size_t index;     /* as FROM lines count; SIZE_MAX for images that only COPY --from or a mount names */
        const char *name; /* lower case; "" without AS */
        bool reachable;
        PlanStep *result;   /* its last step (its root when it has no other) */
        ImageConfig config; /* as its last instruction leaves it; history complete, diff_ids not filled */
        uint32_t from_line;
        const char *platform_text;
        const char *base_name; /* of FROM, expanded */
        /* The last instruction of each kind here and in the stages that it builds on; NULL: none. */
        const Instruction *last[INSTR_KIND_MAX];
        const PlanVariable *arguments; /* ARGs that it sees, in order of declaration; only with PlanParams.describe */
        size_t argument_count;
} PlanStage;

typedef struct Plan {
        Arena *arena;
        const Dockerfile *dockerfile; /* borrowed; outlives the plan */
        PlanStep **steps;             /* topological order; only what the target needs */
        size_t step_count;
        PlanStage *stages;
        size_t stage_count;
        PlanStage *target;
        bool context_needed;           /* some step reads the main context */
        const char *source_date_epoch; /* what ARG SOURCE_DATE_EPOCH before the first FROM gives, or NULL */
} Plan;

/* The text of CHECK_NO_SHELL, for who finds it again in the finished image: instruction, shell. */
#define PLAN_NO_SHELL_TEXT "%s is in shell form, but '%s' is not in the image"

/* What a named context (--build-context NAME=value) fetches: 1 and *ret_fetch (texts borrowed from value), or 0: nothing. */
int plan_context_fetch(const char *value, PlanFetch *ret_fetch);

/* Errors carry the line and the excerpt (ERR_SYNTAX, ERR_NOT_FOUND; ERR_UNSUPPORTED for what is not there yet). */
int plan_make(Dockerfile *dockerfile, const PlanParams *params, Plan **ret_plan, Err **e);
void plan_free(Plan *p);
static inline void plan_freep(Plan **p) {
        if (*p) plan_free(*p);
}
