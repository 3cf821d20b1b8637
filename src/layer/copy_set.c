/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/copy_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "os/root_path.h"

int copy_set_add(CopySet *s, const CopyEntry *entry, uint32_t *ret_index, Err **e) {
        if (s->entry_count == COPY_ENTRY_MAX) {
                return err_new(e, ERR_LIMIT, "more than %d files in one COPY", COPY_ENTRY_MAX);
        }
        if (s->entry_count % COPY_BLOCK_ENTRIES == 0) {
                s->blocks = xreallocarray(s->blocks, s->block_count + 1, sizeof *s->blocks);
                s->blocks[s->block_count++] = xcalloc(COPY_BLOCK_ENTRIES, sizeof(CopyEntry));
        }
        uint32_t index = s->entry_count++;
        CopyEntry *slot = copy_entry(s, index);
        *slot = *entry;
        slot->leader = index;
        const char *slash = strrchr(entry->path, '/');
        slot->name_at = slash ? (uint16_t)(slash + 1 - entry->path) : 0;
        *ret_index = index;
        return 0;
}

const char *copy_entry_relative(const CopySet *s, const CopyEntry *entry) {
        const char *relative = entry->path + s->items.v[entry->item].prefix;
        return *relative == '/' ? relative + 1 : relative;
}

void copy_entry_owner(const CopySet *s, const CopyEntry *entry, uid_t *ret_uid, gid_t *ret_gid) {
        bool kept = s->root.keep_owner && !(entry->flags & ENTRY_INLINE);
        *ret_uid = s->params.has_owner ? s->params.uid : kept ? entry->uid : 0;
        *ret_gid = s->params.has_owner ? s->params.gid : kept ? entry->gid : 0;
}

mode_t copy_entry_mode(const CopySet *s, const CopyEntry *entry) {
        if (!s->params.has_mode || S_ISLNK(entry->mode)) return entry->mode & 07777;
        return mode_apply(&s->mode, entry->mode & 07777, S_ISDIR(entry->mode));
}

/* The params' strings may go away while the set lives. */
static const char *const *copy_texts(Arena *a, const char *const *from, size_t count) {
        const char **texts = arena_array(a, count + 1, sizeof *texts);
        for (size_t i = 0; i < count; i++) texts[i] = arena_strdup(a, from[i]);
        return texts;
}

/* As the patterns of ignore files are cleaned, but a leading slash stays (and then matches nothing). */
static const char *clean_exclude(Arena *a, const char *text) {
        bool exception = *text == '!';
        Str pattern = str_trim(str_of(text + exception));
        AUTO(freep) char *raw = str_dup(pattern);
        AUTO(freep) char *clean = path_clean(raw);
        return arena_printf(a, "%s%s", exception ? "!" : "", raw[0] == '/' || !clean[1] ? clean : clean + 1);
}

static const char *const *copy_excludes(Arena *a, const char *const *from, size_t count) {
        const char **texts = arena_array(a, count + 1, sizeof *texts);
        for (size_t i = 0; i < count; i++) texts[i] = clean_exclude(a, from[i]);
        return texts;
}

static const CopyInline *copy_inlines(Arena *a, const CopyInline *from, size_t count) {
        CopyInline *inlines = arena_array(a, count + 1, sizeof *inlines);
        for (size_t i = 0; i < count; i++) {
                inlines[i] = (CopyInline){.name = arena_strdup(a, from[i].name),
                                          .data = arena_str(a, (Str){from[i].data, from[i].size}),
                                          .size = from[i].size};
        }
        return inlines;
}

static void copy_params(CopySet *s, const CopyParams *params) {
        Arena *a = s->arena;
        s->params = *params;
        s->params.sources = copy_texts(a, params->sources, params->source_count);
        s->params.excludes = copy_excludes(a, params->excludes, params->exclude_count);
        s->params.inlines = copy_inlines(a, params->inlines, params->inline_count);
        s->params.destination = arena_strdup(a, params->destination);
        s->params.mode = arena_strdup(a, params->mode);
        if (params->packed) {
                bool *packed = arena_array(a, params->source_count + 1, sizeof *packed);
                memcpy(packed, params->packed, params->source_count * sizeof *packed);
                s->params.packed = packed;
        }
        s->params.root = NULL;
        if (params->root) s->root = *params->root;
        s->root.root_path = arena_strdup(a, s->root.root_path);
}

/* A context is a view of one directory. */
static int open_root(CopySet *s, Err **e) {
        s->view = s->root.view;
        if (s->view || s->params.source_count == 0) return 0;
        if (view_open_fd(s->root.root_fd, &s->owned_view, e) < 0) return err_wrap(e, "build context");
        s->view = s->owned_view;
        return 0;
}

/* A directory that is hidden itself counts when something in it does not. Children stand behind their parents. */
static void settle_lazy(CopySet *s) {
        for (uint32_t i = s->entry_count; i-- > 0;) {
                const CopyEntry *entry = copy_entry(s, i);
                if (!copy_entry_live(entry) || entry->parent == COPY_NONE) continue;
                copy_entry(s, entry->parent)->flags &= (uint16_t)~ENTRY_LAZY;
        }
}

int copy_set_new(const CopyParams *params, CopySet **ret_set, Err **e) {
        AUTO(copy_set_freep) CopySet *s = xcalloc(1, sizeof *s);
        s->arena = arena_new();
        copy_params(s, params);
        if (s->params.has_mode && mode_parse(s->params.mode, &s->mode, e) < 0) return -1;
        if (copy_patterns_check(s, e) < 0 || open_root(s, e) < 0) return -1;
        if (copy_sources_resolve(s, e) < 0 || copy_walk(s, e) < 0) return -1;
        settle_lazy(s);
        if (copy_sources_settle(s, e) < 0) return -1;
        copy_find_links(s);
        *ret_set = TAKE(s);
        return 0;
}

void copy_set_free(CopySet *s) {
        for (uint32_t i = 0; i < s->entry_count; i++) {
                CopyEntry *entry = copy_entry(s, i);
                if (!(entry->flags & ENTRY_INLINE)) free(entry->target);
        }
        for (size_t i = 0; i < s->block_count; i++) free(s->blocks[i]);
        free(s->blocks);
        for (size_t i = 0; i < s->items.n; i++) free(s->items.v[i].target);
        vec_done(&s->items);
        view_free(s->owned_view);
        arena_free(s->arena);
        free(s);
}

static bool is_file(const CopyEntry *entry) {
        return copy_entry_live(entry) && S_ISREG(entry->mode);
}

size_t copy_set_file_count(const CopySet *s) {
        size_t count = 0;
        for (uint32_t i = 0; i < s->entry_count; i++) count += is_file(copy_entry(s, i));
        return count;
}

uint64_t copy_set_bytes(const CopySet *s) {
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < s->entry_count; i++) {
                const CopyEntry *entry = copy_entry(s, i);
                if (is_file(entry) && entry->leader == i) bytes += entry->size;
        }
        return bytes;
}

bool copy_set_needs_reading(const CopySet *s) {
        for (uint32_t i = 0; i < s->entry_count; i++) {
                const CopyEntry *entry = copy_entry(s, i);
                if (is_file(entry) && entry->leader == i && !(entry->flags & ENTRY_HASHED)) return true;
        }
        return false;
}
