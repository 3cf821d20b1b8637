/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/progress_kind.h"
#include "os/clock.h"

struct Progress {
        const ProgressKind *kind;
        void *context;
        EventSink sink;
};

static const struct {
        const char *name;
        ProgressMode mode;
} modes[] = {
        {"auto", PROGRESS_AUTO},       {"plain", PROGRESS_PLAIN}, {"tty", PROGRESS_TTY},
        {"rawjson", PROGRESS_RAWJSON}, {"quiet", PROGRESS_QUIET}, {"none", PROGRESS_QUIET},
};

int progress_mode_parse(const char *text, ProgressMode *ret_mode, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                if (!streq(text, modes[i].name)) continue;
                *ret_mode = modes[i].mode;
                return 0;
        }
        err_new(e, ERR_USAGE, "'%s' is not a kind of progress", text);
        return err_hint(e, "kinds: auto plain tty rawjson quiet none");
}

static const ProgressKind *kind_of(const ProgressParams *params) {
        switch (params->mode) {
        case PROGRESS_PLAIN: return &progress_plain;
        case PROGRESS_TTY: return &progress_tty;
        case PROGRESS_RAWJSON: return &progress_rawjson;
        case PROGRESS_QUIET: return &progress_quiet;
        case PROGRESS_AUTO: break;
        }
        return isatty(params->fd) ? &progress_tty : &progress_plain;
}

Progress *progress_new(const ProgressParams *params) {
        ProgressParams full = *params;
        if (!full.now) full.now = clock_monotonic_ns;
        Progress *p = xcalloc(1, sizeof *p);
        p->kind = kind_of(params);
        p->context = p->kind->new (&full);
        p->sink = (EventSink){p->kind->emit, p->context};
        return p;
}

const EventSink *progress_sink(Progress *p) {
        return &p->sink;
}

void progress_finish(Progress *p) {
        p->kind->finish(p->context);
}

void progress_free(Progress *p) {
        p->kind->free(p->context);
        free(p);
}

void progress_write(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);
                if (n < 0 && errno == EINTR) continue;
                if (n <= 0) return;
                data += n;
                size -= (size_t)n;
        }
}

ProgressStatus *progress_status_set(ProgressStatuses *list, const Event *event) {
        ProgressStatus *status = NULL;
        for (size_t i = 0; i < list->n && !status; i++) {
                if (streq(list->v[i].name, event->name)) status = &list->v[i];
        }
        if (!status) {
                if (list->n >= PROGRESS_STATUS_MAX) return NULL;
                list->v = xreallocarray(list->v, list->n + 1, sizeof *list->v);
                status = &list->v[list->n++];
                *status = (ProgressStatus){.name = xstrdup(event->name)};
        }
        status->current = event->current;
        status->total = event->total;
        return status;
}

void progress_status_render(const ProgressStatus *status, Buf *out) {
        char size[16];
        buf_adds(out, status->name);
        if (status->current == 0 && status->total == 0) return;
        size_render(status->current, size);
        buf_addf(out, ": %s", size);
        if (status->total == 0 || status->total == status->current) return;
        size_render(status->total, size);
        buf_addf(out, " / %s", size);
}

void progress_statuses_done(ProgressStatuses *list) {
        for (size_t i = 0; i < list->n; i++) free(list->v[i].name);
        free(list->v);
        *list = (ProgressStatuses){0};
}

void progress_warning_add(ProgressWarnings *list, const Event *event) {
        if (list->n >= PROGRESS_WARNINGS_MAX) return;
        ProgressWarning warning = {xstrdup(event->name), xstrdup(event->message), xstrdup(event->detail)};
        vec_push(list, warning);
}

void progress_warnings_render(const ProgressWarnings *list, const ProgressParams *params, Buf *out) {
        if (list->n == 0) return;
        buf_addf(out, "\n %s%zu warning%s found%s:%s\n", params->color ? "\033[33m" : "", list->n,
                 list->n == 1 ? "" : "s", params->details ? "" : " (use --debug to expand)",
                 params->color ? "\033[0m" : "");
        for (size_t i = 0; i < list->n; i++) {
                const ProgressWarning *w = &list->v[i];
                bool named = w->check && *w->check;
                buf_addf(out, " - %s%s%s\n", named ? w->check : "", named ? ": " : "", w->text ? w->text : "");
                if (params->details && w->detail) buf_addf(out, "%s\n", w->detail);
        }
}

void progress_warnings_done(ProgressWarnings *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].check);
                free(list->v[i].text);
                free(list->v[i].detail);
        }
        vec_done(list);
}
