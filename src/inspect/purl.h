/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "inspect/packages.h"

/* The package URL of a package (purl specification), as scanners compare it: with the distribution and, where it has another name
 * or version, the source package. In the arena. Any thread. */
const char *package_purl(const ImagePackage *p, const OsInfo *os, Arena *arena);
