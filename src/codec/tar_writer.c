/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/tar_format.h"

enum {
        WRITER_BUFFER = 64 << 10, /* so that many small files cost few calls of the sink */
        ID_MAX = 07777777,
        PAX_NAME_KEEP = 64,
};
static const uint64_t size_max = 077777777777;

struct TarWriter {
        Sink *sink;
        uint64_t remaining; /* data of the entry still to come */
        size_t padding;     /* zero bytes behind them */
        Buf pax;            /* records of the entry being written */
        size_t buffered;
        uint8_t buffer[WRITER_BUFFER];
};

TarWriter *tar_writer_new(Sink *sink) {
        TarWriter *w = xmalloc(sizeof *w);
        w->sink = sink;
        w->remaining = 0;
        w->padding = 0;
        w->pax = (Buf){0};
        w->buffered = 0;
        return w;
}

void tar_writer_free(TarWriter *w) {
        buf_done(&w->pax);
        free(w);
}

/* ---- bytes ---- */

static int flush(TarWriter *w, Err **e) {
        size_t n = w->buffered;
        w->buffered = 0;
        return n > 0 ? sink_write(w->sink, w->buffer, n, e) : 0;
}

static int emit(TarWriter *w, const void *data, size_t size, Err **e) {
        if (size > WRITER_BUFFER - w->buffered) {
                if (flush(w, e) < 0) return -1;
                if (size >= WRITER_BUFFER / 2) return sink_write(w->sink, data, size, e);
        }
        if (size > 0) memcpy(w->buffer + w->buffered, data, size);
        w->buffered += size;
        return 0;
}

static int emit_zeros(TarWriter *w, size_t size, Err **e) {
        static const uint8_t zeros[TAR_BLOCK_SIZE] = {0};
        return emit(w, zeros, size, e);
}

/* ---- header ---- */

/* size - 1 octal digits and a NUL; what does not fit stands in a pax record, and 0 here. */
static void put_octal(char *field, size_t size, uint64_t value) {
        field[size - 1] = '\0';
        for (size_t i = size - 1; i-- > 0; value >>= 3) field[i] = (char)('0' + (value & 7));
}

static void put_checksum(TarBlock *b) {
        put_octal(b->checksum, 7, (uint64_t)tar_checksum(b, false));
        b->checksum[7] = ' ';
}

static void block_init(TarBlock *b, char type, uint32_t mode) {
        memset(b, 0, sizeof *b);
        memcpy(b->magic, "ustar\00000", sizeof b->magic);
        b->type = type;
        put_octal(b->mode, sizeof b->mode, mode);
        put_octal(b->uid, sizeof b->uid, 0);
        put_octal(b->gid, sizeof b->gid, 0);
        put_octal(b->size, sizeof b->size, 0);
        put_octal(b->mtime, sizeof b->mtime, 0);
        put_octal(b->dev_major, sizeof b->dev_major, 0);
        put_octal(b->dev_minor, sizeof b->dev_minor, 0);
}

/* Split a long name at a slash so that both halves fit; the slash itself is not stored. */
static bool split_name(Str name, size_t *ret_prefix_size) {
        size_t from = name.n - 101; /* the rest behind the slash: 100 bytes at most, 1 at least */
        for (size_t i = from; i < name.n - 1 && i <= sizeof((TarBlock *)0)->prefix; i++) {
                if (name.p[i] != '/' || i == 0) continue;
                *ret_prefix_size = i;
                return true;
        }
        return false;
}

static bool put_name(TarBlock *b, Str name) {
        size_t prefix_size;
        if (name.n <= sizeof b->name) {
                memcpy(b->name, name.p, name.n);
                return true;
        }
        if (!split_name(name, &prefix_size)) return false;
        memcpy(b->prefix, name.p, prefix_size);
        memcpy(b->name, name.p + prefix_size + 1, name.n - prefix_size - 1);
        return true;
}

/* ---- pax ---- */

static size_t digit_count(size_t n) {
        size_t digits = 1;
        while (n >= 10) {
                n /= 10;
                digits++;
        }
        return digits;
}

/* The length at the front counts itself. */
static void pax_add(Buf *b, const char *key, const char *suffix, Str value) {
        size_t rest = 1 + strlen(key) + strlen(suffix) + 1 + value.n + 1;
        size_t total = rest + digit_count(rest);
        if (rest + digit_count(total) > total) total = rest + digit_count(total);
        buf_addf(b, "%zu %s%s=", total, key, suffix);
        buf_add_str(b, value);
        buf_addc(b, '\n');
}

static void pax_add_number(Buf *b, const char *key, int64_t value) {
        char text[24];
        int n = snprintf(text, sizeof text, "%" PRId64, value);
        pax_add(b, key, "", (Str){text, (size_t)n});
}

static int pax_add_xattrs(Buf *b, const TarEntry *entry, Err **e) {
        for (size_t i = 0; i < entry->xattr_count; i++) {
                const Xattr *x = &entry->xattrs[i];
                if (strchr(x->name, '=')) {
                        return err_new(e, ERR_UNSUPPORTED,
                                       "extended attribute '%s': a tar has no way to write a name with '='", x->name);
                }
                pax_add(b, "SCHILY.xattr.", x->name, (Str){x->value, x->size});
        }
        return 0;
}

/* A readable name for programs that know no pax: the entry's last component, cut. */
static void pax_header_name(Str name, TarBlock *b) {
        while (name.n > 1 && name.p[name.n - 1] == '/') name.n--;
        const char *slash = memrchr(name.p, '/', name.n);
        Str base = slash && slash + 1 < name.p + name.n ? str_sub(name, (size_t)(slash + 1 - name.p), name.n) : name;
        memcpy(b->name, "PaxHeaders/", 11);
        memcpy(b->name + 11, base.p, base.n < PAX_NAME_KEEP ? base.n : PAX_NAME_KEEP);
}

static int pax_emit(TarWriter *w, Str name, Err **e) {
        TarBlock b;
        if (w->pax.n == 0) return 0;
        block_init(&b, 'x', 0644);
        pax_header_name(name, &b);
        put_octal(b.size, sizeof b.size, w->pax.n);
        put_checksum(&b);
        if (emit(w, &b, sizeof b, e) < 0 || emit(w, w->pax.p, w->pax.n, e) < 0) return -1;
        return emit_zeros(w, tar_padding(w->pax.n), e);
}

/* ---- entries ---- */

static int64_t floor_seconds(int64_t ns) {
        int64_t seconds = ns / 1000000000;
        return ns % 1000000000 < 0 ? seconds - 1 : seconds;
}

/* Fill the header; what it cannot hold goes to w->pax, keys in bytewise order. */
static int fill(TarWriter *w, const TarEntry *entry, Str name, TarBlock *b, Err **e) {
        int64_t mtime = floor_seconds(entry->mtime_ns);
        Str link = str_of(entry->link ? entry->link : "");
        buf_clear(&w->pax);
        if (pax_add_xattrs(&w->pax, entry, e) < 0) return -1;
        if (entry->gid > ID_MAX) pax_add_number(&w->pax, "gid", entry->gid);
        if (link.n > sizeof b->link) pax_add(&w->pax, "linkpath", "", link);
        if (mtime < 0 || (uint64_t)mtime > size_max) pax_add_number(&w->pax, "mtime", mtime);
        if (!put_name(b, name)) {
                memcpy(b->name, name.p, sizeof b->name);
                pax_add(&w->pax, "path", "", name);
        }
        if (entry->size > size_max) pax_add_number(&w->pax, "size", (int64_t)entry->size);
        if (entry->uid > ID_MAX) pax_add_number(&w->pax, "uid", entry->uid);

        memcpy(b->link, link.p, link.n < sizeof b->link ? link.n : sizeof b->link);
        if (entry->uid <= ID_MAX) put_octal(b->uid, sizeof b->uid, entry->uid);
        if (entry->gid <= ID_MAX) put_octal(b->gid, sizeof b->gid, entry->gid);
        if (entry->size <= size_max) put_octal(b->size, sizeof b->size, entry->size);
        if (mtime >= 0 && (uint64_t)mtime <= size_max) put_octal(b->mtime, sizeof b->mtime, (uint64_t)mtime);
        put_octal(b->dev_major, sizeof b->dev_major, entry->dev_major);
        put_octal(b->dev_minor, sizeof b->dev_minor, entry->dev_minor);
        put_checksum(b);
        return 0;
}

static int entry_check(const TarWriter *w, const TarEntry *entry, Err **e) {
        if (w->remaining > 0)
                return err_new(e, ERR_INTERNAL, "tar: the entry before '%s' is not complete", entry->name);
        if (*entry->name == '\0') return err_new(e, ERR_INTERNAL, "tar: an entry without a name");
        if (entry->size > 0 && entry->type != TAR_FILE) {
                return err_new(e, ERR_INTERNAL, "tar: '%s' is no file but has data", entry->name);
        }
        if (entry->size > INT64_MAX || entry->dev_major > ID_MAX || entry->dev_minor > ID_MAX) {
                return err_new(e, ERR_LIMIT, "tar: size or device number of '%s' is too large", entry->name);
        }
        return 0;
}

int tar_writer_entry(TarWriter *w, const TarEntry *entry, Err **e) {
        if (entry_check(w, entry, e) < 0) return -1;
        AUTO(freep) char *with_slash = NULL;
        Str name = str_of(entry->name);
        if (entry->type == TAR_DIR && name.p[name.n - 1] != '/') {
                with_slash = xasprintf("%s/", entry->name);
                name = str_of(with_slash);
        }
        TarBlock b;
        block_init(&b, (char)entry->type, entry->mode & 07777);
        if (fill(w, entry, name, &b, e) < 0) return -1;
        if (pax_emit(w, name, e) < 0 || emit(w, &b, sizeof b, e) < 0) return -1;
        w->remaining = entry->size;
        w->padding = tar_padding(entry->size);
        return 0;
}

int tar_writer_data(TarWriter *w, const void *data, size_t size, Err **e) {
        if (size > w->remaining) return err_new(e, ERR_INTERNAL, "tar: more data than the entry's size");
        if (size == 0) return 0;
        w->remaining -= size;
        if (emit(w, data, size, e) < 0) return -1;
        return w->remaining == 0 ? emit_zeros(w, w->padding, e) : 0;
}

int tar_writer_finish(TarWriter *w, Err **e) {
        if (w->remaining > 0) return err_new(e, ERR_INTERNAL, "tar: the last entry is not complete");
        for (int i = 0; i < 2; i++) {
                if (emit_zeros(w, TAR_BLOCK_SIZE, e) < 0) return -1;
        }
        return flush(w, e);
}
