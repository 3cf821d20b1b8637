/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "distroless/assemble.h"

static int parse_params(const Args *args, CollectParams *p, Err **e) {
        const char *text;
        p->images_untagged = true;
        p->images_all = args_flag(args, "all");
        p->dry_run = args_flag(args, "dry-run");
        for (size_t i = 0; (text = args_next(args, "filter", &i));) {
                if (!starts_with(text, "until=")) {
                        err_new(e, ERR_USAGE, "'%s' is not a filter", text);
                        return err_hint(e, "filters: until=AGE, for example until=24h");
                }
                Err *failure = NULL;
                if (duration_parse(str_of(text + strlen("until=")), &p->cache_older_than_ns, &failure) < 0)
                        return app_usage(e, &failure, "--filter");
                if (p->cache_older_than_ns <= 0)
                        return err_new(e, ERR_USAGE, "--filter: an age is larger than nothing");
        }
        if (args_size(args, "keep-storage", &p->keep_bytes, e) < 0) return -1;
        p->cache_all = p->cache_older_than_ns == 0 && p->keep_bytes == 0;
        return 0;
}

static void say_what_goes(const CollectParams *p, Buf *out) {
        buf_adds(out, "WARNING! This will remove:\n");
        buf_adds(out, p->images_all ? "  - all images\n" : "  - all images without a name\n");
        if (p->cache_all) buf_adds(out, "  - all build cache\n");
        if (p->cache_all && p->images_all) buf_adds(out, "  - all packages that base images were assembled from\n");
        if (p->cache_older_than_ns) buf_adds(out, "  - build cache that was not used for the given time\n");
        if (p->keep_bytes) buf_adds(out, "  - the build cache that was not used for longest, down to the given size\n");
        buf_adds(out, "\nAre you sure you want to continue? [y/N] ");
}

static int ask(const CollectParams *p, bool *ret_yes, Err **e) {
        AUTO(buf_done) Buf out = {0};
        say_what_goes(p, &out);
        if (app_print(&out, e) < 0) return -1;
        char answer[64];
        ssize_t n = read(STDIN_FILENO, answer, sizeof answer);
        *ret_yes = n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
        return 0;
}

static int print_report(const CollectReport *report, bool dry_run, Err **e) {
        AUTO(buf_done) Buf out = {0};
        char text[DIGEST_TEXT_SIZE], size[16];
        if (report->images.n) buf_adds(&out, dry_run ? "Images to delete:\n" : "Deleted Images:\n");
        for (size_t i = 0; i < report->images.n; i++) {
                digest_text(&report->images.v[i], text);
                buf_addf(&out, "deleted: %s\n", text);
        }
        if (report->images.n) buf_addc(&out, '\n');
        if (report->steps_removed) {
                buf_addf(&out, "%s build cache records: %llu\n\n", dry_run ? "Deletable" : "Deleted",
                         (unsigned long long)report->steps_removed);
        }
        size_render(report->bytes_freed, size);
        buf_addf(&out, "Total reclaim%s space: %s\n", dry_run ? "able" : "ed", size);
        return app_print(&out, e);
}

int command_prune(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(collect_report_done) CollectReport report = {0};
        CollectParams params = {0};
        bool yes = true;
        if (parse_params(args, &params, e) < 0) return -1;
        if (!args_flag(args, "force") && !params.dry_run && ask(&params, &yes, e) < 0) return -1;
        if (!yes) return 0;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (store_collect(store.store, &params, &report, e) < 0) return -1;
        if (params.images_all && params.cache_all) {
                uint64_t fetched;
                if (base_cache_remove(store.store, params.dry_run, &fetched, e) < 0) return -1;
                report.bytes_freed += fetched;
        }
        return print_report(&report, params.dry_run, e);
}
