/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "debian/archive.h"
#include "distroless/recipe.h"

/* In a recipe of a release whose packages do not come merged: /bin, /sbin and /lib are links into /usr before anything is unpacked. It takes the
 * place of usrmerge, which would do it afterwards and needs the whole of Perl. */
#define MERGED_USR_PACKAGE "usr-is-merged"

/* Which packages a complete Debian has: what mmdebstrap would install (mmdebstrap(1), VARIANTS), known before it is run. */

typedef struct CompleteDebian {
        PackageList packages; /* each after those that it needs; lives as long as the archive */
        bool *asked;          /* of each: by the recipe or its variant; else it is there because others need it */
} CompleteDebian;
void complete_debian_done(CompleteDebian *d);

/* The recipe's variant (Recipe.bootstrap) and packages, all with their closure. Essential and priorities are those of the suite that the
 * recipe's release names; versions are the highest of all suites. As apt does it in two goes, what essential packages need is
 * chosen before anything else. ERR_NOT_FOUND: no repository has that release; else as debian_resolve(). Thread of archive. */
int complete_debian_select(DebianArchive *archive, const Recipe *r, CompleteDebian *ret, Err **e);
