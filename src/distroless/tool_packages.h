/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "distroless/lock.h"
#include "distroless/recipe.h"

/* Of which packages the programs are that a recipe's keys have run (distroless/tool_run.h). They run here, so they are of this machine's
 * architecture, whatever the image's is; a lock names them beside the packages of the image. Any thread. */

/* Debian's name for this machine: "amd64". NULL: it has none. */
const char *tool_architecture(void);

/* "3.13" of the image's package python3.13-minimal. Owned; NULL: the image has no such package. */
char *python_version_of(const BaseLock *lock);

/* The packages that java-runtime is made of: modules, and what they are documented by. Nothing when the recipe does not have the key. */
void java_runtime_packages(const Recipe *r, StrVec *ret_names);

/* What compiles the modules of that Python, what links that Java. */
void python_tool_packages(const char *version, StrVec *ret_names);
void java_tool_packages(const Recipe *r, StrVec *ret_names);

/* All that the recipe's programs need and the lock does not have for `architecture`; each once. */
void tool_packages_missing(const Recipe *r, const BaseLock *lock, const char *architecture, StrVec *ret_names);

/* The package of that architecture or of all, or NULL. */
const LockedPackage *tool_package_find(const BaseLock *lock, const char *name, const char *architecture);
