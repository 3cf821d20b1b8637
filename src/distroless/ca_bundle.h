/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "distroless/certificate.h"
#include "layer/view.h"

/* The certificates that an image trusts, and what is made of them: what update-ca-certificates(8) does. One thread. */

enum { CA_FILE_MAX = 4 << 20, CA_FILES_MAX = 4096, CA_CERTIFICATES_MAX = 8192 };

#define CA_BUNDLE_PATH "etc/ssl/certs/ca-certificates.crt"
#define CA_LINKS_PATH "etc/ssl/certs"
#define CA_PACKAGED_PATH "usr/share/ca-certificates"
#define CA_LOCAL_PATH "usr/local/share/ca-certificates"

typedef struct CaCertificate {
        Certificate certificate; /* views into der */
        char *der;               /* owned */
} CaCertificate;

typedef struct CaFile {
        char *path; /* relative to the root of the image for packaged ones; as given for others; owned */
        char *text; /* ends in a newline; owned */
        size_t size;
        StrVec blocks; /* of others than packaged ones: its certificates that were not there before, in PEM */
        size_t first;  /* index of the first of those */
        size_t count;  /* of certificates, with those that were there before */
        size_t last;   /* index of the last of them */
        bool packaged;
} CaFile;

typedef struct CaSet {
        VEC(CaFile) files;
        VEC(CaCertificate) certificates; /* each once */
        Map *known;                      /* by DER */
} CaSet;
void ca_set_done(CaSet *s);

/* Add every regular file below usr/share/ca-certificates, in the bytewise order of their paths. None at all is fine. Links are not followed.
 * ERR_FORMAT for a damaged block, with file and line; ERR_LIMIT. */
int ca_set_read_tree(CaSet *s, View *tree, Err **e);

/* One packaged file; path: below the root of the image. Whoever calls keeps to the order of paths. */
int ca_set_add_packaged(CaSet *s, const char *path, Str text, Err **e);

/* Certificates of the user's own. path: for messages and the names of links. ERR_SYNTAX when there is none in it, ERR_DENIED when a private key
 * is among them. */
int ca_set_add_extra(CaSet *s, const char *path, Str text, Err **e);

/* Append the text of /etc/ssl/certs/ca-certificates.crt: packaged files as they are, one after the other, then the extra certificates
 * that were not among them. */
void ca_set_render_bundle(const CaSet *s, Buf *ret_text);

/* A directory of links as `openssl rehash` makes it of what update-ca-certificates puts there: /etc/ssl/certs/NAME.pem to the file with the
 * certificate, HASH.N to NAME.pem. Extra certificates become files in usr/local/share/ca-certificates, one each. Files with several certificates
 * that are packaged have a link by name but none by hash, as there. */
typedef struct CaEntry {
        char *path;   /* below the root of the image */
        char *target; /* of a link; NULL: a file */
        char *text;   /* of a file */
} CaEntry;
typedef VEC(CaEntry) CaEntries;
void ca_entries_done(CaEntries *list);

/* Files first, then links; in the order of their paths among each kind of them. */
int ca_set_links(const CaSet *s, CaEntries *ret_entries, Err **e);
