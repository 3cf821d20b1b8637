/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"

typedef struct Removal {
        Store *store;
        bool force;
        bool deleted; /* some image went: its files may go too */
        Buf out;
} Removal;

static int delete_image(Removal *r, const Digest *id, Err **e) {
        char text[DIGEST_TEXT_SIZE];
        int removed = store_image_remove(r->store, id, e);
        if (removed != STORE_FOUND) return removed < 0 ? -1 : 0;
        digest_text(id, text);
        buf_addf(&r->out, "Deleted: %s\n", text);
        r->deleted = true;
        return 0;
}

/* What a name stood for on further platforms goes with it, unless another name holds it. */
static int untag(Removal *r, const char *name, const Digest *id, Err **e) {
        AUTO(tag_list_done) TagList platforms = {0};
        if (store_tag_platforms(r->store, name, &platforms, e) < 0) return -1;
        if (store_tag_remove(r->store, name, e) < 0) return -1;
        AUTO(freep) char *familiar = app_familiar_name(name);
        buf_addf(&r->out, "Untagged: %s\n", familiar);
        for (size_t i = 0; i < platforms.n; i++) {
                AUTO(err_freep) Err *held = NULL;
                if (digest_eq(&platforms.v[i].image_id, id)) continue;
                if (delete_image(r, &platforms.v[i].image_id, &held) == 0 || err_kind(held) == ERR_CONFLICT) continue;
                err_move(e, &held);
                return -1;
        }
        return 0;
}

static size_t name_count(const TagList *tags, const Digest *id) {
        size_t n = 0;
        for (size_t i = 0; i < tags->n; i++) n += tags->v[i].name && digest_eq(&tags->v[i].image_id, id);
        return n;
}

/* By id: all of its names at once, which has to be meant when there are several. */
static int remove_by_id(Removal *r, const TagList *tags, const Digest *id, Err **e) {
        size_t names = name_count(tags, id);
        if (names > 1 && !r->force) {
                char text[DIGEST_TEXT_SIZE];
                app_image_id(id, false, text);
                err_new(e, ERR_CONFLICT, "image %s has %zu names", text, names);
                return err_hint(e, "remove them one by one by name, or all with --force");
        }
        for (size_t i = 0; i < tags->n; i++) {
                if (tags->v[i].name && digest_eq(&tags->v[i].image_id, id) && untag(r, tags->v[i].name, id, e) < 0)
                        return -1;
        }
        return delete_image(r, id, e);
}

static int remove_one(Removal *r, const char *text, Err **e) {
        AUTO(image_done) Image image = {0};
        AUTO(freep) char *name = NULL;
        AUTO(tag_list_done) TagList tags = {0};
        if (image_find(r->store, text, &image, &name, e) < 0) return -1;
        if (store_tag_list(r->store, false, &tags, e) < 0) return -1;
        if (!name) return remove_by_id(r, &tags, &image.id, e);
        if (untag(r, name, &image.id, e) < 0) return -1;
        return name_count(&tags, &image.id) > 1 ? 0 : delete_image(r, &image.id, e);
}

/* Every operand is tried; the first failure is told. */
static int remove_all(Removal *r, const Args *args, Err **e) {
        int result = 0;
        for (size_t i = 0; i < args->operands.n; i++) {
                Err *failure = NULL;
                if (remove_one(r, args->operands.v[i], &failure) == 0) continue;
                if (r->force && err_kind(failure) == ERR_NOT_FOUND) {
                        err_clear(&failure);
                        continue;
                }
                err_move(e, &failure);
                result = -1;
        }
        return result;
}

int command_rmi(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        if (app_store_open(app, &store.store, e) < 0) return -1;
        Removal r = {.store = store.store, .force = args_flag(args, "force")};
        int removed = remove_all(&r, args, e);
        if (r.deleted && !args_flag(args, "no-prune")) {
                CollectReport report = {0};
                if (store_collect(store.store, &(CollectParams){0}, &report, removed < 0 ? NULL : e) < 0) removed = -1;
                collect_report_done(&report);
        }
        int printed = app_print(&r.out, e);
        buf_done(&r.out);
        return removed < 0 ? removed : printed;
}
