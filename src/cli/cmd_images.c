/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/format.h"
#include "oci/reference.h"

static const FormatColumn columns[] = {
        {"Repository", "REPOSITORY"},
        {"Tag", "TAG"},
        {"Digest", "DIGEST"},
        {"ID", "IMAGE ID"},
        {"CreatedSince", "CREATED"},
        {"CreatedAt", "CREATED AT"},
        {"Size", "SIZE"},
        {"VirtualSize", "SIZE"},
        {"SharedSize", "SHARED SIZE"},
        {"UniqueSize", "UNIQUE SIZE"},
        {"Containers", "CONTAINERS"},
};
#define TABLE "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
#define TABLE_DIGESTS "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"

typedef struct Row {
        char *repository, *tag; /* "<none>" without a name */
        Digest id;
        int64_t created_ns;
        uint64_t size_bytes;
        size_t order; /* as the store lists them */
} Row;
typedef VEC(Row) Rows;

typedef struct Filter {
        const char *name;  /* operand: NAME or NAME:TAG */
        int dangling;      /* -1: do not care */
        StrVec references; /* patterns */
} Filter;

static int parse_filters(const Args *args, Filter *f, Err **e) {
        const char *text;
        f->name = args->operands.n ? args->operands.v[0] : NULL;
        for (size_t i = 0; (text = args_next(args, "filter", &i));) {
                if (streq(text, "dangling=true") || streq(text, "dangling=1")) {
                        f->dangling = 1;
                } else if (streq(text, "dangling=false") || streq(text, "dangling=0")) {
                        f->dangling = 0;
                } else if (starts_with(text, "reference=")) {
                        strvec_push(&f->references, text + strlen("reference="));
                } else {
                        err_new(e, ERR_USAGE, "'%s' is not a filter", text);
                        return err_hint(e, "filters: dangling=true|false, reference=PATTERN");
                }
        }
        return 0;
}

/* A pattern with a tag is for NAME:TAG, one without for NAME. */
static bool reference_fits(const char *pattern, const Row *row) {
        AUTO(freep) char *full = xasprintf("%s:%s", row->repository, row->tag);
        return fnmatch(pattern, full, FNM_PATHNAME) == 0 || fnmatch(pattern, row->repository, FNM_PATHNAME) == 0;
}

static bool name_fits(const char *name, const Row *row) {
        Reference wanted = {0};
        if (reference_parse(str_of(name), &wanted, NULL) < 0) return reference_fits(name, row);
        AUTO(freep) char *repository = reference_familiar_name(&wanted);
        const char *slash = strrchr(name, '/');
        bool has_tag = strchr(slash ? slash : name, ':') != NULL;
        bool fits = streq(repository, row->repository) && (!has_tag || !wanted.tag || streq(wanted.tag, row->tag));
        reference_done(&wanted);
        return fits || reference_fits(name, row);
}

static bool row_fits(const Filter *f, const Row *row) {
        bool dangling = streq(row->repository, "<none>");
        if (f->dangling >= 0 && dangling != (f->dangling == 1)) return false;
        if (f->name && !name_fits(f->name, row)) return false;
        bool fits = f->references.n == 0;
        for (size_t i = 0; i < f->references.n && !fits; i++)
                fits = !dangling && reference_fits(f->references.v[i], row);
        return fits;
}

static void row_done(Row *row) {
        free(row->repository);
        free(row->tag);
}

static void rows_done(Rows *rows) {
        for (size_t i = 0; i < rows->n; i++) row_done(&rows->v[i]);
        vec_done(rows);
}

static void row_name(const TagRow *from, Row *row) {
        Reference reference = {0};
        if (from->name && reference_parse(str_of(from->name), &reference, NULL) == 0) {
                row->repository = reference_familiar_name(&reference);
                row->tag = xstrdup(reference.tag ? reference.tag : "<none>");
                reference_done(&reference);
                return;
        }
        row->repository = xstrdup("<none>");
        row->tag = xstrdup("<none>");
}

/* Newest first; images of equal age as the store lists them. */
static int compare_rows(const void *a, const void *b) {
        const Row *x = a, *y = b;
        if (x->created_ns != y->created_ns) return x->created_ns < y->created_ns ? 1 : -1;
        return x->order < y->order ? -1 : x->order > y->order;
}

static int collect_rows(Store *s, const Filter *filter, Rows *rows, Err **e) {
        AUTO(tag_list_done) TagList tags = {0};
        if (store_tag_list(s, true, &tags, e) < 0) return -1;
        for (size_t i = 0; i < tags.n; i++) {
                ImageRecord record = {0};
                int r = store_image_get(s, &tags.v[i].image_id, &record, e);
                if (r < 0) return -1;
                if (r == STORE_ABSENT) continue; /* removed by somebody else in this moment */
                Row row = {.id = tags.v[i].image_id,
                           .created_ns = record.created_ns,
                           .size_bytes = record.size_bytes,
                           .order = i};
                row_name(&tags.v[i], &row);
                image_record_done(&record);
                if (row_fits(filter, &row)) {
                        vec_push(rows, row);
                } else {
                        row_done(&row);
                }
        }
        if (rows->n) qsort(rows->v, rows->n, sizeof *rows->v, compare_rows);
        return 0;
}

static json_t *row_json(const Row *row, bool whole_ids) {
        char id[DIGEST_TEXT_SIZE], size[16], age[APP_TIME_SIZE], at[APP_TIME_SIZE];
        app_image_id(&row->id, whole_ids, id);
        size_render(row->size_bytes, size);
        app_age(row->created_ns, age);
        app_time(row->created_ns, at);
        return json_pack("{ss ss ss ss ss ss ss ss ss ss ss}", "Containers", "N/A", "CreatedAt", at, "CreatedSince",
                         age, "Digest", "<none>", "ID", id, "Repository", row->repository, "SharedSize", "N/A", "Size",
                         size, "Tag", row->tag, "UniqueSize", "N/A", "VirtualSize", size);
}

static int print_ids(const Rows *rows, bool whole, Err **e) {
        AUTO(buf_done) Buf out = {0};
        char id[DIGEST_TEXT_SIZE];
        for (size_t i = 0; i < rows->n; i++) {
                bool repeated = false;
                for (size_t j = 0; j < i && !repeated; j++) repeated = digest_eq(&rows->v[j].id, &rows->v[i].id);
                if (repeated) continue;
                app_image_id(&rows->v[i].id, whole, id);
                buf_addf(&out, "%s\n", id);
        }
        return app_print(&out, e);
}

static int print_rows(const Args *args, const Rows *rows, Err **e) {
        bool whole = args_flag(args, "no-trunc");
        AUTO(format_freep) Format *format = NULL;
        AUTO(buf_done) Buf out = {0};
        const char *standard = args_flag(args, "digests") ? TABLE_DIGESTS : TABLE;
        if (format_new(args_text(args, "format"), standard, columns, ARRAY_SIZE(columns), &format, e) < 0) return -1;
        for (size_t i = 0; i < rows->n; i++) {
                AUTO(json_decrefp) json_t *row = row_json(&rows->v[i], whole);
                if (format_row(format, row, e) < 0) return -1;
        }
        format_finish(format, &out);
        return app_print(&out, e);
}

int command_images(App *app, const Args *args, Err **e) {
        Filter filter = {.dangling = -1};
        AUTO(rows_done) Rows rows = {0};
        AUTO(app_store_done) AppStore store = {.app = app};
        int r = parse_filters(args, &filter, e);
        if (r == 0) r = app_store_open(app, &store.store, e);
        if (r == 0) r = collect_rows(store.store, &filter, &rows, e);
        strvec_done(&filter.references);
        if (r < 0) return -1;
        return args_flag(args, "quiet") ? print_ids(&rows, args_flag(args, "no-trunc"), e) : print_rows(args, &rows, e);
}
