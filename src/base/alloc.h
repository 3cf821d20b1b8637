/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Small allocations. They abort the process when memory is exhausted: what outside input sizes has a named limit
 * and is checked before it comes here. Results are freed with free(). Any thread. */

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
void *xmemdup(const void *p, size_t size);
char *xstrdup(const char *text);               /* NULL gives NULL */
char *xstrndup(const char *text, size_t size); /* copies at most size bytes, adds the NUL */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));
