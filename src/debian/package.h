/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "codec/sha256.h"
#include "debian/control.h"

/* One binary package, as its paragraph in a Packages file or its control file says (deb-control(5)). */
typedef struct DebianPackage {
        Str name, version, architecture; /* "all" or the architecture's */
        Str multi_arch;                  /* "", "no", "same", "foreign", "allowed" */
        Str depends, pre_depends, provides, conflicts, breaks, replaces;
        Str priority, section;
        Str source, source_version; /* name and version of the package where the field does not say otherwise */
        Str maintainer, homepage, description;
        Str path;              /* Filename: below the repository's URI; relative and without ".." */
        uint64_t size;         /* of the .deb, bytes */
        uint64_t installed_kb; /* 0 when it is not said */
        Digest sha256;         /* of the .deb */
        bool essential;        /* "Essential: yes" */
        bool important;        /* "Protected: yes" or the older "Important: yes" */
        unsigned index;        /* which index of the universe it comes from; 0 outside of one */
        Str text;              /* the whole paragraph */
} DebianPackage;

/* What a control file says: name, version and architecture must be there and well-formed; path, size, sha256 need not.
 * Everything in *ret is a view into the text of p. file: for messages.
 * ERR_FORMAT "FILE:LINE: ..." otherwise. Any thread. */
int package_read(const ControlParagraph *p, const char *file, DebianPackage *ret, Err **e);

/* As package_read(), for a paragraph of a Packages file: path, size and sha256 are there and well-formed. */
int package_read_indexed(const ControlParagraph *p, const char *file, DebianPackage *ret, Err **e);

/* Names of packages as Debian Policy 5.6.7 has them: at least two of a-z 0-9 + - . and the first a letter or digit. */
bool package_name_valid(Str name);

/* Takes the next name off a Provides value, without its version. False: there is none left. Any thread. */
bool provides_next_name(Str *provides, Str *ret_name);
