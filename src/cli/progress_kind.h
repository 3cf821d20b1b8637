/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "cli/progress.h"

/* What the renderers share; for the files of cli/progress_*.c only. */

typedef struct ProgressKind {
        void *(*new)(const ProgressParams *params);
        void (*emit)(void *context, const Event *event);
        void (*finish)(void *context);
        void (*free)(void *context);
} ProgressKind;

extern const ProgressKind progress_plain, progress_tty, progress_rawjson, progress_quiet;

/* All of it; a broken standard error is nobody's concern. */
void progress_write(int fd, const char *data, size_t size);

/* Limits of what a renderer remembers. */
enum {
        PROGRESS_VERTEX_MAX = 100000,
        PROGRESS_LINE_MAX = 16384, /* bytes of an output line; longer ones are cut into several */
        PROGRESS_STATUS_MAX = 64,  /* sub-lines of a vertex */
        PROGRESS_WARNINGS_MAX = 200,
};

/* One sub-line: "extracting: 2.1MB / 10MB". */
typedef struct ProgressStatus {
        char *name;
        uint64_t current, total;
        bool printed;
} ProgressStatus;
typedef struct ProgressStatuses {
        ProgressStatus *v;
        size_t n;
} ProgressStatuses;
/* Remember the newest numbers of a sub-line; NULL past PROGRESS_STATUS_MAX. */
ProgressStatus *progress_status_set(ProgressStatuses *list, const Event *event);
void progress_status_render(const ProgressStatus *status, Buf *out);
void progress_statuses_done(ProgressStatuses *list);

/* Warnings are shown at the end. */
typedef struct ProgressWarning {
        char *check, *text, *detail;
} ProgressWarning;
typedef VEC(ProgressWarning) ProgressWarnings;
void progress_warning_add(ProgressWarnings *list, const Event *event);
void progress_warnings_render(const ProgressWarnings *list, const ProgressParams *params, Buf *out);
void progress_warnings_done(ProgressWarnings *list);
