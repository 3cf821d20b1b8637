/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"

enum { NEAREST_LENGTH_MAX = 64 };

bool ends_with(const char *text, const char *suffix) {
        return str_ends(str_of(text), str_of(suffix));
}

bool str_starts(Str s, Str prefix) {
        return prefix.n == 0 || (s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(Str s, Str suffix) {
        return suffix.n == 0 || (s.n >= suffix.n && memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

bool str_eq_nocase(Str a, Str b) {
        return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

Str str_sub(Str s, size_t from, size_t count) {
        if (from > s.n) from = s.n;
        if (count > s.n - from) count = s.n - from;
        return (Str){from > 0 ? s.p + from : s.p, count}; /* an empty view may have no address to add to */
}

Str str_trim(Str s) {
        while (s.n > 0 && isspace((unsigned char)s.p[0])) s = (Str){s.p + 1, s.n - 1};
        while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1])) s.n--;
        return s;
}

bool str_cut(Str *s, char separator, Str *ret_head) {
        const char *at = s->n ? memchr(s->p, separator, s->n) : NULL;
        if (!at) {
                *ret_head = *s;
                return false;
        }
        size_t head = (size_t)(at - s->p);
        *ret_head = (Str){s->p, head};
        *s = (Str){at + 1, s->n - head - 1};
        return true;
}

char *str_dup(Str s) {
        char *copy = xmalloc(s.n + 1);
        if (s.n) memcpy(copy, s.p, s.n);
        copy[s.n] = '\0';
        return copy;
}

int str_cmp(Str a, Str b) {
        size_t n = a.n < b.n ? a.n : b.n;
        int order = n ? memcmp(a.p, b.p, n) : 0;
        if (order != 0) return order;
        return (a.n > b.n) - (a.n < b.n);
}

static size_t smaller(size_t a, size_t b) {
        return a < b ? a : b;
}

static bool same_letter(char a, char b) {
        return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours. Both lengths are at most NEAREST_LENGTH_MAX. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb) {
        size_t rows[3][NEAREST_LENGTH_MAX + 1];
        for (size_t j = 0; j <= nb; j++) rows[0][j] = j;
        for (size_t i = 1; i <= na; i++) {
                size_t *now = rows[i % 3];
                const size_t *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
                now[0] = i;
                for (size_t j = 1; j <= nb; j++) {
                        size_t cost = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;
                        now[j] = smaller(smaller(above[j], now[j - 1]) + 1, above[j - 1] + cost);
                        bool swapped =
                                i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
                        if (swapped) now[j] = smaller(now[j], before[j - 2] + 1);
                }
        }
        return rows[na % 3][nb];
}

const char *nearest_name(const char *text, const char *const *names, size_t count) {
        size_t length = strlen(text);
        if (length == 0 || length > NEAREST_LENGTH_MAX) return NULL;
        size_t best = length / 3 > 1 ? length / 3 : 1;
        const char *found = NULL;
        for (size_t i = 0; i < count; i++) {
                size_t n = strlen(names[i]);
                if (n > NEAREST_LENGTH_MAX) continue;
                size_t distance = edit_distance(text, length, names[i], n);
                if (distance < best || (distance == best && !found)) {
                        best = distance;
                        found = names[i];
                }
        }
        return found;
}
