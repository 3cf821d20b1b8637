/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The Dockerfile language: text -> instructions with positions. Pure; reads no file, knows no variable's value. Follows
 * BuildKit's parser (dockerfile/1.26). */

enum {
        DOCKERFILE_SIZE_MAX = 64 << 20,
        DOCKERFILE_LINE_MAX = 65535, /* bytes of one physical line */
};

typedef enum InstructionKind {
        INSTR_FROM,
        INSTR_ARG,
        INSTR_RUN,
        INSTR_COPY,
        INSTR_ADD,
        INSTR_ENV,
        INSTR_LABEL,
        INSTR_CMD,
        INSTR_ENTRYPOINT,
        INSTR_SHELL,
        INSTR_WORKDIR,
        INSTR_USER,
        INSTR_EXPOSE,
        INSTR_VOLUME,
        INSTR_STOPSIGNAL,
        INSTR_HEALTHCHECK,
        INSTR_ONBUILD,
        INSTR_MAINTAINER,
        INSTR_KIND_MAX,
} InstructionKind;

const char *instruction_name(InstructionKind kind); /* "FROM" */

typedef struct Flag {
        const char *name;  /* without dashes: "chown" */
        const char *value; /* quotes and escapes resolved; NULL when written without "=" */
        uint32_t line;
} Flag;

typedef struct Pair { /* ENV, LABEL: words still hold quotes and variables; ARG: value NULL when there is no "=" */
        const char *key;
        const char *value;
} Pair;

typedef struct Heredoc {
        const char *name;    /* delimiter without quotes */
        const char *content; /* with the final newline; tabs already stripped for <<- */
        size_t content_size;
        bool expand;         /* no part of the delimiter was quoted */
        bool chomp;          /* <<- */
        unsigned descriptor; /* 3 in 3<<EOF */
        const char *raw;     /* content as written: the same unless chomp */
        size_t raw_size;
} Heredoc;

typedef struct Instruction {
        InstructionKind kind;
        uint32_t first_line, last_line; /* 1-based, of the whole instruction with its heredocs */
        const char *written;            /* the instruction name as typed (for the casing check) */
        const char *original;           /* "NAME args" on one logical line, continuations joined, comments gone */
        const char *rest; /* what follows the name and its flags, trimmed at the left, continuations joined */
        const Flag *flags;
        size_t flag_count;
        bool json; /* the arguments were a JSON array of strings */
        /* JSON elements; or white space separated words (FROM, COPY, ADD, VOLUME, EXPOSE, and the one argument of
         * WORKDIR, USER, STOPSIGNAL, MAINTAINER); or one word with the whole shell text (RUN, CMD, ENTRYPOINT,
         * HEALTHCHECK's command).
         * For RUN with heredocs the shell text is rest only; heredocs follow. Heredoc markers stay in words.
         * ONBUILD: words[0] and rest are the trigger text with its heredocs, as the image configuration keeps it. */
        const char *const *words;
        size_t word_count;
        const Pair *pairs; /* ENV, LABEL, ARG */
        size_t pair_count;
        bool legacy_pair; /* "ENV key rest of line" */
        const Heredoc *heredocs;
        size_t heredoc_count;
        const char *health_type; /* HEALTHCHECK: "NONE" or "CMD" */
        const char *doc;         /* comment right above, for --call outline; or NULL */
        const char *check;       /* "# check=..." right above, or NULL */
} Instruction;

typedef struct DockerfileWarning {
        uint32_t line;
        const char *text;
        const char *rule; /* name of the build check: "MaintainerDeprecated" */
} DockerfileWarning;

typedef struct Dockerfile {
        Arena *arena;     /* holds everything below */
        const char *name; /* for messages */
        const char *text;
        size_t text_size;
        const Str *lines; /* physical lines without their ends, for excerpts */
        size_t line_count;
        char escape;        /* '\\' or '`' */
        const char *syntax; /* directive value or NULL */
        const char *check;  /* directive value or NULL */
        const Instruction *instructions;
        size_t instruction_count;
        const DockerfileWarning *warnings;
        size_t warning_count;
} Dockerfile;

/* text is copied. name: for messages. Errors are ERR_SYNTAX with line, excerpt and what was expected. */
int dockerfile_parse(const char *name, Str text, Dockerfile **ret_dockerfile, Err **e);
void dockerfile_free(Dockerfile *d);
static inline void dockerfile_freep(Dockerfile **d) {
        if (*d) dockerfile_free(*d);
}

/* One instruction out of an ONBUILD trigger text; memory goes to the Dockerfile's arena. Every position is line. */
int dockerfile_parse_trigger(Dockerfile *d, const char *text, uint32_t line, Instruction *ret_instruction, Err **e);

/* The heredoc that word i of a COPY or ADD stands for ("<<EOF"), or NULL when the word is a path. */
const Heredoc *instruction_heredoc(const Instruction *instruction, size_t i);

/* The value of the first flag of that name, or NULL when it is not there or has no "=". */
const char *instruction_flag(const Instruction *instruction, const char *name);
/* True for "--name" and "--name=true" (values of boolean flags are in lower case). */
bool instruction_flag_on(const Instruction *instruction, const char *name);

/* Excerpt as BuildKit prints it:
 *
 *   Dockerfile:3
 *   --------------------
 *      1 |     FROM a
 *      2 | >>> RUN false
 *   --------------------
 *
 * plus, when word is not NULL and stands in the first marked line, a line with ^^^^ under it. Owned. */
char *dockerfile_excerpt(const Dockerfile *d, uint32_t first_line, uint32_t last_line, const char *word);

/* Lines of a Dockerfile, both ends included, counted from 1. */
typedef struct LineRange {
        uint32_t first, last;
} LineRange;

/* err_new() with excerpt: "NAME:LINE: text". Returns -1. dockerfile_error() takes the lines one by one. */
int dockerfile_error_at(const Dockerfile *d, LineRange lines, const char *word, Err **e, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
#define dockerfile_error(d, first_line, last_line, word, e, ...) \
        dockerfile_error_at((d), (LineRange){(first_line), (last_line)}, (word), (e), __VA_ARGS__)
