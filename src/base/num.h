/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

/* Numbers, sizes and times in text. All parsers take the whole text or fail. Any thread. */

/* Unsigned number of the given base. Returns false on anything but digits, on overflow, on emptiness. */
bool u64_parse(Str text, unsigned base, uint64_t *ret_value);
bool u32_parse(Str text, unsigned base, uint32_t *ret_value);
bool i64_parse(Str text, int64_t *ret_value);

/* "64m", "1.5GiB", "1024": bytes; b k m g t with optional "b" or "ib", any case, all powers of 1024 as docker's
 * --shm-size and --memory take them. */
int size_parse(Str text, uint64_t *ret_bytes, Err **e);

/* Go duration: "1h2m3.5s", "150ms", "2us", "0". Nanoseconds, may be negative. */
int duration_parse(Str text, int64_t *ret_ns, Err **e);

/* "1.83MB", "861MB", "12.3kB": powers of 1000 and three significant digits, as docker prints sizes. ret: >= 16 bytes */
void size_render(uint64_t bytes, char *ret_text);

/* "Less than a second", "5 seconds ago"-like words without "ago", as docker prints ages. ret: >= 32 bytes */
void age_render(int64_t seconds, char *ret_text);

/* RFC 3339 in UTC with up to nine fractional digits, trailing zeros dropped, as Go writes it ("...05Z" at zero). */
void time_render(int64_t unix_ns, char *ret_text); /* >= 40 bytes */
int time_parse(Str text, int64_t *ret_unix_ns, Err **e);

/* Lower-case hex. ret_text holds 2 * size + 1 bytes. */
void hex_render(const void *data, size_t size, char *ret_text);
bool hex_parse(Str text, void *ret_data, size_t size); /* exactly size bytes */
