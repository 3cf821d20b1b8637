/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* What an os-release file (os-release(5)) says. Any thread. */
typedef struct OsInfo {
        const char *id;         /* "debian"; NULL: there is no such file, or it does not say */
        const char *version_id; /* "12", or NULL */
        const char *name;       /* "Debian GNU/Linux", or NULL */
        const char *pretty_name;
        const char *codename; /* "bookworm", or NULL */
        const char *home_url;
} OsInfo;

enum { OS_RELEASE_MAX = 64 << 10 };

/* Text is copied into the arena. Lines that are no assignments are passed over, as shells and scanners do. */
void os_info_parse(Str text, Arena *arena, OsInfo *ret_info);
