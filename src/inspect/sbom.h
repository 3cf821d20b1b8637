/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "inspect/packages.h"
#include "oci/image_config.h"

/* A bill of materials: what packages_read() found in an image, as a document. Equal input gives equal bytes. Any thread. */

typedef enum SbomFormat {
        SBOM_TABLE,          /* for people */
        SBOM_JSON,           /* decant's own, with everything */
        SBOM_SPDX_JSON,      /* SPDX 2.3 */
        SBOM_CYCLONEDX_JSON, /* CycloneDX 1.6 */
        SBOM_FORMAT_MAX,
} SbomFormat;

/* All borrowed. */
typedef struct SbomSubject {
        const char *name; /* of the image as users write it; NULL: it has none */
        const Digest *image_id;
        const ImageConfig *config; /* its diff_ids and history say where a layer comes from */
        int64_t created_s;         /* the document's time, unix seconds */
        const char *tool_version;  /* of decant */
        const ImagePackages *packages;
} SbomSubject;

/* "table", "json", "spdx-json", "cyclonedx-json". False: there is no such format. */
bool sbom_format_find(const char *name, SbomFormat *ret_format);

/* Append the document, with a newline at its end. ERR_FORMAT: text of the image that no JSON can hold. */
int sbom_render(const SbomSubject *subject, SbomFormat format, Buf *ret_text, Err **e);
