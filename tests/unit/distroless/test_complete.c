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
#include "distroless/complete.h"
#include "os/fs.h"

/* A release and its updates as files, which are trusted without a signature. */

enum { NOW = 1700000000 };

static char root[64], cache[80];

static void put(const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/%s", root, name);
        AUTO(freep) char *directory = xstrdup(path);
        *strrchr(directory, '/') = '\0';
        assert_int_equal(dir_make_all(AT_FDCWD, directory, 0755, NULL), 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static void add(Buf *text, const char *name, const char *version, const char *more) {
        buf_addf(text, "Package: %s\nVersion: %s\nArchitecture: amd64\n%sFilename: pool/%s\nSize: 1\nSHA256: %064d\n\n",
                 name, version, more, name, 1);
}

static void put_suite(const char *name, const Buf *packages) {
        char hex[DIGEST_HEX_SIZE];
        Digest digest;
        sha256_of(packages->p, packages->n, &digest);
        digest_hex(&digest, hex);
        AUTO(freep)
        char *release =
                xasprintf("Codename: %s\nComponents: main\nArchitectures: amd64\nDate: Tue, 14 Nov 2023 22:13:20 "
                          "UTC\nSHA256:\n %s %zu main/binary-amd64/Packages\n",
                          name, hex, packages->n);
        AUTO(freep) char *release_path = xasprintf("dists/%s/Release", name);
        AUTO(freep) char *packages_path = xasprintf("dists/%s/main/binary-amd64/Packages", name);
        put(release_path, release);
        put(packages_path, packages->p);
}

static int set_up(void **state) {
        (void)state;
        strcpy(root, "/tmp/test-complete-XXXXXX");
        if (!mkdtemp(root)) return -1;
        snprintf(cache, sizeof cache, "%s/cache", root);
        AUTO(buf_done) Buf release = {0}, updates = {0};
        add(&release, "base-files", "1", "Essential: yes\nPriority: required\nPre-Depends: awk\n");
        add(&release, "gawk", "1", "Priority: optional\nProvides: awk\n");
        add(&release, "mawk", "1", "Priority: required\nProvides: awk\nDepends: libc6\n");
        add(&release, "libc6", "1", "Priority: optional\n");
        add(&release, "apt", "1", "Priority: required\nDepends: libapt, libc6\n");
        add(&release, "libapt", "1", "Priority: optional\n");
        add(&release, "nano", "1", "Priority: important\n");
        add(&release, "mail", "1", "Priority: standard\n");
        add(&release, "build-essential", "1", "Priority: optional\nDepends: gcc\n");
        add(&release, "gcc", "1", "Priority: optional\n");
        add(&release, "curl", "7", "Priority: optional\nDepends: libapt\n");
        add(&release, "smtpd", "1", "Priority: optional\nProvides: mta\n");
        add(&updates, "apt", "2", "Priority: optional\nDepends: libapt, libc6\n");
        add(&updates, "ghost", "1", "Essential: yes\nPriority: required\n");
        put_suite("trixie", &release);
        put_suite("trixie-updates", &updates);
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        return tree_remove(AT_FDCWD, root, NULL);
}

static void open_archive(DebianArchive **ret_archive) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(err_freep) Err *e = NULL;
        AUTO(freep)
        char *lines = xasprintf(
                "deb [trusted=yes] file:%s trixie main\ndeb [trusted=yes] file:%s trixie-updates main\n", root, root);
        DebianArchiveParams params = {.cache_dir = cache, .architecture = "amd64", .now_s = NOW};
        assert_int_equal(apt_sources_parse_lines(str_of(lines), "list", &list, NULL), 0);
        if (debian_archive_open(&list, &params, ret_archive, &e) < 0) fail_msg("%s", err_message(e));
}

/* names: what the recipe asks for, NULL after the last. In the result "*" is behind what was asked for. */
static void check(const char *variant, const char *const *names, const char *expected) {
        AUTO(debian_archive_freep) DebianArchive *archive = NULL;
        AUTO(complete_debian_done) CompleteDebian d = {0};
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf text = {0};
        Recipe r = {.codename = "trixie", .bootstrap = variant, .at = {"x.yaml", 7}};
        for (; *names; names++) vec_push(&r.packages, (RecipePackage){.name = *names, .at = {"x.yaml", 9}});
        open_archive(&archive);
        if (complete_debian_select(archive, &r, &d, &e) < 0) fail_msg("%s", err_message(e));
        for (size_t i = 0; i < d.packages.n; i++)
                buf_addf(&text, "%s" STR_FMT "=" STR_FMT "%s", i > 0 ? " " : "", STR_ARG(d.packages.v[i]->name),
                         STR_ARG(d.packages.v[i]->version), d.asked[i] ? "*" : "");
        vec_done(&r.packages);
        assert_string_equal(text.p, expected);
}

static void test_variants(void **state) {
        (void)state;
        static const char *const none[] = {NULL};
        check("essential", none, "libc6=1* mawk=1* base-files=1*");
        check("apt", none, "libapt=1* libc6=1* apt=2* mawk=1* base-files=1*");
        check("minbase", none, "libapt=1 libc6=1* apt=2* mawk=1* base-files=1*");
        check("required", none, "libapt=1 libc6=1* apt=2* mawk=1* base-files=1*");
        check("important", none, "libapt=1 libc6=1* apt=2* mawk=1* base-files=1* nano=1*");
        check("standard", none, "libapt=1 libc6=1* apt=2* mawk=1* base-files=1* mail=1* nano=1*");
        check("buildd", none, "libapt=1 libc6=1* apt=2* mawk=1* base-files=1* gcc=1 build-essential=1*");
}

/* What an essential package needs is chosen before the recipe's packages count. */
static void test_packages(void **state) {
        (void)state;
        static const char *const names[] = {"curl (>= 7)", "gawk", "mta", NULL};
        check("essential", names, "gawk=1* libc6=1* mawk=1* base-files=1* libapt=1 curl=7* smtpd=1*");
}

static void test_no_such_release(void **state) {
        (void)state;
        AUTO(debian_archive_freep) DebianArchive *archive = NULL;
        AUTO(err_freep) Err *e = NULL;
        CompleteDebian d = {0};
        const Recipe r = {.codename = "forky", .bootstrap = "minbase", .at = {"x.yaml", 7}};
        open_archive(&archive);
        assert_int_equal(complete_debian_select(archive, &r, &d, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
        assert_non_null(strstr(err_message(e), "x.yaml:7: no repository has the suite 'forky'"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_variants), cmocka_unit_test(test_packages),
                                           cmocka_unit_test(test_no_such_release)};
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
