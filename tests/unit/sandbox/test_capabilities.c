/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "sandbox/internal.h"

#include <linux/capability.h>

static const uint64_t usual = 0xa80425fb; /* what container engines give */

static uint64_t choose(const char *add, const char *drop) {
        AUTO(strvec_done) StrVec adds = {0}, drops = {0};
        if (add) strvec_push(&adds, add);
        if (drop) strvec_push(&drops, drop);
        SandboxSpec spec = {.cap_add = &adds, .cap_drop = &drops};
        uint64_t set = 0;
        assert_int_equal(capabilities_choose(&spec, &set, NULL), 0);
        return set;
}

static void test_choose(void **state) {
        (void)state;
        assert_true(choose(NULL, NULL) == usual);
        assert_true(choose("SYS_ADMIN", NULL) == (usual | 1U << CAP_SYS_ADMIN));
        assert_true(choose("cap_net_admin", "CAP_CHOWN") == ((usual | 1U << CAP_NET_ADMIN) & ~(uint64_t)1));
        assert_true(choose("CHOWN", "ALL") == 1);
        assert_true(choose("ALL", "CHOWN") == (((uint64_t)1 << 41) - 2));
        SandboxSpec spec = {.insecure = true};
        uint64_t set;
        assert_int_equal(capabilities_choose(&spec, &set, NULL), 0);
        assert_true(set == ((uint64_t)1 << 41) - 1);
}

static void test_names(void **state) {
        (void)state;
        assert_string_equal(capability_name(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
        assert_string_equal(capability_name(CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
        assert_string_equal(capability_name(CAP_SETFCAP), "CAP_SETFCAP");
        assert_null(capability_name(41));
        AUTO(strvec_done) StrVec adds = {0};
        strvec_push(&adds, "SYS_ADMINS");
        SandboxSpec spec = {.cap_add = &adds};
        uint64_t set;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(capabilities_choose(&spec, &set, &e), -1);
        assert_non_null(strstr(err_hints(e), "CAP_SYS_ADMIN"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_choose), cmocka_unit_test(test_names)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
