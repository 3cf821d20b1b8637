/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/map.h"
#include "inspect/packages.h"

/* How packages are read, for the files of this folder: the tree is walked once, each reader is shown every file and takes those whose
 * names tell it something. */

typedef struct ImageFile {
        const char *path; /* without the leading slash, links in directories resolved */
        size_t layer;
        bool regular, executable;
        uint64_t size_bytes;
        bool owned;  /* by a package of the distribution */
        bool listed; /* by any other package */
} ImageFile;

typedef struct Reading {
        View *view;
        ImagePackages *out;
        Arena *arena; /* out's */
        Map *files;   /* path -> ImageFile, in the order of the walk */
} Reading;

/* One way in which packages are recorded. */
typedef struct PackageReader {
        PackageKind kind;
        /* path: of a regular file. True: read() is to be called for it. */
        bool (*wants)(const ImageFile *file, Str directory, Str name);
        /* Add what the file records. What is damaged goes to reading_note(); <0 only for limits and I/O. */
        int (*read)(Reading *r, const ImageFile *file, Err **e);
} PackageReader;

extern const PackageReader dpkg_reader, apk_reader, python_reader, npm_reader, go_reader;

/* A new package at the end of the list; keys[0] is its name. The pointer holds until the next one is added. ERR_LIMIT. */
int reading_add(Reading *r, PackageKind kind, const ImageFile *file, ImagePackage **ret_package, Err **e);

void reading_drop(Reading *r); /* the package that was added last */

void reading_note(Reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A failure as a note; it is consumed. ERR_SYS and ERR_INTERNAL stay failures: returns -1 with *e, else 0. */
int reading_forgive(Reading *r, Err **failure, Err **e);

/* Contents of a file of the walk, into the arena. >0: too large or unreadable, a note says so. */
int reading_text(Reading *r, const ImageFile *file, size_t max_size, Str *ret_text, Err **e);
/* The same by a path that need not exist; READING_ABSENT. */
enum { READING_FOUND = 0, READING_SKIPPED = 1, READING_ABSENT = 2 };
int reading_text_at(Reading *r, const char *path, size_t max_size, Str *ret_text, Err **e);

/* The file at path, with or without a leading slash, also when directories in it are links. NULL: not in the image. */
ImageFile *reading_file(Reading *r, Str path);

/* Count path among the files of p, and mark it as p's. */
void reading_own(Reading *r, ImagePackage *p, Str path);

const char *reading_str(Reading *r, Str text); /* trimmed copy; NULL when empty */
Str first_line(Str text);

/* The programs and libraries that nobody owns. */
int reading_unowned(Reading *r, Err **e);
/* ret_sha1 may be NULL. */
int reading_digest(Reading *r, const ImageFile *file, Digest *ret_sha256, uint8_t *ret_sha1, Err **e);
int reading_open(Reading *r, const ImageFile *file, Err **e); /* a descriptor */

/* The expression of a license as a package words it; NULL for none. Names that SPDX has not are added to the licenses. text: of the
 * license, when the expression is one name; may be empty. */
const char *reading_license(Reading *r, Str wording, Str text);

/* Copyright file of a dpkg package: copyright of p, and its license if the file is machine-readable. */
int reading_copyright(Reading *r, ImagePackage *p, Err **e);
