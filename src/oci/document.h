/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/json.h"
#include "oci/image_config.h"

/* What the documents of this folder have in common; not for other folders. */

/* A member that is an object of strings. ERR_FORMAT. pairs must be empty. */
int document_get_pairs(const json_t *object, const char *key, StringPairs *pairs, Err **e);

/* architecture, os, variant, os.version of object. Absent members stay empty. ERR_FORMAT: too long, wrong type. */
int document_get_platform(const json_t *object, Platform *ret_platform, Err **e);

/* A member that is a digest. ERR_FORMAT: absent or none; ERR_UNSUPPORTED: another algorithm than sha256. */
int document_get_digest(const json_t *object, const char *key, Digest *ret_digest, Err **e);
int document_digest_parse(const char *text, Digest *ret_digest, Err **e);
