/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* SHA-1 (FIPS 180-4) by OpenSSL, for formats that are made with it; nothing is trusted because of it. Any thread. */
enum { SHA1_SIZE = 20 };

void sha1_of(const void *data, size_t size, uint8_t ret_digest[SHA1_SIZE]);
