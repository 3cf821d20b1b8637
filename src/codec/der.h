/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Elements of ASN.1 in its distinguished encoding (ITU-T X.690), as views. Tags of one byte, lengths of at most four, as certificates have
 * them; the length must be in its shortest form. Any thread. */

enum {
        DER_OBJECT = 0x06,
        DER_UTF8_STRING = 0x0c,
        DER_PRINTABLE_STRING = 0x13,
        DER_T61_STRING = 0x14,
        DER_IA5_STRING = 0x16,
        DER_UTC_TIME = 0x17,
        DER_GENERALIZED_TIME = 0x18,
        DER_VISIBLE_STRING = 0x1a,
        DER_UNIVERSAL_STRING = 0x1c,
        DER_BMP_STRING = 0x1e,
        DER_SEQUENCE = 0x30,
        DER_SET = 0x31,
        DER_CONTEXT_0 = 0xa0, /* constructed */
};

typedef struct Der {
        uint8_t tag;
        Str whole;   /* with tag and length */
        Str content; /* what is in it */
} Der;

/* Take the next element off the front of *rest. False when there is none, or it is damaged or longer than what is left. */
bool der_next(Str *rest, Der *ret_element);

/* The same, and it must have that tag. */
bool der_take(Str *rest, uint8_t tag, Der *ret_element);

/* Append an element. */
void der_add(Buf *out, uint8_t tag, Str content);
