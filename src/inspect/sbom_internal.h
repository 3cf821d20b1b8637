/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "inspect/sbom.h"

/* What the formats share. */

/* Each format appends its document; JSON without white space (sbom_render() lays it out). */
void sbom_add_table(const SbomSubject *s, Buf *b);
void sbom_add_json(const SbomSubject *s, Buf *b);
void sbom_add_spdx(const SbomSubject *s, Buf *b);
void sbom_add_cyclonedx(const SbomSubject *s, Buf *b);

/* "key":"text", unless text is NULL. */
void sbom_add_member(Buf *b, const char *key, const char *text);

/* A name-based UUID (RFC 9562, version 8) of image, document time, program and format. */
enum { UUID_TEXT_SIZE = 37 };
void sbom_uuid(const SbomSubject *s, const char *format, char ret_text[UUID_TEXT_SIZE]);

void sbom_time(const SbomSubject *s, char ret_text[40]); /* RFC 3339, whole seconds */

/* Name of the image, or its id. */
const char *sbom_image_name(const SbomSubject *s, char id[DIGEST_TEXT_SIZE]);

/* "sha256:..." of a layer; false: the configuration does not list it. */
bool sbom_layer_digest(const SbomSubject *s, size_t layer, char ret_text[DIGEST_TEXT_SIZE]);
/* What made the layer; NULL: unknown. */
const char *sbom_layer_command(const SbomSubject *s, size_t layer);

/* 16 hex digits that tell elements apart: of their purl and place. */
enum { SBOM_KEY_SIZE = 17 };
void sbom_key(const char *purl, const char *place, char ret_text[SBOM_KEY_SIZE]);

/* Source package, with the binary package's values where it has no others. */
const char *sbom_source_name(const ImagePackage *p);
const char *sbom_source_version(const ImagePackage *p);

static inline bool package_is_os(const ImagePackage *p) {
        return p->kind == PACKAGE_DEB || p->kind == PACKAGE_APK;
}

/* "Name <mail>" in two. Either may be empty. */
void sbom_split_person(const char *person, Str *ret_name, Str *ret_mail);

/* A URL that schemas take. */
bool sbom_is_url(const char *text);
