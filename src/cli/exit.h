/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* Exit statuses of the program: one table, from which main(), the help and the man page come. `decant run` passes the
 * container's status on and uses 125 to 127 as docker does. */
typedef enum ExitStatus {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_SYNTAX = 3,
        EXIT_STEP = 4,
        EXIT_ABSENT = 5,
        EXIT_DAMAGED = 6,
        EXIT_DENIED = 7,
        EXIT_NO_SPACE = 8,
        EXIT_NETWORK = 9,
        EXIT_TESTS_FAILED = 10,
        EXIT_RUN_FAILED = 125,
        EXIT_RUN_NOT_EXECUTABLE = 126,
        EXIT_RUN_NOT_FOUND = 127,
        EXIT_INTERRUPTED = 130,
        EXIT_TERMINATED = 143,
} ExitStatus;

typedef struct ExitRow {
        ExitStatus status;
        const char *meaning;
} ExitRow;

/* All rows in the order in which they are documented. */
const ExitRow *exit_rows(size_t *ret_count);

/* What the program ends with after a failure of this kind. ERR_CANCELLED: EXIT_INTERRUPTED. */
ExitStatus exit_status_of(ErrKind kind);
