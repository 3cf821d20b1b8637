/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/published.h"
#include "os/fs.h"

/* "recipe release variant architecture", "none: hint", "error: message|hints". Owned. */
static char *found(const RecipeBook *book, const char *reference) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(freep) char *hint = NULL;
        AUTO(published_name_done) PublishedName name = {0};
        int r = published_find(book, reference, &name, &hint, &e);
        if (r < 0) return xasprintf("error: %s|%s", err_message(e), err_hints(e));
        if (r == PUBLISHED_NONE) return xasprintf("none: %s", hint ? hint : "");
        return xasprintf("%s %s %s %s", name.recipe, name.release, name.variant,
                         name.architecture ? name.architecture : "-");
}

static void assert_found(const char *reference, const char *expected) {
        AUTO(freep) char *text = found(NULL, reference);
        if (!starts_with(text, expected)) fail_msg("%s: expected '%s', found '%s'", reference, expected, text);
}

static void test_distroless(void **state) {
        (void)state;
        assert_found("gcr.io/distroless/static-debian12:nonroot", "static debian12 nonroot -");
        assert_found("gcr.io/distroless/static", "static debian13 latest -");
        assert_found("gcr.io/distroless/base-nossl:debug", "base-nossl debian13 debug -");
        assert_found("gcr.io/distroless/cc-debian13:debug-nonroot", "cc debian13 debug-nonroot -");
        assert_found("gcr.io/distroless/base-debian12:latest-arm64", "base debian12 latest arm64");
        assert_found("gcr.io/distroless/python3-debian12", "python3 debian12 latest -");
        assert_found("gcr.io/distroless/java17-debian12:nonroot", "java17 debian12 nonroot -");
        assert_found("gcr.io/distroless/java17", "java17 debian12 latest -");
        assert_found("gcr.io/distroless/java21-debian13", "java21 debian13 latest -");
        assert_found("gcr.io/distroless/java-base-debian12:debug", "java-base debian12 debug -");
        assert_found("gcr.io/distroless/nodejs20-debian13", "nodejs debian13 latest -");
        assert_found("gcr.io/distroless/nodejs18", "nodejs debian12 latest -");
}

static void test_complete(void **state) {
        (void)state;
        assert_found("debian:bookworm", "debian debian12 latest -");
        assert_found("debian", "debian debian13 latest -");
        assert_found("debian:12-slim", "debian-slim debian12 latest -");
        assert_found("docker.io/library/debian:trixie", "debian debian13 latest -");
        assert_found("golang:1.19", "golang debian12 latest -");
        assert_found("python:3.11-slim", "python-slim debian12 latest -");
        assert_found("python:3.13", "python debian13 latest -");
        assert_found("node:18-slim", "node-slim debian12 latest -");
        assert_found("eclipse-temurin:17-jdk", "jdk17 debian12 latest -");
        assert_found("eclipse-temurin:25-jre", "jre25 debian13 latest -");
}

/* Only what a release really has. */
static void test_other_versions(void **state) {
        (void)state;
        assert_found("python:3.12-slim", "none: recipes have of python: 3.13,");
        assert_found("python:3.11-trixie", "none: recipes have of python: ");
        assert_found("golang:1.22", "none: recipes have of golang: 1.24, 1, latest, 1.19");
        assert_found("gcr.io/distroless/java17-debian13", "none: a recipe has gcr.io/distroless/java17-debian12");
        assert_found("gcr.io/distroless/static:sneaky",
                     "none: recipes have of gcr.io/distroless/static: latest, nonroot");
        assert_found("gcr.io/distroless/nodejs22-debian12", "none: recipes have the Node.js that Debian has");
        assert_found("gcr.io/distroless/statik", "none: a recipe has gcr.io/distroless/static: did you mean that?");
        assert_found("example.org/app/unrelated:1", "none: ");
        assert_found("example.org/distroless/static", "none: ");
        assert_found("someone/debian:bookworm", "none: ");
        assert_found("debian@sha256:0123456789012345678901234567890123456789012345678901234567890123",
                     "none: a digest names one");
}

static void test_given_up(void **state) {
        (void)state;
        assert_found("gcr.io/distroless/java11",
                     "error: gcr.io/distroless/java11: Java 11 is no longer published|use gcr.io/");
        assert_found("gcr.io/distroless/java11-debian11:debug", "error: gcr.io/distroless/java11-debian11: Java 11 ");
        assert_found("gcr.io/distroless/java:8", "error: gcr.io/distroless/java: the name without a version");
        assert_found("gcr.io/distroless/python2.7",
                     "error: gcr.io/distroless/python2.7: Python 2.7 is no longer published|use gcr");
        assert_found("gcr.io/distroless/nodejs14", "error: gcr.io/distroless/nodejs14: this version of Node.js");
        assert_found("gcr.io/distroless/cc-debian11", "error: gcr.io/distroless/cc-debian11: this release of Debian");
        assert_found("gcr.io/distroless/base-debian10:nonroot", "error: gcr.io/distroless/base-debian10: this release");
        assert_found("lib/UPPER:1", "error: ");
}

static int write_book(void **state) {
        char *folder = xasprintf("%s/decant-published-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        if (!mkdtemp(folder)) return -1;
        AUTO(freep) char *path = xasprintf("%s/mine.yaml", folder);
        static const char text[] =
                "extends: static\nreleases: {debian12: {versions: [\"1\", \"1.0\"]}, debian13: {versions: [\"2\"]}}\n"
                "published: [\"example.org/team/mine:${version}[-${variant}][-${codename}][-${architecture}]\"]\n";
        *state = folder;
        return file_write_atomic(AT_FDCWD, path, text, sizeof text - 1, 0644, NULL);
}

static int remove_book(void **state) {
        tree_remove(AT_FDCWD, *state, NULL);
        free(*state);
        return 0;
}

static void test_own_names(void **state) {
        RecipeBook book = {0};
        recipe_book_add(&book, *state);
        static const char *const cases[][2] = {
                {"example.org/team/mine:1", "mine debian12 latest -"},
                {"example.org/team/mine:1.0-nonroot-bookworm-arm64", "mine debian12 nonroot arm64"},
                {"example.org/team/mine:2-debug-nonroot", "mine debian13 debug-nonroot -"},
                {"example.org/team/mine:2-bookworm", "none: recipes have of example.org/team/mine: "},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO(freep) char *text = found(&book, cases[i][0]);
                if (!starts_with(text, cases[i][1])) fail_msg("%s: %s", cases[i][0], text);
        }
        recipe_book_done(&book);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_distroless),
                cmocka_unit_test(test_complete),
                cmocka_unit_test(test_other_versions),
                cmocka_unit_test(test_given_up),
                cmocka_unit_test_setup_teardown(test_own_names, write_book, remove_book),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
