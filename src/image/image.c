/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "image/image_internal.h"
#include "oci/reference.h"

void image_done(Image *i) {
        free(i->config_json);
        image_config_done(&i->config);
        strvec_done(&i->snapshots);
        memset(i, 0, sizeof *i);
}

int image_load(Store *s, const Digest *id, Image *ret_image, Err **e) {
        AUTO(image_record_done) ImageRecord record = {0};
        int r = store_image_get(s, id, &record, e);
        if (r != STORE_FOUND) return r;
        char hex[DIGEST_HEX_SIZE];
        digest_hex(id, hex);
        AUTO(image_done) Image image = {.id = *id, .size_bytes = record.size_bytes};
        image_config_init(&image.config);
        r = store_blob_read(s, id, IMAGE_CONFIG_MAX, &image.config_json, &image.config_size, e);
        if (r == STORE_ABSENT) err_new(e, ERR_STORE, "the configuration of image %.12s is not in the store", hex);
        if (r != STORE_FOUND) return err_hint(e, "check the store with: decant doctor --store");
        ImageConfig config;
        if (image_config_parse((Str){image.config_json, image.config_size}, &config, e) < 0)
                return err_wrap(e, "image %.12s", hex);
        image.config = config;
        strvec_copy(&image.snapshots, &record.snapshots);
        *ret_image = image;
        memset(&image, 0, sizeof image);
        return STORE_FOUND;
}

/* How many digits make an id where nobody said "sha256:". In a Dockerfile a short word is a name, though all its letters be
 * hexadecimal: who writes FROM ada does not mean whatever image begins with ada. */
enum { ID_DIGITS_MIN = 1, BASE_ID_DIGITS_MIN = 12 };

/* "sha256:ab12" or "ab12": the hex digits, else NULL. */
static const char *id_prefix(const char *text, size_t digits_min) {
        bool marked = starts_with(text, "sha256:");
        const char *hex = marked ? text + strlen("sha256:") : text;
        size_t n = strlen(hex);
        if (n == 0 || n >= DIGEST_HEX_SIZE || (!marked && n < digits_min)) return NULL;
        for (size_t i = 0; i < n; i++)
                if (!isxdigit((unsigned char)hex[i]) || isupper((unsigned char)hex[i])) return NULL;
        return hex;
}

static int find_by_id(Store *s, const char *text, size_t digits_min, Digest *ret_id, Err **e) {
        const char *hex = id_prefix(text, digits_min);
        if (!hex) return STORE_ABSENT;
        Digest ids[2];
        size_t count = 0;
        if (store_image_find_prefix(s, hex, ids, ARRAY_SIZE(ids), &count, e) < 0) return -1;
        if (count == 0) return STORE_ABSENT;
        if (count > 1) {
                char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE];
                digest_hex(&ids[0], a);
                digest_hex(&ids[1], b);
                err_new(e, ERR_CONFLICT, "image id '%s' is ambiguous", text);
                return err_hint(e, "give more digits; %.16s and %.16s begin with them", a, b);
        }
        *ret_id = ids[0];
        return STORE_FOUND;
}

static int find_by_name(Store *s, const char *text, Digest *ret_id, char **ret_name, Err **e) {
        AUTO(reference_done) Reference reference = {0};
        if (reference_parse(str_of(text), &reference, NULL) < 0) return STORE_ABSENT;
        AUTO(freep) char *name = reference_render(&reference);
        int r = store_tag_get(s, name, ret_id, e);
        if (r == STORE_FOUND) *ret_name = TAKE(name);
        return r;
}

/* The known name that is most like text, as docker spells it; owned or NULL. */
static char *nearest_image_name(Store *s, const char *text) {
        TagList list = {0};
        if (store_tag_list(s, false, &list, NULL) < 0) return NULL;
        StrVec names = {0};
        for (size_t i = 0; i < list.n; i++) {
                AUTO(reference_done) Reference reference = {0};
                if (!list.v[i].name || reference_parse(str_of(list.v[i].name), &reference, NULL) < 0) continue;
                strvec_push_take(&names, reference_familiar(&reference));
                /* without its tag too, for who leaves it out */
                strvec_push_take(&names, reference_familiar_name(&reference));
        }
        const char *near = names.n ? nearest_name(text, (const char *const *)names.v, names.n) : NULL;
        char *result = near && !streq(near, text) ? xstrdup(near) : NULL;
        strvec_done(&names);
        tag_list_done(&list);
        return result;
}

static int not_found(Store *s, const char *text, size_t digits_min, Err **e) {
        AUTO(reference_done) Reference reference = {0};
        if (reference_parse(str_of(text), &reference, e) < 0) {
                err_wrap(e, "'%s' is neither the id of an image here nor a name", text);
                return -1;
        }
        AUTO(freep) char *name = reference_render(&reference);
        err_new(e, ERR_NOT_FOUND, "No such image: %s", text);
        AUTO(freep) char *near = nearest_image_name(s, text);
        if (near) err_hint(e, "did you mean '%s'?", near);
        err_hint(e, "searched for the name %s%s in %s", name,
                 id_prefix(text, digits_min) ? " and for an id that begins so" : "", store_root(s));
        return -1;
}

static int find_id(Store *s, const char *text, size_t digits_min, Digest *ret_id, char **ret_name, Err **e) {
        bool id_first = starts_with(text, "sha256:"); /* what no name can be meant by */
        int r = id_first ? find_by_id(s, text, 1, ret_id, e) : find_by_name(s, text, ret_id, ret_name, e);
        if (r != STORE_ABSENT) return r;
        r = id_first ? find_by_name(s, text, ret_id, ret_name, e) : find_by_id(s, text, digits_min, ret_id, e);
        return r == STORE_ABSENT ? not_found(s, text, digits_min, e) : r;
}

/* *id is what the name stands for; replaced when another of its platforms fits better. */
static int choose_platform(Store *s, const char *name, const Platform *platform, Digest *id, Err **e) {
        AUTO(tag_list_done) TagList list = {0};
        if (store_tag_platforms(s, name, &list, e) < 0) return -1;
        int best = 0;
        for (size_t i = 0; i < list.n; i++) {
                Platform have;
                if (platform_parse(str_of(list.v[i].name), &have, NULL) < 0) continue;
                int match = platform_match(platform, &have);
                if (match <= best) continue;
                best = match;
                *id = list.v[i].image_id;
        }
        return 0;
}

typedef struct Wanted {
        const char *text;
        const Platform *platform;
        size_t digits_min;
} Wanted;

static int find(Store *s, const Wanted *w, Image *ret_image, char **ret_name, Err **e) {
        Digest id;
        AUTO(freep) char *name = NULL;
        if (find_id(s, w->text, w->digits_min, &id, &name, e) < 0) return -1;
        if (w->platform && name && choose_platform(s, name, w->platform, &id, e) < 0) return -1;
        int r = image_load(s, &id, ret_image, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) {
                err_new(e, ERR_STORE, "'%s' names an image whose record is missing", w->text);
                return err_hint(e, "check the store with: decant doctor --store");
        }
        if (ret_name) *ret_name = TAKE(name);
        return 0;
}

int image_find(Store *s, const char *text, Image *ret_image, char **ret_name, Err **e) {
        return find(s, &(Wanted){text, NULL, ID_DIGITS_MIN}, ret_image, ret_name, e);
}

int image_find_platform(Store *s, const char *text, const Platform *platform, Image *ret_image, char **ret_name,
                        Err **e) {
        return find(s, &(Wanted){text, platform, ID_DIGITS_MIN}, ret_image, ret_name, e);
}

int image_find_base(Store *s, const char *text, const Platform *platform, Image *ret_image, char **ret_name, Err **e) {
        return find(s, &(Wanted){text, platform, BASE_ID_DIGITS_MIN}, ret_image, ret_name, e);
}
