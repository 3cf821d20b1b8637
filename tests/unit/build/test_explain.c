/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "build/explain.h"
#include "store/key.h"

typedef struct Step {
        const char *kind, *parent, *cwd;
        const char *argv[8], *env[8];
        uint64_t network;
} Step;

static void text_of(const Step *s, Buf *ret_text) {
        KeyText k;
        Digest parent, key;
        sha256_of(s->parent, strlen(s->parent), &parent);
        key_begin(&k, s->kind);
        key_digest(&k, "parent", &parent);
        key_list(&k, "argv", s->argv);
        key_list(&k, "env", s->env);
        key_text(&k, "cwd", s->cwd);
        key_number(&k, "network", s->network);
        key_finish_keep(&k, &key, ret_text);
}

static void check(const Step *old_step, const Step *new_step, const char *expected) {
        AUTO(buf_done) Buf a = {0}, b = {0}, text = {0};
        text_of(old_step, &a);
        text_of(new_step, &b);
        explain_difference(buf_str(&a), buf_str(&b), "PARENT", &text);
        assert_string_equal(text.n ? text.p : "", expected);
}

#define STEP .kind = "run", .parent = "p", .cwd = "/", .argv = {"sh", "make"}, .env = {"PATH=/bin", "A=1"}

static void test_nothing(void **state) {
        (void)state;
        check(&(Step){STEP}, &(Step){STEP}, "");
}

static void test_values(void **state) {
        (void)state;
        check(&(Step){STEP},
              &(Step){.kind = "run",
                      .parent = "p",
                      .cwd = "/x",
                      .argv = {"sh", "make all"},
                      .env = {"PATH=/bin", "A=2"},
                      .network = 1},
              "command: 'make' -> 'make all'; variable: 'A=1' -> 'A=2'; working directory: '/' -> '/x'; network: 0 -> "
              "1");
}

static void test_lists(void **state) {
        (void)state;
        check(&(Step){STEP},
              &(Step){.kind = "run", .parent = "p", .cwd = "/", .argv = {"sh", "make"}, .env = {"B=1", "PATH=/bin"}},
              "variable added: 'B=1'; variable removed: 'A=1'");
        check(&(Step){STEP}, &(Step){.kind = "run", .parent = "p", .argv = {"sh", "make"}, .env = {"PATH=/bin"}},
              "working directory: '/' -> none; variable removed: 'A=1'");
}

static void test_parent(void **state) {
        (void)state;
        check(&(Step){STEP},
              &(Step){.kind = "run", .parent = "q", .cwd = "/", .argv = {"sh", "make"}, .env = {"PATH=/bin", "A=1"}},
              "what it builds on is another: PARENT");
}

/* What the file holds may be cut off or of another time. */
static void test_damage(void **state) {
        (void)state;
        AUTO(buf_done) Buf whole = {0};
        text_of(&(Step){STEP}, &whole);
        for (size_t n = 0; n <= whole.n; n++) {
                AUTO(buf_done) Buf text = {0};
                explain_difference((Str){whole.p, n}, buf_str(&whole), "PARENT", &text);
                explain_difference(buf_str(&whole), (Str){whole.p, n}, "PARENT", &text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing), cmocka_unit_test(test_values), cmocka_unit_test(test_lists),
                cmocka_unit_test(test_parent),  cmocka_unit_test(test_damage),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
