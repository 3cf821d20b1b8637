/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/fs.h"
#include "os/lock.h"
#include "os/process.h"
#include "os/root_path.h"
#include "os/workers.h"

typedef struct Scratch {
        char path[64];
        int fd;
} Scratch;

static int set_up(void **state) {
        static Scratch scratch;
        snprintf(scratch.path, sizeof scratch.path, "/tmp/decant-fs-XXXXXX");
        assert_non_null(mkdtemp(scratch.path));
        scratch.fd = open(scratch.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        *state = &scratch;
        return scratch.fd < 0;
}

static int tear_down(void **state) {
        Scratch *scratch = *state;
        close(scratch->fd);
        return tree_remove(AT_FDCWD, scratch->path, NULL);
}

static void put(Scratch *scratch, const char *path, const char *text) {
        assert_int_equal(file_write_atomic(scratch->fd, path, text, strlen(text), 0644, NULL), 0);
}

static void test_read_has_a_limit(void **state) {
        Scratch *scratch = *state;
        put(scratch, "f", "12345");
        char *data;
        size_t size;
        assert_int_equal(file_read(scratch->fd, "f", 5, &data, &size, NULL), 0);
        assert_int_equal(size, 5);
        assert_string_equal(data, "12345");
        free(data);
        Err *e = NULL;
        assert_int_equal(file_read(scratch->fd, "f", 4, &data, &size, &e), -1);
        assert_int_equal(err_kind(e), ERR_LIMIT);
        err_free(e);
}

static void test_list_is_sorted(void **state) {
        Scratch *scratch = *state;
        assert_int_equal(dir_make_all(scratch->fd, "d/b/c", 0755, NULL), 0);
        put(scratch, "d/a", "");
        put(scratch, "d/Z", "");
        assert_int_equal(symlinkat("x", scratch->fd, "d/l"), 0);
        DirList list;
        assert_int_equal(dir_list(scratch->fd, "d", &list, NULL), 0);
        assert_int_equal(list.n, 4);
        assert_string_equal(list.v[0].name, "Z");
        assert_string_equal(list.v[1].name, "a");
        assert_string_equal(list.v[2].name, "b");
        assert_int_equal(list.v[2].type, DT_DIR);
        assert_int_equal(list.v[3].type, DT_LNK);
        dir_list_done(&list);
}

static void test_tree_remove_follows_no_link(void **state) {
        Scratch *scratch = *state;
        assert_int_equal(dir_make_all(scratch->fd, "keep", 0755, NULL), 0);
        put(scratch, "keep/f", "x");
        assert_int_equal(dir_make_all(scratch->fd, "gone/deep", 0755, NULL), 0);
        assert_int_equal(symlinkat("../keep", scratch->fd, "gone/link"), 0);
        assert_int_equal(fchmodat(scratch->fd, "gone/deep", 0, 0), 0);
        assert_int_equal(tree_remove(scratch->fd, "gone", NULL), 0);
        assert_int_equal(faccessat(scratch->fd, "keep/f", F_OK, 0), 0);
        assert_int_equal(faccessat(scratch->fd, "gone", F_OK, 0), -1);
        assert_int_equal(tree_remove(scratch->fd, "gone", NULL), 0);
}

static void test_root_open_stays_inside(void **state) {
        Scratch *scratch = *state;
        assert_int_equal(dir_make_all(scratch->fd, "root/etc", 0755, NULL), 0);
        put(scratch, "root/etc/passwd", "inside");
        put(scratch, "outside", "outside");
        AUTO(closep) int root = openat(scratch->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(symlinkat("/etc/passwd", root, "link"), 0);
        assert_int_equal(symlinkat("../../outside", root, "escape"), 0);
        AUTO(closep) int fd = root_open(root, "link", O_RDONLY, 0, NULL);
        assert_true(fd >= 0);
        char *text;
        size_t size;
        assert_int_equal(fd_read_all(fd, 100, &text, &size, NULL), 0);
        assert_string_equal(text, "inside");
        free(text);
        Err *e = NULL;
        assert_int_equal(root_open(root, "escape", O_RDONLY, 0, &e), -1);
        assert_int_equal(err_errno(e), ENOENT);
        err_free(e);
}

static void test_paths_are_cleaned(void **state) {
        (void)state;
        static const char *const rows[][3] = {
                {"/", "", "/"},    {"/", "..", "/"},     {"/a/b", "../c", "/a/c"},     {"/a", "/b//c/./d/..", "/b/c"},
                {"/a", ".", "/a"}, {"/a", "b/", "/a/b"}, {"/a/b", "../../../..", "/"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(freep) char *joined = path_join(rows[i][0], rows[i][1]);
                assert_string_equal(joined, rows[i][2]);
        }
}

static void test_lock_excludes(void **state) {
        Scratch *scratch = *state;
        int first, second;
        assert_int_equal(lock_file(scratch->fd, "lock", LOCK_EXCLUSIVE, true, &first, NULL), LOCK_TAKEN);
        assert_int_equal(lock_file(scratch->fd, "lock", LOCK_EXCLUSIVE, false, &second, NULL), LOCK_BUSY);
        close(first);
        assert_int_equal(lock_file(scratch->fd, "lock", LOCK_SHARED, false, &first, NULL), LOCK_TAKEN);
        assert_int_equal(lock_file(scratch->fd, "lock", LOCK_SHARED, false, &second, NULL), LOCK_TAKEN);
        close(first);
        close(second);
}

static void test_process_collects(void **state) {
        (void)state;
        const char *argv[] = {"sh", "-c", "cat; echo err >&2; exit 3", NULL};
        Buf output = {0}, errors = {0};
        int status;
        ProcessParams params = {.argv = argv, .input = "hello", .input_size = 5, .output_max = 1000};
        assert_int_equal(process_run(&params, &status, &output, &errors, NULL), 0);
        assert_int_equal(status, 3);
        assert_string_equal(output.p, "hello");
        assert_string_equal(errors.p, "err\n");
        buf_done(&output);
        buf_done(&errors);
        const char *missing[] = {"decant-no-such-program", NULL};
        params.argv = missing;
        Err *e = NULL;
        assert_int_equal(process_run(&params, &status, NULL, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
        err_free(e);
}

static int mark(void *context, size_t index) {
        ((unsigned char *)context)[index]++;
        return 0;
}

static int fail_at_seven(void *context, size_t index) {
        (void)context;
        return index == 7 ? -1 : 0;
}

static void test_parallel_for_does_each_once(void **state) {
        (void)state;
        unsigned char seen[5000] = {0};
        assert_int_equal(parallel_for(sizeof seen, mark, seen), 0);
        for (size_t i = 0; i < sizeof seen; i++) assert_int_equal(seen[i], 1);
        assert_int_equal(parallel_for(0, mark, seen), 0);
        assert_int_equal(parallel_for(100, fail_at_seven, NULL), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read_has_a_limit, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_list_is_sorted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_tree_remove_follows_no_link, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_root_open_stays_inside, set_up, tear_down),
                cmocka_unit_test(test_paths_are_cleaned),
                cmocka_unit_test_setup_teardown(test_lock_excludes, set_up, tear_down),
                cmocka_unit_test(test_process_collects),
                cmocka_unit_test(test_parallel_for_does_each_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
