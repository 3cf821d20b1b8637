/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/changes.h"
#include "cli/run_options.h"
#include "os/fs.h"

static Args parse_line(char **words, size_t count) {
        AUTO(err_freep) Err *e = NULL;
        Args args;
        if (args_parse(words, count, &args, &e) < 0) fail_msg("%s", err_message(e));
        return args;
}

static Image make_image(void) {
        Image image = {0};
        image_config_init(&image.config);
        strvec_push(&image.config.env, "PATH=/image");
        strvec_push(&image.config.env, "A=image");
        strvec_push(&image.config.entrypoint, "/entry");
        strvec_push(&image.config.cmd, "default");
        image.config.user = xstrdup("app");
        image.config.working_dir = xstrdup("/work/");
        platform_host(&image.config.platform);
        return image;
}

typedef struct Case {
        Args args;
        Image image;
        RunOptions options;
} Case;

static void case_done(Case *c) {
        args_done(&c->args);
        image_config_done(&c->image.config);
        run_options_done(&c->options);
}

static int case_run(Case *c, char **words, size_t count, Err **e) {
        c->args = parse_line(words, count);
        c->image = make_image();
        return run_options_init(&c->options, &c->args, &c->image, e);
}

static void test_defaults(void **state) {
        (void)state;
        char *words[] = {(char *)"run", (char *)"img"};
        AUTO(case_done) Case c = {0};
        assert_int_equal(case_run(&c, words, ARRAY_SIZE(words), NULL), 0);
        assert_string_equal(c.options.argv.v[0], "/entry");
        assert_string_equal(c.options.argv.v[1], "default");
        assert_string_equal(c.options.user, "app");
        assert_string_equal(c.options.cwd, "/work");
        assert_int_equal(strlen(c.options.hostname), 12);
        assert_string_equal(strvec_env_get(&c.options.env, "PATH"), "/image");
        assert_string_equal(strvec_env_get(&c.options.env, "HOSTNAME"), c.options.hostname);
        assert_null(strvec_env_get(&c.options.env, "TERM"));
        assert_false(c.options.has_home);
}

static void test_overrides(void **state) {
        (void)state;
        setenv("OUTER", "seen", 1);
        char *words[] = {(char *)"run",     (char *)"-te",        (char *)"A=mine",
                         (char *)"-e",      (char *)"OUTER",      (char *)"-e",
                         (char *)"HOME=/h", (char *)"-u",         (char *)"1:2",
                         (char *)"-w",      (char *)"/a/../b",    (char *)"--network",
                         (char *)"none",    (char *)"--tmpfs",    (char *)"/t:size=1m,mode=755",
                         (char *)"-v",      (char *)"/:/host:ro", (char *)"img",
                         (char *)"cmd",     (char *)"-x"};
        AUTO(case_done) Case c = {0};
        AUTO(err_freep) Err *e = NULL;
        if (case_run(&c, words, ARRAY_SIZE(words), &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(c.options.argv.n, 3);
        assert_string_equal(c.options.argv.v[2], "-x");
        assert_string_equal(strvec_env_get(&c.options.env, "A"), "mine");
        assert_string_equal(strvec_env_get(&c.options.env, "OUTER"), "seen");
        assert_string_equal(strvec_env_get(&c.options.env, "TERM"), "xterm");
        assert_true(c.options.has_home);
        assert_string_equal(c.options.user, "1:2");
        assert_string_equal(c.options.cwd, "/b");
        assert_int_equal(c.options.network, NETWORK_NONE);
        assert_int_equal(c.options.mounts.n, 2);
        const SandboxMount *bind = &c.options.mounts.v[0], *tmpfs = &c.options.mounts.v[1];
        assert_string_equal(bind->source, "/");
        assert_string_equal(bind->target, "/host");
        assert_true(bind->read_only);
        assert_int_equal(tmpfs->size_bytes, 1 << 20);
        assert_int_equal(tmpfs->mode, 0755);
}

static void test_entrypoint(void **state) {
        (void)state;
        char *words[] = {(char *)"run", (char *)"--entrypoint", (char *)"sh", (char *)"img", (char *)"-c"};
        AUTO(case_done) Case c = {0};
        assert_int_equal(case_run(&c, words, ARRAY_SIZE(words), NULL), 0);
        assert_int_equal(c.options.argv.n, 2);
        assert_string_equal(c.options.argv.v[0], "sh");
        char *empty[] = {(char *)"run", (char *)"--entrypoint", (char *)"", (char *)"img"};
        AUTO(case_done) Case none = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_true(case_run(&none, empty, ARRAY_SIZE(empty), &e) < 0);
        assert_string_equal(err_message(e), "there is no command to run: image 'img' has none");
}

static void refuse(const char *option, const char *value) {
        char *words[] = {(char *)"run", (char *)option, (char *)value, (char *)"img"};
        AUTO(case_done) Case c = {0};
        if (case_run(&c, words, ARRAY_SIZE(words), NULL) == 0) fail_msg("%s %s was accepted", option, value);
}

static void test_refused(void **state) {
        (void)state;
        refuse("-v", "/only");
        refuse("-v", "name:/data");
        refuse("-v", "/:relative");
        refuse("-v", "/:/x:rx");
        refuse("--tmpfs", "x");
        refuse("--tmpfs", "/x:what=1");
        refuse("-w", "relative");
        refuse("-e", "=x");
        refuse("--env-file", "/nonexistent/file");
        refuse("--platform", "plan9/mips");
}

static void test_env_file(void **state) {
        (void)state;
        char path[] = "/tmp/decant-test-XXXXXX";
        AUTO(closep) int fd = mkstemp(path);
        static const char text[] = "# comment\n\nA=1\n  B=two words\r\nOUTER\nUNSET_THING\nC=";
        assert_int_equal(fd_write_all(fd, text, sizeof text - 1, NULL), 0);
        setenv("OUTER", "seen", 1);
        unsetenv("UNSET_THING");
        AUTO(strvec_done) StrVec env = {0};
        assert_int_equal(run_env_file(&env, path, NULL), 0);
        unlink(path);
        assert_int_equal(env.n, 4);
        assert_string_equal(env.v[1], "B=two words");
        assert_string_equal(env.v[2], "OUTER=seen");
        assert_string_equal(env.v[3], "C=");
}

static int apply(const char *change, ImageConfig *config, Err **e) {
        char *words[] = {(char *)"import", (char *)"-c", (char *)change, (char *)"-"};
        Args args = parse_line(words, ARRAY_SIZE(words));
        image_config_init(config);
        int r = changes_apply(&args, config, e);
        args_done(&args);
        return r;
}

static void test_changes(void **state) {
        (void)state;
        ImageConfig c;
        AUTO(err_freep) Err *e = NULL;
        if (apply("CMD [\"sh\", \"-l\"]", &c, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(c.cmd.n, 2);
        assert_int_equal(c.history.n, 0);
        assert_string_equal(c.platform.os, "linux");
        image_config_done(&c);
        assert_int_equal(apply("ENV A=b C=\"d e\"", &c, NULL), 0);
        assert_string_equal(strvec_env_get(&c.env, "C"), "d e");
        image_config_done(&c);
        assert_true(apply("RUN true", &c, NULL) < 0);
        image_config_done(&c);
        assert_true(apply("NONSENSE", &c, NULL) < 0);
        image_config_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults), cmocka_unit_test(test_overrides), cmocka_unit_test(test_entrypoint),
                cmocka_unit_test(test_refused),  cmocka_unit_test(test_env_file),  cmocka_unit_test(test_changes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
