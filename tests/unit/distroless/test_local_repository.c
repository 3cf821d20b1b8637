/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/tar.h"
#include "distroless/local_repository.h"
#include "os/fs.h"

static char root[64], cache[80], directory[80];

static int set_up(void **state) {
        (void)state;
        strcpy(root, "/tmp/test-local-XXXXXX");
        if (!mkdtemp(root)) return -1;
        snprintf(cache, sizeof cache, "%s/cache", root);
        snprintf(directory, sizeof directory, "%s/a b", root);
        AUTO(freep) char *pool = xasprintf("%s/pool", cache);
        return dir_make_all(AT_FDCWD, pool, 0755, NULL);
}

static int tear_down(void **state) {
        (void)state;
        return tree_remove(AT_FDCWD, root, NULL);
}

/* ---- packages in the pool */

static void add_member(Buf *deb, const char *name, int64_t date_s, Str data) {
        buf_addf(deb, "%-16s%-12lld%-6d%-6d%-8s%-10zu`\n", name, (long long)date_s, 0, 0, "100644", data.n);
        buf_add_str(deb, data);
        if (data.n & 1) buf_addc(deb, '\n');
}

static void make_deb(const char *control, int64_t date_s, Buf *ret_deb) {
        AUTO(buf_done) Buf tar = {0};
        AUTO(sink_freep) Sink *sink = sink_to_buf(&tar);
        AUTO(tar_writer_freep) TarWriter *w = tar_writer_new(sink);
        TarEntry entry = {.type = TAR_FILE, .name = "./control", .mode = 0644, .size = strlen(control)};
        assert_int_equal(tar_writer_entry(w, &entry, NULL), 0);
        assert_int_equal(tar_writer_data(w, control, strlen(control), NULL), 0);
        assert_int_equal(tar_writer_finish(w, NULL), 0);
        buf_adds(ret_deb, "!<arch>\n");
        add_member(ret_deb, "debian-binary", date_s, STR("2.0\n"));
        add_member(ret_deb, "control.tar", date_s, buf_str(&tar));
        add_member(ret_deb, "data.tar", date_s, STR(""));
}

/* A package of that control file; the lock says what is given besides. */
static LockedPackage put_package(const char *control, int64_t date_s, const char *name, const char *version) {
        AUTO(buf_done) Buf deb = {0};
        char hex[DIGEST_HEX_SIZE];
        make_deb(control, date_s, &deb);
        LockedPackage p = {
                .name = (char *)name, .version = (char *)version, .architecture = (char *)"amd64", .size = deb.n};
        sha256_of(deb.p, deb.n, &p.sha256);
        digest_hex(&p.sha256, hex);
        AUTO(freep) char *path = xasprintf("%s/pool/%s.deb", cache, hex);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, deb.p, deb.n, 0644, NULL), 0);
        return p;
}

static char *read_back(const char *name) {
        AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
        char *text;
        size_t size;
        assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &size, NULL), 0);
        return text;
}

#define CONTROL(name, version) "Package: " name "\nVersion: " version "\nArchitecture: amd64\n"

static LocalRepositoryParams params_of(const LockedPackage *const *packages, size_t count) {
        return (LocalRepositoryParams){directory, cache, "trixie", packages, count};
}

/* ---- tests */

static void test_write(void **state) {
        (void)state;
        const LockedPackage a =
                put_package(CONTROL("aa", "1:2") "Filename: evil\nstatus: x\nDescription: short\n long\n .\n",
                            1600000000, "aa", "1:2");
        const LockedPackage b = put_package(CONTROL("bb", "3") "\nPackage: hidden\n", 1700000000, "bb", "3");
        const LockedPackage *const list[] = {&a, &b};
        LocalRepositoryParams params = params_of(list, 2);
        AUTO(local_repository_done) LocalRepository repository = {0};
        AUTO(err_freep) Err *e = NULL;
        if (local_repository_write(&params, &repository, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(repository.newest_s, 1700000000);
        char hexa[DIGEST_HEX_SIZE], hexb[DIGEST_HEX_SIZE], hex[DIGEST_HEX_SIZE];
        digest_hex(&a.sha256, hexa);
        digest_hex(&b.sha256, hexb);
        AUTO(freep)
        char *expected =
                xasprintf(CONTROL("aa", "1:2") "Description: short\n long\n .\nFilename: pool/%s.deb\nSize: "
                                               "%llu\nSHA256: %s\n\n" CONTROL("bb", "3") "Filename: pool/%s.deb\nSize: "
                                                                                         "%llu\nSHA256: %s\n\n",
                          hexa, (unsigned long long)a.size, hexa, hexb, (unsigned long long)b.size, hexb);
        AUTO(freep) char *packages = read_back("Packages");
        assert_string_equal(packages, expected);
        Digest digest;
        sha256_of(packages, strlen(packages), &digest);
        digest_hex(&digest, hex);
        AUTO(freep) char *release = read_back("Release");
        AUTO(freep)
        char *expected_release = xasprintf(
                "Suite: trixie\nCodename: trixie\nDate: Tue, 14 Nov 2023 22:13:20 UTC\nSHA256:\n %s %zu Packages\n",
                hex, strlen(packages));
        assert_string_equal(release, expected_release);
        AUTO(freep) char *through_link = xasprintf("pool/%s.deb", hexa);
        AUTO(freep) char *deb = read_back(through_link);
        assert_memory_equal(deb, "!<arch>\n", 8);
        AUTO(freep) char *sources = read_back("sources.list");
        assert_true(starts_with(sources, "deb [trusted=yes] copy:/tmp/test-local-") &&
                    ends_with(sources, "/a%2520b ./\n"));
        AUTO(freep) char *conf = read_back("apt.conf");
        assert_non_null(strstr(conf, "/a b/sources.list\";\n"));
        assert_non_null(strstr(conf, "SourceParts \"/dev/null\""));
        assert_true(ends_with(repository.apt_conf, "/a b/apt.conf"));
}

static void check_refused(const LockedPackage *p, ErrKind kind, const char *said) {
        AUTO(local_repository_done) LocalRepository repository = {0};
        AUTO(err_freep) Err *e = NULL;
        LocalRepositoryParams params = params_of(&p, 1);
        assert_int_equal(local_repository_write(&params, &repository, &e), -1);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
}

static void test_refused(void **state) {
        (void)state;
        LockedPackage p = put_package(CONTROL("aa", "1"), 0, "aa", "2");
        check_refused(&p, ERR_FORMAT, "package aa 2: its control file says 'Version: 1'; the lock says '2'");
        p = put_package(CONTROL("aa", "1"), 0, "ab", "1");
        check_refused(&p, ERR_FORMAT, "says 'Package: aa'; the lock says 'ab'");
        p = put_package("\n", 0, "aa", "1");
        check_refused(&p, ERR_FORMAT, "its control file is empty");
        p.sha256.bytes[0] ^= 1;
        check_refused(&p, ERR_STORE, "its file vanished");
}

static void check_status(const char *status, const char *said) {
        const LockedPackage a = {.name = (char *)"aa", .version = (char *)"1"},
                            b = {.name = (char *)"bb", .version = (char *)"2"};
        const LockedPackage *const list[] = {&a, &b};
        AUTO(err_freep) Err *e = NULL;
        LocalRepositoryParams params = params_of(list, 2);
        int r = local_repository_check_status(&params, str_of(status), "status", &e);
        assert_int_equal(r, said ? -1 : 0);
        if (said && !strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
}

#define INSTALLED(name, version) "Package: " name "\nStatus: install ok installed\nVersion: " version "\n\n"

static void test_status(void **state) {
        (void)state;
        check_status(INSTALLED("bb", "2") INSTALLED("aa", "1"), NULL);
        check_status(INSTALLED("aa", "1"), "package bb 2 was not installed");
        check_status(INSTALLED("aa", "1") INSTALLED("bb", "3"), "package bb 3 was installed; 2 was chosen");
        check_status(INSTALLED("cc", "1"), "package cc was installed, which was not chosen");
        check_status("Package: aa\nStatus: install ok half-configured\nVersion: 1\n",
                     "package aa 1 is left as 'install ok half-configured'");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
                                           cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
                                           cmocka_unit_test(test_status)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
