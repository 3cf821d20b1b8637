/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/buf.h"
#include "dockerfile/words.h"

static const char *const variables[][2] = {
        {"S", "set"},           {"E", ""},         {"X", "ex"},       {"P", "/usr/local/bin"},
        {"F", "foobarfoo"},     {"V", "1.2.3"},    {"T", "a.tar.gz"}, {"Z", "foobarbaz"},
        {"Q", "81 82/udp"},     {"A", "a*b?c\\d"}, {"N", "b"},        {"B", "abc"},
        {"D", "a/b"},           {"1", "one"},      {"12", "twelve"},  {"U8", "\xC3\xA4x\xC3\xB6"},
        {"\xC3\xA4", "umlaut"}, {"@", "at"},
};

static const char *get(void *context, const char *name, size_t size) {
        (void)context;
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                if (str_eq((Str){name, size}, str_of(variables[i][0]))) return variables[i][1];
        }
        return NULL;
}

static const WordEnv env = {.get = get};

static void assert_expands(const char *text, const char *want) {
        AUTO(arena_freep) Arena *a = arena_new();
        WordParams params = {.escape = '\\', .env = &env};
        const char *got = NULL;
        Err *e = NULL;
        if (word_expand(a, &params, text, &got, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        assert_string_equal(got, want);
}

static void assert_fails(const char *text, const char *part) {
        AUTO(arena_freep) Arena *a = arena_new();
        WordParams params = {.escape = '\\', .env = &env};
        const char *got = "untouched";
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(word_expand(a, &params, text, &got, &e), -1);
        assert_string_equal(got, "untouched");
        if (!strstr(err_message(e), part)) fail_msg("'%s' has no '%s'", err_message(e), part);
}

static void test_plain(void **state) {
        (void)state;
        assert_expands("", "");
        assert_expands("a b", "a b");
        assert_expands("$S$X", "setex");
        assert_expands("a${S}b$U.c", "asetb.c");
        assert_expands("$S-$X/x", "set-ex/x");
        assert_expands("$", "$");
        assert_expands("a$ b$%", "a$ b$%");
        assert_expands("$1 $12 $123 $@ $#", "one twelve  at ");
        assert_expands("$1x", "onex");
        assert_expands("$\xC3\xA4 $S\xE2\x80\x93", "umlaut set\xE2\x80\x93");
}

static void test_quotes(void **state) {
        (void)state;
        assert_expands("'$S' \"$S\" '\\'", "$S set \\");
        assert_expands("\"it's\" 'a\"b'", "it's a\"b");
        assert_expands("\"a\\\"b\" \"a\\nb\" \"a\\\\b\" \"a\\$S\" \"a\\'\"", "a\"b a\\nb a\\b a$S a\\'");
        assert_expands("a\\nb \\$S \\\\$X \\\\\\$X \\\"", "anb $S \\ex \\$X \"");
        assert_expands("a\\", "a");
        assert_expands("\"\"", "");
        assert_fails("'a", "single-quote");
        assert_fails("\"a", "double-quote");
        assert_fails("\"a\\\"", "double-quote");
}

static void test_choices(void **state) {
        (void)state;
        assert_expands("${S:-w}|${E:-w}|${U:-w}", "set|w|w");
        assert_expands("${S-w}|${E-w}|${U-w}", "set||w");
        assert_expands("${S:+w}|${E:+w}|${U:+w}", "w||");
        assert_expands("${S+w}|${E+w}|${U+w}", "w|w|");
        assert_expands("${S:?m}|${S?m}|${E?m}", "set|set|");
        assert_expands("${U:-${E:-${X}}}${U:-}", "ex");
        assert_expands("${U:-a b \"c}\" '$S' \\}}", "a b c} $S }");
        assert_fails("${U?please give U}", "U: please give U");
        assert_fails("${U:?}", "U: is not allowed to be unset");
        assert_fails("${E:?}", "E: is not allowed to be empty");
        assert_fails("${E:?no $S}", "E: no set");
}

static void test_strips(void **state) {
        (void)state;
        assert_expands("${P#*/}|${P##*/}|${F##f*o}|${F##f*b}|${F#f*b}", "usr/local/bin|bin||arfoo|arfoo");
        assert_expands("${T%.*}|${T%%.*}|${Z%b*}|${Z%%b*}|${Z%x}|${Z%?}", "a.tar|a|foobar|foo|foobarbaz|foobarba");
        assert_expands("${A#a\\*}|${A#*b}|${A%${N}*}|${A%$N*}", "b?c\\d|?c\\d|a*|a*");
        assert_expands("${U#x}${U8#?}|${U8%?}|${S#}|${S%}", "x\xC3\xB6|\xC3\xA4x|set|set");
        assert_expands("${S#*}|${S##*}|${S%*}|${S%%*}", "set||set|");
}

static void test_replacements(void **state) {
        (void)state;
        assert_expands("${F/foo/X}|${F/o/}|${F/zz/X}|${Z/f*b/X}", "Xbarfoo|fobarfoo|foobarfoo|Xaz");
        assert_expands("${F//foo/X}|${F//o/0}|${V//./_}|${F//?/x}", "XbarX|f00barf00|1_2_3|xxxxxxxxx");
        assert_expands("${B/b/x&y}|${B//b/[.]}|${D/\\//-}|${B//[bc]/z}|${D//./x}", "ax&yc|a[.]c|a-b|abc|a/b");
        assert_expands("${A/\\?/Q}|${B/*/x}|${B//*/x}|${E//*/x}|${B//$N/$S}", "a*bQc\\d|x|x|x|asetc");
        assert_expands("${U/a/b}", "");
}

static void test_bad(void **state) {
        (void)state;
        assert_fails("${}", "bad substitution");
        assert_fails("${:x}", "bad substitution");
        assert_fails("${{x}}", "bad substitution");
        assert_fails("${", "missing '}'");
        assert_fails("${B", "missing '}'");
        assert_fails("${B:", "missing '}'");
        assert_fails("${B:-x", "missing '}'");
        assert_fails("${B#x", "missing '}'");
        assert_fails("${S^}", "unsupported modifier (^) in substitution");
        assert_fails("${S:=x}", "unsupported modifier (:=) in substitution");
        assert_fails("${S:#x}", "unsupported modifier (:#) in substitution");
        assert_fails("${S:0:3}", "unsupported modifier (:0) in substitution");
        assert_fails("${B/b}", "missing '/'");
        assert_fails("${B/b/x", "missing '}'");
        assert_fails("x ${S^}", "failed to process \"x ${S^}\"");
}

static void test_depth(void **state) {
        (void)state;
        Buf text = {0};
        for (int i = 0; i < 100000; i++) buf_adds(&text, "${U:-");
        assert_fails(text.p, "inside each other");
        buf_done(&text);
}

static const char *get_large(void *context, const char *name, size_t size) {
        (void)name;
        (void)size;
        return context;
}

static void test_growth(void **state) {
        (void)state;
        AUTO(freep) char *value = xmalloc((1 << 20) + 1);
        memset(value, 'x', 1 << 20);
        value[1 << 20] = '\0';
        AUTO(arena_freep) Arena *a = arena_new();
        WordEnv large = {get_large, value};
        WordParams params = {.escape = '\\', .env = &large};
        const char *got;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(word_expand(a, &params, "$a$a$a$a", &got, &e), 0);
        assert_int_equal(strlen(got), 4 << 20);
        assert_int_equal(word_expand(a, &params, "$a$a$a$a$a$a$a$a$a", &got, &e), -1);
        assert_int_equal(err_kind(e), ERR_LIMIT);
        err_clear(&e);
        assert_int_equal(word_expand(a, &params, "${a//x/0123456789}", &got, &e), -1);
        assert_int_equal(err_kind(e), ERR_LIMIT);
}

static void remember(void *context, const char *name) {
        strcat(strcat(context, name), ",");
}

static void test_modes(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *a = arena_new();
        char unset[64] = "";
        const char *got;
        WordParams body = {.escape = '\\', .env = &env, .raw_quotes = true};
        assert_int_equal(word_expand(a, &body, "hi $X ${U:-x} \\$X \\\\ \"q\" 'it $X\n", &got, NULL), 0);
        assert_string_equal(got, "hi ex x $X \\ \"q\" 'it ex\n");
        WordParams keep = {.escape = '\\', .env = &env, .skip_unset = true};
        assert_int_equal(word_expand(a, &keep, "$U ${U} ${U:-x} ${U#y} ${U/a/b} $X", &got, NULL), 0);
        assert_string_equal(got, "$U ${U} ${U:-x} ${U#y} ${U/a/b} ex");
        WordParams tell = {.escape = '\\', .env = &env, .unset = remember, .unset_context = unset};
        assert_int_equal(word_expand(a, &tell, "$U1 ${U2} ${U3:-x} $X '$U4' ${U5%x}", &got, NULL), 0);
        assert_string_equal(unset, "U1,U2,U5,");
        WordParams tick = {.escape = '`', .env = &env};
        assert_int_equal(word_expand(a, &tick, "C:\\$X `$X \"`\"\"", &got, NULL), 0);
        assert_string_equal(got, "C:\\ex $X \"");
        WordParams none = {.escape = '\\'};
        assert_int_equal(word_expand(a, &none, "a$X", &got, NULL), 0);
        assert_string_equal(got, "a");
}

static void assert_list(const char *text, const char *want) {
        AUTO(arena_freep) Arena *a = arena_new();
        WordParams params = {.escape = '\\', .env = &env};
        const char *const *words;
        size_t count;
        char got[128] = "";
        assert_int_equal(word_expand_list(a, &params, text, &words, &count, NULL), 0);
        for (size_t i = 0; i < count; i++) strcat(strcat(got, words[i]), "|");
        assert_string_equal(got, want);
}

static void test_list(void **state) {
        (void)state;
        assert_list("$Q", "81|82/udp|");
        assert_list("\"$Q\" '80' a\\ b", "81 82/udp|80|a b|");
        assert_list("x$Q\ty", "x81|82/udp|y|");
        assert_list("  ", "");
        assert_list("$U \"\"", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),  cmocka_unit_test(test_quotes),       cmocka_unit_test(test_choices),
                cmocka_unit_test(test_strips), cmocka_unit_test(test_replacements), cmocka_unit_test(test_bad),
                cmocka_unit_test(test_depth),  cmocka_unit_test(test_growth),       cmocka_unit_test(test_modes),
                cmocka_unit_test(test_list),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
