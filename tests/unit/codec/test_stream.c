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

#include "base/cleanup.h"
#include "codec/sha256.h"
#include "codec/stream.h"

static void test_descriptors(void **state) {
        (void)state;
        int fds[2];
        char back[16];
        size_t n = 0;
        assert_int_equal(pipe(fds), 0);
        AUTO(sink_freep) Sink *out = sink_to_fd(fds[1]);
        AUTO(source_freep) Source *in = source_from_fd(fds[0]);
        assert_int_equal(sink_write(out, "hello", 5, NULL), 0);
        assert_int_equal(sink_finish(out, NULL), 0);
        assert_int_equal(in->read(in, back, sizeof back, &n, NULL), 0);
        assert_int_equal(n, 5);
        assert_memory_equal(back, "hello", 5);
        close(fds[1]);
        assert_int_equal(in->read(in, back, sizeof back, &n, NULL), 0);
        assert_int_equal(n, 0);
        close(fds[0]);
        AUTO(err_freep) Err *e = NULL;
        assert_true(in->read(in, back, sizeof back, &n, &e) < 0);
        assert_int_equal(err_kind(e), ERR_SYS);
}

static void test_memory(void **state) {
        (void)state;
        char back[4];
        size_t n;
        AUTO(source_freep) Source *in = source_from_memory("abcdef", 6);
        in->read(in, back, 4, &n, NULL);
        assert_int_equal(n, 4);
        in->read(in, back, 4, &n, NULL);
        assert_int_equal(n, 2);
        assert_memory_equal(back, "ef", 2);
        in->read(in, back, 4, &n, NULL);
        assert_int_equal(n, 0);
        AUTO(source_freep) Source *empty = source_from_memory(NULL, 0);
        empty->read(empty, back, 4, &n, NULL);
        assert_int_equal(n, 0);
}

static void test_hashing_sink(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        Digest expected, d = {0};
        uint64_t size = 0;
        AUTO(sink_freep) Sink *out = sink_to_buf(&b);
        AUTO(sink_freep) Sink *hashing = sink_hashing(out, &d, &size);
        sink_write(hashing, "abc", 3, NULL);
        sink_write(hashing, "def", 3, NULL);
        assert_int_equal(size, 0);
        assert_int_equal(sink_finish(hashing, NULL), 0);
        sha256_of("abcdef", 6, &expected);
        assert_true(digest_eq(&d, &expected));
        assert_int_equal(size, 6);
        assert_string_equal(b.p, "abcdef");

        AUTO(sink_freep) Sink *alone = sink_hashing(NULL, &d, NULL);
        assert_int_equal(sink_finish(alone, NULL), 0);
        sha256_of("", 0, &expected);
        assert_true(digest_eq(&d, &expected));
}

static void test_drain(void **state) {
        (void)state;
        char back[2];
        size_t n;
        AUTO(source_freep) Source *in = source_from_memory("abcdef", 6);
        assert_int_equal(in->read(in, back, 2, &n, NULL), 0);
        assert_int_equal(source_drain(in, NULL), 0);
        assert_int_equal(in->read(in, back, 2, &n, NULL), 0);
        assert_int_equal(n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_descriptors),
                cmocka_unit_test(test_memory),
                cmocka_unit_test(test_hashing_sink),
                cmocka_unit_test(test_drain),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
