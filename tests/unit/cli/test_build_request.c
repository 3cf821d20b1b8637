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
#include "cli/build_request.h"

static Args parse_line(char **words, size_t count) {
        AUTO(err_freep) Err *e = NULL;
        Args args;
        if (args_parse(words, count, &args, &e) < 0) fail_msg("%s", err_message(e));
        return args;
}

static void check_secret(const char *text, const char *id, const char *path, const char *env) {
        BuildSecret s;
        AUTO(err_freep) Err *e = NULL;
        if (build_secret_parse(text, &s, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        assert_string_equal(s.id, id);
        assert_string_equal(s.path ? s.path : "-", path ? path : "-");
        assert_string_equal(s.env ? s.env : "-", env ? env : "-");
        build_secret_done(&s);
}

static void test_secrets(void **state) {
        (void)state;
        setenv("SECRET_IN_ENV", "x", 1);
        check_secret("id=a,src=/f", "a", "/f", NULL);
        check_secret("id=a,source=/f,type=file", "a", "/f", NULL);
        check_secret("id=a,env=E", "a", NULL, "E");
        check_secret("id=a,type=env", "a", NULL, "a");
        check_secret("id=a,src=E,type=env", "a", NULL, "E");
        check_secret("id=SECRET_IN_ENV", "SECRET_IN_ENV", NULL, "SECRET_IN_ENV");
        check_secret("id=file", "file", "file", NULL);
        BuildSecret s;
        assert_true(build_secret_parse("src", &s, NULL) < 0);
        assert_true(build_secret_parse("env=x", &s, NULL) < 0);
        assert_true(build_secret_parse("id=a,what=x", &s, NULL) < 0);
        assert_true(build_secret_parse("id=a,type=tape", &s, NULL) < 0);
}

static void test_hosts(void **state) {
        (void)state;
        AUTO(strvec_done) StrVec list = {0};
        static const char *const good[] = {"a:1.2.3.4", "b=::1", "c:[fe80::1]", "d:fe80::2", "e:host-gateway"};
        static const char *const expected[] = {"a:1.2.3.4", "b:::1", "c:fe80::1", "d:fe80::2", "e:127.0.0.1"};
        static const char *const bad[] = {"a", "a:", ":1.2.3.4", "a:1.2.3", "a=b"};
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_int_equal(extra_host_parse(good[i], &list, NULL), 0);
                assert_string_equal(list.v[i], expected[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) assert_true(extra_host_parse(bad[i], &list, NULL) < 0);
}

static void test_request(void **state) {
        (void)state;
        setenv("FROM_ENV", "there", 1);
        unsetenv("NOT_IN_ENV");
        unsetenv("SOURCE_DATE_EPOCH");
        char *words[] = {
                (char *)"build",      (char *)"-t",          (char *)"app",         (char *)"--build-arg",
                (char *)"A=b=c",      (char *)"--build-arg", (char *)"FROM_ENV",    (char *)"--build-arg",
                (char *)"NOT_IN_ENV", (char *)"--label",     (char *)"l",           (char *)"--no-cache-filter",
                (char *)"x,y",        (char *)"--platform",  (char *)"linux/arm64", (char *)"--jobs",
                (char *)"3",          (char *)"--shm-size",  (char *)"1m",          (char *)"--runtime",
                (char *)"crun",       (char *)"ctx"};
        Args args = parse_line(words, ARRAY_SIZE(words));
        BuildRequest r;
        AUTO(err_freep) Err *e = NULL;
        if (build_request_init(&r, &args, &e) < 0) fail_msg("%s", err_message(e));
        const BuildParams *p = &r.params;
        assert_string_equal(p->context_path, "ctx");
        assert_null(p->dockerfile_path);
        assert_string_equal(p->tags.v[0], "docker.io/library/app:latest");
        assert_int_equal(p->plan.build_arg_count, 2);
        assert_string_equal(p->plan.build_args[0].value, "b=c");
        assert_string_equal(p->plan.build_args[1].value, "there");
        assert_string_equal(p->plan.labels[0].value, "");
        assert_int_equal(p->plan.no_cache_stages->n, 2);
        assert_string_equal(p->plan.platform->arch, "arm64");
        assert_int_equal(p->jobs, 3);
        assert_int_equal(p->shm_size_bytes, 1 << 20);
        assert_int_equal(p->runtime, RUNTIME_CRUN);
        build_request_done(&r);
        args_done(&args);
}

static void test_platforms(void **state) {
        (void)state;
        char *words[] = {(char *)"build",      (char *)"--platform",  (char *)"linux/amd64,linux/arm64",
                         (char *)"--platform", (char *)"linux/amd64", (char *)"."};
        Args args = parse_line(words, ARRAY_SIZE(words));
        BuildRequest r;
        AUTO(err_freep) Err *e = NULL;
        if (build_request_init(&r, &args, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(r.params.platform_count, 2);
        assert_string_equal(r.params.platforms[1].arch, "arm64");
        assert_string_equal(r.params.plan.platform->arch, "amd64");
        build_request_done(&r);
        args_done(&args);
}

static void refuse(const char *option, const char *value, ErrKind kind) {
        char *words[] = {(char *)"build", (char *)option, (char *)value, (char *)"."};
        Args args = parse_line(words, ARRAY_SIZE(words));
        BuildRequest r;
        AUTO(err_freep) Err *e = NULL;
        if (build_request_init(&r, &args, &e) == 0) fail_msg("%s %s was accepted", option, value);
        assert_int_equal(err_kind(e), kind);
        build_request_done(&r);
        args_done(&args);
}

static void test_refused(void **state) {
        (void)state;
        refuse("--platform", "linux/amd64,", ERR_USAGE);
        refuse("--jobs", "many", ERR_USAGE);
        refuse("--build-arg", "=x", ERR_USAGE);
        refuse("--build-context", "name", ERR_USAGE);
        refuse("--label", "=x", ERR_USAGE);
        refuse("--memory", "much", ERR_USAGE);
        refuse("--add-host", "x", ERR_USAGE);
        refuse("--tag", "UPPER", ERR_USAGE);
        refuse("--platform", "plan9/mips/what/x", ERR_USAGE);
}

static void test_remote_context(void **state) {
        (void)state;
        char *words[] = {(char *)"build", (char *)"https://example.com/x.git"};
        Args args = parse_line(words, ARRAY_SIZE(words));
        BuildRequest r;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(build_request_init(&r, &args, &e), 0);
        assert_string_equal(r.params.context_path, words[1]);
        build_request_done(&r);
        args_done(&args);
        char *piped[] = {(char *)"build", (char *)"-f", (char *)"-", (char *)"-"};
        args = parse_line(piped, ARRAY_SIZE(piped));
        assert_true(build_request_init(&r, &args, &e) < 0);
        assert_int_equal(err_kind(e), ERR_USAGE);
        build_request_done(&r);
        args_done(&args);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_secrets),   cmocka_unit_test(test_hosts),   cmocka_unit_test(test_request),
                cmocka_unit_test(test_platforms), cmocka_unit_test(test_refused), cmocka_unit_test(test_remote_context),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
