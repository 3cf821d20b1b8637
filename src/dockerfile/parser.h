/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "dockerfile/dockerfile.h"

/* What the files of the parser share. Everything that lives longer than a call is in the Dockerfile's arena. */

typedef struct Parser {
        Dockerfile *d; /* lines and escape character; takes the result */
        Arena *arena;
        const Dockerfile *report; /* whose lines errors show: d itself, or the file that a trigger came from */
        uint32_t fixed_line;      /* triggers: the line that every position has; 0: real positions */
        size_t next;              /* index of the physical line that is read next */
        size_t comments;          /* index of the first line of the comment block right above next */
        bool directives_done;
        bool escape_seen;
        Buf logical;
        VEC(Instruction) instructions;
        VEC(DockerfileWarning) warnings;
} Parser;

int parser_error(const Parser *p, const Instruction *in, const char *word, Err **e, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* "# escape=`" and its like. line: without white space at its left. *ret_directive tells whether it was one. */
int directive_parse(Parser *p, Str line, uint32_t number, bool *ret_directive, Err **e);

/* One logical line -> everything of *in but heredocs and positions (which are set before). */
int instruction_parse(Parser *p, Str line, Instruction *in, Err **e);
/* What the grammar cannot say: counts of arguments, names, values of flags. After the heredocs are there. */
int instruction_check(Parser *p, Instruction *in, Err **e);
bool instruction_find(Str name, InstructionKind *ret_kind);
bool instruction_takes_heredoc(const Instruction *in);

/* The "--name=value" words that text begins with; *text is what follows them. */
int flags_parse(Parser *p, Instruction *in, Str *text, Err **e);

/* The argument forms. text is trimmed. */
int arguments_parse(Parser *p, Instruction *in, Str text, Err **e);

/* A JSON array of strings: 0 and words; above 0: no JSON, or not all of it; below 0: JSON, but not strings only. */
enum { JSON_WORDS, JSON_NONE };
int json_words(Arena *a, Str text, const char *const **ret_words, size_t *ret_count);

/* The heredocs that a logical line announces, without contents. */
typedef VEC(Heredoc) HeredocVec;
void heredocs_find(Arena *a, Str line, HeredocVec *heredocs);
/* One word: false when it is none. */
bool heredoc_parse(Arena *a, Str word, Heredoc *ret_heredoc);
