/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/package_index_internal.h"
#include "os/fs.h"

enum { TABLE_VERSION = 1, TABLE_BYTE_ORDER = 0x01020304, TABLE_ENTRIES_MAX = 1 << 25 };
#define TABLE_MAGIC "DCNTPKGS"

struct PackageIndex {
        int text_fd;
        void *map;
        size_t map_size;
        const TableHeader *header;
        const TableEntry *entries[TABLE_KIND_MAX];
        char *label;
};

typedef VEC(TableEntry) TableEntries;

typedef struct Builder {
        TableEntries kinds[TABLE_KIND_MAX];
        int text_fd;
} Builder;

/* FNV-1a. Not keyed: who writes a suite's index could as well name the packages as they like; chains are bounded. */
static uint64_t package_name_hash(Str name) {
        uint64_t hash = 0xcbf29ce484222325u;
        for (size_t i = 0; i < name.n; i++) hash = (hash ^ (unsigned char)name.p[i]) * 0x100000001b3u;
        return hash;
}

static int add_entry(Builder *b, TableKind kind, Str name, const ScannedPackage *package, Err **e) {
        if (b->kinds[kind].n == TABLE_ENTRIES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d names", TABLE_ENTRIES_MAX);
        vec_push(&b->kinds[kind], (TableEntry){package_name_hash(name), package->offset, package->size});
        return 0;
}

static int builder_found(void *context, const ScannedPackage *package, Err **e) {
        Builder *b = context;
        if (add_entry(b, TABLE_NAMES, package->name, package, e) < 0) return -1;
        Str rest = package->provides, name;
        while (provides_next_name(&rest, &name))
                if (add_entry(b, TABLE_PROVIDED, name, package, e) < 0) return -1;
        return 0;
}

static int builder_passed(void *context, const void *data, size_t size, Err **e) {
        Builder *b = context;
        return fd_write_all(b->text_fd, data, size, e);
}

static int entry_order(const void *a, const void *b) {
        const TableEntry *x = a, *y = b;
        if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
        return (x->offset > y->offset) - (x->offset < y->offset);
}

static int write_table(Builder *b, uint64_t text_size, int table_fd, Err **e) {
        TableHeader header = {
                .magic = TABLE_MAGIC, .byte_order = TABLE_BYTE_ORDER, .version = TABLE_VERSION, .text_size = text_size};
        for (int i = 0; i < TABLE_KIND_MAX; i++) header.counts[i] = b->kinds[i].n;
        if (fd_write_all(table_fd, &header, sizeof header, e) < 0) return -1;
        for (int i = 0; i < TABLE_KIND_MAX; i++) {
                TableEntries *kind = &b->kinds[i];
                if (kind->n == 0) continue;
                qsort(kind->v, kind->n, sizeof *kind->v, entry_order);
                if (fd_write_all(table_fd, kind->v, kind->n * sizeof *kind->v, e) < 0) return -1;
        }
        return 0;
}

static void builder_done(Builder *b) {
        for (int i = 0; i < TABLE_KIND_MAX; i++) vec_done(&b->kinds[i]);
}

int package_index_build(Source *packages, int text_fd, int table_fd, Err **e) {
        AUTO(builder_done) Builder b = {.text_fd = text_fd};
        PackageScan scan = {.found = builder_found, .passed = builder_passed, .context = &b};
        uint64_t size;
        if (package_scan(packages, &scan, &size, e) < 0) return -1;
        return write_table(&b, size, table_fd, e);
}

static int refuse(Err **e, const char *path, const char *what) {
        return err_new(e, ERR_FORMAT, "package index '%s': %s", path, what);
}

static int check_table(PackageIndex *index, uint64_t text_size, const char *path, Err **e) {
        const TableHeader *h = index->map;
        if (index->map_size < sizeof *h || memcmp(h->magic, TABLE_MAGIC, sizeof h->magic) != 0)
                return refuse(e, path, "not the table of a package index");
        if (h->version != TABLE_VERSION || h->byte_order != TABLE_BYTE_ORDER)
                return refuse(e, path, "of another version of decant");
        if (h->text_size != text_size) return refuse(e, path, "does not belong to the text beside it");
        uint64_t entries = 0;
        for (int i = 0; i < TABLE_KIND_MAX; i++) {
                if (h->counts[i] > TABLE_ENTRIES_MAX) return refuse(e, path, "damaged");
                index->entries[i] = (const TableEntry *)(h + 1) + entries;
                entries += h->counts[i];
        }
        if (index->map_size != sizeof *h + entries * sizeof(TableEntry))
                return refuse(e, path, "damaged: not as long as it says");
        index->header = h;
        return 0;
}

static int open_table(PackageIndex *index, uint64_t text_size, const char *path, Err **e) {
        AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0) return err_sys(e, "open package index '%s'", path);
        if (st.st_size == 0) return refuse(e, path, "empty");
        index->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (index->map == MAP_FAILED) {
                index->map = NULL;
                return err_sys(e, "map package index '%s'", path);
        }
        index->map_size = (size_t)st.st_size;
        return check_table(index, text_size, path, e);
}

int package_index_open(const char *text_path, const char *table_path, const char *label, PackageIndex **ret, Err **e) {
        AUTO(package_index_closep) PackageIndex *index = xcalloc(1, sizeof *index);
        index->label = xstrdup(label ? label : text_path);
        index->text_fd = open(text_path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        if (index->text_fd < 0 || fstat(index->text_fd, &st) < 0)
                return err_sys(e, "open package index '%s'", text_path);
        if (open_table(index, (uint64_t)st.st_size, table_path, e) < 0) return -1;
        *ret = TAKE(index);
        return 0;
}

void package_index_close(PackageIndex *index) {
        if (index->map) munmap(index->map, index->map_size);
        closep(&index->text_fd);
        free(index->label);
        free(index);
}

size_t package_index_count(const PackageIndex *index) {
        return index->header->counts[TABLE_NAMES];
}

const char *package_index_label(const PackageIndex *index) {
        return index->label;
}

static size_t lower_bound(const TableEntry *v, size_t n, uint64_t hash) {
        size_t low = 0, high = n;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (v[middle].hash < hash)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

TableRange package_index_entries(const PackageIndex *index, TableKind kind, Str name) {
        const TableEntry *v = index->entries[kind];
        uint64_t hash = package_name_hash(name);
        size_t n = index->header->counts[kind], first = lower_bound(v, n, hash), last = first;
        while (last < n && v[last].hash == hash) last++;
        return (TableRange){v + first, last - first};
}

static int read_text(const PackageIndex *index, const TableEntry *entry, char *ret, Err **e) {
        if (entry->size > PACKAGE_PARAGRAPH_MAX || (uint64_t)entry->offset + entry->size > index->header->text_size)
                return err_new(e, ERR_FORMAT, "the table points outside of the text");
        for (size_t done = 0; done < entry->size;) {
                ssize_t n = pread(index->text_fd, ret + done, entry->size - done, (off_t)(entry->offset + done));
                if (n < 0) return err_sys(e, "read");
                if (n == 0) return err_new(e, ERR_FORMAT, "the text is shorter than it was");
                done += (size_t)n;
        }
        return 0;
}

static int read_paragraph(const PackageIndex *index, const TableEntry *entry, Arena *arena, DebianPackage *ret,
                          Err **e) {
        if (entry->size > PACKAGE_PARAGRAPH_MAX) return err_new(e, ERR_FORMAT, "the table points outside of the text");
        char *text = arena_alloc(arena, entry->size);
        if (read_text(index, entry, text, e) < 0) return -1;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        size_t offset = 0;
        int status = control_next((Str){text, entry->size}, "paragraph", &offset, &p, e);
        if (status == 0) return err_new(e, ERR_FORMAT, "no paragraph there");
        return status < 0 ? -1 : package_read_indexed(&p, "paragraph", ret, e);
}

int package_index_read(const PackageIndex *index, const TableEntry *entry, Arena *arena, DebianPackage *ret, Err **e) {
        if (read_paragraph(index, entry, arena, ret, e) == 0) return 0;
        return err_wrap(e, "package index '%s' at byte %u", index->label, (unsigned)entry->offset);
}

int package_index_scan(const PackageIndex *index, const PackageScan *scan, Err **e) {
        if (lseek(index->text_fd, 0, SEEK_SET) < 0) return err_sys(e, "read package index '%s'", index->label);
        AUTO(source_freep) Source *text = source_from_fd(index->text_fd);
        uint64_t size;
        return package_scan(text, scan, &size, e) < 0 ? err_wrap(e, "package index '%s'", index->label) : 0;
}
