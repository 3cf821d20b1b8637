/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/tar_format.h"

enum { READER_BUFFER = 64 << 10, NAME_FIELDS_MAX = 155 + 1 + 100 + 1 };

struct TarReader {
        Source *source;
        uint64_t offset;    /* of the next byte that is taken */
        uint64_t remaining; /* data of the current entry */
        size_t padding;
        bool ended;
        char *pax_text; /* extended header for the next entry; NULL when there is none */
        size_t pax_size;
        char *long_name, *long_link; /* GNU 'L' and 'K' */
        TarPax pax;
        char name[NAME_FIELDS_MAX];
        char link[101];
        size_t at, end; /* of buffer */
        uint8_t buffer[READER_BUFFER];
};

TarReader *tar_reader_new(Source *source) {
        TarReader *r = xmalloc(sizeof *r);
        memset(r, 0, offsetof(TarReader, buffer));
        r->source = source;
        return r;
}

static void forget_extras(TarReader *r) {
        free(r->pax_text);
        free(r->long_name);
        free(r->long_link);
        r->pax_text = r->long_name = r->long_link = NULL;
}

void tar_reader_free(TarReader *r) {
        forget_extras(r);
        free(r);
}

/* ---- bytes ---- */

/* What the buffer has, else straight from the source where the caller wants much. */
static int take_some(TarReader *r, void *data, size_t size, size_t *ret_size, Err **e) {
        if (r->at == r->end && size >= READER_BUFFER) {
                if (r->source->read(r->source, data, size, ret_size, e) < 0) return -1;
                r->offset += *ret_size;
                return 0;
        }
        if (r->at == r->end) {
                r->at = r->end = 0;
                if (r->source->read(r->source, r->buffer, READER_BUFFER, &r->end, e) < 0) return -1;
        }
        size_t n = r->end - r->at;
        if (n > size) n = size;
        if (n > 0) memcpy(data, r->buffer + r->at, n);
        r->at += n;
        r->offset += n;
        *ret_size = n;
        return 0;
}

static int cut_short(Err **e) {
        return err_new(e, ERR_FORMAT, "the archive is cut short");
}

/* All of size bytes. *ret_nothing (may be NULL): the source had ended before the first. */
static int take(TarReader *r, void *data, size_t size, bool *ret_nothing, Err **e) {
        size_t done = 0;
        while (done < size) {
                size_t n;
                if (take_some(r, (uint8_t *)data + done, size - done, &n, e) < 0) return -1;
                if (n == 0 && (done > 0 || !ret_nothing)) return cut_short(e);
                if (n == 0) break;
                done += n;
        }
        if (ret_nothing) *ret_nothing = done == 0;
        return 0;
}

static int skip(TarReader *r, uint64_t size, Err **e) {
        while (size > 0) {
                if (r->at == r->end) {
                        r->at = r->end = 0;
                        if (r->source->read(r->source, r->buffer, READER_BUFFER, &r->end, e) < 0) return -1;
                        if (r->end == 0) return cut_short(e);
                }
                uint64_t n = r->end - r->at;
                if (n > size) n = size;
                r->at += (size_t)n;
                r->offset += n;
                size -= n;
        }
        return 0;
}

/* ---- headers ---- */

static bool is_zero(const TarBlock *b) {
        static const TarBlock zero = {0};
        return memcmp(b, &zero, sizeof zero) == 0;
}

static bool checksum_is_right(const TarBlock *b) {
        int64_t stored;
        if (!tar_number(b->checksum, sizeof b->checksum, &stored)) return false;
        return stored == tar_checksum(b, false) || stored == tar_checksum(b, true);
}

/* 1: a header; 0: the end of the archive. */
static int next_block(TarReader *r, TarBlock *b, Err **e) {
        bool nothing;
        if (take(r, b, sizeof *b, &nothing, e) < 0) return -1;
        if (nothing) return 0;
        if (!is_zero(b)) {
                return checksum_is_right(b) ? 1 : err_new(e, ERR_FORMAT, "not a tar header (wrong checksum)");
        }
        if (take(r, b, sizeof *b, &nothing, e) < 0) return -1;
        return nothing || is_zero(b) ? 0 : err_new(e, ERR_FORMAT, "a lone zero block");
}

static int number(const char *field, size_t size, const char *what, int64_t *ret_value, Err **e) {
        if (tar_number(field, size, ret_value)) return 0;
        return err_new(e, ERR_FORMAT, "bad %s", what);
}

static int number_u32(const char *field, size_t size, const char *what, uint32_t *ret_value, Err **e) {
        int64_t value;
        if (number(field, size, what, &value, e) < 0) return -1;
        if (value < 0 || value >= UINT32_MAX) return err_new(e, ERR_FORMAT, "%s is out of range", what);
        *ret_value = (uint32_t)value;
        return 0;
}

static int block_size(const TarBlock *b, uint64_t *ret_size, Err **e) {
        int64_t size;
        if (number(b->size, sizeof b->size, "size", &size, e) < 0) return -1;
        if (size < 0) return err_new(e, ERR_FORMAT, "negative size");
        *ret_size = (uint64_t)size;
        return 0;
}

static int64_t clamp_seconds(int64_t seconds) {
        const int64_t most = INT64_MAX / 1000000000 - 1;
        int64_t clamped = seconds > most ? most : seconds < -most ? -most : seconds;
        return clamped * 1000000000;
}

static void copy_field(char *to, const char *field, size_t size) {
        size_t n = strnlen(field, size);
        memcpy(to, field, n);
        to[n] = '\0';
}

/* name, or prefix/name in POSIX archives (GNU ones keep other things there; star a shorter prefix). */
static void block_name(TarReader *r, const TarBlock *b) {
        size_t n = 0;
        if (memcmp(b->magic, "ustar\0", 6) == 0) {
                bool star = memcmp(b->rest + sizeof b->rest - 4, "tar\0", 4) == 0;
                n = strnlen(b->prefix, star ? 131 : sizeof b->prefix);
        }
        memcpy(r->name, b->prefix, n);
        if (n > 0) r->name[n++] = '/';
        copy_field(r->name + n, b->name, sizeof b->name);
}

/* ---- extended headers ---- */

static int take_text(TarReader *r, const TarBlock *b, char **ret_text, size_t *ret_size, Err **e) {
        uint64_t size;
        if (block_size(b, &size, e) < 0) return -1;
        if (size > TAR_PAX_MAX) return err_new(e, ERR_LIMIT, "extended header is larger than %d bytes", TAR_PAX_MAX);
        AUTO(freep) char *text = xmalloc((size_t)size + 1);
        if (take(r, text, (size_t)size, NULL, e) < 0 || skip(r, tar_padding(size), e) < 0) return -1;
        text[size] = '\0';
        free(*ret_text);
        *ret_text = TAKE(text);
        if (ret_size) *ret_size = (size_t)size;
        return 0;
}

static int take_long(TarReader *r, const TarBlock *b, char **ret_text, Err **e) {
        if (take_text(r, b, ret_text, NULL, e) < 0) return -1;
        if (strlen(*ret_text) > TAR_NAME_MAX)
                return err_new(e, ERR_LIMIT, "name is longer than %d bytes", TAR_NAME_MAX);
        return 0;
}

/* Headers that say something about the next entry, or nothing that matters. 1: b is none of them. */
static int take_extra(TarReader *r, const TarBlock *b, Err **e) {
        uint64_t size;
        switch (b->type) {
        case 'x': return take_text(r, b, &r->pax_text, &r->pax_size, e);
        case 'L': return take_long(r, b, &r->long_name, e);
        case 'K': return take_long(r, b, &r->long_link, e);
        case 'g':
        case 'V':
                forget_extras(r);
                if (block_size(b, &size, e) < 0 || skip(r, size, e) < 0) return -1;
                return skip(r, tar_padding(size), e);
        default: return 1;
        }
}

/* ---- entries ---- */

static int entry_type(const TarBlock *b, TarType *ret_type, Err **e) {
        char type = b->type;
        if (type == '\0' || type == '7') type = TAR_FILE;
        if (type < '0' || type > '6') {
                bool sparse = type == 'S';
                return err_new(e, ERR_UNSUPPORTED, "entries of type '%c'%s are not supported",
                               type > ' ' && type < 0x7f ? type : '?', sparse ? " (sparse files)" : "");
        }
        *ret_type = (TarType)type;
        return 0;
}

static int entry_numbers(const TarBlock *b, TarEntry *t, Err **e) {
        int64_t mode, mtime;
        if (number(b->mode, sizeof b->mode, "mode", &mode, e) < 0 ||
            number_u32(b->uid, sizeof b->uid, "user id", &t->uid, e) < 0 ||
            number_u32(b->gid, sizeof b->gid, "group id", &t->gid, e) < 0 ||
            number(b->mtime, sizeof b->mtime, "time", &mtime, e) < 0 || block_size(b, &t->size, e) < 0) {
                return -1;
        }
        t->mode = (uint32_t)mode & 07777;
        t->mtime_ns = clamp_seconds(mtime);
        if (t->type != TAR_CHAR && t->type != TAR_BLOCK) return 0;
        if (number_u32(b->dev_major, sizeof b->dev_major, "device number", &t->dev_major, e) < 0) return -1;
        return number_u32(b->dev_minor, sizeof b->dev_minor, "device number", &t->dev_minor, e);
}

static int apply_pax(TarReader *r, TarEntry *t, Err **e) {
        if (!r->pax_text) return 0;
        if (tar_pax_parse(r->pax_text, r->pax_size, &r->pax, e) < 0) return -1;
        const TarPax *p = &r->pax;
        if (p->path) t->name = p->path;
        if (p->link) t->link = p->link;
        if (p->has_size) t->size = p->size;
        if (p->has_uid) t->uid = p->uid;
        if (p->has_gid) t->gid = p->gid;
        if (p->has_mtime) t->mtime_ns = p->mtime_ns;
        t->xattrs = p->xattrs;
        t->xattr_count = p->xattr_count;
        return 0;
}

/* Links, directories and devices have no data, whatever their size field says. */
static int entry_settle(TarEntry *t, bool before_posix, Err **e) {
        size_t n = strlen(t->name);
        bool is_link = t->type == TAR_HARDLINK || t->type == TAR_SYMLINK;
        if (n == 0) return err_new(e, ERR_FORMAT, "entry without a name");
        if (before_posix && t->name[n - 1] == '/') t->type = TAR_DIR; /* there was no type for directories */
        if (t->type != TAR_FILE) t->size = 0;
        if (!is_link) t->link = NULL;
        if (is_link && *t->link == '\0') return err_new(e, ERR_FORMAT, "link without a target");
        return 0;
}

static int entry_fill(TarReader *r, const TarBlock *b, TarEntry *t, Err **e) {
        block_name(r, b);
        copy_field(r->link, b->link, sizeof b->link);
        *t = (TarEntry){.name = r->name, .link = r->link};
        if (entry_type(b, &t->type, e) < 0 || entry_numbers(b, t, e) < 0 || apply_pax(r, t, e) < 0) return -1;
        if (r->long_name) t->name = r->long_name;
        if (r->long_link) t->link = r->long_link;
        return entry_settle(t, b->type == '\0', e);
}

/* A name from outside goes to a terminal in an error: without control characters, and not too long. */
static int wrap_place(const char *name, uint64_t offset, Err **e) {
        char shown[81];
        size_t n = 0;
        for (; n < sizeof shown - 1 && name[n]; n++) {
                unsigned char c = (unsigned char)name[n];
                shown[n] = c < ' ' || c == 0x7f ? '?' : (char)c;
        }
        shown[n] = '\0';
        if (n == 0) return err_wrap(e, "tar header at byte %" PRIu64, offset);
        return err_wrap(e, "tar entry '%s' at byte %" PRIu64, shown, offset);
}

int tar_reader_next(TarReader *r, TarEntry *ret_entry, Err **e) {
        if (r->ended) return TAR_END;
        if (skip(r, r->remaining, e) < 0 || skip(r, r->padding, e) < 0) return wrap_place(r->name, r->offset, e);
        r->remaining = r->padding = 0;
        forget_extras(r);
        while (true) {
                TarBlock b;
                uint64_t offset = r->offset;
                r->name[0] = '\0';
                int found = next_block(r, &b, e);
                if (found < 0) return wrap_place("", offset, e);
                if (found == 0) break;
                int entry = take_extra(r, &b, e);
                TarEntry t = {.name = ""};
                if (entry < 0 || (entry > 0 && entry_fill(r, &b, &t, e) < 0)) return wrap_place(r->name, offset, e);
                if (entry == 0) continue;
                r->remaining = t.size;
                r->padding = tar_padding(t.size);
                *ret_entry = t;
                return TAR_ENTRY;
        }
        r->ended = true;
        return TAR_END;
}

int tar_reader_data(TarReader *r, void *data, size_t size, size_t *ret_size, Err **e) {
        if (size > r->remaining) size = (size_t)r->remaining;
        *ret_size = 0;
        if (size == 0) return 0;
        if (take_some(r, data, size, ret_size, e) < 0) return -1;
        if (*ret_size == 0) {
                cut_short(e);
                return wrap_place(r->name, r->offset, e);
        }
        r->remaining -= *ret_size;
        return 0;
}
