/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p) {
        if (!p) {
                fputs("decant: out of memory\n", stderr);
                abort();
        }
        return p;
}

void *xmalloc(size_t size) {
        return must(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size) {
        return must(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size) {
        return must(realloc(p, size ? size : 1));
}

void *xreallocarray(void *p, size_t count, size_t size) {
        return must(reallocarray(p, count ? count : 1, size ? size : 1));
}

void *xmemdup(const void *p, size_t size) {
        void *copy = xmalloc(size);
        if (size) memcpy(copy, p, size);
        return copy;
}

char *xstrdup(const char *text) {
        return text ? must(strdup(text)) : NULL;
}

char *xstrndup(const char *text, size_t size) {
        return must(strndup(text, size));
}

char *xvasprintf(const char *format, va_list ap) {
        char *text = NULL;
        if (vasprintf(&text, format, ap) < 0) text = NULL;
        return must(text);
}

char *xasprintf(const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        return text;
}
