/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"
#include "inspect/sbom_internal.h"

/* The forms that are decant's own: a table for people, and JSON with everything that is known. */

enum { COLUMNS = 4, COLUMN_MAX = 60 };

typedef struct Row {
        const char *cells[COLUMNS];
} Row;

static Row package_row(const ImagePackage *p) {
        return (Row){{p->name, p->version ? p->version : "", package_kind_name(p->kind), p->license ? p->license : ""}};
}

static void widen(size_t widths[COLUMNS], const Row *row) {
        for (size_t i = 0; i < COLUMNS; i++) {
                size_t width = strlen(row->cells[i]);
                if (width > COLUMN_MAX) width = COLUMN_MAX;
                if (width > widths[i]) widths[i] = width;
        }
}

/* Control characters of a hostile image must not reach the terminal. */
static void add_cell(Buf *b, const char *text, size_t width) {
        size_t size = strlen(text), n = size > COLUMN_MAX ? COLUMN_MAX - 3 : size;
        for (size_t i = 0; i < n; i++) buf_addc(b, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
        if (n < size) buf_adds(b, "...");
        for (size_t i = n < size ? COLUMN_MAX : n; i < width; i++) buf_addc(b, ' ');
}

static void add_row(Buf *b, const Row *row, const size_t widths[COLUMNS]) {
        for (size_t i = 0; i < COLUMNS; i++) {
                add_cell(b, row->cells[i], i + 1 < COLUMNS ? widths[i] + 3 : 0);
        }
        while (b->n && b->p[b->n - 1] == ' ') b->n--;
        buf_addc(b, '\n');
}

void sbom_add_table(const SbomSubject *s, Buf *b) {
        static const Row header = {{"NAME", "VERSION", "TYPE", "LICENSE"}};
        size_t widths[COLUMNS] = {0};
        const ImagePackages *packages = s->packages;
        widen(widths, &header);
        for (size_t i = 0; i < packages->v.n; i++) {
                Row row = package_row(&packages->v.v[i]);
                widen(widths, &row);
        }
        add_row(b, &header, widths);
        for (size_t i = 0; i < packages->v.n; i++) {
                Row row = package_row(&packages->v.v[i]);
                add_row(b, &row, widths);
        }
        if (packages->unowned.n)
                buf_addf(b, "\nPrograms and libraries that belong to no package: %zu\n", packages->unowned.n);
        for (size_t i = 0; i < packages->unowned.n; i++) {
                buf_adds(b, "  ");
                add_cell(b, packages->unowned.v[i].path, 0);
                buf_addc(b, '\n');
        }
}

/* ---- JSON */

static void add_number(Buf *b, const char *key, uint64_t value) {
        json_add_key(b, key);
        buf_addf(b, "%llu", (unsigned long long)value);
}

static void begin_element(Buf *b) {
        if (b->p[b->n - 1] != '[') buf_addc(b, ',');
        buf_addc(b, '{');
}

static void add_layer(const SbomSubject *s, size_t layer, Buf *b) {
        char digest[DIGEST_TEXT_SIZE];
        if (sbom_layer_digest(s, layer, digest)) sbom_add_member(b, "layer", digest);
        sbom_add_member(b, "instruction", sbom_layer_command(s, layer));
}

static void add_sha256(Buf *b, const Digest *digest) {
        char text[DIGEST_HEX_SIZE];
        digest_hex(digest, text);
        sbom_add_member(b, "sha256", text);
}

static void add_depends(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        json_add_key(b, "dependsOn");
        buf_addc(b, '[');
        for (size_t i = 0; i < p->depends.n; i++) {
                if (i) buf_addc(b, ',');
                json_add_string_plain(b, str_of(s->packages->v.v[p->depends.v[i]].purl));
        }
        buf_addc(b, ']');
}

static void add_package(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        begin_element(b);
        sbom_add_member(b, "type", package_kind_name(p->kind));
        sbom_add_member(b, "name", p->name);
        sbom_add_member(b, "version", p->version);
        sbom_add_member(b, "architecture", p->architecture);
        sbom_add_member(b, "source", p->source);
        sbom_add_member(b, "sourceVersion", p->source_version);
        sbom_add_member(b, "purl", p->purl);
        sbom_add_member(b, "supplier", p->supplier);
        sbom_add_member(b, "homepage", p->homepage);
        sbom_add_member(b, "description", p->description);
        sbom_add_member(b, "license", p->license);
        sbom_add_member(b, "place", p->place);
        add_layer(s, p->layer, b);
        if (p->has_sha256) add_sha256(b, &p->sha256);
        sbom_add_member(b, "download", p->download);
        if (p->files_total) add_number(b, "filesTotal", p->files_total);
        add_number(b, "filesPresent", p->files_present);
        add_depends(s, p, b);
        buf_addc(b, '}');
}

static void add_unowned(const SbomSubject *s, const UnownedFile *file, Buf *b) {
        begin_element(b);
        sbom_add_member(b, "path", file->path);
        add_number(b, "size", file->size_bytes);
        add_sha256(b, &file->sha256);
        add_layer(s, file->layer, b);
        buf_addc(b, '}');
}

static void add_image(const SbomSubject *s, Buf *b) {
        char id[DIGEST_TEXT_SIZE], platform[96];
        digest_text(s->image_id, id);
        platform_render(&s->config->platform, platform);
        json_add_key(b, "image");
        buf_addc(b, '{');
        sbom_add_member(b, "name", s->name);
        sbom_add_member(b, "id", id);
        sbom_add_member(b, "platform", platform);
        buf_addc(b, '}');
        json_add_key(b, "os");
        buf_addc(b, '{');
        sbom_add_member(b, "id", s->packages->os.id);
        sbom_add_member(b, "versionId", s->packages->os.version_id);
        sbom_add_member(b, "codename", s->packages->os.codename);
        sbom_add_member(b, "name", s->packages->os.pretty_name);
        buf_addc(b, '}');
}

void sbom_add_json(const SbomSubject *s, Buf *b) {
        const ImagePackages *packages = s->packages;
        buf_addc(b, '{');
        add_image(s, b);
        json_add_key(b, "packages");
        buf_addc(b, '[');
        for (size_t i = 0; i < packages->v.n; i++) add_package(s, &packages->v.v[i], b);
        buf_addc(b, ']');
        json_add_key(b, "unowned");
        buf_addc(b, '[');
        for (size_t i = 0; i < packages->unowned.n; i++) add_unowned(s, &packages->unowned.v[i], b);
        buf_addc(b, ']');
        json_add_key(b, "notes");
        json_add_list(b, &(StrVec){.v = (char **)packages->notes.v, .n = packages->notes.n});
        buf_addc(b, '}');
}
