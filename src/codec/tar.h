/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "codec/stream.h"
#include "os/fs.h"

/* Tar as container layers use it: written as ustar with pax records only where a field does not fit (POSIX.1-2001),
 * read also in GNU (long names, base-256 numbers, sparse is refused) and v7 form. */

typedef enum TarType {
        TAR_FILE = '0',
        TAR_HARDLINK = '1',
        TAR_SYMLINK = '2',
        TAR_CHAR = '3',
        TAR_BLOCK = '4',
        TAR_DIR = '5',
        TAR_FIFO = '6',
} TarType;

typedef struct TarEntry {
        TarType type;
        const char *name; /* as in the archive; the writer adds the trailing slash of directories itself */
        const char *link; /* target of TAR_HARDLINK and TAR_SYMLINK */
        uint32_t mode;    /* permission bits, 07777 */
        uint32_t uid, gid;
        uint64_t size;    /* of TAR_FILE; 0 otherwise */
        int64_t mtime_ns; /* the writer drops the fraction */
        uint32_t dev_major, dev_minor;
        const Xattr *xattrs; /* SCHILY.xattr. records; sorted by name by the caller */
        size_t xattr_count;
} TarEntry;

/* Writing: header, then exactly entry->size bytes with tar_writer_data(), and so on; tar_writer_finish() writes the two
 * zero blocks (it does not finish the sink). sink is borrowed. */
typedef struct TarWriter TarWriter;
TarWriter *tar_writer_new(Sink *sink);
void tar_writer_free(TarWriter *w);
static inline void tar_writer_freep(TarWriter **w) {
        if (*w) tar_writer_free(*w);
}
int tar_writer_entry(TarWriter *w, const TarEntry *entry, Err **e);
int tar_writer_data(TarWriter *w, const void *data, size_t size, Err **e);
int tar_writer_finish(TarWriter *w, Err **e);

/* Reading. Limits: TAR_NAME_MAX (bytes of a name or link), TAR_PAX_MAX (bytes of one extended header), TAR_XATTR_MAX
 * (extended attributes of one entry). Where formats disagree with each other, an archive is understood as Go's
 * archive/tar does it, so that what other engines see in a layer is what is seen here. */
enum { TAR_NAME_MAX = 4096, TAR_PAX_MAX = 1 << 20, TAR_XATTR_MAX = 256 };
enum { TAR_ENTRY = 1, TAR_END = 0 };
typedef struct TarReader TarReader;
TarReader *tar_reader_new(Source *source); /* borrowed */
void tar_reader_free(TarReader *r);
static inline void tar_reader_freep(TarReader **r) {
        if (*r) tar_reader_free(*r);
}
/* The next entry; unread data of the one before is skipped. Returns TAR_ENTRY with *ret_entry (lives until the next
 * call), TAR_END, or <0 (ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED; names the entry and offset). Entry types that carry
 * nothing for us (volume labels, global pax headers) are passed over. Names are as they stand in the archive: never
 * empty, but they may be absolute, hold "..", or end in a slash; xattrs are sorted, each name once.
 * The archive ends at two zero blocks, or where the source ends at an entry's border; what follows is not looked at.
 * The reader reads ahead: use the source for something else only after source_drain(). */
int tar_reader_next(TarReader *r, TarEntry *ret_entry, Err **e);
/* Data of the current entry; *ret_size 0 at its end. */
int tar_reader_data(TarReader *r, void *data, size_t size, size_t *ret_size, Err **e);
