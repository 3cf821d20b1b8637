/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "codec/sha256.h"
#include "codec/stream.h"
#include "store/digest_index.h"

/* A layer directory as canonical tar, and back.
 *
 * Canonical: names sorted bytewise over full paths (a directory before what is in it), no leading "./", directories end
 * in "/", numeric owners, no names of owners, mtime in whole seconds (clamped when asked), whiteouts as ".wh.NAME" empty
 * files with mtime 0, an opaque directory as ".wh..wh..opq" first in it, hard links inside the layer as TAR_HARDLINK to the
 * first name, sockets left out, only the xattr security.capability kept, pax records only where ustar does not fit.
 * Equal trees give equal bytes. */

typedef struct PackParams {
        const char *fs_path;            /* layer directory */
        int64_t clamp_mtime_s;          /* <0 = no clamp */
        const volatile bool *cancelled; /* or NULL */
        const DigestIndex *digests;     /* of the layer's files, by path; for fingerprints; or NULL */
} PackParams;

/* Write the tar into sink (not finished). Reads ahead on other threads. */
int layer_pack(const PackParams *params, Sink *sink, Err **e);

typedef struct LayerDigest {
        Digest diff_id;
        uint64_t size;        /* of the tar */
        bool has_fingerprint; /* params->digests knew every file */
        Digest fingerprint;
} LayerDigest;

/* The digest of the tar, and the fingerprint in the same pass. */
int layer_digest(const PackParams *params, LayerDigest *ret_digest, Err **e);

/* A fingerprint is a digest that is equal for layers whose tars are equal, made without reading a file: of the tar with each
 * file's size and digest in place of its contents. It leads to a diff_id that is known already. */
enum { FINGERPRINT_MADE = 0, FINGERPRINT_UNKNOWN = 1 };
/* FINGERPRINT_UNKNOWN when a file's digest is not in params->digests. */
int layer_fingerprint(const PackParams *params, Digest *ret_fingerprint, Err **e);

typedef struct LayerTotals {
        uint64_t entry_count;
        uint64_t size_bytes; /* of regular files, hard links once */
} LayerTotals;
/* Count a layer directory. */
int layer_totals(const char *fs_path, LayerTotals *ret_totals, Err **e);

/* A flattened view, of which the `local` and `tar` exporters write the canonical tar. */
struct View;
typedef struct PackTree {
        struct View *view;
        const char *prefix; /* the directory of the tar that it becomes ("linux_amd64"); "": the tar's root */
        const char *title;  /* what messages call it; needed where several have the same prefix */
} PackTree;
/* Trees one after the other in one tar. Of the same prefix, directories that several have stand in it once, with the first's
 * settings; anything else that several have is ERR_CONFLICT. */
int trees_pack(const PackTree *trees, size_t count, int64_t clamp_mtime_s, Sink *sink, Err **e);

typedef struct UnpackParams {
        const char *fs_path;  /* existing directory that becomes an overlay lower */
        bool layer;           /* .wh. names are whiteouts (layers); false: ordinary names (ADD, import) */
        uint64_t max_bytes;   /* 0 = no limit */
        uint64_t max_entries; /* 0 = no limit */
        bool has_owner;       /* everything becomes uid:gid */
        uid_t uid;
        gid_t gid;
        const struct UnpackNames *names; /* or NULL; layer/unpack.h */
} UnpackParams;

/* Unpack a tar (decompressed) below fs_path. No name and no link in it reaches outside: ".." components, absolute names and
 * writing through a link that leaves are ERR_FORMAT naming the entry ... absolute names are taken relative to the root.
 * Devices are created where that is allowed, else ERR_DENIED in a root store and skipped with a warning count in a user's. */
int layer_unpack(const UnpackParams *params, Source *tar, LayerTotals *ret_totals, Err **e);
