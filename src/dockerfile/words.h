/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

/* Word expansion: quotes, escapes and all thirteen forms of $variable, as BuildKit's shell lexer. Pure. */

typedef struct WordEnv {
        /* Value of a name, or NULL when it is not set. */
        const char *(*get)(void *context, const char *name, size_t name_size);
        void *context;
} WordEnv;

typedef struct WordParams {
        char escape;
        const WordEnv *env;
        bool raw_quotes;  /* quotes are ordinary characters: bodies of COPY and ADD heredocs, with raw_escapes false */
        bool raw_escapes; /* escape characters stay in the result; they still escape */
        bool skip_unset;  /* leave an unset variable's text as it is */
        /* Called for each name that is looked up and unset without a default; may be NULL. */
        void (*unset)(void *context, const char *name);
        void *unset_context;
} WordParams;

/* One word out of text (white space inside is kept). ERR_SYNTAX: unsupported modifier, missing brace, ${x:?message}. */
int word_expand(Arena *a, const WordParams *params, const char *text, const char **ret_word, Err **e);

/* Expanded, then split at unquoted white space (EXPOSE). */
int word_expand_list(Arena *a, const WordParams *params, const char *text, const char *const **ret_words,
                     size_t *ret_count, Err **e);
