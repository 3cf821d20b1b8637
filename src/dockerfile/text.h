/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Characters as the language counts them: white space is Unicode's, names may hold letters of any script. Bytes that
 * are no UTF-8 count as one character each. */

/* The character at s.p, or TEXT_INVALID + byte; *ret_size bytes long. s must not be empty. */
enum { TEXT_INVALID = 0x110000 };
uint32_t text_char(Str s, size_t *ret_size);

size_t text_space(Str s); /* bytes of the white space character that s begins with; 0: none */
Str text_trim_left(Str s);
Str text_trim(Str s);

static inline bool text_is_blank(char c) { /* what separates words of COPY, FROM, EXPOSE */
        return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* The next word of s by blanks; false when nothing is left. s must not begin before a blank that counts. */
bool text_word(Str *s, Str *ret_word);

/* Variable name at the begin of s: letters, digits and _, or digits alone, or one special parameter (@ * # ? - $ !). */
size_t text_name(Str s);

/* As nearest_name(), but two neighbours changed for each other count as one slip (FORM, FROM). */
const char *text_suggest(Str name, const char *const *names, size_t count);
