/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* SIGINT, SIGTERM and SIGHUP as something that can be waited for. Installed by commands that have something to end in good order;
 * a second signal between 0.2 and 2 seconds after the first ends the process at once (the kernel tells a terminal's Ctrl-C to
 * every process of the group, so that two at the same moment are one). */
int signals_install(Err **e);

const volatile bool *signals_flag(void); /* true after the first signal */
int signals_fd(void);                    /* readable after the first signal; nobody reads it */
int signals_received(void);              /* number of the first signal, 0: none */

/* For `run`: every signal that a container may be meant to get, as bytes (the signal's number) in a pipe. Returns its reading end,
 * which is non-blocking and lives as long as the process, or -1. */
int signals_collect(Err **e);
