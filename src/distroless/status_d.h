/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* What scanners read to know the packages of an image that has no dpkg: a file for each package in /var/lib/dpkg/status.d. Any
 * thread. */

typedef struct StatusD {
        char *control_path, *md5sums_path; /* "var/lib/dpkg/status.d/libc6", "...libc6.md5sums" */
        char *control;                     /* the text of the first: the package's control file as it was shipped */
        char *md5sums;                     /* of the second; NULL: there is none */
} StatusD;
void status_d_done(StatusD *s);

/* control, md5sums: texts of control.tar (md5sums.p NULL: it has none). where: the .deb, for messages.
 * ERR_FORMAT when control is not one paragraph with Package, Version and Architecture, or the name is none. */
int status_d_of(Str control, Str md5sums, const char *where, StatusD *ret_status, Err **e);
