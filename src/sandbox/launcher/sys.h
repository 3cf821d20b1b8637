/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* System calls without a C library: the result is the kernel's, a negative errno on failure.
 * The launcher starts once for every RUN, and the start of a C library is most of what an empty static program
 * costs (processor detection traps in virtual machines). Where no assembly is written here, the C library's
 * syscall() serves, and LAUNCHER_LIBC is set by the build. */

#if defined(LAUNCHER_LIBC)
#include <unistd.h>
static inline long sys6(long n, long a, long b, long c, long d, long e, long f) {
        long r = syscall(n, a, b, c, d, e, f);
        return r == -1 ? -errno : r;
}
#elif defined(__x86_64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f) {
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        register long r9 __asm__("r9") = f;
        long r;
        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        return r;
}
#elif defined(__aarch64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f) {
        register long x8 __asm__("x8") = n;
        register long x0 __asm__("x0") = a;
        register long x1 __asm__("x1") = b;
        register long x2 __asm__("x2") = c;
        register long x3 __asm__("x3") = d;
        register long x4 __asm__("x4") = e;
        register long x5 __asm__("x5") = f;
        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
        return x0;
}
#else
#error "build the launcher with LAUNCHER_LIBC on this architecture"
#endif

#define SYS(number, ...) SYS_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(number, a, b, c, d, e, f, ...) \
        sys6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline size_t text_length(const char *text) {
        size_t n = 0;
        while (text[n]) n++;
        return n;
}

static inline int text_starts(const char *text, const char *prefix) {
        while (*prefix)
                if (*text++ != *prefix++) return 0;
        return 1;
}

/* Text put together in a fixed buffer; too long an end is cut off and remembered. */
typedef struct Line {
        char *p;
        size_t n, capacity;
        int cut;
} Line;

#define LINE(name, size)         \
        char name##_bytes[size]; \
        Line name = {name##_bytes, 0, size, 0}

void line_add(Line *l, const char *text); /* always NUL-terminated after it */
void line_add_u64(Line *l, uint64_t value, unsigned base);
_Noreturn void sys_exit(int status);
