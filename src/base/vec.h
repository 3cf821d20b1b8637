/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/alloc.h"

/* A typed growing array: VEC(Step) steps = {0}; vec_push(&steps, step); steps.v[i], steps.n; vec_done(&steps).
 * Elements are moved by value; what they own is the owner's business. One thread. */
#define VEC(type)                \
        struct {                 \
                type *v;         \
                size_t n;        \
                size_t capacity; \
        }

#define vec_push(vec, ...)                                                                     \
        do {                                                                                   \
                if ((vec)->n == (vec)->capacity) {                                             \
                        (vec)->capacity = (vec)->capacity ? (vec)->capacity * 2 : 8;           \
                        (vec)->v = xreallocarray((vec)->v, (vec)->capacity, sizeof *(vec)->v); \
                }                                                                              \
                (vec)->v[(vec)->n++] = __VA_ARGS__;                                            \
        } while (0)

#define vec_done(vec)                \
        do {                         \
                free((vec)->v);      \
                (vec)->v = NULL;     \
                (vec)->n = 0;        \
                (vec)->capacity = 0; \
        } while (0)

/* A list of owned strings, always NULL-terminated once something was added, so that v can go to execve(). */
typedef struct StrVec {
        char **v;
        size_t n;
        size_t capacity;
} StrVec;

void strvec_push(StrVec *list, const char *text); /* copies */
void strvec_pushf(StrVec *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strvec_push_take(StrVec *list, char *text);        /* owns text from now on */
void strvec_copy(StrVec *to, const StrVec *from);       /* to is emptied first */
int strvec_index(const StrVec *list, const char *text); /* -1 when absent */
/* Environment lists "NAME=value": replace in place or append; get returns a borrowed value or NULL. */
void strvec_env_set(StrVec *list, const char *name, const char *value);
const char *strvec_env_get(const StrVec *list, const char *name);
void strvec_sort(StrVec *list); /* bytewise */
void strvec_done(StrVec *list);
