/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ar.h"

#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/str.h"
#include "os/fs.h"

#define AR_MAGIC "!<arch>\n"
enum {
        MAGIC_SIZE = 8,
        HEADER_SIZE = 60,
        NAME_SIZE = 16,
        TIME_AT = 16,
        TIME_SIZE = 12,
        SIZE_AT = 48,
        SIZE_SIZE = 10,
        END_AT = 58
};

static int read_at(const ArReader *r, uint64_t at, void *data, size_t size, Err **e) {
        size_t got;
        if (fd_read_at(r->fd, at, data, size, &got, e) < 0) return -1;
        if (got == size) return 0;
        return err_new(e, ERR_FORMAT, "the archive is cut short at byte %llu", (unsigned long long)(at + got));
}

int ar_open(int fd, ArReader *ret_reader, Err **e) {
        struct stat st;
        char magic[MAGIC_SIZE];
        if (fstat(fd, &st) < 0) return err_sys(e, "stat the archive");
        ArReader r = {.fd = fd, .at = MAGIC_SIZE, .end = (uint64_t)st.st_size};
        if (r.end < MAGIC_SIZE)
                return err_new(e, ERR_FORMAT, "no ar archive: only %llu bytes", (unsigned long long)r.end);
        if (read_at(&r, 0, magic, sizeof magic, e) < 0) return -1;
        if (memcmp(magic, AR_MAGIC, MAGIC_SIZE) != 0)
                return err_new(e, ERR_FORMAT, "no ar archive: it does not begin with \"!<arch>\"");
        *ret_reader = r;
        return 0;
}

static Str trim_spaces(Str s) {
        while (s.n > 0 && s.p[s.n - 1] == ' ') s.n--;
        return s;
}

static int take_name(Str field, uint64_t at, ArMember *m, Err **e) {
        Str name = trim_spaces(field);
        if (str_starts(name, STR("/")) || str_starts(name, STR("#1/")))
                return err_new(e, ERR_UNSUPPORTED, "byte %llu: a member with a long name", (unsigned long long)at);
        if (name.n > 1 && name.p[name.n - 1] == '/') name.n--;
        if (name.n == 0 || memchr(name.p, '\0', name.n))
                return err_new(e, ERR_FORMAT, "byte %llu: a member without a name", (unsigned long long)at);
        memcpy(m->name, name.p, name.n);
        m->name[name.n] = '\0';
        return 0;
}

static int parse_header(const char *header, uint64_t at, ArMember *m, Err **e) {
        if (memcmp(header + END_AT, "`\n", 2) != 0)
                return err_new(e, ERR_FORMAT, "byte %llu: no header of a member", (unsigned long long)at);
        if (take_name((Str){header, NAME_SIZE}, at, m, e) < 0) return -1;
        if (!u64_parse(trim_spaces((Str){header + SIZE_AT, SIZE_SIZE}), 10, &m->size))
                return err_new(e, ERR_FORMAT, "member '%s': its size is no number", m->name);
        (void)u64_parse(trim_spaces((Str){header + TIME_AT, TIME_SIZE}), 10, &m->mtime_s);
        m->offset = at + HEADER_SIZE;
        return 0;
}

int ar_next(ArReader *r, ArMember *ret_member, Err **e) {
        char header[HEADER_SIZE];
        ArMember m = {0};
        if (r->at >= r->end) return AR_END;
        if (r->count++ == AR_MEMBERS_MAX) return err_new(e, ERR_LIMIT, "more than %d members", AR_MEMBERS_MAX);
        if (read_at(r, r->at, header, sizeof header, e) < 0) return -1;
        if (parse_header(header, r->at, &m, e) < 0) return -1;
        if (m.offset > r->end || m.size > r->end - m.offset)
                return err_new(e, ERR_FORMAT, "member '%s' is cut short: %llu of %llu bytes are there", m.name,
                               (unsigned long long)(r->end > m.offset ? r->end - m.offset : 0),
                               (unsigned long long)m.size);
        r->at = m.offset + m.size + (m.size & 1);
        *ret_member = m;
        return AR_MEMBER;
}
