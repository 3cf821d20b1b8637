/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

/* What a program or shared library asks of the dynamic loader: ELF of 32 and 64 bits, little endian. Nothing is mapped or
 * trusted: every offset is checked, every size has a maximum. Any thread. */

enum {
        ELF_NEEDED_MAX = 1024,    /* shared libraries of one file */
        ELF_VERSIONS_MAX = 16384, /* symbol versions of one file */
        ELF_TEXT_MAX = 4096,      /* bytes of one name or path */
};

typedef struct ElfVersion {
        char *file; /* "libc.so.6"; NULL in the list of what a file defines */
        char *name; /* "GLIBC_2.34" */
} ElfVersion;

typedef VEC(ElfVersion) ElfVersions;

typedef struct ElfFile {
        uint16_t type; /* ET_DYN: a library, or a program that may be loaded anywhere */
        uint16_t machine;
        uint32_t flags;    /* e_flags, of the machine's own meaning */
        bool wide;         /* 64 bits */
        bool dynamic;      /* it has a dynamic section */
        char *interpreter; /* NULL: none (static, or a library) */
        char *soname;      /* or NULL */
        StrVec needed;
        char *rpath, *runpath; /* or NULL */
        ElfVersions wants, has;
} ElfFile;
void elf_file_done(ElfFile *f);

/* 0: *ret_file is filled; ELF_NONE: it is no ELF file of these kinds, or has no dynamic part and no interpreter. ERR_FORMAT for a damaged
 * one, ERR_SYS. fd's offset does not move. */
enum { ELF_FOUND = 0, ELF_NONE = 1 };
int elf_read(int fd, ElfFile *ret_file, Err **e);
