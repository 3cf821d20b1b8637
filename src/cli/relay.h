/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "sandbox/sandbox.h"

/* What stands between our terminal and signals and those of a container: a thread that passes bytes and signals on until it is
 * told to stop. */

typedef struct RelayParams {
        SandboxProcess *process;
        int signal_fd;    /* signals_collect() */
        int master_fd;    /* of the container's pseudo terminal, -1: none; borrowed, non-blocking */
        bool interactive; /* pass standard input on */
} RelayParams;

typedef struct Relay Relay;
int relay_start(const RelayParams *params, Relay **ret_relay, Err **e);
/* After the container ended: pass on what it wrote last, end the thread, restore the terminal. NULL is fine. */
void relay_stop(Relay *r);

/* A pseudo terminal with the size of ours; *ret_slave is for the container. */
int terminal_open(int *ret_master, int *ret_slave, Err **e);
