/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/app.h"
#include "cli/format.h"

static const FormatColumn columns[] = {
        {"Type", "TYPE"}, {"TotalCount", "TOTAL"},        {"Active", "ACTIVE"},
        {"Size", "SIZE"}, {"Reclaimable", "RECLAIMABLE"},
};
#define TABLE "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}"

typedef struct UsageRow {
        const char *type;
        uint64_t total, active, bytes, reclaimable;
} UsageRow;

static int add_row(Format *format, const UsageRow *row, Err **e) {
        char total[24], active[24], size[16], reclaimable[16], words[40];
        snprintf(total, sizeof total, "%llu", (unsigned long long)row->total);
        snprintf(active, sizeof active, "%llu", (unsigned long long)row->active);
        size_render(row->bytes, size);
        size_render(row->reclaimable, reclaimable);
        double percent = row->bytes ? (double)row->reclaimable * 100 / (double)row->bytes : 0;
        snprintf(words, sizeof words, "%s (%.0f%%)", reclaimable, percent);
        AUTO(json_decrefp)
        json_t *value = json_pack("{ss ss ss ss ss}", "Active", active, "Reclaimable", words, "Size", size,
                                  "TotalCount", total, "Type", row->type);
        return format_row(format, value, e);
}

int command_df(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(format_freep) Format *format = NULL;
        AUTO(buf_done) Buf out = {0};
        StoreUsage u = {0};
        if (format_new(args_text(args, "format"), TABLE, columns, ARRAY_SIZE(columns), &format, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0 || store_usage(store.store, &u, e) < 0) return -1;
        const UsageRow rows[] = {
                {"Images", u.image_count, u.image_active_count, u.image_bytes, u.image_reclaimable_bytes},
                {"Build Cache", u.step_count, 0, u.step_bytes, u.step_reclaimable_bytes},
                {"Blobs", u.blob_count, u.blob_count, u.blob_bytes, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (add_row(format, &rows[i], e) < 0) return -1;
        }
        format_finish(format, &out);
        return app_print(&out, e);
}
