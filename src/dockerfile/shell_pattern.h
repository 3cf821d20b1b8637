/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* The patterns of ${v#p}, ${v%p}, ${v/p/r}: "*", "?" and "\" only, over whole characters. Time is at most proportional
 * to value times pattern. */

/* What is left of value without its shortest or longest prefix or suffix that matches; value when none does.
 * Borrowed from value. */
Str shell_pattern_strip(Str value, Str pattern, bool suffix, bool longest);

typedef struct ShellReplace {
        Str value, pattern, replacement;
        bool all; /* every match; else the first */
} ShellReplace;

/* Matches are as long as can be. Below 0: the result would be larger than size_max. */
int shell_pattern_replace(const ShellReplace *what, size_t size_max, Buf *out);
