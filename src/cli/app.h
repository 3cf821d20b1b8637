/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/args.h"
#include "cli/progress.h"
#include "image/image.h"
#include "store/store.h"

/* What every command gets, and small services that several share. One thread. */

typedef struct App {
        char **argv;      /* of main() */
        const char *root; /* --root, or NULL */
        bool debug;
} App;

/* Commands: each returns the exit status of the program (0 done), or -1 with *e. One file each: cli/cmd_NAME.c. */
typedef int CommandFunction(App *app, const Args *args, Err **e);
CommandFunction command_bake, command_base, command_build, command_df, command_doctor, command_history, command_images,
        command_import, command_inspect, command_lint, command_load, command_prune, command_rmi, command_run,
        command_save, command_sbom, command_sync, command_tag, command_test;

/* The store at --root, else where store_default_root() says. */
int app_store_open(const App *app, Store **ret_store, Err **e);
/* As app_store_open() before anything was written; when something was: start making it durable, then close. DECANT_SYNC
 * decides: "wait" does it here and now, "off" not at all, else a detached `decant _sync` does it. NULL is fine. */
void app_store_close(const App *app, Store *s);

/* Like AUTO(), for a store that may have been written. */
typedef struct AppStore {
        const App *app;
        Store *store;
} AppStore;
static inline void app_store_done(AppStore *s) {
        if (s->store) app_store_close(s->app, s->store);
}

/* All of text to standard output in one go. */
int app_print(const Buf *text, Err **e);
void app_printf_error(const char *format, ...) __attribute__((format(printf, 1, 2))); /* one line to standard error */

/* Make a failure of a parser into one of the command line: its message and hints as ERR_USAGE, with "option: " before it (NULL:
 * none). *from is consumed. Returns -1. */
int app_usage(Err **e, Err **from, const char *option);

/* "docker.io/library/x:latest" for "x". Owned. References with a digest are ERR_USAGE. */
int app_full_name(const char *text, char **ret_name, Err **e);
/* The other way: "x:latest" for a full name. Owned. */
char *app_familiar_name(const char *full_name);

/* "sha256:..." or the first 12 digits. ret_text: DIGEST_TEXT_SIZE bytes. */
void app_image_id(const Digest *id, bool whole, char *ret_text);

/* SOURCE_DATE_EPOCH in seconds, or -1 when it is not set. ERR_USAGE when it is no number. */
int app_source_date_epoch(int64_t *ret_seconds, Err **e);

/* How to show progress: mode (--progress) or NULL, the environment, the terminal. ERR_USAGE. */
int app_progress(const App *app, const char *mode, ProgressParams *ret_params, Err **e);

/* --platform of the command line. ERR_USAGE. */
int app_platform(const char *text, Platform *ret_platform, Err **e);

enum { APP_TIME_SIZE = 48 };
/* "2 hours ago", "N/A" for no time. */
void app_age(int64_t unix_ns, char ret_text[APP_TIME_SIZE]);
/* "2024-05-01 10:00:00 +0000 UTC", as docker prints absolute times. */
void app_time(int64_t unix_ns, char ret_text[APP_TIME_SIZE]);
