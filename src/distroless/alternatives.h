/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "layer/view.h"

/* Names that several packages could have, given by update-alternatives(1) when they are installed: /usr/bin/java, the libraries of linear algebra,
 * awk. Here a link leads to the file itself, without a stop in /etc/alternatives. */

typedef struct AlternativeLink {
        char *path;   /* absolute */
        char *target; /* absolute */
} AlternativeLink;
typedef VEC(AlternativeLink) AlternativeLinks;
void alternative_links_done(AlternativeLinks *list);

/* The links for an image of these packages, in the order of a table; of several packages for one name, the one that Debian gives the highest
 * priority. Only links whose target is in the tree, and whose own place is free there. architecture: Debian's name.
 * ERR_SYS. One thread. */
int alternatives_find(View *tree, const StrVec *packages, const char *architecture, AlternativeLinks *ret_links,
                      Err **e);
