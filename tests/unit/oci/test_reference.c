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
#include "oci/reference.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX64

static void check(const char *text, const char *full, const char *familiar, const char *name) {
        Reference r;
        AUTO(err_freep) Err *e = NULL;
        if (reference_parse(str_of(text), &r, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        AUTO(freep) char *rendered = reference_render(&r), *short_form = reference_familiar(&r);
        AUTO(freep) char *short_name = reference_familiar_name(&r);
        assert_string_equal(rendered, full);
        assert_string_equal(short_form, familiar);
        assert_string_equal(short_name, name);
        Reference again;
        assert_int_equal(reference_parse(str_of(rendered), &again, NULL), 0);
        AUTO(freep) char *twice = reference_render(&again);
        assert_string_equal(twice, rendered);
        reference_done(&again);
        reference_done(&r);
}

static void test_good(void **state) {
        (void)state;
        check("ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest", "ubuntu");
        check("ubuntu:22.04", "docker.io/library/ubuntu:22.04", "ubuntu:22.04", "ubuntu");
        check("library/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest", "ubuntu");
        check("user/app", "docker.io/user/app:latest", "user/app:latest", "user/app");
        check("library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest", "library/a/b");
        check("docker.io/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest", "ubuntu");
        check("index.docker.io/user/app", "docker.io/user/app:latest", "user/app:latest", "user/app");
        check("localhost/app", "localhost/app:latest", "localhost/app:latest", "localhost/app");
        check("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app");
        check("ghcr.io/a/b_c/d-e:V1.0_x-y", "ghcr.io/a/b_c/d-e:V1.0_x-y", "ghcr.io/a/b_c/d-e:V1.0_x-y",
              "ghcr.io/a/b_c/d-e");
        check("Host/app", "Host/app:latest", "Host/app:latest", "Host/app");
        check("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest", "[::1]:5000/app");
        check("a@" DIGEST, "docker.io/library/a@" DIGEST, "a@" DIGEST, "a");
        check("a:1@" DIGEST, "docker.io/library/a:1@" DIGEST, "a:1@" DIGEST, "a");
        check("host:5000/a@" DIGEST, "host:5000/a@" DIGEST, "host:5000/a@" DIGEST, "host:5000/a");
        check("a.b_c__d-e---f", "docker.io/library/a.b_c__d-e---f:latest", "a.b_c__d-e---f:latest", "a.b_c__d-e---f");
        check("docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest", "docker.io/a.b/c");
        check(HEX64 ":x", "docker.io/library/" HEX64 ":x", HEX64 ":x", HEX64);
        check("ubuntu:5000", "docker.io/library/ubuntu:5000", "ubuntu:5000", "ubuntu");
}

static void refuse(const char *text, ErrKind kind, const char *why) {
        Reference r = {.tag = (char *)"untouched"};
        AUTO(err_freep) Err *e = NULL;
        if (reference_parse(str_of(text), &r, &e) == 0) fail_msg("'%s' was accepted", text);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), why)) fail_msg("'%s' is not in '%s'", why, err_message(e));
        assert_string_equal(r.tag, "untouched");
}

static void test_bad(void **state) {
        (void)state;
        refuse("", ERR_SYNTAX, "no name");
        refuse(":tag", ERR_SYNTAX, "no name");
        refuse("@" DIGEST, ERR_SYNTAX, "no name");
        refuse("Ubuntu", ERR_SYNTAX, "lower case");
        refuse("user/App", ERR_SYNTAX, "lower case");
        refuse(HEX64, ERR_SYNTAX, "image id");
        refuse("a:", ERR_SYNTAX, "bad tag");
        refuse("a:-x", ERR_SYNTAX, "bad tag");
        refuse("a:x y", ERR_SYNTAX, "bad tag");
        refuse("a b", ERR_SYNTAX, "bad name");
        refuse("a..b", ERR_SYNTAX, "bad name");
        refuse("a___b", ERR_SYNTAX, "bad name");
        refuse("-a", ERR_SYNTAX, "bad name");
        refuse("a-", ERR_SYNTAX, "bad name");
        refuse("a/", ERR_SYNTAX, "bad name");
        refuse("a//b", ERR_SYNTAX, "bad name");
        refuse("docker.io/", ERR_SYNTAX, "bad name");
        refuse("gr\xc3\xbcn", ERR_SYNTAX, "bad name");
        refuse("-host.com/a", ERR_SYNTAX, "bad registry host");
        refuse("host:/a", ERR_SYNTAX, "bad registry host");
        refuse("host:50x/a", ERR_SYNTAX, "bad registry host");
        refuse("a..b.com/a", ERR_SYNTAX, "bad registry host");
        refuse("a@sha256:abc", ERR_SYNTAX, "the digest is not");
        refuse("a@", ERR_SYNTAX, "the digest is not");
        refuse("a@b@" DIGEST, ERR_SYNTAX, "the digest is not");
        refuse("a@sha512:abc", ERR_UNSUPPORTED, "only sha256");
        AUTO(freep) char *long_tag = xasprintf("a:%0129d", 1), *long_name = xasprintf("%0256d", 1);
        refuse(long_tag, ERR_SYNTAX, "bad tag");
        refuse(long_name, ERR_SYNTAX, "longer than 255");
        Reference r;
        assert_true(reference_parse((Str){"a\0b", 3}, &r, NULL) < 0);
        assert_true(reference_parse((Str){"a:b\0", 4}, &r, NULL) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
