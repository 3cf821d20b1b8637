/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/tar.h"
#include "image/image_internal.h"
#include "oci/manifest.h"
#include "os/fs.h"

static const char thing[] = "docker.io/library/thing:1";

static void write_one(Fixture *f, Store *s, const Image *image, const ArchiveParams *params, int fd) {
        const Image *images[] = {image};
        ok(f, archive_write(s, images, 1, params, fd, NULL, &f->e));
}

static void read_one(Fixture *f, Store *s, int fd, const Digest *id, const char *name) {
        LoadedImages loaded;
        ok(f, archive_read(s, fd, NULL, true, &loaded, &f->e));
        assert_int_equal(loaded.n, 1);
        assert_true(digest_eq(&loaded.v[0].id, id));
        if (name)
                assert_string_equal(loaded.v[0].name, name);
        else
                assert_null(loaded.v[0].name);
        loaded_images_done(&loaded);
}

static void check_content(Fixture *f, Store *s, const Digest *id) {
        AUTO(image_done) Image image = {0};
        assert_int_equal(image_load(s, id, &image, &f->e), STORE_FOUND);
        AUTO(freep) char *one = image_file(f, s, &image, 0, "etc/one");
        AUTO(freep) char *two = image_file(f, s, &image, 1, "two");
        assert_string_equal(one, "first");
        assert_string_equal(two, "second");
        assert_int_equal(image.size_bytes, strlen("first") + strlen("second"));
}

static void every_form_goes_round(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        const char *names[] = {thing};
        for (int format = ARCHIVE_OCI; format <= ARCHIVE_DOCKER; format++) {
                for (int compression = COMPRESSION_NONE; compression <= COMPRESSION_ZSTD; compression++) {
                        AUTO(freep) char *root = xasprintf("%s/c%d%d", f->path, format, compression);
                        Store *s = NULL;
                        ok(f, store_open(root, &s, &f->e));
                        ArchiveParams params = {
                                .format = format, .compression = compression, .compression_level = -1, .names = names};
                        AUTO(closep) int fd = memory_file();
                        write_one(f, f->a, &image, &params, fd);
                        rewind_file(fd);
                        read_one(f, s, fd, &image.id, thing);
                        check_content(f, s, &image.id);
                        Digest tagged;
                        assert_int_equal(store_tag_get(s, thing, &tagged, &f->e), STORE_FOUND);
                        store_close(s);
                }
        }
}

typedef struct Feed {
        char *data;
        size_t size;
        int fd;
} Feed;

static void *feed_pipe(void *p) {
        const Feed *feed = p;
        (void)fd_write_all(feed->fd, feed->data, feed->size, NULL);
        close(feed->fd);
        return NULL;
}

static void from_a_pipe_and_compressed(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        ArchiveParams params = {.format = ARCHIVE_DOCKER, .compression_level = -1};
        AUTO(closep) int fd = memory_file(), packed = memory_file();
        write_one(f, f->a, &image, &params, fd);
        size_t size;
        AUTO(freep) char *plain = whole_file(fd, &size);
        AUTO(sink_freep) Sink *file = sink_to_fd(packed);
        AUTO(sink_freep) Sink *compress = NULL;
        ok(f, sink_compressing(file, COMPRESSION_GZIP, -1, &compress, &f->e));
        ok(f, sink_write(compress, plain, size, &f->e));
        ok(f, sink_finish(compress, &f->e));
        rewind_file(packed);
        read_one(f, f->b, packed, &image.id, NULL); /* a compressed file */

        AUTO(freep) char *root = xasprintf("%s/c", f->path);
        Store *s = NULL;
        ok(f, store_open(root, &s, &f->e));
        int pipes[2];
        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        Feed feed = {plain, size, pipes[1]};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
        read_one(f, s, pipes[0], &image.id, NULL); /* a pipe */
        pthread_join(thread, NULL);
        close(pipes[0]);
        check_content(f, s, &image.id);
        store_close(s);
}

static void equal_bytes(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0}, same = {0};
        make_image(f, f->a, "", &image);
        make_image(f, f->b, "", &same); /* the same content in another store */
        ArchiveParams params = {.format = ARCHIVE_DOCKER, .compression = COMPRESSION_GZIP, .compression_level = -1};
        AUTO(closep) int x = memory_file(), y = memory_file();
        write_one(f, f->a, &image, &params, x);
        write_one(f, f->b, &same, &params, y);
        size_t n, m;
        AUTO(freep) char *a = whole_file(x, &n);
        AUTO(freep) char *b = whole_file(y, &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
}

static LayerBlob blob_of(Fixture *f, Store *s, const Digest *diff_id) {
        LayerBlob blob;
        assert_int_equal(store_layer_blob_get(s, diff_id, &blob, &f->e), STORE_FOUND);
        return blob;
}

/* What was received compressed is given on as it was, unless another form is asked for. */
static void foreign_layers_stay_as_they_are(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0}, loaded = {0};
        make_image(f, f->a, "", &image);
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression = COMPRESSION_GZIP, .compression_level = 1};
        AUTO(closep) int fd = memory_file(), again = memory_file(), forced = memory_file();
        write_one(f, f->a, &image, &params, fd);
        LayerBlob none;
        assert_int_equal(store_layer_blob_get(f->a, &image.config.diff_ids.v[0], &none, &f->e), STORE_ABSENT);
        rewind_file(fd);
        read_one(f, f->b, fd, &image.id, NULL);
        assert_int_equal(image_load(f->b, &image.id, &loaded, &f->e), STORE_FOUND);
        SnapshotInfo info;
        assert_int_equal(store_snapshot_get(f->b, loaded.snapshots.v[0], &info, &f->e), STORE_FOUND);
        assert_true(info.foreign);
        LayerBlob kept = blob_of(f, f->b, &image.config.diff_ids.v[0]);
        assert_string_equal(kept.media_type, MEDIA_OCI_LAYER_GZIP);

        ArchiveParams plain = {.format = ARCHIVE_OCI, .compression_level = -1};
        write_one(f, f->b, &loaded, &plain, again);
        size_t n, m, k;
        AUTO(freep) char *a = whole_file(fd, &n);
        AUTO(freep) char *b = whole_file(again, &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        plain.force_compression = true;
        write_one(f, f->b, &loaded, &plain, forced);
        AUTO(freep) char *c = whole_file(forced, &k);
        assert_true(k > n && memcmp(a, c, 512) == 0);
        LayerBlob still = blob_of(f, f->b, &image.config.diff_ids.v[0]);
        assert_true(digest_eq(&still.digest, &kept.digest));
        layer_blob_done(&kept);
        layer_blob_done(&still);
}

/* An own layer is compressed once; the blob is remembered. */
static void compressed_form_is_kept(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression = COMPRESSION_ZSTD, .compression_level = -1};
        AUTO(closep) int fd = memory_file();
        write_one(f, f->a, &image, &params, fd);
        LayerBlob blob = blob_of(f, f->a, &image.config.diff_ids.v[1]);
        assert_string_equal(blob.media_type, MEDIA_OCI_LAYER_ZSTD);
        layer_blob_done(&blob);
}

static void several_images_and_names(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image one = {0}, two = {0};
        make_image(f, f->a, "", &one);
        make_image(f, f->a, "!", &two);
        const Image *images[] = {&one, &two, &one, &one, &two}; /* the last two say nothing new */
        const char *names[] = {thing, NULL, "localhost:5000/thing:2", thing, NULL};
        ArchiveParams params = {.format = ARCHIVE_DOCKER, .compression_level = -1, .names = names};
        AUTO(closep) int fd = memory_file();
        ok(f, archive_write(f->a, images, 5, &params, fd, NULL, &f->e));
        rewind_file(fd);
        LoadedImages loaded;
        ok(f, archive_read(f->b, fd, NULL, true, &loaded, &f->e));
        assert_int_equal(loaded.n, 3);
        assert_string_equal(loaded.v[0].name, thing);
        assert_null(loaded.v[1].name);
        assert_string_equal(loaded.v[2].name, "localhost:5000/thing:2");
        assert_true(digest_eq(&loaded.v[2].id, &one.id));
        assert_true(digest_eq(&loaded.v[1].id, &two.id));
        loaded_images_done(&loaded);
}

/* ---- layouts */

static void layout(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image one = {0}, two = {0};
        make_image(f, f->a, "", &one);
        make_image(f, f->a, "!", &two);
        AUTO(freep) char *path = xasprintf("%s/layout", f->path);
        const Image *first[] = {&one}, *second[] = {&two};
        const char *names[] = {thing}, *other_names[] = {"docker.io/library/thing:2"};
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression_level = -1, .names = names};
        Digest manifest, id;
        ok(f, archive_write_layout(f->a, first, 1, &params, path, &manifest, &f->e));
        ok(f, layout_read(f->b, path, NULL, NULL, &id, &f->e));
        assert_true(digest_eq(&id, &one.id));
        params.names = other_names;
        ok(f, archive_write_layout(f->a, second, 1, &params, path, NULL, &f->e)); /* beside the first */
        ok(f, layout_read(f->b, path, "1", NULL, &id, &f->e));
        assert_true(digest_eq(&id, &one.id));
        ok(f, layout_read(f->b, path, "2", NULL, &id, &f->e));
        assert_true(digest_eq(&id, &two.id));
        char which[DIGEST_TEXT_SIZE + 1] = "@";
        digest_text(&manifest, which + 1);
        ok(f, layout_read(f->b, path, which, NULL, &id, &f->e));
        assert_true(digest_eq(&id, &one.id));
        failed(f, layout_read(f->b, path, NULL, NULL, &id, &f->e), ERR_NOT_FOUND);
        failed(f, layout_read(f->b, path, "3", NULL, &id, &f->e), ERR_NOT_FOUND);
        ok(f, archive_write_layout(f->a, first, 1, &params, path, NULL, &f->e)); /* the name moves */
        ok(f, layout_read(f->b, path, "2", NULL, &id, &f->e));
        assert_true(digest_eq(&id, &one.id));
}

/* An index with one image for each of two platforms. */
static void platform_decides(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image one = {0}, two = {0};
        make_image(f, f->a, "", &one);
        make_image(f, f->a, "!", &two);
        AUTO(freep) char *path = xasprintf("%s/layout", f->path);
        const Image *images[] = {&one, &two};
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression_level = -1};
        ok(f, archive_write_layout(f->a, images, 2, &params, path, NULL, &f->e));
        AUTO(freep) char *file = xasprintf("%s/index.json", path);
        AUTO(freep) char *json = NULL;
        size_t size;
        ok(f, file_read(AT_FDCWD, file, 1 << 20, &json, &size, &f->e));
        Manifest index;
        ok(f, manifest_parse((Str){json, size}, &index, &f->e));
        Platform odd, odder, absent;
        ok(f, platform_parse(STR("linux/riscv64"), &odd, &f->e));
        ok(f, platform_parse(STR("linux/s390x"), &odder, &f->e));
        ok(f, platform_parse(STR("linux/ppc64le"), &absent, &f->e));
        index.layers.v[0].platform = odd;
        index.layers.v[1].platform = odder;
        AUTO(buf_done) Buf changed = {0};
        manifest_render(&index, &changed);
        ok(f, file_write_atomic(AT_FDCWD, file, changed.p, changed.n, 0644, &f->e));
        manifest_done(&index);
        Digest id;
        ok(f, layout_read(f->b, path, NULL, &odder, &id, &f->e));
        assert_true(digest_eq(&id, &two.id));
        ok(f, layout_read(f->b, path, NULL, &odd, &id, &f->e));
        assert_true(digest_eq(&id, &one.id));
        failed(f, layout_read(f->b, path, NULL, &absent, &id, &f->e), ERR_NOT_FOUND);
}

/* ---- damage */

static void try_read(Fixture *f, const char *data, size_t size, ErrKind kind) {
        AUTO(closep) int fd = memory_file();
        ok(f, fd_write_all(fd, data, size, &f->e));
        rewind_file(fd);
        LoadedImages loaded;
        failed(f, archive_read(f->b, fd, NULL, true, &loaded, &f->e), kind);
        TagList tags;
        ok(f, store_tag_list(f->b, true, &tags, &f->e));
        assert_int_equal(tags.n, 0);
        tag_list_done(&tags);
}

static char *find_bytes(char *data, size_t size, const char *text) {
        char *at = memmem(data, size, text, strlen(text));
        assert_non_null(at);
        return at;
}

static void damaged_archives(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        const char *names[] = {thing};
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression_level = -1, .names = names};
        AUTO(closep) int fd = memory_file();
        write_one(f, f->a, &image, &params, fd);
        size_t size;
        AUTO(freep) char *data = whole_file(fd, &size);
        static const char *const flips[] = {"second", "\"architecture\"", "\"rootfs\"", "imageLayoutVersion"};
        for (size_t i = 0; i < 3; i++) {
                char *at = find_bytes(data, size, flips[i]);
                *at ^= 1;
                try_read(f, data, size, ERR_FORMAT);
                *at ^= 1;
        }
        for (size_t cut = 1; cut < 12; cut++) try_read(f, data, size * cut / 13 / 512 * 512 + 100, ERR_FORMAT);
        try_read(f, "", 0, ERR_FORMAT);
        try_read(f, "not an archive at all, but long enough to look like a header?", 61, ERR_FORMAT);
}

static void broken_store(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        AUTO(freep) char *path = store_snapshot_path(f->a, image.snapshots.v[1]);
        AUTO(freep) char *file = xasprintf("%s/two", path);
        assert_int_equal(unlink(file), 0);
        ok(f, file_write_atomic(AT_FDCWD, file, "chngd", 5, 0644, &f->e));
        const Image *images[] = {&image};
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression_level = -1};
        AUTO(closep) int fd = memory_file();
        failed(f, archive_write(f->a, images, 1, &params, fd, NULL, &f->e), ERR_STORE);
        params.compression = COMPRESSION_GZIP;
        failed(f, archive_write(f->a, images, 1, &params, fd, NULL, &f->e), ERR_STORE);
}

/* ---- archives of older dockers */

static void put(Fixture *f, TarWriter *w, const char *name, const char *data, size_t size) {
        TarEntry entry = {.type = TAR_FILE, .name = name, .mode = 0644, .size = size};
        ok(f, tar_writer_entry(w, &entry, &f->e));
        ok(f, tar_writer_data(w, data, size, &f->e));
}

static void put_link(Fixture *f, TarWriter *w, TarType type, const char *name, const char *to) {
        TarEntry entry = {.type = type, .name = name, .link = to, .mode = 0777};
        ok(f, tar_writer_entry(w, &entry, &f->e));
}

static char *layer_tar(Fixture *f, const Image *image, size_t i, size_t *ret_size) {
        LayerRef ref;
        ok(f, layer_ref_get(f->a, image->snapshots.v[i], &image->config.diff_ids.v[i], &ref, &f->e));
        Buf tar = {0};
        AUTO(sink_freep) Sink *sink = sink_to_buf(&tar);
        ok(f, layer_ref_write(&ref, COMPRESSION_NONE, -1, sink, &f->e));
        layer_ref_done(&ref);
        *ret_size = tar.n;
        return buf_take(&tar);
}

static void old_archive(Fixture *f, const Image *image, const char *manifest, int fd) {
        AUTO(sink_freep) Sink *sink = sink_to_fd(fd);
        AUTO(tar_writer_freep) TarWriter *w = tar_writer_new(sink);
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&image->id, hex);
        AUTO(freep) char *config = xasprintf("%s.json", hex);
        AUTO(freep) char *json = xasprintf(manifest, config);
        put(f, w, config, image->config_json, image->config_size);
        for (size_t i = 0; i < 2; i++) {
                size_t size;
                AUTO(freep) char *tar = layer_tar(f, image, i, &size);
                put(f, w, i ? "bbb/layer.tar" : "aaa/layer.tar", tar, size);
                put(f, w, i ? "bbb/VERSION" : "aaa/VERSION", "1.0", 3);
        }
        put_link(f, w, TAR_SYMLINK, "ccc/layer.tar", "../aaa/layer.tar");
        put_link(f, w, TAR_HARDLINK, "ddd/layer.tar", "bbb/layer.tar");
        put_link(f, w, TAR_SYMLINK, "eee/layer.tar", "../fff/layer.tar");
        put_link(f, w, TAR_SYMLINK, "fff/layer.tar", "../eee/layer.tar");
        put(f, w, "manifest.json", json, strlen(json));
        ok(f, tar_writer_finish(w, &f->e));
        rewind_file(fd);
}

static void older_form(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        AUTO(closep) int fd = memory_file();
        old_archive(
                f, &image,
                "[{\"Config\":\"%s\",\"RepoTags\":[\"thing:1\"],\"Layers\":[\"./ccc/layer.tar\",\"ddd/layer.tar\"]}]",
                fd);
        read_one(f, f->b, fd, &image.id, thing);
        check_content(f, f->b, &image.id);
}

static void older_form_damaged(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        static const struct {
                const char *manifest;
                ErrKind kind;
        } cases[] = {
                {"[{\"Config\":\"%s\",\"Layers\":[\"aaa/layer.tar\"]}]", ERR_FORMAT},
                {"[{\"Config\":\"%s\",\"Layers\":[\"bbb/layer.tar\",\"aaa/layer.tar\"]}]", ERR_FORMAT},
                {"[{\"Config\":\"%s\",\"Layers\":[\"aaa/layer.tar\",\"nowhere\"]}]", ERR_FORMAT},
                {"[{\"Config\":\"%s\",\"Layers\":[\"aaa/layer.tar\",\"eee/layer.tar\"]}]", ERR_LIMIT},
                {"[{\"Config\":\"%s-\",\"Layers\":[\"aaa/layer.tar\",\"bbb/layer.tar\"]}]", ERR_FORMAT},
                {"[{\"Config\":\"%s\",\"RepoTags\":[\"BAD\"],\"Layers\":[\"aaa/layer.tar\",\"bbb/layer.tar\"]}]",
                 ERR_SYNTAX},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO(closep) int fd = memory_file();
                old_archive(f, &image, cases[i].manifest, fd);
                LoadedImages loaded;
                failed(f, archive_read(f->b, fd, NULL, true, &loaded, &f->e), cases[i].kind);
        }
}

static void refused_params(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image image = {0};
        make_image(f, f->a, "", &image);
        const Image *images[] = {&image};
        ArchiveParams params = {.compression = COMPRESSION_ZSTD, .docker_media_types = true, .compression_level = -1};
        AUTO(closep) int fd = memory_file();
        failed(f, archive_write(f->a, images, 1, &params, fd, NULL, &f->e), ERR_UNSUPPORTED);
        params.compression = COMPRESSION_XZ;
        failed(f, archive_write(f->a, images, 1, &params, fd, NULL, &f->e), ERR_UNSUPPORTED);
        failed(f, archive_write(f->a, images, 0, &params, fd, NULL, &f->e), ERR_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(every_form_goes_round),
                TEST(from_a_pipe_and_compressed),
                TEST(equal_bytes),
                TEST(foreign_layers_stay_as_they_are),
                TEST(compressed_form_is_kept),
                TEST(several_images_and_names),
                TEST(layout),
                TEST(platform_decides),
                TEST(damaged_archives),
                TEST(broken_store),
                TEST(older_form),
                TEST(older_form_damaged),
                TEST(refused_params),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
