/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <elf.h>
#include <string.h>

#include "base/buf.h"

/* The smallest shared libraries that ldconfig takes: headers, a dynamic section, its strings. */

typedef struct SmallElf {
        uint16_t machine;
        const char *soname; /* NULL: none */
        uint16_t type;      /* 0: ET_DYN */
} SmallElf;

/* Of 64 bits, little endian. */
static inline void small_elf_write(const SmallElf *what, Buf *out) {
        struct {
                Elf64_Ehdr header;
                Elf64_Phdr segments[2];
                Elf64_Dyn dynamic[4];
                char strings[64];
        } file;
        memset(&file, 0, sizeof file);
        memcpy(file.header.e_ident, ELFMAG, SELFMAG);
        file.header.e_ident[EI_CLASS] = ELFCLASS64;
        file.header.e_ident[EI_DATA] = ELFDATA2LSB;
        file.header.e_ident[EI_VERSION] = EV_CURRENT;
        file.header.e_type = what->type ? what->type : ET_DYN;
        file.header.e_machine = what->machine;
        file.header.e_version = EV_CURRENT;
        file.header.e_phoff = offsetof(__typeof__(file), segments);
        file.header.e_ehsize = sizeof file.header;
        file.header.e_phentsize = sizeof file.segments[0];
        file.header.e_phnum = 2;
        file.segments[0] = (Elf64_Phdr){
                .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = sizeof file, .p_memsz = sizeof file, .p_align = 4096};
        file.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                        .p_offset = offsetof(__typeof__(file), dynamic),
                                        .p_vaddr = offsetof(__typeof__(file), dynamic),
                                        .p_filesz = sizeof file.dynamic,
                                        .p_memsz = sizeof file.dynamic};
        file.dynamic[0].d_tag = DT_STRTAB;
        file.dynamic[0].d_un.d_ptr = offsetof(__typeof__(file), strings);
        file.dynamic[1].d_tag = DT_STRSZ;
        file.dynamic[1].d_un.d_val = sizeof file.strings;
        if (what->soname) {
                file.dynamic[2].d_tag = DT_SONAME;
                file.dynamic[2].d_un.d_val = 1;
                strcpy(file.strings + 1, what->soname);
        }
        buf_add(out, &file, sizeof file);
}
