/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "debian/control.h"

/* What a base is made of, to the byte: the packages that a recipe came to, for each architecture, and the signed releases
 * that vouched for them. Written as a JSON file beside the recipe, so that the same image is made again later, offline, from the
 * files' digests alone; the repositories' hosts are not in it unless the recipe names them. Any thread. */

/* What a package is there for. */
typedef enum LockUse {
        USE_FILES,        /* its files are in the image */
        USE_CERTIFICATES, /* only the certificate bundle made of it is */
        USE_LOCALE,       /* only its C.utf8 locale is */
        USE_BUSYBOX,      /* only its program and links to it are */
        USE_JAVA_MODULES, /* only the runtime that is linked of it is */
        USE_TOOL,         /* it is run here to make something that is; of the architecture of the machine that locked */
        USE_INSTALLED,    /* dpkg installs it into a complete Debian, which was to have it */
        USE_DEPENDENCY,   /* the same, but it is there because others need it: apt may remove it with them */
} LockUse;

/* Into a complete Debian, by dpkg and its own scripts. */
static inline bool lock_use_installs(LockUse use) {
        return use == USE_INSTALLED || use == USE_DEPENDENCY;
}

typedef struct LockedPackage {
        LockUse use;
        char *name, *version, *architecture; /* "all", the image's, or with USE_TOOL the machine's */
        char *source;                        /* the source package's name */
        char *suite;
        char *uri;  /* base of the repository; NULL: Debian's, wherever this machine gets it from */
        char *path; /* in the repository */
        uint64_t size;
        Digest sha256;
} LockedPackage;

typedef struct LockedSuite {
        char *suite;
        char *uri; /* as above */
        int64_t date_s;
        Digest release; /* of the signed text */
} LockedSuite;

typedef struct BaseLock { /* of one architecture */
        char *architecture;
        StrVec asked; /* what the recipe wanted: "libpq5 (>= 15)", "libc6 alone", "ca-certificates for certificates" */
        VEC(LockedSuite) suites;
        VEC(LockedPackage) packages; /* in the order of the layers */
} BaseLock;

typedef struct LockFile {
        char *recipe, *release; /* "python3", "debian13" */
        VEC(BaseLock) architectures;
} LockFile;

const char *lock_use_name(LockUse use); /* as it stands in the file */

void base_lock_done(BaseLock *lock);
void base_lock_copy(BaseLock *to, const BaseLock *from); /* to is initialised by the call */
void lock_file_done(LockFile *file);

enum { LOCK_FILE_MAX = 16 << 20, LOCK_PACKAGES_MAX = 20000 };
/* name: of the file, for errors. ERR_SYNTAX with the place; ERR_LIMIT. */
int lock_file_parse(Str json, const char *name, LockFile *ret_file, Err **e);
void lock_file_render(const LockFile *file, Buf *ret_json);

/* Is that the control file of the package that was locked? ERR_FORMAT: it is of another name, version or architecture. */
int locked_package_check(const LockedPackage *p, const ControlParagraph *control, Err **e);

/* ERR_SYNTAX when it was made of another recipe or release. name: as above. */
int lock_file_check(const LockFile *file, const char *name, const char *recipe, const char *release, Err **e);

const BaseLock *lock_file_find(const LockFile *file, const char *architecture); /* NULL: not locked for it */

/* A line for each package that differs: "libc6 2.36-9+deb12u9 -> 2.36-9+deb12u10", "+ NAME VERSION", "- NAME VERSION"; when it is none, one if
 * the recipe asks for something else. */
void base_lock_compare(const BaseLock *before, const BaseLock *after, StrVec *ret_lines);
