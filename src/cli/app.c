/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/app.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "oci/reference.h"
#include "os/clock.h"
#include "os/fs.h"

int app_store_open(const App *app, Store **ret_store, Err **e) {
        AUTO(freep) char *root = app->root ? xstrdup(app->root) : store_default_root();
        return store_open(root, ret_store, e);
}

/* Nobody waits for it: it has its own session and reads and writes nothing. When it cannot be started the records stay marked
 * as not durable and the next command tries again. */
static void start_sync(const Store *s) {
        char *argv[] = {(char *)"decant", (char *)"--root", (char *)store_root(s), (char *)"_sync", NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_adddup2(&actions, 0, 1);
        posix_spawn_file_actions_adddup2(&actions, 0, 2);
        posix_spawn_file_actions_addchdir_np(&actions, "/");
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
        pid_t pid;
        posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
}

void app_store_close(const App *app, Store *s) {
        (void)app;
        if (!s) return;
        const char *how = getenv("DECANT_SYNC");
        if (how && streq(how, "wait")) {
                if (store_needs_sync(s)) store_sync(s, NULL);
        } else if ((!how || !streq(how, "off")) && store_needs_sync(s)) {
                start_sync(s);
        }
        store_close(s);
}

int app_print(const Buf *text, Err **e) {
        if (text->n == 0) return 0;
        return fd_write_all(STDOUT_FILENO, text->p, text->n, e) < 0 ? err_wrap(e, "write to standard output") : 0;
}

void app_printf_error(const char *format, ...) {
        Buf line = {0};
        va_list ap;
        va_start(ap, format);
        buf_addvf(&line, format, ap);
        va_end(ap);
        buf_addc(&line, '\n');
        fd_write_all(STDERR_FILENO, line.p, line.n, NULL);
        buf_done(&line);
}

int app_usage(Err **e, Err **from, const char *option) {
        err_new(e, ERR_USAGE, "%s%s%s", option ? option : "", option ? ": " : "", err_message(*from));
        Str rest = str_of(err_hints(*from)), line;
        while (str_cut(&rest, '\n', &line)) err_hint(e, STR_FMT, STR_ARG(line));
        err_clear(from);
        return -1;
}

int app_platform(const char *text, Platform *ret_platform, Err **e) {
        Err *failure = NULL;
        return platform_parse(str_of(text), ret_platform, &failure) < 0 ? app_usage(e, &failure, "--platform") : 0;
}

int app_full_name(const char *text, char **ret_name, Err **e) {
        Reference reference = {0};
        Err *failure = NULL;
        if (reference_parse(str_of(text), &reference, &failure) < 0) return app_usage(e, &failure, NULL);
        int r = 0;
        if (reference.digest) {
                r = err_new(e, ERR_USAGE, "'%s' names a digest: an image is named NAME[:TAG]", text);
        } else {
                *ret_name = reference_render(&reference);
        }
        reference_done(&reference);
        return r;
}

char *app_familiar_name(const char *full_name) {
        Reference reference = {0};
        if (reference_parse(str_of(full_name), &reference, NULL) < 0) return xstrdup(full_name);
        char *name = reference_familiar(&reference);
        reference_done(&reference);
        return name;
}

void app_image_id(const Digest *id, bool whole, char *ret_text) {
        enum { SHORT = 12 };
        char hex[DIGEST_HEX_SIZE];
        if (whole) {
                digest_text(id, ret_text);
                return;
        }
        digest_hex(id, hex);
        memcpy(ret_text, hex, SHORT);
        ret_text[SHORT] = '\0';
}

int app_source_date_epoch(int64_t *ret_seconds, Err **e) {
        const char *text = getenv("SOURCE_DATE_EPOCH");
        *ret_seconds = -1;
        if (!text || !*text) return 0;
        if (i64_parse(str_of(text), ret_seconds) && *ret_seconds >= 0) return 0;
        return err_new(e, ERR_USAGE, "SOURCE_DATE_EPOCH is '%s', not a number of seconds", text);
}

void app_age(int64_t unix_ns, char ret_text[APP_TIME_SIZE]) {
        char age[32];
        int64_t seconds = (clock_now_ns() - unix_ns) / 1000000000;
        age_render(seconds > 0 ? seconds : 0, age);
        snprintf(ret_text, APP_TIME_SIZE, "%s ago", age);
}

void app_time(int64_t unix_ns, char ret_text[APP_TIME_SIZE]) {
        time_t seconds = (time_t)(unix_ns / 1000000000);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(ret_text, APP_TIME_SIZE, "%Y-%m-%d %H:%M:%S +0000 UTC", &tm);
}

int app_progress(const App *app, const char *mode, ProgressParams *ret_params, Err **e) {
        const char *lines = getenv("BUILDKIT_TTY_LOG_LINES"), *colors = getenv("NO_COLOR");
        ProgressParams p = {.fd = STDERR_FILENO, .details = app->debug};
        if (!mode) mode = getenv("BUILDKIT_PROGRESS");
        if (mode && *mode && progress_mode_parse(mode, &p.mode, e) < 0) return err_wrap(e, "progress");
        uint32_t count;
        if (lines && u32_parse(str_of(lines), 10, &count) && count <= 200) p.log_lines = count;
        p.color = isatty(STDERR_FILENO) && !(colors && *colors);
        *ret_params = p;
        return 0;
}
