/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "sandbox/internal.h"
#include "sandbox/launcher/launcher.h"

static void encode_example(Buf *b) {
        static StrVec lower, argv, env;
        strvec_done(&lower), strvec_done(&argv), strvec_done(&env);
        strvec_push(&lower, "/l/bottom");
        strvec_push(&lower, "/l/top");
        strvec_push(&argv, "sh");
        strvec_push(&argv, "");
        strvec_push(&env, "A=1");
        static const gid_t groups[] = {5, 6, 7};
        static const SandboxMount mounts[] = {
                {.type = SANDBOX_TMPFS, .target = "/t/in", .size_bytes = 4096, .mode = 01777},
                {.type = SANDBOX_BIND, .source = "/src", .target = "/t", .read_only = true}};
        static const SandboxLimit limits[] = {{RLIMIT_CORE, 0, 1}};
        SandboxSpec spec = {.lower_dirs = &lower,
                            .upper_dir = "/u",
                            .work_dir = "/w",
                            .argv = &argv,
                            .env = &env,
                            .uid = 7,
                            .gid = 8,
                            .groups = groups,
                            .group_count = 3,
                            .mounts = mounts,
                            .mount_count = 2,
                            .limits = limits,
                            .limit_count = 1,
                            .network = NETWORK_NONE};
        Sandbox sandbox = {.stub_dir = (char *)(uintptr_t) "/stub"};
        SandboxProcess process = {0};
        Launch launch = {.sandbox = &sandbox,
                         .spec = &spec,
                         .process = &process,
                         .capabilities = 3,
                         .hostname = "h",
                         .hosts_path = "/hosts",
                         .resolv_path = "/resolv"};
        assert_int_equal(runtime_launcher.encode(&launch, b, NULL), 0);
        strvec_done(&lower), strvec_done(&argv), strvec_done(&env);
}

static void test_round_trip(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        encode_example(&b);
        size_t room = spec_room(b.p, b.n);
        assert_true(room > 0);
        AUTO(freep) void *lists = xcalloc(1, room);
        Spec s;
        assert_int_equal(spec_decode(b.p, b.n, lists, &s), 0);
        assert_int_equal(s.lower_count, 3);
        assert_string_equal(s.lower[0], "/l/top");
        assert_string_equal(s.lower[1], "/l/bottom");
        assert_string_equal(s.lower[2], "/stub");
        assert_string_equal(s.upper, "/u");
        assert_int_equal(s.argc, 2);
        assert_string_equal(s.argv[1], "");
        assert_null(s.argv[2]);
        assert_string_equal(s.env[0], "A=1");
        assert_null(s.env[1]);
        assert_string_equal(s.cwd, "/");
        assert_int_equal(s.group_count, 4);
        assert_int_equal(s.groups[0], 8);
        assert_int_equal(s.groups[3], 7);
        assert_int_equal(s.mount_count, 4);
        assert_string_equal(mount_target(s.mounts[0]), "/etc/hosts");
        assert_string_equal(mount_source(s.mounts[2]), "/src");
        assert_string_equal(mount_target(s.mounts[2]), "/t");
        assert_string_equal(mount_target(s.mounts[3]), "/t/in");
        assert_int_equal(s.mounts[3]->size_bytes, 4096);
        assert_int_equal(s.limits[0]->hard, 1);
        assert_int_equal(s.basics->uid, 7);
        assert_true(s.basics->flags & LAUNCH_NET_NONE);
        assert_int_equal(s.basics->shm_size, 64 << 20);
}

/* Cut off anywhere and bent anywhere: refused or decoded, never read beyond. */
static void test_damage(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        encode_example(&b);
        for (size_t n = 0; n < b.n; n++) {
                AUTO(freep) char *cut = xmemdup(b.p, n ? n : 1);
                assert_int_equal(spec_room(cut, n), 0);
        }
        for (size_t i = 0; i < b.n; i++) {
                AUTO(freep) char *bent = xmemdup(b.p, b.n);
                bent[i] = (char)(bent[i] ^ 0x55);
                size_t room = spec_room(bent, b.n);
                if (!room) continue;
                AUTO(freep) void *lists = xcalloc(1, room);
                Spec s;
                spec_decode(bent, b.n, lists, &s);
        }
}

static void test_too_many_layers(void **state) {
        (void)state;
        AUTO(strvec_done) StrVec lower = {0};
        for (int i = 0; i < LAUNCH_LOWER_MAX; i++) strvec_push(&lower, "/l");
        SandboxSpec spec = {.lower_dirs = &lower, .upper_dir = "/u", .work_dir = "/w"};
        Sandbox sandbox = {.stub_dir = (char *)(uintptr_t) "/stub"};
        Launch launch = {.sandbox = &sandbox, .spec = &spec};
        AUTO(buf_done) Buf b = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(spec_add_root(&b, &launch, "/w", &e), -1);
        assert_int_equal(err_kind(e), ERR_LIMIT);
        assert_true(strlen(err_hints(e)) > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage),
                                           cmocka_unit_test(test_too_many_layers)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
