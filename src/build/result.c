/* SPDX-License-Identifier: Apache-2.0 */
#include "build/result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/squash.h"
#include "oci/reference.h"
#include "os/clock.h"

static Node *target_node(const BuildTarget *t) {
        return &t->nodes[t->plan->target->result->id];
}

size_t result_primary(const Build *b) {
        Platform host;
        size_t primary = 0;
        int best = 0;
        platform_host(&host);
        for (size_t i = 0; i < b->targets.n; i++) {
                int match = platform_match(&host, &b->targets.v[i].plan->target->config.platform);
                if (match <= best) continue;
                best = match;
                primary = i;
        }
        return primary;
}

/* The nodes of the target that made a layer, in order. */
static void layer_nodes(const Node *n, ConstNodeList *ret_nodes) {
        ConstNodeList chain;
        node_chain(n, &chain);
        for (size_t i = 1; i < chain.n; i++)
                if (chain.v[i]->result.snapshot[0]) vec_push(ret_nodes, chain.v[i]);
        vec_done(&chain);
}

static size_t base_history_count(const Node *n, const ImageConfig *config) {
        while (n->parent) n = n->parent;
        size_t count = n->step->kind == STEP_IMAGE ? n->step->image->config.history.n : 0;
        return count < config->history.n ? count : config->history.n;
}

/* History entries carry the time at which their layer was made, so that a build which finds everything in the cache gives
 * the same image again; entries without a layer take the time of what is before them. */
static void date_history(Build *b, const Node *target, ImageConfig *config) {
        ConstNodeList layers = {0};
        layer_nodes(target, &layers);
        size_t from = base_history_count(target, config), layer = 0;
        int64_t last = layers.n              ? layers.v[0]->result.created_ns
                       : config->has_created ? config->created_ns
                                             : clock_now_ns();
        if (from > 0 && config->history.v[from - 1].has_created) last = config->history.v[from - 1].created_ns;
        int64_t epoch = build_epoch_ns(b);
        for (size_t i = from; i < config->history.n; i++) {
                HistoryEntry *entry = &config->history.v[i];
                if (!entry->empty_layer && layer < layers.n) last = layers.v[layer++]->result.created_ns;
                entry->created_ns = epoch >= 0 && last > epoch ? epoch : last;
                entry->has_created = true;
        }
        if (config->history.n > 0 && config->history.v[config->history.n - 1].has_created) {
                config->created_ns = config->history.v[config->history.n - 1].created_ns;
        } else {
                config->created_ns = epoch >= 0 ? epoch : last;
        }
        config->has_created = true;
        vec_done(&layers);
}

static int64_t epoch_s(Build *b) {
        int64_t ns = build_epoch_ns(b);
        return ns < 0 ? -1 : ns / 1000000000;
}

static int squash(Build *b, const Node *target, ImageConfig *config, StrVec *ids, Err **e) {
        const Node *root = target;
        while (root->parent) root = root->parent;
        size_t kept = root->step->kind == STEP_IMAGE ? root->step->image->snapshots.n : 0;
        squash_history(config, base_history_count(target, config));
        return squash_layers(b, ids, kept, e);
}

int result_image(Build *b, size_t target, Image *ret_image, Err **e) {
        ImageConfig config;
        const BuildTarget *t = &b->targets.v[target];
        image_config_copy(&config, &t->plan->target->config);
        date_history(b, target_node(t), &config);
        StrVec ids = {0};
        node_layer_ids(target_node(t), &ids);
        if (b->params->squash && squash(b, target_node(t), &config, &ids, e) < 0) {
                strvec_done(&ids);
                image_config_done(&config);
                return -1;
        }
        int r = image_create(b->store, &config, &ids, epoch_s(b), ret_image, e);
        strvec_done(&ids);
        image_config_done(&config);
        return r;
}

bool result_needs_image(const BuildParams *params) {
        bool needed = params->tags.n > 0 || params->want_image;
        for (size_t i = 0; i < params->output_count; i++) {
                OutputType type = params->outputs[i].type;
                needed = needed || type == OUTPUT_IMAGE || type == OUTPUT_OCI || type == OUTPUT_DOCKER;
        }
        return needed;
}

/* ---- annotations */

/* Those of the command line, then those of the output, which may be NULL. */
static Annotation *all_annotations(const Build *b, const BuildOutput *output, size_t *ret_count) {
        size_t n = b->params->annotation_count, own = output ? output->annotations.n : 0;
        Annotation *list = xcalloc(n + own + 1, sizeof *list);
        for (size_t i = 0; i < n; i++) list[i] = b->params->annotations[i];
        for (size_t i = 0; i < own; i++) list[n + i] = output->annotations.v[i];
        *ret_count = n + own;
        return list;
}

/* What the manifests of the images in the store will have. Without any nothing changes: the image may be one that was there. */
static int keep_annotations(Build *b, const BuildOutput *output, const Image *images, Err **e) {
        size_t count;
        AUTO(freep) Annotation *all = all_annotations(b, output, &count);
        const AnnotationList list = {all, count};
        for (size_t i = 0; i < b->targets.n && images && count > 0; i++) {
                AUTO(string_pairs_done) StringPairs pairs = {0};
                annotations_choose(&list, ANNOTATE_MANIFEST, &images[i].config.platform, &pairs);
                if (pairs.n > 0 && image_set_annotations(b->store, &images[i].id, &pairs, e) < 0) return -1;
        }
        return 0;
}

/* ---- names */

enum { PLATFORM_TEXT_SIZE = 128 };

/* Of several platforms: the one that the name stands for comes first. */
static int set_name(Build *b, const char *full, const Image *images, Err **e) {
        size_t n = b->targets.n, primary = result_primary(b);
        if (n == 1) return store_tag_set(b->store, full, &images[0].id, e);
        TagPlatform *list = xcalloc(n, sizeof *list);
        char(*texts)[PLATFORM_TEXT_SIZE] = xcalloc(n, sizeof *texts);
        for (size_t i = 0; i < n; i++) {
                size_t from = i == 0 ? primary : i <= primary ? i - 1 : i;
                platform_render(&images[from].config.platform, texts[i]);
                list[i] = (TagPlatform){texts[i], images[from].id};
        }
        int r = store_tag_set_platforms(b->store, full, list, n, e);
        free(texts);
        free(list);
        return r;
}

static int set_names(Build *b, const StrVec *names, const Image *images, Err **e) {
        for (size_t i = 0; i < names->n; i++) {
                Reference reference;
                if (reference_parse(str_of(names->v[i]), &reference, e) < 0) return -1;
                AUTO(freep) char *full = reference_render(&reference);
                reference_done(&reference);
                int64_t started = clock_monotonic_ns();
                AUTO(freep) char *title = xasprintf("naming to %s", full);
                unsigned vertex = report_vertex(b, title);
                report_start(b, vertex);
                if (set_name(b, full, images, e) < 0) return -1;
                report_done(b, vertex, VERTEX_DONE, NULL, clock_monotonic_ns() - started);
        }
        return 0;
}

/* ---- files */

static int open_destination(const BuildOutput *output, Err **e) {
        if (streq(output->destination, "-")) {
                if (isatty(STDOUT_FILENO)) {
                        err_new(e, ERR_USAGE, "refusing to write an archive to a terminal");
                        return err_hint(e, "redirect standard output, or give dest=FILE");
                }
                int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                return fd < 0 ? err_sys(e, "duplicate standard output") : fd;
        }
        int fd = open(output->destination, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        return fd < 0 ? err_sys(e, "create '%s'", output->destination) : fd;
}

/* Half of an archive is worse than none. */
static int remove_half(const BuildOutput *output) {
        if (!streq(output->destination, "-")) file_remove_result(output->destination);
        return -1;
}

/* One entry a name: -t names first, then name= of the output; NULL when there is none. */
static void archive_names(const BuildParams *params, const BuildOutput *output, StrVec *ret_names) {
        for (size_t i = 0; i < params->tags.n; i++) strvec_push(ret_names, params->tags.v[i]);
        for (size_t i = 0; i < output->names.n; i++) strvec_push(ret_names, output->names.v[i]);
}

static int normalise_names(StrVec *names, Err **e) {
        for (size_t i = 0; i < names->n; i++) {
                Reference reference;
                if (!names->v[i]) continue;
                if (reference_parse(str_of(names->v[i]), &reference, e) < 0) return -1;
                free(names->v[i]);
                names->v[i] = reference_render(&reference);
                reference_done(&reference);
        }
        return 0;
}

typedef struct ArchiveInput {
        const Image **images;
        size_t count;
        ArchiveParams params;
} ArchiveInput;

/* The images of an archive: one a platform, or one a name. */
static const Image **archive_images(const Build *b, const Image *images, StrVec *names, size_t *ret_count) {
        bool several = b->targets.n > 1;
        if (!several && names->n == 0) strvec_push_take(names, NULL);
        *ret_count = several ? b->targets.n : names->n;
        const Image **list = xcalloc(*ret_count, sizeof *list);
        for (size_t i = 0; i < *ret_count; i++) list[i] = several ? &images[i] : &images[0];
        return list;
}

static int write_archive_file(Build *b, const BuildOutput *output, const ArchiveInput *in, Digest *ret_manifest,
                              Err **e) {
        if (output->as_directory)
                return archive_write_layout(b->store, in->images, in->count, &in->params, output->destination,
                                            ret_manifest, e);
        AUTO(closep) int fd = open_destination(output, e);
        if (fd < 0) return -1;
        int r = archive_write(b->store, in->images, in->count, &in->params, fd, ret_manifest, e);
        return r < 0 ? remove_half(output) : 0;
}

static int check_annotations(const Build *b, const Annotation *list, size_t count, Err **e) {
        for (size_t i = 0; i < count && b->targets.n < 2; i++) {
                if (list[i].target != ANNOTATE_INDEX && list[i].target != ANNOTATE_INDEX_DESCRIPTOR) continue;
                err_new(e, ERR_USAGE, "annotation '%s' is for an index, and a build of one platform makes no index",
                        list[i].key);
                return err_hint(e, "annotate the manifest, or build several: --platform linux/amd64,linux/arm64");
        }
        return 0;
}

static int write_archive(Build *b, const BuildOutput *output, const Image *images, BuildResult *result, Err **e) {
        StrVec names = {0};
        archive_names(b->params, output, &names);
        if (normalise_names(&names, e) < 0) {
                strvec_done(&names);
                return -1;
        }
        ArchiveInput in = {.images = NULL};
        in.images = archive_images(b, images, &names, &in.count);
        size_t count;
        AUTO(freep) Annotation *annotations = all_annotations(b, output, &count);
        in.params = (ArchiveParams){
                .format = output->type == OUTPUT_OCI ? ARCHIVE_OCI : ARCHIVE_DOCKER,
                .compression = output->compression,
                .compression_level = output->compression_level,
                .force_compression = output->force_compression,
                .names = (const char *const *)names.v,
                .index_names = b->targets.n > 1 ? &names : NULL,
                .docker_media_types = output->docker_media_types,
                .annotations = annotations,
                .annotation_count = count,
                .ret_top = &result->top,
        };
        int r = check_annotations(b, annotations, count, e);
        if (r == 0) r = write_archive_file(b, output, &in, &result->manifest, e);
        if (r == 0) result->is_index = b->targets.n > 1;
        free(in.images);
        strvec_done(&names);
        return r;
}

/* "linux_arm_v7", as every exporter of several platforms calls the directories. */
static char *platform_directory(const char *platform) {
        char *name = xstrdup(platform);
        for (char *c = name; *c; c++)
                if (*c == '/') *c = '_';
        return name;
}

static int export_trees(Build *b, const BuildOutput *output, const ExportParams *params, Err **e) {
        if (output->type == OUTPUT_LOCAL) return export_trees_directory(b->store, params, output->destination, e);
        AUTO(closep) int fd = open_destination(output, e);
        if (fd < 0) return -1;
        return export_trees_tar(b->store, params, fd, e) < 0 ? remove_half(output) : 0;
}

/* One tree a platform: the result itself; of several a directory each, or all in one where it is asked for. */
static int write_trees(Build *b, const BuildOutput *output, Err **e) {
        size_t n = b->targets.n;
        bool split = n > 1 && !output->one_tree;
        ExportTree *trees = xcalloc(n, sizeof *trees);
        StrVec *ids = xcalloc(n, sizeof *ids), titles = {0}, names = {0};
        for (size_t i = 0; i < n; i++) {
                char platform[PLATFORM_TEXT_SIZE];
                const BuildTarget *t = &b->targets.v[i];
                node_layer_ids(target_node(t), &ids[i]);
                platform_render(&t->plan->target->config.platform, platform);
                strvec_push(&titles, platform);
                strvec_push_take(&names, platform_directory(platform));
                trees[i] = (ExportTree){&ids[i], split ? names.v[i] : "", titles.v[i]};
        }
        ExportParams params = {.trees = trees, .count = n, .clamp_mtime_s = epoch_s(b)};
        int r = export_trees(b, output, &params, e);
        for (size_t i = 0; i < n; i++) strvec_done(&ids[i]);
        strvec_done(&titles);
        strvec_done(&names);
        free(ids);
        free(trees);
        return r;
}

static const char *const output_titles[] = {
        [OUTPUT_IMAGE] = "exporting to image",
        [OUTPUT_OCI] = "exporting to oci image format",
        [OUTPUT_DOCKER] = "exporting to docker image format",
        [OUTPUT_TAR] = "exporting to client tarball",
        [OUTPUT_LOCAL] = "exporting to client directory",
};

static int write_output(Build *b, const BuildOutput *output, const Image *images, BuildResult *result, Err **e) {
        int64_t started = clock_monotonic_ns();
        unsigned vertex = report_vertex(b, output_titles[output->type]);
        report_start(b, vertex);
        int r;
        if (output->type == OUTPUT_IMAGE) {
                r = set_names(b, &output->names, images, e);
                if (r == 0) r = keep_annotations(b, output, images, e);
        } else if (output->type == OUTPUT_OCI || output->type == OUTPUT_DOCKER) {
                r = write_archive(b, output, images, result, e);
        } else {
                r = write_trees(b, output, e);
        }
        report_done(b, vertex, r < 0 ? VERTEX_FAILED : VERTEX_DONE, r < 0 && e ? err_message(*e) : NULL,
                    clock_monotonic_ns() - started);
        return r;
}

int result_export(Build *b, const Image *images, BuildResult *result, Err **e) {
        bool names_the_store = b->params->output_count == 0;
        for (size_t i = 0; i < b->params->output_count; i++) {
                const BuildOutput *output = &b->params->outputs[i];
                names_the_store = names_the_store || output->type == OUTPUT_IMAGE;
                if (write_output(b, output, images, result, e) < 0) return -1;
        }
        if (!names_the_store) return 0;
        if (b->params->output_count == 0 && keep_annotations(b, NULL, images, e) < 0) return -1;
        return set_names(b, &b->params->tags, images, e);
}
