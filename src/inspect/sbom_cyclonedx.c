/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"
#include "inspect/sbom_internal.h"

/* CycloneDX 1.6. Components are flat, since some readers look at the top level only; what belongs to what is in "dependencies".
 * Distribution and source package are in the purl for one half of the scanners and in properties for the other. */

#define IMAGE_REF "image"
#define SYSTEM_REF "os"

static void begin_element(Buf *b) {
        if (b->p[b->n - 1] != '[') buf_addc(b, ',');
        buf_addc(b, '{');
}

static void begin_list(Buf *b, const char *key) {
        json_add_key(b, key);
        buf_addc(b, '[');
}

static void add_list_text(Buf *b, const char *text) {
        if (b->p[b->n - 1] != '[') buf_addc(b, ',');
        json_add_string_plain(b, str_of(text));
}

/* A purl is unique but for the same package at several places. */
static char *package_ref(const SbomSubject *s, const ImagePackage *p) {
        const ImagePackage *first = s->packages->v.v, *end = first + s->packages->v.n;
        bool again = (p > first && streq(p[-1].purl, p->purl)) || (p + 1 < end && streq(p[1].purl, p->purl));
        if (!again) return xstrdup(p->purl);
        char key[SBOM_KEY_SIZE];
        sbom_key(p->purl, p->place, key);
        return xasprintf("%s#%s", p->purl, key);
}

static char *file_ref(const UnownedFile *file) {
        return xasprintf("file:%s", file->path);
}

/* ---- parts of a component */

static void add_property(Buf *b, const char *name, const char *value) {
        if (!value || !*value) return;
        begin_element(b);
        sbom_add_member(b, "name", name);
        sbom_add_member(b, "value", value);
        buf_addc(b, '}');
}

static void add_number_property(Buf *b, const char *name, uint64_t value) {
        AUTO(freep) char *text = xasprintf("%llu", (unsigned long long)value);
        add_property(b, name, text);
}

static void add_layer_properties(const SbomSubject *s, const char *place, size_t layer, Buf *b) {
        char digest[DIGEST_TEXT_SIZE];
        bool known = sbom_layer_digest(s, layer, digest);
        add_property(b, "decant:place", place);
        add_property(b, "decant:layer", known ? digest : NULL);
        add_property(b, "decant:instruction", sbom_layer_command(s, layer));
        add_property(b, "syft:location:0:path", place);
        add_property(b, "syft:location:0:layerID", known ? digest : NULL);
        add_property(b, "aquasecurity:trivy:LayerDiffID", known ? digest : NULL);
}

/* The scanner that reads these takes epoch, version and revision apart. */
static void add_source_properties(const ImagePackage *p, Buf *b) {
        Str version = str_of(sbom_source_version(p)), epoch = {0};
        const char *dash = p->kind == PACKAGE_DEB ? strrchr(version.p, '-') : NULL;
        AUTO(freep) char *release = dash ? xstrdup(dash + 1) : NULL;
        if (dash) version.n = (size_t)(dash - version.p);
        if (!str_cut(&version, ':', &epoch)) epoch.n = 0;
        AUTO(freep) char *number = str_dup(epoch), *upstream = str_dup(version);
        add_property(b, "aquasecurity:trivy:SrcName", sbom_source_name(p));
        add_property(b, "aquasecurity:trivy:SrcVersion", upstream);
        add_property(b, "aquasecurity:trivy:SrcRelease", release);
        if (!streq(number, "0")) add_property(b, "aquasecurity:trivy:SrcEpoch", number);
        add_property(b, "syft:metadata:source", p->source);
        add_property(b, "syft:metadata:sourceVersion", p->source_version);
}

static const struct {
        const char *trivy, *syft;
} package_types[PACKAGE_KIND_MAX] = {
        [PACKAGE_DEB] = {"debian", "deb"},           [PACKAGE_APK] = {"alpine", "apk"},
        [PACKAGE_PYTHON] = {"python-pkg", "python"}, [PACKAGE_NPM] = {"node-pkg", "npm"},
        [PACKAGE_GO] = {"gobinary", "go-module"},
};

static void add_package_properties(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        bool ubuntu = p->kind == PACKAGE_DEB && s->packages->os.id && streq(s->packages->os.id, "ubuntu");
        begin_list(b, "properties");
        add_layer_properties(s, p->place, p->layer, b);
        if (p->files_total) {
                add_number_property(b, "decant:files:total", p->files_total);
                add_number_property(b, "decant:files:present", p->files_present);
        }
        add_property(b, "syft:package:type", package_types[p->kind].syft);
        add_property(b, "aquasecurity:trivy:PkgType", ubuntu ? "ubuntu" : package_types[p->kind].trivy);
        if (package_is_os(p)) {
                add_source_properties(p, b);
        } else {
                add_property(b, "aquasecurity:trivy:FilePath", p->place + 1);
        }
        buf_addc(b, ']');
}

static void add_supplier(Buf *b, const char *person) {
        Str name, mail;
        if (!person) return;
        sbom_split_person(person, &name, &mail);
        if (!name.n) return;
        json_add_key(b, "supplier");
        buf_addc(b, '{');
        json_add_key(b, "name");
        json_add_string_plain(b, name);
        if (mail.n && memchr(mail.p, '@', mail.n)) {
                begin_list(b, "contact");
                buf_addc(b, '{');
                json_add_key(b, "email");
                json_add_string_plain(b, mail);
                buf_adds(b, "}]");
        }
        buf_addc(b, '}');
}

static void add_hash(Buf *b, const Digest *sha256) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(sha256, hex);
        begin_list(b, "hashes");
        begin_element(b);
        sbom_add_member(b, "alg", "SHA-256");
        sbom_add_member(b, "content", hex);
        buf_adds(b, "}]");
}

static void add_reference(Buf *b, const char *type, const char *url) {
        if (!sbom_is_url(url)) return;
        begin_element(b);
        sbom_add_member(b, "type", type);
        sbom_add_member(b, "url", url);
        buf_addc(b, '}');
}

static void add_references(Buf *b, const ImagePackage *p) {
        if (!sbom_is_url(p->homepage) && !sbom_is_url(p->download)) return;
        begin_list(b, "externalReferences");
        add_reference(b, "website", p->homepage);
        add_reference(b, "distribution", p->download);
        buf_addc(b, ']');
}

/* ---- components */

static void begin_component(Buf *b, const char *type, const char *ref) {
        begin_element(b);
        sbom_add_member(b, "type", type);
        sbom_add_member(b, "bom-ref", ref);
}

static void add_system(const SbomSubject *s, Buf *b) {
        const OsInfo *os = &s->packages->os;
        if (!os->id) return;
        begin_component(b, "operating-system", SYSTEM_REF);
        sbom_add_member(b, "name", os->id);
        sbom_add_member(b, "version", os->version_id ? os->version_id : "");
        sbom_add_member(b, "description", os->pretty_name);
        begin_list(b, "properties");
        add_property(b, "syft:distro:id", os->id);
        add_property(b, "syft:distro:versionID", os->version_id);
        add_property(b, "syft:distro:versionCodename", os->codename);
        add_property(b, "syft:distro:prettyName", os->pretty_name);
        add_property(b, "aquasecurity:trivy:Class", "os-pkgs");
        add_property(b, "aquasecurity:trivy:Type", os->id);
        buf_adds(b, "]}");
}

static void add_package(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        AUTO(freep) char *ref = package_ref(s, p);
        begin_component(b, "library", ref);
        add_supplier(b, p->supplier);
        sbom_add_member(b, "name", p->name);
        sbom_add_member(b, "version", p->version);
        sbom_add_member(b, "description", p->description);
        if (p->has_sha256) add_hash(b, &p->sha256);
        if (p->license) {
                begin_list(b, "licenses");
                begin_element(b);
                sbom_add_member(b, "expression", p->license);
                buf_adds(b, "}]");
        }
        sbom_add_member(b, "copyright", p->copyright);
        sbom_add_member(b, "purl", p->purl);
        add_references(b, p);
        add_package_properties(s, p, b);
        buf_addc(b, '}');
}

static void add_file(const SbomSubject *s, const UnownedFile *file, Buf *b) {
        AUTO(freep) char *ref = file_ref(file);
        begin_component(b, "file", ref);
        sbom_add_member(b, "name", file->path);
        add_hash(b, &file->sha256);
        begin_list(b, "properties");
        add_layer_properties(s, file->path, file->layer, b);
        add_number_property(b, "decant:size", file->size_bytes);
        buf_adds(b, "]}");
}

/* ---- who needs what */

static void begin_dependency(Buf *b, const char *ref) {
        begin_element(b);
        sbom_add_member(b, "ref", ref);
        begin_list(b, "dependsOn");
}

static void add_package_refs(const SbomSubject *s, bool of_system, Buf *b) {
        for (size_t i = 0; i < s->packages->v.n; i++) {
                const ImagePackage *p = &s->packages->v.v[i];
                AUTO(freep) char *ref = package_ref(s, p);
                if (package_is_os(p) == of_system) add_list_text(b, ref);
        }
}

static void add_package_dependency(const SbomSubject *s, const ImagePackage *p, Buf *b) {
        AUTO(freep) char *ref = package_ref(s, p);
        begin_dependency(b, ref);
        for (size_t i = 0; i < p->depends.n; i++) {
                AUTO(freep) char *needed = package_ref(s, &s->packages->v.v[p->depends.v[i]]);
                add_list_text(b, needed);
        }
        buf_adds(b, "]}");
}

static void add_dependencies(const SbomSubject *s, Buf *b) {
        bool system = s->packages->os.id;
        begin_list(b, "dependencies");
        begin_dependency(b, IMAGE_REF);
        if (system) {
                add_list_text(b, SYSTEM_REF);
        } else {
                add_package_refs(s, true, b);
        }
        add_package_refs(s, false, b);
        for (size_t i = 0; i < s->packages->unowned.n; i++) {
                AUTO(freep) char *ref = file_ref(&s->packages->unowned.v[i]);
                add_list_text(b, ref);
        }
        buf_adds(b, "]}");
        if (system) {
                begin_dependency(b, SYSTEM_REF);
                add_package_refs(s, true, b);
                buf_adds(b, "]}");
        }
        for (size_t i = 0; i < s->packages->v.n; i++) add_package_dependency(s, &s->packages->v.v[i], b);
        buf_addc(b, ']');
}

/* ---- the document */

static void add_image_properties(const SbomSubject *s, const char *id, Buf *b) {
        char digest[DIGEST_TEXT_SIZE];
        begin_list(b, "properties");
        add_property(b, "aquasecurity:trivy:ImageID", id);
        add_property(b, "aquasecurity:trivy:RepoTag", s->name);
        for (size_t i = 0; sbom_layer_digest(s, i, digest); i++) add_property(b, "aquasecurity:trivy:DiffID", digest);
        add_number_property(b, "decant:unowned-programs", s->packages->unowned.n);
        for (size_t i = 0; i < s->packages->notes.n; i++) add_property(b, "decant:note", s->packages->notes.v[i]);
        buf_addc(b, ']');
}

static void add_metadata(const SbomSubject *s, Buf *b) {
        char time[40], id[DIGEST_TEXT_SIZE];
        const char *name = sbom_image_name(s, id);
        sbom_time(s, time);
        json_add_key(b, "metadata");
        buf_addc(b, '{');
        sbom_add_member(b, "timestamp", time);
        json_add_key(b, "tools");
        buf_adds(b, "{\"components\":[{");
        sbom_add_member(b, "type", "application");
        sbom_add_member(b, "name", "decant");
        sbom_add_member(b, "version", s->tool_version);
        buf_adds(b, "}]}");
        json_add_key(b, "component");
        buf_addc(b, '{');
        sbom_add_member(b, "type", "container");
        sbom_add_member(b, "bom-ref", IMAGE_REF);
        sbom_add_member(b, "name", name);
        sbom_add_member(b, "version", id);
        add_image_properties(s, id, b);
        buf_adds(b, "}}");
}

void sbom_add_cyclonedx(const SbomSubject *s, Buf *b) {
        char uuid[UUID_TEXT_SIZE];
        sbom_uuid(s, "cyclonedx", uuid);
        AUTO(freep) char *serial = xasprintf("urn:uuid:%s", uuid);
        buf_addc(b, '{');
        sbom_add_member(b, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        sbom_add_member(b, "bomFormat", "CycloneDX");
        sbom_add_member(b, "specVersion", "1.6");
        sbom_add_member(b, "serialNumber", serial);
        json_add_key(b, "version");
        buf_addc(b, '1');
        add_metadata(s, b);
        begin_list(b, "components");
        add_system(s, b);
        for (size_t i = 0; i < s->packages->v.n; i++) add_package(s, &s->packages->v.v[i], b);
        for (size_t i = 0; i < s->packages->unowned.n; i++) add_file(s, &s->packages->unowned.v[i], b);
        buf_addc(b, ']');
        add_dependencies(s, b);
        buf_addc(b, '}');
}
