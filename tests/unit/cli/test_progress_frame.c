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
#include "base/str.h"
#include "cli/progress_tty.h"

/* Frames that do not fit. */

static int64_t now(void) {
        return 10000000000;
}

typedef struct Scene {
        TtyState state;
        Buf out;
} Scene;

static void scene_done(Scene *s) {
        for (size_t i = 0; i < s->state.vertices.n; i++) {
                TtyVertex *v = &s->state.vertices.v[i];
                for (size_t j = 0; v->tail && j < TTY_TAIL_LINES; j++) free(v->tail[j]);
                free(v->tail);
                free(v->name);
        }
        vec_done(&s->state.vertices);
        buf_done(&s->out);
}

static Scene scene(size_t ended, size_t running, size_t lines) {
        Scene s = {.state = {.params = {.now = now}}};
        for (size_t i = 0; i < ended + running; i++) {
                TtyVertex v = {.name = xasprintf("step %zu", i),
                               .started = true,
                               .ended = i < ended,
                               .started_ns = 9000000000};
                if (i >= ended && lines) {
                        v.tail = xcalloc(TTY_TAIL_LINES, sizeof *v.tail);
                        for (size_t j = 0; j < lines; j++) v.tail[v.tail_count++] = xasprintf("line %zu", j);
                }
                vec_push(&s.state.vertices, v);
        }
        return s;
}

static void check(Scene *s, unsigned rows, size_t lines, const char *expected) {
        buf_clear(&s->out);
        assert_int_equal(tty_frame(&s->state, 20, rows, &s->out), lines);
        assert_string_equal(s->out.p, expected);
}

static void test_all(void **state) {
        (void)state;
        AUTO(scene_done) Scene s = scene(1, 1, 8);
        check(&s, 0, 9,
              "[+] Building 10.0s (\n => step 0      0.0s\n => step 1      1.0s\n"
              " => => # line 2\n => => # line 3\n => => # line 4\n => => # line 5\n => => # line 6\n => => # line 7\n");
}

static void test_log_lines_give_way_first(void **state) {
        (void)state;
        AUTO(scene_done) Scene s = scene(1, 1, 8);
        check(&s, 4, 4, "[+] Building 10.0s (\n => step 1      1.0s\n => => # line 6\n => => # line 7\n");
}

static void test_ended_steps_give_way(void **state) {
        (void)state;
        AUTO(scene_done) Scene s = scene(5, 2, 0);
        check(&s, 4, 4, "[+] Building 10.0s (\n => step 4      0.0s\n => step 5      1.0s\n => step 6      1.0s\n");
        check(&s, 2, 2, "[+] Building 10.0s (\n => step 6      1.0s\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_log_lines_give_way_first),
                cmocka_unit_test(test_ended_steps_give_way),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
