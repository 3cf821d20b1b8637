/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "inspect/go_build_info.h"

#define MARK "0123456789abcdef"

static void add_string(Buf *b, const char *text) {
        size_t size = strlen(text);
        while (size >= 0x80) {
                buf_addc(b, (char)(size | 0x80));
                size >>= 7;
        }
        buf_addc(b, (char)size);
        buf_adds(b, text);
}

static void make_section(Buf *b, char flags, const char *release, const char *modules) {
        buf_adds(b, "\xff Go buildinf:");
        buf_addc(b, 8);
        buf_addc(b, flags);
        while (b->n < 32) buf_addc(b, 0);
        add_string(b, release);
        AUTO(freep) char *marked = xasprintf("%s%s%s", MARK, modules, MARK);
        add_string(b, marked);
}

static void test_modules(void **state) {
        (void)state;
        AUTO(buf_done) Buf section = {0};
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(go_build_info_done) GoBuildInfo info = {0};
        make_section(
                &section, 2, "go1.22.1",
                "path\texample.org/tool/cmd\nmod\texample.org/tool\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x=\n"
                "dep\tgithub.com/c/d\tv0.1.0\n=>\tgithub.com/fork/d\tv0.2.0\th1:y=\nbuild\tGOOS=linux\n");
        assert_int_equal(go_build_info_parse(buf_str(&section), arena, &info, NULL), 0);
        assert_string_equal(info.release, "go1.22.1");
        assert_string_equal(info.program, "example.org/tool/cmd");
        assert_true(info.has_main);
        assert_string_equal(info.main.path, "example.org/tool");
        assert_null(info.main.version);
        assert_int_equal(info.modules.n, 2);
        assert_string_equal(info.modules.v[0].version, "v1.2.3");
        assert_string_equal(info.modules.v[1].path, "github.com/fork/d");
        assert_string_equal(info.modules.v[1].version, "v0.2.0");
}

static void refuse(Str section, ErrKind kind, const char *words) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(go_build_info_done) GoBuildInfo info = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_true(go_build_info_parse(section, arena, &info, &e) < 0);
        assert_int_equal(err_kind(e), kind);
        assert_non_null(strstr(err_message(e), words));
}

static void test_damaged(void **state) {
        (void)state;
        AUTO(buf_done) Buf section = {0}, old = {0};
        make_section(&section, 2, "go1.22.1", "path\tx\n");
        make_section(&old, 0, "", "");
        refuse((Str){0}, ERR_FORMAT, "does not begin");
        refuse(STR("\x7f Go buildinf:.................................."), ERR_FORMAT, "does not begin");
        refuse(buf_str(&old), ERR_UNSUPPORTED, "before 1.18");
        for (size_t n = 32; n < section.n; n++) refuse((Str){section.p, n}, ERR_FORMAT, "cut short");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_modules), cmocka_unit_test(test_damaged)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
