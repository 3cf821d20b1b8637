/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_API_COMPAT 0x10100000L /* the low-level function, see sha256.c */

#include "codec/sha1.h"

#include <openssl/sha.h>

void sha1_of(const void *data, size_t size, uint8_t ret_digest[SHA1_SIZE]) {
        SHA_CTX context;
        SHA1_Init(&context);
        if (size > 0) SHA1_Update(&context, data, size);
        SHA1_Final(ret_digest, &context);
}
