/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Files and directories. Descriptors are O_CLOEXEC. dir_fd may be AT_FDCWD. Any thread.
 * These functions trust their paths: what comes from a Dockerfile, a tar or an image goes through os/root_path.h. */

/* Whole file into *ret_data (owned, NUL-terminated behind size bytes). ERR_LIMIT above max_size. errno is kept in *e. */
int file_read(int dir_fd, const char *path, size_t max_size, char **ret_data, size_t *ret_size, Err **e);
int fd_read_all(int fd, size_t max_size, char **ret_data, size_t *ret_size, Err **e);

/* All of data, past interruptions and short writes. */
int fd_write_all(int fd, const void *data, size_t size, Err **e);

/* Exactly size bytes unless the file ends before; *ret_size says how many. */
int fd_read_full(int fd, void *data, size_t size, size_t *ret_size, Err **e);

/* As fd_read_full(), from offset on; the file's own offset stays. */
int fd_read_at(int fd, uint64_t offset, void *data, size_t size, size_t *ret_size, Err **e);

/* Beside its place, then renamed over it; mode as given. Not synced. */
int file_write_atomic(int dir_fd, const char *path, const void *data, size_t size, mode_t mode, Err **e);

/* For a path that a user named as a place for results: as file_write_atomic(), but a link, device or pipe that stands
 * there ("/dev/stdout") is written to and stays. */
int file_write_result(const char *path, const void *data, size_t size, Err **e);

/* Remove what an earlier or failed write left, unless it is a link, device or pipe. */
void file_remove_result(const char *path);

/* Copy size bytes from the current offset of in to that of out: reflink, else copy_file_range, else read/write. */
int fd_copy(int in_fd, int out_fd, uint64_t size, Err **e);

/* mkdir -p. Existing directories are fine. */
int dir_make_all(int dir_fd, const char *path, mode_t mode, Err **e);

/* Remove a file or a whole tree without following links; absent is fine. Makes directories writable where needed. */
int tree_remove(int dir_fd, const char *path, Err **e);

/* Entries of a directory, sorted bytewise, without "." and "..". */
typedef struct DirEntry {
        const char *name;   /* lives as long as the list */
        unsigned char type; /* DT_* (never DT_UNKNOWN: looked up where the file system does not say) */
        ino_t inode;
} DirEntry;
typedef struct DirList {
        DirEntry *v;
        size_t n;
        char *names;
} DirList;
int dir_list(int dir_fd, const char *path, DirList *ret_list, Err **e); /* path "" or "." = dir_fd itself */
void dir_list_done(DirList *list);

/* All xattrs of an open O_PATH-able path, by /proc/self/fd or l*xattr; names sorted bytewise. */
typedef struct Xattr {
        char *name;
        char *value;
        size_t size;
} Xattr;
typedef struct XattrList {
        Xattr *v;
        size_t n;
} XattrList;
/* path is relative to dir_fd; the last component is not followed. ENOTSUP gives an empty list. */
int xattr_list(int dir_fd, const char *path, XattrList *ret_list, Err **e);
void xattr_list_done(XattrList *list);

/* One attribute, as lgetxattr(): its size, or -1 with errno (ENODATA: not set, ENOTSUP, ERANGE). Cheaper than a list. */
ssize_t xattr_get(int dir_fd, const char *path, const char *name, void *ret_value, size_t size);
