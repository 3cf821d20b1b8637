/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* Logins of private repositories, as apt has them: apt_auth.conf(5). They go to the server and nowhere else: into no message, file, key
 * or command line. Any thread. */

enum { APT_AUTH_FILE_MAX = 1 << 20, APT_AUTH_ENTRIES_MAX = 10000 };

typedef struct AptAuthEntry {
        char *scheme; /* "https" where the entry names none */
        char *host;   /* "example.org", "example.org:8080"; without a port any port is meant */
        char *path;   /* beginning of the path; "" for all */
        char *login, *password;
        char *where; /* "FILE:LINE" */
} AptAuthEntry;

typedef struct AptAuth {
        VEC(AptAuthEntry) entries; /* the first that fits counts */
        StrVec unreadable;         /* files that this user may not read */
} AptAuth;
void apt_auth_done(AptAuth *auth);

/* etc/apt/auth.conf, then etc/apt/auth.conf.d/NAME.conf in the order of names, below root_dir. Files that are absent or not for this user to read are none.
 * ERR_SYNTAX with the place; ERR_LIMIT. */
int apt_auth_read(const char *root_dir, AptAuth *ret_auth, Err **e);

/* The same from text, appended to *auth. */
int apt_auth_parse(Str text, const char *file, AptAuth *auth, Err **e);

/* Value of the header Authorization for url; NULL: there is none, or the URL has a login itself. Owned. */
char *apt_auth_header(const AptAuth *auth, const char *url);

/* What to do when the server at url wants a login, or another one. Owned. */
char *apt_auth_advice(const AptAuth *auth, const char *url);
