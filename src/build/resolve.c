/* SPDX-License-Identifier: Apache-2.0 */
#include "build/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "build/base_image.h"
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

/* ---- from recipes */

static bool asks_recipes(const ImageResolver *r, const char *reference) {
        return r->build && r->build->params->bases.from != BASE_FROM_REGISTRY && !strchr(reference, '@');
}

/* What the store has is taken unless it is for another platform, or newer packages are asked for. */
static bool is_enough(const ImageResolver *r, const Image *image, const Platform *platform) {
        if (platform && platform_match(platform, &image->config.platform) == 0) return false;
        return !r->build->params->bases.pull;
}

/* BASE_ASSEMBLED: *image is replaced; BASE_NONE: it stays. */
static int from_recipe(const ImageResolver *r, const char *reference, const Platform *platform, Image *image,
                       char **ret_hint, Err **e) {
        Image made = {0};
        int result = base_image(r->build, reference, platform, &made, ret_hint, e);
        if (result != BASE_ASSEMBLED) return result;
        image_done(image);
        *image = made;
        return BASE_ASSEMBLED;
}

static int not_found(const char *reference, const char *near, Err **e) {
        if (near) err_hint(e, "%s", near);
        return err_hint(e,
                        "bring it in with 'decant load' or 'decant import', or name another image for it with "
                        "--build-context %s=docker-image://IMAGE",
                        reference);
}

int resolve_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image, Err **e) {
        ImageResolver *resolver = context;
        Image image = {0};
        AUTO(freep) char *name = NULL;
        AUTO(freep) char *near = NULL;
        AUTO(err_freep) Err *absent = NULL;
        bool found = image_find_base(resolver->store, reference, platform, &image, &name, &absent) == 0;
        if (!found && err_kind(absent) != ERR_NOT_FOUND) {
                err_move(e, &absent);
                return -1;
        }
        if (asks_recipes(resolver, reference) && !(found && is_enough(resolver, &image, platform))) {
                int r = from_recipe(resolver, reference, platform, &image, &near, e);
                if (r < 0) {
                        image_done(&image);
                        return -1;
                }
                found = found || r == BASE_ASSEMBLED;
        }
        if (!found) {
                err_move(e, &absent);
                return not_found(reference, near, e);
        }
        take_image(&image, name ? TAKE(name) : xstrdup(reference), ret_image);
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
