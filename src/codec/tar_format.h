/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/tar.h"

/* What the tar reader and writer share: the ustar block (POSIX.1-2001, pax, "ustar Interchange Format"). */

enum { TAR_BLOCK_SIZE = 512 };

typedef struct TarBlock {
        char name[100];
        char mode[8];
        char uid[8];
        char gid[8];
        char size[12];
        char mtime[12];
        char checksum[8];
        char type;
        char link[100];
        char magic[8]; /* "ustar\0" "00"; GNU: "ustar  \0" */
        char uname[32];
        char gname[32];
        char dev_major[8];
        char dev_minor[8];
        char prefix[155];
        char rest[12];
} TarBlock;
_Static_assert(sizeof(TarBlock) == TAR_BLOCK_SIZE, "a tar header is one block");

/* Sum of the bytes with the checksum field taken as blanks. signed_sum: as some old programs did it. */
int64_t tar_checksum(const TarBlock *b, bool signed_sum);

/* A numeric field: octal with blanks and NULs around it, or base-256 with the top bit set (GNU). False when it is
 * neither or does not fit. An empty field is 0. */
bool tar_number(const char *field, size_t size, int64_t *ret_value);

static inline size_t tar_padding(uint64_t size) {
        return (size_t)(-size & (TAR_BLOCK_SIZE - 1));
}

/* What an extended header ('x') says. Views into its text, which tar_pax_parse() cuts up in place. */
typedef struct TarPax {
        char *path, *link; /* NULL when absent */
        bool has_size, has_uid, has_gid, has_mtime;
        uint64_t size;
        uint32_t uid, gid;
        int64_t mtime_ns;
        size_t xattr_count;
        Xattr xattrs[TAR_XATTR_MAX];
} TarPax;

/* text[size] must be writable: a NUL is put there and behind each key and value. */
int tar_pax_parse(char *text, size_t size, TarPax *ret_pax, Err **e);
