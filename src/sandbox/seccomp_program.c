/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>

/* The policy as a program for the kernel. Making it costs some 10 ms of libseccomp, so it is kept in a file. */

enum {
        PROGRAM_MAX_BYTES = LAUNCH_FILTER_MAX * (int)sizeof(struct sock_filter),
        CACHE_MAGIC = 0x70534344,
        OPTIMIZE_TREE = 2,
};

typedef struct CacheHeader {
        uint32_t magic;
        uint32_t size;
        uint64_t checksum;
} CacheHeader;

static bool held(uint64_t capabilities, int capability) {
        return capability < 0 || (capabilities >> capability & 1);
}

static int allow(scmp_filter_ctx ctx, const char *name) {
        int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR) return 0; /* newer than the library, or of another processor */
        int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
        return r == -EEXIST || r == -EDOM ? 0 : r;
}

static int add_group(scmp_filter_ctx ctx, const SeccompGroup *g, uint64_t capabilities) {
        if (!held(capabilities, g->capability)) return 0;
        for (size_t i = 0; g->names[i]; i++) {
                int r = allow(ctx, g->names[i]);
                if (r < 0) return r;
        }
        return 0;
}

static int add_arg(scmp_filter_ctx ctx, const SeccompArg *a, uint64_t capabilities) {
        if (a->without >= 0 && held(capabilities, a->without)) return 0;
        struct scmp_arg_cmp cmp = {.arg = a->index, .op = a->op, .datum_a = a->a, .datum_b = a->b};
        return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(a->name), 1, &cmp);
}

static int add_rules(scmp_filter_ctx ctx, uint64_t capabilities) {
        int r = 0;
        for (size_t i = 0; r == 0 && i < seccomp_group_count; i++) r = add_group(ctx, &seccomp_groups[i], capabilities);
        for (size_t i = 0; r == 0 && i < seccomp_arg_count; i++) r = add_arg(ctx, &seccomp_args[i], capabilities);
        /* C libraries fall back to clone(), whose arguments can be looked at. */
        if (r == 0 && !held(capabilities, CAP_SYS_ADMIN))
                r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        return r;
}

/* Programs of the processor's smaller brothers run too. */
static int add_architectures(scmp_filter_ctx ctx) {
        static const uint32_t also[] = {
#if defined(__x86_64__)
                SCMP_ARCH_X86, /* x32 would double the time that loading takes, and hardly any kernel has it */
#elif defined(__aarch64__)
                SCMP_ARCH_ARM,
#endif
                0
        };
        for (size_t i = 0; also[i]; i++) {
                int r = seccomp_arch_add(ctx, also[i]);
                if (r < 0 && r != -EEXIST) return r;
        }
        return 0;
}

static void add_instruction(Buf *b, unsigned code, unsigned yes, unsigned no, uint32_t k) {
        struct sock_filter f = {(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
        buf_add(b, &f, sizeof f);
}

/* Before the library's program: system calls that it does not know yet. Their numbers are the same on all
 * architectures; those of x32, which have a bit of their own, do not exist here. */
static void add_newer(Buf *b, uint64_t capabilities) {
        unsigned count = 0, at = 0;
        for (size_t i = 0; i < seccomp_new_count; i++) count += held(capabilities, seccomp_news[i].capability);
        add_instruction(b, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
        for (size_t i = 0; i < seccomp_new_count; i++) {
                if (!held(capabilities, seccomp_news[i].capability)) continue;
                add_instruction(b, BPF_JMP | BPF_JEQ | BPF_K, count - at + 1, 0, seccomp_news[i].number);
                at++;
        }
        add_instruction(b, BPF_JMP | BPF_JGT | BPF_K, 0, 2, SECCOMP_LAST_NUMBER);
        add_instruction(b, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
        add_instruction(b, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

static int export_program(scmp_filter_ctx ctx, uint64_t capabilities, Buf *ret_program, Err **e) {
        AUTO(closep) int fd = memfd_create("seccomp", MFD_CLOEXEC);
        if (fd < 0) return err_sys(e, "make the seccomp filter");
        int r = seccomp_export_bpf(ctx, fd);
        if (r < 0) return err_new(e, ERR_INTERNAL, "make the seccomp filter: %s", strerror(-r));
        if (lseek(fd, 0, SEEK_SET) < 0) return err_sys(e, "make the seccomp filter");
        AUTO(freep) char *data = NULL;
        size_t size;
        if (fd_read_all(fd, PROGRAM_MAX_BYTES, &data, &size, e) < 0) return err_wrap(e, "make the seccomp filter");
        add_newer(ret_program, capabilities);
        buf_add(ret_program, data, size);
        return ret_program->n <= PROGRAM_MAX_BYTES ? 0 : err_new(e, ERR_LIMIT, "the seccomp filter is too long");
}

int seccomp_compile(uint64_t capabilities, Buf *ret_program, Err **e) {
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        if (!ctx) return err_new(e, ERR_INTERNAL, "make the seccomp filter");
        seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
        int r = add_architectures(ctx);
        if (r == 0) r = add_rules(ctx, capabilities);
        r = r < 0 ? err_new(e, ERR_INTERNAL, "make the seccomp filter: %s", strerror(-r))
                  : export_program(ctx, capabilities, ret_program, e);
        seccomp_release(ctx);
        return r;
}

static uint64_t checksum(const char *p, size_t size) {
        uint64_t h = 0xcbf29ce484222325U;
        for (size_t i = 0; i < size; i++) h = (h ^ (unsigned char)p[i]) * 0x100000001b3U;
        return h;
}

static bool cache_load(const char *path, Buf *ret_program) {
        AUTO(freep) char *data = NULL;
        size_t size;
        CacheHeader h;
        if (file_read(AT_FDCWD, path, sizeof h + PROGRAM_MAX_BYTES, &data, &size, NULL) < 0) return false;
        if (size < sizeof h) return false;
        memcpy(&h, data, sizeof h);
        size -= sizeof h;
        if (h.magic != CACHE_MAGIC || h.size != size || size == 0 || size % sizeof(struct sock_filter)) return false;
        if (checksum(data + sizeof h, size) != h.checksum) return false;
        buf_add(ret_program, data + sizeof h, size);
        return true;
}

/* A cache that cannot be written only costs time. */
static void cache_save(const char *path, const Buf *program) {
        CacheHeader h = {CACHE_MAGIC, (uint32_t)program->n, checksum(program->p, program->n)};
        AUTO(buf_done) Buf all = {0};
        buf_add(&all, &h, sizeof h);
        buf_add(&all, program->p, program->n);
        file_write_atomic(AT_FDCWD, path, all.p, all.n, 0644, NULL);
}

int seccomp_get(const char *cache_dir, uint64_t capabilities, Buf *ret_program, Err **e) {
        if (!cache_dir) return seccomp_compile(capabilities, ret_program, e);
        const struct scmp_version *v = seccomp_version();
        AUTO(freep)
        char *path = xasprintf("%s/seccomp-%d-%x-%u.%u.%u-%llx.bpf", cache_dir, SECCOMP_PROFILE_VERSION,
                               seccomp_arch_native(), v->major, v->minor, v->micro, (unsigned long long)capabilities);
        if (cache_load(path, ret_program)) return 0;
        if (seccomp_compile(capabilities, ret_program, e) < 0) return -1;
        cache_save(path, ret_program);
        return 0;
}
