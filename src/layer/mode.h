/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* --chmod: octal up to 07777, or symbolic as chmod(1) with an umask of 0 ("u=rwX,go-w"). */
typedef struct ModeChange {
        bool symbolic;
        mode_t octal;
        const char *text; /* borrowed */
} ModeChange;

/* ERR_SYNTAX says what is wrong. */
int mode_parse(const char *text, ModeChange *ret_change, Err **e);

/* The permission bits (07777) that result from those of a file or directory. */
mode_t mode_apply(const ModeChange *change, mode_t mode, bool directory);
