/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <string.h>

#include "base/cleanup.h"
#include "debian/control.h"

/* dpkg's database in both forms: one status file for all with lists in info/, or, in images that are put together from packages, a
 * control file each in status.d/ with NAME.md5sums beside it. */

#define DPKG "var/lib/dpkg"

static bool in_status_d(Str directory) {
        return str_is(directory, DPKG "/status.d");
}

static bool wants(const ImageFile *file, Str directory, Str name) {
        if (streq(file->path, DPKG "/status")) return true;
        return in_status_d(directory) && !str_ends(name, STR(".md5sums")) && !str_ends(name, STR(".sha256sums"));
}

/* "want flag state": packages of which at most the configuration is left are not there. */
static bool is_installed(const ControlParagraph *p) {
        Str status = control_get(p, "Status"), word = {0};
        if (!status.n) return true; /* status.d has no such field */
        bool more = true;
        while (more) more = str_cut(&status, ' ', &word);
        return !str_is(word, "config-files") && !str_is(word, "not-installed");
}

/* "gcc-12 (12.2.0-14)"; the version only when it is not the package's own. */
static void set_source(Reading *r, ImagePackage *p, Str source) {
        Str name;
        if (!str_cut(&source, '(', &name)) source.n = 0;
        Str version;
        str_cut(&source, ')', &version);
        p->source = reading_str(r, name);
        p->source_version = reading_str(r, version);
}

/* "libc6 (>= 2.36), a:any | b [amd64]" -> "libc6", "a|b". */
static void add_wants(Reading *r, ImagePackage *p, Str list) {
        bool more = true;
        while (more && list.n) {
                Str group, one;
                more = str_cut(&list, ',', &group);
                AUTO(buf_done) Buf keys = {0};
                for (bool others = true; others;) {
                        others = str_cut(&group, '|', &one);
                        one = str_trim(one);
                        size_t end = 0;
                        while (end < one.n && !memchr(" \t\n(:[<", one.p[end], 8)) end++;
                        if (end) buf_addf(&keys, "%s" STR_FMT, keys.n ? "|" : "", (int)end, one.p);
                }
                if (keys.n) vec_push(&p->wants, arena_str(r->arena, buf_str(&keys)));
        }
}

static void add_provides(Reading *r, ImagePackage *p, Str list) {
        bool more = true;
        while (more && list.n) {
                Str one, name;
                more = str_cut(&list, ',', &one);
                one = str_trim(one);
                str_cut(&one, ' ', &name);
                if (name.n) vec_push(&p->keys, arena_str(r->arena, name));
        }
}

static int add_package(Reading *r, const ImageFile *file, const ControlParagraph *c, ImagePackage **ret_package,
                       Err **e) {
        ImagePackage *p = NULL;
        if (reading_add(r, PACKAGE_DEB, file, &p, e) < 0) return -1;
        p->name = reading_str(r, control_get(c, "Package"));
        p->version = reading_str(r, control_get(c, "Version"));
        p->architecture = reading_str(r, control_get(c, "Architecture"));
        p->supplier = reading_str(r, control_get(c, "Maintainer"));
        p->homepage = reading_str(r, control_get(c, "Homepage"));
        p->description = reading_str(r, first_line(control_get(c, "Description")));
        set_source(r, p, control_get(c, "Source"));
        vec_push(&p->keys, p->name);
        add_provides(r, p, control_get(c, "Provides"));
        add_wants(r, p, control_get(c, "Pre-Depends"));
        add_wants(r, p, control_get(c, "Depends"));
        *ret_package = p;
        return 0;
}

/* ---- files of a package */

/* "<32 hex>  usr/bin/x": regular files but configuration files. */
static void own_md5sums(Reading *r, ImagePackage *p, Str text) {
        bool more = true;
        while (more) {
                Str line, sum;
                more = str_cut(&text, '\n', &line);
                if (str_cut(&line, ' ', &sum) && sum.n == 32) reading_own(r, p, str_trim(line));
        }
}

/* Every path of the package, directories among them. How many files there should be is not to be learned here: what is absent could
 * be a directory as well. */
static void own_list(Reading *r, ImagePackage *p, Str text) {
        size_t total = p->files_total, present = p->files_present;
        p->files_present = 0;
        bool more = true;
        while (more) {
                Str line;
                more = str_cut(&text, '\n', &line);
                if (line.n > 1 && reading_file(r, line)) reading_own(r, p, line);
        }
        p->files_total = total;
        if (total) p->files_present = present;
}

static int own_from(Reading *r, ImagePackage *p, const char *path, bool sums, Err **e) {
        Str text;
        int found = reading_text_at(r, path, PACKAGE_DATABASE_MAX, &text, e);
        if (found != READING_FOUND) return found;
        (sums ? own_md5sums : own_list)(r, p, text);
        return READING_FOUND;
}

/* info/NAME:ARCH.list for packages of which several architectures can be installed, else info/NAME.list. */
static int own_from_info(Reading *r, ImagePackage *p, const char *suffix, Err **e) {
        const char *forms[] = {arena_printf(r->arena, "/" DPKG "/info/%s:%s.%s", p->name,
                                            p->architecture ? p->architecture : "", suffix),
                               arena_printf(r->arena, "/" DPKG "/info/%s.%s", p->name, suffix)};
        bool sums = streq(suffix, "md5sums");
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                int found = own_from(r, p, forms[i], sums, e);
                if (found != READING_ABSENT) return found < 0 ? -1 : 0;
        }
        return 0;
}

static int own_files(Reading *r, ImagePackage *p, const ImageFile *file, Err **e) {
        if (strchr(p->name, '/')) return 0; /* no name of a package: it would lead elsewhere */
        if (streq(file->path, DPKG "/status"))
                return own_from_info(r, p, "md5sums", e) < 0 ? -1 : own_from_info(r, p, "list", e);
        AUTO(freep) char *sums = xasprintf("/%s.md5sums", file->path);
        return own_from(r, p, sums, true, e) < 0 ? -1 : 0;
}

static int read_paragraph(Reading *r, const ImageFile *file, const ControlParagraph *c, Err **e) {
        ImagePackage *p = NULL;
        if (!is_installed(c)) return 0;
        if (!control_get(c, "Package").n || !control_get(c, "Version").n) {
                reading_note(r, "/%s:%zu: expected the fields Package and Version; passed over", file->path, c->line);
                return 0;
        }
        if (add_package(r, file, c, &p, e) < 0 || own_files(r, p, file, e) < 0) return -1;
        return reading_copyright(r, p, e);
}

static int read_file(Reading *r, const ImageFile *file, Err **e) {
        Str text;
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph paragraph = {0};
        const char *name = arena_printf(r->arena, "/%s", file->path);
        int found = reading_text(r, file, PACKAGE_DATABASE_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        for (;;) {
                Err *failure = NULL;
                int more = control_next(text, name, &offset, &paragraph, &failure);
                if (more < 0) return reading_forgive(r, &failure, e);
                if (more == 0) return 0;
                if (read_paragraph(r, file, &paragraph, e) < 0) return -1;
        }
}

const PackageReader dpkg_reader = {.kind = PACKAGE_DEB, .wants = wants, .read = read_file};
