/* SPDX-License-Identifier: Apache-2.0 */
#include "build/base_image.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/architecture.h"
#include "distroless/assemble.h"
#include "distroless/published.h"
#include "os/clock.h"

/* What stands for the name afterwards: what did before, for other platforms, and the new image. */
static int add_name(Store *s, const char *name, const Image *image, Err **e) {
        char texts[2][96];
        TagPlatform list[2];
        Digest before;
        Image other = {0};
        platform_render(&image->config.platform, texts[0]);
        list[0] = (TagPlatform){texts[0], image->id};
        int r = store_tag_get(s, name, &before, e);
        if (r == STORE_FOUND) r = image_load(s, &before, &other, e);
        if (r < 0) return -1;
        bool same = r == STORE_ABSENT || platform_eq(&other.config.platform, &image->config.platform);
        if (!same) {
                platform_render(&other.config.platform, texts[1]);
                list[1] = (TagPlatform){texts[1], before};
        }
        image_done(&other);
        return same ? store_tag_set(s, name, &image->id, e) : store_tag_set_platforms(s, name, list, 2, e);
}

/* ---- the image */

typedef struct BaseJob {
        Build *build;
        const PublishedName *name;
        const char *architecture;
} BaseJob;

static int assemble(const BaseJob *j, const PackageSources *sources, Recipe *recipe, AssembledBase *ret_base, Err **e) {
        const BuildBases *bases = &j->build->params->bases;
        const EventSink events = report_sink(j->build);
        AssembleParams params = {.store = j->build->store,
                                 .recipe = recipe,
                                 .sources = sources,
                                 .offline = bases->offline,
                                 .allow_unsigned = bases->allow_unsigned,
                                 .max_age_s = bases->pull ? 0 : BASE_RELEASE_AGE_S,
                                 .now_s = clock_now_ns() / 1000000000,
                                 .epoch_s = -1,
                                 .events = &events,
                                 .vertices = &j->build->next_vertex,
                                 .cancelled = j->build->params->cancelled};
        return base_assemble(&params, ret_base, e);
}

static void report_taken(const BaseJob *j, const AssembledBase *base) {
        char id[DIGEST_TEXT_SIZE];
        digest_text(&base->image.id, id);
        AUTO(freep)
        char *title = xasprintf("%s is assembled from recipe %s (%s, %s): %zu packages, image %s", j->name->reference,
                                j->name->recipe, j->name->release, j->architecture, base->lock.packages.n, id);
        unsigned vertex = report_vertex(j->build, title);
        report_start(j->build, vertex);
        report_done(j->build, vertex, base->cached ? VERTEX_CACHED : VERTEX_DONE, NULL, 0);
}

static int make(const BaseJob *j, Image *ret_image, Err **e) {
        AUTO(recipe_freep) Recipe *recipe = NULL;
        AUTO(package_sources_done) PackageSources sources = {0};
        AUTO(assembled_base_done) AssembledBase base = {0};
        RecipeChoice choice = {j->name->recipe, j->name->release, j->name->variant, j->architecture};
        if (recipe_load(&j->build->params->bases.book, &choice, &recipe, e) < 0 ||
            package_sources_read(&sources, e) < 0)
                return -1;
        if (assemble(j, &sources, recipe, &base, e) < 0) return -1;
        report_taken(j, &base);
        if (add_name(j->build->store, j->name->reference, &base.image, e) < 0) return -1;
        *ret_image = base.image;
        base.image = (Image){0};
        return 0;
}

static int choose_architecture(const PublishedName *name, const Platform *platform, const char **ret_architecture,
                               Err **e) {
        Platform host;
        char text[96];
        platform_host(&host);
        const DebianArchitecture *a = debian_architecture_of_platform(platform ? platform : &host);
        *ret_architecture = name->architecture ? name->architecture : a ? a->name : NULL;
        if (*ret_architecture) return 0;
        platform_render(platform ? platform : &host, text);
        return err_new(e, ERR_UNSUPPORTED, "Debian has no architecture for %s", text);
}

int base_image(Build *b, const char *reference, const Platform *platform, Image *ret_image, char **ret_hint, Err **e) {
        AUTO(published_name_done) PublishedName name = {0};
        BaseJob job = {.build = b, .name = &name};
        int r = published_find(&b->params->bases.book, reference, &name, ret_hint, e);
        if (r != 0) return r < 0 ? -1 : BASE_NONE;
        if (choose_architecture(&name, platform, &job.architecture, e) < 0) return -1;
        return make(&job, ret_image, e);
}
