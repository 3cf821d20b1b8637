/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/build_flags.h"
#include "os/fs.h"

typedef struct Expected {
        AnnotationTarget target;
        const char *platform, *key, *value;
} Expected;

static void annotate(const char *text, const Expected *expected, size_t count) {
        AUTO(arena_freep) Arena *a = arena_new();
        Annotations list = {0};
        AUTO(err_freep) Err *e = NULL;
        if (annotation_parse(a, text, &list, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        assert_int_equal(list.n, count);
        for (size_t i = 0; i < count; i++) {
                char platform[128] = "";
                if (list.v[i].has_platform) platform_render(&list.v[i].platform, platform);
                assert_int_equal(list.v[i].target, expected[i].target);
                assert_string_equal(platform, expected[i].platform);
                assert_string_equal(list.v[i].key, expected[i].key);
                assert_string_equal(list.v[i].value, expected[i].value);
        }
        vec_done(&list);
}
#define ANNOTATE(text, ...) \
        annotate(text, (Expected[]){__VA_ARGS__}, sizeof((Expected[]){__VA_ARGS__}) / sizeof(Expected))

static void test_annotations(void **state) {
        (void)state;
        ANNOTATE("a=b", {ANNOTATE_MANIFEST, "", "a", "b"});
        ANNOTATE("a=", {ANNOTATE_MANIFEST, "", "a", ""});
        ANNOTATE("index:a=b=c:d", {ANNOTATE_INDEX, "", "a", "b=c:d"});
        ANNOTATE("manifest[linux/arm64]:a=b", {ANNOTATE_MANIFEST, "linux/arm64", "a", "b"});
        ANNOTATE("manifest-descriptor,index-descriptor:x.y=1", {ANNOTATE_MANIFEST_DESCRIPTOR, "", "x.y", "1"},
                 {ANNOTATE_INDEX_DESCRIPTOR, "", "x.y", "1"});
        ANNOTATE("org.example:key=v", {ANNOTATE_MANIFEST, "", "org.example:key", "v"}); /* dots: no type */
}

static void test_bad_annotations(void **state) {
        (void)state;
        static const char *const bad[] = {"", "a", "=b", "manifest:=b", "manifests:a=b", "index[nonsense/a/b/c]:a=b"};
        AUTO(arena_freep) Arena *a = arena_new();
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                Annotations list = {0};
                AUTO(err_freep) Err *e = NULL;
                if (annotation_parse(a, bad[i], &list, &e) == 0) fail_msg("'%s' was accepted", bad[i]);
                assert_int_equal(err_kind(e), ERR_USAGE);
                vec_done(&list);
        }
}

static void test_ssh(void **state) {
        (void)state;
        char directory[] = "/tmp/decant-ssh-XXXXXX";
        assert_non_null(mkdtemp(directory));
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s/agent", directory);
        AUTO(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        AUTO(arena_freep) Arena *a = arena_new();
        BuildSsh ssh;
        setenv("SSH_AUTH_SOCK", address.sun_path, 1);
        assert_int_equal(build_ssh_parse(a, "default", &ssh, NULL), 0);
        assert_string_equal(ssh.id, "default");
        assert_string_equal(ssh.path, address.sun_path);
        AUTO(freep) char *named = xasprintf("other=%s,raw=false", address.sun_path);
        assert_int_equal(build_ssh_parse(a, named, &ssh, NULL), 0);
        assert_string_equal(ssh.id, "other");
        AUTO(freep) char *two = xasprintf("other=%s,%s", address.sun_path, address.sun_path);
        assert_int_equal(build_ssh_parse(a, two, &ssh, NULL), -1);
        AUTO(freep) char *key = xasprintf("%s/key", directory);
        assert_int_equal(file_write_atomic(AT_FDCWD, key, "x", 1, 0600, NULL), 0);
        AUTO(freep) char *keys = xasprintf("k=%s,%s", key, key);
        assert_int_equal(build_ssh_parse(a, keys, &ssh, NULL), 0);
        assert_true(!ssh.path && ssh.keys && streq(ssh.keys[0], key) && streq(ssh.keys[1], key) && !ssh.keys[2]);
        AUTO(freep) char *mixed = xasprintf("k=%s,%s", key, address.sun_path);
        assert_int_equal(build_ssh_parse(a, mixed, &ssh, NULL), -1);
        AUTO(freep) char *raw = xasprintf("k=%s,raw=true", key);
        assert_int_equal(build_ssh_parse(a, raw, &ssh, NULL), -1);
        unlink(key);
        assert_int_equal(build_ssh_parse(a, "=x", &ssh, NULL), -1);
        assert_int_equal(build_ssh_parse(a, "x=/dev/null", &ssh, NULL), -1);
        unsetenv("SSH_AUTH_SOCK");
        assert_int_equal(build_ssh_parse(a, "default", &ssh, NULL), -1);
        unlink(address.sun_path);
        rmdir(directory);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_annotations),
                cmocka_unit_test(test_bad_annotations),
                cmocka_unit_test(test_ssh),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
