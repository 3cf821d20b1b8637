/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/package.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "debian/version.h"

typedef struct TextField {
        const char *name;
        size_t offset; /* of a Str in DebianPackage */
} TextField;

#define TEXT_FIELD(name, member) \
        { name, offsetof(DebianPackage, member) }

static const TextField text_fields[] = {
        TEXT_FIELD("Package", name),
        TEXT_FIELD("Version", version),
        TEXT_FIELD("Architecture", architecture),
        TEXT_FIELD("Multi-Arch", multi_arch),
        TEXT_FIELD("Depends", depends),
        TEXT_FIELD("Pre-Depends", pre_depends),
        TEXT_FIELD("Provides", provides),
        TEXT_FIELD("Conflicts", conflicts),
        TEXT_FIELD("Breaks", breaks),
        TEXT_FIELD("Replaces", replaces),
        TEXT_FIELD("Priority", priority),
        TEXT_FIELD("Section", section),
        TEXT_FIELD("Source", source),
        TEXT_FIELD("Maintainer", maintainer),
        TEXT_FIELD("Homepage", homepage),
        TEXT_FIELD("Description", description),
        TEXT_FIELD("Filename", path),
};

typedef struct Reading {
        const ControlParagraph *paragraph;
        const char *file;
        DebianPackage *package;
        Err **e;
} Reading;

static bool is_lower_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool package_name_valid(Str name) {
        if (name.n < 2 || !is_lower_or_digit(name.p[0])) return false;
        for (size_t i = 1; i < name.n; i++)
                if (!is_lower_or_digit(name.p[i]) && !memchr("+-.", name.p[i], 3)) return false;
        return true;
}

static bool architecture_valid(Str architecture) {
        for (size_t i = 0; i < architecture.n; i++)
                if (!is_lower_or_digit(architecture.p[i]) && architecture.p[i] != '-') return false;
        return architecture.n > 0 && architecture.p[0] != '-';
}

/* Relative, nothing empty, no "." and no "..": it is asked of a server and becomes a place in a cache. */
static bool path_valid(Str path) {
        Str rest = path, part;
        bool more = path.n > 0;
        while (more) {
                more = str_cut(&rest, '/', &part);
                if (part.n == 0 || str_is(part, ".") || str_is(part, "..")) return false;
        }
        for (size_t i = 0; i < path.n; i++)
                if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 0x7f || path.p[i] == '\\') return false;
        return path.n > 0;
}

static int refuse(const Reading *r, const char *field, const char *expected) {
        const ControlField *found = control_find(r->paragraph, field);
        Str name = r->package->name;
        size_t line = found ? found->line : r->paragraph->line;
        if (!found)
                return err_new(r->e, ERR_FORMAT, "%s:%zu: package '" STR_FMT "': no field '%s'", r->file, line,
                               STR_ARG(name), field);
        return err_new(r->e, ERR_FORMAT, "%s:%zu: package '" STR_FMT "': %s: expected %s, found '" STR_FMT "'", r->file,
                       line, STR_ARG(name), field, expected, STR_ARG(str_sub(found->value, 0, 80)));
}

static void take_texts(const ControlParagraph *p, DebianPackage *package) {
        for (size_t i = 0; i < p->fields.n; i++) {
                const ControlField *field = &p->fields.v[i];
                for (size_t j = 0; j < ARRAY_SIZE(text_fields); j++) {
                        if (!str_eq_nocase(field->name, str_of(text_fields[j].name))) continue;
                        *(Str *)((char *)package + text_fields[j].offset) = field->value;
                        break;
                }
        }
}

/* "NAME" or "NAME (VERSION)". */
static void split_source(DebianPackage *package) {
        Str rest = package->source, name;
        package->source_version = package->version;
        if (str_cut(&rest, '(', &name)) {
                Str version;
                str_cut(&rest, ')', &version);
                package->source_version = str_trim(version);
        }
        package->source = name.n > 0 ? str_trim(name) : package->name;
}

static bool says_yes(const ControlParagraph *p, const char *field) {
        return str_eq_nocase(control_get(p, field), STR("yes"));
}

int package_read(const ControlParagraph *p, const char *file, DebianPackage *ret, Err **e) {
        DebianPackage package = {.text = p->text};
        Reading r = {.paragraph = p, .file = file, .package = &package, .e = e};
        take_texts(p, &package);
        if (!package_name_valid(package.name)) return refuse(&r, "Package", "a name of a-z 0-9 + - .");
        if (!debian_version_valid(package.version)) return refuse(&r, "Version", "[epoch:]upstream[-revision]");
        if (!architecture_valid(package.architecture)) return refuse(&r, "Architecture", "a name of a-z 0-9 -");
        split_source(&package);
        Str installed = control_get(p, "Installed-Size");
        if (installed.n > 0 && !u64_parse(installed, 10, &package.installed_kb))
                return refuse(&r, "Installed-Size", "a number");
        package.essential = says_yes(p, "Essential");
        package.important = says_yes(p, "Protected") || says_yes(p, "Important");
        *ret = package;
        return 0;
}

int package_read_indexed(const ControlParagraph *p, const char *file, DebianPackage *ret, Err **e) {
        DebianPackage package;
        if (package_read(p, file, &package, e) < 0) return -1;
        Reading r = {.paragraph = p, .file = file, .package = &package, .e = e};
        if (str_starts(package.path, STR("./"))) /* as repositories of one directory write it */
                package.path = str_sub(package.path, 2, package.path.n);
        if (!path_valid(package.path)) return refuse(&r, "Filename", "a relative path that stays in the repository");
        if (!u64_parse(control_get(p, "Size"), 10, &package.size)) return refuse(&r, "Size", "a number of bytes");
        Str hex = control_get(p, "SHA256");
        if (!hex_parse(hex, package.sha256.bytes, sizeof package.sha256.bytes))
                return refuse(&r, "SHA256", "64 digits of hex");
        *ret = package;
        return 0;
}

bool provides_next_name(Str *provides, Str *ret_name) {
        while (provides->n > 0) {
                Str entry;
                if (!str_cut(provides, ',', &entry)) provides->n = 0;
                entry = str_trim(entry);
                size_t n = 0;
                while (n < entry.n && !memchr(" \t\r\n(:[", entry.p[n], 7)) n++;
                if (n == 0) continue;
                *ret_name = (Str){entry.p, n};
                return true;
        }
        return false;
}
