/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void sources_and_destination(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM scratch\nWORKDIR /w\nARG S=a.txt\n"
                                 "COPY --chown=1:2 --chmod=0640 --link --exclude=*.md --exclude=x $S [b] sub/../d/\n"),
                0);
        const PlanCopy *copy = &last_step(f.plan)->copy;
        assert_int_equal(copy->source_count, 2);
        assert_string_equal(copy->sources[0], "a.txt");
        assert_string_equal(copy->sources[1], "[b]");
        assert_string_equal(copy->destination, "/w/d/");
        assert_string_equal(copy->context, "");
        assert_string_equal(copy->chown, "1:2");
        assert_string_equal(copy->chmod, "0640");
        assert_int_equal(copy->exclude_count, 2);
        assert_true(copy->link);
        assert_false(copy->add);
        assert_int_equal(copy->unpack, -1);
        assert_true(f.plan->context_needed);
        assert_string_equal(history_at(f.plan, 2), "COPY --chown=1:2 --chmod=0640 a.txt [b] sub/../d/ # buildkit");
        assert_int_equal(fixture_plan(&f, "FROM scratch\nCOPY a .\n"), 0);
        assert_string_equal(last_step(f.plan)->copy.destination, "/");
        fixture_done(&f);
}

static void heredocs(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM scratch\nENV V=val\nCOPY a <<one <<'two' /d/\n\"$V\" '$V' \\$V\none\n$V\ntwo\n"),
                0);
        const PlanCopy *copy = &last_step(f.plan)->copy;
        assert_int_equal(copy->source_count, 1);
        assert_int_equal(copy->inline_count, 2);
        assert_string_equal(copy->inlines[0].name, "one");
        assert_string_equal(copy->inlines[0].data, "\"val\" 'val' $V\n");
        assert_string_equal(copy->inlines[1].data, "$V\n");
        assert_string_equal(history_at(f.plan, 1), "COPY a <<one <<two /d/ # buildkit");
        fixture_done(&f);
}

static void refusals(void **state) {
        (void)state;
        static const struct {
                const char *line, *text;
                ErrKind kind;
        } rows[] = {{"COPY http://h/x /x", "URL", ERR_SYNTAX},
                    {"ADD --checksum=sha256:00 a /x", "checksum", ERR_SYNTAX},
                    {"COPY --chmod=999 a /x", "octal", ERR_SYNTAX},
                    {"COPY --chmod=rwx a /x", "chmod", ERR_SYNTAX},
                    {"COPY --from=3 a /x", "invalid stage index", ERR_SYNTAX},
                    {"COPY --from=0 a /x", "defined before", ERR_SYNTAX}};
        Fixture f;
        fixture_init(&f);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\n%s\n", rows[i].line);
                assert_int_equal(fixture_plan(&f, text), -1);
                assert_int_equal(err_kind(f.error), rows[i].kind);
                assert_non_null(strstr(err_message(f.error), rows[i].text));
                assert_non_null(strstr(err_message(f.error), "Dockerfile:2"));
                assert_non_null(err_excerpt_text(f.error));
        }
        static const char *const good[] = {"u=rwX,go=rX", "a+x", "+x", "0", "07777", "u+x-w"};
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\nCOPY --chmod=%s a /x\n", good[i]);
                assert_int_equal(fixture_plan(&f, text), 0);
        }
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(sources_and_destination), cmocka_unit_test(heredocs),
                                           cmocka_unit_test(refusals)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
