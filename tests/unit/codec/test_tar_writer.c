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
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/tar.h"

typedef struct Fixture {
        Buf out;
        Sink *sink;
        TarWriter *writer;
} Fixture;

static void fixture_init(Fixture *f) {
        *f = (Fixture){0};
        f->sink = sink_to_buf(&f->out);
        f->writer = tar_writer_new(f->sink);
}

static void fixture_done(Fixture *f) {
        tar_writer_free(f->writer);
        sink_freep(&f->sink);
        buf_done(&f->out);
}

static void add(Fixture *f, const TarEntry *entry, const char *data) {
        assert_int_equal(tar_writer_entry(f->writer, entry, NULL), 0);
        assert_int_equal(tar_writer_data(f->writer, data, entry->size, NULL), 0);
}

static char *repeat(const char *text, size_t count) {
        AUTO(buf_done) Buf b = {0};
        for (size_t i = 0; i < count; i++) buf_adds(&b, text);
        return buf_take(&b);
}

static void test_plain_file_byte_for_byte(void **state) {
        (void)state;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        add(&f,
            &(TarEntry){TAR_FILE, .name = "etc/motd", .mode = 0644, .uid = 1000, .gid = 50, .size = 3,
                        .mtime_ns = 1700000000999999999},
            "hi\n");
        assert_int_equal(tar_writer_finish(f.writer, NULL), 0);
        assert_int_equal(f.out.n, 512 + 512 + 1024);
        char expected[512] = {0};
        memcpy(expected, "etc/motd", 8);
        memcpy(expected + 100,
               "0000644\0"
               "0001750\0"
               "0000062\0"
               "00000000003\0"
               "14524770400\0",
               48);
        expected[156] = '0';
        memcpy(expected + 257,
               "ustar\0"
               "00",
               8);
        memcpy(expected + 329,
               "0000000\0"
               "0000000\0",
               16);
        unsigned sum = 8 * ' ';
        for (size_t i = 0; i < sizeof expected; i++) sum += (unsigned char)expected[i];
        snprintf(expected + 148, 8, "%06o", sum);
        expected[155] = ' ';
        assert_memory_equal(f.out.p, expected, 512);
        assert_memory_equal(f.out.p + 512, "hi\n\0\0", 5);
}

static void test_directory_gets_its_slash_once(void **state) {
        (void)state;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        add(&f, &(TarEntry){TAR_DIR, .name = "a", .mode = 0755}, NULL);
        add(&f, &(TarEntry){TAR_DIR, .name = "b/", .mode = 0755}, NULL);
        tar_writer_finish(f.writer, NULL);
        assert_string_equal(f.out.p, "a/");
        assert_string_equal(f.out.p + 512, "b/");
        assert_int_equal(f.out.n, 2048);
}

static void check_header_count(const char *name, char type, size_t blocks) {
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        add(&f, &(TarEntry){(TarType)type, .name = name, .mode = 0755}, NULL);
        tar_writer_finish(f.writer, NULL);
        assert_int_equal(f.out.n, 512 * (blocks + 2));
        assert_int_equal(f.out.p[156], blocks > 1 ? 'x' : type);
}

static void test_long_names_split_before_they_need_pax(void **state) {
        (void)state;
        AUTO(freep) char *n99 = repeat("n", 99), *n100 = repeat("n", 100), *n101 = repeat("n", 101);
        AUTO(freep) char *p155 = repeat("p", 155), *p156 = repeat("p", 156);
        AUTO(freep) char *fits = xasprintf("%s/%s", p155, n100), *prefix_too_long = xasprintf("%s/%s", p156, n99);
        AUTO(freep) char *name_too_long = xasprintf("%s/%s", p155, n101), *rooted = xasprintf("/%s", n100);
        AUTO(freep) char *directory = xasprintf("%s/%s", p155, n99), *deep = repeat("0123456789/", 23);
        check_header_count(n100, '0', 1);
        check_header_count(n101, '0', 3);
        check_header_count(n99, '5', 1);
        check_header_count(n100, '5', 3);
        check_header_count(fits, '0', 1);
        check_header_count(directory, '5', 1);
        check_header_count(fits, '5', 3);
        check_header_count(prefix_too_long, '0', 3);
        check_header_count(name_too_long, '0', 3);
        check_header_count(rooted, '0', 3);
        check_header_count(deep, '5', 1); /* 253 bytes with many places to split */
}

static void test_pax_records(void **state) {
        (void)state;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        AUTO(freep) char *target = repeat("t", 101);
        const Xattr xattrs[] = {{(char *)"security.capability", (char *)"\1\0\0\2", 4},
                                {(char *)"user.a", (char *)"x\ny", 3}};
        add(&f,
            &(TarEntry){TAR_SYMLINK, .name = "l", .link = target, .mode = 0777, .uid = 2097152, .gid = 4294967294,
                        .mtime_ns = -1, .xattrs = xattrs, .xattr_count = 2},
            NULL);
        tar_writer_finish(f.writer, NULL);
        AUTO(buf_done) Buf expected = {0};
        buf_adds(&expected, "41 SCHILY.xattr.security.capability=");
        buf_add(&expected, "\1\0\0\2\n", 5);
        buf_adds(&expected, "27 SCHILY.xattr.user.a=x\ny\n");
        buf_adds(&expected, "18 gid=4294967294\n");
        buf_addf(&expected, "115 linkpath=%s\n", target);
        buf_adds(&expected, "12 mtime=-1\n");
        buf_adds(&expected, "15 uid=2097152\n");
        assert_int_equal(f.out.p[156], 'x');
        assert_string_equal(f.out.p, "PaxHeaders/l");
        assert_int_equal(strtoul(f.out.p + 124, NULL, 8), expected.n);
        assert_memory_equal(f.out.p + 512, expected.p, expected.n);
        assert_string_equal(f.out.p + 1024 + 108, "0000000");
        assert_memory_equal(f.out.p + 1024 + 157, target, 100);
}

static void test_limits_of_fields(void **state) {
        (void)state;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        const TarEntry just = {
                TAR_FILE,          .name = "f", .uid = 2097151, .gid = 2097151, .mtime_ns = 8589934591000000000,
                .size = 8589934591};
        assert_int_equal(tar_writer_entry(f.writer, &just, NULL), 0);
        AUTO(fixture_done) Fixture g;
        fixture_init(&g);
        const TarEntry over = {TAR_FILE, .name = "f", .size = 8589934592, .mtime_ns = 8589934592000000000};
        assert_int_equal(tar_writer_entry(g.writer, &over, NULL), 0);
        char block[40000] = {0};
        for (int i = 0; i < 4; i++) {
                tar_writer_data(f.writer, block, sizeof block, NULL);
                tar_writer_data(g.writer, block, sizeof block, NULL);
        }
        assert_int_equal(f.out.p[156], '0');
        assert_string_equal(f.out.p + 108, "7777777");
        assert_string_equal(f.out.p + 124, "77777777777");
        assert_string_equal(f.out.p + 136, "77777777777");
        assert_string_equal(g.out.p + 512, "20 mtime=8589934592\n19 size=8589934592\n");
}

static void test_misuse(void **state) {
        (void)state;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        const TarEntry file = {TAR_FILE, .name = "f", .size = 3};
        const Xattr odd = {(char *)"user.a=b", NULL, 0};
        AUTO(err_freep) Err *e = NULL;
        assert_true(tar_writer_entry(f.writer, &(TarEntry){TAR_DIR, .name = ""}, NULL) < 0);
        assert_true(tar_writer_entry(f.writer, &(TarEntry){TAR_DIR, .name = "d", .size = 1}, NULL) < 0);
        assert_true(tar_writer_entry(f.writer, &(TarEntry){TAR_CHAR, .name = "d", .dev_major = 1u << 31}, NULL) < 0);
        assert_true(tar_writer_entry(f.writer, &(TarEntry){TAR_FILE, .name = "d", .xattrs = &odd, .xattr_count = 1},
                                     &e) < 0);
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        assert_int_equal(tar_writer_entry(f.writer, &file, NULL), 0);
        assert_true(tar_writer_data(f.writer, "1234", 4, NULL) < 0);
        assert_true(tar_writer_entry(f.writer, &file, NULL) < 0);
        assert_true(tar_writer_finish(f.writer, NULL) < 0);
        assert_int_equal(tar_writer_data(f.writer, "12", 2, NULL), 0);
        assert_int_equal(tar_writer_data(f.writer, "3", 1, NULL), 0);
        assert_int_equal(tar_writer_finish(f.writer, NULL), 0);
        assert_int_equal(f.out.n, 2048);
}

/* ---- what other programs read ---- */

static void write_everything(Fixture *f) {
        AUTO(freep) char *deep = repeat("deep/", 50), *target = repeat("target/", 30);
        AUTO(freep) char *file = xasprintf("%s%s", deep, "gr\xc3\xbc\xc3\x9f"), *wide = repeat("w", 220);
        const Xattr xattr = {(char *)"user.note", (char *)"n", 1};
        add(f, &(TarEntry){TAR_DIR, .name = "d", .mode = 01777, .mtime_ns = 5000000000}, NULL);
        add(f, &(TarEntry){TAR_FILE, .name = "d/f", .mode = 0644, .size = 5, .xattrs = &xattr, .xattr_count = 1},
            "12345");
        add(f, &(TarEntry){TAR_FILE, .name = "d/empty", .mode = 0644, .mtime_ns = -2000000000}, NULL);
        add(f, &(TarEntry){TAR_HARDLINK, .name = "d/h", .link = "d/f", .mode = 0644}, NULL);
        add(f, &(TarEntry){TAR_SYMLINK, .name = "d/s", .link = "f", .mode = 0777}, NULL);
        add(f, &(TarEntry){TAR_SYMLINK, .name = "d/t", .link = target, .mode = 0777}, NULL);
        add(f, &(TarEntry){TAR_CHAR, .name = "null", .mode = 0666, .dev_major = 1, .dev_minor = 3}, NULL);
        add(f, &(TarEntry){TAR_FIFO, .name = "pipe", .mode = 0600, .uid = 3000000}, NULL);
        char data[512] = {0};
        add(f, &(TarEntry){TAR_FILE, .name = file, .mode = 04755, .size = sizeof data}, data);
        add(f, &(TarEntry){TAR_FILE, .name = wide, .mode = 0600}, NULL);
        tar_writer_finish(f->writer, NULL);
}

static void check_listing(const char *needs, const char *command, const char *expected) {
        char path[] = "/tmp/decant-tar-XXXXXX", line[1024];
        snprintf(line, sizeof line, "command -v %s >/dev/null", needs);
        if (system(line) != 0) return;
        AUTO(fixture_done) Fixture f;
        fixture_init(&f);
        write_everything(&f);
        AUTO(closep) int fd = mkostemp(path, O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, f.out.p, f.out.n), f.out.n);
        snprintf(line, sizeof line, "LC_ALL=C TZ=UTC F=%s; export LC_ALL TZ F; %s", path, command);
        FILE *p = popen(line, "re");
        char got[8192];
        size_t n = fread(got, 1, sizeof got - 1, p);
        got[n] = '\0';
        int status = pclose(p);
        unlink(path);
        assert_int_equal(status, 0);
        assert_string_equal(got, expected);
}

static void test_gnu_tar_reads_it(void **state) {
        (void)state;
        check_listing("tar", "tar --numeric-owner -tvf $F | sed 's/  */ /g' | cut -c1-64 | head -8 2>&1",
                      "drwxrwxrwt 0/0 0 1970-01-01 00:00 d/\n"
                      "-rw-r--r-- 0/0 5 1970-01-01 00:00 d/f\n"
                      "-rw-r--r-- 0/0 0 1969-12-31 23:59 d/empty\n"
                      "hrw-r--r-- 0/0 0 1970-01-01 00:00 d/h link to d/f\n"
                      "lrwxrwxrwx 0/0 0 1970-01-01 00:00 d/s -> f\n"
                      "lrwxrwxrwx 0/0 0 1970-01-01 00:00 d/t -> target/target/target/ta\n"
                      "crw-rw-rw- 0/0 1,3 1970-01-01 00:00 null\n"
                      "prw------- 3000000/0 0 1970-01-01 00:00 pipe\n");
        check_listing("tar", "tar -tf $F | awk '{ print length($0) }' | tail -1", "220\n");
}

static void test_python_reads_it(void **state) {
        (void)state;
        check_listing(
                "python3",
                "python3 -c \"\nimport tarfile, os\nt = tarfile.open(os.environ['F'])\n"
                "for m in t: print(m.type.decode(), m.name[-5:], len(m.name), oct(m.mode), m.uid, m.size, int(m.mtime),"
                " len(m.linkname), m.pax_headers.get('SCHILY.xattr.user.note', '-'))\n\"",
                "5 d 1 0o1777 0 0 5 0 -\n"
                "0 d/f 3 0o644 0 5 0 0 n\n"
                "0 empty 7 0o644 0 0 -2 0 -\n"
                "1 d/h 3 0o644 0 0 0 3 -\n"
                "2 d/s 3 0o777 0 0 0 1 -\n"
                "2 d/t 3 0o777 0 0 0 210 -\n"
                "3 null 4 0o666 0 0 0 0 -\n"
                "6 pipe 4 0o600 3000000 0 0 0 -\n"
                "0 /gr\xc3\xbc\xc3\x9f 254 0o4755 0 512 0 0 -\n"
                "0 wwwww 220 0o600 0 0 0 0 -\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_file_byte_for_byte),
                cmocka_unit_test(test_directory_gets_its_slash_once),
                cmocka_unit_test(test_long_names_split_before_they_need_pax),
                cmocka_unit_test(test_pax_records),
                cmocka_unit_test(test_limits_of_fields),
                cmocka_unit_test(test_misuse),
                cmocka_unit_test(test_gnu_tar_reads_it),
                cmocka_unit_test(test_python_reads_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
