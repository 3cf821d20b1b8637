/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct Err {
        ErrKind kind;
        int sys_errno;
        int exit_status;
        char *message;
        char *excerpt;
        char *hints;
};

static Err *err_make(ErrKind kind, char *message) {
        Err *e = xcalloc(1, sizeof *e);
        e->kind = kind;
        e->message = message;
        return e;
}

int(err_new)(Err **e, ErrKind kind, const char *format, ...) {
        if (!e) return -1;
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        if (*e) { /* a second failure on the way out never hides the first */
                free(text);
                return -1;
        }
        *e = err_make(kind, text);
        return -1;
}

static ErrKind kind_of_errno(int n) {
        switch (n) {
        case ENOSPC:
        case EDQUOT: return ERR_NO_SPACE;
        case EACCES:
        case EPERM: return ERR_DENIED;
        default: return ERR_SYS;
        }
}

int(err_sys)(Err **e, const char *format, ...) {
        int saved = errno;
        if (!e || *e) return -1;
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        char buffer[128];
        *e = err_make(kind_of_errno(saved), xasprintf("%s: %s", text, strerror_r(saved, buffer, sizeof buffer)));
        (*e)->sys_errno = saved;
        free(text);
        return -1;
}

int(err_wrap)(Err **e, const char *format, ...) {
        if (!e || !*e) return -1;
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        char *joined = xasprintf("%s: %s", text, (*e)->message);
        free(text);
        free((*e)->message);
        (*e)->message = joined;
        return -1;
}

int(err_hint)(Err **e, const char *format, ...) {
        if (!e || !*e) return -1;
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        char *joined = xasprintf("%s%s\n", (*e)->hints ? (*e)->hints : "", text);
        free(text);
        free((*e)->hints);
        (*e)->hints = joined;
        return -1;
}

int err_excerpt(Err **e, const char *text) {
        if (e && *e && !(*e)->excerpt) (*e)->excerpt = xstrdup(text);
        return -1;
}

int err_set_exit_status(Err **e, int status) {
        if (e && *e) (*e)->exit_status = status;
        return -1;
}

ErrKind err_kind(const Err *e) {
        return e ? e->kind : ERR_INTERNAL;
}

int err_errno(const Err *e) {
        return e ? e->sys_errno : 0;
}

int err_exit_status(const Err *e) {
        return e ? e->exit_status : 0;
}

const char *err_message(const Err *e) {
        return e ? e->message : "unknown failure";
}

const char *err_excerpt_text(const Err *e) {
        return e ? e->excerpt : NULL;
}

const char *err_hints(const Err *e) {
        return e && e->hints ? e->hints : "";
}

void err_free(Err *e) {
        if (!e) return;
        free(e->message);
        free(e->excerpt);
        free(e->hints);
        free(e);
}

void err_clear(Err **e) {
        if (!e) return;
        err_free(*e);
        *e = NULL;
}

void err_move(Err **to, Err **from) {
        if (to && !*to) {
                *to = *from;
        } else {
                err_free(*from);
        }
        *from = NULL;
}
