/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

/* The little that a program needs when no C library is linked. */

void line_add(Line *l, const char *text) {
        while (*text && l->n + 1 < l->capacity) l->p[l->n++] = *text++;
        if (*text) l->cut = 1;
        l->p[l->n] = 0;
}

void line_add_u64(Line *l, uint64_t value, unsigned base) {
        char digits[24];
        size_t at = sizeof digits - 1;
        digits[at] = 0;
        do {
                digits[--at] = (char)('0' + value % base);
                value /= base;
        } while (value);
        line_add(l, digits + at);
}

_Noreturn void sys_exit(int status) {
        for (;;) SYS(SYS_exit_group, status);
}

#if defined(LAUNCHER_LIBC)
int main(void) {
        launcher_main();
}
#else
/* The compiler calls these on its own account. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
        char *t = to;
        const char *f = from;
        for (; size; size--) {
                *t++ = *f++;
                __asm__ volatile("" ::: "memory"); /* or the loop becomes a call of itself */
        }
        return to;
}

void *memmove(void *to, const void *from, size_t size) {
        char *t = to;
        const char *f = from;
        if (t < f) return memcpy(to, from, size);
        while (size--) {
                t[size] = f[size];
                __asm__ volatile("" ::: "memory");
        }
        return to;
}

void *memset(void *to, int byte, size_t size) {
        char *t = to;
        for (; size; size--) {
                *t++ = (char)byte;
                __asm__ volatile("" ::: "memory");
        }
        return to;
}

int memcmp(const void *a, const void *b, size_t size) {
        const unsigned char *x = a, *y = b;
        for (; size; size--, x++, y++)
                if (*x != *y) return *x < *y ? -1 : 1;
        return 0;
}

void _start(void);
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall launcher_main\n\thlt\n");
#else
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tbl launcher_main\n\tbrk #0\n");
#endif
#endif
