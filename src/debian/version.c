/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/version.h"

typedef struct Parts {
        Str epoch, upstream, revision;
} Parts;

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static Parts split(Str version) {
        Parts parts = {.upstream = version};
        Str rest = version;
        if (str_cut(&rest, ':', &parts.epoch))
                parts.upstream = rest;
        else
                parts.epoch = (Str){0};
        for (size_t i = parts.upstream.n; i > 0; i--) {
                if (parts.upstream.p[i - 1] != '-') continue;
                parts.revision = str_sub(parts.upstream, i, parts.upstream.n);
                parts.upstream.n = i - 1;
                break;
        }
        return parts;
}

/* Where a character stands in the parts that are no digits: "~", the end, letters, everything else. */
static int weight(Str s, size_t at) {
        if (at >= s.n || is_digit(s.p[at])) return 0;
        if (s.p[at] == '~') return -1;
        return is_letter(s.p[at]) ? s.p[at] : (unsigned char)s.p[at] + 256;
}

static Str take_number(Str *s) {
        while (s->n > 0 && s->p[0] == '0') *s = str_sub(*s, 1, s->n);
        size_t n = 0;
        while (n < s->n && is_digit(s->p[n])) n++;
        Str number = str_sub(*s, 0, n);
        *s = str_sub(*s, n, s->n);
        return number;
}

static int compare_numbers(Str *a, Str *b) {
        Str x = take_number(a), y = take_number(b);
        if (x.n != y.n) return x.n < y.n ? -1 : 1;
        return x.n > 0 ? memcmp(x.p, y.p, x.n) : 0;
}

static int compare_part(Str a, Str b) {
        while (a.n > 0 || b.n > 0) {
                while ((a.n > 0 && !is_digit(a.p[0])) || (b.n > 0 && !is_digit(b.p[0]))) {
                        int x = weight(a, 0), y = weight(b, 0);
                        if (x != y) return x - y;
                        a = str_sub(a, 1, a.n);
                        b = str_sub(b, 1, b.n);
                }
                int difference = compare_numbers(&a, &b);
                if (difference) return difference;
        }
        return 0;
}

int debian_version_compare(Str a, Str b) {
        Parts x = split(a), y = split(b);
        int difference = compare_numbers(&x.epoch, &y.epoch);
        if (!difference) difference = compare_part(x.upstream, y.upstream);
        return difference ? difference : compare_part(x.revision, y.revision);
}

static bool only_of(Str s, const char *marks) {
        for (size_t i = 0; i < s.n; i++)
                if (!is_digit(s.p[i]) && !is_letter(s.p[i]) && !(s.p[i] && strchr(marks, s.p[i]))) return false;
        return true;
}

bool debian_version_valid(Str version) {
        Parts parts = split(version);
        for (size_t i = 0; i < parts.epoch.n; i++)
                if (!is_digit(parts.epoch.p[i])) return false;
        bool has_epoch = parts.upstream.p != version.p;
        if (has_epoch && parts.epoch.n == 0) return false;
        return parts.upstream.n > 0 && is_digit(parts.upstream.p[0]) &&
               only_of(parts.upstream, has_epoch ? ".+-~:" : ".+-~") && only_of(parts.revision, ".+~");
}
