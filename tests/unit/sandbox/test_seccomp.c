/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "os/fs.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

/* What the kernel would do: the few instructions that such programs are made of. */
static uint32_t decide(const Buf *program, const struct seccomp_data *data) {
        const struct sock_filter *f = (const void *)program->p;
        size_t count = program->n / sizeof *f;
        uint32_t a = 0;
        for (size_t pc = 0; pc < count; pc++) {
                bool yes = false;
                switch (f[pc].code) {
                case BPF_LD | BPF_W | BPF_ABS: memcpy(&a, (const char *)data + f[pc].k, sizeof a); continue;
                case BPF_ALU | BPF_AND | BPF_K: a &= f[pc].k; continue;
                case BPF_JMP | BPF_JA: pc += f[pc].k; continue;
                case BPF_RET | BPF_K: return f[pc].k;
                case BPF_JMP | BPF_JEQ | BPF_K: yes = a == f[pc].k; break;
                case BPF_JMP | BPF_JGE | BPF_K: yes = a >= f[pc].k; break;
                case BPF_JMP | BPF_JGT | BPF_K: yes = a > f[pc].k; break;
                case BPF_JMP | BPF_JSET | BPF_K: yes = (a & f[pc].k) != 0; break;
                default: fail_msg("instruction %x", f[pc].code);
                }
                pc += yes ? f[pc].jt : f[pc].jf;
        }
        fail_msg("the program does not end");
        return 0;
}

static uint32_t ask(const Buf *program, long number, uint64_t first) {
        struct seccomp_data d = {.nr = (int)number, .arch = NATIVE, .args = {first}};
        return decide(program, &d);
}

static const uint32_t denied = SECCOMP_RET_ERRNO | EPERM, absent = SECCOMP_RET_ERRNO | ENOSYS;

static void test_policy(void **state) {
        (void)state;
        AUTO(buf_done) Buf p = {0};
        assert_int_equal(seccomp_compile(0, &p, NULL), 0);
        static const long fine[] = {SYS_read, SYS_openat, SYS_execve, SYS_setresuid, SYS_seccomp, SYS_ptrace, 452, 451};
        for (size_t i = 0; i < ARRAY_SIZE(fine); i++) assert_int_equal(ask(&p, fine[i], 0), SECCOMP_RET_ALLOW);
        static const long bad[] = {SYS_mount,          SYS_unshare,
                                   SYS_setns,          SYS_chroot,
                                   SYS_reboot,         SYS_bpf,
                                   SYS_keyctl,         SYS_add_key,
                                   SYS_init_module,    SYS_open_by_handle_at,
                                   SYS_io_uring_setup, 467};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) assert_int_equal(ask(&p, bad[i], 0), denied);
        assert_int_equal(ask(&p, SYS_clone3, 0), absent);
        assert_int_equal(ask(&p, SECCOMP_LAST_NUMBER + 1, 0), absent);
        assert_int_equal(ask(&p, 0x40000000 | SYS_read, 0), absent);
}

static void test_arguments(void **state) {
        (void)state;
        AUTO(buf_done) Buf p = {0};
        assert_int_equal(seccomp_compile(0, &p, NULL), 0);
        assert_int_equal(ask(&p, SYS_socket, 2), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_socket, 40), denied);
        assert_int_equal(ask(&p, SYS_personality, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_personality, UINT32_MAX), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_personality, 0x0040000), denied);
        assert_int_equal(ask(&p, SYS_clone, 0x00000100 | 17), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_clone, 0x10000000 | 17), denied);
}

static void test_capabilities(void **state) {
        (void)state;
        AUTO(buf_done) Buf p = {0};
        uint64_t set = seccomp_relevant((uint64_t)1 << CAP_SYS_ADMIN | 1 << CAP_SYS_CHROOT | 1 << CAP_CHOWN);
        assert_true(set == ((uint64_t)1 << CAP_SYS_ADMIN | 1 << CAP_SYS_CHROOT));
        assert_int_equal(seccomp_compile(set, &p, NULL), 0);
        assert_int_equal(ask(&p, SYS_mount, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_clone3, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_clone, 0x10000000 | 17), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_chroot, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, 467, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(&p, SYS_reboot, 0), denied);
}

static char *only_file(const char *dir) {
        DirList list = {0};
        assert_int_equal(dir_list(AT_FDCWD, dir, &list, NULL), 0);
        assert_int_equal(list.n, 1);
        char *path = xasprintf("%s/%s", dir, list.v[0].name);
        dir_list_done(&list);
        return path;
}

static void test_cache(void **state) {
        (void)state;
        char dir[] = "/tmp/decant-seccomp-XXXXXX";
        assert_non_null(mkdtemp(dir));
        AUTO(buf_done) Buf first = {0}, second = {0}, third = {0};
        assert_int_equal(seccomp_get(dir, 0, &first, NULL), 0);
        assert_int_equal(seccomp_get(dir, 0, &second, NULL), 0);
        assert_true(str_eq(buf_str(&first), buf_str(&second)));
        AUTO(freep) char *path = only_file(dir);
        assert_int_equal(truncate(path, 100), 0); /* damaged: made anew */
        assert_int_equal(seccomp_get(dir, 0, &third, NULL), 0);
        assert_true(str_eq(buf_str(&first), buf_str(&third)));
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size > 100);
        tree_remove(AT_FDCWD, dir, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_policy), cmocka_unit_test(test_arguments),
                                           cmocka_unit_test(test_capabilities), cmocka_unit_test(test_cache)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
