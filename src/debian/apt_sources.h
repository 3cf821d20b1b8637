/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* Which apt repositories there are (sources.list(5)): those of a machine, or those that a user or a recipe names. Nothing
 * here asks the network, and no host is known to the program: what is not named does not exist. Any thread. */

enum {
        APT_SOURCES_FILE_MAX = 4 << 20,
        APT_SOURCES_MAX = 4096,
        DATE_MAX_FUTURE_S = 300, /* apt has 10; clocks of machines that build differ by more */
};

typedef struct AptRepository { /* a line of sources.list, a stanza of a .sources file */
        StrVec uris;       /* places that hold the same files: asked one after another. http, https, file, mirror+... */
        StrVec suites;     /* "bookworm", "bookworm-security"; one that ends in "/" is a flat repository */
        StrVec components; /* empty for a flat repository */
        StrVec architectures;    /* empty: all that the repository has */
        StrVec keyrings;         /* files of Signed-By; see debian/signature.h for what is asked when there are none */
        StrVec fingerprints;     /* of Signed-By: only these keys */
        char *inline_key;        /* Signed-By: the armored key itself; NULL: none */
        bool trusted;            /* [trusted=yes]: taken without a signature */
        bool ignore_valid_until; /* [check-valid-until=no]: for snapshots, which are old on purpose */
        bool ignore_date;        /* [check-date=no]: neither that nor whether it is of the future is asked */
        int64_t date_max_future_s; /* [date-max-future=SECONDS]: how far the clock may be behind a Date; 0: DATE_MAX_FUTURE_S */
        char *where;               /* "FILE:LINE" for messages */
} AptRepository;
void apt_repository_done(AptRepository *r);

typedef VEC(AptRepository) AptRepositories;
void apt_repositories_done(AptRepositories *list);

/* /etc/apt/sources.list, then sources.list.d in the order of names (*.list, *.sources) below root_dir ("/", or another root).
 * deb-src and disabled entries are passed over, and so are methods that no network or file answers (cdrom:). A machine without
 * any has none: *ret is empty. ERR_SYNTAX with "FILE:LINE: ..." and what was expected. */
int apt_sources_read(const char *root_dir, AptRepositories *ret, Err **e);

/* The same from text: the one-line form ("deb [signed-by=FILE] URI SUITE COMPONENT...", many lines) and the form of .sources
 * files. file says where the text comes from; what is found is appended to *ret. Errors as above. */
int apt_sources_parse_lines(Str text, const char *file, AptRepositories *ret, Err **e);
int apt_sources_parse_stanzas(Str text, const char *file, AptRepositories *ret, Err **e);

/* Of machine's repositories those that carry Debian itself, with their suites replaced by those of codename: a
 * bookworm-updates becomes a trixie-updates. A repository is Debian's own when its suites are a release of Debian's
 * ("bookworm", "stable"), its updates or its security, main is among its components, and the names of its key files begin with
 * "debian"; where it names no key file, the last part of its URIs does. Only main is kept, and no restriction to
 * architectures. ERR_NOT_FOUND: there is none; the hint says how to name one. */
int apt_sources_for_release(const AptRepositories *machine, const char *codename, AptRepositories *ret, Err **e);
