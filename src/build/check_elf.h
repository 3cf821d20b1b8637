/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/vec.h"
#include "dockerfile/checks.h"
#include "layer/view.h"

/* Programs in a finished root file system: is there all that the dynamic loader will look for? Internal to build/. */

/* What was found out about a program, whichever instruction brought it. */
typedef struct ImageFinding {
        CheckId id;
        size_t depth; /* of the node that brought the file: steps above the target's last one */
        char *text, *fix;
} ImageFinding;
typedef VEC(ImageFinding) ImageFindings;
void image_findings_done(ImageFindings *list);

/* Libraries that were read once, for all programs of an image. */
typedef struct ElfCache ElfCache;
ElfCache *elf_cache_new(void);
void elf_cache_free(ElfCache *c);

typedef struct ElfCheck {
        ElfCache *cache;          /* of the view */
        View *view;               /* of the finished image */
        View *source;             /* where the program was copied from, or NULL: to say what to copy */
        const char *source_name;  /* of that stage, for a COPY line; NULL when it has no name */
        const char *library_path; /* LD_LIBRARY_PATH of the image, or NULL */
        size_t depth;
} ElfCheck;

/* path: of the program, resolved in the view; fd: of it. A file that is no dynamic program is fine. */
void elf_check_program(const ElfCheck *check, const char *path, int fd, ImageFindings *findings);
