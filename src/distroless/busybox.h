/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* The names under which a busybox program does its work, read from the program itself: it holds them as one sorted table of strings, so
 * that nothing has to be run, whatever the architecture. Any thread. */

enum { BUSYBOX_SIZE_MAX = 32 << 20, BUSYBOX_APPLETS_MAX = 2000 };

#define BUSYBOX_PACKAGE "busybox-static"

/* ERR_FORMAT: the table is not there. ret_names must be empty. */
int busybox_applets(Str program, StrVec *ret_names, Err **e);
