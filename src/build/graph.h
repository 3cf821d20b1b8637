/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/map.h"
#include "build/build.h"
#include "build/context.h"
#include "build/ssh_agent.h"
#include "layer/view.h"
#include "sandbox/sandbox.h"

/* The build graph while it is executed: one node a step of the plan. Internal to build/. */

typedef enum NodeState { NODE_WAITING, NODE_READY, NODE_RUNNING, NODE_DONE, NODE_FAILED, NODE_CANCELLED } NodeState;

/* What a step gave. Written by whoever executes the node, read by others only after the node is NODE_DONE. */
typedef struct NodeResult {
        Digest key;                      /* identifies what was made; enters the keys of everything that builds on it */
        char snapshot[SNAPSHOT_ID_SIZE]; /* "" when the step has no layer */
        bool empty;                      /* the layer holds nothing: no need to mount it */
        bool cached;
        int64_t created_ns;
} NodeResult;

typedef struct Node Node;
typedef VEC(Node *) NodeList;
typedef VEC(const Node *) ConstNodeList;

struct Node {
        const PlanStep *step;
        const Plan *plan; /* that the step belongs to */
        Node *family;     /* nodes of the same plan, by step id */
        Node *parent;
        NodeList inputs; /* parent's and sources' nodes, each once */
        NodeList dependents;
        size_t open_inputs;
        uint64_t weight; /* length of the longest way from here to the end */
        unsigned vertex;
        NodeState state;
        NodeResult result;
        Err *error;
        int64_t started_ns;
        pthread_t thread;
        size_t explanation;      /* of --explain: which line says why it was executed, from 1; 0: none */
        Buf key_text;            /* what the key was made of, once it is being executed; its own thread's */
        Node *next_finished;     /* in the queue of finished nodes */
        SandboxProcess *process; /* while a RUN runs; guarded by Build.lock */
        bool kill;               /* asked to end before the process was there; guarded by Build.lock */
};

/* One platform of the build. All plans are executed as one graph: what two of them have in common runs once. */
typedef struct BuildTarget {
        Plan *plan;
        Node *nodes; /* of its steps, by id */
} BuildTarget;

typedef struct MainContext MainContext;

typedef struct Build {
        const BuildParams *params;
        MainContext *main_context;      /* build/main_context.h */
        VEC(struct EarlyFetch *) early; /* build/fetch.h */
        PlanPair *epoch_args;           /* build/epoch.h: build arguments with SOURCE_DATE_EPOCH as a number */
        char epoch_text[24];
        Store *store;
        Plan *plan; /* of the first target; borrowed */
        VEC(BuildTarget) targets;
        Node *nodes; /* of all targets */
        size_t node_count;
        ContextList contexts;
        pthread_mutex_t lock; /* guards what says so; never held over I/O */
        pthread_mutex_t emit_lock;
        pthread_cond_t key_done;
        Map *claims;      /* step key -> the node that executes or executed it in this build; guarded by lock */
        Sandbox *sandbox; /* made at the first RUN; guarded by lock */
        char *sandbox_scratch;
        SshAgents ssh_agents;
        pthread_mutex_t caches_lock; /* held while a cache mount is emptied for --no-cache */
        Map *caches;                 /* names of the cache mounts that this build came to use; guarded by caches_lock */
        Node *finished;              /* guarded by lock */
        int finished_fd;             /* eventfd: something is in `finished` */
        atomic_bool entered;         /* a failed step was given to enter_failure() */
        atomic_bool stopping;        /* a failure or a signal: start nothing new, end what runs */
        volatile bool cancelled;     /* the same as a plain flag for loops over files */
        int64_t epoch_s;             /* SOURCE_DATE_EPOCH, <0: not set */
        const char *dockerfile_path; /* borrowed */
        unsigned next_vertex;
        unsigned steps_total, steps_cached;
} Build;

/* Variants of a step: one file each, one row of the table in steps.c.
 * lookup: on the scheduler's thread, only cheap things (keys and record look-ups; no file of a context is touched).
 *         LOOKUP_HIT fills node->result; LOOKUP_MISS means execute() has to be called.
 * execute: on a thread of its own; fills node->result. */
enum { LOOKUP_HIT = 0, LOOKUP_MISS = 1 };
typedef struct StepOps {
        int (*lookup)(Build *b, Node *n, Err **e);
        int (*execute)(Build *b, Node *n, Err **e);
        uint64_t weight; /* relative cost, for the critical path */
} StepOps;
const StepOps *step_ops(StepKind kind);
extern const StepOps step_image_ops, step_scratch_ops, step_run_ops, step_copy_ops, step_workdir_ops, step_fetch_ops;

/* An empty build; no thread, no file. */
void build_init(Build *b, const BuildParams *params);

/* Make nodes for the plans of all targets. */
void graph_new(Build *b);
void graph_free(Build *b);

/* Where the text of a node's key goes: kept only while the node is executed. */
static inline Buf *node_key_text(Node *n) {
        return n->state == NODE_RUNNING ? &n->key_text : NULL;
}

/* The node of a step of the same plan; NULL for NULL. */
static inline Node *node_of(const Node *n, const PlanStep *step) {
        return step ? &n->family[step->id] : NULL;
}

/* Execute everything. Returns when every started node has ended. */
int graph_run(Build *b, Err **e);

/* End what runs and start nothing new. Any thread. */
void graph_stop(Build *b);

/* The node and all that it builds on, the root first. There may be very many: nothing here goes down by recursion. */
void node_chain(const Node *n, ConstNodeList *ret_chain);

/* The layers of a node's root file system, lowest first: directories to mount or look into (empty ones left out), or ids of
 * all layers (for the image). */
void node_layer_dirs(Build *b, const Node *n, StrVec *ret_dirs);
void node_mounted_ids(const Node *n, StrVec *ret_ids); /* of the same layers as node_layer_dirs() */
void node_layer_ids(const Node *n, StrVec *ret_ids);
int node_view(Build *b, const Node *n, View **ret_view, Err **e);

/* Look a key up in the store and fill the result. LOOKUP_HIT, LOOKUP_MISS, <0. Always a miss with no_cache. */
int node_lookup_key(Build *b, Node *n, const Digest *key, Err **e);

/* Execute a key once: within this build and among all processes. CLAIM_DONE: somebody else did meanwhile, the result is
 * filled in. CLAIM_MINE: go on, then call node_release(). */
enum { CLAIM_DONE = 0, CLAIM_MINE = 1 };
int node_claim(Build *b, Node *n, const Digest *key, int *ret_lock_fd, Err **e);
void node_release(Build *b, int lock_fd);

/* Publish a draft as the node's layer and record it under key. */
int node_commit(Build *b, Node *n, const Digest *key, Draft *draft, const Digest *content, Err **e);

/* Attach file, line and excerpt of the node's step to *e. Returns -1. */
int node_error(const Build *b, const Node *n, Err **e);

/* mtime of directories that the build itself makes: now, or SOURCE_DATE_EPOCH. */
int64_t build_time_ns(const Build *b);
/* SOURCE_DATE_EPOCH in nanoseconds, below 0 when it is not set. */
int64_t build_epoch_ns(const Build *b);

/* The directory context that a step names ("" = main). Borrowed. */
int build_context(Build *b, const char *name, Context **ret_context, Err **e);

/* ---- events (build/report.c); any thread */
EventSink report_sink(Build *b); /* events go out one at a time, whichever thread they come from */
unsigned report_vertex(Build *b, const char *name);
void report_start(Build *b, unsigned vertex);
void report_done(Build *b, unsigned vertex, VertexOutcome outcome, const char *message, int64_t duration_ns);
void report_log(Build *b, unsigned vertex, int stream, const char *data, size_t size);
void report_status(Build *b, unsigned vertex, const char *name, uint64_t current, uint64_t total);
/* name, message, detail, url and lines of the warning are looked at. */
void report_warning(Build *b, const Event *warning);
