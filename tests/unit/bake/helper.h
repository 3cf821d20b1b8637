/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bake/bake.h"
#include "base/cleanup.h"
#include "base/str.h"

/* A directory of its own as the working directory, for each test; setup and teardown. */
int enter_scratch(void **state);
int leave_scratch(void **state);

void put_file(const char *name, const char *text);

/* What `bake --print` says without white space outside of quotes, or "ERROR: message|hints". Owned. */
char *printed(const BakeParams *params);
/* The same of the files that are there, with the words of a command line: "app --set *.tags=x --var A=b -f FILE NAME=VALUE..."
 * (a NAME=VALUE is the environment). */
char *baked(const char *words);

/* The command lines of the same, a line each: "name: build --file=..." */
char *commands_of(const char *words);

#define assert_holds(text, part)                                                   \
        do {                                                                       \
                AUTO(freep) char *held_ = (text);                                  \
                if (!strstr(held_, part)) fail_msg("no '%s' in: %s", part, held_); \
        } while (0)
#define assert_lacks(text, part)                                                        \
        do {                                                                            \
                AUTO(freep) char *held_ = (text);                                       \
                if (strstr(held_, part)) fail_msg("there is '%s' in: %s", part, held_); \
        } while (0)
