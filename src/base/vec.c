/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void strvec_push_take(StrVec *list, char *text) {
        if (list->n + 2 > list->capacity) {
                list->capacity = list->capacity ? list->capacity * 2 : 8;
                list->v = xreallocarray(list->v, list->capacity, sizeof *list->v);
        }
        list->v[list->n++] = text;
        list->v[list->n] = NULL;
}

void strvec_push(StrVec *list, const char *text) {
        strvec_push_take(list, xstrdup(text));
}

void strvec_pushf(StrVec *list, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        strvec_push_take(list, xvasprintf(format, ap));
        va_end(ap);
}

void strvec_copy(StrVec *to, const StrVec *from) {
        strvec_done(to);
        for (size_t i = 0; i < from->n; i++) strvec_push(to, from->v[i]);
}

int strvec_index(const StrVec *list, const char *text) {
        for (size_t i = 0; i < list->n; i++) {
                if (strcmp(list->v[i], text) == 0) return (int)i;
        }
        return -1;
}

static int env_index(const StrVec *list, const char *name) {
        size_t n = strlen(name);
        for (size_t i = 0; i < list->n; i++) {
                if (strncmp(list->v[i], name, n) == 0 && list->v[i][n] == '=') return (int)i;
        }
        return -1;
}

void strvec_env_set(StrVec *list, const char *name, const char *value) {
        char *pair = xasprintf("%s=%s", name, value);
        int at = env_index(list, name);
        if (at < 0) {
                strvec_push_take(list, pair);
                return;
        }
        free(list->v[at]);
        list->v[at] = pair;
}

const char *strvec_env_get(const StrVec *list, const char *name) {
        int at = env_index(list, name);
        return at < 0 ? NULL : list->v[at] + strlen(name) + 1;
}

static int compare_text(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(StrVec *list) {
        if (list->n > 1) qsort(list->v, list->n, sizeof *list->v, compare_text);
}

void strvec_done(StrVec *list) {
        for (size_t i = 0; i < list->n; i++) free(list->v[i]);
        free(list->v);
        *list = (StrVec){0};
}
