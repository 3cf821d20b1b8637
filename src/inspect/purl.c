/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/purl.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* Percent-encoded but for unreserved characters and those of keep. */
static void add_encoded(Buf *b, Str text, const char *keep) {
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];
                bool plain = (c < 0x80 && isalnum(c)) || (c && strchr("-._~", c)) || (c && strchr(keep, c));
                if (plain) {
                        buf_addc(b, (char)c);
                } else {
                        buf_addf(b, "%%%02X", c);
                }
        }
}

static void add_version(Buf *b, const ImagePackage *p) {
        if (!p->version) return;
        buf_addc(b, '@');
        add_encoded(b, str_of(p->version), "");
}

/* Names are given in alphabetical order, as the specification wants them. */
static void add_qualifier(Buf *b, const char *name, const char *value) {
        if (!value || !*value) return;
        buf_addf(b, "%c%s=", b->n && memchr(b->p, '?', b->n) ? '&' : '?', name);
        add_encoded(b, str_of(value), "");
}

static char *upstream(const ImagePackage *p) {
        bool other = p->source && !streq(p->source, p->name);
        if (p->source_version && p->version && streq(p->source_version, p->version))
                return other ? xstrdup(p->source) : NULL;
        const char *source = p->source ? p->source : p->name;
        if (p->source_version) return xasprintf("%s@%s", source, p->source_version);
        return other ? xstrdup(source) : NULL;
}

static void add_distribution_package(Buf *b, const ImagePackage *p, const OsInfo *os) {
        bool apk = p->kind == PACKAGE_APK;
        const char *id = os->id ? os->id : apk ? "alpine" : "debian";
        AUTO(freep) char *source = upstream(p);
        AUTO(freep) char *distro = os->version_id ? xasprintf("%s-%s", id, os->version_id) : NULL;
        buf_addf(b, "pkg:%s/", package_kind_name(p->kind));
        add_encoded(b, str_of(id), "");
        buf_addc(b, '/');
        add_encoded(b, str_of(p->name), "");
        add_version(b, p);
        add_qualifier(b, "arch", p->architecture);
        add_qualifier(b, "distro", distro);
        add_qualifier(b, "upstream", source);
}

static void add_python(Buf *b, const ImagePackage *p) {
        AUTO(freep) char *name = xstrdup(p->name);
        for (char *c = name; *c; c++) *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        buf_adds(b, "pkg:pypi/");
        add_encoded(b, str_of(name), "");
        add_version(b, p);
}

/* Scopes and module paths have slashes that stay; "@scope/name" begins with %40. */
static void add_path_name(Buf *b, const char *type, const ImagePackage *p) {
        buf_addf(b, "pkg:%s/", type);
        add_encoded(b, str_of(p->name), "/");
        add_version(b, p);
}

const char *package_purl(const ImagePackage *p, const OsInfo *os, Arena *arena) {
        AUTO(buf_done) Buf b = {0};
        switch (p->kind) {
        case PACKAGE_PYTHON: add_python(&b, p); break;
        case PACKAGE_NPM: add_path_name(&b, "npm", p); break;
        case PACKAGE_GO: add_path_name(&b, "golang", p); break;
        default: add_distribution_package(&b, p, os); break;
        }
        return arena_str(arena, buf_str(&b));
}
