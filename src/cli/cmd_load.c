/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"

static void add_loaded(Buf *out, const LoadedImage *image, bool quiet) {
        char id[DIGEST_TEXT_SIZE];
        digest_text(&image->id, id);
        if (quiet) {
                buf_addf(out, "%s\n", id);
        } else if (image->name) {
                AUTO(freep) char *name = app_familiar_name(image->name);
                buf_addf(out, "Loaded image: %s\n", name);
        } else {
                buf_addf(out, "Loaded image ID: %s\n", id);
        }
}

static int print_loaded(LoadedImages *images, bool quiet, Err **e) {
        AUTO(buf_done) Buf out = {0};
        for (size_t i = 0; i < images->n; i++) add_loaded(&out, &images->v[i], quiet);
        return app_print(&out, e);
}

static int load_archive(Store *s, int fd, const Platform *platform, bool quiet, Err **e) {
        AUTO(loaded_images_done) LoadedImages images = {0};
        if (archive_read(s, fd, platform, true, &images, e) < 0) return -1;
        return print_loaded(&images, quiet, e);
}

static int load_directory(Store *s, const char *path, const Platform *platform, bool quiet, Err **e) {
        AUTO(loaded_images_done) LoadedImages images = {0};
        if (archive_read_directory(s, path, platform, &images, e) < 0) return -1;
        return print_loaded(&images, quiet, e);
}

static int load(Store *s, const Args *args, const Platform *platform, Err **e) {
        struct stat st;
        const char *input = args_text(args, "input");
        bool quiet = args_flag(args, "quiet");
        if (!input || streq(input, "-")) {
                if (!isatty(STDIN_FILENO)) return load_archive(s, STDIN_FILENO, platform, quiet, e);
                err_new(e, ERR_USAGE, "standard input is a terminal, not an archive");
                return err_hint(e, "read a file with --input FILE");
        }
        AUTO(closep) int fd = open(input, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) return err_sys(e, "open '%s'", input);
        int r = S_ISDIR(st.st_mode) ? load_directory(s, input, platform, quiet, e)
                                    : load_archive(s, fd, platform, quiet, e);
        return r < 0 ? err_wrap(e, "load '%s'", input) : r;
}

int command_load(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        Platform platform;
        const char *wanted = args_text(args, "platform");
        if (wanted && app_platform(wanted, &platform, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        return load(store.store, args, wanted ? &platform : NULL, e);
}
