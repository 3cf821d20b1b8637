/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "debian/package_index.h"

/* Indexes in memory for tests. */

#define TEST_HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A paragraph; more: further fields, each with its newline. */
static inline void packages_add(Buf *text, const char *name, const char *version, const char *more) {
        buf_addf(text,
                 "Package: %s\nVersion: %s\nArchitecture: amd64\n%sFilename: pool/%s.deb\nSize: 1\nSHA256: " TEST_HASH
                 "\n\n",
                 name, version, more, name);
}

static inline int packages_build(Str text, int *ret_text_fd, int *ret_table_fd, Err **e) {
        *ret_text_fd = memfd_create("text", MFD_CLOEXEC);
        *ret_table_fd = memfd_create("table", MFD_CLOEXEC);
        AUTO(source_freep) Source *source = source_from_memory(text.p, text.n);
        return package_index_build(source, *ret_text_fd, *ret_table_fd, e);
}

static inline int packages_open_fds(int text_fd, int table_fd, const char *label, PackageIndex **ret, Err **e) {
        AUTO(freep)
        char *text = xasprintf("/proc/self/fd/%d", text_fd), *table = xasprintf("/proc/self/fd/%d", table_fd);
        return package_index_open(text, table, label, ret, e);
}

static inline int packages_open(Str text, const char *label, PackageIndex **ret, Err **e) {
        AUTO(closep) int text_fd = -1;
        AUTO(closep) int table_fd = -1;
        if (packages_build(text, &text_fd, &table_fd, e) < 0) return -1;
        return packages_open_fds(text_fd, table_fd, label, ret, e);
}
