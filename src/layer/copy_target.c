/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "layer/copy_apply.h"
#include "os/root_path.h"

/* The destination, links resolved in what is below. */
typedef struct Destination {
        const char *text; /* as given */
        char *path;       /* relative; owned */
        bool found;
        bool directory; /* it is one, or is to become one */
        size_t source_count;
} Destination;

char *copy_target_path(const CopySet *s, const CopyEntry *entry) {
        const char *target = s->items.v[entry->item].target;
        if (entry->parent == COPY_NONE) return xstrdup(target);
        return view_path_add(target, copy_entry_relative(s, entry));
}

static int look_up_destination(Applying *a, Destination *d, Err **e) {
        AUTO(view_entry_done) ViewEntry entry = {0};
        int r = VIEW_ABSENT;
        if (a->how->below) r = view_lookup(a->how->below, d->text, true, &entry, e);
        if (r < 0) return err_wrap(e, "COPY destination '%s'", d->text);
        AUTO(freep) char *clean = entry.path ? NULL : path_clean(d->text);
        d->path = xstrdup((entry.path ? entry.path : clean) + 1);
        d->found = r == VIEW_FOUND;
        bool slash = ends_with(d->text, "/") || ends_with(d->text, "/.");
        d->directory = !*d->path || (d->found ? S_ISDIR(entry.st.st_mode) : slash);
        if (d->found && slash && !d->directory)
                return err_new(e, ERR_CONFLICT, "destination '%s' is not a directory", d->text);
        return 0;
}

static int needs_directory(const Destination *d, Err **e) {
        err_new(e, ERR_CONFLICT, "destination '%s' must be a directory when there is more than one source", d->text);
        return err_hint(e, "end it with a slash: '%s/'", d->text);
}

static int target_file(const CopySet *s, CopyItem *item, const Destination *d, Err **e) {
        if (!d->directory && d->source_count > 1) return needs_directory(d, e);
        const char *name = item->name[0] ? item->name : copy_entry_name(copy_entry(s, item->root));
        item->target = d->directory ? view_path_add(d->path, name) : xstrdup(d->path);
        return 0;
}

static int resolve_item(Applying *a, size_t index, Destination *d, Err **e) {
        CopySet *s = a->set;
        CopyItem *item = &s->items.v[index];
        CopyEntry *root = copy_entry(s, item->root);
        int archive = 0;
        root->flags &= (uint16_t)~ENTRY_UNPACKED;
        if (s->params.unpack_archives && !item->packed && S_ISREG(root->mode)) archive = copy_is_archive(s, root, e);
        if (archive < 0) return -1;
        if (archive) {
                root->flags |= ENTRY_UNPACKED;
                vec_push(&a->archives, (uint32_t)index);
        }
        if (!archive && !item->directory) return target_file(s, item, d, e);
        if (d->found && !d->directory) {
                return err_new(e, ERR_CONFLICT, "cannot copy to non-directory: '%s'", d->text);
        }
        item->target = xstrdup(d->path);
        d->directory = true;
        return 0;
}

/* ---- several sources that name the same thing */

static int clash(const char *path, bool directory, Err **e) {
        if (directory) return err_new(e, ERR_CONFLICT, "cannot copy to non-directory: '/%s'", path);
        return err_new(e, ERR_CONFLICT, "cannot replace directory '/%s' with a file", path);
}

static int claim_target(CopySet *s, Map *claimed, uint32_t index, Err **e) {
        CopyEntry *entry = copy_entry(s, index);
        if (!copy_entry_live(entry) || entry->flags & ENTRY_UNPACKED) return 0;
        AUTO(freep) char *path = copy_target_path(s, entry);
        CopyEntry *before = map_put(claimed, path, strlen(path), entry);
        if (!before) return 0;
        bool directory = S_ISDIR(entry->mode);
        if (directory != S_ISDIR(before->mode)) return clash(path, directory, e);
        if (!directory) before->flags |= ENTRY_REPLACED;
        return 0;
}

static int settle_overlaps(Applying *a, Err **e) {
        CopySet *s = a->set;
        AUTO(map_freep) Map *claimed = map_new();
        for (size_t i = 0; i < s->items.n; i++) {
                const CopyItem *item = &s->items.v[i];
                if (item->gone) continue;
                if (claim_target(s, claimed, item->root, e) < 0) return -1;
                for (uint32_t k = item->from; k < item->end; k++) {
                        if (claim_target(s, claimed, k, e) < 0) return -1;
                }
        }
        return 0;
}

int copy_targets_resolve(Applying *a, Err **e) {
        CopySet *s = a->set;
        Destination d = {.text = s->params.destination};
        for (size_t i = 0; i < s->items.n; i++) d.source_count += !s->items.v[i].gone;
        if (d.source_count == 0) return 0;
        int r = look_up_destination(a, &d, e);
        for (size_t i = 0; i < s->items.n && r == 0; i++) {
                free(TAKE(s->items.v[i].target));
                if (!s->items.v[i].gone) r = resolve_item(a, i, &d, e);
        }
        free(d.path);
        if (r < 0) return r;
        for (uint32_t i = 0; i < s->entry_count; i++) copy_entry(s, i)->flags &= (uint16_t)~ENTRY_REPLACED;
        return d.source_count > 1 ? settle_overlaps(a, e) : 0;
}
