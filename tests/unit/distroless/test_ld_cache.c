/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "base/num.h"
#include "distroless/ld_cache.h"
#include "small_elf.h"

/* What ldconfig of Debian's glibc 2.36-9+deb12u14 made of the tree of put_tree(). */
static const char recorded[] =
        "676c6962632d6c642e736f2e6361636865312e3105000000880000000200000030010000000000000000000000000000"
        "03030000240100001b0100000000000000000000000000000303000011010000f5000000000000000000000000000040"
        "0303000011010000cf0000000000000001000000000000400303000011010000c0000000000000000000000000000000"
        "0303000011010000bc0000000000000000000000000000007838362d36342d7633007838362d36342d7632002f757372"
        "2f6c69622f6c6962612e736f2e31002f6c69622f676c6962632d6877636170732f7838362d36342d76332f6c6962612e"
        "736f2e31002f6c69622f676c6962632d6877636170732f7838362d36342d76322f6c6962612e736f2e31002f7573722f"
        "6c69622f6c696261612e736f2e3130007421a4ea02000000000000000000000060010000430000000100000000000000"
        "5801000008000000b2000000a80000006c64636f6e666967202844656269616e20474c49424320322e33362d392b6465"
        "6231327531342920737461626c652072656c656173652076657273696f6e20322e3336";

static void put_library(const char *root, const char *path, const char *soname) {
        AUTO(buf_done) Buf bytes = {0};
        AUTO(freep) char *full = at(root, path);
        make_parents(full);
        small_elf_write(&(SmallElf){.machine = EM_X86_64, .soname = soname}, &bytes);
        assert_int_equal(file_write_atomic(AT_FDCWD, full, bytes.p, bytes.n, 0644, NULL), 0);
}

static void put_tree(const char *root) {
        put_library(root, "lib/liba.so.1.2", "liba.so.1");
        put_library(root, "usr/lib/liba.so.1", "liba.so.1");
        put_library(root, "usr/lib/libaa.so.10", "libaa.so.10");
        put_library(root, "lib/glibc-hwcaps/x86-64-v3/liba.so.1", "liba.so.1");
        put_library(root, "lib/glibc-hwcaps/x86-64-v2/liba.so.1", "liba.so.1");
        put(root, "etc/ld.so.conf", "");
}

static void test_same_bytes(void **state) {
        (void)state;
        char *root = scratch_new();
        put_tree(root);
        {
                AUTO(view_freep) View *tree = NULL;
                AUTO(strvec_done) StrVec dirs = {0};
                AUTO(buf_done) Buf cache = {0};
                AUTO(ld_links_done) LdLinks links = {0};
                char hex[2 * 4096 + 1];
                strvec_push(&dirs, root);
                assert_int_equal(view_open(&dirs, &tree, NULL), 0);
                assert_int_equal(
                        ld_cache_make(&(LdCacheParams){tree, "amd64", "2.36-9+deb12u14"}, &cache, &links, NULL), 0);
                assert_true(cache.n < 4096);
                hex_render(cache.p, cache.n, hex);
                assert_string_equal(hex, recorded);
                assert_int_equal(links.n, 1);
                assert_string_equal(links.v[0].path, "/lib/liba.so.1");
                assert_string_equal(links.v[0].target, "liba.so.1.2");
        }
        scratch_free(root);
}

static void generator_is(const char *glibc, const char *expected) {
        AUTO(buf_done) Buf cache = {0};
        LdLibraries none = {0};
        assert_int_equal(ld_cache_render(&none, glibc, &cache, NULL), 0);
        assert_true(str_ends(buf_str(&cache), str_of(expected)));
        assert_int_equal(cache.n, 48 + 8 + 16 + strlen(expected));
}

static void test_generator(void **state) {
        (void)state;
        generator_is("2.41-12+deb13u4", "ldconfig (Debian GLIBC 2.41-12+deb13u4) stable release version 2.41");
        generator_is("2.42", "ldconfig (Debian GLIBC 2.42) stable release version 2.42");
}

/* Strings that others end in lie inside these; equal ones are there once. */
static void test_shared_strings(void **state) {
        (void)state;
        AUTO(buf_done) Buf cache = {0};
        LdLibrary list[] = {{.soname = (char *)"libb.so", .path = (char *)"/lib/libb.so"},
                            {.soname = (char *)"b.so", .path = (char *)"/lib/libb.so"}};
        LdLibraries libraries = {.v = list, .n = ARRAY_SIZE(list)};
        uint32_t length;
        assert_int_equal(ld_cache_render(&libraries, "1", &cache, NULL), 0);
        memcpy(&length, cache.p + 24, sizeof length);
        assert_int_equal(length, sizeof "/lib/libb.so");
        assert_memory_equal(cache.p + 48 + 2 * 24, "/lib/libb.so", length);
}

static void test_unknown_architecture(void **state) {
        (void)state;
        AUTO(view_freep) View *tree = NULL;
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf cache = {0};
        LdLinks links = {0};
        assert_int_equal(view_open(&(StrVec){0}, &tree, NULL), 0);
        assert_true(ld_cache_make(&(LdCacheParams){tree, "amd46", "2.36-9"}, &cache, &links, &e) < 0);
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        assert_non_null(strstr(err_message(e), "amd46"));
        assert_int_equal(cache.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_bytes),
                cmocka_unit_test(test_generator),
                cmocka_unit_test(test_shared_strings),
                cmocka_unit_test(test_unknown_architecture),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
