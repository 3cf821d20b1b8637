/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "inspect/packages.h"

/* Licenses as Debian's copyright files, apk, npm and Python word them -> SPDX license expressions (SPDX 2.3 annex D). */

enum { LICENSE_WORDING_MAX = 2048 };

/* "GPL-2+ or Artistic, and Expat" -> "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND MIT". What is on no list of licenses becomes
 * LicenseRef-NAME, and is appended to *others (ids in the arena, no id twice). NULL: the wording is empty, too long or its
 * parentheses do not match. Any thread. */
const char *license_expression(Str wording, Arena *arena, TextVec *others);
