/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/stream.h"
#include "codec/tar.h"
#include "helper.h"

/* A sink into memory. */
typedef struct MemorySink {
        Sink sink;
        Buf data;
} MemorySink;

static inline int memory_write(Sink *s, const void *data, size_t size, Err **e) {
        (void)e;
        buf_add(&((MemorySink *)s)->data, data, size);
        return 0;
}

static inline int memory_finish(Sink *s, Err **e) {
        (void)s;
        (void)e;
        return 0;
}

static inline MemorySink memory_sink(void) {
        return (MemorySink){.sink = {.write = memory_write, .finish = memory_finish}};
}

/* A tar, entry by entry, with modes and owners of whoever runs the tests. */
typedef struct TarText {
        MemorySink out;
        TarWriter *writer;
} TarText;

static inline void tar_begin(TarText *t) {
        *t = (TarText){.out = memory_sink()};
        t->writer = tar_writer_new(&t->out.sink);
}

static inline void tar_add(TarText *t, TarType type, const char *name, const char *text, mode_t mode) {
        bool link = type == TAR_HARDLINK || type == TAR_SYMLINK;
        TarEntry entry = {.type = type,
                          .name = name,
                          .link = link ? text : NULL,
                          .mode = mode,
                          .uid = geteuid(),
                          .gid = getegid(),
                          .size = type == TAR_FILE ? strlen(text) : 0,
                          .mtime_ns = 1560000000ll * 1000000000};
        assert_int_equal(tar_writer_entry(t->writer, &entry, NULL), 0);
        if (entry.size) assert_int_equal(tar_writer_data(t->writer, text, entry.size, NULL), 0);
}

static inline void tar_file(TarText *t, const char *name, const char *text) {
        tar_add(t, TAR_FILE, name, text, 0644);
}

static inline void tar_end(TarText *t) {
        assert_int_equal(tar_writer_finish(t->writer, NULL), 0);
        tar_writer_free(t->writer);
}

static inline void tar_done(TarText *t) {
        buf_done(&t->out.data);
}

static inline void tar_save(TarText *t, const char *root, const char *path) {
        AUTO(freep) char *full = at(root, path);
        int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_int_equal(fd_write_all(fd, t->out.data.p, t->out.data.n, NULL), 0);
        close(fd);
        set_mtime(full, 1600000000);
}
