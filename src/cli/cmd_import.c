/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/changes.h"
#include "os/clock.h"

static int open_source(const char *source, int *ret_fd, Err **e) {
        if (streq(source, "-")) {
                if (isatty(STDIN_FILENO)) return err_new(e, ERR_USAGE, "standard input is a terminal, not an archive");
                *ret_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        } else if (strstr(source, "://")) {
                return err_new(e, ERR_UNSUPPORTED, "import reads files, not '%s'", source);
        } else {
                *ret_fd = open(source, O_RDONLY | O_CLOEXEC);
        }
        return *ret_fd < 0 ? err_sys(e, "open '%s'", source) : 0;
}

static int make_config(const Args *args, ImageConfig *ret_config, Err **e) {
        int64_t epoch;
        if (app_source_date_epoch(&epoch, e) < 0 || changes_apply(args, ret_config, e) < 0) return -1;
        ret_config->created_ns = epoch >= 0 ? epoch * 1000000000 : clock_now_ns();
        ret_config->has_created = true;
        return 0;
}

static int import(Store *s, const Args *args, int fd, Digest *ret_id, Err **e) {
        ImageConfig config;
        image_config_init(&config);
        const char *source = args->operands.v[0], *message = args_text(args, "message");
        AUTO(freep) char *text = message ? xstrdup(message) : xasprintf("Imported from %s", source);
        int r = make_config(args, &config, e);
        if (r == 0) r = rootfs_import(s, fd, &config, text, ret_id, e);
        image_config_done(&config);
        return r;
}

int command_import(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(closep) int fd = -1;
        AUTO(freep) char *name = NULL;
        AUTO(buf_done) Buf out = {0};
        Digest id;
        char text[DIGEST_TEXT_SIZE];
        if (args->operands.n > 1 && app_full_name(args->operands.v[1], &name, e) < 0) return -1;
        if (open_source(args->operands.v[0], &fd, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (import(store.store, args, fd, &id, e) < 0) return err_wrap(e, "import '%s'", args->operands.v[0]);
        if (name && store_tag_set(store.store, name, &id, e) < 0) return -1;
        digest_text(&id, text);
        buf_addf(&out, "%s\n", text);
        return app_print(&out, e);
}
