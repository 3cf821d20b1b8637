/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/ld_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "distroless/architecture.h"
#include "distroless/ld_conf.h"

/* Layout of the file. All numbers are little endian, as on every architecture that is supported here. */
enum {
        HEADER_SIZE = 48,
        ENTRY_SIZE = 24,
        LITTLE_ENDIAN_FILE = 2,
        EXTENSION_HEADER_SIZE = 8,
        SECTION_SIZE = 16,
        SECTION_GENERATOR = 0,
        SECTION_HWCAPS = 1,
        STRINGS_MAX = 64 << 20, /* bytes */
};
#define MAGIC "glibc-ld.so.cache1.1"
#define EXTENSION_MAGIC 0xeaa42174U
#define HWCAP_IS_INDEX (1ULL << 62)

typedef struct String {
        const char *text;
        size_t n;
        size_t offset; /* from the start of the strings */
} String;

typedef struct Strings {
        VEC(String) list;
        Map *index; /* text -> once placed, position in list + 1 */
        size_t size;
} Strings;

static void strings_add(Strings *s, const char *text) {
        if (map_puts(s->index, text, s)) return;
        String one = {.text = text, .n = strlen(text)};
        vec_push(&s->list, one);
}

/* From the last character to the first, the highest first; of two where one ends in the other, the longer first. */
static int compare_from_end(const void *a, const void *b) {
        const String *x = a, *y = b;
        for (size_t i = 1; i <= x->n && i <= y->n; i++) {
                unsigned char p = (unsigned char)x->text[x->n - i], q = (unsigned char)y->text[y->n - i];
                if (p != q) return p > q ? -1 : 1;
        }
        return x->n > y->n ? -1 : x->n < y->n;
}

/* A string that another ends in lies inside it. */
static void strings_place(Strings *s) {
        if (s->list.n > 1) qsort(s->list.v, s->list.n, sizeof *s->list.v, compare_from_end);
        for (size_t i = 0; i < s->list.n; i++) {
                String *one = &s->list.v[i];
                const String *before = i ? &s->list.v[i - 1] : NULL;
                if (before && before->n >= one->n &&
                    memcmp(before->text + before->n - one->n, one->text, one->n) == 0) {
                        one->offset = before->offset + before->n - one->n;
                } else {
                        one->offset = s->size;
                        s->size += one->n + 1;
                }
                map_puts(s->index, one->text, (void *)(uintptr_t)(i + 1));
        }
}

static uint32_t strings_offset(const Strings *s, const char *text) {
        uintptr_t at = (uintptr_t)map_gets(s->index, text);
        return (uint32_t)s->list.v[at - 1].offset;
}

static void strings_write(const Strings *s, Buf *out) {
        size_t end = 0;
        for (size_t i = 0; i < s->list.n; i++) {
                const String *one = &s->list.v[i];
                if (one->offset < end) continue;
                buf_add(out, one->text, one->n + 1);
                end = one->offset + one->n + 1;
        }
}

/* Names of variants that are in use, each once, sorted. */
static void collect_hwcaps(const LdLibraries *libraries, StrVec *names) {
        for (size_t i = 0; i < libraries->n; i++)
                if (libraries->v[i].hwcaps && strvec_index(names, libraries->v[i].hwcaps) < 0)
                        strvec_push(names, libraries->v[i].hwcaps);
        strvec_sort(names);
}

typedef struct Ordered {
        const LdLibrary *library;
        size_t position;
} Ordered;

/* The highest name first, then the highest flags, variants before the plain library, and what was found first. */
static int compare_entries(const void *a, const void *b) {
        const Ordered *x = a, *y = b;
        const LdLibrary *p = x->library, *q = y->library;
        int by_name = ld_name_compare(q->soname, p->soname);
        if (by_name) return by_name;
        if (p->flags != q->flags) return p->flags > q->flags ? -1 : 1;
        if (!p->hwcaps != !q->hwcaps) return p->hwcaps ? -1 : 1;
        int by_variant = p->hwcaps ? strcmp(p->hwcaps, q->hwcaps) : 0;
        if (by_variant) return by_variant;
        return x->position < y->position ? -1 : 1;
}

typedef struct Cache {
        const Ordered *entries;
        size_t count;
        const Strings *strings;
        const StrVec *hwcaps;
        const char *generator;
} Cache;

static size_t strings_start(const Cache *c) {
        return HEADER_SIZE + c->count * ENTRY_SIZE;
}

static void write_header(const Cache *c, size_t extension, Buf *out) {
        buf_adds(out, MAGIC);
        buf_add_u32(out, (uint32_t)c->count);
        buf_add_u32(out, (uint32_t)c->strings->size);
        buf_add_u32(out, LITTLE_ENDIAN_FILE);
        buf_add_u32(out, (uint32_t)extension);
        for (unsigned i = 0; i < 3; i++) buf_add_u32(out, 0);
}

static void write_entries(const Cache *c, Buf *out) {
        uint32_t start = (uint32_t)strings_start(c);
        for (size_t i = 0; i < c->count; i++) {
                const LdLibrary *l = c->entries[i].library;
                buf_add_u32(out, l->flags);
                buf_add_u32(out, start + strings_offset(c->strings, l->soname));
                buf_add_u32(out, start + strings_offset(c->strings, l->path));
                buf_add_u32(out, 0); /* was the version of the kernel */
                buf_add_u64(out, l->hwcaps ? HWCAP_IS_INDEX | (uint64_t)strvec_index(c->hwcaps, l->hwcaps) : 0);
        }
}

static void write_section(uint32_t tag, size_t offset, size_t size, Buf *out) {
        buf_add_u32(out, tag);
        buf_add_u32(out, 0); /* flags */
        buf_add_u32(out, (uint32_t)offset);
        buf_add_u32(out, (uint32_t)size);
}

/* Who made it, and which strings are the names of variants. */
static void write_extension(const Cache *c, size_t extension, Buf *out) {
        uint32_t sections = c->hwcaps->n ? 2 : 1;
        size_t hwcaps_at = extension + EXTENSION_HEADER_SIZE + sections * SECTION_SIZE;
        size_t hwcaps_size = c->hwcaps->n * sizeof(uint32_t);
        buf_add_u32(out, EXTENSION_MAGIC);
        buf_add_u32(out, sections);
        write_section(SECTION_GENERATOR, hwcaps_at + hwcaps_size, strlen(c->generator), out);
        if (c->hwcaps->n) write_section(SECTION_HWCAPS, hwcaps_at, hwcaps_size, out);
        for (size_t i = 0; i < c->hwcaps->n; i++)
                buf_add_u32(out, (uint32_t)(strings_start(c) + strings_offset(c->strings, c->hwcaps->v[i])));
        buf_adds(out, c->generator);
}

static void write_cache(const Cache *c, Buf *out) {
        static const char padding[4] = {0};
        size_t end = strings_start(c) + c->strings->size, extension = (end + 3) / 4 * 4;
        write_header(c, extension, out);
        write_entries(c, out);
        strings_write(c->strings, out);
        buf_add(out, padding, extension - end);
        write_extension(c, extension, out);
}

/* "2.36-9+deb12u14": the upstream version is what stands before the last "-". */
static char *generator_text(const char *glibc) {
        const char *colon = strchr(glibc, ':'), *upstream = colon ? colon + 1 : glibc, *end = strrchr(upstream, '-');
        int n = (int)(end ? (size_t)(end - upstream) : strlen(upstream));
        return xasprintf("ldconfig (Debian GLIBC %s) stable release version %.*s", glibc, n, upstream);
}

int ld_cache_render(LdLibraries *libraries, const char *glibc, Buf *ret_cache, Err **e) {
        AUTO(freep) Ordered *entries = xcalloc(libraries->n + 1, sizeof *entries);
        AUTO(freep) char *generator = generator_text(glibc);
        AUTO(strvec_done) StrVec hwcaps = {0};
        Strings strings = {.index = map_new()};
        collect_hwcaps(libraries, &hwcaps);
        for (size_t i = 0; i < libraries->n; i++) {
                entries[i] = (Ordered){&libraries->v[i], i};
                strings_add(&strings, libraries->v[i].soname);
                strings_add(&strings, libraries->v[i].path);
        }
        for (size_t i = 0; i < hwcaps.n; i++) strings_add(&strings, hwcaps.v[i]);
        if (libraries->n > 1) qsort(entries, libraries->n, sizeof *entries, compare_entries);
        strings_place(&strings);
        int r = 0;
        if (strings.size > STRINGS_MAX)
                r = err_new(e, ERR_LIMIT, "the names of libraries are longer than %d bytes together", STRINGS_MAX);
        else
                write_cache(&(Cache){entries, libraries->n, &strings, &hwcaps, generator}, ret_cache);
        vec_done(&strings.list);
        map_free(strings.index);
        return r;
}

int ld_cache_make(const LdCacheParams *params, Buf *ret_cache, LdLinks *ret_links, Err **e) {
        AUTO(strvec_done) StrVec directories = {0};
        AUTO(ld_libraries_done) LdLibraries libraries = {0};
        LdLinks links = {0};
        const DebianArchitecture *architecture = debian_architecture_find(params->architecture);
        if (!architecture)
                return err_new(e, ERR_UNSUPPORTED, "'%s' is no architecture of Debian", params->architecture);
        if (ld_conf_read(params->tree, architecture->triplet, &directories, e) < 0) return -1;
        LdScan scan = {params->tree, params->architecture, &libraries, &links};
        int r = ld_libraries_scan(&scan, &directories, e);
        if (r == 0) r = ld_cache_render(&libraries, params->glibc, ret_cache, e);
        if (r == 0)
                for (size_t i = 0; i < links.n; i++) vec_push(ret_links, links.v[i]);
        if (r == 0) vec_done(&links);
        ld_links_done(&links);
        return r;
}
