/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "codec/sha1.h"
#include "codec/sha256.h"
#include "inspect/os_info.h"
#include "layer/view.h"

/* Which packages a root file system says that it holds, and which programs belong to none. Nothing of it is executed. Read are
 *   dpkg    /var/lib/dpkg/status and status.d/ (with NAME.md5sums, as distroless images have them), info/ .list and .md5sums
 *   apk     /lib/apk/db/installed, /usr/lib/apk/db/installed
 *   python  *.dist-info/METADATA, *.egg-info/PKG-INFO, with RECORD
 *   npm     package.json below a node_modules directory
 *   go      what the Go linker leaves in a program: its module, the modules in it, the release of Go
 * A python or npm package whose files a dpkg or apk package owns is that package, and not counted again. */

typedef enum PackageKind {
        PACKAGE_DEB,
        PACKAGE_APK,
        PACKAGE_PYTHON,
        PACKAGE_NPM,
        PACKAGE_GO,
        PACKAGE_KIND_MAX,
} PackageKind;

enum {
        PACKAGE_DATABASE_MAX = 64 << 20, /* bytes of one database or list */
        PACKAGE_METADATA_MAX = 4 << 20,  /* bytes of what describes one package */
        PACKAGES_MAX = 262144,
        IMAGE_FILES_MAX = 8 << 20, /* files of one root file system */
        IMAGE_DEPTH_MAX = 256,     /* directories inside each other */
};

typedef VEC(const char *) TextVec;

/* All text lives in the arena of the list. NULL: not known. */
typedef struct ImagePackage {
        PackageKind kind;
        const char *name, *version;
        const char *architecture;            /* as the distribution writes it */
        const char *source, *source_version; /* the source package; NULL: named as this one */
        const char *supplier;                /* "Name <mail>": Maintainer, Author */
        const char *homepage, *description;  /* the description's first line */
        const char *license;                 /* as an SPDX expression; see inspect/license.h */
        const char *copyright;               /* statements, one a line */
        const char *place;                   /* file that it was read from, "/var/lib/dpkg/status" */
        const char *purl;                    /* "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12" */
        size_t layer;                        /* that holds place */
        bool has_sha256;
        Digest sha256;        /* of the package's file: a caller who knows it fills it in. Of the program, for go */
        const char *download; /* where that file came from; only a caller knows */
        size_t files_total;   /* files that the package says it has (0: it does not say) */
        size_t files_present; /* of them in the image */
        TextVec keys;         /* what it can be needed as, names within its kind */
        TextVec wants;        /* what it needs: keys separated by "|", the first that is there counts */
        VEC(size_t) depends;  /* places in the list; sorted, unique */
} ImagePackage;

/* A program or library (ELF) that no package owns. */
typedef struct UnownedFile {
        const char *path; /* "/usr/bin/tool" */
        size_t layer;
        uint64_t size_bytes;
        uint8_t sha1[SHA1_SIZE];
        Digest sha256;
} UnownedFile;

/* A license that is not on SPDX's list, as a copyright file words it. */
typedef struct OtherLicense {
        const char *id;   /* "LicenseRef-public-domain" */
        const char *name; /* "public-domain" */
        const char *text; /* NULL: only the name is known */
} OtherLicense;

typedef struct ImagePackages {
        Arena *arena;
        OsInfo os;                  /* text in the arena */
        VEC(ImagePackage) v;        /* by kind, name, version, architecture, place */
        VEC(UnownedFile) unowned;   /* by path */
        VEC(OtherLicense) licenses; /* those that the packages name; by id */
        TextVec notes;              /* what could not be read, one line each */
} ImagePackages;

/* Read the packages of view (borrowed for the call). A damaged database is a note and not a failure: the other packages still count.
 * ret_packages: owned, packages_done(). ERR_LIMIT: a named maximum; ERR_SYS. One thread. */
int packages_read(View *view, ImagePackages *ret_packages, Err **e);
void packages_done(ImagePackages *packages);

const char *package_kind_name(PackageKind kind); /* "deb", "apk", "python", "npm", "go" */
