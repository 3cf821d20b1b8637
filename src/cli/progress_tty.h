/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/progress_kind.h"

/* What the tty view knows (progress_tty.c) and how a frame of it looks (progress_frame.c). */

enum {
        TTY_TAIL_LINES = 200, /* of a step, kept for the case that it fails */
        TTY_LOG_LINES = 6,
        TTY_LINE_MAX = 4096, /* bytes kept of one line */
};

typedef struct TtyVertex {
        char *name;
        bool started, ended;
        VertexOutcome outcome;
        char *message;
        int64_t started_ns, duration_ns;
        ProgressStatuses statuses;
        Buf line;          /* output without its end yet */
        char **tail;       /* ring of the last lines, cleaned: TTY_TAIL_LINES entries */
        size_t tail_count; /* lines ever */
} TtyVertex;

typedef struct TtyState {
        ProgressParams params;
        VEC(TtyVertex) vertices; /* number n at n - 1 */
        int64_t started_ns;
        bool finished, failed;
} TtyState;

/* Line i of the last count lines of v; borrowed. */
const char *tty_tail_line(const TtyVertex *v, size_t count, size_t i);

/* Append the lines of a frame, each ending in \n, none wider than columns; at most rows of them (0: all). Returns how many. */
size_t tty_frame(const TtyState *s, unsigned columns, unsigned rows, Buf *out);
