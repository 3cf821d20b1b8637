/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_file.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum {
        SEGMENTS_MAX = 256,
        DYNAMIC_MAX = 1 << 20,      /* bytes */
        STRINGS_KEPT_MAX = 1 << 20, /* a larger string table is read name by name */
};

typedef struct Segment {
        uint64_t type, offset, address, size;
} Segment;

typedef struct Reader {
        int fd;
        bool wide;
        Segment *segments;
        size_t segment_count;
        uint64_t strings; /* file offset of the string table */
        uint64_t strings_size;
        char *kept;                                  /* the string table, or NULL */
        uint64_t needs, need_count, defs, def_count; /* addresses */
        ElfFile *file;
        Err **e;
} Reader;

static void versions_done(ElfVersions *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].file);
                free(list->v[i].name);
        }
        vec_done(list);
}

void elf_file_done(ElfFile *f) {
        free(f->interpreter);
        free(f->soname);
        free(f->rpath);
        free(f->runpath);
        strvec_done(&f->needed);
        versions_done(&f->wants);
        versions_done(&f->has);
        *f = (ElfFile){0};
}

static int damaged(const Reader *r, const char *what) {
        return err_new(r->e, ERR_FORMAT, "damaged ELF file: %s", what);
}

static int get(const Reader *r, uint64_t offset, void *data, size_t size) {
        if (offset > INT64_MAX - size) return damaged(r, "an offset is beyond the end");
        ssize_t n = pread(r->fd, data, size, (off_t)offset);
        if (n < 0) return err_sys(r->e, "read ELF file");
        return (size_t)n == size ? 0 : damaged(r, "it is too short");
}

static int read_segments(Reader *r, uint64_t offset, size_t entry_size, size_t count) {
        size_t want = r->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
        if (count > SEGMENTS_MAX || (count && entry_size != want)) return damaged(r, "program headers");
        r->segments = xcalloc(count + 1, sizeof *r->segments);
        for (size_t i = 0; i < count; i++) {
                union {
                        Elf64_Phdr wide;
                        Elf32_Phdr narrow;
                } h;
                if (get(r, offset + i * entry_size, &h, entry_size) < 0) return -1;
                r->segments[i] =
                        r->wide ? (Segment){h.wide.p_type, h.wide.p_offset, h.wide.p_vaddr, h.wide.p_filesz}
                                : (Segment){h.narrow.p_type, h.narrow.p_offset, h.narrow.p_vaddr, h.narrow.p_filesz};
        }
        r->segment_count = count;
        return 0;
}

static const Segment *find_segment(const Reader *r, uint64_t type) {
        for (size_t i = 0; i < r->segment_count; i++)
                if (r->segments[i].type == type) return &r->segments[i];
        return NULL;
}

/* File offset of a virtual address. */
static bool locate(const Reader *r, uint64_t address, uint64_t *ret_offset) {
        for (size_t i = 0; i < r->segment_count; i++) {
                const Segment *s = &r->segments[i];
                if (s->type != PT_LOAD || address < s->address || address - s->address >= s->size) continue;
                *ret_offset = s->offset + (address - s->address);
                return true;
        }
        return false;
}

/* Text of at most size bytes at offset; owned. */
static int read_text(const Reader *r, uint64_t offset, uint64_t size, char **ret_text) {
        char text[ELF_TEXT_MAX + 1];
        size_t most = size < ELF_TEXT_MAX ? (size_t)size : ELF_TEXT_MAX;
        if (offset > INT64_MAX - most) return damaged(r, "an offset is beyond the end");
        ssize_t n = pread(r->fd, text, most, (off_t)offset);
        if (n < 0) return err_sys(r->e, "read ELF file");
        text[n] = '\0';
        if (n == 0 || (strlen(text) == (size_t)n && (size_t)n < size)) return damaged(r, "a name has no end");
        *ret_text = xstrdup(text);
        return 0;
}

static int read_string(const Reader *r, uint64_t index, char **ret_text) {
        if (index >= r->strings_size) return damaged(r, "a name is outside the string table");
        if (r->kept) {
                size_t most = (size_t)(r->strings_size - index), n = strnlen(r->kept + index, most);
                if (n == most || n > ELF_TEXT_MAX) return damaged(r, "a name has no end");
                *ret_text = xstrndup(r->kept + index, n);
                return 0;
        }
        return read_text(r, r->strings + index, r->strings_size - index, ret_text);
}

typedef struct Dynamic {
        uint64_t tag, value;
} Dynamic;

static int read_dynamic(const Reader *r, const Segment *s, Dynamic **ret_list, size_t *ret_count) {
        size_t one = r->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn), count = (size_t)s->size / one;
        if (s->size > DYNAMIC_MAX) return damaged(r, "the dynamic section is too long");
        AUTO(freep) unsigned char *raw = xcalloc(count + 1, one);
        if (get(r, s->offset, raw, count * one) < 0) return -1;
        Dynamic *list = xcalloc(count + 1, sizeof *list);
        size_t n = 0;
        for (; n < count; n++) {
                Elf64_Dyn w;
                Elf32_Dyn d;
                memcpy(r->wide ? (void *)&w : (void *)&d, raw + n * one, one);
                list[n] = r->wide ? (Dynamic){(uint64_t)w.d_tag, w.d_un.d_val}
                                  : (Dynamic){(uint32_t)d.d_tag, d.d_un.d_val};
                if (list[n].tag == DT_NULL) break;
        }
        *ret_list = list;
        *ret_count = n;
        return 0;
}

/* One "needs" record: a file and the versions that are wanted of it. */
static int read_need(const Reader *r, uint64_t offset, uint64_t *ret_next) {
        Elf64_Verneed need; /* the same in both classes */
        if (get(r, offset, &need, sizeof need) < 0) return -1;
        AUTO(freep) char *file = NULL;
        if (read_string(r, need.vn_file, &file) < 0) return -1;
        uint64_t at = offset + need.vn_aux;
        for (unsigned i = 0; i < need.vn_cnt; i++) {
                Elf64_Vernaux aux;
                ElfVersion version = {0};
                if (r->file->wants.n >= ELF_VERSIONS_MAX) return damaged(r, "too many versions");
                if (get(r, at, &aux, sizeof aux) < 0 || read_string(r, aux.vna_name, &version.name) < 0) return -1;
                version.file = xstrdup(file);
                if (aux.vna_flags & VER_FLG_WEAK) {
                        free(version.file);
                        free(version.name);
                } else {
                        vec_push(&r->file->wants, version);
                }
                if (aux.vna_next == 0) break;
                at += aux.vna_next;
        }
        *ret_next = need.vn_next ? offset + need.vn_next : 0;
        return 0;
}

static int read_definition(const Reader *r, uint64_t offset, uint64_t *ret_next) {
        Elf64_Verdef def;
        Elf64_Verdaux aux;
        ElfVersion version = {0};
        if (get(r, offset, &def, sizeof def) < 0 || get(r, offset + def.vd_aux, &aux, sizeof aux) < 0) return -1;
        if (read_string(r, aux.vda_name, &version.name) < 0) return -1;
        vec_push(&r->file->has, version);
        *ret_next = def.vd_next ? offset + def.vd_next : 0;
        return 0;
}

typedef int (*VersionReader)(const Reader *r, uint64_t offset, uint64_t *ret_next);

static int read_versions(const Reader *r, uint64_t address, uint64_t count, VersionReader read_one) {
        uint64_t offset;
        if (count == 0) return 0;
        if (count > ELF_VERSIONS_MAX || !locate(r, address, &offset)) return damaged(r, "symbol versions");
        for (uint64_t i = 0; i < count && offset; i++)
                if (read_one(r, offset, &offset) < 0) return -1;
        return 0;
}

static int take_entry(const Reader *r, const Dynamic *d) {
        char **slot = d->tag == DT_RPATH     ? &r->file->rpath
                      : d->tag == DT_RUNPATH ? &r->file->runpath
                      : d->tag == DT_SONAME  ? &r->file->soname
                                             : NULL;
        char *text = NULL;
        if (!slot && d->tag != DT_NEEDED) return 0;
        if (r->file->needed.n >= ELF_NEEDED_MAX) return damaged(r, "too many libraries");
        if (read_string(r, d->value, &text) < 0) return -1;
        if (slot) {
                free(*slot);
                *slot = text;
        } else {
                strvec_push_take(&r->file->needed, text);
        }
        return 0;
}

static int take_dynamic(Reader *r, const Dynamic *list, size_t count) {
        uint64_t strings = 0;
        for (size_t i = 0; i < count; i++) {
                uint64_t value = list[i].value;
                switch (list[i].tag) {
                case DT_STRTAB: strings = value; break;
                case DT_STRSZ: r->strings_size = value; break;
                case DT_VERNEED: r->needs = value; break;
                case DT_VERNEEDNUM: r->need_count = value; break;
                case DT_VERDEF: r->defs = value; break;
                case DT_VERDEFNUM: r->def_count = value; break;
                default: break;
                }
        }
        if (strings == 0 || !locate(r, strings, &r->strings)) return damaged(r, "no string table");
        if (r->strings_size > 0 && r->strings_size <= STRINGS_KEPT_MAX) {
                r->kept = xcalloc(1, (size_t)r->strings_size);
                if (get(r, r->strings, r->kept, (size_t)r->strings_size) < 0) return -1;
        }
        for (size_t i = 0; i < count; i++)
                if (take_entry(r, &list[i]) < 0) return -1;
        if (read_versions(r, r->needs, r->need_count, read_need) < 0) return -1;
        return read_versions(r, r->defs, r->def_count, read_definition);
}

static int read_file(Reader *r) {
        const Segment *interpreter = find_segment(r, PT_INTERP), *dynamic = find_segment(r, PT_DYNAMIC);
        if (!interpreter && !dynamic) return ELF_NONE;
        if (interpreter && read_text(r, interpreter->offset, interpreter->size, &r->file->interpreter) < 0) return -1;
        r->file->dynamic = dynamic != NULL;
        if (!dynamic) return ELF_FOUND;
        AUTO(freep) Dynamic *list = NULL;
        size_t count = 0;
        if (read_dynamic(r, dynamic, &list, &count) < 0) return -1;
        return take_dynamic(r, list, count);
}

static int read_header(Reader *r) {
        union {
                Elf64_Ehdr wide;
                Elf32_Ehdr narrow;
        } h = {0};
        ssize_t n = pread(r->fd, &h, sizeof h, 0);
        if (n < 0) return err_sys(r->e, "read ELF file");
        if ((size_t)n < sizeof h.narrow || memcmp(h.wide.e_ident, ELFMAG, SELFMAG) != 0) return ELF_NONE;
        if (h.wide.e_ident[EI_DATA] != ELFDATA2LSB) return ELF_NONE;
        r->wide = h.wide.e_ident[EI_CLASS] == ELFCLASS64;
        if (!r->wide && h.wide.e_ident[EI_CLASS] != ELFCLASS32) return ELF_NONE;
        if (r->wide && (size_t)n < sizeof h.wide) return damaged(r, "it is too short");
        if (h.wide.e_type != ET_EXEC && h.wide.e_type != ET_DYN) return ELF_NONE;
        r->file->wide = r->wide;
        r->file->type = h.wide.e_type;
        r->file->machine = h.wide.e_machine;
        r->file->flags = r->wide ? h.wide.e_flags : h.narrow.e_flags;
        if (r->wide) return read_segments(r, h.wide.e_phoff, h.wide.e_phentsize, h.wide.e_phnum);
        return read_segments(r, h.narrow.e_phoff, h.narrow.e_phentsize, h.narrow.e_phnum);
}

int elf_read(int fd, ElfFile *ret_file, Err **e) {
        ElfFile file = {0};
        Reader r = {.fd = fd, .file = &file, .e = e};
        int found = read_header(&r);
        if (found == ELF_FOUND) found = read_file(&r);
        free(r.segments);
        free(r.kept);
        if (found == ELF_FOUND) {
                *ret_file = file;
        } else {
                elf_file_done(&file);
        }
        return found;
}
