/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "layer/view.h"

/* /etc/ld.so.conf: the directories in which ldconfig(8) looks for libraries. */

enum {
        LD_CONF_FILE_MAX = 1 << 20, /* bytes */
        LD_CONF_DEPTH_MAX = 16,     /* files that include each other */
        LD_CONF_LINES_MAX = 65536,  /* in all files together */
        LD_CONF_DIRECTORIES_MAX = 4096,
};

typedef enum LdConfKind { LD_CONF_END, LD_CONF_DIRECTORY, LD_CONF_INCLUDE } LdConfKind;

/* The next thing that the text says, taken off the front of *rest: a directory without the slashes at its end, or the patterns of files to include,
 * separated by blanks. Comments, empty lines and "hwcap" are passed over. Pure; any thread. */
LdConfKind ld_conf_next(Str *rest, Str *ret_value);

/* All directories in order, as spelled, /etc/ld.so.conf and what it includes first, then the four that are built in: /lib/TRIPLET,
 * /usr/lib/TRIPLET, /lib, /usr/lib. They need not exist, and may be there more than once. A tree without the file is read as if it had Debian's,
 * "include /etc/ld.so.conf.d/(all).conf". ERR_LIMIT with the name of the file, ERR_SYS. */
int ld_conf_read(View *tree, const char *triplet, StrVec *ret_directories, Err **e);
