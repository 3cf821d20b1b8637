/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The outside of OpenPGP messages (RFC 9580): armor and clear-signed text. Nothing here verifies anything. Any thread. */

/* Is it a clear-signed text (or wants to be one)? */
bool armor_is_clearsigned(Str text);

/* The signed text, without what escapes it, and the armored signature; either may be NULL. Lines lose white space at their ends, which is
 * no part of what is signed, and the last one its line end. ERR_FORMAT: anything before, between or behind the two, more than one
 * of them, cut short. */
int armor_split_clearsigned(Str text, Buf *ret_text, Buf *ret_signature, Err **e);

/* Public keys: every armored block of text, as the bytes that it stands for. ERR_FORMAT: cut short, no base64. */
bool armor_is_keys(Str text);
int armor_decode_keys(Str text, Buf *ret_keys, Err **e);
