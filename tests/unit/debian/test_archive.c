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
#include "base/str.h"
#include "debian/archive.h"
#include "os/fs.h"

/* Repositories of files that are trusted without a signature. (Signatures need keys: tests/e2e/debian-archive.sh.) */

static char root[64];

static int set_up(void **state) {
        (void)state;
        strcpy(root, "/tmp/test-archive-XXXXXX");
        return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state) {
        (void)state;
        return tree_remove(AT_FDCWD, root, NULL);
}

static void put(const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/%s", root, name);
        AUTO(freep) char *directory = xstrdup(path);
        *strrchr(directory, '/') = '\0';
        assert_int_equal(dir_make_all(AT_FDCWD, directory, 0755, NULL), 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static void entry(Buf *out, const char *path, const char *content) {
        char hex[DIGEST_HEX_SIZE];
        Digest digest;
        sha256_of(content, strlen(content), &digest);
        digest_hex(&digest, hex);
        buf_addf(out, " %s %zu %s\n", hex, strlen(content), path);
}

static char *paragraph(const char *name, const char *version, const char *architecture) {
        return xasprintf(
                "Package: %s\nVersion: %s\nArchitecture: %s\nFilename: pool/%s_%s.deb\nSize: 3\nSHA256: %064d\n\n",
                name, version, architecture, name, version, 1);
}

enum { NOW = 1700000000 };
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 UTC\n"
#define EARLIER "Date: Mon, 13 Nov 2023 22:13:20 UTC\n"
#define PACKAGES "main/binary-amd64/Packages"

/* A suite "s" below r/ whose main has one package of that version. */
static void suite(const char *fields, const char *version) {
        AUTO(buf_done) Buf release = {0};
        AUTO(freep) char *packages = paragraph("hello", version, "amd64");
        buf_addf(&release, "Codename: s\nComponents: main\nArchitectures: amd64 arm64\n%sSHA256:\n", fields);
        entry(&release, PACKAGES, packages);
        put("r/dists/s/Release", release.p);
        put("r/dists/s/" PACKAGES, packages);
}

static DebianArchiveParams params_at(const char *architecture) {
        static char cache[80];
        snprintf(cache, sizeof cache, "%s/cache", root);
        return (DebianArchiveParams){.cache_dir = cache, .architecture = architecture, .now_s = NOW};
}

static void sources(const char *rest, AptRepositories *list) {
        AUTO(freep) char *text = xasprintf("deb [trusted=yes] file:%s/r %s", root, rest);
        assert_int_equal(apt_sources_parse_lines(str_of(text), "list", list, NULL), 0);
}

static void opens(const char *rest, const DebianArchiveParams *params, DebianArchive **ret_archive) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(err_freep) Err *e = NULL;
        sources(rest, &list);
        if (debian_archive_open(&list, params, ret_archive, &e) < 0) fail_msg("%s", err_message(e));
}

static void fails(const char *rest, const DebianArchiveParams *params, ErrKind kind, const char *said) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        AUTO(err_freep) Err *e = NULL;
        sources(rest, &list);
        assert_int_equal(debian_archive_open(&list, params, &a, &e), -1);
        if (!strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
        assert_int_equal(err_kind(e), kind);
}

static void test_open(void **state) {
        (void)state;
        suite(DATE, "1.0");
        DebianArchiveParams params = params_at("amd64");
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        opens("s main", &params, &a);
        size_t count;
        const DebianRelease *releases = debian_archive_releases(a, &count);
        assert_int_equal(count, 1);
        assert_string_equal(releases[0].suite, "s");
        assert_string_equal(releases[0].codename, "s");
        assert_int_equal(releases[0].date_s, NOW);
        assert_int_equal(releases[0].checked_s, NOW);
        assert_int_equal(releases[0].signers.n, 0);
        PackageList found;
        assert_int_equal(package_universe_find(debian_archive_universe(a), STR("hello"), &found, NULL), 0);
        assert_int_equal(found.n, 1);
        assert_true(str_is(found.v[0]->version, "1.0"));
        const DebianIndex *index = debian_archive_index(a, found.v[0]->index);
        assert_string_equal(index->component, "main");
        assert_string_equal(index->architecture, "amd64");
        assert_ptr_equal(index->release, releases);
        assert_true(ends_with(index->uris->v[0], "/r"));
        assert_null(debian_archive_index(a, 1));
}

static void test_named_twice(void **state) {
        (void)state;
        suite(DATE, "1.0");
        DebianArchiveParams params = params_at("amd64");
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        size_t count;
        sources("s main", &list);
        sources("s main", &list);
        assert_int_equal(debian_archive_open(&list, &params, &a, NULL), 0);
        debian_archive_releases(a, &count);
        assert_int_equal(count, 1);
        assert_null(debian_archive_index(a, 1));
}

static void test_all_in_an_index_of_its_own(void **state) {
        (void)state;
        AUTO(buf_done) Buf release = {0};
        AUTO(freep) char *own = paragraph("hello", "1.0", "amd64"), *all = paragraph("data", "2.0", "all");
        buf_adds(&release, "Codename: s\nArchitectures: all amd64\n" DATE "SHA256:\n");
        entry(&release, PACKAGES, own);
        entry(&release, "main/binary-all/Packages", all);
        put("r/dists/s/Release", release.p);
        put("r/dists/s/" PACKAGES, own);
        put("r/dists/s/main/binary-all/Packages", all);
        DebianArchiveParams params = params_at("amd64");
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        PackageList found;
        opens("s main", &params, &a);
        assert_int_equal(package_universe_find(debian_archive_universe(a), STR("data"), &found, NULL), 0);
        assert_int_equal(found.n, 1);
        assert_string_equal(debian_archive_index(a, found.v[0]->index)->architecture, "all");
}

static void test_what_there_is_not(void **state) {
        (void)state;
        suite(DATE, "1.0");
        DebianArchiveParams params = params_at("amd64"), other = params_at("riscv64");
        fails("t main", &params, ERR_NOT_FOUND, "suite 't' of 'file:");
        fails("s contrib", &params, ERR_NOT_FOUND, "list:1: suite 's' of 'file:");
        fails("s contrib", &params, ERR_NOT_FOUND, "has no component 'contrib'; it has main");
        fails("s main", &other, ERR_NOT_FOUND, "no packages for architecture 'riscv64' in 'main'; it has amd64 arm64");
        params.offline = true;
        tear_down(NULL);
        assert_int_equal(dir_make_all(AT_FDCWD, root, 0755, NULL), 0);
        fails("s main", &params, ERR_NOT_FOUND, "is not in the cache");
}

static void test_freshness(void **state) {
        (void)state;
        DebianArchiveParams params = params_at("amd64");
        AUTO(debian_archive_freep) DebianArchive *a = NULL, *again = NULL;
        suite(DATE "Valid-Until: Tue, 14 Nov 2023 22:13:19 UTC\n", "1.0");
        fails("s main", &params, ERR_DENIED, "Valid-Until is 2023-11-14T22:13:19Z");
        suite(DATE "Valid-Until: Tue, 14 Nov 2023 22:13:20 UTC\n", "1.0");
        opens("s main", &params, &a);
        suite(EARLIER, "0.9"); /* what was never signed binds nobody */
        opens("s main", &params, &again);
}

static void test_within_its_age_nobody_is_asked(void **state) {
        (void)state;
        DebianArchiveParams params = params_at("amd64");
        AUTO(debian_archive_freep) DebianArchive *a = NULL, *b = NULL, *c = NULL;
        size_t count;
        suite(DATE, "1.0");
        opens("s main", &params, &a);
        AUTO(freep) char *repository = xasprintf("%s/r", root);
        AUTO(freep) char *away = xasprintf("%s/away", root);
        assert_int_equal(rename(repository, away), 0);
        params.max_age_s = 10;
        params.now_s = NOW + 9;
        opens("s main", &params, &b);
        assert_int_equal(debian_archive_releases(b, &count)->checked_s, NOW);
        params.now_s = NOW + 10;
        fails("s main", &params, ERR_NOT_FOUND, "there is no file");
        params.offline = true;
        opens("s main", &params, &c);
}

static void test_mismatch(void **state) {
        (void)state;
        suite(DATE, "1.0");
        DebianArchiveParams params = params_at("amd64");
        AUTO(freep) char *longer = paragraph("hello", "1.0.0", "amd64"), *other = paragraph("hello", "1.1", "amd64");
        put("r/dists/s/" PACKAGES, longer);
        fails("s main", &params, ERR_FORMAT, "bytes are expected, it has more");
        put("r/dists/s/" PACKAGES, other);
        fails("s main", &params, ERR_FORMAT, "is not what the Release of 's' says: SHA256 ");
        put("r/dists/s/" PACKAGES, "");
        fails("s main", &params, ERR_FORMAT, "bytes are expected, it has 0");
}

static void test_another_method(void **state) {
        (void)state;
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        AUTO(err_freep) Err *e = NULL;
        DebianArchiveParams params = params_at("amd64");
        assert_int_equal(apt_sources_parse_lines(STR("deb [trusted=yes] ftp://h/debian s main"), "list", &list, NULL),
                         0);
        assert_int_equal(debian_archive_open(&list, &params, &a, &e), -1);
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        err_clear(&e);
        apt_repositories_done(&list);
        assert_int_equal(apt_sources_parse_lines(STR("deb [arch=arm64] ftp://h/debian s main"), "list", &list, NULL),
                         0);
        assert_int_equal(debian_archive_open(&list, &params, &a, &e), -1);
        assert_string_equal(err_message(e), "none of 1 apt repositories is for architecture 'amd64'");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {EACH(test_open),
                                           EACH(test_named_twice),
                                           EACH(test_all_in_an_index_of_its_own),
                                           EACH(test_what_there_is_not),
                                           EACH(test_freshness),
                                           EACH(test_within_its_age_nobody_is_asked),
                                           EACH(test_mismatch),
                                           EACH(test_another_method)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
