/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "distroless/ld_library.h"

/* /etc/ld.so.cache, by which the dynamic loader and Python's ctypes find libraries: the bytes that ldconfig(8) of the image's own glibc would
 * write (format glibc-ld.so.cache1.1, glibc 2.33 and later), for any architecture and without running anything. */

#define LD_CACHE_PATH "etc/ld.so.cache"

typedef struct LdCacheParams {
        View *tree;               /* the packages' files as they are in the image */
        const char *architecture; /* Debian's name: "amd64", "arm64" */
        const char *glibc;        /* version of the package libc6: "2.36-9+deb12u14" */
} LdCacheParams;

/* Append the cache to ret_cache, and to ret_links the links by soname that ldconfig would make beside it.
 * ERR_UNSUPPORTED: the architecture; ERR_LIMIT, ERR_SYS. Nothing is added when it fails. One thread. */
int ld_cache_make(const LdCacheParams *params, Buf *ret_cache, LdLinks *ret_links, Err **e);

/* The same of a list: it is put into the order of the cache. Pure. */
int ld_cache_render(LdLibraries *libraries, const char *glibc, Buf *ret_cache, Err **e);
