/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Textual encodings of keys and certificates (RFC 7468): blocks between "-----BEGIN LABEL-----" and "-----END LABEL-----"; other text around them
 * is passed over. Any thread. */

enum { PEM_BLOCK_MAX = 1 << 20 /* bytes of text of one block */ };

typedef struct PemBlock {
        Str label;   /* "CERTIFICATE"; view into the text */
        Str text;    /* from the first dash to the last */
        size_t line; /* of BEGIN, from 1 */
} PemBlock;

/* The next block from *offset on, which moves behind it. ret_data: cleared, then filled with what was encoded.
 * where: the file, for messages. Headers ("Proc-Type: ...") in a block are passed over.
 * Returns >0 found, 0 there is none any more, <0 ERR_FORMAT ("FILE:LINE: ..."), ERR_LIMIT. */
int pem_next(Str text, const char *where, size_t *offset, PemBlock *ret_block, Buf *ret_data, Err **e);
