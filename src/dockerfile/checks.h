/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "dockerfile/dockerfile.h"

/* Build checks: the table of rules, and the list of what they found in one Dockerfile. The rules themselves are run by who knows
 * enough: dockerfile/lint.c (the text), plan/checks.c (variables, images, stages), build/checks*.c (the context, the finished
 * image). The names of the first 22 are BuildKit's; the others are decant's own. Each rule has a page docs/checks/NAME.md. */

typedef enum CheckId {
        CHECK_STAGE_CASING,
        CHECK_AS_CASING,
        CHECK_EMPTY_CONTINUATION,
        CHECK_INSTRUCTION_CASING,
        CHECK_DUPLICATE_STAGE,
        CHECK_RESERVED_STAGE,
        CHECK_SHELL_FORM,
        CHECK_MAINTAINER,
        CHECK_UNDEFINED_ARG_IN_FROM,
        CHECK_UNDEFINED_VAR,
        CHECK_RELATIVE_WORKDIR,
        CHECK_REPEATED,
        CHECK_LEGACY_PAIR,
        CHECK_BASE_PLATFORM,
        CHECK_REDUNDANT_PLATFORM,
        CHECK_CONSTANT_PLATFORM,
        CHECK_SECRET_NAME,
        CHECK_DEFAULT_ARG_IN_FROM,
        CHECK_COPY_IGNORED,
        CHECK_DESCRIPTION,
        CHECK_EXPOSE_CASING,
        CHECK_EXPOSE_FORMAT,
        CHECK_BUILDKIT_MAX, /* what comes from here on is decant's own */
        CHECK_MISSING_INTERPRETER = CHECK_BUILDKIT_MAX,
        CHECK_MISSING_LIBRARY,
        CHECK_OLD_LIBRARY,
        CHECK_NO_SHELL,
        CHECK_NO_COMMAND,
        CHECK_TOOLCHAIN,
        CHECK_UNKNOWN_USER,
        CHECK_UNUSED_STAGE,
        CHECK_ID_MAX,
} CheckId;

typedef enum CheckLevel { CHECK_LEVEL_ERROR, CHECK_LEVEL_WARNING, CHECK_LEVEL_INFO, CHECK_LEVEL_IGNORE } CheckLevel;

typedef struct CheckRule {
        const char *name;  /* "StageNameCasing" */
        CheckLevel level;  /* unless somebody says otherwise */
        bool experimental; /* silent unless asked for */
        bool fixable;      /* dockerfile_fix() can do it */
        const char *title; /* what it looks for, one line */
        const char *fix;   /* what to do in general, one line */
} CheckRule;

const CheckRule *check_rule(CheckId id);
bool check_find(Str name, CheckId *ret_id); /* case is ignored */
static inline bool check_is_own(CheckId id) {
        return id >= CHECK_BUILDKIT_MAX;
}
const char *check_level_name(CheckLevel level); /* "error", "warning", "info", "ignore" */
bool check_level_find(const char *name, CheckLevel *ret_level);
/* Where the rule is explained: an address of Docker's documentation for BuildKit's rules, else a path in this project. Appended. */
void check_url(CheckId id, Buf *out);

typedef struct Finding {
        CheckId id;
        uint32_t first_line, last_line;
        const char *text; /* what is wrong here */
        const char *fix;  /* what to do here; never NULL */
        bool told;        /* for who reports them more than once */
} Finding;

typedef struct Checks Checks;

/* For one Dockerfile, which must live longer. rules: "skip=A,B;error=true;experimental=all" in place of the file's own check
 * directive (build argument BUILDKIT_DOCKERFILE_CHECK), or NULL. One thread. */
Checks *checks_new(const Dockerfile *d, const char *rules);
void checks_free(Checks *c);
static inline void checks_freep(Checks **c) {
        if (*c) checks_free(*c);
}

/* ERR_SYNTAX, or ERR_USAGE when they are not the file's own: the rules are not of that form. Names of rules are not looked at. */
int checks_validate(const Checks *c, Err **e);

/* Would a finding of this rule be kept? For rules whose work is worth saving. */
bool checks_wanted(const Checks *c, CheckId id);

/* Keep a finding at an instruction, unless the file's rules or the "# check=" comment above the instruction skip it, or the
 * same rule found something at the same line with the same text before. c may be NULL. */
void checks_add(Checks *c, CheckId id, const Instruction *in, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* With advice of its own in place of the rule's. */
typedef struct CheckAdvice {
        CheckId id;
        const Instruction *instruction;
        const char *fix;
} CheckAdvice;
void checks_advise(Checks *c, CheckAdvice advice, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The rules that need nothing but the text. Once. */
void checks_text(Checks *c);

/* Findings so far, in the order of lines. */
Finding *checks_list(Checks *c, size_t *ret_count);
const Dockerfile *checks_dockerfile(const Checks *c);
const char *checks_rules(const Checks *c);     /* or NULL */
bool checks_mostly_lower(const Dockerfile *d); /* most instructions are written in lower case */
/* The instruction that has this line, or NULL. */
const Instruction *checks_instruction(const Checks *c, uint32_t line);

/* The rules say that warnings are errors (error=true). */
bool checks_are_fatal(const Checks *c);
/* ERR_SYNTAX when checks are fatal and there is something of BuildKit's rules. decant's own never fail a build that BuildKit
 * would let pass. */
int checks_verdict(Checks *c, Err **e);

/* The text with what can be mended mechanically mended; owned by the caller. Only findings of c for which wanted() says yes. *ret_count: how many were.
 * Formatting, comments and line ends of everything else stay. */
typedef struct FixParams {
        bool (*wanted)(void *context, CheckId id); /* NULL: all */
        void *context;
} FixParams;
char *dockerfile_fix(const Dockerfile *d, Checks *c, const FixParams *params, size_t *ret_size, size_t *ret_count);
