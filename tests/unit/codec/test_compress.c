/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/sha256.h"
#include "codec/stream.h"
#include "os/workers.h"

/* A mix of text and noise, the same in every run. */
static char *sample(size_t size) {
        char *p = xmalloc(size + 1);
        uint64_t x = 88172645463325252u;
        for (size_t i = 0; i < size; i++) {
                if (i % 8 == 0) {
                        x ^= x << 13;
                        x ^= x >> 7;
                        x ^= x << 17;
                }
                bool noise = (i >> 14) % 3 == 0;
                p[i] = (char)(noise ? (char)(x >> (i % 8 * 8)) : "a layer of an image "[(i + (x & 3)) % 20]);
        }
        return p;
}

static void compress_in(Buf *out, const char *data, size_t size, size_t piece, Compression kind, int level) {
        AUTO(sink_freep) Sink *end = sink_to_buf(out);
        AUTO(sink_freep) Sink *sink = NULL;
        assert_int_equal(sink_compressing(end, kind, level, &sink, NULL), 0);
        for (size_t at = 0; at < size; at += piece) {
                assert_int_equal(sink_write(sink, data + at, size - at < piece ? size - at : piece, NULL), 0);
        }
        assert_int_equal(sink_finish(sink, NULL), 0);
}

static int decompress(const Buf *in, uint64_t limit, size_t piece, Buf *out, Err **e) {
        AUTO(source_freep) Source *memory = source_from_memory(in->p, in->n);
        AUTO(source_freep) Source *source = NULL;
        AUTO(freep) char *data = xmalloc(piece);
        size_t n;
        if (source_decompressing(memory, limit, NULL, &source, e) < 0) return -1;
        do {
                if (source->read(source, data, piece, &n, e) < 0) return -1;
                buf_add(out, data, n);
        } while (n > 0);
        return 0;
}

static void round_trip(Compression kind, size_t size, int level) {
        AUTO(freep) char *data = sample(size);
        AUTO(buf_done) Buf packed = {0};
        AUTO(buf_done) Buf back = {0};
        compress_in(&packed, data, size, 70001, kind, level);
        assert_int_equal(decompress(&packed, 0, 33333, &back, NULL), 0);
        assert_int_equal(back.n, size);
        if (size > 0) assert_memory_equal(back.p, data, size);
}

static void test_round_trips(void **state) {
        (void)state;
        static const Compression kinds[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
        static const size_t sizes[] = {0,      1, 5, 100000, 128 << 10, (128 << 10) + 1, 256 << 10, (256 << 10) + 1,
                                       3000000};
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) round_trip(kinds[k], sizes[i], -1);
        }
        for (int level = 0; level <= 9; level++) round_trip(COMPRESSION_GZIP, 500000, level);
        round_trip(COMPRESSION_ZSTD, 500000, 1);
        round_trip(COMPRESSION_ZSTD, 500000, 12);
}

/* The same bytes whatever the pieces in which they came and however many processors there are. */
static void check_determinism(Compression kind) {
        size_t size = 5 << 20;
        AUTO(freep) char *data = sample(size);
        AUTO(buf_done) Buf first = {0};
        compress_in(&first, data, size, 65536, kind, -1);
        static const struct {
                const char *cpus;
                size_t piece;
        } rows[] = {{"1", 65536}, {"1", 4097}, {"3", 1 << 20}, {"8", 10 << 20}, {"8", 999}};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(buf_done) Buf again = {0};
                setenv("DECANT_CPUS", rows[i].cpus, 1);
                compress_in(&again, data, size, rows[i].piece, kind, -1);
                unsetenv("DECANT_CPUS");
                assert_int_equal(again.n, first.n);
                assert_memory_equal(again.p, first.p, first.n);
        }
}

static void test_determinism(void **state) {
        (void)state;
        check_determinism(COMPRESSION_GZIP);
        check_determinism(COMPRESSION_ZSTD);
}

/* One member, readable by zlib in one go, with nothing behind it; and not much larger than in one piece. */
static void test_gzip_is_one_member(void **state) {
        (void)state;
        size_t size = 3 << 20;
        AUTO(freep) char *data = sample(size);
        AUTO(freep) char *back = xmalloc(size);
        AUTO(buf_done) Buf packed = {0};
        compress_in(&packed, data, size, 1 << 20, COMPRESSION_GZIP, -1);
        assert_memory_equal(packed.p, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
        z_stream z = {0};
        assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
        z.next_in = (uint8_t *)packed.p;
        z.avail_in = (uInt)packed.n;
        z.next_out = (uint8_t *)back;
        z.avail_out = (uInt)size;
        int r = inflate(&z, Z_FINISH);
        inflateEnd(&z);
        assert_int_equal(r, Z_STREAM_END);
        assert_int_equal(z.avail_in, 0);
        assert_int_equal(z.avail_out, 0);
        assert_memory_equal(back, data, size);
        uLongf whole = compressBound(size);
        AUTO(freep) char *reference = xmalloc(whole);
        compress2((Bytef *)reference, &whole, (Bytef *)data, size, 6);
        assert_true(packed.n < whole + whole / 200);
}

static void test_detect_and_name(void **state) {
        (void)state;
        assert_int_equal(compression_detect("\x1f\x8b\x08\0\0\0", 6), COMPRESSION_GZIP);
        assert_int_equal(compression_detect("\x28\xb5\x2f\xfd\0\0", 6), COMPRESSION_ZSTD);
        assert_int_equal(compression_detect("\x5a\x2a\x4d\x18\0\0", 6), COMPRESSION_ZSTD);
        assert_int_equal(compression_detect("BZh91A", 6), COMPRESSION_BZIP2);
        assert_int_equal(compression_detect("\xfd\x37zXZ\0", 6), COMPRESSION_XZ);
        assert_int_equal(compression_detect("hello!", 6), COMPRESSION_NONE);
        assert_int_equal(compression_detect("\x1f\x8b", 2), COMPRESSION_NONE);
        assert_int_equal(compression_detect("", 0), COMPRESSION_NONE);
        assert_string_equal(compression_name(COMPRESSION_NONE), "uncompressed");
        assert_string_equal(compression_name(COMPRESSION_BZIP2), "bzip2");
}

static void test_refusals(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        AUTO(sink_freep) Sink *end = sink_to_nothing();
        Sink *sink = NULL;
        assert_true(sink_compressing(end, COMPRESSION_XZ, -1, &sink, &e) < 0);
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        err_clear(&e);
        assert_true(sink_compressing(end, COMPRESSION_GZIP, 10, &sink, &e) < 0);
        assert_int_equal(err_kind(e), ERR_USAGE);
        assert_null(sink);
}

static void add_bytes(Buf *b, const char *literal, size_t size) {
        buf_add(b, literal, size);
}
#define ADD(b, literal) add_bytes(b, literal, sizeof(literal) - 1)

/* "hello\n" by xz -0 and by bzip2. */
static const char xz_hello[] =
        "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x04\xc0\x0a\x06\x21\x01\x0c\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00";

static void check_program(const char *program, Compression kind, bool twice) {
        char command[256];
        AUTO(buf_done) Buf packed = {0};
        AUTO(buf_done) Buf back = {0};
        snprintf(command, sizeof command,
                 twice ? "command -v %1$s >/dev/null && { printf hello | %1$s -c; printf ' world' | %1$s -c; "
                         "printf '\\0\\0\\0\\0'; }"
                       : "command -v %1$s >/dev/null && printf hello | %1$s -c",
                 program);
        FILE *f = popen(command, "re");
        assert_non_null(f);
        char data[4096];
        size_t n = fread(data, 1, sizeof data, f);
        if (pclose(f) != 0) {
                print_message("%s is not installed\n", program);
                return;
        }
        buf_add(&packed, data, n);
        assert_int_equal(compression_detect(packed.p, packed.n), kind);
        assert_int_equal(decompress(&packed, 0, 3, &back, NULL), 0);
        assert_string_equal(back.p, twice ? "hello world" : "hello");
}

static void test_what_other_programs_write(void **state) {
        (void)state;
        for (int twice = 0; twice < 2; twice++) {
                check_program("gzip", COMPRESSION_GZIP, twice);
                check_program("zstd", COMPRESSION_ZSTD, twice);
                check_program("bzip2", COMPRESSION_BZIP2, twice);
                check_program("xz", COMPRESSION_XZ, twice);
        }
}

static void expect_failure(const Buf *packed, uint64_t limit, ErrKind kind) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf back = {0};
        assert_true(decompress(packed, limit, 4096, &back, &e) < 0);
        assert_int_equal(err_kind(e), kind);
}

static void test_damage(void **state) {
        (void)state;
        static const Compression kinds[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD};
        AUTO(freep) char *data = sample(400000);
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                AUTO(buf_done) Buf packed = {0};
                compress_in(&packed, data, 400000, 65536, kinds[k], -1);
                size_t whole = packed.n;
                expect_failure(&packed, 399999, ERR_LIMIT);
                static const size_t cuts[] = {1, 4, 100, 60000};
                for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
                        packed.n = whole - cuts[i];
                        expect_failure(&packed, 0, ERR_FORMAT);
                }
                packed.n = 7;
                expect_failure(&packed, 0, ERR_FORMAT);
                packed.n = whole;
                packed.p[whole / 2] = (char)(packed.p[whole / 2] ^ 0x55);
                expect_failure(&packed, 0, ERR_FORMAT);
                packed.p[whole / 2] = (char)(packed.p[whole / 2] ^ 0x55);
                ADD(&packed, "trailing");
                expect_failure(&packed, 0, ERR_FORMAT);
        }
        AUTO(buf_done) Buf xz = {0};
        add_bytes(&xz, xz_hello, sizeof xz_hello - 1);
        expect_failure(&xz, 0, ERR_FORMAT);
        AUTO(buf_done) Buf bzip2 = {0};
        ADD(&bzip2, "BZh91AY&SY");
        expect_failure(&bzip2, 0, ERR_FORMAT);
}

/* A next that fails must fail the compressor, not hang it. */
static int failing_write(Sink *s, const void *data, size_t size, Err **e) {
        (void)s;
        (void)data;
        (void)size;
        return err_new(e, ERR_NO_SPACE, "full");
}

static void test_failing_end(void **state) {
        (void)state;
        static const Compression kinds[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
        AUTO(freep) char *data = sample(4 << 20);
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                AUTO(err_freep) Err *e = NULL;
                Sink end = {failing_write, NULL, NULL};
                AUTO(sink_freep) Sink *sink = NULL;
                assert_int_equal(sink_compressing(&end, kinds[k], -1, &sink, NULL), 0);
                assert_true(sink_write(sink, data, 4 << 20, &e) < 0);
                assert_int_equal(err_kind(e), ERR_NO_SPACE);
        }
}

static void test_given_up_half_way(void **state) {
        (void)state;
        AUTO(freep) char *data = sample(2 << 20);
        AUTO(sink_freep) Sink *end = sink_to_nothing();
        AUTO(sink_freep) Sink *sink = NULL;
        assert_int_equal(sink_compressing(end, COMPRESSION_GZIP, 9, &sink, NULL), 0);
        assert_int_equal(sink_write(sink, data, 2 << 20, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trips),
                cmocka_unit_test(test_determinism),
                cmocka_unit_test(test_gzip_is_one_member),
                cmocka_unit_test(test_detect_and_name),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_what_other_programs_write),
                cmocka_unit_test(test_damage),
                cmocka_unit_test(test_failing_end),
                cmocka_unit_test(test_given_up_half_way),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
