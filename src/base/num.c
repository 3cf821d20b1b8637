/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int digit_value(char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'z') return c - 'a' + 10;
        if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
        return 99;
}

bool u64_parse(Str text, unsigned base, uint64_t *ret_value) {
        if (text.n == 0) return false;
        uint64_t value = 0;
        for (size_t i = 0; i < text.n; i++) {
                unsigned digit = (unsigned)digit_value(text.p[i]);
                if (digit >= base) return false;
                if (__builtin_mul_overflow(value, (uint64_t)base, &value)) return false;
                if (__builtin_add_overflow(value, (uint64_t)digit, &value)) return false;
        }
        *ret_value = value;
        return true;
}

bool u32_parse(Str text, unsigned base, uint32_t *ret_value) {
        uint64_t wide;
        if (!u64_parse(text, base, &wide) || wide > UINT32_MAX) return false;
        *ret_value = (uint32_t)wide;
        return true;
}

bool i64_parse(Str text, int64_t *ret_value) {
        bool negative = text.n > 0 && text.p[0] == '-';
        bool sign = negative || (text.n > 0 && text.p[0] == '+');
        uint64_t wide;
        if (!u64_parse(str_sub(text, sign ? 1 : 0, text.n), 10, &wide) || wide > INT64_MAX) return false;
        *ret_value = negative ? -(int64_t)wide : (int64_t)wide;
        return true;
}

/* Digits with an optional fraction; *ret_rest is what follows. */
static bool decimal_parse(Str text, double *ret_value, Str *ret_rest) {
        double value = 0, scale = 1;
        size_t i = 0, digits = 0;
        for (; i < text.n && isdigit((unsigned char)text.p[i]); i++, digits++) value = value * 10 + (text.p[i] - '0');
        if (i < text.n && text.p[i] == '.') {
                for (i++; i < text.n && isdigit((unsigned char)text.p[i]); i++, digits++) {
                        scale /= 10;
                        value += scale * (text.p[i] - '0');
                }
        }
        if (digits == 0) return false;
        *ret_value = value;
        *ret_rest = str_sub(text, i, text.n);
        return true;
}

static int size_exponent(Str unit) {
        static const char letters[] = "bkmgtp";
        if (unit.n == 0) return 0;
        const char *at = strchr(letters, tolower((unsigned char)unit.p[0]));
        if (!at || *at == '\0') return -1;
        Str rest = str_sub(unit, 1, unit.n);
        bool known =
                rest.n == 0 || (at != letters && (str_eq_nocase(rest, STR("b")) || str_eq_nocase(rest, STR("ib"))));
        return known ? (int)(at - letters) : -1;
}

int size_parse(Str text, uint64_t *ret_bytes, Err **e) {
        double value;
        Str unit;
        int exponent = -1;
        if (decimal_parse(text, &value, &unit)) exponent = size_exponent(str_trim(unit));
        if (exponent < 0)
                return err_new(e, ERR_USAGE, "'" STR_FMT "' is not a size (examples: 64m, 1g, 1048576)", STR_ARG(text));
        value *= pow(1024, exponent);
        if (value >= 9e18) return err_new(e, ERR_LIMIT, "size '" STR_FMT "' is too large", STR_ARG(text));
        *ret_bytes = (uint64_t)value;
        return 0;
}

typedef struct DurationUnit {
        const char *name;
        double ns;
} DurationUnit;

static const DurationUnit duration_units[] = {
        {"ns", 1},   {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
        {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9},
};

static const DurationUnit *duration_unit(Str *text) {
        size_t n = 0;
        while (n < text->n && text->p[n] != '.' && !isdigit((unsigned char)text->p[n])) n++;
        Str name = str_sub(*text, 0, n);
        *text = str_sub(*text, n, text->n);
        for (size_t i = 0; i < sizeof duration_units / sizeof duration_units[0]; i++) {
                if (str_is(name, duration_units[i].name)) return &duration_units[i];
        }
        return NULL;
}

int duration_parse(Str text, int64_t *ret_ns, Err **e) {
        Str rest = text;
        bool negative = rest.n > 0 && rest.p[0] == '-';
        if (negative || (rest.n > 0 && rest.p[0] == '+')) rest = str_sub(rest, 1, rest.n);
        double total = 0;
        bool zero = str_is(rest, "0");
        bool good = rest.n > 0;
        while (good && !zero && rest.n > 0) {
                double value;
                const DurationUnit *unit = NULL;
                if (decimal_parse(rest, &value, &rest)) unit = duration_unit(&rest);
                good = unit != NULL;
                if (good) total += value * unit->ns;
        }
        if (!good || total > 9.2e18) {
                return err_new(e, ERR_SYNTAX, "'" STR_FMT "' is not a duration (examples: 30s, 1m30s, 500ms)",
                               STR_ARG(text));
        }
        *ret_ns = (int64_t)(negative ? -total : total);
        return 0;
}

void size_render(uint64_t bytes, char *ret_text) {
        static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
        double value = (double)bytes;
        size_t unit = 0;
        while (value >= 1000 && unit + 1 < sizeof units / sizeof units[0]) {
                value /= 1000;
                unit++;
        }
        snprintf(ret_text, 16, "%.3g%s", value, units[unit]);
        if (value >= 999.5) snprintf(ret_text, 16, "%.0f%s", value, units[unit]); /* %.3g would say 1e+03 */
}

void age_render(int64_t seconds, char *ret_text) {
        static const struct {
                int64_t below;
                int64_t unit;
                const char *format;
        } rows[] = {
                {1, 1, "Less than a second"},
                {2, 1, "1 second"},
                {60, 1, "%lld seconds"},
                {120, 60, "About a minute"},
                {3600, 60, "%lld minutes"},
                {5400, 3600, "About an hour"},
                {172800, 3600, "%lld hours"},
                {1209600, 86400, "%lld days"},
                {5184000, 604800, "%lld weeks"},
                {63072000, 2592000, "%lld months"},
                {INT64_MAX, 31536000, "%lld years"},
        };
        size_t i = 0;
        while (seconds >= rows[i].below) i++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(ret_text, 32, rows[i].format, (long long)(seconds / rows[i].unit));
#pragma GCC diagnostic pop
}

void time_render(int64_t unix_ns, char *ret_text) {
        time_t seconds = (time_t)(unix_ns / 1000000000);
        long ns = (long)(unix_ns % 1000000000);
        if (ns < 0) {
                ns += 1000000000;
                seconds--;
        }
        struct tm tm;
        gmtime_r(&seconds, &tm);
        size_t n = strftime(ret_text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
        if (ns) {
                n += (size_t)snprintf(ret_text + n, 40 - n, ".%09ld", ns);
                while (ret_text[n - 1] == '0') n--;
        }
        ret_text[n] = 'Z';
        ret_text[n + 1] = '\0';
}

static bool zone_parse(const char *text, long *ret_offset) {
        int hours, minutes;
        char sign;
        if (streq(text, "Z") || streq(text, "z")) {
                *ret_offset = 0;
                return true;
        }
        if (sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-')) return false;
        *ret_offset = (sign == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
        return true;
}

int time_parse(Str text, int64_t *ret_unix_ns, Err **e) {
        char copy[48];
        struct tm tm = {0};
        const char *rest = NULL;
        if (text.n < sizeof copy) {
                memcpy(copy, text.p, text.n);
                copy[text.n] = '\0';
                rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
        }
        int64_t ns = 0;
        if (rest && *rest == '.') {
                int64_t scale = 100000000;
                for (rest++; isdigit((unsigned char)*rest); rest++, scale /= 10) ns += scale * (*rest - '0');
        }
        long offset = 0;
        if (!rest || !zone_parse(rest, &offset)) {
                return err_new(e, ERR_FORMAT, "'" STR_FMT "' is not an RFC 3339 time", STR_ARG(text));
        }
        *ret_unix_ns = ((int64_t)timegm(&tm) - offset) * 1000000000 + ns;
        return 0;
}

void hex_render(const void *data, size_t size, char *ret_text) {
        static const char digits[] = "0123456789abcdef";
        const unsigned char *p = data;
        for (size_t i = 0; i < size; i++) {
                ret_text[2 * i] = digits[p[i] >> 4];
                ret_text[2 * i + 1] = digits[p[i] & 15];
        }
        ret_text[2 * size] = '\0';
}

bool hex_parse(Str text, void *ret_data, size_t size) {
        if (text.n != 2 * size) return false;
        unsigned char *out = ret_data;
        for (size_t i = 0; i < size; i++) {
                int high = digit_value(text.p[2 * i]), low = digit_value(text.p[2 * i + 1]);
                if (high > 15 || low > 15) return false;
                out[i] = (unsigned char)(high << 4 | low);
        }
        return true;
}
