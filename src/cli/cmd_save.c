/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"

typedef struct Save {
        VEC(Image) images;
        VEC(char *) names; /* full reference or NULL, one an image */
        VEC(const Image *) pointers;
        ArchiveParams params;
        bool directory;
} Save;

static void save_done(Save *s) {
        for (size_t i = 0; i < s->images.n; i++) image_done(&s->images.v[i]);
        for (size_t i = 0; i < s->names.n; i++) free(s->names.v[i]);
        vec_done(&s->images);
        vec_done(&s->names);
        vec_done(&s->pointers);
}

static int parse_params(const Args *args, Save *s, Err **e) {
        const char *format = args_text(args, "format"), *compression = args_text(args, "compression");
        const char *level = args_text(args, "compression-level");
        s->params.format = format && starts_with(format, "oci") ? ARCHIVE_OCI : ARCHIVE_DOCKER;
        s->directory = format && streq(format, "oci-dir");
        s->params.compression = !compression || streq(compression, "none") ? COMPRESSION_NONE
                                : streq(compression, "gzip")               ? COMPRESSION_GZIP
                                                                           : COMPRESSION_ZSTD;
        s->params.compression_level = -1;
        s->params.kept_annotations = true;
        uint32_t number;
        if (level) {
                if (!u32_parse(str_of(level), 10, &number) || number > 22)
                        return err_new(e, ERR_USAGE, "--compression-level: 0 to 22, not '%s'", level);
                s->params.compression_level = (int)number;
        }
        if (s->directory && !args_text(args, "output"))
                return err_new(e, ERR_USAGE, "--format oci-dir needs --output DIRECTORY");
        if (args_text(args, "output") || !isatty(STDOUT_FILENO)) return 0;
        err_new(e, ERR_USAGE, "standard output is a terminal");
        return err_hint(e, "write to a file with --output FILE");
}

static int find_images(Store *store, const Args *args, Save *s, Err **e) {
        for (size_t i = 0; i < args->operands.n; i++) {
                Image image = {0};
                char *name = NULL;
                if (image_find(store, args->operands.v[i], &image, &name, e) < 0) return -1;
                vec_push(&s->images, image);
                vec_push(&s->names, name);
        }
        for (size_t i = 0; i < s->images.n; i++) vec_push(&s->pointers, &s->images.v[i]);
        s->params.names = (const char *const *)s->names.v;
        return 0;
}

static int write_to(Store *store, const Save *s, int fd, Err **e) {
        return archive_write(store, s->pointers.v, s->pointers.n, &s->params, fd, NULL, e);
}

/* Beside its place and renamed, so that a failure leaves what was there before. */
static int write_file(Store *store, const Save *s, const char *path, Err **e) {
        AUTO(freep) char *temporary = xasprintf("%s.decant-%d", path, (int)getpid());
        AUTO(closep) int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0) return err_sys(e, "create '%s'", temporary);
        int r = write_to(store, s, fd, e);
        if (r == 0 && rename(temporary, path) < 0) r = err_sys(e, "rename '%s' to '%s'", temporary, path);
        if (r < 0) unlink(temporary);
        return r;
}

static int write_archive(Store *store, const Save *s, const char *path, Err **e) {
        struct stat st;
        if (!path || streq(path, "-")) return write_to(store, s, STDOUT_FILENO, e);
        if (s->directory) return archive_write_layout(store, s->pointers.v, s->pointers.n, &s->params, path, NULL, e);
        if (lstat(path, &st) < 0 || S_ISREG(st.st_mode)) return write_file(store, s, path, e);
        AUTO(closep)
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); /* a link, pipe or device stays */
        if (fd < 0) return err_sys(e, "open '%s'", path);
        return write_to(store, s, fd, e);
}

int command_save(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(save_done) Save save = {0};
        if (parse_params(args, &save, e) < 0 || app_store_open(app, &store.store, e) < 0) return -1;
        if (find_images(store.store, args, &save, e) < 0) return -1;
        return write_archive(store.store, &save, args_text(args, "output"), e);
}
