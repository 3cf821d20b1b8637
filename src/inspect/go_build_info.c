/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/go_build_info.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        HEADER_SIZE = 32,
        FLAGS_AT = 15,
        FLAG_INLINE = 2,
        MARK_SIZE = 16, /* before and behind the list of modules */
        SECTIONS_MAX = 65535,
        NAMES_MAX = 1 << 20, /* bytes of the sections' names */
};

void go_build_info_done(GoBuildInfo *info) {
        vec_done(&info->modules);
        *info = (GoBuildInfo){0};
}

/* ---- the list of modules */

static const char *copy(Arena *arena, Str text) {
        return text.n ? arena_str(arena, text) : NULL;
}

/* "path\tversion\tsum" */
static GoModule parse_module(Str line, Arena *arena) {
        Str path, version = {0};
        if (str_cut(&line, '\t', &path)) str_cut(&line, '\t', &version);
        GoModule module = {.path = copy(arena, path)};
        if (!str_is(version, "(devel)")) module.version = copy(arena, version);
        return module;
}

static int parse_line(Str line, Arena *arena, GoBuildInfo *info, Err **e) {
        Str word;
        if (!str_cut(&line, '\t', &word)) return 0;
        if (str_is(word, "path")) info->program = copy(arena, line);
        if (str_is(word, "mod")) {
                info->main = parse_module(line, arena);
                info->has_main = info->main.path;
        }
        if (str_is(word, "=>") && info->modules.n) info->modules.v[info->modules.n - 1] = parse_module(line, arena);
        if (!str_is(word, "dep")) return 0;
        if (info->modules.n >= GO_MODULES_MAX) return err_new(e, ERR_LIMIT, "more than %d modules", GO_MODULES_MAX);
        vec_push(&info->modules, parse_module(line, arena));
        return 0;
}

static int parse_lines(Str text, Arena *arena, GoBuildInfo *info, Err **e) {
        bool more = true;
        while (more) {
                Str line;
                more = str_cut(&text, '\n', &line);
                if (parse_line(line, arena, info, e) < 0) return -1;
        }
        return 0;
}

/* A length in groups of seven bits, then so many bytes. */
static bool take_string(Str *rest, Str *ret_text) {
        uint64_t size = 0;
        size_t i = 0;
        for (unsigned shift = 0;; shift += 7) {
                if (i >= rest->n || shift > 28) return false;
                uint8_t byte = (uint8_t)rest->p[i++];
                size |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80)) break;
        }
        if (size > rest->n - i) return false;
        *ret_text = str_sub(*rest, i, (size_t)size);
        *rest = str_sub(*rest, i + (size_t)size, rest->n);
        return true;
}

int go_build_info_parse(Str section, Arena *arena, GoBuildInfo *ret_info, Err **e) {
        static const Str magic = STR("\xff Go buildinf:");
        AUTO(go_build_info_done) GoBuildInfo info = {0};
        if (section.n < HEADER_SIZE || !str_starts(section, magic))
                return err_new(e, ERR_FORMAT, "the section .go.buildinfo does not begin as it should");
        if (!(section.p[FLAGS_AT] & FLAG_INLINE))
                return err_new(e, ERR_UNSUPPORTED, "made by a Go before 1.18: its modules cannot be read");
        Str rest = str_sub(section, HEADER_SIZE, section.n), release, modules;
        if (!take_string(&rest, &release) || !take_string(&rest, &modules))
                return err_new(e, ERR_FORMAT, "the section .go.buildinfo is cut short");
        info.release = arena_str(arena, release);
        if (modules.n > 2 * MARK_SIZE) modules = str_sub(modules, MARK_SIZE, modules.n - 2 * MARK_SIZE);
        if (parse_lines(modules, arena, &info, e) < 0) return -1;
        *ret_info = info;
        info = (GoBuildInfo){0};
        return 0;
}

/* ---- the section in the file */

/* 1: the file ends before. */
static int read_at(int fd, uint64_t offset, void *data, size_t size, Err **e) {
        if (offset > INT64_MAX - size) return 1;
        for (size_t done = 0; done < size;) {
                ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read");
                if (n == 0) return 1;
                done += (size_t)n;
        }
        return 0;
}

static bool header_usable(const Elf64_Ehdr *h) {
        return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
               h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_shentsize == sizeof(Elf64_Shdr) && h->e_shnum > 0 &&
               h->e_shnum < SECTIONS_MAX && h->e_shstrndx < h->e_shnum;
}

static int find_section(int fd, const Elf64_Ehdr *header, Elf64_Shdr *ret_section, Err **e) {
        static const char wanted[] = ".go.buildinfo";
        AUTO(freep) Elf64_Shdr *sections = xcalloc(header->e_shnum, sizeof *sections);
        int r = read_at(fd, header->e_shoff, sections, header->e_shnum * sizeof *sections, e);
        if (r != 0) return r < 0 ? -1 : GO_ABSENT;
        const Elf64_Shdr *names = &sections[header->e_shstrndx];
        if (names->sh_size == 0 || names->sh_size > NAMES_MAX) return GO_ABSENT;
        AUTO(freep) char *text = xcalloc(names->sh_size + 1, 1);
        r = read_at(fd, names->sh_offset, text, names->sh_size, e);
        if (r != 0) return r < 0 ? -1 : GO_ABSENT;
        for (size_t i = 0; i < header->e_shnum; i++) {
                if (sections[i].sh_name >= names->sh_size || !streq(text + sections[i].sh_name, wanted)) continue;
                *ret_section = sections[i];
                return GO_FOUND;
        }
        return GO_ABSENT;
}

int go_build_info_read(int fd, Arena *arena, GoBuildInfo *ret_info, Err **e) {
        Elf64_Ehdr header;
        Elf64_Shdr section;
        int r = read_at(fd, 0, &header, sizeof header, e);
        if (r != 0) return r < 0 ? -1 : GO_ABSENT;
        if (!header_usable(&header)) return GO_ABSENT;
        r = find_section(fd, &header, &section, e);
        if (r != GO_FOUND) return r;
        if (section.sh_type == SHT_NOBITS) return GO_ABSENT; /* debugging symbols in a file of their own */
        if (section.sh_size > GO_BUILD_INFO_MAX)
                return err_new(e, ERR_LIMIT, "the section .go.buildinfo is larger than %d bytes", GO_BUILD_INFO_MAX);
        AUTO(freep) char *bytes = xcalloc(section.sh_size + 1, 1);
        r = read_at(fd, section.sh_offset, bytes, section.sh_size, e);
        if (r > 0) return err_new(e, ERR_FORMAT, "the file ends inside of the section .go.buildinfo");
        return r < 0 ? -1 : go_build_info_parse((Str){bytes, section.sh_size}, arena, ret_info, e);
}
