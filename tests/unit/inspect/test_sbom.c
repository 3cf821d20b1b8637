/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "inspect/purl.h"
#include "inspect/sbom.h"
#include "os/fs.h"

typedef struct Fixture {
        ImageConfig config;
        ImagePackages packages;
        Digest id;
        SbomSubject subject;
} Fixture;

static void add(Fixture *f, ImagePackage package) {
        package.purl = package_purl(&package, &f->packages.os, f->packages.arena);
        vec_push(&f->packages.v, package);
}

static int setup(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        image_config_init(&f->config);
        sha256_of("image", 5, &f->id);
        vec_push(&f->config.diff_ids, f->id);
        char command[] = "COPY . / # \"made\"";
        HistoryEntry entry = {.created_by = command};
        image_config_add_history(&f->config, &entry);
        f->packages.arena = arena_new();
        f->packages.os = (OsInfo){.id = "debian", .version_id = "12", .pretty_name = "Debian 12"};
        f->subject = (SbomSubject){.name = "app:1",
                                   .image_id = &f->id,
                                   .config = &f->config,
                                   .created_s = 1700000000,
                                   .tool_version = "0",
                                   .packages = &f->packages};
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;
        packages_done(&f->packages);
        image_config_done(&f->config);
        free(f);
        return 0;
}

static void fill(Fixture *f) {
        add(f, (ImagePackage){.kind = PACKAGE_DEB,
                              .name = "libc6",
                              .version = "2.36-9",
                              .architecture = "amd64",
                              .source = "glibc",
                              .supplier = "GNU Libc Maintainers <libc@x.y>",
                              .license = "LGPL-2.1-only",
                              .copyright = "1991 FSF",
                              .place = "/var/lib/dpkg/status.d/libc6",
                              .files_total = 3,
                              .files_present = 2});
        add(f, (ImagePackage){.kind = PACKAGE_DEB,
                              .name = "tool",
                              .version = "1:2-3",
                              .architecture = "amd64",
                              .supplier = "Ann <ann@x.y>",
                              .homepage = "https://x.y/",
                              .description = "a \"tool\"",
                              .license = "LicenseRef-own",
                              .place = "/var/lib/dpkg/status.d/tool",
                              .has_sha256 = true,
                              .download = "https://apt.example.org/tool.deb"});
        vec_push(&f->packages.v.v[1].depends, (size_t)0);
        for (int i = 1; i <= 2; i++)
                add(f, (ImagePackage){.kind = PACKAGE_NPM,
                                      .name = "n",
                                      .version = "1",
                                      .place = i == 1 ? "/a/package.json" : "/b/package.json"});
        UnownedFile file = {.path = "/app", .size_bytes = 4};
        vec_push(&f->packages.unowned, file);
        OtherLicense license = {.id = "LicenseRef-own", .name = "own", .text = "Own terms."};
        vec_push(&f->packages.licenses, license);
}

/* With DECANT_UPDATE_GOLDEN set the files are written anew. */
static void compare(const Fixture *f, SbomFormat format, const char *name) {
        AUTO(freep) char *path = xasprintf("%s/%s", SBOM_DATA, name), *expected = NULL;
        AUTO(buf_done) Buf text = {0}, again = {0};
        size_t size;
        assert_int_equal(sbom_render(&f->subject, format, &text, NULL), 0);
        assert_int_equal(sbom_render(&f->subject, format, &again, NULL), 0);
        assert_string_equal(text.p, again.p);
        if (getenv("DECANT_UPDATE_GOLDEN")) assert_int_equal(file_write_result(path, text.p, text.n, NULL), 0);
        assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &expected, &size, NULL), 0);
        assert_string_equal(text.p, expected);
}

static void test_goldens(void **state) {
        Fixture *f = *state;
        fill(f);
        compare(f, SBOM_SPDX_JSON, "sbom.spdx.json");
        compare(f, SBOM_CYCLONEDX_JSON, "sbom.cyclonedx.json");
        compare(f, SBOM_JSON, "sbom.json");
        compare(f, SBOM_TABLE, "sbom.txt");
}

static json_t *render(const Fixture *f, SbomFormat format) {
        AUTO(buf_done) Buf text = {0};
        assert_int_equal(sbom_render(&f->subject, format, &text, NULL), 0);
        json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        return root;
}

/* Readers stumble over absent lists. */
static void test_empty_image(void **state) {
        Fixture *f = *state;
        f->subject.name = NULL;
        f->packages.os = (OsInfo){0};
        AUTO(json_decrefp) json_t *spdx = render(f, SBOM_SPDX_JSON), *cyclonedx = render(f, SBOM_CYCLONEDX_JSON);
        assert_int_equal(json_array_size(json_object_get(spdx, "packages")), 1);
        assert_int_equal(json_array_size(json_object_get(spdx, "relationships")), 1);
        assert_true(json_is_array(json_object_get(cyclonedx, "components")));
        assert_int_equal(json_array_size(json_object_get(cyclonedx, "components")), 0);
        assert_memory_equal(json_string_value(json_object_get(spdx, "name")), "sha256:", 7);
}

/* Names and texts of a hostile image stay text. */
static void test_hostile_text(void **state) {
        Fixture *f = *state;
        add(f, (ImagePackage){.kind = PACKAGE_NPM,
                              .name = "\"},{\x1b[31m\xff",
                              .version = "\n1",
                              .homepage = "http://x y",
                              .place = "/\"\\",
                              .supplier = "<"});
        AUTO(json_decrefp) json_t *spdx = render(f, SBOM_SPDX_JSON), *cyclonedx = render(f, SBOM_CYCLONEDX_JSON);
        assert_int_equal(json_array_size(json_object_get(spdx, "packages")), 3);
        assert_null(json_object_get(json_array_get(json_object_get(spdx, "packages"), 2), "homepage"));
        assert_int_equal(json_array_size(json_object_get(cyclonedx, "components")), 2);
        AUTO(buf_done) Buf table = {0};
        assert_int_equal(sbom_render(&f->subject, SBOM_TABLE, &table, NULL), 0);
        assert_null(strchr(table.p, 0x1b));
}

/* What the document is of decides its number: another image, name or time gives another. */
static void test_serial_number(void **state) {
        Fixture *f = *state;
        AUTO(json_decrefp) json_t *one = render(f, SBOM_CYCLONEDX_JSON);
        f->subject.created_s++;
        AUTO(json_decrefp) json_t *two = render(f, SBOM_CYCLONEDX_JSON);
        const char *a = json_string_value(json_object_get(one, "serialNumber"));
        const char *b = json_string_value(json_object_get(two, "serialNumber"));
        assert_int_equal(strlen(a), strlen("urn:uuid:") + 36);
        assert_int_equal(a[strlen("urn:uuid:") + 14], '8');
        assert_string_not_equal(a, b);
}

static void test_formats_by_name(void **state) {
        (void)state;
        static const char *const names[] = {[SBOM_TABLE] = "table",
                                            [SBOM_JSON] = "json",
                                            [SBOM_SPDX_JSON] = "spdx-json",
                                            [SBOM_CYCLONEDX_JSON] = "cyclonedx-json"};
        SbomFormat format;
        assert_int_equal(sizeof names / sizeof names[0], SBOM_FORMAT_MAX);
        for (unsigned i = 0; i < SBOM_FORMAT_MAX; i++) {
                assert_true(sbom_format_find(names[i], &format));
                assert_int_equal(format, i);
        }
        assert_false(sbom_format_find("spdx", &format));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {TEST(test_goldens), TEST(test_empty_image), TEST(test_hostile_text),
                                           TEST(test_serial_number), TEST(test_formats_by_name)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
