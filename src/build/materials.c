/* SPDX-License-Identifier: Apache-2.0 */
#include "build/materials.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "build/fetch.h"
#include "net/url.h"
#include "oci/reference.h"

void build_materials_done(BuildMaterials *m) {
        for (size_t i = 0; i < m->n; i++) {
                free(m->v[i].uri);
                free(m->v[i].digest);
        }
        vec_done(m);
}

/* Each once a target. Takes what made owns. */
static void add(BuildMaterials *list, BuildMaterial made) {
        for (size_t i = 0; i < list->n; i++) {
                if (list->v[i].target != made.target || !streq(list->v[i].uri, made.uri)) continue;
                free(made.uri);
                free(made.digest);
                return;
        }
        vec_push(list, made);
}

/* As a package URL; NULL for an image that has no name, such as another target's. */
static char *image_uri(const PlanImage *image, const Platform *platform) {
        AUTO(reference_done) Reference reference = {0};
        const char *name = image->resolved;
        if (!name || starts_with(name, "sha256:") || strstr(name, "://")) return NULL;
        if (reference_parse(str_of(name), &reference, NULL) < 0) return NULL;
        AUTO(freep) char *familiar = reference_familiar_name(&reference);
        AUTO(buf_done) Buf uri = {0};
        char text[128];
        platform_render(platform, text);
        buf_addf(&uri, "pkg:docker/%s%s%s?", familiar, reference.tag ? "@" : "", reference.tag ? reference.tag : "");
        if (reference.digest) buf_addf(&uri, "digest=%s&", reference.digest);
        buf_adds(&uri, "platform=");
        for (const char *c = text; *c; c++) {
                if (*c == '/')
                        buf_adds(&uri, "%2F");
                else
                        buf_addc(&uri, *c);
        }
        return buf_take(&uri);
}

static void add_node(Build *b, const Node *n, size_t target) {
        const PlanStep *step = n->step;
        BuildMaterial made = {.target = target};
        if (step->kind == STEP_IMAGE) {
                made.uri = image_uri(step->image, &step->image->config.platform);
                made.digest = xstrdup(step->image->digest);
        } else if (step->kind == STEP_FETCH) {
                made.uri = url_shown(step->fetch.url);
                made.digest = fetch_digest(b, n);
        }
        if (made.uri)
                add(b->params->materials, made);
        else
                free(made.digest);
}

void materials_collect(Build *b) {
        if (!b->params->materials) return;
        for (size_t t = 0; t < b->targets.n; t++) {
                const BuildTarget *target = &b->targets.v[t];
                for (size_t i = 0; i < b->early.n; i++) add_node(b, &b->early.v[i]->node, t);
                for (size_t i = 0; i < target->plan->step_count; i++) add_node(b, &target->nodes[i], t);
        }
}
