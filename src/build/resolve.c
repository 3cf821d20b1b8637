/* SPDX-License-Identifier: Apache-2.0 */
#include "build/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/image.h"

#define DOCKER_IMAGE "docker-image://"
#define OCI_LAYOUT "oci-layout://"

/* What the plan needs of an image; the rest is released. */
static void take_image(Image *image, char *name, PlanImage *ret_image) {
        *ret_image = (PlanImage){.config = image->config, .snapshots = image->snapshots, .resolved = name};
        digest_text(&image->id, ret_image->digest);
        free(image->config_json);
        *image = (Image){0};
}

int resolve_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image, Err **e) {
        ImageResolver *resolver = context;
        Image image = {0};
        char *name = NULL;
        if (image_find_platform(resolver->store, reference, platform, &image, &name, e) < 0) {
                err_hint(e,
                         "bring it in with 'decant load' or 'decant import', or name another image for it with "
                         "--build-context %s=docker-image://IMAGE",
                         reference);
                return -1;
        }
        take_image(&image, name ? name : xstrdup(reference), ret_image);
        return 0;
}

static int load_by_id(Store *store, const Digest *id, const char *value, PlanImage *ret_image, Err **e) {
        Image image = {0};
        int r = image_load(store, id, &image, e);
        if (r < 0) return -1;
        if (r != STORE_FOUND) return err_new(e, ERR_STORE, "image of '%s' vanished from the store", value);
        take_image(&image, xstrdup(value), ret_image);
        return 0;
}

/* "path", "path:tag", "path@sha256:...": a tag holds no slash. */
static void split_layout(const char *value, char **ret_path, char **ret_which) {
        const char *at = strrchr(value, '@');
        const char *colon = at ? NULL : strrchr(value, ':');
        if (colon && strchr(colon, '/')) colon = NULL;
        const char *cut = at ? at : colon;
        *ret_path = cut ? xstrndup(value, (size_t)(cut - value)) : xstrdup(value);
        *ret_which = at ? xstrdup(at) : colon ? xstrdup(colon + 1) : NULL;
}

static int resolve_layout(ImageResolver *resolver, const char *value, const Platform *platform, PlanImage *ret_image,
                          Err **e) {
        AUTO(freep) char *path = NULL;
        AUTO(freep) char *which = NULL;
        split_layout(value, &path, &which);
        Digest id;
        if (layout_read(resolver->store, path, which, platform, &id, e) < 0)
                return err_wrap(e, "build context '%s%s'", OCI_LAYOUT, value);
        return load_by_id(resolver->store, &id, value, ret_image, e);
}

int resolve_context_image(void *context, const char *value, const Platform *platform, PlanImage *ret_image, Err **e) {
        if (starts_with(value, DOCKER_IMAGE))
                return resolve_image(context, value + strlen(DOCKER_IMAGE), platform, ret_image, e);
        if (starts_with(value, OCI_LAYOUT))
                return resolve_layout(context, value + strlen(OCI_LAYOUT), platform, ret_image, e);
        return err_new(e, ERR_UNSUPPORTED, "build context '%s' is not an image", value);
}
