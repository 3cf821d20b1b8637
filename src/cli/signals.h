/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/event.h"

/* SIGINT, SIGTERM and SIGHUP as something that can be waited for. Installed by commands that have something to end in good order;
 * a second signal between 0.2 and 2 seconds after the first ends the process at once (the kernel tells a terminal's Ctrl-C to
 * every process of the group, so that two at the same moment are one). */
int signals_install(Err **e);

/* As long as a build waits for its Dockerfile, which may be typed, there is nothing to end in good order, and nobody who
 * looks at the flag: a signal ends the process at once. The sink finds out from the events, which it passes on to next
 * (borrowed), when that is over. One a process. */
const EventSink *signals_watch(const EventSink *next);

const volatile bool *signals_flag(void); /* true after the first signal */
int signals_fd(void);                    /* readable after the first signal; nobody reads it */
int signals_received(void);              /* number of the first signal, 0: none */

/* For `run`: every signal that a container may be meant to get, as bytes (the signal's number) in a pipe. Returns its reading end,
 * which is non-blocking and lives as long as the process, or -1. */
int signals_collect(Err **e);
