/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/pack.h"
#include "os/fs.h"

int fixture_set_up(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        const char *base = getenv("TMPDIR");
        snprintf(f->path, sizeof f->path, "%s/decant-image-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(f->path)) return -1;
        AUTO(freep) char *a = xasprintf("%s/a", f->path);
        AUTO(freep) char *b = xasprintf("%s/b", f->path);
        *state = f;
        return store_open(a, &f->a, NULL) < 0 || store_open(b, &f->b, NULL) < 0 ? -1 : 0;
}

int fixture_tear_down(void **state) {
        Fixture *f = *state;
        store_close(f->a);
        store_close(f->b);
        err_free(f->e);
        int r = tree_remove(AT_FDCWD, f->path, NULL);
        free(f);
        return r;
}

int ok(Fixture *f, int r) {
        if (r < 0) fail_msg("%s", f->e ? err_message(f->e) : "failed without an error");
        return r;
}

void failed(Fixture *f, int r, ErrKind kind) {
        assert_int_equal(r, -1);
        assert_non_null(f->e);
        if (err_kind(f->e) != kind) fail_msg("kind %d: %s", (int)err_kind(f->e), err_message(f->e));
        err_clear(&f->e);
}

void make_snapshot(Fixture *f, Store *s, const char *file, const char *content, char ret_id[SNAPSHOT_ID_SIZE]) {
        Draft *draft = NULL;
        ok(f, store_draft_new(s, &draft, &f->e));
        char *slash = strrchr(file, '/');
        AUTO(freep) char *dir = slash ? xstrndup(file, (size_t)(slash - file)) : NULL;
        if (dir) ok(f, dir_make_all(draft->fs_fd, dir, 0755, &f->e));
        AUTO(closep) int fd = openat(draft->fs_fd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ok(f, fd_write_all(fd, content, strlen(content), &f->e));
        struct timespec times[2] = {{1500000000, 0}, {1500000000, 0}};
        assert_int_equal(futimens(fd, times), 0);
        if (dir) assert_int_equal(utimensat(draft->fs_fd, dir, times, 0), 0);
        LayerTotals totals;
        ok(f, layer_totals(draft->fs_path, &totals, &f->e));
        SnapshotInfo info = {.size_bytes = totals.size_bytes, .entry_count = totals.entry_count};
        ok(f, store_draft_commit(s, draft, &info, &f->e));
        memcpy(ret_id, info.id, SNAPSHOT_ID_SIZE);
}

void make_image(Fixture *f, Store *s, const char *variation, Image *ret_image) {
        char id[SNAPSHOT_ID_SIZE];
        AUTO(strvec_done) StrVec snapshots = {0};
        make_snapshot(f, s, "etc/one", "first", id);
        strvec_push(&snapshots, id);
        AUTO(freep) char *second = xasprintf("second%s", variation);
        make_snapshot(f, s, "two", second, id);
        strvec_push(&snapshots, id);
        ImageConfig config;
        image_config_init(&config);
        platform_host(&config.platform);
        config.has_created = true;
        config.created_ns = 1500000000LL * 1000000000;
        strvec_push(&config.cmd, "/two");
        config.has_cmd = true;
        ok(f, image_create(s, &config, &snapshots, -1, ret_image, &f->e));
        image_config_done(&config);
}

int memory_file(void) {
        int fd = memfd_create("archive", MFD_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

void rewind_file(int fd) {
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
}

char *whole_file(int fd, size_t *ret_size) {
        char *data = NULL;
        rewind_file(fd);
        assert_int_equal(fd_read_all(fd, 16 << 20, &data, ret_size, NULL), 0);
        return data;
}

char *image_file(Fixture *f, Store *s, const Image *image, size_t layer, const char *path) {
        AUTO(freep) char *root = store_snapshot_path(s, image->snapshots.v[layer]);
        AUTO(freep) char *full = xasprintf("%s/%s", root, path);
        char *data = NULL;
        size_t size;
        (void)f;
        return file_read(AT_FDCWD, full, 1 << 20, &data, &size, NULL) < 0 ? NULL : data;
}
