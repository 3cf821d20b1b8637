/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "codec/tar.h"
#include "layer/pack.h"
#include "os/fs.h"

static void created_image_is_found_again(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image made = {0}, found = {0};
        make_image(f, f->a, "", &made);
        assert_int_equal(made.config.diff_ids.n, 2);
        assert_int_equal(made.size_bytes, strlen("first") + strlen("second"));
        for (size_t i = 0; i < 2; i++) {
                AUTO(freep) char *path = store_snapshot_path(f->a, made.snapshots.v[i]);
                PackParams params = {.fs_path = path, .clamp_mtime_s = -1};
                LayerDigest digest;
                ok(f, layer_digest(&params, &digest, &f->e));
                assert_false(digest.has_fingerprint);
                assert_true(digest_eq(&digest.diff_id, &made.config.diff_ids.v[i]));
                SnapshotInfo info;
                assert_int_equal(store_snapshot_get(f->a, made.snapshots.v[i], &info, &f->e), STORE_FOUND);
                assert_true(info.has_diff_id && digest_eq(&info.diff_id, &digest.diff_id));
        }
        ok(f, store_tag_set(f->a, "docker.io/library/thing:latest", &made.id, &f->e));
        char *name = NULL;
        ok(f, image_find(f->a, "thing", &found, &name, &f->e));
        assert_string_equal(name, "docker.io/library/thing:latest");
        assert_true(digest_eq(&found.id, &made.id));
        assert_string_equal(found.config_json, made.config_json);
        assert_int_equal(found.snapshots.n, 2);
        free(name);
}

static void annotations_go_with_the_image(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image made = {0};
        AUTO(string_pairs_done) StringPairs annotations = {0};
        StringPairs found = {0};
        make_image(f, f->a, "", &made);
        ok(f, image_get_annotations(f->a, &made.id, &found, &f->e));
        assert_int_equal(found.n, 0);
        string_pairs_set(&annotations, "org.example.b", "a \"quoted\" <word>");
        string_pairs_set(&annotations, "org.example.a", "");
        ok(f, image_set_annotations(f->a, &made.id, &annotations, &f->e));
        ok(f, image_get_annotations(f->a, &made.id, &found, &f->e));
        assert_int_equal(found.n, 2);
        assert_string_equal(found.v[0].key, "org.example.a");
        assert_string_equal(string_pairs_get(&found, "org.example.b"), "a \"quoted\" <word>");
        string_pairs_done(&found);
        ok(f, image_set_annotations(f->a, &made.id, &found, &f->e));
        ok(f, image_get_annotations(f->a, &made.id, &found, &f->e));
        assert_int_equal(found.n, 0);
        ok(f, image_set_annotations(f->a, &made.id, &annotations, &f->e));
        assert_int_equal(store_image_remove(f->a, &made.id, &f->e), STORE_FOUND);
        ok(f, image_get_annotations(f->a, &made.id, &found, &f->e));
        assert_int_equal(found.n, 0);
}

static void found_by_id(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image made = {0};
        make_image(f, f->a, "", &made);
        char hex[DIGEST_HEX_SIZE], text[DIGEST_TEXT_SIZE];
        digest_hex(&made.id, hex);
        digest_text(&made.id, text);
        const char *const spellings[] = {hex, text, (hex[12] = '\0', hex)};
        for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
                AUTO(image_done) Image found = {0};
                char *name = NULL;
                ok(f, image_find(f->a, spellings[i], &found, &name, &f->e));
                assert_null(name);
                assert_true(digest_eq(&found.id, &made.id));
        }
}

static void ambiguous_id(void **state) {
        Fixture *f = *state;
        char seen[17] = {0};
        for (int i = 0; i < 17; i++) { /* seventeen images: two begin with the same digit */
                AUTO(image_done) Image made = {0};
                AUTO(freep) char *variation = xasprintf("%d", i);
                make_image(f, f->a, variation, &made);
                char hex[DIGEST_HEX_SIZE];
                digest_hex(&made.id, hex);
                char digit[2] = {hex[0], 0};
                if (strchr(seen, hex[0])) {
                        Image found;
                        failed(f, image_find(f->a, digit, &found, NULL, &f->e), ERR_CONFLICT);
                        failed(f, image_find_base(f->a, digit, NULL, &found, NULL, &f->e), ERR_NOT_FOUND);
                        hex[11] = 0;
                        failed(f, image_find_base(f->a, hex, NULL, &found, NULL, &f->e), ERR_NOT_FOUND);
                        AUTO(freep) char *marked = xasprintf("sha256:%s", hex);
                        ok(f, image_find_base(f->a, marked, NULL, &found, NULL, &f->e));
                        image_done(&found);
                        digest_hex(&made.id, hex);
                        hex[12] = 0;
                        ok(f, image_find_base(f->a, hex, NULL, &found, NULL, &f->e));
                        image_done(&found);
                        return;
                }
                seen[i] = hex[0];
        }
        fail();
}

static void absent_image_names_the_nearest(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image made = {0};
        make_image(f, f->a, "", &made);
        ok(f, store_tag_set(f->a, "docker.io/library/debian:bookworm", &made.id, &f->e));
        Image found;
        assert_int_equal(image_find(f->a, "debian:bokworm", &found, NULL, &f->e), -1);
        assert_non_null(strstr(err_hints(f->e), "debian:bookworm"));
        assert_non_null(strstr(err_hints(f->e), "docker.io/library/debian:bokworm"));
        failed(f, -1, ERR_NOT_FOUND);
        failed(f, image_find(f->a, "No:Such:Thing", &found, NULL, &f->e), ERR_SYNTAX);
        Digest other = {{1}};
        assert_int_equal(image_load(f->a, &other, &found, &f->e), STORE_ABSENT);
}

/* One snapshot twice, and an image without layers. */
static void odd_layer_lists(void **state) {
        Fixture *f = *state;
        char id[SNAPSHOT_ID_SIZE];
        make_snapshot(f, f->a, "x", "y", id);
        AUTO(strvec_done) StrVec snapshots = {0};
        ImageConfig config;
        image_config_init(&config);
        AUTO(image_done) Image none = {0}, twice = {0};
        ok(f, image_create(f->a, &config, &snapshots, -1, &none, &f->e));
        assert_int_equal(none.config.diff_ids.n, 0);
        strvec_push(&snapshots, id);
        strvec_push(&snapshots, id);
        ok(f, image_create(f->a, &config, &snapshots, -1, &twice, &f->e));
        assert_true(digest_eq(&twice.config.diff_ids.v[0], &twice.config.diff_ids.v[1]));
        assert_false(digest_is_zero(&twice.config.diff_ids.v[0]));
        image_config_done(&config);
}

static void rootfs_becomes_an_image(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image source = {0}, image = {0};
        make_image(f, f->a, "", &source);
        AUTO(closep) int fd = memory_file();
        ok(f, export_trees_tar(f->a, &(ExportParams){&(ExportTree){&source.snapshots, "", NULL}, 1, -1}, fd, &f->e));
        rewind_file(fd);
        Digest id;
        ok(f, rootfs_import(f->b, fd, NULL, "a message", &id, &f->e));
        assert_int_equal(image_load(f->b, &id, &image, &f->e), STORE_FOUND);
        assert_int_equal(image.snapshots.n, 1);
        assert_int_equal(image.config.history.n, 1);
        assert_string_equal(image.config.history.v[0].comment, "a message");
        AUTO(freep) char *one = image_file(f, f->b, &image, 0, "etc/one");
        AUTO(freep) char *two = image_file(f, f->b, &image, 0, "two");
        assert_string_equal(one, "first");
        assert_string_equal(two, "second");
        Digest wrong;
        AUTO(closep) int empty = memory_file();
        failed(f, rootfs_import(f->b, empty, NULL, NULL, &wrong, &f->e), ERR_FORMAT);
}

static void tree_becomes_a_directory(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image source = {0};
        make_image(f, f->a, "", &source);
        AUTO(freep) char *path = xasprintf("%s/out/here", f->path);
        ExportTree tree = {&source.snapshots, "", NULL};
        ok(f, export_trees_directory(f->a, &(ExportParams){&tree, 1, 1400000000}, path, &f->e));
        AUTO(freep) char *file = xasprintf("%s/etc/one", path);
        char *data = NULL;
        size_t size;
        ok(f, file_read(AT_FDCWD, file, 100, &data, &size, &f->e));
        assert_string_equal(data, "first");
        free(data);
        struct stat st;
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mtime, 1400000000);
        /* again, over what is there */
        ok(f, export_trees_directory(f->a, &(ExportParams){&tree, 1, -1}, path, &f->e));
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mtime, 1500000000);
}

/* With clamped times the layers have other digests, and an archive gives exactly those. */
static void clamped_times(void **state) {
        Fixture *f = *state;
        AUTO(image_done) Image plain = {0}, clamped = {0}, again = {0};
        make_image(f, f->a, "", &plain);
        ImageConfig config;
        image_config_copy(&config, &plain.config);
        ok(f, image_create(f->a, &config, &plain.snapshots, 1400000000, &clamped, &f->e));
        ok(f, image_create(f->a, &config, &plain.snapshots, 1400000000, &again, &f->e));
        image_config_done(&config);
        assert_true(digest_eq(&clamped.id, &again.id));
        assert_false(digest_eq(&clamped.config.diff_ids.v[0], &plain.config.diff_ids.v[0]));
        const Image *images[] = {&clamped};
        ArchiveParams params = {.format = ARCHIVE_OCI, .compression_level = -1};
        AUTO(closep) int fd = memory_file();
        ok(f, archive_write(f->a, images, 1, &params, fd, NULL, &f->e));
        rewind_file(fd);
        LoadedImages loaded;
        ok(f, archive_read(f->b, fd, NULL, false, &loaded, &f->e));
        assert_int_equal(loaded.n, 1);
        assert_true(digest_eq(&loaded.v[0].id, &clamped.id));
        loaded_images_done(&loaded);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(created_image_is_found_again),
                TEST(annotations_go_with_the_image),
                TEST(found_by_id),
                TEST(ambiguous_id),
                TEST(absent_image_names_the_nearest),
                TEST(odd_layer_lists),
                TEST(rootfs_becomes_an_image),
                TEST(tree_becomes_a_directory),
                TEST(clamped_times),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
