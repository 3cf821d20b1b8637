/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Image references as docker and the distribution specification write them: [host[:port]/]path[:tag][@digest].
 * Any thread. */
typedef struct Reference {
        char *host;   /* "docker.io" when none is written */
        char *path;   /* "library/ubuntu" for docker.io short names */
        char *tag;    /* NULL when absent; "latest" is filled in by reference_parse() when there is no digest either */
        char *digest; /* "sha256:..." or NULL */
} Reference;

/* Parse and normalise. ERR_SYNTAX names what is wrong (upper case, bad tag, ...). */
int reference_parse(Str text, Reference *ret_reference, Err **e);
void reference_done(Reference *r);

/* Fully spelled: "docker.io/library/ubuntu:latest". Owned. This is the key under which the store knows images. */
char *reference_render(const Reference *r);

/* As docker prints it: without docker.io/ and library/. REPOSITORY and TAG columns. Owned. */
char *reference_familiar(const Reference *r);      /* "ubuntu:latest" */
char *reference_familiar_name(const Reference *r); /* "ubuntu" */
