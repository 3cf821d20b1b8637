/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"

/* Progress renderers: listeners of the events of a build (base/event.h). One file a kind. */

typedef enum ProgressMode {
        PROGRESS_AUTO,
        PROGRESS_PLAIN,
        PROGRESS_TTY,
        PROGRESS_RAWJSON,
        PROGRESS_QUIET
} ProgressMode;

/* "auto", "plain", "tty", "rawjson", "quiet", "none". ERR_USAGE. */
int progress_mode_parse(const char *text, ProgressMode *ret_mode, Err **e);

typedef struct ProgressParams {
        ProgressMode mode;
        int fd; /* borrowed; where to write */
        bool color;
        bool details;           /* show the excerpts of warnings */
        unsigned columns, rows; /* of the terminal; 0: ask it */
        unsigned log_lines;     /* last lines of a running step in the tty view; 0: 6 */
        int64_t (*now)(void);   /* monotonic ns; NULL: the clock */
        bool no_timer;          /* tty: draw at the end only; for tests */
} ProgressParams;

typedef struct Progress Progress;
Progress *progress_new(const ProgressParams *params);
/* The sink to give to build_run(); lives as long as p. */
const EventSink *progress_sink(Progress *p);
/* Draw what is left: the last frame, the tail of a step that failed, the warnings. No event may come afterwards. */
void progress_finish(Progress *p);
void progress_free(Progress *p);
static inline void progress_freep(Progress **p) {
        if (*p) progress_free(*p);
}
