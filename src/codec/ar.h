/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "codec/stream.h"

/* Archives in the common form of ar(5): a list of short-named members, as Debian packages are (deb(5)). Names longer than 15
 * bytes, which ar tools spell in several ways, are refused. Read by pread() on a descriptor that is borrowed; any thread. */

enum { AR_NAME_MAX = 15, AR_MEMBERS_MAX = 1024 };

typedef struct ArMember {
        char name[AR_NAME_MAX + 2]; /* without the slash that some tools add */
        uint64_t offset, size;      /* of its data in the file; inside the file for sure */
        uint64_t mtime_s;           /* unix; 0 when it is not said */
} ArMember;

typedef struct ArReader {
        int fd;
        uint64_t at, end;
        unsigned count;
} ArReader;

/* ERR_FORMAT: no ar archive. */
int ar_open(int fd, ArReader *ret_reader, Err **e);

enum { AR_END = 0, AR_MEMBER = 1 };
/* The next member. Returns AR_MEMBER, AR_END, or <0 (ERR_FORMAT with the offset: damaged or cut short; ERR_UNSUPPORTED: a long
 * name; ERR_LIMIT: more than AR_MEMBERS_MAX). */
int ar_next(ArReader *r, ArMember *ret_member, Err **e);
