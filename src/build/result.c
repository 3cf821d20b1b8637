/* SPDX-License-Identifier: Apache-2.0 */
#include "build/result.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oci/reference.h"
#include "os/clock.h"

static Node *target_node(Build *b) {
        return &b->nodes[b->plan->target->result->id];
}

/* The nodes of the target that made a layer, in order. */
static void layer_nodes(const Node *n, NodeList *ret_nodes) {
        if (!n->parent) return;
        layer_nodes(n->parent, ret_nodes);
        if (n->result.snapshot[0]) vec_push(ret_nodes, (Node *)n);
}

static size_t base_history_count(const Node *n, const ImageConfig *config) {
        while (n->parent) n = n->parent;
        size_t count = n->step->kind == STEP_IMAGE ? n->step->image->config.history.n : 0;
        return count < config->history.n ? count : config->history.n;
}

/* History entries carry the time at which their layer was made, so that a build which finds everything in the cache gives
 * the same image again; entries without a layer take the time of what is before them. */
static void date_history(Build *b, ImageConfig *config) {
        const Node *target = target_node(b);
        NodeList layers = {0};
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

int result_image(Build *b, Image *ret_image, Err **e) {
        ImageConfig config;
        image_config_copy(&config, &b->plan->target->config);
        date_history(b, &config);
        StrVec ids = {0};
        node_layer_ids(target_node(b), &ids);
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

/* ---- names */

static int set_names(Build *b, const StrVec *names, const Image *image, Err **e) {
        for (size_t i = 0; i < names->n; i++) {
                Reference reference;
                if (reference_parse(str_of(names->v[i]), &reference, e) < 0) return -1;
                AUTO(freep) char *full = reference_render(&reference);
                reference_done(&reference);
                int64_t started = clock_monotonic_ns();
                AUTO(freep) char *title = xasprintf("naming to %s", full);
                unsigned vertex = report_vertex(b, title);
                report_start(b, vertex);
                if (store_tag_set(b->store, full, &image->id, e) < 0) return -1;
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
        if (!streq(output->destination, "-")) unlink(output->destination);
        return -1;
}

/* One entry a name: -t names first, then name= of the output; NULL when there is none. */
static void archive_names(const BuildParams *params, const BuildOutput *output, StrVec *ret_names) {
        for (size_t i = 0; i < params->tags.n; i++) strvec_push(ret_names, params->tags.v[i]);
        for (size_t i = 0; i < output->names.n; i++) strvec_push(ret_names, output->names.v[i]);
        if (ret_names->n == 0) strvec_push_take(ret_names, NULL);
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

static int write_archive(Build *b, const BuildOutput *output, const Image *image, Digest *ret_manifest, Err **e) {
        StrVec names = {0};
        archive_names(b->params, output, &names);
        int r = normalise_names(&names, e);
        const Image **images = xcalloc(names.n, sizeof *images);
        for (size_t i = 0; i < names.n; i++) images[i] = image;
        ArchiveParams params = {
                .format = output->type == OUTPUT_OCI ? ARCHIVE_OCI : ARCHIVE_DOCKER,
                .compression = output->compression,
                .compression_level = output->compression_level,
                .force_compression = output->force_compression,
                .names = (const char *const *)names.v,
                .docker_media_types = output->docker_media_types,
        };
        if (r == 0 && output->as_directory) {
                r = archive_write_layout(b->store, images, names.n, &params, output->destination, ret_manifest, e);
        } else if (r == 0) {
                AUTO(closep) int fd = open_destination(output, e);
                r = fd < 0 ? -1 : archive_write(b->store, images, names.n, &params, fd, ret_manifest, e);
                if (fd >= 0 && r < 0) remove_half(output);
        }
        free(images);
        strvec_done(&names);
        return r;
}

static int write_tree(Build *b, const BuildOutput *output, Err **e) {
        StrVec ids = {0};
        node_layer_ids(target_node(b), &ids);
        int r;
        if (output->type == OUTPUT_LOCAL) {
                r = export_tree_directory(b->store, &ids, epoch_s(b), output->destination, e);
        } else {
                AUTO(closep) int fd = open_destination(output, e);
                r = fd < 0 ? -1 : export_tree_tar(b->store, &ids, epoch_s(b), fd, e);
                if (fd >= 0 && r < 0) remove_half(output);
        }
        strvec_done(&ids);
        return r;
}

static const char *const output_titles[] = {
        [OUTPUT_IMAGE] = "exporting to image",
        [OUTPUT_OCI] = "exporting to oci image format",
        [OUTPUT_DOCKER] = "exporting to docker image format",
        [OUTPUT_TAR] = "exporting to client tarball",
        [OUTPUT_LOCAL] = "exporting to client directory",
};

static int write_output(Build *b, const BuildOutput *output, const Image *image, Digest *ret_manifest, Err **e) {
        int64_t started = clock_monotonic_ns();
        unsigned vertex = report_vertex(b, output_titles[output->type]);
        report_start(b, vertex);
        int r;
        if (output->type == OUTPUT_IMAGE) {
                r = set_names(b, &output->names, image, e);
        } else if (output->type == OUTPUT_OCI || output->type == OUTPUT_DOCKER) {
                r = write_archive(b, output, image, ret_manifest, e);
        } else {
                r = write_tree(b, output, e);
        }
        report_done(b, vertex, r < 0 ? VERTEX_FAILED : VERTEX_DONE, r < 0 && e ? err_message(*e) : NULL,
                    clock_monotonic_ns() - started);
        return r;
}

int result_export(Build *b, const Image *image, Digest *ret_manifest, Err **e) {
        *ret_manifest = (Digest){0};
        bool names_the_store = b->params->output_count == 0;
        for (size_t i = 0; i < b->params->output_count; i++) {
                const BuildOutput *output = &b->params->outputs[i];
                names_the_store = names_the_store || output->type == OUTPUT_IMAGE;
                if (write_output(b, output, image, ret_manifest, e) < 0) return -1;
        }
        return names_the_store ? set_names(b, &b->params->tags, image, e) : 0;
}
