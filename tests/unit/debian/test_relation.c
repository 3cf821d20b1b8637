/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/relation.h"

static Relations parse(Arena *arena, const char *text) {
        Relations found = {0};
        AUTO(err_freep) Err *e = NULL;
        if (relations_parse(arena, str_of(text), &found, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        return found;
}

static void assert_text(Str found, const char *expected) {
        if (!str_is(found, expected)) fail_msg("'" STR_FMT "' instead of '%s'", STR_ARG(found), expected);
}

static void test_forms(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *arena = arena_new();
        Relations r = parse(arena, "libc6 (>= 2.36), aa|bb:any (<<1:2-3) |\n cc+d [amd64 !i386],, ee(=1) [any],");
        assert_int_equal(r.n, 3);
        assert_int_equal(r.v[0].n, 1);
        assert_text(r.v[0].v[0].name, "libc6");
        assert_int_equal(r.v[0].v[0].operation, RELATION_LATER_EQUAL);
        assert_text(r.v[0].v[0].version, "2.36");
        assert_int_equal(r.v[1].n, 3);
        assert_text(r.v[1].v[1].name, "bb");
        assert_text(r.v[1].v[1].qualifier, "any");
        assert_int_equal(r.v[1].v[1].operation, RELATION_EARLIER);
        assert_text(r.v[1].v[1].version, "1:2-3");
        assert_text(r.v[1].v[2].name, "cc+d");
        assert_text(r.v[1].v[2].architectures, "amd64 !i386");
        assert_text(r.v[1].v[2].text, "cc+d [amd64 !i386]");
        assert_int_equal(r.v[2].v[0].operation, RELATION_EQUAL);
        assert_int_equal(parse(arena, "").n, 0);
        assert_int_equal(parse(arena, " , ").n, 0);
}

static void assert_takes(const char *relation, const char *lower, const char *same, const char *higher) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(freep) char *text = xasprintf("ab %s", relation);
        Relations r = parse(arena, text);
        static const char *const versions[] = {"1.9", "2", "2.1"};
        const char *const expected[] = {lower, same, higher};
        for (size_t i = 0; i < 3; i++) {
                bool takes = relation_takes_version(&r.v[0].v[0], str_of(versions[i]));
                if (takes != (expected[i] != NULL)) fail_msg("%s with %s", relation, versions[i]);
        }
}

static void test_operators(void **state) {
        (void)state;
        assert_takes("", "yes", "yes", "yes");
        assert_takes("(<< 2)", "yes", NULL, NULL);
        assert_takes("(<= 2)", "yes", "yes", NULL);
        assert_takes("(= 2)", NULL, "yes", NULL);
        assert_takes("(>= 2)", NULL, "yes", "yes");
        assert_takes("(>> 2)", NULL, NULL, "yes");
        assert_takes("(< 2)", "yes", "yes", NULL);
        assert_takes("(> 2)", NULL, "yes", "yes");
}

static void assert_for(const char *list, const char *architecture, bool expected) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(freep) char *text = xasprintf("ab %s", list);
        Relations r = parse(arena, text);
        if (relation_is_for(&r.v[0].v[0], architecture) != expected) fail_msg("%s for %s", list, architecture);
}

static void test_architectures(void **state) {
        (void)state;
        assert_for("", "amd64", true);
        assert_for("[amd64]", "amd64", true);
        assert_for("[amd64]", "arm64", false);
        assert_for("[i386 arm64]", "arm64", true);
        assert_for("[!amd64]", "amd64", false);
        assert_for("[!amd64 !i386]", "arm64", true);
        assert_for("[!amd64 !i386]", "i386", false);
        assert_for("[any]", "riscv64", true);
        assert_for("[linux-any]", "riscv64", true);
        assert_for("[hurd-any]", "riscv64", false);
        assert_for("[any-arm64]", "arm64", true);
        assert_for("[any-arm64]", "amd64", false);
}

static void test_render(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *arena = arena_new();
        Relations r = parse(arena, "a1:any(>>1) , bb");
        AUTO(buf_done) Buf text = {0};
        relation_render(&r.v[0].v[0], &text);
        buf_addc(&text, '|');
        relation_render(&r.v[1].v[0], &text);
        assert_string_equal(text.p, "a1:any (>> 1)|bb");
}

static void assert_refused(const char *text, const char *message) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(err_freep) Err *e = NULL;
        Relations found;
        if (relations_parse(arena, str_of(text), &found, &e) >= 0) fail_msg("accepted: %s", text);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        if (!strstr(err_message(e), message)) fail_msg("'%s' does not say '%s'", err_message(e), message);
}

static void test_refused(void **state) {
        (void)state;
        assert_refused("good, Bad (>= 1)", "relation 'Bad (>= 1)': expected the name of a package");
        assert_refused("ab | ", "expected the name of a package");
        assert_refused("ab (2)", "expected one of << <= = >= >> before the version");
        assert_refused("ab (>= )", "expected a version behind the operator");
        assert_refused("ab (>= x)", "expected a version behind the operator");
        assert_refused("ab (>= 1", "expected ')'");
        assert_refused("ab:", "expected an architecture behind ':'");
        assert_refused("ab:A", "expected an architecture behind ':'");
        assert_refused("ab [amd64", "expected architectures and ']'");
        assert_refused("ab []", "expected architectures and ']'");
        assert_refused("ab cd", "expected NAME[:ARCHITECTURE]");
        assert_refused("ab <!nocheck>", "expected NAME[:ARCHITECTURE]");
}

static void test_too_many(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *arena = arena_new();
        for (const char *separator = ",|"; *separator; separator++) {
                AUTO(buf_done) Buf text = {0};
                for (size_t i = 0; i <= RELATIONS_MAX; i++) buf_addf(&text, "ab%c", *separator);
                AUTO(err_freep) Err *e = NULL;
                Relations found;
                assert_true(relations_parse(arena, buf_str(&text), &found, &e) < 0);
                assert_int_equal(err_kind(e), ERR_LIMIT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms),         cmocka_unit_test(test_operators),
                                           cmocka_unit_test(test_architectures), cmocka_unit_test(test_render),
                                           cmocka_unit_test(test_refused),       cmocka_unit_test(test_too_many)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
