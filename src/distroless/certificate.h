/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Of an X.509 certificate (RFC 5280) what bundles, links and key stores are made of. Nothing is verified: an anchor of trust is trusted
 * because it is there. Any thread. */

enum { CERTIFICATE_MAX = 64 << 10, /* bytes */ CERTIFICATE_NAME_PARTS_MAX = 256 };

typedef struct Certificate {
        Str der;              /* the whole */
        Str subject;          /* the Name, with tag and length */
        int64_t not_before_s; /* of the epoch */
} Certificate;

/* Views into der. ERR_FORMAT when it is not a certificate; ERR_LIMIT. */
int certificate_parse(Str der, Certificate *ret_certificate, Err **e);

/* The number by which OpenSSL looks a certificate up in a directory of links ("%08x.0"): of the subject in the form in which it compares
 * names. As X509_NAME_hash(). ERR_FORMAT. */
int certificate_name_hash(Str name, uint32_t *ret_hash, Err **e);

/* Append the subject as Java spells it for comparison (X500Principal.CANONICAL): the last part first, lower case, decomposed (letters up to
 * U+017F; others stay as they are), "cn=...,o=...,c=..." and numbers for other types. UTF-8. ERR_FORMAT. */
int certificate_name_render(Str name, Buf *ret_text, Err **e);
