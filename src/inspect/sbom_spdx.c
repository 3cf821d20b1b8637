/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"
#include "inspect/sbom_internal.h"

/* SPDX 2.3. One package element each for the image, its system and every package; a file element for every program that belongs to
 * none. Scanners read the distribution and the source package from the purl, others from "sourceInfo" in these very words. */

#define DOCUMENT "SPDXRef-DOCUMENT"
#define IMAGE "SPDXRef-ContainerImage"
#define UNKNOWN "NOASSERTION"

static void begin_element(Buf *b) {
        if (b->p[b->n - 1] != '[') buf_addc(b, ',');
        buf_addc(b, '{');
}

/* Letters, digits, dots and dashes are all that an id may have. */
static void add_id_text(Buf *id, const char *text) {
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                buf_addc(id, (c < 0x80 && isalnum(c)) || c == '.' ? (char)c : '-');
        }
}

static char *package_id(const ImagePackage *p) {
        Buf id = {0};
        char key[SBOM_KEY_SIZE];
        sbom_key(p->purl, p->place, key);
        buf_addf(&id, "SPDXRef-Package-%s-", package_kind_name(p->kind));
        add_id_text(&id, p->name);
        buf_addf(&id, "-%s", key);
        return buf_take(&id);
}

static char *system_id(const SbomSubject *s) {
        Buf id = {0};
        buf_adds(&id, "SPDXRef-OperatingSystem-");
        add_id_text(&id, s->packages->os.id);
        return buf_take(&id);
}

static char *file_id(const UnownedFile *file) {
        char key[SBOM_KEY_SIZE];
        sbom_key("file", file->path, key);
        return xasprintf("SPDXRef-File-%s", key);
}

/* ---- elements */

static bool is_group(Str name) {
        static const char *const words[] = {"team",    "maintainers", "group", "developers",
                                            "project", "packagers",   "task"};
        AUTO(freep) char *text = str_dup(name);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcasestr(text, words[i])) return true;
        return false;
}

/* "Organization: Name (mail)" */
static void add_supplier(Buf *b, const char *person) {
        if (!person) return;
        Str name, mail;
        sbom_split_person(person, &name, &mail);
        if (!name.n) name = mail;
        if (!name.n) return;
        AUTO(freep)
        char *text = xasprintf("%s: " STR_FMT "%s" STR_FMT "%s", is_group(name) ? "Organization" : "Person",
                               STR_ARG(name), mail.n ? " (" : "", STR_ARG(mail), mail.n ? ")" : "");
        sbom_add_member(b, "supplier", text);
}

static void add_checksum(Buf *b, const char *algorithm, const void *bytes, size_t size) {
        char hex[DIGEST_HEX_SIZE];
        hex_render(bytes, size, hex);
        begin_element(b);
        sbom_add_member(b, "algorithm", algorithm);
        sbom_add_member(b, "checksumValue", hex);
        buf_addc(b, '}');
}

static void add_purl(Buf *b, const char *purl) {
        json_add_key(b, "externalRefs");
        buf_adds(b, "[{");
        sbom_add_member(b, "referenceCategory", "PACKAGE-MANAGER");
        sbom_add_member(b, "referenceType", "purl");
        sbom_add_member(b, "referenceLocator", purl);
        buf_adds(b, "}]");
}

/* How it came in, which only who has the image can say. */
static char *describe_origin(const SbomSubject *s, const char *place, size_t layer, const ImagePackage *p) {
        Buf text = {0};
        char digest[DIGEST_TEXT_SIZE];
        const char *command = sbom_layer_command(s, layer);
        buf_addf(&text, "found in %s", place);
        if (sbom_layer_digest(s, layer, digest))
                buf_addf(&text, "; layer %zu of %zu, %s", layer + 1, s->config->diff_ids.n, digest);
        if (command) buf_addf(&text, "; made by: %s", command);
        if (p && p->files_total)
                buf_addf(&text, "; %zu of its %zu files are in the image", p->files_present, p->files_total);
        return buf_take(&text);
}

static void add_source_info(Buf *b, const ImagePackage *p) {
        if (!package_is_os(p)) return;
        AUTO(freep) char *text = xasprintf("built package from: %s %s", sbom_source_name(p), sbom_source_version(p));
        sbom_add_member(b, "sourceInfo", text);
}

/* Name to license: what every package element has. */
static void add_package_head(Buf *b, const char *name, const char *id, const char *version, const char *purpose) {
        sbom_add_member(b, "name", name);
        sbom_add_member(b, "SPDXID", id);
        sbom_add_member(b, "versionInfo", version);
        sbom_add_member(b, "primaryPackagePurpose", purpose);
        json_add_key(b, "filesAnalyzed");
        buf_adds(b, "false");
}

static void add_licenses(Buf *b, const char *declared, const char *copyright) {
        sbom_add_member(b, "licenseConcluded", UNKNOWN);
        sbom_add_member(b, "licenseDeclared", declared ? declared : UNKNOWN);
        sbom_add_member(b, "copyrightText", copyright ? copyright : UNKNOWN);
}

static void add_image(const SbomSubject *s, Buf *b) {
        char id[DIGEST_TEXT_SIZE];
        const char *name = sbom_image_name(s, id);
        begin_element(b);
        add_package_head(b, name, IMAGE, id, "CONTAINER");
        sbom_add_member(b, "downloadLocation", UNKNOWN);
        add_licenses(b, NULL, NULL);
        buf_addc(b, '}');
}

static void add_system(const SbomSubject *s, Buf *b) {
        const OsInfo *os = &s->packages->os;
        if (!os->id) return;
        AUTO(freep) char *id = system_id(s);
        begin_element(b);
        add_package_head(b, os->id, id, os->version_id, "OPERATING_SYSTEM");
        sbom_add_member(b, "downloadLocation", UNKNOWN);
        if (sbom_is_url(os->home_url)) sbom_add_member(b, "homepage", os->home_url);
        sbom_add_member(b, "summary", os->pretty_name);
        add_licenses(b, NULL, NULL);
        buf_addc(b, '}');
}

static void add_package(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        AUTO(freep) char *id = package_id(p);
        AUTO(freep) char *origin = describe_origin(s, p->place, p->layer, p);
        begin_element(b);
        add_package_head(b, p->name, id, p->version, "LIBRARY");
        sbom_add_member(b, "downloadLocation", sbom_is_url(p->download) ? p->download : UNKNOWN);
        add_supplier(b, p->supplier);
        add_source_info(b, p);
        if (p->has_sha256) {
                json_add_key(b, "checksums");
                buf_addc(b, '[');
                add_checksum(b, "SHA256", p->sha256.bytes, sizeof p->sha256.bytes);
                buf_addc(b, ']');
        }
        if (sbom_is_url(p->homepage)) sbom_add_member(b, "homepage", p->homepage);
        sbom_add_member(b, "summary", p->description);
        add_licenses(b, p->license, p->copyright);
        sbom_add_member(b, "comment", origin);
        add_purl(b, p->purl);
        buf_addc(b, '}');
}

static void add_file(const SbomSubject *s, const UnownedFile *file, Buf *b) {
        AUTO(freep) char *id = file_id(file);
        AUTO(freep) char *origin = describe_origin(s, file->path, file->layer, NULL);
        begin_element(b);
        sbom_add_member(b, "SPDXID", id);
        sbom_add_member(b, "fileName", file->path);
        json_add_key(b, "fileTypes");
        buf_adds(b, "[\"BINARY\"]");
        json_add_key(b, "checksums");
        buf_addc(b, '[');
        add_checksum(b, "SHA1", file->sha1, sizeof file->sha1);
        add_checksum(b, "SHA256", file->sha256.bytes, sizeof file->sha256.bytes);
        buf_addc(b, ']');
        sbom_add_member(b, "licenseConcluded", UNKNOWN);
        sbom_add_member(b, "copyrightText", UNKNOWN);
        sbom_add_member(b, "comment", origin);
        buf_addc(b, '}');
}

static void add_other_licenses(const SbomSubject *s, Buf *b) {
        if (s->packages->licenses.n == 0) return;
        json_add_key(b, "hasExtractedLicensingInfos");
        buf_addc(b, '[');
        for (size_t i = 0; i < s->packages->licenses.n; i++) {
                const OtherLicense *license = &s->packages->licenses.v[i];
                begin_element(b);
                sbom_add_member(b, "licenseId", license->id);
                sbom_add_member(b, "name", license->name);
                sbom_add_member(b, "extractedText", license->text ? license->text : license->name);
                buf_addc(b, '}');
        }
        buf_addc(b, ']');
}

/* ---- relationships */

static void add_relationship(Buf *b, const char *from, const char *type, const char *to) {
        begin_element(b);
        sbom_add_member(b, "spdxElementId", from);
        sbom_add_member(b, "relationshipType", type);
        sbom_add_member(b, "relatedSpdxElement", to);
        buf_addc(b, '}');
}

static void add_package_relationships(const SbomSubject *s, const ImagePackage *p, const char *system, Buf *b) {
        AUTO(freep) char *id = package_id(p);
        add_relationship(b, package_is_os(p) && system ? system : IMAGE, "CONTAINS", id);
        for (size_t i = 0; i < p->depends.n; i++) {
                AUTO(freep) char *needed = package_id(&s->packages->v.v[p->depends.v[i]]);
                add_relationship(b, id, "DEPENDS_ON", needed);
        }
}

static void add_relationships(const SbomSubject *s, Buf *b) {
        const ImagePackages *packages = s->packages;
        AUTO(freep) char *system = packages->os.id ? system_id(s) : NULL;
        add_relationship(b, DOCUMENT, "DESCRIBES", IMAGE);
        if (system) add_relationship(b, IMAGE, "CONTAINS", system);
        for (size_t i = 0; i < packages->v.n; i++) add_package_relationships(s, &packages->v.v[i], system, b);
        for (size_t i = 0; i < packages->unowned.n; i++) {
                AUTO(freep) char *id = file_id(&packages->unowned.v[i]);
                add_relationship(b, IMAGE, "CONTAINS", id);
        }
}

static void add_head(const SbomSubject *s, Buf *b) {
        char uuid[UUID_TEXT_SIZE], time[40], id[DIGEST_TEXT_SIZE];
        const char *name = sbom_image_name(s, id);
        AUTO(buf_done) Buf space = {0};
        sbom_uuid(s, "spdx", uuid);
        sbom_time(s, time);
        buf_adds(&space, "https://spdx.org/spdxdocs/decant/");
        add_id_text(&space, name);
        buf_addf(&space, "-%s", uuid);
        sbom_add_member(b, "spdxVersion", "SPDX-2.3");
        sbom_add_member(b, "dataLicense", "CC0-1.0");
        sbom_add_member(b, "SPDXID", DOCUMENT);
        sbom_add_member(b, "name", name);
        sbom_add_member(b, "documentNamespace", space.p);
        json_add_key(b, "creationInfo");
        buf_addc(b, '{');
        sbom_add_member(b, "created", time);
        AUTO(freep) char *tool = xasprintf("Tool: decant-%s", s->tool_version);
        json_add_key(b, "creators");
        json_add_list(b, &(StrVec){.v = &tool, .n = 1});
        buf_addc(b, '}');
}

void sbom_add_spdx(const SbomSubject *s, Buf *b) {
        const ImagePackages *packages = s->packages;
        buf_addc(b, '{');
        add_head(s, b);
        json_add_key(b, "packages");
        buf_addc(b, '[');
        add_image(s, b);
        add_system(s, b);
        for (size_t i = 0; i < packages->v.n; i++) add_package(s, &packages->v.v[i], b);
        buf_addc(b, ']');
        if (packages->unowned.n) {
                json_add_key(b, "files");
                buf_addc(b, '[');
                for (size_t i = 0; i < packages->unowned.n; i++) add_file(s, &packages->unowned.v[i], b);
                buf_addc(b, ']');
        }
        add_other_licenses(s, b);
        json_add_key(b, "relationships");
        buf_addc(b, '[');
        add_relationships(s, b);
        buf_adds(b, "]}");
}
