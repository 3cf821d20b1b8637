/* SPDX-License-Identifier: Apache-2.0 */

/* Reading of numbers and of pax extended headers. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <stddef.h>

#include "base/num.h"
#include "codec/tar_format.h"

int64_t tar_checksum(const TarBlock *b, bool signed_sum) {
        const uint8_t *p = (const uint8_t *)b;
        size_t from = offsetof(TarBlock, checksum), to = from + sizeof b->checksum;
        int64_t sum = 0;
        for (size_t i = 0; i < sizeof *b; i++) {
                uint8_t byte = i >= from && i < to ? ' ' : p[i];
                sum += signed_sum ? (int8_t)byte : byte;
        }
        return sum;
}

/* Two's complement, big endian, below the marking top bit; bit 6 of the first byte is the sign. */
static bool base256_number(const uint8_t *p, size_t size, int64_t *ret_value) {
        bool negative = p[0] & 0x40;
        int64_t value = negative ? -1 : 0;
        for (size_t i = 0; i < size; i++) {
                uint8_t byte = i > 0 ? p[i] : negative ? p[0] : p[0] & 0x7f;
                if (value > (INT64_MAX >> 8) || value < -(INT64_MAX >> 8) - 1) return false;
                value = value * 256 + byte;
        }
        *ret_value = value;
        return true;
}

bool tar_number(const char *field, size_t size, int64_t *ret_value) {
        if ((uint8_t)field[0] & 0x80) return base256_number((const uint8_t *)field, size, ret_value);
        size_t from = 0, to = size;
        while (from < to && (field[from] == ' ' || field[from] == '\0')) from++;
        while (to > from && (field[to - 1] == ' ' || field[to - 1] == '\0')) to--;
        const char *nul = memchr(field + from, '\0', to - from);
        if (nul) to = (size_t)(nul - field);
        uint64_t value = 0;
        if (to > from && !u64_parse((Str){field + from, to - from}, 8, &value)) return false;
        *ret_value = (int64_t)value; /* 12 octal digits at most */
        return true;
}

/* ---- pax records: "25 mtime=1350244992.02\n" ---- */

static int bad_record(const char *key, Err **e) {
        return err_new(e, ERR_FORMAT, "extended header: bad value of '%s'", key);
}

static int pax_id(const char *key, Str value, uint32_t *ret_id, Err **e) {
        if (!u32_parse(value, 10, ret_id) || *ret_id == UINT32_MAX) return bad_record(key, e);
        return 0;
}

/* Decimal seconds with an optional fraction. Times that nanoseconds in 64 bits do not reach become the nearest one
 * that they do. */
static bool pax_time(Str text, int64_t *ret_ns) {
        bool negative = text.n > 0 && text.p[0] == '-';
        Str whole, rest = negative ? str_sub(text, 1, text.n) : text;
        bool has_fraction = str_cut(&rest, '.', &whole);
        uint64_t seconds = 0, ns = 0, scale = 100000000;
        if (!u64_parse(whole, 10, &seconds)) return false;
        for (size_t i = 0; has_fraction && i < rest.n; i++, scale /= 10) {
                if (rest.p[i] < '0' || rest.p[i] > '9') return false;
                ns += scale * (uint64_t)(rest.p[i] - '0');
        }
        const uint64_t most = INT64_MAX / 1000000000 - 1;
        int64_t value = seconds > most ? (int64_t)most * 1000000000 : (int64_t)(seconds * 1000000000 + ns);
        *ret_ns = negative ? -value : value;
        return true;
}

static int pax_xattr(TarPax *pax, char *name, Str value, Err **e) {
        size_t i = 0;
        while (i < pax->xattr_count && strcmp(pax->xattrs[i].name, name) != 0) i++;
        if (i == TAR_XATTR_MAX) return err_new(e, ERR_LIMIT, "more than %d extended attributes", TAR_XATTR_MAX);
        if (*name == '\0') return bad_record("SCHILY.xattr", e);
        pax->xattrs[i] = (Xattr){name, (char *)value.p, value.n};
        if (i == pax->xattr_count) pax->xattr_count++;
        return 0;
}

/* An empty value takes an earlier record back. */
static int pax_name(char **name, const char *key, Str value, Err **e) {
        if (value.n > TAR_NAME_MAX) {
                return err_new(e, ERR_LIMIT, "extended header: '%s' is longer than %d bytes", key, TAR_NAME_MAX);
        }
        if (memchr(value.p, '\0', value.n)) return bad_record(key, e);
        *name = value.n > 0 ? (char *)value.p : NULL;
        return 0;
}

static int pax_size(TarPax *pax, Str value, Err **e) {
        if (!u64_parse(value, 10, &pax->size) || pax->size > INT64_MAX) return bad_record("size", e);
        return 0;
}

/* key and value are NUL-terminated. Unknown keys mean nothing to us. */
static int pax_record(TarPax *pax, char *key, Str value, Err **e) {
        static const char xattr_prefix[] = "SCHILY.xattr.";
        bool present = value.n > 0;
        if (strcmp(key, "path") == 0) return pax_name(&pax->path, key, value, e);
        if (strcmp(key, "linkpath") == 0) return pax_name(&pax->link, key, value, e);
        if (starts_with(key, xattr_prefix)) return pax_xattr(pax, key + sizeof xattr_prefix - 1, value, e);
        if (starts_with(key, "GNU.sparse."))
                return err_new(e, ERR_UNSUPPORTED, "sparse files in a tar are not supported");
        if (strcmp(key, "size") == 0) {
                pax->has_size = present;
                return present ? pax_size(pax, value, e) : 0;
        }
        if (strcmp(key, "uid") == 0) {
                pax->has_uid = present;
                return present ? pax_id(key, value, &pax->uid, e) : 0;
        }
        if (strcmp(key, "gid") == 0) {
                pax->has_gid = present;
                return present ? pax_id(key, value, &pax->gid, e) : 0;
        }
        if (strcmp(key, "mtime") == 0) {
                pax->has_mtime = present;
                return !present || pax_time(value, &pax->mtime_ns) ? 0 : bad_record(key, e);
        }
        return 0;
}

/* Cut one record off the text: *at moves behind it, key and value get their NULs. */
static int pax_cut(char **at, const char *end, char **ret_key, Str *ret_value, Err **e) {
        char *p = *at;
        uint64_t length = 0;
        char *blank = memchr(p, ' ', (size_t)(end - p) < 12 ? (size_t)(end - p) : 12);
        bool good = blank && u64_parse((Str){p, (size_t)(blank - p)}, 10, &length) && length <= (uint64_t)(end - p) &&
                    length > (uint64_t)(blank - p) + 1 && p[length - 1] == '\n';
        char *key = good ? blank + 1 : p;
        char *equals = good ? memchr(key, '=', (size_t)(p + length - 1 - key)) : NULL;
        if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key))) {
                return err_new(e, ERR_FORMAT, "damaged extended header");
        }
        *equals = '\0';
        p[length - 1] = '\0';
        *ret_key = key;
        *ret_value = (Str){equals + 1, (size_t)(p + length - 1 - (equals + 1))};
        *at = p + length;
        return 0;
}

static int xattr_compare(const void *a, const void *b) {
        return strcmp(((const Xattr *)a)->name, ((const Xattr *)b)->name);
}

int tar_pax_parse(char *text, size_t size, TarPax *ret_pax, Err **e) {
        char *at = text, *end = text + size;
        *ret_pax = (TarPax){0};
        while (at < end) {
                char *key = NULL;
                Str value = {0};
                if (pax_cut(&at, end, &key, &value, e) < 0 || pax_record(ret_pax, key, value, e) < 0) return -1;
        }
        qsort(ret_pax->xattrs, ret_pax->xattr_count, sizeof ret_pax->xattrs[0], xattr_compare);
        return 0;
}
