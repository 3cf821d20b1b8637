/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "inspect/structure_test.h"

#define V2 "schemaVersion: \"2.0.0\"\n"

static StructureFile *parse(const char *path, const char *text) {
        AUTO(err_freep) Err *e = NULL;
        StructureFile *f = NULL;
        if (structure_file_parse(path, str_of(text), &f, &e) < 0) fail_msg("%s", err_message(e));
        return f;
}

static void test_command(void **state) {
        (void)state;
        AUTO(structure_file_freep)
        StructureFile *f = parse("t.yaml", V2 "globalEnvVars: [{key: A, value: 1}]\n"
                                              "commandTests:\n"
                                              "- name: all\n"
                                              "  args: [-c, 8080, true]\n"
                                              "  command: sh\n"
                                              "  setup: [[a, b], [c]]\n"
                                              "  teardown: [[d]]\n"
                                              "  envVars: [{key: B, value: ''}]\n"
                                              "  exitCode: 3\n"
                                              "  expectedOutput: ['\\d']\n"
                                              "  excludedOutput: [a, b]\n"
                                              "  expectedError: [c]\n"
                                              "  excludedError: [d]\n");
        const CommandTest *t = f->commands.v;
        assert_int_equal(f->commands.n, 1);
        assert_int_equal(t->line, 4);
        assert_string_equal(t->name, "all");
        assert_int_equal(t->argv.n, 4); /* the program first, wherever it stands; scalars are texts */
        assert_string_equal(t->argv.v[0], "sh");
        assert_string_equal(t->argv.v[2], "8080");
        assert_string_equal(t->argv.v[3], "true");
        assert_int_equal(t->setup.n, 2);
        assert_string_equal(t->setup.v[0].v[1], "b");
        assert_string_equal(t->teardown.v[0].v[0], "d");
        assert_string_equal(t->env.v[0].value, "");
        assert_string_equal(f->global_env.v[0].value, "1");
        assert_int_equal(t->exit_code, 3);
        assert_string_equal(pattern_text(t->expected_output.v[0]), "\\d");
        assert_int_equal(t->excluded_output.n, 2);
        assert_int_equal(t->expected_error.n + t->excluded_error.n, 2);
}

static void test_files_and_metadata(void **state) {
        (void)state;
        AUTO(structure_file_freep)
        StructureFile *f =
                parse("t.yaml", V2 "fileExistenceTests:\n"
                                   "- {name: a, path: /a}\n"
                                   "- {name: b, path: /b, shouldExist: no, uid: 3, gid: 4, isExecutableBy: other}\n"
                                   "fileContentTests:\n"
                                   "- {name: c, path: /c, expectedContents: [x], excludedContents: [y]}\n"
                                   "metadataTest:\n"
                                   "  envVars: [{key: A, value: '^b', isRegex: true}, {key: C, value: d}]\n"
                                   "  unboundEnvVars: [{key: E}, F]\n"
                                   "  exposedPorts: [8080, '53/udp']\n"
                                   "  entrypoint: []\n"
                                   "  user: 65532\n"
                                   "licenseTests: [{debian: true, files: [/l]}]\n"
                                   "containerRunOptions: {user: root, privileged: true, bindMounts: ['/a:/b']}\n");
        assert_true(f->existences.v[0].should_exist);
        assert_int_equal(f->existences.v[0].uid, -1);
        assert_false(f->existences.v[1].should_exist);
        assert_int_equal(f->existences.v[1].gid, 4);
        assert_string_equal(f->existences.v[1].executable_by, "other");
        assert_int_equal(f->contents.v[0].expected.n, 1);
        assert_non_null(f->metadata.env.v[0].pattern);
        assert_null(f->metadata.env.v[1].pattern);
        assert_string_equal(f->metadata.unbound_env.v[1].key, "F");
        assert_string_equal(f->metadata.exposed_ports.v[0], "8080");
        assert_true(f->metadata.has_entrypoint);
        assert_false(f->metadata.has_cmd);
        assert_string_equal(f->metadata.user, "65532");
        assert_null(f->metadata.workdir);
        assert_true(f->licenses.v[0].debian);
        assert_string_equal(f->run_options.bind_mounts.v[0], "/a:/b");
}

static void test_schema_1(void **state) {
        (void)state;
        AUTO(structure_file_freep)
        StructureFile *f = parse("t.yaml", "schemaVersion: 1.0.0\n"
                                           "commandTests: [{name: a, command: [echo, x]}]\n"
                                           "fileExistenceTests: [{name: d, path: /d, isDirectory: true}]\n");
        assert_int_equal(f->commands.v[0].argv.n, 2);
        assert_string_equal(f->commands.v[0].argv.v[1], "x");
        assert_true(f->existences.v[0].is_directory);
}

static void test_json(void **state) {
        (void)state;
        AUTO(structure_file_freep)
        StructureFile *f = parse(
                "t.json", "{\"schemaVersion\": \"2.0.0\",\n \"fileExistenceTests\": [\n  {\"name\": \"a\", \"path\": "
                          "\"/a\", \"shouldExist\": false, \"uid\": 0}]}");
        assert_int_equal(f->existences.v[0].line, 3);
        assert_false(f->existences.v[0].should_exist);
        assert_int_equal(f->existences.v[0].uid, 0);
}

/* part must be in the message or the hints. */
static void refused(const char *text, const char *message, const char *hint) {
        AUTO(err_freep) Err *e = NULL;
        StructureFile *f = NULL;
        if (structure_file_parse("t.yaml", str_of(text), &f, &e) == 0) {
                structure_file_free(f);
                fail_msg("taken: %s", text);
        }
        assert_null(f);
        assert_int_equal(err_kind(e), ERR_SYNTAX);
        if (!strstr(err_message(e), message)) fail_msg("'%s' is not in: %s", message, err_message(e));
        if (hint && !strstr(err_hints(e), hint)) fail_msg("'%s' is not in: %s", hint, err_hints(e));
}

static void test_errors(void **state) {
        (void)state;
        refused("", "t.yaml:1: a structure test file: a map is expected", NULL);
        refused("commandTests: []\n", "t.yaml:1: the key schemaVersion is missing", "schemaVersion: \"2.0.0\"");
        refused("schemaVersion: 3\n", "t.yaml:1: schemaVersion: '3' is not known", "\"1.0.0\"");
        refused(V2, "there is no test in this file", "commandTests");
        refused(V2 "commandTest: []\n", "t.yaml:2: a structure test file has no key 'commandTest'",
                "did you mean 'commandTests'?");
        refused(V2 "commandTests:\n- name: a\n  commend: b\n", "t.yaml:4: a command test has no key 'commend'",
                "did you mean 'command'?");
        refused(V2 "metadataTest: {zzzz: 1}\n", "the metadata test has no key 'zzzz'", "keys: envVars, ");
        refused(V2 "commandTests:\n- command: a\n", "t.yaml:3: a command test needs 'name'", NULL);
        refused(V2 "commandTests:\n- {name: a, args: [b]}\n", "a command test needs 'command'", NULL);
        refused(V2 "commandTests:\n- {name: a, command: [b]}\n", "command: a text is expected, not a list", "args");
        refused("schemaVersion: 1.0.0\ncommandTests:\n- {name: a, command: b}\n", "command: a list", "2.0.0");
        refused(V2 "commandTests: {name: a}\n", "commandTests: a list is expected, not a map", NULL);
        refused(V2 "commandTests: [{name: a, command: b, expectedOutput: [x,\n '(']}]\n",
                "t.yaml:3: expectedOutput: regular expression '('", NULL);
        refused(V2 "commandTests: [{name: a, command: b, expectedOutput: ['(?=x)']}]\n", "RE2", "re2");
        refused(V2 "commandTests: [{name: a, command: b, expectedOutput: x}]\n", "a list of regular expressions", NULL);
        refused(V2 "commandTests: [{name: a, command: b, setup: [c]}]\n", "setup: each command is a list", NULL);
        refused(V2 "commandTests: [{name: a, command: b, exitCode: x}]\n", "exitCode: 'x' is not a number", NULL);
        refused(V2 "commandTests: [{name: a, command: b, envVars: [{key: A}]}]\n", "'A' has no value", NULL);
        refused(V2 "commandTests: [{name: a, command: b, envVars: [{value: A}]}]\n", "without a key", NULL);
        refused(V2 "metadataTest: {labels: [{key: a, vaule: b}]}\n", "labels has no key 'vaule'",
                "did you mean 'value'?");
        refused(V2 "fileExistenceTests: [{name: a}]\n", "a file existence test needs 'path'", NULL);
        refused(V2 "fileExistenceTests: [{name: a, path: b, shouldExist: 7}]\n", "'7' is neither true nor false", NULL);
        refused(V2 "fileExistenceTests: [{name: a, path: b, isDirectory: true}]\n", "has no key 'isDirectory'", NULL);
        refused(V2 "fileExistenceTests: [{name: a, path: b, isExecutableBy: me}]\n",
                "'me' is none of: owner group other any", NULL);
        refused(V2 "metadataTest: {labels: [{key: a, value: '[', isRegex: true}]}\n", "labels: regular expression '['",
                NULL);
        refused(V2 "a: b: c\n", "t.yaml:2: ", NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_command),  cmocka_unit_test(test_files_and_metadata),
                cmocka_unit_test(test_schema_1), cmocka_unit_test(test_json),
                cmocka_unit_test(test_errors),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
