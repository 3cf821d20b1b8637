/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress_tty.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/text.h"
#include "os/clock.h"

/* A block of lines that is drawn over itself. Events only change the state; a thread draws at a fixed pace, so that the build
 * never waits for the terminal. */

enum { DRAW_EVERY_MS = 80 };

typedef struct Tty {
        TtyState state;
        ProgressWarnings warnings;
        pthread_mutex_t lock; /* state */
        pthread_cond_t wake;
        pthread_t thread;
        bool has_thread, stop;
        size_t drawn_lines; /* of the frame that stands on the terminal */
} Tty;

static void terminal_size(const ProgressParams *params, unsigned *ret_columns, unsigned *ret_rows) {
        struct winsize size = {0};
        if (!params->columns || !params->rows) ioctl(params->fd, TIOCGWINSZ, &size);
        *ret_columns = params->columns ? params->columns : size.ws_col ? size.ws_col : 80;
        *ret_rows = params->rows ? params->rows : size.ws_row ? size.ws_row : 24;
}

/* Called with the lock held. all: the last frame, which may be longer than the terminal. */
static void draw(Tty *t, bool all) {
        unsigned columns, rows;
        AUTO(buf_done) Buf frame = {0};
        AUTO(buf_done) Buf out = {0};
        terminal_size(&t->state.params, &columns, &rows);
        size_t lines = tty_frame(&t->state, columns, all ? 0 : rows - 1, &frame);
        buf_adds(&out, "\033[?25l\r"); /* no cursor flying about */
        if (t->drawn_lines) buf_addf(&out, "\033[%zuA", t->drawn_lines);
        Str rest = buf_str(&frame), line;
        while (str_cut(&rest, '\n', &line)) {
                buf_add_str(&out, line);
                buf_adds(&out, "\033[K\n");
        }
        buf_adds(&out, "\033[J\033[?25h");
        progress_write(t->state.params.fd, out.p, out.n);
        t->drawn_lines = lines;
}

static void *draw_thread(void *context) {
        Tty *t = context;
        pthread_mutex_lock(&t->lock);
        while (!t->stop) {
                struct timespec until;
                clock_gettime(CLOCK_MONOTONIC, &until);
                until.tv_nsec += DRAW_EVERY_MS * 1000000L;
                if (until.tv_nsec >= 1000000000L) {
                        until.tv_nsec -= 1000000000L;
                        until.tv_sec++;
                }
                pthread_cond_timedwait(&t->wake, &t->lock, &until);
                if (!t->stop) draw(t, false);
        }
        pthread_mutex_unlock(&t->lock);
        return NULL;
}

static void *tty_new(const ProgressParams *params) {
        Tty *t = xcalloc(1, sizeof *t);
        t->state.params = *params;
        t->state.started_ns = params->now();
        pthread_mutex_init(&t->lock, NULL);
        pthread_condattr_t attributes;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&t->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        if (!params->no_timer) t->has_thread = pthread_create(&t->thread, NULL, draw_thread, t) == 0;
        return t;
}

static TtyVertex *vertex_of(Tty *t, unsigned number) {
        if (number == 0 || number > PROGRESS_VERTEX_MAX) return NULL;
        while (t->state.vertices.n < number) vec_push(&t->state.vertices, (TtyVertex){0});
        return &t->state.vertices.v[number - 1];
}

static void add_tail_line(TtyVertex *v, Str line) {
        if (!v->tail) v->tail = xcalloc(TTY_TAIL_LINES, sizeof *v->tail);
        Buf clean = {0};
        text_add_plain(&clean, str_sub(line, 0, TTY_LINE_MAX));
        char **slot = &v->tail[v->tail_count++ % TTY_TAIL_LINES];
        free(*slot);
        *slot = buf_take(&clean);
}

static void on_log(TtyVertex *v, const Event *event) {
        Str rest = {event->data, event->size}, piece;
        while (str_cut(&rest, '\n', &piece)) {
                if (v->line.n == 0) {
                        add_tail_line(v, piece);
                        continue;
                }
                buf_add_str(&v->line, piece);
                add_tail_line(v, buf_str(&v->line));
                buf_clear(&v->line);
        }
        buf_add_str(&v->line, rest);
        if (v->line.n <= PROGRESS_LINE_MAX) return;
        add_tail_line(v, buf_str(&v->line));
        buf_clear(&v->line);
}

static void free_tail(TtyVertex *v) {
        for (size_t i = 0; v->tail && i < TTY_TAIL_LINES; i++) free(v->tail[i]);
        free(v->tail);
        v->tail = NULL;
        buf_done(&v->line);
}

static void on_done(Tty *t, TtyVertex *v, const Event *event) {
        if (v->line.n) add_tail_line(v, buf_str(&v->line));
        v->ended = true;
        v->outcome = event->outcome;
        v->duration_ns = event->duration_ns;
        v->message = xstrdup(event->message);
        if (event->outcome == VERTEX_FAILED) {
                t->state.failed = true;
        } else {
                free_tail(v);
        }
}

static void on_vertex_event(Tty *t, TtyVertex *v, const Event *event) {
        switch (event->type) {
        case EVENT_VERTEX:
                if (!v->name) {
                        Buf name = {0};
                        text_add_plain(&name, str_of(event->name));
                        v->name = buf_take(&name);
                }
                break;
        case EVENT_START:
                v->started = true;
                v->started_ns = t->state.params.now();
                break;
        case EVENT_LOG: on_log(v, event); break;
        case EVENT_STATUS:
                if (event->name) progress_status_set(&v->statuses, event);
                break;
        case EVENT_DONE: on_done(t, v, event); break;
        default: break;
        }
}

static void tty_emit(void *context, const Event *event) {
        Tty *t = context;
        pthread_mutex_lock(&t->lock);
        if (event->type == EVENT_WARNING) {
                progress_warning_add(&t->warnings, event);
        } else if (event->type == EVENT_BUILD_DONE) {
                t->state.failed = t->state.failed || event->outcome > VERTEX_CACHED;
        } else {
                TtyVertex *v = vertex_of(t, event->vertex);
                if (v && !v->ended) on_vertex_event(t, v, event);
        }
        pthread_mutex_unlock(&t->lock);
}

/* The frame shows only a few lines of a step and none of one that ended: here is the rest. */
static void add_failed_tail(const TtyVertex *v, Buf *out) {
        if (!v->ended || v->outcome != VERTEX_FAILED || !v->tail) return;
        size_t n = v->tail_count < TTY_TAIL_LINES ? v->tail_count : TTY_TAIL_LINES;
        buf_addf(out, "------\n > %s:\n", v->name ? v->name : "");
        if (v->tail_count > n) buf_addf(out, "(%zu lines before; --progress=plain shows all)\n", v->tail_count - n);
        for (size_t i = 0; i < n; i++) buf_addf(out, "%s\n", tty_tail_line(v, n, i));
        buf_adds(out, "------\n");
}

static void write_end(Tty *t, bool warnings) {
        AUTO(buf_done) Buf out = {0};
        for (size_t i = 0; i < t->state.vertices.n; i++) add_failed_tail(&t->state.vertices.v[i], &out);
        if (warnings) progress_warnings_render(&t->warnings, &t->state.params, &out);
        if (out.n) progress_write(t->state.params.fd, out.p, out.n);
}

static void tty_finish(void *context) {
        Tty *t = context;
        pthread_mutex_lock(&t->lock);
        t->stop = true;
        pthread_cond_signal(&t->wake);
        pthread_mutex_unlock(&t->lock);
        if (t->has_thread) pthread_join(t->thread, NULL);
        t->has_thread = false;
        t->state.finished = true;
        draw(t, true);
        write_end(t, true);
}

static void tty_free(void *context) {
        Tty *t = context;
        for (size_t i = 0; i < t->state.vertices.n; i++) {
                TtyVertex *v = &t->state.vertices.v[i];
                free(v->name);
                free(v->message);
                free_tail(v);
                progress_statuses_done(&v->statuses);
        }
        vec_done(&t->state.vertices);
        progress_warnings_done(&t->warnings);
        pthread_cond_destroy(&t->wake);
        pthread_mutex_destroy(&t->lock);
        free(t);
}

const ProgressKind progress_tty = {tty_new, tty_emit, tty_finish, tty_free};

/* Quiet: the same, never drawn; only the output of a step that failed is told. */
static void *quiet_new(const ProgressParams *params) {
        ProgressParams quiet = *params;
        quiet.no_timer = true;
        return tty_new(&quiet);
}

static void quiet_finish(void *context) {
        write_end(context, false);
}

const ProgressKind progress_quiet = {quiet_new, tty_emit, quiet_finish, tty_free};
