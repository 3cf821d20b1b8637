/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/app.h"

int command_tag(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(image_done) Image image = {0};
        AUTO(freep) char *name = NULL;
        if (app_full_name(args->operands.v[1], &name, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (image_find(store.store, args->operands.v[0], &image, NULL, e) < 0) return -1;
        return store_tag_set(store.store, name, &image.id, e);
}
