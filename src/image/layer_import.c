/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer_import.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "image/image_internal.h"
#include "image/relay.h"
#include "image/streams.h"
#include "layer/pack.h"
#include "os/workers.h"

/* ---- one layer */

/* The streams that a layer's bytes go through; released in reverse order. */
typedef struct LayerStreams {
        Source *file;       /* the member */
        Source *kept;       /* its bytes, copied into the blob */
        Source *plain;      /* decompressed */
        Source *plain_kept; /* copied into the blob, when the received form is none that OCI has a name for */
        Source *ahead;      /* all this on a thread of its own */
        Sink *blob;
        Sink *hash; /* of the plain bytes */
        Source *hashed;
        Source *out; /* one of the above: what is unpacked */
        BlobWriter *writer;
} LayerStreams;

static void layer_streams_close(LayerStreams *l) {
        source_freep(&l->hashed);
        source_freep(&l->ahead);
        source_freep(&l->plain_kept);
        source_freep(&l->plain);
        source_freep(&l->kept);
        source_freep(&l->file);
        sink_freep(&l->hash);
        sink_freep(&l->blob);
        if (l->writer) blob_writer_free(l->writer);
        memset(l, 0, sizeof *l);
}

static int detect(const ArchiveFile *file, Compression *ret_compression, Err **e) {
        char magic[8] = {0};
        AUTO(source_freep) Source *head = source_from_range(file->fd, file->offset, file->size);
        size_t n;
        if (head->read(head, magic, sizeof magic, &n, e) < 0) return -1;
        *ret_compression = compression_detect(magic, sizeof magic);
        return 0;
}

static bool kept_as_received(Compression form) {
        return layer_form_media(form, false) != NULL;
}

/* member -> [blob] -> decompress -> [blob] -> thread -> [hash] -> (unpack). What the blob's own digest says needs no
 * second hash. */
static int layer_streams_open(Store *s, const ArchiveFile *file, Compression form, LayerStreams *l, Digest *ret_plain,
                              Err **e) {
        bool received = kept_as_received(form);
        Compression detected;
        if (blob_writer_new(s, &l->writer, e) < 0) return -1;
        l->blob = sink_to_blob(l->writer);
        l->file = source_from_range(file->fd, file->offset, file->size);
        if (received) l->kept = source_copying(l->file, l->blob);
        if (source_decompressing(l->kept ? l->kept : l->file, LAYER_BYTES_MAX, &detected, &l->plain, e) < 0) return -1;
        if (!received) l->plain_kept = source_copying(l->plain, l->blob);
        if (relay_source_ahead(l->plain_kept ? l->plain_kept : l->plain, &l->ahead, e) < 0) return -1;
        l->out = l->ahead;
        if (!received || form == COMPRESSION_NONE) return 0;
        l->hash = sink_hashing(NULL, ret_plain, NULL);
        l->hashed = source_copying(l->ahead, l->hash);
        l->out = l->hashed;
        return 0;
}

static int mismatch(const char *what, const Digest *want, const Digest *got, Err **e) {
        char want_text[DIGEST_TEXT_SIZE], got_text[DIGEST_TEXT_SIZE];
        digest_text(want, want_text);
        digest_text(got, got_text);
        return err_new(e, ERR_FORMAT, "%s should be %s and is %s", what, want_text, got_text);
}

typedef struct Unpacked {
        Draft *draft;
        SnapshotInfo info;
        LayerBlob blob;
} Unpacked;

/* The blob as a whole is what was expected, and so is what it decompresses to. */
static int layer_check(LayerStreams *l, Compression form, const ImportLayer *layer, const Digest *plain,
                       LayerBlob *blob, Err **e) {
        if (l->hash && sink_finish(l->hash, e) < 0) return -1;
        if (l->hash && !digest_eq(plain, &blob->diff_id)) return mismatch("its content", &blob->diff_id, plain, e);
        bool compressed = kept_as_received(form) && form != COMPRESSION_NONE;
        const Digest *expected = compressed ? (layer->has_digest ? &layer->digest : NULL) : &blob->diff_id;
        if (form == COMPRESSION_NONE && layer->has_digest && !digest_eq(&layer->digest, &blob->diff_id))
                return mismatch("it", &blob->diff_id, &layer->digest, e);
        BlobWriter *writer = TAKE(l->writer);
        if (blob_writer_commit(writer, expected, &blob->digest, &blob->size, e) < 0) return -1;
        blob->media_type = xstrdup(layer_form_media(compressed ? form : COMPRESSION_NONE, false));
        return 0;
}

/* Everything that the layer's bytes decide; nothing is recorded yet. */
static int layer_read(Store *s, const ArchiveFile *file, const ImportLayer *layer, Unpacked *u, Err **e) {
        Compression form;
        if (detect(file, &form, e) < 0) return -1;
        AUTO(layer_streams_close) LayerStreams streams = {0};
        Digest plain = {0};
        if (layer_streams_open(s, file, form, &streams, &plain, e) < 0) return -1;
        UnpackParams params = {.fs_path = u->draft->fs_path,
                               .layer = true,
                               .max_bytes = LAYER_BYTES_MAX,
                               .max_entries = LAYER_ENTRIES_MAX};
        LayerTotals totals = {0};
        if (layer_unpack(&params, streams.out, &totals, e) < 0) return -1;
        if (source_drain(streams.out, e) < 0) return -1; /* what follows the tar's end counts too */
        if (layer_check(&streams, form, layer, &plain, &u->blob, e) < 0) return -1;
        u->info.size_bytes = totals.size_bytes;
        u->info.entry_count = totals.entry_count;
        u->info.empty = totals.entry_count == 0;
        return 0;
}

static int layer_record(Store *s, Unpacked *u, Err **e) {
        u->info.has_diff_id = true;
        u->info.diff_id = u->blob.diff_id;
        u->info.foreign = true;
        if (store_layer_blob_put(s, &u->blob, e) < 0) return -1;
        return store_draft_commit(s, TAKE(u->draft), &u->info, e);
}

static int layer_import(Store *s, const ArchiveFile *file, const ImportLayer *layer, const Digest *diff_id,
                        SnapshotInfo *ret_info, Err **e) {
        Unpacked u = {.blob.diff_id = *diff_id};
        if (store_draft_new(s, &u.draft, e) < 0) return -1;
        int r = layer_read(s, file, layer, &u, e);
        if (r >= 0) r = layer_record(s, &u, e);
        store_draft_discard(s, u.draft);
        layer_blob_done(&u.blob);
        if (r >= 0) *ret_info = u.info;
        return r;
}

/* ---- all layers of an image */

typedef struct Job {
        const ImportLayer *layer;
        const Digest *diff_id;
        size_t number; /* of the layer, from 1 */
        SnapshotInfo info;
        bool known;
} Job;

typedef struct Import {
        Store *store;
        const ArchiveFiles *files;
        Job *jobs; /* one a layer */
        size_t count;
        Job **missing;
        size_t missing_count;
        pthread_mutex_t error_lock;
        Err *error;
} Import;

static int job_run(Import *im, Job *job, Err **e) {
        AUTO(archive_file_done) ArchiveFile file = {.fd = -1};
        int r = archive_files_find(im->files, job->layer->member, &file, e);
        if (r < 0) return -1;
        if (r == ARCHIVE_FILE_ABSENT) return err_new(e, ERR_FORMAT, "it is not in the archive");
        return layer_import(im->store, &file, job->layer, job->diff_id, &job->info, e);
}

static int job_worker(void *context, size_t index) {
        Import *im = context;
        Job *job = im->missing[index];
        AUTO(err_freep) Err *error = NULL;
        if (job_run(im, job, &error) >= 0) return 0;
        err_wrap(&error, "layer %zu of %zu ('%s')", job->number, im->count, job->layer->member);
        pthread_mutex_lock(&im->error_lock);
        err_move(&im->error, &error);
        pthread_mutex_unlock(&im->error_lock);
        return -1;
}

static Job *same_before(const Import *im, const Job *job) {
        for (size_t i = 0; i < im->missing_count; i++)
                if (digest_eq(im->missing[i]->diff_id, job->diff_id)) return im->missing[i];
        return NULL;
}

/* May the snapshot stand for the layer? A foreign one only with its bytes. */
static int layer_usable(Store *s, const SnapshotInfo *info, bool *ret_usable, Err **e) {
        *ret_usable = true;
        if (!info->foreign) return 0;
        AUTO(layer_ref_done) LayerRef ref = {0};
        AUTO(err_freep) Err *error = NULL;
        if (layer_ref_get(s, info->id, &info->diff_id, &ref, &error) >= 0) return 0;
        *ret_usable = false;
        if (err_kind(error) == ERR_STORE) return 0;
        err_move(e, &error);
        return -1;
}

static int import_missing(Import *im, Err **e) {
        for (size_t i = 0; i < im->count; i++) {
                Job *job = &im->jobs[i];
                int r = store_snapshot_by_diff_id(im->store, job->diff_id, &job->info, e);
                if (r < 0) return -1;
                if (r == STORE_FOUND && layer_usable(im->store, &job->info, &job->known, e) < 0) return -1;
                if (!job->known && !same_before(im, job)) im->missing[im->missing_count++] = job;
        }
        if (parallel_for(im->missing_count, job_worker, im) < 0) {
                err_move(e, &im->error);
                return -1;
        }
        for (size_t i = 0; i < im->count; i++)
                if (!im->jobs[i].known) im->jobs[i].info = same_before(im, &im->jobs[i])->info;
        return 0;
}

static int import_record(const Import *im, const ImportImage *import, const ImageConfig *config, Digest *ret_id,
                         Err **e) {
        ImageRecord record = {.created_ns = config->has_created ? config->created_ns : 0};
        if (store_blob_put(im->store, import->config, import->config_size, &record.id, e) < 0) return -1;
        for (size_t i = 0; i < im->count; i++) {
                strvec_push(&record.snapshots, im->jobs[i].info.id);
                record.size_bytes += im->jobs[i].info.size_bytes;
        }
        int r = store_image_put(im->store, &record, e);
        if (r >= 0) *ret_id = record.id;
        strvec_done(&record.snapshots);
        return r;
}

static int import_run(Import *im, const ImportImage *import, const ImageConfig *config, Digest *ret_id, Err **e) {
        for (size_t i = 0; i < im->count; i++)
                im->jobs[i] = (Job){.layer = &import->layers[i], .diff_id = &config->diff_ids.v[i], .number = i + 1};
        if (import_missing(im, e) < 0) return -1;
        return import_record(im, import, config, ret_id, e);
}

int image_import(Store *s, const ArchiveFiles *files, const ImportImage *import, Digest *ret_id, Err **e) {
        ImageConfig config;
        if (image_config_parse((Str){import->config, import->config_size}, &config, e) < 0)
                return err_wrap(e, "image configuration");
        size_t n = config.diff_ids.n;
        int r = 0;
        if (n != import->layer_count) {
                r = err_new(e, ERR_FORMAT, "the image lists %zu layers and its configuration %zu", import->layer_count,
                            n);
        } else if (n > IMAGE_LAYERS_MAX) {
                r = err_new(e, ERR_LIMIT, "an image of %zu layers; at most %d are read", n, IMAGE_LAYERS_MAX);
        } else {
                AUTO(freep) Job *jobs = xcalloc(n + 1, sizeof *jobs);
                AUTO(freep) Job **missing = xcalloc(n + 1, sizeof *missing);
                Import im = {.store = s,
                             .files = files,
                             .jobs = jobs,
                             .count = n,
                             .missing = missing,
                             .error_lock = PTHREAD_MUTEX_INITIALIZER};
                r = import_run(&im, import, &config, ret_id, e);
        }
        image_config_done(&config);
        return r;
}
