/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* Versions of Debian packages, "[epoch:]upstream[-revision]" (deb-version(7), Debian Policy 5.6.12). Pure functions; any thread. */

/* The order in which dpkg sees them: below 0, 0, above 0. "1.0" and "1.0-0" are equal, "~" comes before the end. */
int debian_version_compare(Str a, Str b);

/* Is it spelled as a version: an epoch of digits, an upstream part that begins with a digit, the characters that are allowed? */
bool debian_version_valid(Str version);
