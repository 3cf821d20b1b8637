/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "image/archive_files.h"
#include "image/image.h"
#include "oci/manifest.h"

/* The OCI form of an archive or directory: index.json, blobs/sha256/... */

typedef VEC(LoadedImage) LoadedList;

/* Import every image of index.json and append it to list. Entries of one name for several platforms are one image, of
 * which the one for platform is taken; attestations are passed over. */
int oci_read(Store *s, const ArchiveFiles *files, const Platform *platform, LoadedList *list, Err **e);

/* Does index.json name its images as containerd does? */
int oci_index_names(const ArchiveFiles *files, bool *ret_named, Err **e);
