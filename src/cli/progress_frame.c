/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/progress_tty.h"
#include "cli/text.h"

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define BLUE "\033[34m"
#define RESET "\033[0m"

typedef struct Frame {
        const TtyState *state;
        unsigned columns;
        Buf *out;
        size_t lines;
        int64_t now;
} Frame;

const char *tty_tail_line(const TtyVertex *v, size_t count, size_t i) {
        return v->tail[(v->tail_count - count + i) % TTY_TAIL_LINES];
}

/* One line: text, clipped, and the time at the right edge. */
static void add_line(Frame *f, const char *text, const char *color, int64_t duration_ns) {
        char timer[32] = "";
        if (duration_ns >= 0) snprintf(timer, sizeof timer, " %.1fs", (double)duration_ns / 1e9);
        size_t room = f->columns > strlen(timer) ? f->columns - strlen(timer) : f->columns;
        bool colored = f->state->params.color && color;
        if (colored) buf_adds(f->out, color);
        size_t used = text_add_clipped(f->out, str_of(text), room);
        if (*timer) buf_addf(f->out, "%*s%s", (int)(room - used), "", timer);
        if (colored) buf_adds(f->out, RESET);
        buf_addc(f->out, '\n');
        f->lines++;
}

static void add_text(Frame *f, const char *prefix, const char *text, const char *color) {
        Buf line = {0};
        buf_addf(&line, "%s%s", prefix, text);
        add_line(f, line.p, color, -1);
        buf_done(&line);
}

static void add_header(Frame *f) {
        const TtyState *s = f->state;
        size_t total = 0, done = 0;
        for (size_t i = 0; i < s->vertices.n; i++) {
                total += s->vertices.v[i].name != NULL;
                done += s->vertices.v[i].ended && s->vertices.v[i].outcome <= VERTEX_CACHED;
        }
        char text[128];
        snprintf(text, sizeof text, "[+] Building %.1fs (%zu/%zu)%s", (double)(f->now - s->started_ns) / 1e9, done,
                 total, s->finished && !s->failed ? " FINISHED" : "");
        add_line(f, text, s->failed ? RED : s->finished ? BLUE : NULL, -1);
}

static bool is_running(const TtyVertex *v) {
        return v->started && !v->ended;
}

static bool is_shown(const TtyVertex *v) {
        return v->name && (v->started || v->ended);
}

static void add_vertex_line(Frame *f, const TtyVertex *v) {
        static const struct {
                const char *word, *color;
        } looks[] = {
                [VERTEX_DONE] = {"", BLUE},
                [VERTEX_CACHED] = {"CACHED ", BLUE},
                [VERTEX_FAILED] = {"ERROR ", RED},
                [VERTEX_CANCELLED] = {"CANCELED ", YELLOW},
        };
        Buf text = {0};
        buf_addf(&text, " => %s%s", v->ended ? looks[v->outcome].word : "", v->name);
        add_line(f, text.p, v->ended ? looks[v->outcome].color : NULL,
                 v->ended ? v->duration_ns : f->now - v->started_ns);
        buf_done(&text);
}

static size_t log_count(const TtyVertex *v, size_t maximum) {
        size_t n = v->tail_count < TTY_TAIL_LINES ? v->tail_count : TTY_TAIL_LINES;
        return is_running(v) && v->tail ? (n < maximum ? n : maximum) : 0;
}

static void add_vertex(Frame *f, const TtyVertex *v, size_t logs, bool statuses) {
        add_vertex_line(f, v);
        for (size_t i = 0; statuses && i < v->statuses.n; i++) {
                Buf text = {0};
                progress_status_render(&v->statuses.v[i], &text);
                add_text(f, " => => ", text.p, NULL);
                buf_done(&text);
        }
        size_t n = log_count(v, logs);
        for (size_t i = 0; i < n; i++) add_text(f, " => => # ", tty_tail_line(v, n, i), NULL);
}

/* What fits: how many log lines for each running step, whether sub-lines, how many of the ended and running steps. */
typedef struct Layout {
        size_t logs;
        bool statuses;
        size_t skip_ended, skip_running;
} Layout;

static size_t height_of_running(const TtyState *s, const Layout *l) {
        size_t n = 0;
        for (size_t i = 0; i < s->vertices.n; i++) {
                const TtyVertex *v = &s->vertices.v[i];
                if (is_running(v)) n += 1 + log_count(v, l->logs) + (l->statuses ? v->statuses.n : 0);
        }
        return n;
}

static Layout layout_of(const TtyState *s, size_t rows) {
        Layout l = {.logs = s->params.log_lines ? s->params.log_lines : TTY_LOG_LINES, .statuses = true};
        if (rows == 0) return l;
        size_t room = rows > 1 ? rows - 1 : 1, ended = 0;
        while (height_of_running(s, &l) > room && l.logs > 0) l.logs--;
        if (height_of_running(s, &l) > room) l.statuses = false;
        size_t running = height_of_running(s, &l);
        if (running > room) l.skip_running = running - room;
        for (size_t i = 0; i < s->vertices.n; i++) ended += is_shown(&s->vertices.v[i]) && s->vertices.v[i].ended;
        size_t left = running < room ? room - running : 0;
        /* while it runs, what is over gives its sub-lines up */
        for (size_t i = 0; i < s->vertices.n && l.statuses; i++) {
                if (s->vertices.v[i].ended && ended + s->vertices.v[i].statuses.n > left) l.statuses = false;
        }
        if (ended > left) l.skip_ended = ended - left;
        return l;
}

size_t tty_frame(const TtyState *s, unsigned columns, unsigned rows, Buf *out) {
        Frame f = {.state = s, .columns = columns, .out = out, .now = s->params.now()};
        Layout l = layout_of(s, rows);
        add_header(&f);
        for (size_t i = 0; i < s->vertices.n; i++) {
                const TtyVertex *v = &s->vertices.v[i];
                if (!is_shown(v)) continue;
                size_t *skip = v->ended ? &l.skip_ended : &l.skip_running;
                if (*skip > 0) {
                        (*skip)--;
                        continue;
                }
                add_vertex(&f, v, l.logs, rows == 0 || (l.statuses && is_running(v)));
        }
        return f.lines;
}
