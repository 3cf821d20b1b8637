/* SPDX-License-Identifier: Apache-2.0 */
#include "os/no_sync.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ARCH AUDIT_ARCH_PPC64LE
#endif

#ifdef NATIVE_ARCH

#ifndef SYS_sync_file_range
#define SYS_sync_file_range SYS_sync_file_range2
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
/* Equal: over `then` instructions; else over `otherwise`. */
#define EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)

int no_sync_enter(void) {
        static const struct sock_filter program[] = {
                LOAD(arch),
                EQUAL(NATIVE_ARCH, 0, 7),
                LOAD(nr),
                EQUAL(SYS_fsync, 6, 0),
                EQUAL(SYS_fdatasync, 5, 0),
                EQUAL(SYS_sync, 4, 0),
                EQUAL(SYS_syncfs, 3, 0),
                EQUAL(SYS_msync, 2, 0),
                EQUAL(SYS_sync_file_range, 1, 0),
                RETURN(SECCOMP_RET_ALLOW),
                RETURN(SECCOMP_RET_ERRNO), /* 0: done */
        };
        const struct sock_fprog filter = {ARRAY_SIZE(program), (struct sock_filter *)program};
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 ? -1 : 0;
}

#else

int no_sync_enter(void) {
        return -1;
}

#endif
