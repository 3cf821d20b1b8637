/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/foreign.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "os/fs.h"

enum { ENTRY_MAX = 4096, HEADER_SIZE = 64, MAGIC_MAX = 256, ELF_EXECUTABLE = 2, ELF_SHARED = 3 };

/* How the programs of an architecture begin. */
typedef struct ElfKind {
        const char *arch;
        unsigned char class, data; /* 1: 32 bits, little endian; 2: 64 bits, big endian */
        uint16_t machine;
} ElfKind;

static const ElfKind kinds[] = {
        {"386", 1, 1, 3},       {"amd64", 2, 1, 62}, {"arm", 1, 1, 40},     {"arm64", 2, 1, 183},
        {"loong64", 2, 1, 258}, {"mips", 1, 2, 8},   {"mipsle", 1, 1, 8},   {"mips64", 2, 2, 8},
        {"mips64le", 2, 1, 8},  {"ppc64", 2, 2, 21}, {"ppc64le", 2, 1, 21}, {"riscv64", 2, 1, 243},
        {"s390x", 2, 2, 22},
};

static const ElfKind *kind_of(const char *arch) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (streq(kinds[i].arch, arch)) return &kinds[i];
        return NULL;
}

/* Kernels for the wider one run the narrower too, as a rule. */
static bool is_native(const char *host, const char *arch) {
        return streq(host, arch) || (streq(host, "amd64") && streq(arch, "386")) ||
               (streq(host, "arm64") && streq(arch, "arm"));
}

static void header_make(const ElfKind *kind, uint16_t type, unsigned char ret_header[HEADER_SIZE]) {
        memset(ret_header, 0, HEADER_SIZE);
        memcpy(ret_header, "\177ELF", 4);
        ret_header[4] = kind->class;
        ret_header[5] = kind->data;
        ret_header[6] = 1;
        const uint16_t fields[] = {type, kind->machine};
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                unsigned char low = (unsigned char)fields[i], high = (unsigned char)(fields[i] >> 8);
                ret_header[16 + 2 * i] = kind->data == 1 ? low : high;
                ret_header[17 + 2 * i] = kind->data == 1 ? high : low;
        }
}

typedef struct Entry {
        bool enabled, fixed;
        uint32_t offset;
        size_t size; /* 0: goes by the file's name */
        unsigned char magic[MAGIC_MAX], mask[MAGIC_MAX];
} Entry;

static size_t read_bytes(Str hex, unsigned char ret_bytes[MAGIC_MAX]) {
        size_t n = hex.n / 2;
        return n <= MAGIC_MAX && hex_parse(hex, ret_bytes, n) ? n : 0;
}

static void entry_parse(Str text, Entry *ret_entry) {
        Entry entry = {0};
        Str line;
        memset(entry.mask, 0xff, sizeof entry.mask);
        bool more;
        do {
                Str key;
                more = str_cut(&text, '\n', &line);
                if (str_is(line, "enabled")) entry.enabled = true;
                if (!str_cut(&line, ' ', &key)) continue;
                if (str_is(key, "flags:")) entry.fixed = memchr(line.p, 'F', line.n) != NULL;
                if (str_is(key, "offset")) (void)u32_parse(line, 10, &entry.offset);
                if (str_is(key, "magic")) entry.size = read_bytes(line, entry.magic);
                if (str_is(key, "mask")) (void)read_bytes(line, entry.mask);
        } while (more);
        *ret_entry = entry;
}

static bool entry_fits(const Entry *entry, const ElfKind *kind) {
        static const uint16_t types[] = {ELF_EXECUTABLE, ELF_SHARED};
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                unsigned char header[HEADER_SIZE];
                header_make(kind, types[i], header);
                bool fits = entry->size > 0 && entry->offset + (uint64_t)entry->size <= HEADER_SIZE;
                for (size_t k = 0; k < entry->size && fits; k++)
                        fits = ((header[entry->offset + k] ^ entry->magic[k]) & entry->mask[k]) == 0;
                if (fits) return true;
        }
        return false;
}

static bool read_entry(int dir_fd, const char *name, Entry *ret_entry) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(dir_fd, name, ENTRY_MAX, &text, &size, NULL) < 0) return false;
        entry_parse((Str){text, size}, ret_entry);
        return true;
}

/* The best that any entry offers. */
static ForeignState search(int dir_fd, const DirList *list, const ElfKind *kind) {
        ForeignState best = FOREIGN_ABSENT;
        for (size_t i = 0; i < list->n; i++) {
                Entry entry;
                const char *name = list->v[i].name;
                if (streq(name, "register") || streq(name, "status")) continue;
                if (!read_entry(dir_fd, name, &entry) || !entry_fits(&entry, kind)) continue;
                if (entry.enabled && entry.fixed) return FOREIGN_EMULATED;
                best = entry.enabled ? FOREIGN_NOT_FIXED : best == FOREIGN_ABSENT ? FOREIGN_OFF : best;
        }
        return best;
}

ForeignState foreign_state(const char *directory, const char *host, const char *arch) {
        if (is_native(host, arch)) return FOREIGN_NATIVE;
        const ElfKind *kind = kind_of(arch);
        if (!kind) return FOREIGN_UNKNOWN;
        AUTO(closep)
        int fd = open(directory ? directory : "/proc/sys/fs/binfmt_misc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Entry status;
        if (fd < 0 || !read_entry(fd, "status", &status)) return FOREIGN_UNMOUNTED;
        DirList list;
        if (dir_list(fd, ".", &list, NULL) < 0) return FOREIGN_UNMOUNTED;
        ForeignState state = search(fd, &list, kind);
        dir_list_done(&list);
        return state == FOREIGN_EMULATED && !status.enabled ? FOREIGN_OFF : state;
}
