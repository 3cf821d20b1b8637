/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/ld_library.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/elf_file.h"

/* What kinds of ELF file the ldconfig of an architecture takes, and the flags that the cache has for each. */
typedef struct Kind {
        const char *architecture;
        uint16_t machine;
        bool wide;
        uint32_t mask, value; /* of the header's flags */
        uint32_t flags;
} Kind;

enum {
        LIBC6 = 0x0003,
        X86_64_LIB = 0x0300,
        PPC64_LIB = 0x0500,
        X32_LIB = 0x0800,
        ARM_HARD_FLOAT = 0x0900,
        AARCH64_LIB = 0x0a00,
        ARM_SOFT_FLOAT = 0x0b00,
        RISCV_DOUBLE_FLOAT = 0x1000,
        RISCV_FLOAT_MASK = 0x0006, /* of the header */
        RISCV_FLOAT_DOUBLE = 0x0004,
};

static const Kind kinds[] = {
        {"amd64", EM_X86_64, true, 0, 0, X86_64_LIB | LIBC6},
        {"amd64", EM_X86_64, false, 0, 0, X32_LIB | LIBC6},
        {"amd64", EM_386, false, 0, 0, LIBC6},
        {"i386", EM_X86_64, true, 0, 0, X86_64_LIB | LIBC6},
        {"i386", EM_X86_64, false, 0, 0, X32_LIB | LIBC6},
        {"i386", EM_386, false, 0, 0, LIBC6},
        {"arm64", EM_AARCH64, true, 0, 0, AARCH64_LIB | LIBC6},
        {"arm64", EM_ARM, false, EF_ARM_ABI_FLOAT_HARD, EF_ARM_ABI_FLOAT_HARD, ARM_HARD_FLOAT | LIBC6},
        {"arm64", EM_ARM, false, EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_SOFT, ARM_SOFT_FLOAT | LIBC6},
        {"arm64", EM_ARM, false, 0, 0, LIBC6},
        {"armhf", EM_AARCH64, true, 0, 0, AARCH64_LIB | LIBC6},
        {"armhf", EM_ARM, false, EF_ARM_ABI_FLOAT_HARD, EF_ARM_ABI_FLOAT_HARD, ARM_HARD_FLOAT | LIBC6},
        {"armhf", EM_ARM, false, EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_SOFT, ARM_SOFT_FLOAT | LIBC6},
        {"armhf", EM_ARM, false, 0, 0, LIBC6},
        {"ppc64el", EM_PPC64, true, 0, 0, PPC64_LIB | LIBC6},
        {"riscv64", EM_RISCV, true, RISCV_FLOAT_MASK, RISCV_FLOAT_DOUBLE, RISCV_DOUBLE_FLOAT | LIBC6},
};

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* The number at *p, which moves behind it. As long as an int holds it, as in the loader, which must agree on the order. */
static int take_number(const char **p) {
        uint32_t value = 0;
        while (is_digit(**p)) value = value * 10 + (uint32_t)(*(*p)++ - '0');
        return (int)value;
}

int ld_name_compare(const char *a, const char *b) {
        while (*a) {
                if (is_digit(*a) != is_digit(*b)) return is_digit(*a) ? 1 : -1;
                if (is_digit(*a)) {
                        int x = take_number(&a), y = take_number(&b);
                        if (x != y) return x < y ? -1 : 1;
                } else {
                        if (*a != *b) break;
                        a++;
                        b++;
                }
        }
        return (unsigned char)*a - (unsigned char)*b;
}

void ld_libraries_done(LdLibraries *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].soname);
                free(list->v[i].path);
                free(list->v[i].hwcaps);
        }
        vec_done(list);
}

void ld_links_done(LdLinks *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].path);
                free(list->v[i].target);
        }
        vec_done(list);
}

/* A library as it is chosen among those with the same soname in one directory. */
typedef struct Candidate {
        char *soname, *name;
        uint32_t flags;
        bool is_link;
} Candidate;

/* A directory to be read. */
typedef struct Directory {
        const char *spelled;  /* as in the configuration */
        const char *resolved; /* in the tree */
        const char *hwcaps;   /* or NULL */
} Directory;

typedef struct Scan {
        const LdScan *to;
        Map *seen; /* resolved directories */
        VEC(Candidate) candidates;
        Map *by_soname; /* index + 1 in candidates */
        Err **e;
} Scan;

/* A loop of links is nothing, as it is to ldconfig. */
static int look_up(Scan *s, const char *path, bool follow, ViewEntry *ret_entry) {
        Err *e = NULL;
        int found = view_lookup(s->to->tree, path, follow, ret_entry, &e);
        if (found >= 0) return found;
        if (err_errno(e) == ELOOP) {
                err_clear(&e);
                *ret_entry = (ViewEntry){0};
                return VIEW_ABSENT;
        }
        err_move(s->e, &e);
        return -1;
}

/* What package managers have in use while they unpack, and what debuggers read. */
static bool is_temporary(const char *name) {
        static const char *const suffixes[] = {".#prelink#", ".dpkg-new", ".dpkg-tmp", "-gdb.py"};
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                if (ends_with(name, suffixes[i])) return true;
        return false;
}

static bool looks_like_library(const char *name) {
        return (starts_with(name, "lib") || starts_with(name, "ld-")) && strstr(name, ".so") && !is_temporary(name);
}

static const Kind *kind_of(const char *architecture, const ElfFile *f) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const Kind *k = &kinds[i];
                if (streq(k->architecture, architecture) && k->machine == f->machine && k->wide == f->wide &&
                    (f->flags & k->mask) == k->value)
                        return k;
        }
        return NULL;
}

/* Is it a library of the architecture? A damaged one is none. *ret_soname: owned, or NULL when it does not say. */
static int read_library(Scan *s, const ViewEntry *entry, uint32_t *ret_flags, char **ret_soname) {
        AUTO(err_freep) Err *e = NULL;
        ElfFile file;
        AUTO(closep) int fd = view_open_entry(s->to->tree, entry, O_RDONLY | O_NONBLOCK, s->e);
        if (fd < 0) return -1;
        int found = elf_read(fd, &file, &e);
        if (found < 0 && err_kind(e) == ERR_FORMAT) return 0;
        if (found < 0) {
                err_move(s->e, &e);
                return -1;
        }
        if (found != ELF_FOUND) return 0;
        const Kind *kind = file.type == ET_DYN && file.dynamic ? kind_of(s->to->architecture, &file) : NULL;
        if (kind) {
                *ret_flags = kind->flags;
                *ret_soname = TAKE(file.soname);
        }
        elf_file_done(&file);
        return kind != NULL;
}

/* The link that the linker reads, "libx.so" for "libx.so.1", and a link by the soname itself stay links in the cache; another link counts
 * as the file that it leads to. */
static bool stays_link(const char *name, const char *soname) {
        return streq(name, soname) || (ends_with(name, ".so") && starts_with(soname, name));
}

/* Of several with one soname: a file rather than a link, else the one with the highest number. */
static bool is_better(const Candidate *a, const Candidate *than) {
        if (a->is_link != than->is_link) return !a->is_link;
        return ld_name_compare(than->name, a->name) < 0;
}

static void add_candidate(Scan *s, Candidate c) {
        uintptr_t known = (uintptr_t)map_gets(s->by_soname, c.soname);
        if (known == 0) {
                vec_push(&s->candidates, c);
                map_puts(s->by_soname, c.soname, (void *)(uintptr_t)s->candidates.n);
                return;
        }
        Candidate *other = &s->candidates.v[known - 1];
        Candidate loser = c;
        if (is_better(&c, other)) {
                loser = *other;
                *other = c;
        }
        free(loser.soname);
        free(loser.name);
}

static int look_at(Scan *s, const Directory *d, const DirEntry *found) {
        AUTO(freep) char *path = xasprintf("%s/%s", streq(d->resolved, "/") ? "" : d->resolved, found->name);
        ViewEntry entry;
        Candidate c = {.is_link = found->type == DT_LNK};
        if ((found->type != DT_LNK && found->type != DT_REG) || !looks_like_library(found->name)) return 0;
        int there = look_up(s, path, true, &entry);
        int library =
                there == VIEW_FOUND && S_ISREG(entry.st.st_mode) ? read_library(s, &entry, &c.flags, &c.soname) : 0;
        if (there >= 0) view_entry_done(&entry);
        if (there < 0 || library < 0) return -1;
        if (library == 0) return 0;
        if (!c.soname) c.soname = xstrdup(found->name);
        c.is_link = c.is_link && stays_link(found->name, c.soname);
        if (c.is_link) {
                free(c.soname);
                c.soname = xstrdup(found->name);
        }
        c.name = xstrdup(found->name);
        add_candidate(s, c);
        return 0;
}

/* A link of its soname must lead to the file that was chosen; what is no link stays. */
static int add_link(Scan *s, const Directory *d, const Candidate *c) {
        AUTO(freep) char *path = xasprintf("%s/%s", d->resolved, c->soname);
        AUTO(freep) char *file = xasprintf("%s/%s", d->resolved, c->name);
        ViewEntry now, wanted, itself;
        if (c->is_link || streq(c->name, c->soname) || strchr(c->soname, '/')) return 0;
        int there = look_up(s, path, true, &now), have = there < 0 ? -1 : look_up(s, file, true, &wanted);
        int plain = have < 0 ? -1 : look_up(s, path, false, &itself);
        bool right = plain >= 0 && there == VIEW_FOUND && now.st.st_dev == wanted.st.st_dev &&
                     now.st.st_ino == wanted.st.st_ino;
        bool in_the_way = plain == VIEW_FOUND && !S_ISLNK(itself.st.st_mode);
        if (there >= 0) view_entry_done(&now);
        if (have >= 0) view_entry_done(&wanted);
        if (plain >= 0) view_entry_done(&itself);
        if (plain < 0) return -1;
        if (right || in_the_way) return 0;
        LdLink link = {.path = TAKE(path), .target = xstrdup(c->name)};
        vec_push(s->to->links, link);
        return 0;
}

static int take_candidates(Scan *s, const Directory *d) {
        for (size_t i = 0; i < s->candidates.n; i++) {
                const Candidate *c = &s->candidates.v[i];
                if (!d->hwcaps && add_link(s, d, c) < 0) return -1;
                if (s->to->libraries->n >= LD_LIBRARIES_MAX)
                        return err_new(s->e, ERR_LIMIT, "%s: more than %d libraries", d->spelled, LD_LIBRARIES_MAX);
                LdLibrary library = {
                        .soname = xstrdup(c->soname),
                        .path = xasprintf("%s/%s", d->spelled, d->hwcaps ? c->name : c->soname),
                        .flags = c->flags,
                        .hwcaps = xstrdup(d->hwcaps),
                };
                vec_push(s->to->libraries, library);
        }
        return 0;
}

static void forget_candidates(Scan *s) {
        for (size_t i = 0; i < s->candidates.n; i++) {
                free(s->candidates.v[i].soname);
                free(s->candidates.v[i].name);
        }
        vec_done(&s->candidates);
        map_freep(&s->by_soname);
}

static int read_names(Scan *s, const Directory *d) {
        DirList list;
        if (view_list(s->to->tree, d->resolved, &list, s->e) < 0) return -1;
        s->by_soname = map_new();
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) r = look_at(s, d, &list.v[i]);
        if (r == 0) r = take_candidates(s, d);
        forget_candidates(s);
        dir_list_done(&list);
        return r < 0 ? err_wrap(s->e, "libraries in %s", d->spelled) : 0;
}

/* Resolve it and read it, unless it is no directory or was read before. *ret_resolved (NULL: passed over): owned. */
static int read_directory(Scan *s, const char *spelled, const char *hwcaps, char **ret_resolved) {
        ViewEntry entry;
        *ret_resolved = NULL;
        int there = look_up(s, spelled, true, &entry);
        if (there < 0) return -1;
        bool fresh = there == VIEW_FOUND && S_ISDIR(entry.st.st_mode) && !map_puts(s->seen, entry.path, s);
        char *resolved = fresh ? xstrdup(entry.path) : NULL;
        view_entry_done(&entry);
        *ret_resolved = resolved;
        return fresh ? read_names(s, &(Directory){spelled, resolved, hwcaps}) : 0;
}

/* Variants for newer processors: DIRECTORY/glibc-hwcaps/NAME. */
static int read_variants(Scan *s, const char *spelled, const char *resolved) {
        AUTO(freep) char *variants = xasprintf("%s/glibc-hwcaps", resolved);
        ViewEntry entry;
        DirList list;
        int there = look_up(s, variants, true, &entry);
        if (there < 0) return -1;
        bool is_directory = there == VIEW_FOUND && S_ISDIR(entry.st.st_mode);
        int r = is_directory ? view_list(s->to->tree, entry.path, &list, s->e) : 0;
        view_entry_done(&entry);
        if (!is_directory || r < 0) return r;
        if (list.n > LD_HWCAPS_MAX) r = err_new(s->e, ERR_LIMIT, "%s: more than %d names", variants, LD_HWCAPS_MAX);
        for (size_t i = 0; i < list.n && r == 0; i++) {
                const char *name = list.v[i].name;
                if (name[0] == '.' || strchr(name, ':')) continue;
                AUTO(freep) char *path = xasprintf("%s/glibc-hwcaps/%s", spelled, name);
                AUTO(freep) char *unused = NULL;
                r = read_directory(s, path, name, &unused);
        }
        dir_list_done(&list);
        return r;
}

static bool architecture_known(const char *architecture) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (streq(kinds[i].architecture, architecture)) return true;
        return false;
}

int ld_libraries_scan(const LdScan *scan, const StrVec *directories, Err **e) {
        if (!architecture_known(scan->architecture))
                return err_new(e, ERR_UNSUPPORTED, "no cache of libraries can be made for the architecture '%s'",
                               scan->architecture);
        Scan s = {.to = scan, .seen = map_new(), .e = e};
        int r = 0;
        for (size_t i = 0; i < directories->n && r == 0; i++) {
                AUTO(freep) char *resolved = NULL;
                r = read_directory(&s, directories->v[i], NULL, &resolved);
                if (r == 0 && resolved) r = read_variants(&s, directories->v[i], resolved);
        }
        map_free(s.seen);
        return r;
}
