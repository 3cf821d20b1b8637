/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_text.h"

#include "layer/overlay.h"
#include "layer/pack.h"

/* One line an entry of a tar. */
static void describe_tar(const Buf *tar, Buf *out) {
        AUTO(source_freep) Source *source = source_from_memory(tar->p, tar->n);
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(source);
        TarEntry entry;
        Err *e = NULL;
        int r;
        while ((r = tar_reader_next(reader, &entry, &e)) == TAR_ENTRY) {
                bool link = entry.type == TAR_HARDLINK || entry.type == TAR_SYMLINK;
                buf_addf(out, "%c%o %s%s%s @%lld", entry.type, entry.mode, entry.name, link ? ">" : "",
                         link ? entry.link : "", (long long)(entry.mtime_ns / 1000000000));
                char data[64] = "";
                size_t n = 0;
                if (entry.type == TAR_FILE && entry.size < sizeof data) {
                        assert_int_equal(tar_reader_data(reader, data, sizeof data - 1, &n, &e), 0);
                        buf_addf(out, " =%s", data);
                }
                buf_addc(out, '\n');
        }
        assert_ok(r, &e);
}

static void pack_ok(const char *fs, int64_t clamp, const char *expected) {
        MemorySink out = memory_sink();
        Err *e = NULL;
        PackParams params = {.fs_path = fs, .clamp_mtime_s = clamp};
        assert_ok(layer_pack(&params, &out.sink, &e), &e);
        Buf text = {0};
        describe_tar(&out.data, &text);
        assert_string_equal(text.n ? text.p : "", expected);
        Digest direct;
        LayerDigest digest;
        sha256_of(out.data.p, out.data.n, &direct);
        assert_ok(layer_digest(&params, &digest, &e), &e);
        assert_true(digest_eq(&direct, &digest.diff_id));
        assert_int_equal(digest.size, out.data.n);
        buf_done(&text);
        buf_done(&out.data);
}

static void fill_layer(const char *fs) {
        put(fs, "a/c", "c");
        put(fs, "a/d/e", "e");
        put(fs, "a.b", "ab");
        put_link(fs, "a/l", "c");
        put_hard_link(fs, "z", "a/c");
        put_whiteout(fs, "a/gone");
        put_dir(fs, "op", 0700);
        put(fs, "op/.first", "f");
        AUTO(freep) char *fifo = at(fs, "pipe");
        assert_int_equal(mkfifo(fifo, 0600), 0);
        set_mtime(fifo, 1600000000);
        int fd = open(fs, O_PATH | O_CLOEXEC);
        assert_int_equal(overlay_set_opaque(fd, "op", NULL), 0);
        close(fd);
        static const char *const dirs[] = {"a/d", "a", "op"};
        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                AUTO(freep) char *full = at(fs, dirs[i]);
                set_mtime(full, 1600000000);
        }
}

static void test_canonical(void **state) {
        (void)state;
        char *fs = scratch_new();
        fill_layer(fs);
        pack_ok(fs, -1,
                "5755 a/ @1600000000\n0644 a.b @1600000000 =ab\n00 a/.wh.gone @0 =\n0644 a/c @1600000000 =c\n"
                "5755 a/d/ @1600000000\n0644 a/d/e @1600000000 =e\n2777 a/l>c @1600000000\n5700 op/ @1600000000\n"
                "00 op/.wh..wh..opq @0 =\n0644 op/.first @1600000000 =f\n6600 pipe @1600000000\n1644 z>a/c "
                "@1600000000\n");
        scratch_free(fs);
}

static void test_clamp(void **state) {
        (void)state;
        char *fs = scratch_new();
        put(fs, "f", "x");
        AUTO(freep) char *old = at(fs, "old");
        put(fs, "old", "y");
        set_mtime(old, 86400);
        pack_ok(fs, 1000000000, "0644 f @1000000000 =x\n0644 old @86400 =y\n");
        scratch_free(fs);
}

static void test_nothing(void **state) {
        (void)state;
        char *fs = scratch_new();
        pack_ok(fs, -1, "");
        put(fs, "d/.wh.x", "");
        PackParams params = {.fs_path = fs, .clamp_mtime_s = -1};
        LayerDigest digest;
        Err *e = NULL;
        assert_true(layer_digest(&params, &digest, &e) < 0);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        assert_message(&e, ".wh.");
        scratch_free(fs);
}

static void test_there_and_back(void **state) {
        (void)state;
        char *fs = scratch_new(), *copy = scratch_new();
        fill_layer(fs);
        MemorySink out = memory_sink(), again = memory_sink();
        Err *e = NULL;
        PackParams params = {.fs_path = fs, .clamp_mtime_s = -1};
        assert_ok(layer_pack(&params, &out.sink, &e), &e);
        AUTO(source_freep) Source *source = source_from_memory(out.data.p, out.data.n);
        UnpackParams unpack = {.fs_path = copy, .layer = true};
        assert_ok(layer_unpack(&unpack, source, NULL, &e), &e);
        params.fs_path = copy;
        assert_ok(layer_pack(&params, &again.sink, &e), &e);
        assert_int_equal(out.data.n, again.data.n);
        assert_memory_equal(out.data.p, again.data.p, out.data.n);
        buf_done(&out.data);
        buf_done(&again.data);
        scratch_free(fs);
        scratch_free(copy);
}

/* More entries than a batch holds, and a file larger than a batch. */
static void test_batches(void **state) {
        (void)state;
        char *fs = scratch_new(), *copy = scratch_new();
        for (int i = 0; i < 700; i++) {
                char name[32], text[32];
                snprintf(name, sizeof name, "d%d/f%03d", i % 7, i);
                snprintf(text, sizeof text, "text %d", i);
                put(fs, name, text);
        }
        AUTO(freep) char *big = at(fs, "d3/big");
        int fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        for (int i = 0; i < 2500; i++) assert_int_equal(dprintf(fd, "%08d%4088s", i, "x"), 4096);
        close(fd);
        MemorySink out = memory_sink();
        Err *e = NULL;
        PackParams params = {.fs_path = fs, .clamp_mtime_s = -1};
        assert_ok(layer_pack(&params, &out.sink, &e), &e);
        AUTO(source_freep) Source *source = source_from_memory(out.data.p, out.data.n);
        UnpackParams unpack = {.fs_path = copy, .layer = true};
        LayerTotals totals;
        assert_ok(layer_unpack(&unpack, source, &totals, &e), &e);
        assert_int_equal(totals.entry_count, 708);
        AUTO(freep) char *command = xasprintf("diff -r %s %s", fs, copy);
        assert_int_equal(system(command), 0);
        buf_done(&out.data);
        scratch_free(fs);
        scratch_free(copy);
}

static void test_view(void **state) {
        (void)state;
        char *root = scratch_new();
        AUTO(freep) char *low = at(root, "low");
        AUTO(freep) char *high = at(root, "high");
        put(low, "d/a", "low");
        put(low, "d/b", "low");
        put(low, "gone", "x");
        put(high, "d/b", "high");
        put_whiteout(high, "gone");
        AUTO(freep) char *d = at(high, "d");
        set_mtime(d, 1500000000);
        AUTO(view_freep) View *v = open_views((const char *[]){low, high}, 2);
        MemorySink out = memory_sink();
        Err *e = NULL;
        assert_ok(trees_pack(&(PackTree){v, "", NULL}, 1, -1, &out.sink, &e), &e);
        Buf text = {0};
        describe_tar(&out.data, &text);
        assert_string_equal(text.p, "5755 d/ @1500000000\n0644 d/a @1600000000 =low\n0644 d/b @1600000000 =high\n");
        buf_done(&text);
        buf_done(&out.data);
        scratch_free(root);
}

/* A directory each; hard links go into the same one. */
static void test_trees_below_prefixes(void **state) {
        (void)state;
        char *root = scratch_new();
        AUTO(freep) char *one = at(root, "one");
        AUTO(freep) char *two = at(root, "two");
        put(one, "f", "1");
        put(two, "f", "2");
        AUTO(freep) char *from = at(two, "f");
        AUTO(freep) char *to = at(two, "g");
        assert_int_equal(link(from, to), 0);
        set_mtime(one, 1500000000);
        set_mtime(two, 1500000001);
        AUTO(view_freep) View *first = open_views((const char *[]){one}, 1);
        AUTO(view_freep) View *second = open_views((const char *[]){two}, 1);
        MemorySink out = memory_sink();
        Err *e = NULL;
        PackTree trees[] = {{first, "linux_amd64", "linux/amd64"}, {second, "linux_arm64", "linux/arm64"}};
        assert_ok(trees_pack(trees, 2, -1, &out.sink, &e), &e);
        Buf text = {0};
        describe_tar(&out.data, &text);
        assert_string_equal(text.p, "5755 linux_amd64/ @1500000000\n0644 linux_amd64/f @1600000000 =1\n"
                                    "5755 linux_arm64/ @1500000001\n0644 linux_arm64/f @1600000000 =2\n"
                                    "1644 linux_arm64/g>linux_arm64/f @1600000000\n");
        buf_done(&text);
        buf_done(&out.data);
        scratch_free(root);
}

/* All in one: directories once, files of two trees are in each other's way. */
static void test_trees_in_one(void **state) {
        (void)state;
        char *root = scratch_new();
        AUTO(freep) char *one = at(root, "one");
        AUTO(freep) char *two = at(root, "two");
        put(one, "d/a", "1");
        put(two, "d/b", "2");
        AUTO(view_freep) View *first = open_views((const char *[]){one}, 1);
        AUTO(view_freep) View *second = open_views((const char *[]){two}, 1);
        MemorySink out = memory_sink();
        Err *e = NULL;
        PackTree trees[] = {{first, "", "linux/amd64"}, {second, "", "linux/arm64"}};
        assert_ok(trees_pack(trees, 2, 1400000000, &out.sink, &e), &e);
        Buf text = {0};
        describe_tar(&out.data, &text);
        assert_string_equal(text.p, "5755 d/ @1400000000\n0644 d/a @1400000000 =1\n0644 d/b @1400000000 =2\n");
        buf_done(&text);
        buf_done(&out.data);
        put(two, "d/a", "in the way");
        out = memory_sink();
        assert_int_equal(trees_pack(trees, 2, -1, &out.sink, &e), -1);
        assert_int_equal(err_kind(e), ERR_CONFLICT);
        assert_string_equal(err_message(e), "'/d/a' is in the tree of linux/amd64 and in that of linux/arm64");
        err_free(e);
        buf_done(&out.data);
        scratch_free(root);
}

/* What every file of fill_layer() holds, as a COPY would have recorded it. */
static DigestIndex *recorded_digests(const char *text_of_c) {
        const char *const files[][2] = {
                {"a/c", text_of_c}, {"a/d/e", "e"}, {"a.b", "ab"}, {"op/.first", "f"}, {"z", text_of_c}};
        DigestIndex *index = digest_index_new();
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                Digest digest;
                sha256_of(files[i][1], strlen(files[i][1]), &digest);
                digest_index_add(index, files[i][0], NULL, 0, &digest);
        }
        return index;
}

/* The fingerprint depends on what the tar depends on, and both ways of making it agree. */
static void test_fingerprint(void **state) {
        (void)state;
        char *fs = scratch_new();
        fill_layer(fs);
        Err *e = NULL;
        AUTO(digest_index_freep) DigestIndex *same = recorded_digests("c");
        AUTO(digest_index_freep) DigestIndex *other = recorded_digests("d");
        AUTO(digest_index_freep) DigestIndex *none = digest_index_new();
        PackParams params = {.fs_path = fs, .clamp_mtime_s = -1, .digests = same};
        Digest first, second;
        LayerDigest digest;
        assert_int_equal(layer_fingerprint(&params, &first, &e), FINGERPRINT_MADE);
        assert_ok(layer_digest(&params, &digest, &e), &e);
        assert_true(digest.has_fingerprint);
        assert_true(digest_eq(&first, &digest.fingerprint));
        params.clamp_mtime_s = 1500000000;
        assert_int_equal(layer_fingerprint(&params, &second, &e), FINGERPRINT_MADE);
        assert_false(digest_eq(&first, &second));
        params = (PackParams){.fs_path = fs, .clamp_mtime_s = -1, .digests = other};
        assert_int_equal(layer_fingerprint(&params, &second, &e), FINGERPRINT_MADE);
        assert_false(digest_eq(&first, &second));
        params.digests = none;
        assert_int_equal(layer_fingerprint(&params, &second, &e), FINGERPRINT_UNKNOWN);
        scratch_free(fs);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_canonical),    cmocka_unit_test(test_clamp),
                cmocka_unit_test(test_nothing),      cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_batches),      cmocka_unit_test(test_fingerprint),
                cmocka_unit_test(test_view),         cmocka_unit_test(test_trees_below_prefixes),
                cmocka_unit_test(test_trees_in_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
