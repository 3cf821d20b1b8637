/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* SHA-1 (FIPS 180-4) by OpenSSL, for formats that are made with it; nothing is trusted because of it. */
enum { SHA1_SIZE = 20 };

void sha1_of(const void *data, size_t size, uint8_t ret_digest[SHA1_SIZE]); /* any thread */

/* In pieces. A Sha1 belongs to one thread. */
typedef struct Sha1 Sha1;

Sha1 *sha1_new(void);
void sha1_free(Sha1 *h);
static inline void sha1_freep(Sha1 **h) {
        if (*h) sha1_free(*h);
}
void sha1_add(Sha1 *h, const void *data, size_t size);
void sha1_finish(Sha1 *h, uint8_t ret_digest[SHA1_SIZE]);
