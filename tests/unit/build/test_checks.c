/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "build/check_elf.h"
#include "build/describe.h"
#include "codec/elf_file.h"
#include "os/fs.h"

static char *scratch(void) {
        const char *base = getenv("TMPDIR");
        char *path = xasprintf("%s/decant-checks-XXXXXX", base ? base : "/tmp");
        assert_non_null(mkdtemp(path));
        return path;
}

static void scratch_done(char **path) {
        tree_remove(AT_FDCWD, *path, NULL);
        free(*path);
}

static void write_text(const char *directory, const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

/* ---- the context */

static void expect(const char *dockerfile, const char *ignore, const char *want) {
        AUTO(scratch_done) char *directory = scratch();
        AUTO(build_description_done) BuildDescription d = {0};
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf got = {0};
        write_text(directory, "Dockerfile", dockerfile);
        if (ignore) write_text(directory, ".dockerignore", ignore);
        BuildParams params = {.context_path = directory};
        if (build_describe(&params, &d, &e) < 0) fail_msg("%s", err_message(e));
        size_t n = 0;
        const Finding *list = d.checks ? checks_list(d.checks, &n) : NULL;
        buf_adds(&got, d.error ? "error " : "");
        for (size_t i = 0; i < n; i++) buf_addf(&got, "%u:%s ", list[i].first_line, check_rule(list[i].id)->name);
        assert_string_equal(got.p, want);
}

static void test_ignored(void **state) {
        (void)state;
        expect("FROM x\nCOPY a /\n", NULL, "");
        expect("FROM x\nCOPY a /\n", "b\n", "");
        expect("FROM x\nCOPY a /\n", "a\n", "2:CopyIgnoredFile ");
        expect("FROM x\nADD ./d/../a b /\n", "a\n", "2:CopyIgnoredFile ");
        expect("FROM x\nCOPY d/a /\n", "d\n", "2:CopyIgnoredFile ");
        expect("FROM x\nCOPY a /\n", "*\n!a\n", "");
        expect("FROM x\nCOPY a /\n", "*\n!b\n", ""); /* with exceptions nothing is said */
        expect("FROM x\nCOPY . /\n", "*\n", "");
        expect("FROM x AS s\nFROM x\nCOPY --from=s a /\n", "a\n", "");
        expect("FROM x\n# check=skip=CopyIgnoredFile\nCOPY a /\n", "a\n", "");
}

/* Of an image that is not here nothing is known, so nothing is said. */
static void test_unknown_base(void **state) {
        (void)state;
        expect("FROM nowhere\nENV A=$FROM_BASE\nWORKDIR $HOME/x\n", NULL, "");
        expect("FROM scratch\nENV A=$B\n", NULL, "2:UndefinedVar ");
        expect("FROM x\nFROO y\n", NULL, "error ");
        expect("FROM x AS a\nCOPY --from=b /a /\nFROM a AS b\n", NULL, "error ");
}

/* ---- programs */

static void copy_file(const char *from, const char *directory, const char *path) {
        AUTO(freep) char *to = xasprintf("%s%s", directory, path);
        AUTO(freep) char *parent = xstrdup(to);
        *strrchr(parent, '/') = '\0';
        assert_int_equal(dir_make_all(AT_FDCWD, parent, 0755, NULL), 0);
        AUTO(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
        AUTO(closep) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
        struct stat st;
        assert_int_equal(fstat(in, &st), 0);
        assert_int_equal(fd_copy(in, out, (uint64_t)st.st_size, NULL), 0);
}

/* What is found for the file at path of a tree. Owned by the caller. */
static void look(const char *directory, const char *path, ImageFindings *findings) {
        AUTO(view_freep) View *view = NULL, *source = NULL;
        AUTO(strvec_done) StrVec dirs = {0}, host = {0};
        AUTO(freep) char *full = xasprintf("%s%s", directory, path);
        AUTO(closep) int fd = open(full, O_RDONLY | O_CLOEXEC);
        strvec_push(&dirs, directory);
        strvec_push(&host, "/");
        assert_int_equal(view_open(&dirs, &view, NULL), 0);
        assert_int_equal(view_open(&host, &source, NULL), 0);
        ElfCache *cache = elf_cache_new();
        ElfCheck check = {.cache = cache, .view = view, .source = source, .source_name = "build"};
        elf_check_program(&check, path, fd, findings);
        elf_cache_free(cache);
}

static void test_missing_interpreter(void **state) {
        (void)state;
        AUTO(scratch_done) char *directory = scratch();
        ImageFindings found = {0};
        copy_file("/proc/self/exe", directory, "/app");
        look(directory, "/app", &found);
        assert_int_equal(found.n, 1);
        assert_int_equal(found.v[0].id, CHECK_MISSING_INTERPRETER);
        assert_non_null(strstr(found.v[0].text, "'/app' cannot be started: its interpreter '"));
        assert_non_null(strstr(found.v[0].text, "libc.so.6"));
        assert_non_null(strstr(found.v[0].fix, "COPY --from=build "));
        image_findings_done(&found);
}

/* Put there what is asked for until nothing is missing. */
static void test_missing_libraries(void **state) {
        (void)state;
        AUTO(scratch_done) char *directory = scratch();
        AUTO(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        ElfFile self;
        ImageFindings found = {0};
        assert_int_equal(elf_read(fd, &self, NULL), ELF_FOUND);
        copy_file("/proc/self/exe", directory, "/app");
        copy_file(self.interpreter, directory, self.interpreter);
        elf_file_done(&self);
        look(directory, "/app", &found);
        assert_int_equal(found.n, 1);
        assert_int_equal(found.v[0].id, CHECK_MISSING_LIBRARY);
        for (int round = 0; found.n && round < 40; round++) {
                char from[512], to[512];
                const char *copy = strstr(found.v[0].fix, "COPY --from=build ");
                if (!copy || sscanf(copy, "COPY --from=build %511s %511[^;]", from, to) != 2)
                        fail_msg("%s", found.v[0].fix);
                copy_file(from, directory, to);
                image_findings_done(&found);
                look(directory, "/app", &found);
        }
        assert_int_equal(found.n, 0);
}

static void test_static_and_scripts(void **state) {
        (void)state;
        AUTO(scratch_done) char *directory = scratch();
        ImageFindings found = {0};
        write_text(directory, "script",
                   "#!/bin/sh\necho this is longer than any header of an ELF file has to be.....\n");
        look(directory, "/script", &found);
        assert_int_equal(found.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ignored),
                cmocka_unit_test(test_unknown_base),
                cmocka_unit_test(test_missing_interpreter),
                cmocka_unit_test(test_missing_libraries),
                cmocka_unit_test(test_static_and_scripts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
