/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/deb_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "codec/ar.h"
#include "codec/tar.h"
#include "os/fs.h"

enum { BINARY_MAX = 64, CONTROL_FILE_MAX = 256 };
#define DATE_MAX_S UINT64_C(253402300799) /* the end of the year 9999 */

/* ---- members of the archive */

/* debian-binary: "2.MINOR", and lines that mean nothing to us. */
static int check_format(int fd, const ArMember *m, Err **e) {
        char text[BINARY_MAX];
        size_t n = m->size < sizeof text ? (size_t)m->size : sizeof text, got;
        if (fd_read_at(fd, m->offset, text, n, &got, e) < 0) return -1;
        Str rest = {text, got}, line;
        str_cut(&rest, '\n', &line);
        if (str_starts(line, STR("2."))) return 0;
        return err_new(e, ERR_UNSUPPORTED, "a package of format '" STR_FMT "'; 2.0 is understood", STR_ARG(line));
}

static int next_member(ArReader *r, ArMember *m, const char *wanted, Err **e) {
        int found = ar_next(r, m, e);
        if (found < 0) return -1;
        return found == AR_MEMBER ? 0 : err_new(e, ERR_FORMAT, "no member '%s'", wanted);
}

/* Members whose name begins with "_" are other people's and passed over. */
static int find_member(ArReader *r, const char *wanted, ArMember *m, Err **e) {
        do {
                if (next_member(r, m, wanted, e) < 0) return -1;
        } while (m->name[0] == '_');
        if (starts_with(m->name, wanted)) return 0;
        return err_new(e, ERR_FORMAT, "member '%s' stands where '%s' should", m->name, wanted);
}

typedef struct DebMembers {
        ArMember binary, control, data;
} DebMembers;

static int find_members(int fd, DebMembers *ret_members, Err **e) {
        ArReader r;
        ArMember *binary = &ret_members->binary;
        if (ar_open(fd, &r, e) < 0) return -1;
        if (next_member(&r, binary, "debian-binary", e) < 0) return -1;
        if (!streq(binary->name, "debian-binary"))
                return err_new(e, ERR_FORMAT, "no Debian package: its first member is '%s'", binary->name);
        if (check_format(fd, binary, e) < 0) return -1;
        if (find_member(&r, "control.tar", &ret_members->control, e) < 0) return -1;
        return find_member(&r, "data.tar", &ret_members->data, e);
}

/* ---- a member as a stream of tar bytes */

typedef struct MemberSource {
        Source base;
        Source *raw, *tar;
} MemberSource;

static int member_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        Source *tar = ((MemberSource *)s)->tar;
        return tar->read(tar, data, size, ret_size, e);
}

static void member_free(Source *s) {
        MemberSource *m = (MemberSource *)s;
        source_freep(&m->tar);
        source_freep(&m->raw);
        free(m);
}

static int named_compression(const ArMember *m, Compression *ret_compression, Err **e) {
        static const struct {
                const char *suffix;
                Compression compression;
        } rows[] = {{"", COMPRESSION_NONE},
                    {".gz", COMPRESSION_GZIP},
                    {".xz", COMPRESSION_XZ},
                    {".zst", COMPRESSION_ZSTD},
                    {".bz2", COMPRESSION_BZIP2}};
        const char *suffix = strstr(m->name, ".tar") + 4;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (!streq(suffix, rows[i].suffix)) continue;
                *ret_compression = rows[i].compression;
                return 0;
        }
        return err_new(e, ERR_UNSUPPORTED, "member '%s' is compressed in a way that is not understood", m->name);
}

static int open_member(int fd, const ArMember *m, uint64_t max, Source **ret_tar, Err **e) {
        Compression named = COMPRESSION_NONE, found;
        if (named_compression(m, &named, e) < 0) return -1;
        MemberSource *member = xcalloc(1, sizeof *member);
        AUTO(source_freep) Source *source = &member->base;
        member->base = (Source){member_read, member_free};
        member->raw = source_from_range(fd, m->offset, m->size);
        if (source_decompressing(member->raw, max, &found, &member->tar, e) < 0) return -1;
        if (found != named) return err_new(e, ERR_FORMAT, "its data are %s", compression_name(found));
        *ret_tar = TAKE(source);
        return 0;
}

int deb_open_data(int fd, Source **ret_tar, Err **e) {
        DebMembers members;
        if (find_members(fd, &members, e) < 0) return -1;
        if (open_member(fd, &members.data, DEB_DATA_MAX, ret_tar, e) < 0)
                return err_wrap(e, "member '%s'", members.data.name);
        return 0;
}

/* ---- what control.tar holds */

void deb_control_done(DebControl *c) {
        free(c->control);
        free(c->md5sums);
        free(c->conffiles);
        strvec_done(&c->scripts);
        *c = (DebControl){0};
}

static int read_text(TarReader *r, const TarEntry *entry, char **ret_text, size_t *ret_size, Err **e) {
        size_t size = (size_t)entry->size, got = 0; /* at most DEB_CONTROL_MAX, or reading fails */
        if (entry->size > DEB_CONTROL_MAX) return err_new(e, ERR_LIMIT, "more than %d bytes", DEB_CONTROL_MAX);
        AUTO(freep) char *text = xmalloc(size + 1);
        while (got < size) {
                size_t n;
                if (tar_reader_data(r, text + got, size - got, &n, e) < 0) return -1;
                if (n == 0) return err_new(e, ERR_FORMAT, "cut short");
                got += n;
        }
        text[size] = '\0';
        free(*ret_text); /* the last of two wins, as unpacking would have it */
        *ret_text = TAKE(text);
        *ret_size = size;
        return 0;
}

static bool is_script(const char *name) {
        static const char *const names[] = {"config", "postinst", "postrm", "preinst", "prerm"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (streq(name, names[i])) return true;
        return false;
}

static int take_entry(TarReader *r, const TarEntry *entry, DebControl *c, Err **e) {
        const char *name = entry->name;
        size_t ignored;
        if (entry->type != TAR_FILE) return 0;
        if (starts_with(name, "./")) name += 2;
        if (streq(name, "control")) return read_text(r, entry, &c->control, &c->control_size, e);
        if (streq(name, "md5sums")) return read_text(r, entry, &c->md5sums, &c->md5sums_size, e);
        if (streq(name, "conffiles")) return read_text(r, entry, &c->conffiles, &ignored, e);
        if (is_script(name) && strvec_index(&c->scripts, name) < 0) strvec_push(&c->scripts, name);
        return 0;
}

static int read_control_tar(Source *tar, DebControl *c, Err **e) {
        AUTO(tar_reader_freep) TarReader *r = tar_reader_new(tar);
        TarEntry entry;
        unsigned count = 0;
        int found;
        while ((found = tar_reader_next(r, &entry, e)) == TAR_ENTRY) {
                if (count++ == CONTROL_FILE_MAX) return err_new(e, ERR_LIMIT, "more than %d files", CONTROL_FILE_MAX);
                if (take_entry(r, &entry, c, e) < 0) return err_wrap(e, "'%s'", entry.name);
        }
        if (found < 0) return -1;
        if (!c->control) return err_new(e, ERR_FORMAT, "holds no file 'control'");
        strvec_sort(&c->scripts);
        return 0;
}

int deb_read_control(int fd, DebControl *ret_control, Err **e) {
        DebMembers members;
        AUTO(source_freep) Source *tar = NULL;
        AUTO(deb_control_done) DebControl c = {0};
        if (find_members(fd, &members, e) < 0) return -1;
        if (open_member(fd, &members.control, DEB_CONTROL_MAX, &tar, e) < 0 || read_control_tar(tar, &c, e) < 0)
                return err_wrap(e, "member '%s'", members.control.name);
        c.built_s = members.binary.mtime_s > DATE_MAX_S ? 0 : (int64_t)members.binary.mtime_s;
        *ret_control = c;
        c = (DebControl){0};
        return 0;
}
