/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "inspect/packages.h"

#define SUM "d41d8cd98f00b204e9800998ecf8427e  "

typedef struct Fixture {
        char *roots[2];
        View *view;
        ImagePackages packages;
} Fixture;

static int setup(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        for (int i = 0; i < 2; i++) f->roots[i] = scratch_new();
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;
        packages_done(&f->packages);
        view_free(f->view);
        for (int i = 0; i < 2; i++) scratch_free(f->roots[i]);
        free(f);
        return 0;
}

static void read_tree(Fixture *f) {
        Err *e = NULL;
        AUTO(strvec_done) StrVec dirs = {0};
        for (int i = 0; i < 2; i++) strvec_push(&dirs, f->roots[i]);
        assert_int_equal(view_open(&dirs, &f->view, &e), 0);
        if (packages_read(f->view, &f->packages, &e) < 0) fail_msg("%s", err_message(e));
}

static const ImagePackage *find(const Fixture *f, const char *name) {
        for (size_t i = 0; i < f->packages.v.n; i++)
                if (streq(f->packages.v.v[i].name, name)) return &f->packages.v.v[i];
        fail_msg("no package '%s'", name);
        return NULL;
}

/* "a b": the names, in order. */
static void assert_names(const Fixture *f, const char *expected) {
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; i < f->packages.v.n; i++) buf_addf(&names, "%s%s", i ? " " : "", f->packages.v.v[i].name);
        assert_string_equal(names.p ? names.p : "", expected);
}

static void assert_needs(const Fixture *f, const char *name, const char *expected) {
        const ImagePackage *p = find(f, name);
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; i < p->depends.n; i++)
                buf_addf(&names, "%s%s", i ? " " : "", f->packages.v.v[p->depends.v[i]].name);
        assert_string_equal(names.p ? names.p : "", expected);
}

static void put_system(Fixture *f) {
        put(f->roots[0], "usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian 12'\n");
        put_link(f->roots[0], "etc/os-release", "../usr/lib/os-release");
}

static void test_dpkg_status(void **state) {
        Fixture *f = *state;
        put_system(f);
        put(f->roots[0], "var/lib/dpkg/status",
            "Package: tool\nStatus: install ok installed\nMaintainer: A Team <a@b.c>\nArchitecture: amd64\nVersion: "
            "1:2.0+b1\n"
            "Source: things (2.0-1)\nDepends: libc (>= 2) | other, awk:any, gone\nDescription: a tool\n and more\n\n"
            "Package: libc\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\n"
            "Package: mawk\nStatus: hold ok installed\nArchitecture: all\nVersion: 1\nProvides: awk (= 1), x\n\n"
            "Package: left\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n");
        put(f->roots[0], "var/lib/dpkg/info/tool:amd64.md5sums", SUM "usr/bin/tool\n" SUM "usr/share/doc/tool/gone\n");
        put(f->roots[0], "usr/bin/tool", "x");
        read_tree(f);
        assert_names(f, "libc mawk tool");
        assert_needs(f, "tool", "libc mawk");
        const ImagePackage *tool = find(f, "tool");
        assert_string_equal(tool->purl,
                            "pkg:deb/debian/tool@1%3A2.0%2Bb1?arch=amd64&distro=debian-12&upstream=things%402.0-1");
        assert_string_equal(tool->source, "things");
        assert_string_equal(tool->source_version, "2.0-1");
        assert_string_equal(tool->description, "a tool");
        assert_string_equal(tool->supplier, "A Team <a@b.c>");
        assert_int_equal(tool->files_total, 2);
        assert_int_equal(tool->files_present, 1);
        assert_string_equal(f->packages.os.pretty_name, "Debian 12");
        assert_int_equal(f->packages.notes.n, 0);
}

/* The dialect of images without dpkg; what a later layer removes is gone, what it brings is found on merged paths. */
static void test_dpkg_status_d(void **state) {
        Fixture *f = *state;
        put_system(f);
        put_link(f->roots[0], "lib", "usr/lib");
        put(f->roots[0], "var/lib/dpkg/status.d/base", "Package: base\nVersion: 1\nArchitecture: all\n");
        put(f->roots[0], "var/lib/dpkg/status.d/old", "Package: old\nVersion: 1\nArchitecture: all\n");
        put(f->roots[1], "var/lib/dpkg/status.d/libz", "Package: libz\nVersion: 3\nArchitecture: arm64\nSource: z\n");
        put(f->roots[1], "var/lib/dpkg/status.d/libz.md5sums", SUM "lib/libz.so.3\n");
        put(f->roots[1], "usr/lib/libz.so.3", "\177ELF");
        put(f->roots[1], "usr/bin/stray.so", "\177ELF");
        put_whiteout(f->roots[1], "var/lib/dpkg/status.d/old");
        read_tree(f);
        assert_names(f, "base libz");
        const ImagePackage *libz = find(f, "libz");
        assert_string_equal(libz->purl, "pkg:deb/debian/libz@3?arch=arm64&distro=debian-12&upstream=z");
        assert_string_equal(libz->place, "/var/lib/dpkg/status.d/libz");
        assert_int_equal(libz->layer, 1);
        assert_int_equal(find(f, "base")->layer, 0);
        assert_int_equal(libz->files_present, 1);
        assert_int_equal(f->packages.unowned.n, 1);
        assert_string_equal(f->packages.unowned.v[0].path, "/usr/bin/stray.so");
        assert_int_equal(f->packages.unowned.v[0].size_bytes, 4);
}

static void test_same_package_in_both_dialects(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "var/lib/dpkg/status", "Package: a\nVersion: 1\nArchitecture: all\n");
        put(f->roots[0], "var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\nArchitecture: all\n");
        put(f->roots[0], "var/lib/dpkg/status.d/a2", "Package: a\nVersion: 2\nArchitecture: all\n");
        read_tree(f);
        assert_names(f, "a a");
        assert_string_equal(f->packages.v.v[0].purl, "pkg:deb/debian/a@1?arch=all");
}

static void test_damaged_is_a_note(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "var/lib/dpkg/status.d/bad", "Package: bad\nno colon here\n");
        put(f->roots[0], "var/lib/dpkg/status.d/half", "Package: half\n");
        put(f->roots[0], "var/lib/dpkg/status.d/good", "Package: good\nVersion: 1\n");
        put(f->roots[0], "var/lib/rpm/rpmdb.sqlite", "x");
        put(f->roots[0], "app/node_modules/m/package.json", "{]");
        read_tree(f);
        assert_names(f, "good");
        assert_int_equal(f->packages.notes.n, 4);
        assert_non_null(strstr(f->packages.notes.v[0], "/var/lib/dpkg/status.d/bad:2:"));
        assert_non_null(strstr(f->packages.notes.v[1], "/var/lib/dpkg/status.d/half:1:"));
        assert_non_null(strstr(f->packages.notes.v[2], "/app/node_modules/m/package.json"));
        assert_non_null(strstr(f->packages.notes.v[3], "rpm"));
}

static void test_copyright(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n");
        put(f->roots[0], "var/lib/dpkg/status.d/b", "Package: b\nVersion: 1\n");
        put(f->roots[0], "usr/share/doc/b/copyright",
            "This is free software. License: GPL-2\n\n  * Copyright (c) 1999, 2001 Somebody\n    Copyright law "
            "applies.\n"
            "Copyright (c) 1999, 2001 Somebody\nCopyright 2020 Another\n");
        put(f->roots[0], "usr/share/doc/a/copyright",
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
            "Files: *\nCopyright: 2020 X\n 2021 Y\nLicense: GPL-2+ or Artistic\n\n"
            "Files: y\nCopyright: 2021 Y\nLicense: own-terms\n\nFiles: z\nCopyright: 2020 X\nLicense: Expat\n\n"
            "License: own-terms\n Do what\n you like.\n");
        read_tree(f);
        const ImagePackage *a = find(f, "a");
        assert_string_equal(a->license, "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND LicenseRef-own-terms AND MIT");
        assert_string_equal(a->copyright, "2020 X\n2021 Y");
        assert_null(find(f, "b")->license);
        assert_string_equal(find(f, "b")->copyright, "Copyright (c) 1999, 2001 Somebody\nCopyright 2020 Another");
        assert_int_equal(f->packages.licenses.n, 1);
        assert_string_equal(f->packages.licenses.v[0].id, "LicenseRef-own-terms");
        assert_string_equal(f->packages.licenses.v[0].text, "Do what\n you like.");
}

static void test_apk(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n");
        put(f->roots[0], "lib/apk/db/installed",
            "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\nm:Nobody "
            "<n@o>\np:so:libc.musl.so.1=1\nF:lib\nR:ld-musl.so.1\n\n"
            "P:ssl_client\nV:1.36-r1\nA:x86_64\no:busybox\nD:so:libc.musl.so.1 "
            "!bad\nF:usr/bin\nR:ssl_client\n\nP:broken\n");
        put(f->roots[0], "var/lib/dpkg/status.d/x", "Package: x\nVersion: 1\n");
        put(f->roots[0], "lib/ld-musl.so.1", "\177ELF");
        read_tree(f);
        assert_names(f, "musl ssl_client");
        assert_needs(f, "ssl_client", "musl");
        assert_string_equal(find(f, "ssl_client")->purl,
                            "pkg:apk/alpine/ssl_client@1.36-r1?arch=x86_64&distro=alpine-3.19.1&upstream=busybox");
        assert_string_equal(find(f, "musl")->license, "MIT");
        assert_int_equal(find(f, "ssl_client")->files_total, 1);
        assert_int_equal(find(f, "ssl_client")->files_present, 0);
        assert_int_equal(f->packages.unowned.n, 0);
        assert_int_equal(f->packages.notes.n, 2); /* the broken one, and dpkg's */
}

static void test_python(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "site/Typing_Extensions-4.9.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Typing_Extensions\nVersion: 4.9\nLicense: MIT\n\nVersion: in the text\n");
        put(f->roots[0], "site/app-1.dist-info/METADATA",
            "Name: app\nVersion: 1\nAuthor: Ann\nAuthor-email: ann@x.y\nRequires-Dist: typing.extensions (>=4) ; "
            "python_version > "
            "'3'\nRequires-Dist: other ; extra == 'o'\n");
        put(f->roots[0], "site/app-1.dist-info/RECORD", "app/__init__.py,sha256=x,1\napp/gone.py,,\n../bin/app,,\n");
        put(f->roots[0], "site/app/__init__.py", "");
        put(f->roots[0], "bin/app", "");
        put(f->roots[0], "dist-packages/deb.egg-info/PKG-INFO", "Name: deb\nVersion: 1\n");
        put(f->roots[0], "var/lib/dpkg/status.d/python3-deb", "Package: python3-deb\nVersion: 1\n");
        put(f->roots[0], "var/lib/dpkg/status.d/python3-deb.md5sums", SUM "dist-packages/deb.egg-info/PKG-INFO\n");
        read_tree(f);
        assert_names(f, "python3-deb Typing_Extensions app");
        assert_string_equal(find(f, "Typing_Extensions")->purl, "pkg:pypi/typing-extensions@4.9");
        assert_needs(f, "app", "Typing_Extensions");
        assert_string_equal(find(f, "app")->supplier, "Ann <ann@x.y>");
        assert_int_equal(find(f, "app")->files_total, 3);
        assert_int_equal(find(f, "app")->files_present, 2);
}

static void test_npm(void **state) {
        Fixture *f = *state;
        put(f->roots[0], "app/package.json", "{\"name\":\"app\",\"version\":\"1.0.0\"}");
        put(f->roots[0], "app/node_modules/@s/a/package.json",
            "{\"name\":\"@s/a\",\"version\":\"1.2.3\",\"license\":\"(MIT OR "
            "ISC)\",\"author\":{\"name\":\"N\",\"email\":\"e@x\"},"
            "\"dependencies\":{\"b\":\"^2\",\"absent\":\"1\"}}");
        put(f->roots[0], "app/node_modules/b/package.json", "{\"name\":\"b\",\"version\":\"1.0.0\"}");
        put(f->roots[0], "app/node_modules/@s/a/node_modules/b/package.json", "{\"name\":\"b\",\"version\":\"2.0.0\"}");
        put(f->roots[0], "app/node_modules/b/lib/package.json", "{\"name\":\"inner\",\"version\":\"1\"}");
        put_mode(f->roots[0], "app/node_modules/b/lib/native.node", "\177ELF", 0755);
        read_tree(f);
        assert_names(f, "@s/a b b");
        const ImagePackage *a = find(f, "@s/a");
        assert_string_equal(a->purl, "pkg:npm/%40s/a@1.2.3");
        assert_string_equal(a->license, "MIT OR ISC");
        assert_string_equal(a->supplier, "N <e@x>");
        assert_int_equal(a->depends.n, 1);
        assert_string_equal(f->packages.v.v[a->depends.v[0]].version, "2.0.0");
        assert_int_equal(f->packages.unowned.n, 0);
}

static void test_nothing(void **state) {
        Fixture *f = *state;
        put_mode(f->roots[0], "bin/script", "#!/bin/sh\n", 0755);
        read_tree(f);
        assert_names(f, "");
        assert_int_equal(f->packages.unowned.n, 0);
        assert_null(f->packages.os.id);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_dpkg_status),
                TEST(test_same_package_in_both_dialects),
                TEST(test_damaged_is_a_note),
                TEST(test_copyright),
                TEST(test_apk),
                TEST(test_python),
                TEST(test_npm),
                TEST(test_nothing),
        };
        const struct CMUnitTest root_tests[] = {TEST(test_dpkg_status_d)}; /* whiteouts are devices */
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        return geteuid() == 0 ? failed + cmocka_run_group_tests(root_tests, NULL, NULL) : failed;
}
