/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/relay.h"
#include "image/streams.h"

enum { MANY = 3 * RELAY_CHUNKS * RELAY_CHUNK_SIZE + 12345 };

static unsigned char byte_at(size_t i) {
        return (unsigned char)((i * 31 + i / 997) & 0xff);
}

/* Checks that byte_at() comes in order; fails after fail_after bytes. */
typedef struct CheckSink {
        Sink sink;
        size_t seen, fail_after;
        bool finished;
} CheckSink;

static int check_write(Sink *s, const void *data, size_t size, Err **e) {
        CheckSink *c = (CheckSink *)s;
        for (size_t i = 0; i < size; i++)
                if (((const unsigned char *)data)[i] != byte_at(c->seen + i)) return err_new(e, ERR_INTERNAL, "order");
        c->seen += size;
        return c->seen > c->fail_after ? err_new(e, ERR_NO_SPACE, "full") : 0;
}

static int check_finish(Sink *s, Err **e) {
        (void)e;
        ((CheckSink *)s)->finished = true;
        return 0;
}

static void check_free(Sink *s) {
        (void)s;
}

static CheckSink check_sink(size_t fail_after) {
        return (CheckSink){{check_write, check_finish, check_free}, 0, fail_after, false};
}

static int write_bytes(Sink *s, size_t count, Err **e) {
        unsigned char piece[7001];
        for (size_t done = 0; done < count;) {
                size_t n = count - done < sizeof piece ? count - done : sizeof piece;
                for (size_t i = 0; i < n; i++) piece[i] = byte_at(done + i);
                if (sink_write(s, piece, n, e) < 0) return -1;
                done += n;
        }
        return 0;
}

static void sink_passes_everything(void **state) {
        (void)state;
        CheckSink end = check_sink(SIZE_MAX);
        AUTO(err_freep) Err *e = NULL;
        AUTO(sink_freep) Sink *relay = NULL;
        assert_int_equal(relay_sink_new(&end.sink, &relay, &e), 0);
        assert_int_equal(write_bytes(relay, MANY, &e), 0);
        assert_int_equal(sink_finish(relay, &e), 0);
        assert_int_equal(end.seen, MANY);
        assert_true(end.finished);
}

static void sink_reports_failure(void **state) {
        (void)state;
        for (size_t after = 0; after < MANY; after += MANY / 5) {
                CheckSink end = check_sink(after);
                AUTO(err_freep) Err *e = NULL;
                AUTO(sink_freep) Sink *relay = NULL;
                assert_int_equal(relay_sink_new(&end.sink, &relay, &e), 0);
                int r = write_bytes(relay, MANY, &e);
                if (r >= 0) r = sink_finish(relay, &e);
                assert_int_equal(r, -1);
                assert_int_equal(err_kind(e), ERR_NO_SPACE);
                assert_false(end.finished);
        }
}

static void sink_abandoned(void **state) {
        (void)state;
        CheckSink end = check_sink(SIZE_MAX);
        AUTO(err_freep) Err *e = NULL;
        Sink *relay = NULL;
        assert_int_equal(relay_sink_new(&end.sink, &relay, &e), 0);
        assert_int_equal(write_bytes(relay, 100, &e), 0);
        sink_freep(&relay);
        assert_false(end.finished);
}

typedef struct Fill {
        size_t count;
        bool fail;
} Fill;

static int fill_bytes(void *context, Sink *to, Err **e) {
        const Fill *f = context;
        if (write_bytes(to, f->count, e) < 0) return -1;
        return f->fail ? err_new(e, ERR_FORMAT, "torn") : 0;
}

static void source_gives_everything(void **state) {
        (void)state;
        Fill fill = {MANY, false};
        CheckSink end = check_sink(SIZE_MAX);
        AUTO(err_freep) Err *e = NULL;
        AUTO(source_freep) Source *source = NULL;
        assert_int_equal(relay_source_new(fill_bytes, &fill, &source, &e), 0);
        assert_int_equal(source_to_sink(source, &end.sink, &e), 0);
        assert_int_equal(end.seen, MANY);
}

static void source_reports_failure_after_the_data(void **state) {
        (void)state;
        Fill fill = {1000, true};
        CheckSink end = check_sink(SIZE_MAX);
        AUTO(err_freep) Err *e = NULL;
        AUTO(source_freep) Source *source = NULL;
        assert_int_equal(relay_source_new(fill_bytes, &fill, &source, &e), 0);
        assert_int_equal(source_to_sink(source, &end.sink, &e), -1);
        assert_int_equal(end.seen, 1000);
        assert_string_equal(err_message(e), "torn");
        char byte;
        size_t n;
        assert_int_equal(source->read(source, &byte, 1, &n, NULL), -1); /* and stays so */
}

static void source_left_early(void **state) {
        (void)state;
        Fill fill = {MANY, false};
        AUTO(err_freep) Err *e = NULL;
        Source *source = NULL;
        assert_int_equal(relay_source_new(fill_bytes, &fill, &source, &e), 0);
        char byte;
        size_t n;
        assert_int_equal(source->read(source, &byte, 1, &n, &e), 0);
        assert_int_equal(n, 1);
        source_freep(&source);
}

static void source_ahead_of_another(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        AUTO(freep) unsigned char *data = xmalloc(MANY);
        for (size_t i = 0; i < MANY; i++) data[i] = byte_at(i);
        AUTO(source_freep) Source *memory = source_from_memory(data, MANY);
        AUTO(source_freep) Source *ahead = NULL;
        CheckSink end = check_sink(SIZE_MAX);
        assert_int_equal(relay_source_ahead(memory, &ahead, &e), 0);
        assert_int_equal(source_to_sink(ahead, &end.sink, &e), 0);
        assert_int_equal(end.seen, MANY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sink_passes_everything),
                cmocka_unit_test(sink_reports_failure),
                cmocka_unit_test(sink_abandoned),
                cmocka_unit_test(source_gives_everything),
                cmocka_unit_test(source_reports_failure_after_the_data),
                cmocka_unit_test(source_left_early),
                cmocka_unit_test(source_ahead_of_another),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
