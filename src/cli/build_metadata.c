/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_metadata.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/cleanup.h"

enum { REF_SIZE = 25, TIME_SIZE = 32 };

bool build_result_id(const BuildResult *result, char ret_text[DIGEST_TEXT_SIZE]) {
        if (!result->has_image) return false;
        digest_text(result->is_index ? &result->manifest : &result->image_id, ret_text);
        return true;
}

int build_metadata_ref(Buf *ret_ref, Err **e) {
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        unsigned char random[REF_SIZE];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return err_sys(e, "read random bytes");
        buf_adds(ret_ref, "default/default/");
        for (size_t i = 0; i < REF_SIZE; i++) buf_addc(ret_ref, digits[random[i] % (sizeof digits - 1)]);
        return 0;
}

static void set_text(json_t *object, const char *key, const char *text) {
        if (text && *text) json_object_set_new(object, key, json_string(text));
}

static void set_digest(json_t *object, const char *key, const Digest *digest) {
        char text[DIGEST_TEXT_SIZE];
        digest_text(digest, text);
        set_text(object, key, text);
}

static json_t *annotations(const BuildResult *result) {
        time_t seconds = (time_t)(result->created_ns / 1000000000);
        struct tm tm;
        char text[TIME_SIZE];
        json_t *object = json_object();
        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
                set_text(object, "org.opencontainers.image.created", text);
        return object;
}

static json_t *platform_object(const Platform *p) {
        json_t *object = json_object();
        set_text(object, "architecture", p->arch);
        set_text(object, "os", p->os);
        set_text(object, "os.version", p->os_version);
        set_text(object, "variant", p->variant);
        return object;
}

static json_t *descriptor(const BuildResult *result) {
        const ArchiveTop *top = &result->top;
        json_t *object = json_object();
        set_text(object, "mediaType", top->media_type);
        set_digest(object, "digest", &top->digest);
        json_object_set_new(object, "size", json_integer((json_int_t)top->size));
        json_object_set_new(object, "annotations", annotations(result));
        if (top->has_platform) json_object_set_new(object, "platform", platform_object(&top->platform));
        return object;
}

static void set_names(json_t *document, const BuildParams *params) {
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; i < params->tags.n; i++) buf_addf(&names, "%s%s", i ? "," : "", params->tags.v[i]);
        for (size_t i = 0; i < params->output_count; i++) {
                const StrVec *more = &params->outputs[i].names;
                for (size_t k = 0; k < more->n; k++) buf_addf(&names, "%s%s", names.n ? "," : "", more->v[k]);
        }
        if (names.n) set_text(document, "image.name", names.p);
}

/* One a platform; the platforms' keys in their order, as all keys are. */
static void set_provenance(json_t *document, const BuildMetadata *m) {
        StrVec keys = {0};
        const BuildParams *p = m->params;
        if (m->provenance == PROVENANCE_OFF) return;
        for (size_t i = 0; i < p->platform_count && p->platform_count > 1; i++) {
                char platform[128];
                platform_render(&p->platforms[i], platform);
                strvec_pushf(&keys, "buildx.build.provenance/%s", platform);
        }
        StrVec sorted = {0};
        strvec_copy(&sorted, &keys);
        strvec_sort(&sorted);
        for (size_t i = 0; i < sorted.n; i++) {
                size_t target = (size_t)strvec_index(&keys, sorted.v[i]);
                json_object_set_new(document, sorted.v[i], build_provenance(p, target, m->provenance));
        }
        if (keys.n == 0)
                json_object_set_new(document, "buildx.build.provenance", build_provenance(p, 0, m->provenance));
        strvec_done(&keys);
        strvec_done(&sorted);
}

void build_metadata_render(const BuildMetadata *m, Buf *ret_json) {
        AUTO(json_decrefp) json_t *document = json_object();
        const BuildResult *result = m->result;
        set_provenance(document, m);
        set_text(document, "buildx.build.ref", m->ref);
        if (m->warnings && json_array_size(m->warnings))
                json_object_set(document, "buildx.build.warnings", m->warnings);
        bool written = !digest_is_zero(&result->manifest);
        if (result->has_image && !result->is_index)
                set_digest(document, "containerimage.config.digest", &result->image_id);
        if (written) json_object_set_new(document, "containerimage.descriptor", descriptor(result));
        /* an image that is only in the store has no manifest yet: the id stands for it, as in docker's own store */
        if (written || result->has_image)
                set_digest(document, "containerimage.digest", written ? &result->manifest : &result->image_id);
        if (result->has_image) set_names(document, m->params);
        AUTO(freep) char *text = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        buf_adds(ret_json, text);
}

bool build_metadata_wants_warnings(void) {
        static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
        const char *text = getenv("BUILDX_METADATA_WARNINGS");
        for (size_t i = 0; text && i < ARRAY_SIZE(yes); i++)
                if (streq(text, yes[i])) return true;
        return false;
}
