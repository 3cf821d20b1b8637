/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"

/* The local store: blobs, snapshots, image names and step records, shared by any number of decant processes.
 *
 *     $DECANT_ROOT/
 *       version                  "1\n"; a larger number is refused (ERR_STORE)
 *       store.db                 SQLite, WAL: names and records, never bytes
 *       blobs/sha256/<hex>       0444; bytes exactly as received or made
 *       snapshots/<id>/fs        one layer as an overlay lower directory (whiteouts are char 0:0, opaque directories
 *                                carry <trusted|user>.overlay.opaque); immutable once it has a record
 *       snapshots/<id>/digests   optional: content digests of its files (store/digest_index.h)
 *       digests/<name>           digest indexes of build contexts
 *       cache/<name>             things worth keeping that can be made again (compiled seccomp filter, ...)
 *       mounts/<name>            cache mounts of RUN, each with <name>.lock, which its users hold
 *       tmp/<process>/...        unfinished work; removed when no live process holds locks/process-<...>
 *       locks/                   flock files
 *
 * Promises. A record is written only after the files that it names are complete, so a process that is killed at any
 * moment leaves garbage, never a lie. Against loss of power a record carries the kernel's boot id until its files are
 * known to be on disk: store_sync() makes them durable (one syncfs) and clears the mark; records that still carry
 * another boot's id when the store is opened are dropped (their files are garbage). Nothing on the way of a build waits
 * for the disk.
 *
 * What a process takes out of the store or makes in it (a record that was found, a snapshot, a blob) is leased to it:
 * no collector removes it before store_close() or the end of the process.
 *
 * Store is usable from any thread (one internal lock around SQLite), but not across fork(): a child opens its own. */
typedef struct Store Store;

enum { STORE_FOUND = 0, STORE_ABSENT = 1 };
enum { SNAPSHOT_ID_SIZE = 33 }; /* 32 hex digits and NUL */

/* $DECANT_ROOT, else /var/lib/decant for uid 0 outside a user namespace, else $XDG_DATA_HOME/decant, else
 * ~/.local/share/decant. home_uid: the real user. Owned. */
char *store_default_root(void);

/* Open, creating what is missing (0700). Dead processes' leftovers are removed only when store_collect() runs or when
 * their number exceeds a small bound, never on the hot path. ERR_STORE: newer version or damaged database. */
int store_open(const char *root, Store **ret_store, Err **e);
void store_close(Store *s);
static inline void store_closep(Store **s) {
        if (*s) store_close(*s);
}
const char *store_root(const Store *s); /* absolute path, borrowed */
int store_root_fd(const Store *s);      /* O_PATH directory, borrowed */

/* ---- scratch space and snapshots */

/* A directory of this process under tmp/ on the store's file system; absolute path, owned by the caller (free()).
 * Removed by the caller (tree_remove), or with the process's other leftovers. */
int store_scratch(Store *s, const char *purpose, char **ret_path, Err **e);

/* A snapshot in the making: scratch directory with fs/ (0755 root) and, for overlay mounts, work/. */
typedef struct Draft {
        char *path;      /* .../tmp/<process>/<n> */
        char *fs_path;   /* path/fs: the overlay upper directory or what is filled in */
        char *work_path; /* path/work */
        int fs_fd;       /* O_PATH|O_DIRECTORY of fs_path */
} Draft;
int store_draft_new(Store *s, Draft **ret_draft, Err **e);
void store_draft_discard(Store *s, Draft *d); /* removes it; NULL is fine */

typedef struct SnapshotInfo {
        char id[SNAPSHOT_ID_SIZE];
        uint64_t size_bytes; /* sum of file sizes, hard links once */
        uint64_t entry_count;
        bool empty; /* no entry at all: may be left out of overlays */
        bool has_diff_id;
        Digest diff_id; /* of its canonical tar (or of the foreign layer that it was unpacked from) */
        bool foreign;   /* the tar cannot be made from the snapshot: the blob of diff_id is kept */
        int64_t created_ns;
} SnapshotInfo;

/* Publish a draft as an immutable snapshot: rename and record. The draft is consumed in any case. size_bytes,
 * entry_count, empty, has_diff_id/diff_id, foreign are taken from *info; id and created_ns are filled in. */
int store_draft_commit(Store *s, Draft *d, SnapshotInfo *info, Err **e);

int store_snapshot_get(Store *s, const char *id, SnapshotInfo *ret_info, Err **e); /* STORE_FOUND/ABSENT */
int store_snapshot_by_diff_id(Store *s, const Digest *diff_id, SnapshotInfo *ret_info,
                              Err **e); /* STORE_FOUND/ABSENT */
int store_snapshot_set_diff_id(Store *s, const char *id, const Digest *diff_id, Err **e);
char *store_snapshot_path(const Store *s, const char *id); /* .../snapshots/<id>/fs, owned */

/* ---- step records: what a key gave */

typedef struct StepRecord {
        char snapshot[SNAPSHOT_ID_SIZE]; /* "" when the step adds no layer */
        Digest content;                  /* digest of what it selected or made; zero when unknown */
        int64_t duration_ns;             /* what the execution took */
        int64_t created_ns;
} StepRecord;

/* A hit marks the record as used (batched; at most once a minute per record) and leases the snapshot to this process:
 * store_collect() of any process leaves it alone until store_close(). */
int store_step_get(Store *s, const Digest *key, StepRecord *ret_record, Err **e); /* STORE_FOUND/ABSENT */
int store_step_put(Store *s, const Digest *key, const StepRecord *record, const char *description, Err **e);

/* Aliases: a digest that is cheap to have -> one that is not: definition key -> step key (whose content digests need not be
 * computed again), layer fingerprint -> diff_id. Forgotten by store_collect() when no step has the key. */
int store_alias_get(Store *s, const Digest *alias, Digest *ret_key, Err **e); /* STORE_FOUND/ABSENT */
int store_alias_put(Store *s, const Digest *alias, const Digest *key, Err **e);

enum { STEP_LOCKED = 0, STEP_LOCK_CANCELLED = 1 };
typedef struct StepLockWait {
        void (*waiting)(void *context,
                        int pid); /* called once when somebody else has it (pid 0 when unknown); or NULL */
        void *context;
        const volatile bool *cancelled; /* gives up when it becomes true; or NULL */
} StepLockWait;

/* At most one process and thread executes a key. Waits until it is free: STEP_LOCKED; or until *wait->cancelled:
 * STEP_LOCK_CANCELLED. wait may be NULL. The lock vanishes with the process. */
int store_step_lock(Store *s, const Digest *key, const StepLockWait *wait, int *ret_lock_fd, Err **e);

/* ---- blobs */

typedef struct BlobWriter BlobWriter;
int blob_writer_new(Store *s, BlobWriter **ret_writer, Err **e);
int blob_writer_add(BlobWriter *w, const void *data, size_t size, Err **e);
/* Publish. expected may be NULL; a mismatch is ERR_FORMAT naming both. The writer is consumed in any case. */
int blob_writer_commit(BlobWriter *w, const Digest *expected, Digest *ret_digest, uint64_t *ret_size, Err **e);
void blob_writer_free(BlobWriter *w); /* discards */
int store_blob_put(Store *s, const void *data, size_t size, Digest *ret_digest, Err **e);
/* *ret_fd: O_RDONLY, the caller closes. STORE_FOUND/ABSENT */
int store_blob_open(Store *s, const Digest *digest, int *ret_fd, uint64_t *ret_size, Err **e);
int store_blob_read(Store *s, const Digest *digest, size_t max_size, char **ret_data, size_t *ret_size,
                    Err **e); /* STORE_FOUND/ABSENT */

/* Forms of a layer on the wire: diff_id -> blob (compressed or not) kept in blobs/. */
typedef struct LayerBlob {
        Digest diff_id, digest;
        uint64_t size;
        char *media_type; /* owned by the struct */
} LayerBlob;
int store_layer_blob_put(Store *s, const LayerBlob *blob, Err **e);
int store_layer_blob_get(Store *s, const Digest *diff_id, LayerBlob *ret_blob,
                         Err **e); /* any form; STORE_FOUND/ABSENT */
void layer_blob_done(LayerBlob *blob);

/* ---- images and names */

typedef struct ImageRecord {
        Digest id;          /* of the config blob, which is in blobs/ */
        int64_t created_ns; /* as the config says */
        uint64_t size_bytes;
        StrVec snapshots; /* one id a layer, lowest first */
} ImageRecord;
void image_record_done(ImageRecord *r);
int store_image_put(Store *s, const ImageRecord *record, Err **e);                 /* idempotent */
int store_image_get(Store *s, const Digest *id, ImageRecord *ret_record, Err **e); /* STORE_FOUND/ABSENT */

/* Names are fully spelled references (reference_render()). Setting moves the name, for all platforms. */
int store_tag_set(Store *s, const char *name, const Digest *image_id, Err **e);
/* One name for images of several platforms: v[0] is what the name alone stands for. The texts are what platform_render()
 * gives. They hold their images as the name does, and go with it. */
typedef struct TagPlatform {
        const char *platform;
        Digest image_id;
} TagPlatform;
int store_tag_set_platforms(Store *s, const char *name, const TagPlatform *v, size_t count, Err **e);
int store_tag_get(Store *s, const char *name, Digest *ret_image_id, Err **e); /* STORE_FOUND/ABSENT */
int store_tag_remove(Store *s, const char *name, Err **e);                    /* STORE_FOUND/ABSENT */
typedef struct TagRow {
        char *name; /* NULL for an image without a name */
        Digest image_id;
        int64_t tagged_ns;
} TagRow;
typedef struct TagList {
        TagRow *v;
        size_t n;
} TagList;
/* The platforms of a name, as rows whose names are the platforms' texts; empty when it stands for one image. */
int store_tag_platforms(Store *s, const char *name, TagList *ret_list, Err **e);
/* All names and, with untagged, the images that have none. Newest first. */
int store_tag_list(Store *s, bool untagged, TagList *ret_list, Err **e);
void tag_list_done(TagList *list);
/* Images whose id starts with hex (at least one digit): up to max ids. */
int store_image_find_prefix(Store *s, const char *hex, Digest *ret_ids, size_t max, size_t *ret_count, Err **e);
/* Remove the image record (not its snapshots: step records may hold them; store_collect() sees to the rest).
 * ERR_CONFLICT while a name points to it. */
int store_image_remove(Store *s, const Digest *id, Err **e); /* STORE_FOUND/ABSENT */

/* ---- durability, collection, checking */

/* Make everything recorded so far durable. Waits for the disk, and takes the occasion to remove leftovers of
 * processes that have ended: best done when the user has the result already, by a process or Store of its own. */
int store_sync(Store *s, Err **e);
bool store_needs_sync(Store *s);

typedef struct CollectParams {
        bool images_untagged;        /* drop images without a name */
        bool images_all;             /* drop all images that no name holds or that are named: everything */
        bool cache_all;              /* drop all step records and cache mounts */
        int64_t cache_older_than_ns; /* drop records unused for that long; 0 = none */
        uint64_t keep_bytes;         /* drop least recently used records until the cache is below; 0 = no budget */
        bool dry_run;
} CollectParams;
typedef struct CollectReport {
        VEC(Digest) images; /* removed */
        uint64_t steps_removed, snapshots_removed, blobs_removed;
        uint64_t bytes_freed; /* st_blocks */
} CollectReport;
/* Drop records as asked, then remove every snapshot, blob, scratch directory and lock file that no record and no live
 * process holds. One collector at a time. Names are removed durably before their files go. */
int store_collect(Store *s, const CollectParams *params, CollectReport *ret_report, Err **e);
void collect_report_done(CollectReport *r);

typedef struct StoreUsage {
        uint64_t image_count, image_bytes, image_active_count, image_reclaimable_bytes;
        uint64_t step_count, step_bytes, step_reclaimable_bytes;
        uint64_t blob_count, blob_bytes, snapshot_count, snapshot_bytes;
} StoreUsage;
int store_usage(Store *s, StoreUsage *ret_usage, Err **e);

/* Check the invariants: every record's files are there; deep: blobs hash to their names. Findings are lines for people;
 * garbage (files without record) is counted, not a finding. Returns 0 also when there are findings. */
int store_check(Store *s, bool deep, StrVec *ret_findings, uint64_t *ret_garbage_count, Err **e);

/* Small values (e.g. when collection ran last). */
int store_value_get(Store *s, const char *name, char **ret_value, Err **e); /* STORE_FOUND/ABSENT; owned */
int store_value_set(Store *s, const char *name, const char *value, Err **e);

/* Texts about an image or a snapshot that are not part of it, and go with it. */
typedef enum StoreNote {
        NOTE_ANNOTATIONS, /* of an image; subject: its id as 64 hexadecimal digits (image/image.h) */
        NOTE_PACKAGES,    /* of a snapshot; subject: its id (distroless/origins.h) */
} StoreNote;
int store_note_get(Store *s, StoreNote kind, const char *subject, char **ret_text,
                   Err **e); /* STORE_FOUND/ABSENT; owned */
int store_note_set(Store *s, StoreNote kind, const char *subject, const char *text, Err **e); /* NULL: remove */
