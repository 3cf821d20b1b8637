/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/build.h"
#include "cli/progress.h"

/* --on-error=shell: BuildParams.enter_failure. Says what failed, and connects our terminal with a shell there. */
int failure_shell(void *context, const BuildFailure *failure, Err **e);

/* Before the build: ERR_USAGE when there is no terminal. A view that draws over the screen would disturb: *mode becomes the plain
 * one in its place. */
int failure_shell_progress(ProgressMode *mode, Err **e);
