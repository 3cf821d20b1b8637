/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The error object of decant.
 *
 * A function that can fail returns int: 0 done; below 0 failed and *e is set; above 0 an outcome that its
 * header documents. *e is set once, where the failure happened, and wrapped on the way up, so that the text
 * reads from the large to the small: "layer 3 of 7: open blob 'ab12': No such file or directory".
 * The kind decides the exit status of the program (cli/exit.h). The text is for people. Hints, one line each,
 * say what to do. An excerpt is preformatted text (a piece of a Dockerfile with a mark) that follows the message.
 *
 * Every function here accepts e == NULL (the caller does not care). Any thread; one Err belongs to one thread. */

typedef enum ErrKind {
        ERR_INTERNAL = 1, /* a bug of decant */
        ERR_SYS,          /* the operating system refused; errno is kept */
        ERR_USAGE,        /* wrong command line */
        ERR_SYNTAX,       /* a Dockerfile, ignore file or other text of the user is wrong */
        ERR_NOT_FOUND,    /* a named thing is nowhere */
        ERR_FORMAT,       /* bytes from outside are not what they claim to be */
        ERR_LIMIT,        /* a named maximum was exceeded */
        ERR_DENIED,       /* no permission: what to enable is in the hints */
        ERR_NO_SPACE,     /* disk or quota full */
        ERR_STEP,         /* a RUN ended with a non-zero status; err_exit_status() has it */
        ERR_CANCELLED,    /* a signal, or another step's failure */
        ERR_CONFLICT,     /* in use by somebody else, or exists already */
        ERR_UNSUPPORTED,  /* a valid request that decant cannot serve */
        ERR_STORE,        /* the store is damaged or of a newer version */
        ERR_NETWORK,      /* another machine was not reached, or did not answer as it should: may work later */
        ERR_KIND_MAX,
} ErrKind;

typedef struct Err Err;

/* Set *e (which must be empty) and return -1. */
int err_new(Err **e, ErrKind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_new() with the text of the current errno behind it. ENOSPC, EDQUOT become ERR_NO_SPACE; EACCES, EPERM
 * become ERR_DENIED; ENOENT stays ERR_SYS (the caller knows whether absence is the point). */
int err_sys(Err **e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "TEXT: " before the message of *e. Returns -1. */
int err_wrap(Err **e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add one line that says what to do. Returns -1. */
int err_hint(Err **e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Set the excerpt; the text is copied. Returns -1. An excerpt that is there already stays. */
int err_excerpt(Err **e, const char *text);

/* Keep the exit status of the process that failed (ERR_STEP). Returns -1. */
int err_set_exit_status(Err **e, int status);

ErrKind err_kind(const Err *e);
int err_errno(const Err *e);                /* 0 unless err_sys() made it */
int err_exit_status(const Err *e);          /* 0 unless set */
const char *err_message(const Err *e);      /* borrowed, one line */
const char *err_excerpt_text(const Err *e); /* borrowed or NULL */
const char *err_hints(const Err *e);        /* borrowed, lines ending in \n; "" when there are none */

void err_free(Err *e);
static inline void err_freep(Err **e) {
        if (*e) err_free(*e);
}

/* Forget *e: for failures that are no failures to the caller. */
void err_clear(Err **e);

/* Move *from to *to; when *to is set already, *from is dropped (the first failure counts). */
void err_move(Err **to, Err **from);

#ifdef __clang_analyzer__ /* it looks into one file at a time: tell it what these always return */
#define err_new(...)                    \
        ({                              \
                (err_new)(__VA_ARGS__); \
                -1;                     \
        })
#define err_sys(...)                    \
        ({                              \
                (err_sys)(__VA_ARGS__); \
                -1;                     \
        })
#define err_wrap(...)                    \
        ({                               \
                (err_wrap)(__VA_ARGS__); \
                -1;                      \
        })
#define err_hint(...)                    \
        ({                               \
                (err_hint)(__VA_ARGS__); \
                -1;                      \
        })
#endif
