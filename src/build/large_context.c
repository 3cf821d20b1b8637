/* SPDX-License-Identifier: Apache-2.0 */
#include "build/large_context.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { LARGE_FILES = 100000, SIZE_TEXT = 32 };
static const uint64_t LARGE_BYTES = UINT64_C(500) << 20;

/* What is hardly ever meant to be copied. */
static const char *const usual[] = {
        ".git", ".hg",   ".svn",  "node_modules", "target", "build", "dist",        ".venv",    "venv",  "__pycache__",
        ".tox", ".next", ".nuxt", ".gradle",      ".cache", "out",   "bazel-out",   "coverage", ".idea", ".terraform",
        "tmp",  "logs",  "data",  ".pnpm-store",  "obj",    "bin",   "cmake-build", "vendor",
};

static bool is_usual(const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
                if (streq(name, usual[i])) return true;
        return false;
}

/* The rules that are missing: for well-known names, and for what holds most of it all. */
static void add_rules(const CopySummary *s, Buf *text) {
        size_t count = 0;
        for (size_t i = 0; i < s->n; i++) {
                const CopyShare *share = &s->largest[i];
                bool most = share->bytes * 2 > s->bytes || share->files * 2 > s->files;
                if (!most && !is_usual(share->path)) continue;
                buf_addf(text, "%s%s", count++ ? ", " : "", share->path);
        }
        if (count == 0 && s->n > 0) buf_adds(text, s->largest[0].path);
}

static void add_shares(const CopySummary *s, Buf *text) {
        char size[SIZE_TEXT];
        for (size_t i = 0; i < s->n; i++) {
                size_render(s->largest[i].bytes, size);
                buf_addf(text, "%10s %8llu file%s  %s\n", size, (unsigned long long)s->largest[i].files,
                         s->largest[i].files == 1 ? " " : "s", s->largest[i].path);
        }
}

static void warn(Build *b, const Node *n, const Context *c, const CopySummary *s) {
        AUTO(buf_done) Buf text = {0}, detail = {0};
        char size[SIZE_TEXT];
        size_render(s->bytes, size);
        buf_addf(&text, "this takes %s in %llu file%s from the context '%s'; missing in '%s'? ", size,
                 (unsigned long long)s->files, s->files == 1 ? "" : "s", c->path,
                 c->ignore_path ? c->ignore_path : ".dockerignore");
        add_rules(s, &text);
        add_shares(s, &detail);
        report_warning(b, &(Event){.name = "LargeContext", .message = text.p, .detail = detail.p});
        /* the warnings are shown at the end; this is shown now */
        buf_addf(&text, "\n%s", detail.p);
        report_log(b, n->vertex, 2, text.p, text.n);
}

static bool is_first(Build *b, Context *context) {
        pthread_mutex_lock(&b->lock);
        bool first = !context->large_told;
        context->large_told = true;
        pthread_mutex_unlock(&b->lock);
        return first;
}

void large_context_warn(Build *b, const Node *n, Context *context, const CopySet *set) {
        if (copy_set_bytes(set) <= LARGE_BYTES && copy_set_file_count(set) <= LARGE_FILES) return;
        if (!is_first(b, context)) return;
        CopySummary summary;
        copy_set_summary(set, &summary);
        warn(b, n, context, &summary);
        copy_summary_done(&summary);
}
