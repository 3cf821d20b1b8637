/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Child processes that are ordinary programs (gpgv, git, newuidmap, ...). RUN goes through sandbox/. Any thread. */

typedef struct ProcessParams {
        const char *const *argv; /* argv[0] is looked up in PATH */
        const char *const *env;  /* NULL: ours */
        const char *directory;   /* NULL: ours */
        const void *input;       /* written to standard input; NULL: /dev/null */
        size_t input_size;
        size_t output_max; /* limit of each collected stream */
        bool no_sync; /* what it makes is thrown away if the machine dies: let it wait for no disk (os/no_sync.h) */
        /* Either of these gives the program a process group of its own, which is killed as a whole. */
        unsigned silence_s;             /* it may say nothing for so long; 0 = for ever. ERR_NETWORK when it is over */
        const volatile bool *cancelled; /* ERR_CANCELLED; NULL = never */
} ProcessParams;

/* Run to the end. *ret_status: exit status, or 128 + signal. Output and errors are collected. ERR_NOT_FOUND when the
 * program is not installed. */
int process_run(const ProcessParams *params, int *ret_status, Buf *ret_output, Buf *ret_errors, Err **e);

/* A program that runs beside us until its standard input ends. */
typedef struct Companion {
        pid_t pid;
        int input_fd, output_fd; /* its standard input and output; errors go to /dev/null */
} Companion;

/* It gets a process group of its own, so that a terminal's ^C is not for it: what it does at the end of its input it does also
 * when we are killed. ERR_NOT_FOUND when it is not installed. */
int companion_start(const char *const *argv, Companion *ret_companion, Err **e);
/* End its input and wait for it. Returns its exit status, or 128 + signal. */
int companion_stop(Companion *c);
