/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "build/build.h"
#include "store/key.h"

static void expect(const char *text, BuildOutput want) {
        BuildOutput got;
        assert_int_equal(build_output_parse(text, &got, NULL), 0);
        assert_int_equal(got.type, want.type);
        if (want.destination) assert_string_equal(got.destination, want.destination);
        assert_int_equal(got.as_directory, want.as_directory);
        assert_int_equal(got.compression, want.compression);
        assert_int_equal(got.docker_media_types, want.docker_media_types);
        build_output_done(&got);
}

static void test_forms(void **state) {
        (void)state;
        expect("out", (BuildOutput){.type = OUTPUT_LOCAL, .destination = (char[]){"out"}});
        expect("-", (BuildOutput){.type = OUTPUT_TAR, .destination = (char[]){"-"}});
        expect("type=oci,dest=x.tar", (BuildOutput){.type = OUTPUT_OCI, .destination = (char[]){"x.tar"}});
        expect("type=oci,dest=x,tar=false",
               (BuildOutput){.type = OUTPUT_OCI, .destination = (char[]){"x"}, .as_directory = true});
        expect("type=docker", (BuildOutput){.type = OUTPUT_DOCKER, .destination = (char[]){"-"}});
        expect("type=oci,\"dest=a,b\",compression=zstd,oci-mediatypes=false",
               (BuildOutput){.type = OUTPUT_OCI,
                             .destination = (char[]){"a,b"},
                             .compression = COMPRESSION_ZSTD,
                             .docker_media_types = true});
}

static void refuse(const char *text, const char *like) {
        BuildOutput got;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(build_output_parse(text, &got, &e), -1);
        assert_int_equal(err_kind(e), ERR_USAGE);
        AUTO(freep) char *all = xasprintf("%s\n%s", err_message(e), err_hints(e));
        if (!strstr(all, like)) fail_msg("'%s' does not say '%s'", all, like);
}

static void test_refusals(void **state) {
        (void)state;
        refuse("type=ocy,dest=x", "type=oci");
        refuse("type=oci,dst=x", "'dest'");
        refuse("type=local", "dest=DIRECTORY");
        refuse("type=oci,tar=false", "dest=DIRECTORY");
        refuse("type=local,dest=-", "standard output");
        refuse("type=oci,compression=lzma", "gzip or zstd");
        refuse("type=oci,tar=perhaps", "true or false");
        refuse("type=oci,x", "key=value");
}

static void test_annotations(void **state) {
        (void)state;
        BuildOutput o;
        assert_int_equal(
                build_output_parse("type=oci,dest=x,annotation.a.b=c=d,annotation-index[linux/arm64].e.f=g", &o, NULL),
                0);
        assert_int_equal(o.annotations.n, 2);
        assert_string_equal(o.annotations.v[0].key, "a.b");
        assert_string_equal(o.annotations.v[0].value, "c=d");
        assert_int_equal(o.annotations.v[0].target, ANNOTATE_MANIFEST);
        assert_false(o.annotations.v[0].has_platform);
        assert_string_equal(o.annotations.v[1].key, "e.f");
        assert_int_equal(o.annotations.v[1].target, ANNOTATE_INDEX);
        assert_string_equal(o.annotations.v[1].platform.arch, "arm64");
        build_output_done(&o);
        static const char *const bad[] = {"type=oci,dest=x,annotation=b", "type=oci,dest=x,annotation.=b",
                                          "type=oci,dest=x,annotation-x.a=b",
                                          "type=oci,dest=x,annotation-index[x/y/z/w].a=b"};
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                assert_int_equal(build_output_parse(bad[i], &o, NULL), -1);
}

static Digest key_of(const char *a, const char *b) {
        KeyText k;
        Digest key;
        key_begin(&k, "test");
        key_text(&k, "a", a);
        key_text(&k, "b", b);
        key_finish(&k, &key);
        return key;
}

static void test_keys_tell_fields_apart(void **state) {
        (void)state;
        Digest one = key_of("x", "y"), again = key_of("x", "y");
        Digest moved = key_of("xy", ""), absent = key_of("x", NULL), empty = key_of("x", "");
        assert_true(digest_eq(&one, &again));
        assert_false(digest_eq(&one, &moved));
        assert_false(digest_eq(&absent, &empty));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_annotations),
                cmocka_unit_test(test_keys_tell_fields_apart),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
