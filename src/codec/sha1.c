/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_API_COMPAT 0x10100000L /* the low-level functions, see sha256.c */

#include "codec/sha1.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include "base/alloc.h"

struct Sha1 {
        SHA_CTX context;
};

Sha1 *sha1_new(void) {
        Sha1 *h = xmalloc(sizeof *h);
        SHA1_Init(&h->context);
        return h;
}

void sha1_free(Sha1 *h) {
        free(h);
}

void sha1_add(Sha1 *h, const void *data, size_t size) {
        if (size > 0) SHA1_Update(&h->context, data, size);
}

void sha1_finish(Sha1 *h, uint8_t ret_digest[SHA1_SIZE]) {
        SHA1_Final(ret_digest, &h->context);
}

void sha1_of(const void *data, size_t size, uint8_t ret_digest[SHA1_SIZE]) {
        Sha1 h;
        SHA1_Init(&h.context);
        sha1_add(&h, data, size);
        sha1_finish(&h, ret_digest);
}
