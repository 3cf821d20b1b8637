/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/certificate.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "codec/der.h"
#include "codec/sha1.h"

/* A Name is a SEQUENCE of SETs (parts) of SEQUENCEs of a type and a value. */
typedef struct Attribute {
        Str type; /* content of the object identifier */
        Der value;
} Attribute;

typedef VEC(char *) Texts;

static void texts_done(Texts *list) {
        for (size_t i = 0; i < list->n; i++) free(list->v[i]);
        vec_done(list);
}

static int malformed(Err **e) {
        return err_new(e, ERR_FORMAT, "the name in the certificate is malformed");
}

static bool next_attribute(Str *rest, Attribute *ret) {
        Der pair, type;
        if (!der_take(rest, DER_SEQUENCE, &pair)) return false;
        if (!der_take(&pair.content, DER_OBJECT, &type) || !der_next(&pair.content, &ret->value)) return false;
        ret->type = type.content;
        return pair.content.n == 0;
}

static void add_utf8(uint32_t c, Buf *out) {
        if (c < 0x80) {
                buf_addc(out, (char)c);
        } else if (c < 0x800) {
                buf_addc(out, (char)(0xc0 | c >> 6));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buf_addc(out, (char)(0xe0 | c >> 12));
                buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        } else {
                buf_addc(out, (char)(0xf0 | c >> 18));
                buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(out, (char)(0x80 | (c & 0x3f)));
        }
}

/* Bytes a character in the kinds of text that are compared as text; 0: UTF-8; -1: another kind. */
static int character_size(uint8_t tag) {
        switch (tag) {
        case DER_UTF8_STRING: return 0;
        case DER_PRINTABLE_STRING:
        case DER_T61_STRING:
        case DER_IA5_STRING:
        case DER_VISIBLE_STRING: return 1;
        case DER_BMP_STRING: return 2;
        case DER_UNIVERSAL_STRING: return 4;
        default: return -1;
        }
}

static bool to_utf8(Str value, size_t size, Buf *out) {
        if (size == 0) {
                buf_add_str(out, value);
                return true;
        }
        if (value.n % size) return false;
        for (size_t i = 0; i < value.n; i += size) {
                uint32_t c = 0;
                for (size_t k = 0; k < size; k++) c = c << 8 | (uint8_t)value.p[i + k];
                if (c > 0x10ffff) return false;
                add_utf8(c, out);
        }
        return true;
}

static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

/* As names are compared: no white space at the ends, single blanks inside, small ASCII letters. */
static void add_folded(Str text, Buf *out) {
        while (text.n && is_space(text.p[0])) text = str_sub(text, 1, text.n);
        while (text.n && is_space(text.p[text.n - 1])) text.n--;
        for (size_t i = 0; i < text.n; i++) {
                char c = text.p[i];
                if (is_space(c)) {
                        if (!is_space(text.p[i - 1])) buf_addc(out, ' ');
                } else {
                        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
                }
        }
}

static bool add_canonical(const Attribute *a, Buf *out) {
        AUTO(buf_done) Buf text = {0};
        AUTO(buf_done) Buf folded = {0};
        AUTO(buf_done) Buf pair = {0};
        int size = character_size(a->value.tag);
        der_add(&pair, DER_OBJECT, a->type);
        if (size < 0) {
                buf_add_str(&pair, a->value.whole);
        } else {
                if (!to_utf8(a->value.content, (size_t)size, &text)) return false;
                add_folded(buf_str(&text), &folded);
                der_add(&pair, DER_UTF8_STRING, buf_str(&folded));
        }
        der_add(out, DER_SEQUENCE, buf_str(&pair));
        return true;
}

static int compare_strs(const void *a, const void *b) {
        return str_cmp(*(const Str *)a, *(const Str *)b);
}

/* The parts of a set are in the order of their bytes, which folding may have changed. */
static bool add_canonical_set(Str set, Buf *out) {
        AUTO(buf_done) Buf parts = {0};
        size_t ends[CERTIFICATE_NAME_PARTS_MAX], n = 0;
        Str sorted[CERTIFICATE_NAME_PARTS_MAX];
        Attribute a;
        while (set.n > 0) {
                if (n == CERTIFICATE_NAME_PARTS_MAX || !next_attribute(&set, &a) || !add_canonical(&a, &parts))
                        return false;
                ends[n++] = parts.n;
        }
        for (size_t i = 0, start = 0; i < n; start = ends[i++]) sorted[i] = (Str){parts.p + start, ends[i] - start};
        qsort(sorted, n, sizeof *sorted, compare_strs);
        AUTO(buf_done) Buf content = {0};
        for (size_t i = 0; i < n; i++) buf_add_str(&content, sorted[i]);
        der_add(out, DER_SET, buf_str(&content));
        return true;
}

int certificate_name_hash(Str name, uint32_t *ret_hash, Err **e) {
        AUTO(buf_done) Buf canonical = {0};
        uint8_t digest[SHA1_SIZE];
        Der outer, set;
        if (!der_take(&name, DER_SEQUENCE, &outer) || name.n > 0) return malformed(e);
        while (outer.content.n > 0)
                if (!der_take(&outer.content, DER_SET, &set) || !add_canonical_set(set.content, &canonical))
                        return malformed(e);
        sha1_of(canonical.p, canonical.n, digest);
        *ret_hash = digest[0] | (uint32_t)digest[1] << 8 | (uint32_t)digest[2] << 16 | (uint32_t)digest[3] << 24;
        return 0;
}

/* The types that RFC 2253 has words for. */
static const struct {
        Str type;
        const char *word;
} words[] = {
        {STR("\x55\x04\x03"), "cn"},
        {STR("\x55\x04\x06"), "c"},
        {STR("\x55\x04\x07"), "l"},
        {STR("\x55\x04\x08"), "st"},
        {STR("\x55\x04\x0a"), "o"},
        {STR("\x55\x04\x0b"), "ou"},
        {STR("\x55\x04\x09"), "street"},
        {STR("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "dc"},
        {STR("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "uid"},
};

static const char *word_of(Str type) {
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (str_eq(words[i].type, type)) return words[i].word;
        return NULL;
}

/* "1.2.840.113549.1.9.1" */
static bool add_dotted(Str type, Buf *out) {
        uint64_t v = 0;
        bool first = true;
        if (type.n == 0 || (type.p[type.n - 1] & 0x80)) return false;
        for (size_t i = 0; i < type.n; i++) {
                if (v >> 57) return false;
                v = v << 7 | (type.p[i] & 0x7f);
                if (type.p[i] & 0x80) continue;
                if (first) {
                        unsigned arc = v < 40 ? 0 : v < 80 ? 1 : 2;
                        buf_addf(out, "%u.%llu", arc, (unsigned long long)(v - arc * 40));
                } else {
                        buf_addf(out, ".%llu", (unsigned long long)v);
                }
                first = false;
                v = 0;
        }
        return true;
}

/* Letters from U+00A0 to U+017F: in capitals and small again, then decomposed for compatibility (Unicode's NFKD). */
static const char *const decomposed[] = {
        " ",
        "\302\241",
        "\302\242",
        "\302\243",
        "\302\244",
        "\302\245",
        "\302\246",
        "\302\247",
        " \314\210",
        "\302\251",
        "a",
        "\302\253",
        "\302\254",
        "\302\255",
        "\302\256",
        " \314\204",
        "\302\260",
        "\302\261",
        "2",
        "3",
        " \314\201",
        "\316\274",
        "\302\266",
        "\302\267",
        " \314\247",
        "1",
        "o",
        "\302\273",
        "1\342\201\2044",
        "1\342\201\2042",
        "3\342\201\2044",
        "\302\277",
        "a\314\200",
        "a\314\201",
        "a\314\202",
        "a\314\203",
        "a\314\210",
        "a\314\212",
        "\303\246",
        "c\314\247",
        "e\314\200",
        "e\314\201",
        "e\314\202",
        "e\314\210",
        "i\314\200",
        "i\314\201",
        "i\314\202",
        "i\314\210",
        "\303\260",
        "n\314\203",
        "o\314\200",
        "o\314\201",
        "o\314\202",
        "o\314\203",
        "o\314\210",
        "\303\227",
        "\303\270",
        "u\314\200",
        "u\314\201",
        "u\314\202",
        "u\314\210",
        "y\314\201",
        "\303\276",
        "ss",
        "a\314\200",
        "a\314\201",
        "a\314\202",
        "a\314\203",
        "a\314\210",
        "a\314\212",
        "\303\246",
        "c\314\247",
        "e\314\200",
        "e\314\201",
        "e\314\202",
        "e\314\210",
        "i\314\200",
        "i\314\201",
        "i\314\202",
        "i\314\210",
        "\303\260",
        "n\314\203",
        "o\314\200",
        "o\314\201",
        "o\314\202",
        "o\314\203",
        "o\314\210",
        "\303\267",
        "\303\270",
        "u\314\200",
        "u\314\201",
        "u\314\202",
        "u\314\210",
        "y\314\201",
        "\303\276",
        "y\314\210",
        "a\314\204",
        "a\314\204",
        "a\314\206",
        "a\314\206",
        "a\314\250",
        "a\314\250",
        "c\314\201",
        "c\314\201",
        "c\314\202",
        "c\314\202",
        "c\314\207",
        "c\314\207",
        "c\314\214",
        "c\314\214",
        "d\314\214",
        "d\314\214",
        "\304\221",
        "\304\221",
        "e\314\204",
        "e\314\204",
        "e\314\206",
        "e\314\206",
        "e\314\207",
        "e\314\207",
        "e\314\250",
        "e\314\250",
        "e\314\214",
        "e\314\214",
        "g\314\202",
        "g\314\202",
        "g\314\206",
        "g\314\206",
        "g\314\207",
        "g\314\207",
        "g\314\247",
        "g\314\247",
        "h\314\202",
        "h\314\202",
        "\304\247",
        "\304\247",
        "i\314\203",
        "i\314\203",
        "i\314\204",
        "i\314\204",
        "i\314\206",
        "i\314\206",
        "i\314\250",
        "i\314\250",
        "i\314\207",
        "i",
        "ij",
        "ij",
        "j\314\202",
        "j\314\202",
        "k\314\247",
        "k\314\247",
        "\304\270",
        "l\314\201",
        "l\314\201",
        "l\314\247",
        "l\314\247",
        "l\314\214",
        "l\314\214",
        "l\302\267",
        "l\302\267",
        "\305\202",
        "\305\202",
        "n\314\201",
        "n\314\201",
        "n\314\247",
        "n\314\247",
        "n\314\214",
        "n\314\214",
        "\312\274n",
        "\305\213",
        "\305\213",
        "o\314\204",
        "o\314\204",
        "o\314\206",
        "o\314\206",
        "o\314\213",
        "o\314\213",
        "\305\223",
        "\305\223",
        "r\314\201",
        "r\314\201",
        "r\314\247",
        "r\314\247",
        "r\314\214",
        "r\314\214",
        "s\314\201",
        "s\314\201",
        "s\314\202",
        "s\314\202",
        "s\314\247",
        "s\314\247",
        "s\314\214",
        "s\314\214",
        "t\314\247",
        "t\314\247",
        "t\314\214",
        "t\314\214",
        "\305\247",
        "\305\247",
        "u\314\203",
        "u\314\203",
        "u\314\204",
        "u\314\204",
        "u\314\206",
        "u\314\206",
        "u\314\212",
        "u\314\212",
        "u\314\213",
        "u\314\213",
        "u\314\250",
        "u\314\250",
        "w\314\202",
        "w\314\202",
        "y\314\202",
        "y\314\202",
        "y\314\210",
        "z\314\201",
        "z\314\201",
        "z\314\207",
        "z\314\207",
        "z\314\214",
        "z\314\214",
        "s",
};

/* One character of valid UTF-8 that is not ASCII, or one byte of what is not valid. Returns its size. */
static size_t add_small(Str text, Buf *out) {
        const uint8_t *p = (const uint8_t *)text.p;
        if (text.n >= 2 && p[0] >= 0xc2 && p[0] <= 0xc5 && (p[1] & 0xc0) == 0x80) {
                unsigned c = (unsigned)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
                if (c >= 0xa0) {
                        buf_adds(out, decomposed[c - 0xa0]);
                        return 2;
                }
        }
        buf_addc(out, text.p[0]);
        return 1;
}

static void add_java_value(Str text, Buf *out) {
        AUTO(buf_done) Buf value = {0};
        for (size_t i = 0; i < text.n;) {
                char c = text.p[i];
                if ((unsigned char)c >= 0x80) {
                        i += add_small(str_sub(text, i, text.n), &value);
                        continue;
                }
                bool repeated = c == ' ' && i > 0 && text.p[i - 1] == ' ';
                if (strchr(",+<>;\"\\", c) || (c == '#' && i == 0)) buf_addc(&value, '\\');
                if (!repeated) buf_addc(&value, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
                i++;
        }
        Str trimmed = buf_str(&value);
        while (trimmed.n && (unsigned char)trimmed.p[0] <= ' ') trimmed = str_sub(trimmed, 1, trimmed.n);
        while (trimmed.n && (unsigned char)trimmed.p[trimmed.n - 1] <= ' ') trimmed.n--;
        buf_add_str(out, trimmed);
}

static bool add_java_attribute(const Attribute *a, Buf *out) {
        const char *word = word_of(a->type);
        if (word) {
                buf_adds(out, word);
        } else if (!add_dotted(a->type, out)) {
                return false;
        }
        buf_addc(out, '=');
        if (word && (a->value.tag == DER_UTF8_STRING || a->value.tag == DER_PRINTABLE_STRING)) {
                add_java_value(a->value.content, out);
                return true;
        }
        buf_addc(out, '#');
        for (size_t i = 0; i < a->value.whole.n; i++) buf_addf(out, "%02x", (uint8_t)a->value.whole.p[i]);
        return true;
}

/* Types with a word come first. */
static int compare_java(const void *a, const void *b) {
        const char *x = *(char *const *)a, *y = *(char *const *)b;
        bool number_x = x[0] <= '9', number_y = y[0] <= '9';
        return number_x != number_y ? (number_x ? 1 : -1) : strcmp(x, y);
}

static bool java_set(Str set, char **ret_text) {
        AUTO(texts_done) Texts list = {0};
        Attribute a;
        while (set.n > 0) {
                Buf text = {0};
                if (list.n == CERTIFICATE_NAME_PARTS_MAX || !next_attribute(&set, &a)) return false;
                bool good = add_java_attribute(&a, &text);
                vec_push(&list, buf_take(&text));
                if (!good) return false;
        }
        if (list.n > 1) qsort(list.v, list.n, sizeof *list.v, compare_java);
        Buf joined = {0};
        for (size_t i = 0; i < list.n; i++) buf_addf(&joined, "%s%s", i ? "+" : "", list.v[i]);
        *ret_text = buf_take(&joined);
        return true;
}

int certificate_name_render(Str name, Buf *ret_text, Err **e) {
        AUTO(texts_done) Texts sets = {0};
        Der outer, set;
        char *text;
        if (!der_take(&name, DER_SEQUENCE, &outer) || name.n > 0) return malformed(e);
        while (outer.content.n > 0) {
                if (sets.n == CERTIFICATE_NAME_PARTS_MAX || !der_take(&outer.content, DER_SET, &set))
                        return malformed(e);
                if (!java_set(set.content, &text)) return malformed(e);
                vec_push(&sets, text);
        }
        for (size_t i = sets.n; i-- > 0;) buf_addf(ret_text, "%s%s", sets.v[i], i ? "," : "");
        return 0;
}
