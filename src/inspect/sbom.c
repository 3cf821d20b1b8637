/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/sbom.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"
#include "inspect/sbom_internal.h"

static const struct {
        const char *name;
        void (*add)(const SbomSubject *s, Buf *b);
        bool json;
} formats[SBOM_FORMAT_MAX] = {
        [SBOM_TABLE] = {"table", sbom_add_table, false},
        [SBOM_JSON] = {"json", sbom_add_json, true},
        [SBOM_SPDX_JSON] = {"spdx-json", sbom_add_spdx, true},
        [SBOM_CYCLONEDX_JSON] = {"cyclonedx-json", sbom_add_cyclonedx, true},
};

bool sbom_format_find(const char *name, SbomFormat *ret_format) {
        for (unsigned i = 0; i < SBOM_FORMAT_MAX; i++) {
                if (!streq(formats[i].name, name)) continue;
                *ret_format = i;
                return true;
        }
        return false;
}

/* ---- what the formats share */

void sbom_add_member(Buf *b, const char *key, const char *text) {
        if (!text) return;
        json_add_key(b, key);
        json_add_string_plain(b, str_of(text));
}

static void add_to_hash(Sha256 *hash, const char *text) {
        sha256_add(hash, text, strlen(text) + 1);
}

void sbom_uuid(const SbomSubject *s, const char *format, char ret_text[UUID_TEXT_SIZE]) {
        char time[40];
        Digest digest;
        AUTO(sha256_freep) Sha256 *hash = sha256_new();
        sbom_time(s, time);
        add_to_hash(hash, format);
        add_to_hash(hash, s->tool_version);
        add_to_hash(hash, s->name ? s->name : "");
        add_to_hash(hash, time);
        sha256_add(hash, s->image_id->bytes, sizeof s->image_id->bytes);
        sha256_finish(hash, &digest);
        uint8_t *u = digest.bytes;
        u[6] = (uint8_t)((u[6] & 0x0f) | 0x80);
        u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
        char hex[33];
        hex_render(u, 16, hex);
        snprintf(ret_text, UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void sbom_time(const SbomSubject *s, char ret_text[40]) {
        time_render(s->created_s * 1000000000, ret_text);
}

const char *sbom_image_name(const SbomSubject *s, char id[DIGEST_TEXT_SIZE]) {
        digest_text(s->image_id, id);
        return s->name ? s->name : id;
}

bool sbom_layer_digest(const SbomSubject *s, size_t layer, char ret_text[DIGEST_TEXT_SIZE]) {
        if (layer >= s->config->diff_ids.n) return false;
        digest_text(&s->config->diff_ids.v[layer], ret_text);
        return true;
}

const char *sbom_layer_command(const SbomSubject *s, size_t layer) {
        for (size_t i = 0; i < s->config->history.n; i++) {
                const HistoryEntry *entry = &s->config->history.v[i];
                if (entry->empty_layer) continue;
                if (layer-- == 0) return entry->created_by && *entry->created_by ? entry->created_by : NULL;
        }
        return NULL;
}

void sbom_key(const char *purl, const char *place, char ret_text[SBOM_KEY_SIZE]) {
        Digest digest;
        AUTO(freep) char *text = xasprintf("%s\n%s", purl, place);
        sha256_of(text, strlen(text), &digest);
        hex_render(digest.bytes, 8, ret_text);
}

const char *sbom_source_name(const ImagePackage *p) {
        return p->source ? p->source : p->name;
}

const char *sbom_source_version(const ImagePackage *p) {
        return p->source_version ? p->source_version : p->version;
}

void sbom_split_person(const char *person, Str *ret_name, Str *ret_mail) {
        Str rest = str_of(person), name;
        *ret_mail = (Str){0};
        if (str_cut(&rest, '<', &name)) str_cut(&rest, '>', ret_mail);
        *ret_name = str_trim(name);
}

bool sbom_is_url(const char *text) {
        if (!text || (!starts_with(text, "https://") && !starts_with(text, "http://"))) return false;
        for (const char *c = text; *c; c++)
                if (*c <= ' ' || *c >= 0x7f || strchr("<>\"{}|\\^`", *c)) return false;
        return true;
}

/* ---- the document */

static int lay_out(const Buf *compact, Buf *ret_text, Err **e) {
        json_error_t failure;
        AUTO(json_decrefp) json_t *root = json_loadb(compact->p, compact->n, 0, &failure);
        if (!root) return err_new(e, ERR_FORMAT, "the document is no JSON: %s", failure.text);
        AUTO(freep) char *text = json_dumps(root, JSON_INDENT(2));
        buf_adds(ret_text, text ? text : "");
        buf_addc(ret_text, '\n');
        return 0;
}

int sbom_render(const SbomSubject *subject, SbomFormat format, Buf *ret_text, Err **e) {
        AUTO(buf_done) Buf document = {0};
        formats[format].add(subject, &document);
        if (formats[format].json) return lay_out(&document, ret_text, e);
        buf_add_str(ret_text, buf_str(&document));
        return 0;
}
