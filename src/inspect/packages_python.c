/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

/* Installed Python distributions: NAME-VERSION.dist-info/METADATA, or the older egg-info, "Name: value" lines up to the first empty one
 * (core metadata specification). RECORD beside it lists the files. */

static bool wants(const ImageFile *file, Str directory, Str name) {
        (void)directory;
        if (str_is(name, "METADATA")) return ends_with(file->path, ".dist-info/METADATA");
        if (str_is(name, "PKG-INFO")) return ends_with(file->path, ".egg-info/PKG-INFO");
        return str_ends(name, STR(".egg-info"));
}

/* Letter case and the kind of separator do not tell names apart. */
static const char *normal_name(Reading *r, Str name) {
        AUTO(buf_done) Buf b = {0};
        for (size_t i = 0; i < name.n; i++) {
                bool separator = memchr("-_.", name.p[i], 3);
                if (separator && b.n && b.p[b.n - 1] == '-') continue;
                buf_addc(&b, separator ? '-' : (char)tolower((unsigned char)name.p[i]));
        }
        return arena_str(r->arena, buf_str(&b));
}

/* "urllib3 (<3,>=1.21) ; extra == 'x'": what only an extra needs is left out. */
static void add_want(Reading *r, ImagePackage *p, Str requirement) {
        Str name;
        bool marked = str_cut(&requirement, ';', &name);
        if (marked && memmem(requirement.p, requirement.n, "extra", 5)) return;
        size_t n = 0;
        name = str_trim(name);
        while (n < name.n && (isalnum((unsigned char)name.p[n]) || memchr("-_.", name.p[n], 3))) n++;
        if (n) vec_push(&p->wants, normal_name(r, str_sub(name, 0, n)));
}

typedef struct Header {
        Str expression, license, author, mail;
} Header;

static void set_field(Reading *r, ImagePackage *p, Header *h, Str name, Str value) {
        if (str_is(value, "UNKNOWN") || value.n == 0) return;
        if (str_eq_nocase(name, STR("Name")) && !p->name) p->name = reading_str(r, value);
        if (str_eq_nocase(name, STR("Version")) && !p->version) p->version = reading_str(r, value);
        if (str_eq_nocase(name, STR("Summary"))) p->description = reading_str(r, value);
        if (str_eq_nocase(name, STR("Home-page"))) p->homepage = reading_str(r, value);
        if (str_eq_nocase(name, STR("License-Expression"))) h->expression = value;
        if (str_eq_nocase(name, STR("License"))) h->license = value;
        if (str_eq_nocase(name, STR("Author"))) h->author = value;
        if (str_eq_nocase(name, STR("Author-email"))) h->mail = value;
        if (str_eq_nocase(name, STR("Requires-Dist"))) add_want(r, p, value);
}

static void finish(Reading *r, ImagePackage *p, const Header *h) {
        Str license = h->expression.n ? h->expression : h->license;
        p->license = reading_license(r, license, (Str){0});
        bool whole = memchr(h->mail.p ? h->mail.p : "", '<', h->mail.n);
        if (h->author.n && h->mail.n && !whole) {
                p->supplier = arena_printf(r->arena, STR_FMT " <" STR_FMT ">", STR_ARG(h->author), STR_ARG(h->mail));
        } else {
                p->supplier = reading_str(r, whole ? h->mail : h->author);
        }
        vec_push(&p->keys, normal_name(r, str_of(p->name)));
}

static void read_header(Reading *r, ImagePackage *p, Header *h, Str text) {
        bool more = true;
        while (more) {
                Str line, name;
                more = str_cut(&text, '\n', &line);
                if (str_trim(line).n == 0) return; /* the description follows */
                if (line.p[0] == ' ' || line.p[0] == '\t' || !str_cut(&line, ':', &name)) continue;
                set_field(r, p, h, name, str_trim(line));
        }
}

/* Lines "path,hash,size", paths relative to the directory that holds the dist-info. */
static int own_record(Reading *r, ImagePackage *p, Err **e) {
        Str text, directory = str_of(p->place), line, path;
        while (directory.n && directory.p[directory.n - 1] != '/') directory.n--;
        AUTO(freep) char *record = xasprintf(STR_FMT "RECORD", STR_ARG(directory));
        int found = reading_text_at(r, record, PACKAGE_DATABASE_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        if (directory.n) directory.n--;
        while (directory.n && directory.p[directory.n - 1] != '/') directory.n--;
        for (bool more = true; more;) {
                more = str_cut(&text, '\n', &line);
                str_cut(&line, ',', &path);
                if (path.n == 0 || path.p[0] == '"') continue;
                AUTO(freep) char *full = xasprintf(STR_FMT STR_FMT, STR_ARG(directory), STR_ARG(path));
                reading_own(r, p, str_of(full));
        }
        return 0;
}

static int read_file(Reading *r, const ImageFile *file, Err **e) {
        Str text;
        Header header = {0};
        ImagePackage *p = NULL;
        if (file->owned) return 0;
        int found = reading_text(r, file, PACKAGE_METADATA_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        if (reading_add(r, PACKAGE_PYTHON, file, &p, e) < 0) return -1;
        read_header(r, p, &header, text);
        if (!p->name || !p->version) {
                reading_note(r, "/%s: expected Name and Version; passed over", file->path);
                reading_drop(r);
                return 0;
        }
        finish(r, p, &header);
        return own_record(r, p, e);
}

const PackageReader python_reader = {.kind = PACKAGE_PYTHON, .wants = wants, .read = read_file};
