/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Scope-bound release, the one GNU extension that shapes the code:
 *
 *     AUTO(closep) int fd = open(...);
 *     AUTO(freep) char *text = xstrdup(...);
 *     ...
 *     *ret_text = TAKE(text);      ownership moves out, nothing is released
 */
#define AUTO(function) __attribute__((cleanup(function)))

#define TAKE(pointer)                                   \
        ({                                              \
                __typeof__(pointer) taken_ = (pointer); \
                (pointer) = NULL;                       \
                taken_;                                 \
        })

#define TAKE_FD(fd)                \
        ({                         \
                int taken_ = (fd); \
                (fd) = -1;         \
                taken_;            \
        })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static inline void freep(void *p) {
        free(*(void **)p);
}

static inline void closep(const int *fd) {
        if (*fd >= 0) close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f) fclose(*f);
}

static inline void closedirp(DIR **d) {
        if (*d) closedir(*d);
}

/* Declares foop() for foo_free(Foo *): DEFINE_FREEP(Foo, foo_free) gives foo_freep(). */
#define DEFINE_FREEP(type, function)               \
        static inline void function##p(type **p) { \
                if (*p) function(*p);              \
        }                                          \
        struct swallow_semicolon_
