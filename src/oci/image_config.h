/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "oci/platform.h"

/* The image configuration document (OCI image-spec config.md plus docker's fields), as a struct. A value owns all its
 * strings; image_config_done() releases them. One thread. */

typedef struct StringPair {
        char *key;
        char *value;
} StringPair;

typedef VEC(StringPair) StringPairs; /* sorted bytewise by key, keys unique; string_pairs_set() keeps it so */

void string_pairs_set(StringPairs *pairs, const char *key, const char *value); /* copies; replaces */
const char *string_pairs_get(const StringPairs *pairs, const char *key);       /* borrowed or NULL */
void string_pairs_copy(StringPairs *to, const StringPairs *from);              /* to is initialised by the call */
void string_pairs_done(StringPairs *pairs);
void string_pairs_render(const StringPairs *pairs, Buf *out); /* {"KEY":"VALUE",...}, appended */

/* The value of created_ns that stands for Go's zero time, "0001-01-01T00:00:00Z", which 64 bits of nanoseconds do not
 * reach but many images carry. */
#define IMAGE_TIME_ZERO INT64_MIN

typedef struct Healthcheck {
        StrVec test; /* NONE | CMD ... | CMD-SHELL text; empty = inherit */
        int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
        int retries;
} Healthcheck;

typedef struct HistoryEntry {
        int64_t created_ns;
        bool has_created;
        char *created_by;
        char *author;
        char *comment;
        bool empty_layer;
} HistoryEntry;

typedef struct ImageConfig {
        Platform platform;
        char *author;
        int64_t created_ns;
        bool has_created;
        /* "config" */
        char *user;
        StrVec exposed_ports; /* "80/tcp", sorted, unique when rendered */
        StrVec env;           /* NAME=value in order */
        StrVec entrypoint;
        bool has_entrypoint;
        StrVec cmd;
        bool has_cmd;
        StrVec volumes;
        char *working_dir;
        StringPairs labels; /* set with image_config_set_label() */
        char *stop_signal;
        bool args_escaped;
        Healthcheck *healthcheck; /* NULL = none */
        StrVec on_build;
        StrVec shell;
        VEC(HistoryEntry) history;
        VEC(Digest) diff_ids;
        StrVec os_features;
} ImageConfig;

void image_config_init(ImageConfig *c);
void image_config_done(ImageConfig *c);
void image_config_copy(ImageConfig *to, const ImageConfig *from); /* to is initialised by the call */
void image_config_set_label(ImageConfig *c, const char *key, const char *value);
const char *image_config_label(const ImageConfig *c, const char *key);    /* borrowed or NULL */
void image_config_add_history(ImageConfig *c, const HistoryEntry *entry); /* copies */

/* Limit of a document from outside. */
enum { IMAGE_CONFIG_MAX = 8 << 20 };

/* ERR_FORMAT with the place for anything that is not a config (no rootfs, not JSON, wrong types, times outside the years
 * 1678 to 2261). Unknown members are dropped. *ret_config is set only on success. */
int image_config_parse(Str json, ImageConfig *ret_config, Err **e);

/* As BuildKit writes it: top-level members in alphabetical order, "config" in the order of docker's struct, maps sorted,
 * empty members left out, compact, with Go's escapes (<, >, & as \u003c ...). */
void image_config_render(const ImageConfig *c, Buf *ret_json);
