/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* What Go's linker writes into a program: the release of Go and the modules it is made of (as `go version -m` shows them). Read from
 * 64-bit little-endian ELF files; nothing is mapped or trusted. Any thread. */

enum {
        GO_BUILD_INFO_MAX = 4 << 20, /* bytes of the section */
        GO_MODULES_MAX = 65536,
};

typedef struct GoModule {
        const char *path;    /* "github.com/org/module" */
        const char *version; /* "v1.2.3"; NULL: it was built from a working tree */
} GoModule;

typedef struct GoBuildInfo {
        const char *release; /* "go1.22.1" */
        const char *program; /* path of its main package, or NULL */
        bool has_main;
        GoModule main;
        VEC(GoModule) modules; /* what it depends on; replaced ones as their replacement */
} GoBuildInfo;
void go_build_info_done(GoBuildInfo *info);

/* Text is in the arena. GO_ABSENT: no ELF file of that kind, or not made by Go. ERR_FORMAT: damaged; ERR_LIMIT; ERR_UNSUPPORTED: made
 * by a Go before 1.18, which kept it elsewhere. fd's offset does not move. */
enum { GO_FOUND = 0, GO_ABSENT = 1 };
int go_build_info_read(int fd, Arena *arena, GoBuildInfo *ret_info, Err **e);

/* The same of the section's bytes. */
int go_build_info_parse(Str section, Arena *arena, GoBuildInfo *ret_info, Err **e);
