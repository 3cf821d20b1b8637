/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/format.h"
#include "cli/text.h"

static const FormatColumn columns[] = {
        {"ID", "IMAGE"},  {"CreatedSince", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"CreatedBy", "CREATED BY"},
        {"Size", "SIZE"}, {"Comment", "COMMENT"},
};
#define TABLE "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
#define TABLE_EXACT "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"

enum { COMMAND_COLUMNS = 45 };

typedef struct HistoryOptions {
        bool whole, exact; /* --no-trunc, --human=false */
} HistoryOptions;

/* What made the layer, on one line; shortened with an ellipsis as docker does. Owned. */
static char *command_text(const char *text, bool whole) {
        Buf line = {0};
        for (const char *p = text ? text : ""; *p; p++) buf_addc(&line, *p == '\t' || *p == '\n' ? ' ' : *p);
        if (whole || text_columns(buf_str(&line)) <= COMMAND_COLUMNS) return buf_take(&line);
        Buf clipped = {0};
        text_add_clipped(&clipped, buf_str(&line), COMMAND_COLUMNS - 1);
        buf_adds(&clipped, "\xe2\x80\xa6");
        buf_done(&line);
        return buf_take(&clipped);
}

static json_t *row_json(const HistoryEntry *entry, const char *id, uint64_t size_bytes, const HistoryOptions *options) {
        char size[24], age[APP_TIME_SIZE] = "N/A", at[APP_TIME_SIZE] = "";
        if (options->exact) {
                snprintf(size, sizeof size, "%llu", (unsigned long long)size_bytes);
        } else {
                size_render(size_bytes, size);
        }
        if (entry->has_created) {
                app_age(entry->created_ns, age);
                time_render(entry->created_ns, at);
        }
        AUTO(freep) char *command = command_text(entry->created_by, options->whole);
        json_t *row = json_pack("{ss ss ss ss ss ss}", "Comment", entry->comment ? entry->comment : "", "CreatedAt", at,
                                "CreatedBy", command, "CreatedSince", age, "ID", id, "Size", size);
        return row ? row : json_object(); /* text that is not UTF-8 */
}

/* Bytes of each history entry; layers that are not in the store count as empty. */
static int entry_sizes(Store *s, const Image *image, uint64_t *sizes, Err **e) {
        size_t layer = 0;
        for (size_t i = 0; i < image->config.history.n; i++) {
                if (image->config.history.v[i].empty_layer || layer >= image->snapshots.n) continue;
                SnapshotInfo info = {0};
                int r = store_snapshot_get(s, image->snapshots.v[layer++], &info, e);
                if (r < 0) return -1;
                if (r == STORE_FOUND) sizes[i] = info.size_bytes;
        }
        return 0;
}

static int print_history(const Args *args, const Image *image, const uint64_t *sizes, Err **e) {
        HistoryOptions options = {.whole = args_flag(args, "no-trunc")};
        const char *human = args_text(args, "human");
        options.exact = human && streq(human, "false");
        char id[DIGEST_TEXT_SIZE];
        AUTO(format_freep) Format *format = NULL;
        AUTO(buf_done) Buf out = {0};
        app_image_id(&image->id, options.whole, id);
        const char *text = args_flag(args, "quiet") ? "{{.ID}}" : args_text(args, "format");
        if (format_new(text, options.exact ? TABLE_EXACT : TABLE, columns, ARRAY_SIZE(columns), &format, e) < 0)
                return -1;
        size_t n = image->config.history.n;
        for (size_t i = n; i > 0; i--) {
                const char *row_id = i == n ? id : "<missing>";
                AUTO(json_decrefp)
                json_t *row = row_json(&image->config.history.v[i - 1], row_id, sizes[i - 1], &options);
                if (format_row(format, row, e) < 0) return -1;
        }
        format_finish(format, &out);
        return app_print(&out, e);
}

int command_history(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(image_done) Image image = {0};
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (image_find(store.store, args->operands.v[0], &image, NULL, e) < 0) return -1;
        AUTO(freep) uint64_t *sizes = xcalloc(image.config.history.n + 1, sizeof *sizes);
        if (entry_sizes(store.store, &image, sizes, e) < 0) return -1;
        return print_history(args, &image, sizes, e);
}
