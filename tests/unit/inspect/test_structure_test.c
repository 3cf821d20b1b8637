/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "inspect/structure_internal.h"
#include "os/fs.h"

#define V2 "schemaVersion: \"2.0.0\"\n"

/* A tree of one layer, a configuration, and a runner that does what its script says. */
typedef struct Fixture {
        char *dir;
        View *root;
        ImageConfig config;
        StructureRunner runner;
        Buf log; /* what the runner was asked for, one line each */
        ErrKind begin_error, run_error;
        StructureReport report;
        unsigned heard;
} Fixture;

static void put(const Fixture *f, const char *path, const char *text, mode_t mode) {
        AUTO(freep) char *whole = xasprintf("%s/%s", f->dir, path);
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(file_write_atomic(AT_FDCWD, whole, text, strlen(text), mode, &e), 0);
        assert_int_equal(chmod(whole, mode), 0);
}

static void put_dir(const Fixture *f, const char *path, mode_t mode) {
        AUTO(freep) char *whole = xasprintf("%s/%s", f->dir, path);
        assert_int_equal(dir_make_all(AT_FDCWD, whole, 0755, NULL), 0);
        assert_int_equal(chmod(whole, mode), 0);
}

static int begin(void *context, const StructureRunOptions *options, StrVec *ret_base_env, Err **e) {
        Fixture *f = context;
        buf_addf(&f->log, "begin %s\n", options->user ? options->user : "-");
        strvec_env_set(ret_base_env, "BASE", "base");
        return f->begin_error ? err_new(e, f->begin_error, "no beginning") : 0;
}

/* "echo A..." says the rest on both streams; "exit N", "late", "killed" do so; "env NAME" prints a variable. */
static int run(void *context, const StructureCommand *c, StructureCommandResult *ret, Err **e) {
        Fixture *f = context;
        buf_addf(&f->log, "%s", c->is_preparation ? "prepare" : "run");
        for (size_t i = 0; i < c->argv->n; i++) buf_addf(&f->log, " %s", c->argv->v[i]);
        buf_addc(&f->log, '\n');
        if (f->run_error) return err_new(e, f->run_error, "no running");
        const char *program = c->argv->v[0], *second = c->argv->n > 1 ? c->argv->v[1] : "";
        if (streq(program, "echo")) {
                buf_addf(&ret->output, "%s\n", second);
                buf_addf(&ret->errors, "errors of %s\n", second);
        }
        if (streq(program, "env")) buf_addf(&ret->output, "%s\n", strvec_env_get(c->env, second));
        if (streq(program, "exit")) ret->status = atoi(second);
        ret->timed_out = streq(program, "late");
        ret->out_of_memory = streq(program, "killed");
        return 0;
}

static void end(void *context) {
        Fixture *f = context;
        buf_adds(&f->log, "end\n");
}

static void hear(void *context, const StructureResult *result) {
        Fixture *f = context;
        assert_non_null(result->name);
        f->heard++;
}

static int set_up(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        AUTO(strvec_done) StrVec dirs = {0};
        f->dir = xstrdup("/tmp/decant-structure-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        put_dir(f, "etc", 0755);
        put_dir(f, "tmp", 01777);
        put_dir(f, "usr/share/doc/free", 0755);
        put(f, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0644);
        put(f, "etc/tool", "x", 04751);
        put(f, "usr/share/doc/free/copyright", "MIT\n", 0644);
        AUTO(freep) char *link = xasprintf("%s/etc/link", f->dir);
        assert_int_equal(symlink("/etc/passwd", link), 0);
        strvec_push(&dirs, f->dir);
        assert_int_equal(view_open(&dirs, &f->root, NULL), 0);
        image_config_init(&f->config);
        strvec_push(&f->config.env, "PATH=/bin");
        strvec_push(&f->config.env, "WHERE=/etc");
        strvec_push(&f->config.exposed_ports, "8080/tcp");
        strvec_push(&f->config.volumes, "/data");
        strvec_push(&f->config.entrypoint, "/run");
        f->config.working_dir = xstrdup("/work");
        f->config.user = xstrdup("65532");
        image_config_set_label(&f->config, "version", "1.2");
        f->runner = (StructureRunner){.context = f, .timeout_s = 7, .begin = begin, .run = run, .end = end};
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        structure_report_done(&f->report);
        view_free(f->root);
        image_config_done(&f->config);
        buf_done(&f->log);
        tree_remove(AT_FDCWD, f->dir, NULL);
        free(f->dir);
        free(f);
        return 0;
}

static int run_text(Fixture *f, const char *text, bool with_runner, Err **e) {
        AUTO(structure_file_freep) StructureFile *file = NULL;
        AUTO(freep) char *whole = xasprintf(V2 "%s", text);
        if (structure_file_parse("t.yaml", str_of(whole), &file, e) < 0) fail_msg("%s", err_message(*e));
        StructureRunParams params = {f->root, &f->config, with_runner ? &f->runner : NULL, hear, f};
        structure_report_done(&f->report);
        f->report = (StructureReport){0};
        buf_clear(&f->log);
        int r = structure_file_run(file, &params, &f->report, e);
        for (size_t i = 0; i < f->report.results.n; i++)
                f->report.results.v[i].file = NULL; /* the file's memory goes */
        return r;
}

static void passes(Fixture *f, const char *text) {
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(run_text(f, text, true, &e), 0);
        for (size_t i = 0; i < f->report.results.n; i++) {
                const StructureResult *r = &f->report.results.v[i];
                if (r->failures.n) fail_msg("%s: %s", r->name, r->failures.v[0]);
                assert_int_equal(r->status, STRUCTURE_PASSED);
        }
        assert_int_equal(f->report.passed, f->report.results.n);
        assert_true(f->report.passed > 0);
}

/* The only test fails with exactly this, and with count lines in all. */
static void fails(Fixture *f, const char *text, size_t count, const char *failure) {
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(run_text(f, text, true, &e), 0);
        assert_int_equal(f->report.failed, 1);
        assert_int_equal(f->report.results.n, 1);
        const StructureResult *r = f->report.results.v;
        for (size_t i = 0; i < r->failures.n; i++) print_message("%s\n", r->failures.v[i]);
        assert_int_equal(r->status, STRUCTURE_FAILED);
        assert_int_equal(r->failures.n, count);
        assert_string_equal(r->failures.v[0], failure);
}

#define EXISTENCE(body) "fileExistenceTests: [{name: n, path: " body "}]\n"
#define CONTENT(body) "fileContentTests: [{name: n, path: " body "}]\n"
#define METADATA(body) "metadataTest: {" body "}\n"
#define COMMAND(body) "commandTests: [{name: n, command: " body "}]\n"

static void test_existence(void **state) {
        Fixture *f = *state;
        AUTO(freep) char *owner = xasprintf(EXISTENCE("/etc/passwd, uid: %u, gid: %u"), getuid(), getgid());
        AUTO(freep) char *other = xasprintf("expected '/etc/passwd' to belong to user 4711, found %u", getuid());
        passes(f, EXISTENCE("/etc/passwd, permissions: -rw-r--r--"));
        passes(f, owner);
        passes(f, EXISTENCE("/etc/tool, permissions: urwxr-x--x, isExecutableBy: owner"));
        passes(f, EXISTENCE("/etc/tool, permissions: -rwsr-x--x, isExecutableBy: any"));
        passes(f, EXISTENCE("/etc/link, permissions: Lrwxrwxrwx"));
        passes(f, EXISTENCE("$WHERE/link, permissions: lrwxrwxrwx"));
        passes(f, EXISTENCE("/tmp, permissions: dtrwxrwxrwx"));
        passes(f, EXISTENCE("/nothing, shouldExist: false"));
        fails(f, EXISTENCE("/nothing"), 1, "expected '/nothing' to exist, found nothing there");
        fails(f, EXISTENCE("/etc, shouldExist: false"), 1, "expected '/etc' not to exist, found it");
        fails(f, EXISTENCE("/tmp, permissions: drwxrwxrwx"), 1,
              "expected the permissions of '/tmp' to be drwxrwxrwx, found dtrwxrwxrwx");
        fails(f, EXISTENCE("/etc/passwd, isExecutableBy: group"), 1,
              "expected '/etc/passwd' to be executable by group, found -rw-r--r--");
        fails(f, EXISTENCE("/etc/passwd, uid: 4711, gid: 4711"), 2, other);
}

static void test_content(void **state) {
        Fixture *f = *state;
        passes(f, CONTENT("/etc/passwd, expectedContents: ['^root:\\w:\\d+'], excludedContents: [bash]"));
        passes(f, CONTENT("/etc/link, expectedContents: ['sh\\n$']"));
        fails(f, CONTENT("/etc/passwd, expectedContents: [bash]"), 1,
              "expected the content of '/etc/passwd' to match 'bash', found 'root:x:0:0:root:/root:/bin/sh\\n'");
        fails(f, CONTENT("/etc/passwd, excludedContents: ['o{2}']"), 1,
              "expected the content of '/etc/passwd' not to match 'o{2}', found 'root:x:0:0:root:/root:/bin/sh\\n'");
        fails(f, CONTENT("/etc, expectedContents: [x]"), 1, "expected '/etc' to be a file, found none");
        fails(f, CONTENT("/nothing"), 1, "expected '/nothing' to be a file, found none");
}

static void test_metadata(void **state) {
        Fixture *f = *state;
        passes(f, METADATA("envVars: [{key: PATH, value: /bin}, {key: WHERE, value: '^/e', isRegex: true}], "
                           "unboundEnvVars: [X]"));
        passes(f, METADATA("labels: [{key: version, value: '\\d\\.\\d', isRegex: true}]"));
        passes(f, METADATA("exposedPorts: [8080, 8080/tcp], unexposedPorts: [80, 8080/udp]"));
        passes(f, METADATA("volumes: [/data], unmountedVolumes: [/other]"));
        passes(f, METADATA("entrypoint: [/run], cmd: [], workdir: /work, user: 65532"));
        fails(f, METADATA("envVars: [{key: PATH, value: /b}]"), 1,
              "expected the variable 'PATH' to be '/b', found '/bin'");
        fails(f, METADATA("envVars: [{key: X, value: 1}]"), 1, "expected the variable 'X', found none of that name");
        fails(f, METADATA("unboundEnvVars: [PATH]"), 1, "expected no variable 'PATH', found it with the value '/bin'");
        fails(f, METADATA("labels: [{key: version, value: '^2', isRegex: true}]"), 1,
              "expected the label 'version' to match '^2', found '1.2'");
        fails(f, METADATA("exposedPorts: [80]"), 1, "expected the port '80', found it not");
        fails(f, METADATA("unexposedPorts: [8080]"), 1, "expected no port '8080', found it");
        fails(f, METADATA("volumes: [/x], unmountedVolumes: [/data]"), 2, "expected the volume '/x', found it not");
        fails(f, METADATA("entrypoint: []"), 1, "expected the entrypoint [], found ['/run']");
        fails(f, METADATA("cmd: [a, b]"), 1, "expected the command ['a', 'b'], found []");
        fails(f, METADATA("workdir: /, user: root"), 2, "expected the working directory '/', found '/work'");
}

static void test_license(void **state) {
        Fixture *f = *state;
        passes(f, "licenseTests: [{debian: true}]\n");
        put(f, "etc/license", "GNU agpl 3\n", 0644);
        fails(f, "licenseTests: [{files: [/etc/license]}]\n", 1,
              "expected no license AGPL, found it in '/etc/license'");
        put_dir(f, "usr/share/doc/bare", 0755);
        fails(f, "licenseTests: [{debian: true}]\n", 1,
              "expected '/usr/share/doc/bare/copyright' to be a file, found none");
}

static void test_command(void **state) {
        Fixture *f = *state;
        passes(f, COMMAND("echo, args: ['a b'], expectedOutput: ['^a b\\n$'], excludedOutput: [errors], expectedError: "
                          "[errors], "
                          "excludedError: [x]"));
        assert_string_equal(f->report.results.v[0].output, "a b\n");
        assert_string_equal(f->report.results.v[0].errors, "errors of a b\n");
        passes(f, COMMAND("exit, args: [3], exitCode: 3"));
        passes(f, "globalEnvVars: [{key: G, value: '${BASE}$NOT'}]\n" COMMAND(
                          "env, envVars: [{key: V, value: $G+}], args: [V], expectedOutput: ['^base\\+']"));
        fails(f, COMMAND("echo, args: [a], expectedOutput: [b]"), 1,
              "expected standard output to match 'b', found 'a\\n'");
        fails(f, COMMAND("echo, args: [a], excludedError: [of]"), 1,
              "expected standard error not to match 'of', found 'errors of a\\n'");
        fails(f, COMMAND("exit, args: [2], expectedOutput: [x]"), 2,
              "expected standard output to match 'x', found nothing");
        fails(f, COMMAND("exit, args: [127]"), 1,
              "expected exit status 0, found 127 (the program is not in the image)");
        fails(f, COMMAND("exit, args: [137]"), 1, "expected exit status 0, found 137 (ended by a signal)");
        fails(f, COMMAND("late, expectedOutput: [x]"), 1, "expected the command to end within 7 s");
        fails(f, COMMAND("killed"), 1, "the command was killed for lack of memory");
}

static void test_setup_and_teardown(void **state) {
        Fixture *f = *state;
        passes(f, "containerRunOptions: {user: me}\n" COMMAND(
                          "exit, args: ['0'], setup: [[echo, $BASE, $NOT]], teardown: [[a]]"));
        assert_string_equal(f->log.p, "begin me\nprepare echo base $NOT\nrun exit 0\nprepare a\nend\n");
        fails(f, COMMAND("exit, setup: [[exit, '4']], teardown: [[a]]"), 1,
              "expected setup command 1 ('exit') to end with status 0, found 4 and on standard error ''");
        assert_string_equal(f->log.p, "begin -\nprepare exit 4\nprepare a\nend\n");
        fails(f, COMMAND("echo, teardown: [[a], [late]]"), 1, "expected teardown command 2 ('late') to end within 7 s");
}

static void test_skipped(void **state) {
        Fixture *f = *state;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(run_text(f, COMMAND("a") EXISTENCE("/etc"), false, &e), 0);
        assert_int_equal(f->report.skipped, 1);
        assert_int_equal(f->report.passed, 1);
        assert_int_equal(f->heard, 2);
        assert_string_equal(f->report.results.v[0].name, "Command Test: n");
        assert_string_equal(f->report.results.v[1].name, "File Existence Test: n");
}

/* What one test did wrong is that test's failure; what no test can do without ends everything. */
static void test_errors(void **state) {
        Fixture *f = *state;
        AUTO(err_freep) Err *e = NULL;
        f->begin_error = ERR_NOT_FOUND;
        fails(f, COMMAND("a"), 1, "no beginning");
        assert_string_equal(f->log.p, "begin -\nend\n");
        f->begin_error = 0;
        f->run_error = ERR_SYS;
        fails(f, COMMAND("a, teardown: []"), 1, "no running");
        f->run_error = ERR_DENIED;
        assert_int_equal(run_text(f, COMMAND("a, teardown: [[b]]") EXISTENCE("/etc"), true, &e), -1);
        assert_int_equal(err_kind(e), ERR_DENIED);
        assert_string_equal(err_message(e), "t.yaml:2: Command Test: n: no running");
        assert_string_equal(f->log.p, "begin -\nrun a\nend\n");
}

static void test_quote(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        for (int i = 0; i < STRUCTURE_FOUND_MAX; i++) buf_adds(&text, i == 0 ? "\n" : "\u00e9");
        AUTO(freep) char *quoted = structure_quote(buf_str(&text));
        assert_true(strlen(quoted) <= STRUCTURE_FOUND_MAX + 8);
        assert_true(starts_with(quoted, "'\\n\u00e9"));
        assert_true(ends_with(quoted, "\u00e9'..."));
        AUTO(freep) char *control = structure_quote(STR("\033[1m"));
        assert_string_equal(control, "'\\x1b[1m'");
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                ROW(test_existence), ROW(test_content), ROW(test_metadata),
                ROW(test_license),   ROW(test_command), ROW(test_setup_and_teardown),
                ROW(test_skipped),   ROW(test_errors),  cmocka_unit_test(test_quote),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
