/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

/* The word lexer without any variables, for finding heredocs: unset variables stay as they are written. */

typedef enum LexerMode {
        LEXER_PLAIN, /* quotes and escapes resolved */
        LEXER_RAW,   /* quotes and escapes counted, but kept */
} LexerMode;

typedef VEC(const char *) LexerWords;

/* Adds to *words (release with vec_done(); the texts are in the arena). False: quotes or braces do not match. */
bool lexer_words(Arena *a, Str text, LexerMode mode, LexerWords *words);
