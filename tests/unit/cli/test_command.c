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
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/help.h"

static void check_option(const Option *o) {
        if (!o->name || !*o->name || !o->help || !*o->help)
                fail_msg("option '%s' lacks its name or help", o->name ? o->name : "?");
        if ((o->kind == OPTION_FLAG) != (o->value == NULL))
                fail_msg("--%s: only options with a value name it", o->name);
        if ((o->state != OPTION_SERVED) != (o->note != NULL))
                fail_msg("--%s: a note belongs to what is not served", o->name);
        if (ends_with(o->help, ".")) fail_msg("--%s: help ends in a full stop", o->name);
        if (o->kind == OPTION_FLAG && o->choices) fail_msg("--%s: a flag has no choices", o->name);
}

static void check_options(const char *owner, const Option *options, size_t count) {
        for (size_t i = 0; i < count; i++) {
                check_option(&options[i]);
                if (i > 0 && strcmp(options[i - 1].name, options[i].name) >= 0)
                        fail_msg("%s: --%s is out of order", owner, options[i].name);
                for (size_t j = 0; j < i; j++) {
                        if (options[i].letter && options[i].letter == options[j].letter)
                                fail_msg("%s: -%c twice", owner, options[i].letter);
                }
        }
}

static void test_options(void **state) {
        (void)state;
        size_t count, global_count;
        const Command *table = command_table(&count);
        const Option *global = global_options(&global_count);
        check_options("global", global, global_count);
        for (size_t i = 0; i < count; i++)
                check_options(table[i].name, table[i].options->rows, table[i].options->count);
}

static void test_commands(void **state) {
        (void)state;
        size_t count;
        const Command *table = command_table(&count);
        assert_int_equal(count, COMMAND_ID_MAX);
        for (size_t i = 0; i < count; i++) {
                assert_int_equal(table[i].id, i);
                assert_true(table[i].help && *table[i].help && table[i].operands);
                assert_true(table[i].operand_min <= table[i].operand_max);
                assert_ptr_equal(command_find(table[i].name), &table[i]);
        }
        assert_null(command_find("nothing"));
        assert_false(command_find("version")->uses_store);
        assert_false(command_find("help")->uses_store);
        assert_false(command_find("completion")->uses_store);
}

/* What is in the table is in everything that is made of it. */
static void check_mentions(const Buf *text, const char *what, const char *needle) {
        if (!strstr(text->p, needle)) fail_msg("%s does not mention '%s'", what, needle);
}

static void test_outputs_cover_the_table(void **state) {
        (void)state;
        static const struct {
                const char *name;
                void (*make)(Buf *out);
                bool troff, long_only;
        } makers[] = {
                {"bash", completion_bash, false, false},
                {"zsh", completion_zsh, false, false},
                {"fish", completion_fish, false, true},
                {"man", manual_page, true, false},
        };
        size_t count;
        const Command *table = command_table(&count);
        for (size_t m = 0; m < ARRAY_SIZE(makers); m++) {
                AUTO(buf_done) Buf text = {0};
                makers[m].make(&text);
                for (size_t i = 0; i < count; i++) {
                        if (table[i].hidden) continue;
                        check_mentions(&text, makers[m].name, table[i].name);
                        if (makers[m].troff) continue;
                        for (size_t j = 0; j < table[i].options->count; j++) {
                                if (table[i].options->rows[j].state == OPTION_UNSUPPORTED) continue;
                                AUTO(freep)
                                char *option = xasprintf("%s%s", makers[m].long_only ? "-l " : "--",
                                                         table[i].options->rows[j].name);
                                check_mentions(&text, makers[m].name, option);
                        }
                }
                assert_null(strstr(text.p, "_sync"));
        }
}

static void test_help(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        help_command(command_find("tag"), &text);
        assert_string_equal(text.p,
                            "Usage:  decant tag IMAGE NAME[:TAG]\n\nGive an image a further name\n\nGlobal options:\n"
                            "  -D, --debug           Say more in messages\n"
                            "      --help            Show help\n"
                            "      --root DIRECTORY  Where the store is (default: $DECANT_ROOT)\n"
                            "      --version         Show the version\n");
        buf_clear(&text);
        help_command(command_find("build"), &text);
        assert_non_null(strstr(text.p, "  -t, --tag NAME[:TAG]             Name the image in the local store\n"));
        assert_non_null(strstr(text.p, "\nAccepted and ignored:\n"));
        assert_non_null(strstr(text.p, "\nNot supported:\n"));
        /* no line is wider than a terminal usually is */
        Str rest = buf_str(&text), line;
        while (str_cut(&rest, '\n', &line)) assert_true(line.n <= 110);
}

static void test_exit(void **state) {
        (void)state;
        size_t count;
        const ExitRow *rows = exit_rows(&count);
        for (size_t i = 1; i < count; i++) assert_true(rows[i - 1].status < rows[i].status);
        for (int kind = 0; kind <= ERR_KIND_MAX; kind++) {
                ExitStatus status = exit_status_of((ErrKind)kind);
                bool known = false;
                for (size_t i = 0; i < count; i++) known = known || rows[i].status == status;
                assert_true(known && status != EXIT_DONE);
        }
        assert_int_equal(exit_status_of(ERR_USAGE), 2);
        assert_int_equal(exit_status_of(ERR_STEP), 4);
        assert_int_equal(exit_status_of(ERR_NO_SPACE), 8);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options),
                cmocka_unit_test(test_commands),
                cmocka_unit_test(test_outputs_cover_the_table),
                cmocka_unit_test(test_help),
                cmocka_unit_test(test_exit),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
