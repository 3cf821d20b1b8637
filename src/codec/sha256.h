/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* SHA-256 (FIPS 180-4) by OpenSSL. A Sha256 belongs to one thread. */

typedef struct Digest {
        uint8_t bytes[32];
} Digest;

enum { DIGEST_HEX_SIZE = 65, DIGEST_TEXT_SIZE = 72 }; /* with the NUL; text is "sha256:" + hex */

typedef struct Sha256 Sha256;

Sha256 *sha256_new(void);
void sha256_free(Sha256 *h);
static inline void sha256_freep(Sha256 **h) {
        if (*h) sha256_free(*h);
}
void sha256_reset(Sha256 *h);
void sha256_add(Sha256 *h, const void *data, size_t size);
void sha256_add_str(Sha256 *h, Str s);
void sha256_finish(Sha256 *h, Digest *ret_digest); /* reset before the next use */

/* One-shot. Any thread. */
void sha256_of(const void *data, size_t size, Digest *ret_digest);

bool digest_eq(const Digest *a, const Digest *b);
bool digest_is_zero(const Digest *d);
void digest_hex(const Digest *d, char ret_text[DIGEST_HEX_SIZE]);
void digest_text(const Digest *d, char ret_text[DIGEST_TEXT_SIZE]);

/* "sha256:<64 hex>" or bare hex. ERR_FORMAT otherwise. */
int digest_parse(Str text, Digest *ret_digest, Err **e);
