/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/tar.h"
#include "image/archive_out.h"
#include "os/fs.h"

static const char payload[] = "some bytes that are made on the way";

static int produce(void *context, Sink *sink, Err **e) {
        ++*(int *)context;
        if (sink_write(sink, payload, 10, e) < 0 || sink_write(sink, payload + 10, sizeof payload - 11, e) < 0)
                return -1;
        return sink_finish(sink, e);
}

/* Returns how often produce() ran. */
static int write_archive(ArchiveOut *out) {
        AUTO(err_freep) Err *e = NULL;
        int runs = 0;
        BlobInput in = {produce, &runs, NULL};
        Digest digest, want;
        uint64_t size;
        assert_int_equal(archive_out_begin(out, &e), 0);
        if (archive_out_blob(out, &in, &digest, &size, &e) < 0) fail_msg("%s", err_message(e));
        sha256_of(payload, sizeof payload - 1, &want);
        assert_true(digest_eq(&digest, &want));
        assert_int_equal(size, sizeof payload - 1);
        assert_int_equal(archive_out_blob_data(out, "small", 5, &digest, &e), 0);
        assert_int_equal(archive_out_blob_data(out, "small", 5, &digest, &e), 0); /* once only */
        assert_int_equal(archive_out_file(out, "index.json", "{}", 2, &e), 0);
        assert_int_equal(archive_out_end(out, &e), 0);
        return runs;
}

static int memory_file(void) {
        int fd = memfd_create("archive", MFD_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

static char *whole(int fd, size_t *ret_size) {
        char *data = NULL;
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 1 << 20, &data, ret_size, NULL), 0);
        return data;
}

static void *read_pipe(void *p) {
        int *fds = p; /* from, to */
        char buffer[1000];
        ssize_t n;
        while ((n = read(fds[0], buffer, sizeof buffer)) > 0) assert_int_equal(write(fds[1], buffer, (size_t)n), n);
        return NULL;
}

static void equal_bytes_on_file_and_pipe(void **state) {
        (void)state;
        AUTO(closep) int file = memory_file();
        ArchiveOut *out = archive_out_tar(file);
        assert_int_equal(write_archive(out), 1);
        archive_out_free(out);

        int pipes[2];
        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        AUTO(closep) int copy = memory_file();
        int fds[2] = {pipes[0], copy};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, read_pipe, fds), 0);
        out = archive_out_tar(pipes[1]);
        assert_int_equal(write_archive(out), 2);
        archive_out_free(out);
        close(pipes[1]);
        pthread_join(thread, NULL);
        close(pipes[0]);

        size_t n, m;
        AUTO(freep) char *a = whole(file, &n);
        AUTO(freep) char *b = whole(copy, &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
}

static void begins_at_the_offset(void **state) {
        (void)state;
        AUTO(closep) int file = memory_file();
        assert_int_equal(write(file, "before", 6), 6);
        ArchiveOut *out = archive_out_tar(file);
        assert_int_equal(write_archive(out), 1);
        archive_out_free(out);
        size_t n;
        AUTO(freep) char *data = whole(file, &n);
        assert_memory_equal(data, "before", 6);
        AUTO(source_freep) Source *source = source_from_memory(data + 6, n - 6);
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(source);
        static const char *const names[] = {"blobs",         "blobs/sha256",  "oci-layout",
                                            "blobs/sha256/", "blobs/sha256/", "index.json"};
        TarEntry entry;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_int_equal(tar_reader_next(reader, &entry, NULL), TAR_ENTRY);
                assert_memory_equal(entry.name, names[i], strlen(names[i]));
                assert_int_equal(entry.mtime_ns, 0);
                assert_int_equal(entry.uid, 0);
        }
        assert_int_equal(tar_reader_next(reader, &entry, NULL), TAR_END);
}

static void appending_file_takes_two_passes(void **state) {
        (void)state;
        char path[] = "/tmp/decant-test-XXXXXX";
        AUTO(closep) int fd = mkstemp(path);
        assert_true(fd >= 0);
        AUTO(closep) int append = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        unlink(path);
        ArchiveOut *out = archive_out_tar(append);
        assert_int_equal(write_archive(out), 2);
        archive_out_free(out);
}

static void directory(void **state) {
        (void)state;
        char path[] = "/tmp/decant-test-XXXXXX";
        assert_non_null(mkdtemp(path));
        AUTO(freep) char *layout = xasprintf("%s/a/b", path);
        ArchiveOut *out = NULL;
        assert_int_equal(archive_out_directory(layout, &out, NULL), 0);
        assert_int_equal(write_archive(out), 1);
        char *index = NULL;
        size_t size;
        assert_int_equal(archive_out_read_index(out, &index, &size, NULL), 0);
        assert_string_equal(index, "{}");
        free(index);
        archive_out_free(out);
        AUTO(freep) char *blobs = xasprintf("%s/blobs/sha256", layout);
        DirList list = {0};
        assert_int_equal(dir_list(AT_FDCWD, blobs, &list, NULL), 0);
        assert_int_equal(list.n, 2); /* and nothing temporary */
        for (size_t i = 0; i < list.n; i++) assert_int_equal(strlen(list.v[i].name), 64);
        dir_list_done(&list);
        assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

static int produce_failure(void *context, Sink *sink, Err **e) {
        (void)context;
        if (sink_write(sink, payload, 10, e) < 0) return -1;
        return err_new(e, ERR_STORE, "broken");
}

static void failure_leaves_no_temporary_file(void **state) {
        (void)state;
        char path[] = "/tmp/decant-test-XXXXXX";
        assert_non_null(mkdtemp(path));
        ArchiveOut *out = NULL;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(archive_out_directory(path, &out, &e), 0);
        assert_int_equal(archive_out_begin(out, &e), 0);
        BlobInput in = {produce_failure, NULL, NULL};
        Digest digest;
        uint64_t size;
        assert_int_equal(archive_out_blob(out, &in, &digest, &size, &e), -1);
        assert_int_equal(err_kind(e), ERR_STORE);
        archive_out_free(out);
        AUTO(freep) char *blobs = xasprintf("%s/blobs/sha256", path);
        DirList list = {0};
        assert_int_equal(dir_list(AT_FDCWD, blobs, &list, NULL), 0);
        assert_int_equal(list.n, 0);
        dir_list_done(&list);
        assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(equal_bytes_on_file_and_pipe),     cmocka_unit_test(begins_at_the_offset),
                cmocka_unit_test(appending_file_takes_two_passes),  cmocka_unit_test(directory),
                cmocka_unit_test(failure_leaves_no_temporary_file),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
