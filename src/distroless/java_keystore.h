/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "distroless/ca_bundle.h"

/* Append the anchors of trust of the Java platform, as a JKS key store of version 2 with the password "changeit", which is every Java's own:
 * a "trusted certificate" for each certificate of the set, in its order. Name: the canonical subject (a number is added to a second one of the same
 * subject), date: when it became valid. Equal sets give equal bytes. ERR_FORMAT, ERR_LIMIT. Any thread. */
int java_keystore_render(const CaSet *set, Buf *ret_bytes, Err **e);

#define JAVA_KEYSTORE_PATH "etc/ssl/certs/java/cacerts"
