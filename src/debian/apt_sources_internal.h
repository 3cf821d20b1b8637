/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "debian/apt_sources.h"

/* Shared by the two forms of sources. r is owned by the caller until apt_repository_add() took it. */

/* Words of a value to a list, separated by white space (and commas where commas is set). */
void apt_words(Str value, bool commas, StrVec *ret_words);

/* "yes", "no" and what apt takes for them. False: neither. */
bool apt_boolean_parse(Str text, bool *ret_value);

/* Signed-By: file names, fingerprints, or the armored key itself. ERR_SYNTAX. */
int apt_signed_by(AptRepository *r, Str value, Err **e);

/* Check what was read and move it to the end of the list; entries of methods that nobody here answers are dropped. */
int apt_repository_add(AptRepositories *list, AptRepository *r, Err **e);
