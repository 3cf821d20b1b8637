/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/tar.h"

/* ---- archives made by hand ---- */

typedef struct Header {
        const char *name, *link, *magic;
        char type;
        uint64_t size;
} Header;

static void seal(char *h) {
        memset(h + 148, ' ', 8);
        unsigned sum = 0;
        for (int i = 0; i < 512; i++) sum += (unsigned char)h[i];
        snprintf(h + 148, 8, "%06o", sum);
}

static size_t add_header(Buf *b, Header spec) {
        char h[513] = {0};
        memcpy(h, spec.name, strnlen(spec.name, 100));
        memcpy(h + 100,
               "0000644\0"
               "0000001\0"
               "0000002",
               23);
        snprintf(h + 124, 12, "%011llo", (unsigned long long)spec.size);
        memcpy(h + 136, "00000000005", 11);
        h[156] = spec.type;
        if (spec.link) memcpy(h + 157, spec.link, strnlen(spec.link, 100));
        memcpy(h + 257,
               spec.magic ? spec.magic
                          : "ustar\0"
                            "00",
               8);
        seal(h);
        buf_add(b, h, 512);
        return b->n - 512;
}

static void add_data(Buf *b, const void *data, size_t size) {
        static const char zeros[512] = {0};
        buf_add(b, data, size);
        buf_add(b, zeros, (512 - size % 512) % 512);
}

static void add_end(Buf *b) {
        static const char zeros[1024] = {0};
        buf_add(b, zeros, sizeof zeros);
}

static void add_extra(Buf *b, char type, const void *text, size_t size) {
        add_header(b, (Header){.name = "extra", .type = type, .size = size});
        add_data(b, text, size);
}
#define ADD_PAX(b, literal) add_extra(b, 'x', literal, sizeof(literal) - 1)

/* Overwrite a field of the header at `at`. */
static void patch(Buf *b, size_t at, size_t field, const void *data, size_t size) {
        memcpy(b->p + at + field, data, size);
        seal(b->p + at);
}

typedef struct Reading {
        Source *source;
        TarReader *reader;
} Reading;

static void reading_init(Reading *r, const Buf *b) {
        r->source = source_from_memory(b->p, b->n);
        r->reader = tar_reader_new(r->source);
}

static void reading_done(Reading *r) {
        tar_reader_free(r->reader);
        source_freep(&r->source);
}

/* The first entry must fail with this kind and text. */
static void expect_failure(const Buf *b, ErrKind kind, const char *text) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(reading_done) Reading r;
        TarEntry t;
        int found;
        reading_init(&r, b);
        do found = tar_reader_next(r.reader, &t, &e);
        while (found == TAR_ENTRY);
        assert_true(found < 0);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), text)) fail_msg("'%s' is not in '%s'", text, err_message(e));
}

static TarEntry expect_entry(Reading *r, char type, const char *name) {
        TarEntry t;
        AUTO(err_freep) Err *e = NULL;
        int found = tar_reader_next(r->reader, &t, &e);
        if (found < 0) fail_msg("%s", err_message(e));
        assert_int_equal(found, TAR_ENTRY);
        assert_int_equal(t.type, type);
        assert_string_equal(t.name, name);
        return t;
}

static void expect_end(Reading *r) {
        TarEntry t;
        assert_int_equal(tar_reader_next(r->reader, &t, NULL), TAR_END);
        assert_int_equal(tar_reader_next(r->reader, &t, NULL), TAR_END);
}

/* ---- tests ---- */

static void test_plain_entries(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        add_header(&b, (Header){.name = "a", .type = '0', .size = 3});
        add_data(&b, "abc", 3);
        add_header(&b, (Header){.name = "dir/", .type = '5'});
        add_header(&b, (Header){.name = "old/", .type = '\0', .magic = "\0\0\0\0\0\0\0\0"});
        add_header(&b,
                   (Header){.name = "file/", .type = '0', .size = 1}); /* Go takes it for a file, so its data follow */
        add_data(&b, "x", 1);
        add_header(&b, (Header){.name = "s", .type = '2', .link = "a", .size = 77}); /* no data follow a link */
        size_t null = add_header(&b, (Header){.name = "null", .type = '3'});
        patch(&b, null, 329,
              "0000001\0"
              "0000003\0",
              16);
        add_header(&b, (Header){.name = "contiguous", .type = '7'});
        add_end(&b);
        buf_adds(&b, "what follows the end is not looked at");
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        TarEntry t = expect_entry(&r, '0', "a");
        char data[8];
        size_t n;
        assert_int_equal(t.mode, 0644);
        assert_int_equal(t.uid, 1);
        assert_int_equal(t.gid, 2);
        assert_int_equal(t.mtime_ns, 5000000000);
        assert_int_equal(t.size, 3);
        assert_null(t.link);
        tar_reader_data(r.reader, data, 2, &n, NULL);
        assert_int_equal(n, 2);
        tar_reader_data(r.reader, data, 8, &n, NULL);
        assert_int_equal(n, 1);
        tar_reader_data(r.reader, data, 8, &n, NULL);
        assert_int_equal(n, 0);
        expect_entry(&r, '5', "dir/");
        expect_entry(&r, '5', "old/");
        t = expect_entry(&r, '0', "file/");
        assert_int_equal(t.size, 1);
        t = expect_entry(&r, '2', "s");
        assert_string_equal(t.link, "a");
        assert_int_equal(t.size, 0);
        t = expect_entry(&r, '3', "null");
        assert_int_equal(t.dev_major, 1);
        assert_int_equal(t.dev_minor, 3);
        expect_entry(&r, '0', "contiguous");
        expect_end(&r);
}

static void test_end_without_zero_blocks(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        AUTO(reading_done) Reading empty;
        reading_init(&empty, &b);
        expect_end(&empty);
        add_header(&b, (Header){.name = "a", .type = '0', .size = 3});
        add_data(&b, "abc", 3);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        expect_entry(&r, '0', "a");
        expect_end(&r);
}

static void test_prefixes(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        size_t at = add_header(&b, (Header){.name = "name", .type = '0'});
        patch(&b, at, 345, "some/prefix", 11);
        at = add_header(&b, (Header){.name = "gnu", .type = '0', .magic = "ustar  "});
        patch(&b, at, 345, "14524627200", 11); /* GNU's access time */
        at = add_header(&b, (Header){.name = "star", .type = '0'});
        patch(&b, at, 345, "p", 1);
        patch(&b, at, 476, "00000000007 00000000007", 23);
        patch(&b, at, 508, "tar", 4);
        add_end(&b);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        expect_entry(&r, '0', "some/prefix/name");
        expect_entry(&r, '0', "gnu");
        expect_entry(&r, '0', "p/star");
        expect_end(&r);
}

static void test_gnu_long_names(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        char name[301], link[301];
        memset(name, 'n', 300);
        memset(link, 'l', 300);
        name[300] = link[300] = '\0';
        add_extra(&b, 'K', link, 301);
        add_extra(&b, 'L', name, 301);
        add_header(&b, (Header){.name = "nnn", .type = '2', .link = "lll", .magic = "ustar  "});
        add_header(&b, (Header){.name = "short", .type = '0', .magic = "ustar  "});
        add_end(&b);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        TarEntry t = expect_entry(&r, '2', name);
        assert_string_equal(t.link, link);
        expect_entry(&r, '0', "short");
        expect_end(&r);
}

static void test_base256(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        size_t at = add_header(&b, (Header){.name = "f", .type = '0'});
        patch(&b, at, 108, "\x80\0\0\0\0\x2d\xc6\xc0", 8);                          /* uid 3000000 */
        patch(&b, at, 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12); /* mtime -2 */
        at = add_header(&b, (Header){.name = "g", .type = '0'});
        patch(&b, at, 136, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12); /* far too late: clamped */
        add_end(&b);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        TarEntry t = expect_entry(&r, '0', "f");
        assert_int_equal(t.uid, 3000000);
        assert_true(t.mtime_ns == -2000000000);
        t = expect_entry(&r, '0', "g");
        assert_true(t.mtime_ns > 9200000000000000000);
}

static void test_pax_header(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        ADD_PAX(&b, "13 path=long\n14 linkpath=t\n15 uid=4000000\n11 gid=123\n9 size=3\n22 mtime=1234567890.5\n"
                    "25 SCHILY.xattr.user.b=2\n27 SCHILY.xattr.user.a=x\ny\n25 SCHILY.xattr.user.b=3\n10 junk=1\n");
        add_header(&b, (Header){.name = "short", .type = '0'});
        add_data(&b, "abc", 3);
        add_header(&b, (Header){.name = "after", .type = '0'});
        add_end(&b);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        TarEntry t = expect_entry(&r, '0', "long");
        assert_int_equal(t.uid, 4000000);
        assert_int_equal(t.gid, 123);
        assert_int_equal(t.size, 3);
        assert_int_equal(t.mtime_ns, 1234567890500000000);
        assert_int_equal(t.xattr_count, 2);
        assert_string_equal(t.xattrs[0].name, "user.a");
        assert_int_equal(t.xattrs[0].size, 3);
        assert_memory_equal(t.xattrs[0].value, "x\ny", 3);
        assert_string_equal(t.xattrs[1].value, "3");
        t = expect_entry(&r, '0', "after");
        assert_int_equal(t.xattr_count, 0);
        expect_end(&r);
}

static void test_pax_precedence(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        ADD_PAX(&b, "12 path=one\n");
        ADD_PAX(&b, "12 path=two\n"); /* the second header replaces the first whole */
        add_header(&b, (Header){.name = "f", .type = '0'});
        ADD_PAX(&b, "12 path=two\n8 path=\n");
        add_header(&b, (Header){.name = "g", .type = '0'});
        ADD_PAX(&b, "12 path=one\n");
        add_extra(&b, 'g', "15 path=global\n", 15);
        add_header(&b, (Header){.name = "h", .type = '0'});
        add_header(&b, (Header){.name = "volume", .type = 'V'});
        ADD_PAX(&b, "17 mtime=-1.5000\n");
        add_header(&b, (Header){.name = "i", .type = '0'});
        add_end(&b);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        expect_entry(&r, '0', "two");
        expect_entry(&r, '0', "g");
        expect_entry(&r, '0', "h");
        TarEntry t = expect_entry(&r, '0', "i");
        assert_true(t.mtime_ns == -1500000000);
        expect_end(&r);
}

static void test_bad_pax(void **state) {
        (void)state;
        static const char *const bad[] = {
                "13 path=long",
                "x path=a\n",
                "12path=one\n",
                "99 path=one\n",
                "3 =\n",
                "8 nokey\n",
                "0 path=a\n",
                "4 a=\n99",
                "11 uid=abc\n",
                "18 uid=4294967295\n",
                "9 size=x\n",
                "11 size=-1\n",
                "12 mtime=1e5\n",
                "29 size=18446744073709551615\n",
                "18 SCHILY.xattr.=\n",
                "99999999999999999999 path=a\n",
                "12 mtime=--1\n",
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(buf_done) Buf b = {0};
                add_extra(&b, 'x', bad[i], strlen(bad[i]));
                add_header(&b, (Header){.name = "f", .type = '0'});
                expect_failure(&b, ERR_FORMAT, "tar entry 'f' at byte 1024: ");
        }
        AUTO(buf_done) Buf nul = {0};
        ADD_PAX(&nul, "12 path=a\0b\n");
        add_header(&nul, (Header){.name = "f", .type = '0'});
        expect_failure(&nul, ERR_FORMAT, "bad value of 'path'");
        AUTO(buf_done) Buf sparse = {0};
        ADD_PAX(&sparse, "22 GNU.sparse.major=1\n");
        add_header(&sparse, (Header){.name = "f", .type = '0'});
        expect_failure(&sparse, ERR_UNSUPPORTED, "sparse");
}

static void test_limits(void **state) {
        (void)state;
        AUTO(freep) char *big = xcalloc(1, TAR_PAX_MAX + 2);
        memset(big, 'n', TAR_PAX_MAX + 1);
        AUTO(buf_done) Buf b = {0};
        add_extra(&b, 'x', big, TAR_PAX_MAX + 1);
        expect_failure(&b, ERR_LIMIT, "extended header is larger than");
        buf_clear(&b);
        add_extra(&b, 'L', big, TAR_NAME_MAX + 1);
        expect_failure(&b, ERR_LIMIT, "name is longer than");
        buf_clear(&b);
        AUTO(buf_done) Buf pax = {0};
        buf_addf(&pax, "%d path=%.*s\n", 5 + 6 + TAR_NAME_MAX + 1, TAR_NAME_MAX + 1, big);
        add_extra(&b, 'x', pax.p, pax.n);
        add_header(&b, (Header){.name = "f", .type = '0'});
        expect_failure(&b, ERR_LIMIT, "'path' is longer than");
        buf_clear(&b);
        buf_clear(&pax);
        for (int i = 0; i <= TAR_XATTR_MAX; i++) buf_addf(&pax, "26 SCHILY.xattr.u.%04d=xy\n", i);
        add_extra(&b, 'x', pax.p, pax.n);
        add_header(&b, (Header){.name = "f", .type = '0'});
        expect_failure(&b, ERR_LIMIT, "extended attributes");
}

static void test_bad_headers(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        buf_adds(&b, "this is no tar");
        expect_failure(&b, ERR_FORMAT, "cut short");
        while (b.n < 600) buf_addc(&b, 'x');
        expect_failure(&b, ERR_FORMAT, "tar header at byte 0: not a tar header");
        buf_clear(&b);
        size_t at = add_header(&b, (Header){.name = "", .type = '0'});
        expect_failure(&b, ERR_FORMAT, "without a name");
        buf_clear(&b);
        add_header(&b, (Header){.name = "l", .type = '1'});
        expect_failure(&b, ERR_FORMAT, "without a target");
        buf_clear(&b);
        add_header(&b, (Header){.name = "s", .type = 'S'});
        expect_failure(&b, ERR_UNSUPPORTED, "sparse");
        buf_clear(&b);
        add_header(&b, (Header){.name = "e\033[31m\n", .type = 'M'});
        expect_failure(&b, ERR_UNSUPPORTED, "tar entry 'e?[31m?' at byte 0: entries of type 'M'");
        buf_clear(&b);
        at = add_header(&b, (Header){.name = "f", .type = '0'});
        patch(&b, at, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
        expect_failure(&b, ERR_FORMAT, "negative size");
        patch(&b, at, 124, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
        expect_failure(&b, ERR_FORMAT, "bad size");
        patch(&b, at, 124, "0000000000z", 12);
        expect_failure(&b, ERR_FORMAT, "bad size");
        patch(&b, at, 124, "00000000000", 12);
        patch(&b, at, 108, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
        expect_failure(&b, ERR_FORMAT, "user id is out of range");
        buf_clear(&b);
        add_end(&b);
        memset(b.p + 512, 'x', 512);
        expect_failure(&b, ERR_FORMAT, "a lone zero block");
}

static void test_cut_short(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        add_header(&b, (Header){.name = "f", .type = '0', .size = 2000});
        add_data(&b, "some", 4);
        expect_failure(&b, ERR_FORMAT, "cut short");
        AUTO(reading_done) Reading r;
        AUTO(err_freep) Err *e = NULL;
        char data[2000];
        size_t n;
        reading_init(&r, &b);
        expect_entry(&r, '0', "f");
        assert_int_equal(tar_reader_data(r.reader, data, sizeof data, &n, &e), 0);
        assert_int_equal(n, 512);
        assert_true(tar_reader_data(r.reader, data, sizeof data, &n, &e) < 0);
        assert_string_equal(err_message(e), "tar entry 'f' at byte 1024: the archive is cut short");
}

static void test_what_the_writer_writes(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        AUTO(sink_freep) Sink *sink = sink_to_buf(&b);
        AUTO(tar_writer_freep) TarWriter *w = tar_writer_new(sink);
        char wide[400], data[200000];
        memset(wide, '\xff', sizeof wide - 1); /* no UTF-8: bytes pass as they are */
        wide[sizeof wide - 1] = '\0';
        memset(data, 'd', sizeof data);
        const Xattr xattr = {(char *)"security.capability", (char *)"\0\n=\0", 4};
        const TarEntry entry = {TAR_FILE,        .name = wide,        .mode = 06755,           .uid = 4294967294,
                                .gid = 2097152,  .size = sizeof data, .mtime_ns = -1000000000, .xattrs = &xattr,
                                .xattr_count = 1};
        assert_int_equal(tar_writer_entry(w, &entry, NULL), 0);
        assert_int_equal(tar_writer_data(w, data, 1000, NULL), 0);
        assert_int_equal(tar_writer_data(w, data, sizeof data - 1000, NULL), 0);
        assert_int_equal(tar_writer_entry(w, &(TarEntry){TAR_SYMLINK, .name = "s", .link = wide}, NULL), 0);
        assert_int_equal(tar_writer_finish(w, NULL), 0);
        AUTO(reading_done) Reading r;
        reading_init(&r, &b);
        TarEntry t = expect_entry(&r, '0', wide);
        assert_int_equal(t.mode, 06755);
        assert_int_equal(t.uid, 4294967294);
        assert_int_equal(t.gid, 2097152);
        assert_true(t.mtime_ns == -1000000000);
        assert_int_equal(t.xattr_count, 1);
        assert_memory_equal(t.xattrs[0].value, "\0\n=\0", 4);
        char back[70000];
        size_t n, total = 0;
        do {
                assert_int_equal(tar_reader_data(r.reader, back, sizeof back, &n, NULL), 0);
                if (n > 0) assert_memory_equal(back, data, n);
                total += n;
        } while (n > 0);
        assert_int_equal(total, sizeof data);
        t = expect_entry(&r, '2', "s");
        assert_string_equal(t.link, wide);
        expect_end(&r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_entries),  cmocka_unit_test(test_end_without_zero_blocks),
                cmocka_unit_test(test_prefixes),       cmocka_unit_test(test_gnu_long_names),
                cmocka_unit_test(test_base256),        cmocka_unit_test(test_pax_header),
                cmocka_unit_test(test_pax_precedence), cmocka_unit_test(test_bad_pax),
                cmocka_unit_test(test_limits),         cmocka_unit_test(test_bad_headers),
                cmocka_unit_test(test_cut_short),      cmocka_unit_test(test_what_the_writer_writes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
