/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Debian 13 has its programs and libraries below /usr only; base-files brings the links /bin, /lib, /lib64, /sbin. What other packages
 * ship outside goes where the links lead, so that no directory takes the place of a link. Any thread. */

/* Where an entry of a package's archive goes: "./lib/x" -> "./usr/lib/x" for bin, sbin, lib, lib32, lib64 and libx32; NULL for these
 * directories themselves (directory: it is one, not a link); any other name unchanged. Also for the targets of hard links. A leading
 * "./" or "/" stays. Owned. */
char *usr_merge_path(const char *name, bool directory);
