/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "distroless/assembly.h"

/* Some things in an image can only be made by a program of the packages themselves: Python's bytecode, a linked Java runtime. The program is
 * run as the step of a build is, but without network, in a root file system that its packages are unpacked into and that is thrown away;
 * it reads TOOL_INPUT and writes TOOL_OUTPUT. It is always of this machine's architecture. Packages' scripts are not run. */

#define TOOL_INPUT "/input"
#define TOOL_OUTPUT "/output"

typedef struct ToolRun {
        const char *key;        /* of the recipe: what wants it */
        const RecipePlace *at;  /* where that stands */
        const StrVec *packages; /* names; the lock has them for this machine's architecture */
        const StrVec *argv;
        const char *input_dir;  /* seen read-only */
        const char *output_dir; /* seen empty; what the program leaves there is the caller's */
} ToolRun;

/* The packages are fetched and unpacked where that has not been done. ERR_STEP: the program failed, with the last lines that it said; ERR_DENIED, ERR_SYS: this
 * machine cannot run programs apart, with a hint; ERR_NOT_FOUND: the lock does not have the packages. One thread. */
int tool_run(Assembly *a, const ToolRun *run, Err **e);

/* Make what a program wrote below the folder a function of its contents: files are 0644 or 0755, directories 0755, all times zero. Anything but
 * files, directories and links is ERR_FORMAT. */
int tool_output_settle(const char *dir, Err **e);
