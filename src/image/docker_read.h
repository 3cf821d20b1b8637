/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/oci_read.h"

/* The docker form of an archive: manifest.json, which names configurations and layers. One entry of list for each tag,
 * or one without a name. */
int docker_read(Store *s, const ArchiveFiles *files, LoadedList *list, Err **e);
