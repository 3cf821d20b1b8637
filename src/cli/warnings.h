/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/event.h"

/* Warnings of a build as BuildKit's clients write them: level, short, detail (both base64), url, range. */

/* Of an EVENT_WARNING; owned by the caller. */
json_t *warning_json(const Event *event);

/* A sink that passes every event on and keeps the warnings. The struct must stay where it is. */
typedef struct WarningLog {
        const EventSink *next;
        EventSink sink; /* to give to build_run() */
        json_t *list;
} WarningLog;
void warning_log_init(WarningLog *l, const EventSink *next);
void warning_log_done(WarningLog *l);
