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
#include "cli/args.h"

static size_t words_of(char *text, char **ret_words) {
        size_t n = 0;
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) ret_words[n++] = word;
        return n;
}

/* The line lives as long as the arguments: both end with the test. */
typedef struct Line {
        char *text;
        char *words[32];
        Args args;
} Line;

static void line_done(Line *l) {
        args_done(&l->args);
        free(l->text);
}

static int line_parse(Line *l, const char *text, Err **e) {
        l->text = xstrdup(text);
        return args_parse(l->words, words_of(l->text, l->words), &l->args, e);
}

static void parse(Line *l, const char *text) {
        AUTO(err_freep) Err *e = NULL;
        if (line_parse(l, text, &e) < 0) fail_msg("%s: %s", text, err_message(e));
}

static void refuse(const char *text, ErrKind kind, const char *message, const char *hint) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(line_done) Line l = {0};
        if (line_parse(&l, text, &e) == 0) fail_msg("'%s' was accepted", text);
        assert_int_equal(err_kind(e), kind);
        assert_string_equal(err_message(e), message);
        if (hint && !strstr(err_hints(e), hint)) fail_msg("'%s' is not in hints '%s'", hint, err_hints(e));
}

static void test_values(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "--root /r build -t a --tag=b -tc . -t=d --no-cache --target x --target y -q=false");
        assert_string_equal(l.args.command->name, "build");
        assert_string_equal(args_text(&l.args, "root"), "/r");
        assert_string_equal(args_text(&l.args, "target"), "y");
        assert_true(args_flag(&l.args, "no-cache"));
        assert_false(args_flag(&l.args, "quiet"));
        assert_false(args_flag(&l.args, "load"));
        assert_null(args_text(&l.args, "file"));
        static const char *const tags[] = {"a", "b", "c", "d"};
        size_t n = 0;
        const char *tag;
        for (size_t i = 0; (tag = args_next(&l.args, "tag", &i)); n++) assert_string_equal(tag, tags[n]);
        assert_int_equal(n, 4);
        assert_int_equal(l.args.operands.n, 1);
}

static void test_global_after_command(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "images --root /s -D");
        assert_string_equal(args_text(&l.args, "root"), "/s");
        assert_true(args_flag(&l.args, "debug"));
}

static void test_letters(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "run -it -eA=1 -h box --rm img sh -c -x --root");
        assert_true(args_flag(&l.args, "interactive") && args_flag(&l.args, "tty") && args_flag(&l.args, "rm"));
        assert_string_equal(args_text(&l.args, "env"), "A=1");
        assert_string_equal(args_text(&l.args, "hostname"), "box");
        assert_int_equal(l.args.operands.n, 5); /* what follows the image is the container's */
        assert_string_equal(l.args.operands.v[4], "--root");
}

static void test_double_dash(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "build -f - -- -x");
        assert_string_equal(l.args.operands.v[0], "-x");
        assert_string_equal(args_text(&l.args, "file"), "-");
}

static void test_ignored(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "build --builder x --pull=false --isolation y . --provenance=false --push=false --call build");
        size_t i = 0;
        assert_string_equal(args_next_ignored(&l.args, &i)->name, "builder");
        assert_string_equal(args_next_ignored(&l.args, &i)->name, "isolation");
        assert_null(args_next_ignored(&l.args, &i));
}

static void test_sizes(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        AUTO(err_freep) Err *e = NULL;
        uint64_t size = 7;
        parse(&l, "build --memory 64m --shm-size x .");
        assert_int_equal(args_size(&l.args, "memory", &size, NULL), 0);
        assert_int_equal(size, 64 << 20);
        assert_true(args_size(&l.args, "shm-size", &size, &e) < 0);
        assert_true(starts_with(err_message(e), "--shm-size: "));
}

static void test_help_needs_no_operand(void **state) {
        (void)state;
        AUTO(line_done) Line l = {0};
        parse(&l, "tag --help");
        assert_true(args_flag(&l.args, "help"));
        AUTO(line_done) Line version = {0};
        parse(&version, "-v");
        assert_true(args_flag(&version.args, "version"));
        assert_null(version.args.command);
}

static void test_errors(void **state) {
        (void)state;
        refuse("image", ERR_USAGE, "'image' is not a command", "did you mean 'images'?");
        refuse("build --tagg x .", ERR_USAGE, "unknown option '--tagg' of decant build", "did you mean '--tag'?");
        refuse("images -x", ERR_USAGE, "unknown option '-x' of decant images", "decant help images");
        refuse("--what", ERR_USAGE, "unknown option '--what'", "decant help lists the options");
        refuse("build . --tag", ERR_USAGE, "--tag needs a value: --tag NAME[:TAG]", NULL);
        refuse("build --no-cache=perhaps .", ERR_USAGE, "--no-cache takes true or false, not 'perhaps'", NULL);
        refuse("build --progress fancy .", ERR_USAGE, "'fancy' is not a value of --progress",
               "auto plain tty rawjson quiet none");
        refuse("build", ERR_USAGE, "decant build needs an operand: PATH | URL | -", "usage: decant build");
        refuse("build a b", ERR_USAGE, "decant build: 'b' is one operand too many", NULL);
        refuse("df x", ERR_USAGE, "decant df: 'x' is one operand too many", NULL);
        refuse("build --push .", ERR_UNSUPPORTED,
               "--push is not supported: there is no registry client yet; write an archive with -o type=oci,dest=FILE "
               "and send that",
               NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_global_after_command),
                cmocka_unit_test(test_letters),
                cmocka_unit_test(test_double_dash),
                cmocka_unit_test(test_ignored),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_help_needs_no_operand),
                cmocka_unit_test(test_errors),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
