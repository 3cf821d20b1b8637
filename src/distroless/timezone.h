/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "layer/view.h"

/* The time zone of an image: what tzdata's scripts ask for and note as the link /etc/localtime and the text of /etc/timezone. */

#define TIMEZONE_FOLDER "/usr/share/zoneinfo"

enum { TIMEZONE_NAME_MAX = 128 };

/* Is it a zone of the tree, a file of the format TZif (RFC 8536) below /usr/share/zoneinfo? where: "FILE:LINE" for messages.
 * ERR_SYNTAX: it is none; the hint has the nearest name, or the package that brings zones. One thread. */
int timezone_check(View *tree, const char *zone, const char *where, Err **e);
