/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "image/image.h"

/* From the executed graph to images, names and files. Internal to build/. */

/* The image of a target (index into b->targets): its layers' digests are made here when they are not known. */
int result_image(Build *b, size_t target, Image *ret_image, Err **e);

/* The target that a name in the store stands for when nobody says a platform: this machine's, else the first. */
size_t result_primary(const Build *b);

/* Name the images (one a target) and write what --output asks for. Fills manifest, top and is_index of *result when a
 * manifest was written. */
int result_export(Build *b, const Image *images, BuildResult *result, Err **e);

/* Does anything ask for an image (a name, an archive)? Trees (type=local, tar) need none. */
bool result_needs_image(const BuildParams *params);
