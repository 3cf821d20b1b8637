/* SPDX-License-Identifier: Apache-2.0 */
#include "image/docker_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "image/image_internal.h"

void docker_image_done(DockerImage *i) {
        free(i->config);
        strvec_done(&i->tags);
        strvec_done(&i->layers);
        memset(i, 0, sizeof *i);
}

void docker_manifest_done(DockerManifest *m) {
        for (size_t i = 0; i < m->images.n; i++) docker_image_done(&m->images.v[i]);
        vec_done(&m->images);
}

void docker_manifest_add(DockerManifest *m, DockerImage *image) {
        for (size_t i = 0; i < m->images.n; i++) {
                DockerImage *known = &m->images.v[i];
                if (!streq(known->config, image->config)) continue;
                for (size_t j = 0; j < image->tags.n; j++)
                        if (strvec_index(&known->tags, image->tags.v[j]) < 0)
                                strvec_push(&known->tags, image->tags.v[j]);
                docker_image_done(image);
                return;
        }
        vec_push(&m->images, *image);
        *image = (DockerImage){0};
}

void docker_manifest_render(const DockerManifest *m, Buf *ret_json) {
        buf_addc(ret_json, '[');
        for (size_t i = 0; i < m->images.n; i++) {
                const DockerImage *image = &m->images.v[i];
                buf_adds(ret_json, i ? ",{" : "{");
                json_add_key(ret_json, "Config");
                json_add_text(ret_json, image->config);
                json_add_key(ret_json, "RepoTags");
                if (image->tags.n)
                        json_add_list(ret_json, &image->tags);
                else
                        buf_adds(ret_json, "null");
                json_add_key(ret_json, "Layers");
                json_add_list(ret_json, &image->layers);
                buf_addc(ret_json, '}');
        }
        buf_addc(ret_json, ']');
}

/* What docker's "repositories" calls an image by: a hex id; the top layer's. */
static Str image_hex(const DockerImage *image) {
        const char *member = image->layers.n ? image->layers.v[image->layers.n - 1] : image->config;
        const char *slash = strrchr(member, '/');
        return str_of(slash ? slash + 1 : member);
}

typedef struct TagLine {
        Str repository, tag, hex;
} TagLine;

static int tag_line_cmp(const void *a, const void *b) {
        const TagLine *x = a, *y = b;
        int r = str_cmp(x->repository, y->repository);
        return r ? r : str_cmp(x->tag, y->tag);
}

/* Maps are sorted as Go sorts them, so that equal images give equal bytes. */
static size_t tag_lines(const DockerManifest *m, TagLine **ret_lines) {
        VEC(TagLine) lines = {0};
        for (size_t i = 0; i < m->images.n; i++) {
                for (size_t j = 0; j < m->images.v[i].tags.n; j++) {
                        const char *text = m->images.v[i].tags.v[j], *colon = strrchr(text, ':');
                        if (!colon) continue;
                        TagLine line = {{text, (size_t)(colon - text)}, str_of(colon + 1), image_hex(&m->images.v[i])};
                        vec_push(&lines, line);
                }
        }
        if (lines.n) qsort(lines.v, lines.n, sizeof *lines.v, tag_line_cmp);
        *ret_lines = lines.v;
        return lines.n;
}

bool docker_repositories_render(const DockerManifest *m, Buf *ret_json) {
        AUTO(freep) TagLine *lines = NULL;
        size_t n = tag_lines(m, &lines);
        if (n == 0) return false;
        buf_addc(ret_json, '{');
        for (size_t i = 0; i < n; i++) {
                bool first = i == 0 || !str_eq(lines[i].repository, lines[i - 1].repository);
                if (first) {
                        if (i) buf_adds(ret_json, "},");
                        json_add_string(ret_json, lines[i].repository);
                        buf_adds(ret_json, ":{");
                } else {
                        buf_addc(ret_json, ',');
                }
                json_add_string(ret_json, lines[i].tag);
                buf_addc(ret_json, ':');
                json_add_string(ret_json, lines[i].hex);
        }
        buf_adds(ret_json, "}}");
        return true;
}

static int image_parse(const json_t *object, DockerImage *image, Err **e) {
        if (!json_is_object(object)) return err_new(e, ERR_FORMAT, "not an object");
        if (json_get_text(object, "Config", &image->config, e) < 0) return -1;
        if (!image->config || !*image->config) return err_new(e, ERR_FORMAT, "no Config");
        if (json_get_strings(object, "RepoTags", &image->tags, e) < 0) return -1;
        if (json_get_strings(object, "Layers", &image->layers, e) < 0) return -1;
        if (image->layers.n > IMAGE_LAYERS_MAX)
                return err_new(e, ERR_LIMIT, "%zu layers; at most %d are read", image->layers.n, IMAGE_LAYERS_MAX);
        return 0;
}

static int images_parse(const json_t *list, DockerManifest *m, Err **e) {
        if (!json_is_array(list)) return err_new(e, ERR_FORMAT, "manifest.json is not a list");
        size_t n = json_array_size(list);
        if (n == 0) return err_new(e, ERR_FORMAT, "manifest.json lists no image");
        if (n > ARCHIVE_IMAGES_MAX)
                return err_new(e, ERR_LIMIT, "manifest.json lists %zu images; at most %d are read", n,
                               ARCHIVE_IMAGES_MAX);
        for (size_t i = 0; i < n; i++) {
                DockerImage image = {0};
                int r = image_parse(json_array_get(list, i), &image, e);
                vec_push(&m->images, image);
                if (r < 0) return err_wrap(e, "image %zu of manifest.json", i + 1);
        }
        return 0;
}

int docker_manifest_parse(Str json, DockerManifest *ret_manifest, Err **e) {
        json_t *root = NULL;
        if (json_document_parse(json, DOCKER_MANIFEST_MAX, "manifest.json", &root, e) < 0) return -1;
        DockerManifest m = {0};
        int r = images_parse(root, &m, e);
        json_decref(root);
        if (r < 0) {
                docker_manifest_done(&m);
                return -1;
        }
        *ret_manifest = m;
        return 0;
}
