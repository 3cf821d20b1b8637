/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "codec/sha256.h"

/* The file Release of a suite (https://wiki.debian.org/DebianRepository/Format): pure text to struct. Any thread. */

enum { RELEASE_TEXT_MAX = 32 << 20, RELEASE_PATH_MAX = 1024 };

typedef struct ReleaseFile { /* views into the text */
        Str origin, suite, codename, version;
        Str architectures, components; /* words */
        int64_t date_s, valid_until_s; /* unix; valid_until_s 0: not said */
        bool by_hash;                  /* files are also at by-hash/SHA256/<hex> */
        bool all_apart;                /* packages of architecture "all" have an index of their own, and only that */
        Str files;                     /* lines "SHA256 SIZE PATH", checked */
} ReleaseFile;

/* text: what was signed. file: for messages. ERR_FORMAT: no Date, no SHA256, a line of it that is none, a path that leads out. */
int release_parse(Str text, const char *file, ReleaseFile *ret_release, Err **e);

typedef struct ReleaseEntry {
        Str path;
        uint64_t size;
        Digest sha256;
} ReleaseEntry;

/* The file that the suite has at path; false when it has none. */
bool release_find(const ReleaseFile *release, const char *path, ReleaseEntry *ret_entry);
