/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "codec/tar.h"
#include "debian/deb_file.h"

typedef struct TestFile {
        const char *name, *text;
} TestFile;

static void add_member(Buf *deb, const char *name, Str data) {
        if (!deb->n) buf_adds(deb, "!<arch>\n");
        buf_addf(deb, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 1700000000, 0, 0, "100644", data.n);
        buf_add_str(deb, data);
        if (data.n & 1) buf_addc(deb, '\n');
}

/* A tar of files (ends at a NULL name), compressed. */
static void make_tar(const TestFile *files, Compression compression, Buf *ret_tar) {
        AUTO(sink_freep) Sink *end = sink_to_buf(ret_tar);
        AUTO(sink_freep) Sink *packed = NULL;
        assert_int_equal(sink_compressing(end, compression, -1, &packed, NULL), 0);
        AUTO(tar_writer_freep) TarWriter *w = tar_writer_new(packed);
        for (; files->name; files++) {
                TarEntry entry = {.type = TAR_FILE, .name = files->name, .mode = 0644, .size = strlen(files->text)};
                assert_int_equal(tar_writer_entry(w, &entry, NULL), 0);
                assert_int_equal(tar_writer_data(w, files->text, strlen(files->text), NULL), 0);
        }
        assert_int_equal(tar_writer_finish(w, NULL), 0);
        assert_int_equal(sink_finish(packed, NULL), 0);
}

static const TestFile control_files[] = {{"./control", "Package: x\n"},         {"./md5sums", "0 usr/x\n"},
                                         {"./postinst", "#!/bin/sh\n"},         {"./config", "#!/bin/sh\n"},
                                         {"./triggers", "activate ldconfig\n"}, {0}};
static const TestFile data_files[] = {{"./usr/x", "content"}, {0}};

static int file_of(const Buf *deb) {
        int fd = memfd_create("deb", MFD_CLOEXEC);
        assert_int_equal(write(fd, deb->p, deb->n), (ssize_t)deb->n);
        return fd;
}

static int make_deb(const char *suffix, Compression compression) {
        AUTO(buf_done) Buf control = {0}, data = {0}, deb = {0};
        char name[32];
        make_tar(control_files, compression, &control);
        make_tar(data_files, compression, &data);
        add_member(&deb, "debian-binary", STR("2.0\n"));
        add_member(&deb, "_sign", STR("whatever"));
        snprintf(name, sizeof name, "control.tar%s", suffix);
        add_member(&deb, name, buf_str(&control));
        snprintf(name, sizeof name, "data.tar%s", suffix);
        add_member(&deb, name, buf_str(&data));
        return file_of(&deb);
}

static void check_data(int fd) {
        AUTO(source_freep) Source *tar = NULL;
        assert_int_equal(deb_open_data(fd, &tar, NULL), 0);
        AUTO(tar_reader_freep) TarReader *r = tar_reader_new(tar);
        TarEntry entry;
        char text[16];
        size_t n;
        assert_int_equal(tar_reader_next(r, &entry, NULL), TAR_ENTRY);
        assert_string_equal(entry.name, "./usr/x");
        assert_int_equal(tar_reader_data(r, text, sizeof text, &n, NULL), 0);
        assert_int_equal(n, 7);
        assert_memory_equal(text, "content", 7);
        assert_int_equal(tar_reader_next(r, &entry, NULL), TAR_END);
}

static void test_compressions(void **state) {
        (void)state;
        static const struct {
                const char *suffix;
                Compression compression;
        } rows[] = {{"", COMPRESSION_NONE}, {".gz", COMPRESSION_GZIP}, {".zst", COMPRESSION_ZSTD}};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(closep) int fd = make_deb(rows[i].suffix, rows[i].compression);
                AUTO(deb_control_done) DebControl c = {0};
                assert_int_equal(deb_read_control(fd, &c, NULL), 0);
                assert_string_equal(c.control, "Package: x\n");
                assert_int_equal(c.control_size, 11);
                assert_string_equal(c.md5sums, "0 usr/x\n");
                assert_int_equal(c.md5sums_size, 8);
                assert_null(c.conffiles);
                assert_int_equal(c.built_s, 1700000000);
                assert_int_equal(c.scripts.n, 2);
                assert_string_equal(c.scripts.v[0], "config");
                assert_string_equal(c.scripts.v[1], "postinst");
                check_data(fd);
        }
}

static void fails(const Buf *deb, ErrKind kind, const char *said) {
        AUTO(closep) int fd = file_of(deb);
        AUTO(err_freep) Err *e = NULL;
        AUTO(deb_control_done) DebControl c = {0};
        assert_int_equal(deb_read_control(fd, &c, &e), -1);
        if (!strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
        assert_int_equal(err_kind(e), kind);
}

static void test_wrong_members(void **state) {
        (void)state;
        static const struct {
                const char *first, *binary, *control, *data;
                ErrKind kind;
                const char *said;
        } rows[] = {
                {"x", "2.0\n", "control.tar", "data.tar", ERR_FORMAT, "its first member is 'x'"},
                {"debian-binary", "3.0\n", "control.tar", "data.tar", ERR_UNSUPPORTED, "format '3.0'"},
                {"debian-binary", "2.0\n", "data.tar", "data.tar", ERR_FORMAT, "'data.tar' stands where 'control.tar'"},
                {"debian-binary", "2.0\n", "control.tar.gz", "data.tar", ERR_FORMAT, "its data are uncompressed"},
                {"debian-binary", "2.0\n", "control.tar.7z", "data.tar", ERR_UNSUPPORTED,
                 "'control.tar.7z' is compressed"},
                {"debian-binary", "2.0\n", "control.tar", NULL, ERR_FORMAT, "no member 'data.tar'"},
        };
        AUTO(buf_done) Buf control = {0};
        make_tar(control_files, COMPRESSION_NONE, &control);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(buf_done) Buf deb = {0};
                add_member(&deb, rows[i].first, str_of(rows[i].binary));
                add_member(&deb, rows[i].control, buf_str(&control));
                if (rows[i].data) add_member(&deb, rows[i].data, STR(""));
                fails(&deb, rows[i].kind, rows[i].said);
        }
}

static void test_wrong_control(void **state) {
        (void)state;
        static const TestFile none[] = {{"./md5sums", ""}, {0}};
        AUTO(buf_done) Buf control = {0}, deb = {0}, cut = {0};
        make_tar(none, COMPRESSION_GZIP, &control);
        add_member(&deb, "debian-binary", STR("2.0\n"));
        add_member(&deb, "control.tar.gz", buf_str(&control));
        add_member(&deb, "data.tar", STR(""));
        fails(&deb, ERR_FORMAT, "member 'control.tar.gz': holds no file 'control'");
        add_member(&cut, "debian-binary", STR("2.0\n"));
        add_member(&cut, "control.tar.gz", str_sub(buf_str(&control), 0, control.n / 2));
        add_member(&cut, "data.tar", STR(""));
        fails(&cut, ERR_FORMAT, "gzip data are cut short");
}

static void test_too_large(void **state) {
        (void)state;
        AUTO(buf_done) Buf zeros = {0}, control = {0}, deb = {0};
        static char block[1 << 20];
        for (unsigned i = 0; i < 17; i++) buf_add(&zeros, block, sizeof block);
        memset(zeros.p, ' ', zeros.n - 1);
        const TestFile files[] = {{"./control", zeros.p}, {0}};
        make_tar(files, COMPRESSION_ZSTD, &control);
        add_member(&deb, "debian-binary", STR("2.0\n"));
        add_member(&deb, "control.tar.zst", buf_str(&control));
        add_member(&deb, "data.tar", STR(""));
        fails(&deb, ERR_LIMIT, "more than 16777216 bytes");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_compressions), cmocka_unit_test(test_wrong_members),
                                           cmocka_unit_test(test_wrong_control), cmocka_unit_test(test_too_large)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
