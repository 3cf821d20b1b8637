/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"

/* Devices by their names of the Container Device Interface: JSON files in /etc/cdi and /var/run/cdi (or DECANT_CDI_DIRS, separated
 * by colons) say which nodes, mounts and variables belong to a device. Internal to build/; any thread. */

typedef struct CdiMount {
        char *source, *target;
        bool read_only;
} CdiMount;

typedef struct CdiEdits {
        StrVec env;           /* NAME=value */
        VEC(CdiMount) mounts; /* of device nodes and of files */
        bool hooks;           /* it names hooks, which are not run */
        bool allowed;         /* the file allows builds to use it unasked */
} CdiEdits;
void cdi_edits_done(CdiEdits *edits);

enum { CDI_FOUND = 0, CDI_ABSENT = 1 };
/* name: "vendor.com/class=device", "vendor.com/class" (its first device), "vendor.com/class=*" (all), or the class that a
 * device's annotation says. CDI_FOUND, CDI_ABSENT; ERR_FORMAT for a damaged file. */
int cdi_find(const char *name, CdiEdits *ret_edits, Err **e);
