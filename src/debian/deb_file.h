/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "codec/stream.h"

/* Debian packages (deb(5), format 2.0): an ar archive of debian-binary, control.tar and data.tar, both plain or compressed by
 * gzip, xz, zstd or bzip2. Bytes are read by pread() on a descriptor that is borrowed. Any thread. */

enum { DEB_CONTROL_MAX = 16 << 20 };      /* of control.tar, uncompressed */
#define DEB_DATA_MAX (UINT64_C(16) << 30) /* of data.tar, uncompressed */

typedef struct DebControl {
        char *control; /* never NULL; NUL-terminated, as all texts here */
        size_t control_size;
        char *md5sums; /* NULL: the package has none */
        size_t md5sums_size;
        char *conffiles; /* NULL: none */
        int64_t built_s; /* when, unix: its changelog's date by the rules of reproducible builds; 0 when it is not said */
        StrVec scripts; /* names of the maintainer scripts that it has: "preinst", "postinst", ...; sorted */
} DebControl;
void deb_control_done(DebControl *c);

/* What control.tar holds. ERR_FORMAT: no package, damaged, no control file; ERR_LIMIT; ERR_UNSUPPORTED: another format. */
int deb_read_control(int fd, DebControl *ret_control, Err **e);

/* data.tar as a stream of tar bytes, uncompressed. fd must stay open until *ret_tar (owned) is freed. Errors as above; those of
 * damaged data come as it is read. */
int deb_open_data(int fd, Source **ret_tar, Err **e);
