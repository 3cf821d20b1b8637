/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Regular expressions in RE2's syntax, the one of Go's regexp: \d and [[:alpha:]] are ASCII, $ is the end of the text unless (?m)
 * says otherwise, a dot does not match a newline, text that is no UTF-8 never matches by accident. Searching is done by PCRE2;
 * what it has beyond RE2 (references back, looking around, atomic groups) is refused, so that a file which works here works
 * elsewhere. A compiled pattern may be used by many threads. */
typedef struct Pattern Pattern;

enum {
        PATTERN_TEXT_MAX = 64 << 10,     /* bytes of an expression */
        PATTERN_STEPS_MAX = 5000000,     /* of one search: what takes longer is given up */
        PATTERN_HEAP_KIB_MAX = 64 << 10, /* of one search */
};

/* text: borrowed for the call. ERR_SYNTAX says what is wrong and at which byte; ERR_LIMIT: PATTERN_TEXT_MAX. */
int pattern_compile(const char *text, Pattern **ret_pattern, Err **e);
void pattern_free(Pattern *p);
static inline void pattern_freep(Pattern **p) {
        if (*p) pattern_free(*p);
}

/* Whether text holds a match anywhere. ERR_LIMIT: the search needs more than PATTERN_STEPS_MAX or PATTERN_HEAP_KIB_MAX. */
int pattern_search(const Pattern *p, Str text, bool *ret_found, Err **e);

const char *pattern_text(const Pattern *p); /* as it was written; borrowed */
