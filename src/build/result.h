/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "image/image.h"

/* From the executed graph to images, names and files. Internal to build/. */

/* The image of the plan's target: its layers' digests are made here when they are not known. */
int result_image(Build *b, Image *ret_image, Err **e);

/* Name it and write what --output asks for. *ret_manifest: digest of the manifest that was written, zero when none was. */
int result_export(Build *b, const Image *image, Digest *ret_manifest, Err **e);

/* Does anything ask for an image (a name, an archive)? Trees (type=local, tar) need none. */
bool result_needs_image(const BuildParams *params);
