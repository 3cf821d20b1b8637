/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "plan/plan.h"

/* The inside of the plan: what the files of this folder share while plan_make() runs. One thread, no state beyond a call. */

enum {
        PLAN_STAGES_MAX = 1000,     /* FROM lines; bounds the recursion over stages too */
        PLAN_LAYERS_MAX = 1024,     /* steps of one stage and what it builds on: no image may have more layers */
        PLAN_VARIABLES_MAX = 20000, /* variables of one stage */
        PLAN_TRIGGERS_MAX = 1000,   /* ONBUILD texts of one base */
        PLAN_PORTS_MAX = 65536,     /* ports of one EXPOSE */
        PLAN_MOUNTS_MAX = 1000,     /* --mount flags of one RUN */
};

#define PLAN_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PLAN_HISTORY_COMMENT "buildkit.dockerfile.v0"
#define PLAN_EXPORTER_COMMENT "buildkit.exporter.image.v0"

typedef struct Variable {
        const char *name;
        size_t name_size;
        const char *value; /* NULL: declared without a value */
} Variable;

typedef struct Scope {
        VEC(Variable) list;
} Scope;

typedef enum StageState { STAGE_NEW, STAGE_ACTIVE, STAGE_DONE } StageState;

typedef struct Maker Maker;

typedef struct Stage {
        Maker *maker;
        PlanStage pub;
        size_t position; /* in maker->stages and plan->stages */
        const Instruction *from;
        const Instruction *instructions; /* after FROM, before the next */
        size_t instruction_count;
        const char *base_name; /* expanded */
        struct Stage *base;    /* earlier stage, or NULL */
        Platform platform;     /* for the base image and its steps */
        StageState state;
        Scope env;         /* what words and RUN see: image environment, ENV, ARG; last set last */
        Scope args;        /* declared ARGs in order of first declaration */
        PlanStep *tip;     /* the step that the next one builds on */
        const char *label; /* in step names: "build", "stage-1", "" */
        unsigned command_total;
        unsigned command_index;
        bool command_set;  /* CMD was written in this stage */
        bool workdir_set;  /* here or in a stage that it builds on */
        bool base_unknown; /* it builds on an image of which nothing is known */
        bool no_cache;
        bool context_root;              /* starts from a directory context: one layer without history */
        const char *args_text;          /* "|2 A=1 B=2" of RUN's history; NULL: to be made anew */
        const char *const *environment; /* of RUN; NULL: to be made anew */
        const char *last_layer;         /* text of the last step that made a layer */
} Stage;

struct Maker {
        Dockerfile *dockerfile;
        const PlanParams *params;
        Arena *arena;
        VEC(Stage *) stages; /* FROM lines first, then images that are only copied from */
        size_t from_count;
        VEC(PlanStep *) steps;
        Map *images;   /* "reference\nplatform" -> Stage * or PlanStep * */
        Map *sources;  /* images that COPY --from and mounts name -> Stage * */
        Map *fetches;  /* definition -> PlanStep * */
        Map *contexts; /* normalised context name -> const PlanPair * */
        Scope globals;
        Platform target_platform;
        PlanStep *scratch;
        bool context_needed;
};

/* --- words.c: expansion and errors with a place ----------------------------------------------------------------- */

/* Wrap *e with the line and the excerpt of instruction; word (may be NULL) is underlined. Returns -1. */
int plan_locate(const Maker *m, const Instruction *i, const char *word, Err **e);
/* ERR_SYNTAX at the line of instruction. */
int plan_error(const Maker *m, const Instruction *i, const char *word, Err **e, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
/* ERR_LIMIT: "more than MAX WHAT". */
int plan_limit(const Maker *m, const Instruction *i, int max, const char *what, Err **e);

int scope_expand(const Maker *m, const Scope *scope, const Instruction *i, const char *text, const char **ret_word,
                 Err **e);
int stage_expand(const Stage *s, const Instruction *i, const char *text, const char **ret_word, Err **e);
/* Quotes and escapes stay (heredoc bodies). */
int stage_expand_raw(const Stage *s, const Instruction *i, const char *text, const char **ret_word, Err **e);
int stage_expand_list(const Stage *s, const Instruction *i, const char *text, const char *const **ret_words,
                      size_t *ret_count, Err **e);
/* For step names: unset variables stay, failures give the text itself. */
const char *stage_expand_name(const Stage *s, const char *text);

/* --- scope.c ---------------------------------------------------------------------------------------------------- */

const char *scope_get(const Scope *scope, const char *name, size_t name_size);
bool scope_has(const Scope *scope, const char *name);
void scope_set(Scope *scope, Arena *a, const char *name, const char *value);     /* moves to the end */
void scope_declare(Scope *scope, Arena *a, const char *name, const char *value); /* keeps the place of the first */
void scope_copy(Scope *to, const Scope *from);
void scope_done(Scope *scope);

/* --- arguments.c ------------------------------------------------------------------------------------------------ */

const char *plan_build_arg(const Maker *m, const char *name); /* value of --build-arg or NULL */
int arguments_globals(Maker *m, Err **e); /* platform arguments and the ARGs before the first FROM */
/* ARG or ENV changed what RUN sees. */
static inline void stage_scope_changed(Stage *s) {
        s->args_text = NULL;
        s->environment = NULL;
}
int dispatch_arg(Stage *s, const Instruction *i, Err **e);
int dispatch_env(Stage *s, const Instruction *i, Err **e);
const char *const *plan_proxy_environment(const Maker *m);
void arguments_warn_unused(const Maker *m);

/* --- checks.c, check_shipped.c: build checks; all do nothing without params->checks ----------------------------- */

typedef struct WordPlace { /* whose word is expanded */
        const Stage *stage;
        const Instruction *instruction;
} WordPlace;
void plan_check_variable(const WordPlace *place, const char *name); /* that is not set */
void plan_check_from(Maker *m, const Instruction *i);
void plan_check_instruction(Stage *s, const Instruction *i); /* right before it is dispatched; not for triggers */
void plan_check_workdir(Stage *s, const Instruction *i, const char *path); /* path: expanded */
void plan_check_port(const Stage *s, const Instruction *i, const char *word);
void plan_check_stages(const Maker *m, const Stage *target); /* when all is known */
void plan_check_shipped(const Maker *m, const Stage *target);

/* --- flags.c ---------------------------------------------------------------------------------------------------- */

/* Collects all values of a flag that may be repeated, in the maker's arena. */
size_t plan_flag_list(const Maker *m, const Instruction *i, const char *name, const char *const **ret_values);

/* --- history.c -------------------------------------------------------------------------------------------------- */

int64_t plan_created_ns(const PlanParams *params);
void history_commit(Stage *s, const char *created_by, bool layer);
void plan_text_list(Buf *b, const StrVec *words);        /* [a b] */
void plan_text_quoted_list(Buf *b, const StrVec *words); /* ["a" "b"] as Go's %q */
void plan_text_duration(Buf *b, int64_t ns);             /* 1m30s, as Go prints durations */

/* --- steps.c ---------------------------------------------------------------------------------------------------- */

PlanStep *step_new(Stage *s, StepKind kind, const Instruction *i, const char *name); /* builds on s->tip */
void step_set_inputs(Maker *m, PlanStep *step, PlanStep *const *inputs, size_t count);
void stage_push(Stage *s, PlanStep *step);                          /* becomes the tip */
const char *step_name(Stage *s, const char *text);                  /* "[build 2/4] " + text */
const char *instruction_text(const Stage *s, const Instruction *i); /* expanded, name in capitals */
PlanStep *step_scratch(Maker *m, Stage *s);

/* --- paths.c ---------------------------------------------------------------------------------------------------- */

const char *plan_path_clean(Arena *a, const char *path); /* absolute, no "." and "..", no slash at the end */
const char *plan_path_join(Arena *a, const char *directory, const char *path); /* cleaned; path may be absolute */
const char *plan_path_destination(Arena *a, const char *directory, const char *path); /* keeps a final slash */
const char *plan_path_base(Arena *a, const char *path);

/* --- stages.c --------------------------------------------------------------------------------------------------- */

int stages_scan(Maker *m, Err **e); /* FROM lines -> stages */
int stages_find_target(Maker *m, Stage **ret_stage, Err **e);
Stage *stage_new(Maker *m);
int stage_finish(Stage *s, Err **e); /* run its instructions unless that was done; its bases first */

/* --- sources.c: what FROM, COPY --from and mounts name ---------------------------------------------------------- */

typedef struct Source {
        PlanStep *step;      /* a stage's result or an image; or */
        const char *context; /* the name of a directory context */
} Source;

int contexts_scan(Maker *m, Err **e);
int stage_base(Stage *s, Err **e); /* tip and config from FROM */
int plan_source_find(Stage *s, const Instruction *i, const char *name, Source *ret_source, Err **e);

/* --- fetch.c: what comes from the network ------------------------------------------------------------------------ */

/* Is source something that ADD fetches? 1 yes, 0 no, below 0 with *e: it looks like that but is wrong. */
int plan_remote_source(const Stage *s, const Instruction *i, const char *source, Err **e);
/* Make the steps that fetch copy's remote sources, and let the sources name what they give. */
int plan_fetch_sources(Stage *s, const Instruction *i, const char *checksum, PlanCopy *copy, Err **e);
/* A named context that is a URL or repository. */
PlanStep *plan_fetch_context(Stage *s, const Instruction *i, const PlanPair *pair);
bool plan_context_remote(const char *value);

/* --- onbuild.c -------------------------------------------------------------------------------------------------- */

int dispatch_onbuild(Stage *s, const Instruction *i, Err **e);
/* The triggers of the base, parsed and removed from the config. */
int onbuild_take(Stage *s, const Instruction **ret_instructions, size_t *ret_count, Err **e);

/* --- instructions ----------------------------------------------------------------------------------------------- */

int plan_dispatch(Stage *s, const Instruction *i, Err **e); /* one row of the table by kind */
int dispatch_label(Stage *s, const Instruction *i, Err **e);
int dispatch_user(Stage *s, const Instruction *i, Err **e);
int dispatch_volume(Stage *s, const Instruction *i, Err **e);
int dispatch_stopsignal(Stage *s, const Instruction *i, Err **e);
int dispatch_maintainer(Stage *s, const Instruction *i, Err **e);
int dispatch_shell(Stage *s, const Instruction *i, Err **e);
int dispatch_cmd(Stage *s, const Instruction *i, Err **e);
int dispatch_entrypoint(Stage *s, const Instruction *i, Err **e);
int dispatch_healthcheck(Stage *s, const Instruction *i, Err **e);
int dispatch_expose(Stage *s, const Instruction *i, Err **e);
int dispatch_workdir(Stage *s, const Instruction *i, Err **e);
int dispatch_run(Stage *s, const Instruction *i, Err **e);
int dispatch_copy(Stage *s, const Instruction *i, Err **e); /* COPY and ADD */

/* SHELL's words and text behind them, or the words of the JSON form. */
void plan_command_words(const Stage *s, const Instruction *i, const char *text, StrVec *ret_words);

/* --- mounts.c --------------------------------------------------------------------------------------------------- */

int mounts_parse(Stage *s, const Instruction *i, const PlanMount **ret_mounts, size_t *ret_count, Err **e);
/* devices.c: RUN --device into run. */
int devices_parse(Stage *s, const Instruction *i, PlanRun *run, Err **e);
/* Fields of comma-separated text with "quoted, fields". False when a quote is not closed. */
bool plan_csv_split(Arena *a, const char *text, const char *const **ret_fields, size_t *ret_count);
