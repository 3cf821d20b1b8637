/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* manifest.json and repositories of docker's archives: text <-> struct. One thread. */

typedef struct DockerImage {
        char *config;  /* member that holds the configuration */
        StrVec tags;   /* "ubuntu:latest", as docker spells them */
        StrVec layers; /* members, lowest first */
} DockerImage;
void docker_image_done(DockerImage *i);

typedef struct DockerManifest {
        VEC(DockerImage) images;
} DockerManifest;
void docker_manifest_done(DockerManifest *m);

/* Takes *image over; an image that is there already only gains the tags. */
void docker_manifest_add(DockerManifest *m, DockerImage *image);

void docker_manifest_render(const DockerManifest *m, Buf *ret_json);
/* {"ubuntu":{"latest":"<top layer>"}}; false when no image has a tag. */
bool docker_repositories_render(const DockerManifest *m, Buf *ret_json);

/* ERR_FORMAT, ERR_LIMIT. */
int docker_manifest_parse(Str json, DockerManifest *ret_manifest, Err **e);
