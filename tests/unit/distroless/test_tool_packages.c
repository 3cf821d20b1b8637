/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/tool_packages.h"

static void add(BaseLock *lock, const char *name, const char *architecture, LockUse use) {
        vec_push(&lock->packages, (LockedPackage){.use = use,
                                                  .name = xstrdup(name),
                                                  .version = xstrdup("1"),
                                                  .architecture = xstrdup(architecture)});
}

/* An image with Python, for that architecture. */
static BaseLock python_image(const char *architecture) {
        static const char *const names[] = {"base-files", "libc6", "libexpat1", "zlib1g", "libpython3.13-minimal"};
        BaseLock lock = {.architecture = xstrdup(architecture)};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) add(&lock, names[i], architecture, USE_FILES);
        add(&lock, "python3-minimal", architecture, USE_FILES); /* only depends on the one of the version */
        add(&lock, "python3.13-minimal", architecture, USE_FILES);
        return lock;
}

static void test_python_version(void **state) {
        (void)state;
        AUTO(base_lock_done) BaseLock lock = python_image("arm64");
        AUTO(freep) char *version = python_version_of(&lock);
        assert_string_equal(version, "3.13");
        BaseLock none = {0};
        add(&none, "python3-minimal", "amd64", USE_FILES);
        add(&none, "python3.x-minimal", "amd64", USE_FILES);
        add(&none, "python3.12-minimal", "amd64", USE_TOOL); /* not in the image */
        assert_null(python_version_of(&none));
        base_lock_done(&none);
}

/* What the image has is not locked once more; of another architecture all is needed. */
static void test_python_tools(void **state) {
        (void)state;
        const Recipe recipe = {.python_bytecode = true}, plain = {0};
        AUTO(base_lock_done) BaseLock lock = python_image("arm64");
        AUTO(strvec_done) StrVec names = {0};
        tool_packages_missing(&recipe, &lock, "arm64", &names);
        assert_int_equal(names.n, 0);
        tool_packages_missing(&plain, &lock, "amd64", &names);
        assert_int_equal(names.n, 0);
        tool_packages_missing(&recipe, &lock, "amd64", &names);
        assert_int_equal(names.n, 6);
        assert_true(strvec_index(&names, "python3.13-minimal") >= 0 && strvec_index(&names, "libc6") >= 0);
        for (size_t i = 0; i < names.n; i++) add(&lock, names.v[i], "amd64", USE_TOOL);
        strvec_done(&names);
        tool_packages_missing(&recipe, &lock, "amd64", &names);
        assert_int_equal(names.n, 0);
}

static void test_java_tools(void **state) {
        (void)state;
        char version[] = "17";
        const Recipe recipe = {.java_version = version};
        AUTO(strvec_done) StrVec names = {0}, missing = {0};
        BaseLock lock = {0};
        java_runtime_packages(&recipe, &names);
        assert_int_equal(names.n, 2);
        assert_string_equal(names.v[0], "openjdk-17-jdk-headless"); /* the one with modules */
        for (size_t i = 0; i < names.n; i++) add(&lock, names.v[i], "amd64", USE_JAVA_MODULES);
        tool_packages_missing(&recipe, &lock, "amd64", &missing);
        assert_int_equal(strvec_index(&missing, "openjdk-17-jdk-headless"), -1);
        assert_true(strvec_index(&missing, "libstdc++6") >= 0);
        strvec_done(&missing);
        tool_packages_missing(&recipe, &lock, "arm64", &missing);
        assert_true(strvec_index(&missing, "openjdk-17-jdk-headless") >= 0);
        base_lock_done(&lock);
}

static void test_find(void **state) {
        (void)state;
        BaseLock lock = {0};
        add(&lock, "a", "amd64", USE_INSTALLED);
        add(&lock, "b", "all", USE_FILES);
        add(&lock, "c", "arm64", USE_FILES);
        add(&lock, "c", "amd64", USE_TOOL);
        assert_null(tool_package_find(&lock, "d", "amd64"));
        assert_ptr_equal(tool_package_find(&lock, "b", "amd64"), &lock.packages.v[1]);
        assert_ptr_equal(tool_package_find(&lock, "c", "arm64"), &lock.packages.v[2]);
        assert_ptr_equal(tool_package_find(&lock, "c", "amd64"), &lock.packages.v[3]);
        assert_null(tool_package_find(&lock, "c", "riscv64"));
        base_lock_done(&lock);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_python_version), cmocka_unit_test(test_python_tools),
                                           cmocka_unit_test(test_java_tools), cmocka_unit_test(test_find)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
