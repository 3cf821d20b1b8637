/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

/* Subordinate ids: subuid(5), subgid(5). */

enum { SUBID_RANGES_MAX = 64, SUBID_FILE_MAX = 4 << 20 };

typedef struct SubidRange {
        uint32_t start, count;
} SubidRange;

/* The ranges of user in the text of /etc/subuid or /etc/subgid: lines "NAME:START:COUNT" or "UID:START:COUNT"; others and
 * malformed ones are passed over. user may be NULL. Returns how many were written (at most SUBID_RANGES_MAX). Pure. */
size_t subids_parse(const char *text, const char *user, uint32_t uid, SubidRange *ret_ranges);

/* What to write into the uid_map or gid_map of a new user namespace so that every id of this one (but the last of all, so that the new one is
 * not taken for the first) is the same there. text: of
 * /proc/self/uid_map or gid_map, lines "INSIDE OUTSIDE COUNT". False when a line is none. */
bool subids_identity(const char *text, Buf *ret_map);

/* The arguments that newuidmap and newgidmap take behind the process id: 0 is the user's own id, 1 and up are
 * the ranges in their order. */
void subids_map(const SubidRange *ranges, size_t count, uint32_t own, StrVec *ret_arguments);
