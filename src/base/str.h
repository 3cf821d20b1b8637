/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A borrowed view of bytes. Not NUL-terminated. Lives as long as what it points into. */
typedef struct Str {
        const char *p;
        size_t n;
} Str;

#define STR(literal) ((Str){(literal), sizeof(literal) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

static inline Str str_of(const char *text) {
        return (Str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(Str a, Str b) {
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(Str a, const char *text) {
        return str_eq(a, str_of(text));
}

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool starts_with(const char *text, const char *prefix) {
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix);
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_eq_nocase(Str a, Str b);              /* ASCII */
Str str_sub(Str s, size_t from, size_t count); /* clipped to s */
Str str_trim(Str s);                           /* ASCII white space at both ends */
/* Split at the first separator: *ret_head before it, rest of *s after it. False and head = s when there is none. */
bool str_cut(Str *s, char separator, Str *ret_head);
char *str_dup(Str s);      /* owned, NUL-terminated */
int str_cmp(Str a, Str b); /* bytewise order */

/* The entry of names[] that is most likely meant by text, or NULL when none is near (edit distance at most
 * a third of the length, at least 1). Case is ignored. names: count pointers, borrowed. */
const char *nearest_name(const char *text, const char *const *names, size_t count);
