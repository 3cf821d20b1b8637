/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/tar.h"
#include "image/image_internal.h"
#include "image/relay.h"
#include "image/streams.h"
#include "os/fs.h"
#include "os/root_path.h"

enum { TAR_BLOCK_SIZE = 512, MAGIC_SIZE = 8, SPOOL_BUFFER_SIZE = 256 << 10 };

typedef struct Member {
        uint64_t offset, size;
        char *link; /* cleaned name that it stands for, or NULL */
} Member;

struct ArchiveFiles {
        int fd; /* holds the members' bytes */
        bool owned;
        int dir_fd;   /* of a layout directory; else -1 */
        Map *members; /* cleaned name -> Member, owned */
};

static ArchiveFiles *files_new(int fd, bool owned, int dir_fd) {
        ArchiveFiles *f = xcalloc(1, sizeof *f);
        *f = (ArchiveFiles){.fd = fd, .owned = owned, .dir_fd = dir_fd, .members = map_new()};
        return f;
}

void archive_files_free(ArchiveFiles *f) {
        for (size_t i = 0; i < map_count(f->members); i++) {
                Member *m = map_at(f->members, i, NULL, NULL);
                free(m->link);
                free(m);
        }
        map_free(f->members);
        if (f->owned) close(f->fd);
        if (f->dir_fd >= 0) close(f->dir_fd);
        free(f);
}

int archive_files_open_directory(const char *path, ArchiveFiles **ret_files, Err **e) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open layout directory '%s'", path);
        *ret_files = files_new(-1, false, fd);
        return 0;
}

/* ---- building the list */

static void member_put(ArchiveFiles *f, const char *name, Member *m) {
        AUTO(freep) char *key = path_clean(name);
        Member *old = map_puts(f->members, key, m); /* as tar does: the last of a name counts */
        if (!old) return;
        free(old->link);
        free(old);
}

/* The directory part of a cleaned name and a link target, joined; a target cannot leave the archive. */
static char *link_target(const TarEntry *entry) {
        if (entry->type == TAR_HARDLINK) return path_clean(entry->link);
        AUTO(freep) char *name = path_clean(entry->name);
        char *slash = strrchr(name, '/');
        slash[slash == name ? 1 : 0] = '\0';
        return path_join(name, entry->link);
}

/* Keep what entry says; data lies at offset. Only files and links matter. */
static int member_add(ArchiveFiles *f, const TarEntry *entry, uint64_t offset, Err **e) {
        bool link = entry->type == TAR_HARDLINK || entry->type == TAR_SYMLINK;
        if (entry->type != TAR_FILE && !link) return 0;
        if (map_count(f->members) >= ARCHIVE_MEMBERS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d files in one archive", ARCHIVE_MEMBERS_MAX);
        Member *m = xcalloc(1, sizeof *m);
        m->offset = offset;
        m->size = entry->size;
        if (link) m->link = link_target(entry);
        member_put(f, entry->name, m);
        return 0;
}

static int spool_file(Store *s, int *ret_fd, Err **e) {
        AUTO(freep) char *scratch = NULL;
        if (store_scratch(s, "archive", &scratch, e) < 0) return -1;
        AUTO(freep) char *path = xasprintf("%s/members", scratch);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r = fd < 0 ? err_sys(e, "make '%s'", path) : 0;
        /* without a name it vanishes with this process, whatever happens */
        if (tree_remove(AT_FDCWD, scratch, r < 0 ? NULL : e) < 0) r = -1;
        if (r < 0) {
                if (fd >= 0) close(fd);
                return -1;
        }
        *ret_fd = fd;
        return 0;
}

static int spool_data(TarReader *reader, int fd, char *buffer, uint64_t *offset, Err **e) {
        for (;;) {
                size_t n;
                if (tar_reader_data(reader, buffer, SPOOL_BUFFER_SIZE, &n, e) < 0) return -1;
                if (n == 0) return 0;
                if (fd_write_all(fd, buffer, n, e) < 0) return -1;
                *offset += n;
        }
}

static int spool_members(ArchiveFiles *f, Source *tar, Err **e) {
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(tar);
        AUTO(freep) char *buffer = xmalloc(SPOOL_BUFFER_SIZE);
        uint64_t offset = 0;
        for (;;) {
                TarEntry entry;
                int r = tar_reader_next(reader, &entry, e);
                if (r < 0) return -1;
                if (r == TAR_END) return 0;
                uint64_t start = offset;
                if (entry.type == TAR_FILE && spool_data(reader, f->fd, buffer, &offset, e) < 0) return -1;
                if (member_add(f, &entry, start, e) < 0) return -1;
        }
}

/* Decompress on one thread, take the tar apart on this one. */
static int spool(Store *s, Source *in, ArchiveFiles **ret_files, Err **e) {
        Compression compression;
        AUTO(source_freep) Source *plain = NULL;
        AUTO(source_freep) Source *ahead = NULL;
        if (source_decompressing(in, ARCHIVE_BYTES_MAX, &compression, &plain, e) < 0) return -1;
        if (relay_source_ahead(plain, &ahead, e) < 0) return -1;
        int fd = -1;
        if (spool_file(s, &fd, e) < 0) return -1;
        AUTO(archive_files_freep) ArchiveFiles *f = files_new(fd, true, -1);
        if (spool_members(f, ahead, e) < 0) return -1;
        /* to the end, so that a writer at the other end of a pipe is not killed, and a cut stream is seen */
        if (source_drain(ahead, e) < 0) return -1;
        *ret_files = TAKE(f);
        return 0;
}

/* ---- in place */

/* Gives one block at a time, so that its offset says where a reader is: behind the header that it has just read. */
typedef struct BlockSource {
        Source source;
        int fd;
        uint64_t offset, end;
} BlockSource;

static int block_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        BlockSource *b = (BlockSource *)s;
        uint64_t n = b->end - b->offset;
        if (n > size) n = size;
        if (n > TAR_BLOCK_SIZE) n = TAR_BLOCK_SIZE;
        AUTO(source_freep) Source *range = source_from_range(b->fd, b->offset, n);
        if (range->read(range, data, (size_t)n, ret_size, e) < 0) return -1;
        b->offset += *ret_size;
        return 0;
}

static void block_free(Source *s) {
        (void)s; /* lives on the stack */
}

/* The member whose header begins at b->offset; afterwards b->offset is where the next one begins. A reader of its own for
 * each member, because what a reader skips it reads. */
static int place_member(ArchiveFiles *f, BlockSource *b, bool *ret_end, Err **e) {
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(&b->source);
        uint64_t start = b->offset;
        TarEntry entry;
        int r = tar_reader_next(reader, &entry, e);
        if (r < 0) return err_wrap(e, "at offset %llu", (unsigned long long)start);
        *ret_end = r == TAR_END;
        if (*ret_end) return 0;
        uint64_t size = entry.type == TAR_FILE ? entry.size : 0;
        if (size > b->end - b->offset) return err_new(e, ERR_FORMAT, "the archive is cut short in '%s'", entry.name);
        if (member_add(f, &entry, b->offset, e) < 0) return -1;
        uint64_t padded = (size + TAR_BLOCK_SIZE - 1) / TAR_BLOCK_SIZE * TAR_BLOCK_SIZE;
        b->offset = padded < b->end - b->offset ? b->offset + padded : b->end;
        return 0;
}

static int read_in_place(int fd, uint64_t offset, uint64_t end, ArchiveFiles **ret_files, Err **e) {
        AUTO(archive_files_freep) ArchiveFiles *f = files_new(fd, false, -1);
        BlockSource block = {{block_read, block_free}, fd, offset, end};
        for (bool ended = false; !ended;)
                if (place_member(f, &block, &ended, e) < 0) return -1;
        *ret_files = TAKE(f);
        return 0;
}

/* Is fd a regular file whose rest is not compressed? */
static bool plain_range(int fd, uint64_t *ret_offset, uint64_t *ret_end) {
        struct stat st;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return false;
        off_t offset = lseek(fd, 0, SEEK_CUR);
        char magic[MAGIC_SIZE] = {0};
        if (offset < 0 || offset > st.st_size || pread(fd, magic, sizeof magic, offset) < 0) return false;
        *ret_offset = (uint64_t)offset;
        *ret_end = (uint64_t)st.st_size;
        return compression_detect(magic, sizeof magic) == COMPRESSION_NONE;
}

/* ---- finding */

void archive_file_done(ArchiveFile *f) {
        if (f->owned && f->fd >= 0) close(f->fd);
        *f = (ArchiveFile){.fd = -1};
}

static int find_in_directory(const ArchiveFiles *f, const char *name, ArchiveFile *ret_file, Err **e) {
        AUTO(err_freep) Err *error = NULL;
        int fd = root_open(f->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0, &error);
        if (fd < 0) {
                int n = err_errno(error);
                if (n == ENOENT || n == ENOTDIR) return ARCHIVE_FILE_ABSENT;
                err_move(e, &error);
                return -1;
        }
        struct stat st;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                close(fd);
                return err_new(e, ERR_FORMAT, "'%s' is not a regular file", name);
        }
        *ret_file = (ArchiveFile){.fd = fd, .owned = true, .offset = 0, .size = (uint64_t)st.st_size};
        return ARCHIVE_FILE_FOUND;
}

int archive_files_find(const ArchiveFiles *f, const char *name, ArchiveFile *ret_file, Err **e) {
        if (f->dir_fd >= 0) return find_in_directory(f, name, ret_file, e);
        AUTO(freep) char *key = path_clean(name);
        const Member *m = map_gets(f->members, key);
        for (int links = 0; m && m->link; links++) {
                if (links == ARCHIVE_LINKS_MAX)
                        return err_new(e, ERR_LIMIT, "'%s' leads through more than %d links", name, ARCHIVE_LINKS_MAX);
                m = map_gets(f->members, m->link);
        }
        if (!m) return ARCHIVE_FILE_ABSENT;
        *ret_file = (ArchiveFile){.fd = f->fd, .offset = m->offset, .size = m->size};
        return ARCHIVE_FILE_FOUND;
}

static int range_read_all(const ArchiveFile *file, char *data, Err **e) {
        AUTO(source_freep) Source *source = source_from_range(file->fd, file->offset, file->size);
        for (size_t done = 0;;) {
                size_t n;
                if (source->read(source, data + done, (size_t)file->size - done, &n, e) < 0) return -1;
                if (n == 0) return 0;
                done += n;
        }
}

int archive_files_read(const ArchiveFiles *f, const char *name, size_t max_size, char **ret_data, size_t *ret_size,
                       Err **e) {
        AUTO(archive_file_done) ArchiveFile file = {.fd = -1};
        int r = archive_files_find(f, name, &file, e);
        if (r != ARCHIVE_FILE_FOUND) return r;
        if (file.size > max_size)
                return err_new(e, ERR_LIMIT, "'%s' has %llu bytes; at most %zu are read", name,
                               (unsigned long long)file.size, max_size);
        AUTO(freep) char *data = xmalloc((size_t)file.size + 1);
        if (range_read_all(&file, data, e) < 0) return err_wrap(e, "'%s'", name);
        data[file.size] = '\0';
        *ret_data = TAKE(data);
        *ret_size = (size_t)file.size;
        return ARCHIVE_FILE_FOUND;
}

int archive_files_open(Store *s, int fd, ArchiveFiles **ret_files, Err **e) {
        uint64_t offset, end;
        if (plain_range(fd, &offset, &end)) return read_in_place(fd, offset, end, ret_files, e);
        AUTO(source_freep) Source *in = source_from_fd(fd);
        return spool(s, in, ret_files, e);
}
