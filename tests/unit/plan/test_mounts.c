/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static const PlanMount *mount_of(Fixture *f, const char *flag) {
        AUTO(freep)
        char *text = xasprintf("FROM busybox AS s\nFROM busybox\nWORKDIR /w\nENV V=v\nRUN --mount=%s true\n", flag);
        if (fixture_plan(f, text) < 0) return NULL;
        assert_int_equal(last_step(f->plan)->run.mount_count, 1);
        return &last_step(f->plan)->run.mounts[0];
}

static void types(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        const PlanMount *m = mount_of(&f, "target=m,source=/d/../$V");
        assert_int_equal(m->type, MOUNT_BIND);
        assert_string_equal(m->target, "/w/m");
        assert_string_equal(m->source, "v");
        assert_string_equal(m->from_context, "");
        assert_true(m->read_only);
        m = mount_of(&f, "type=bind,from=S,dst=/m,rw");
        assert_non_null(m->from);
        assert_null(m->from_context);
        assert_false(m->read_only);
        assert_int_equal(last_step(f.plan)->input_count, 1);
        m = mount_of(&f, "type=cache,target=/c/./d,sharing=LOCKED,uid=7,gid=8,mode=0750,ro");
        assert_string_equal(m->id, "/c/d");
        assert_int_equal(m->sharing, SHARING_LOCKED);
        assert_true(m->has_uid && m->has_gid && m->has_mode && m->read_only);
        assert_int_equal(m->mode, 0750);
        assert_null(m->from_context);
        m = mount_of(&f, "Type=TMPFS,Target=/t,size=64m");
        assert_int_equal(m->size_bytes, 64 << 20);
        assert_false(m->read_only);
        m = mount_of(&f, "type=secret,id=a/tok");
        assert_string_equal(m->target, "/run/secrets/tok");
        m = mount_of(&f, "type=secret,id=tok,env=TOK,required");
        assert_null(m->target);
        assert_string_equal(m->env, "TOK");
        assert_true(m->required);
        m = mount_of(&f, "type=secret,target=/x/npmrc");
        assert_string_equal(m->id, "npmrc");
        m = mount_of(&f, "type=ssh");
        assert_string_equal(m->id, "default");
        assert_string_equal(m->target, "/run/buildkit/ssh_agent.0");
        m = mount_of(&f, "from=s"); /* without a target the working directory is covered */
        assert_string_equal(m->target, "/w");
        assert_non_null(m->from);
        m = mount_of(&f, "type=cache,id=");
        assert_string_equal(m->target, "/w");
        assert_string_equal(m->id, ".");
        m = mount_of(&f, "'\"target=/a,b\",source=x'");
        fixture_done(&f);
}

static void refusals(void **state) {
        (void)state;
        static const struct {
                const char *flag, *text;
        } rows[] = {{"target=/m,readonly=maybe", "invalid value"},
                    {"type=cache,target=/m,mode=rwx", "mode"},
                    {"type=cache,target=..", "root can not be covered"},
                    {"type=cache,target=/m,sharing=weird", "sharing"},
                    {"type=secret", "one of source, target required"},
                    {"type=secret,id=a,source=b", "both"},
                    {"type=tmpfs,target=/t,uid=5", "uid not allowed"},
                    {"target=/m,colour=red", "unexpected key"},
                    {"type=weird,target=/m", "unsupported mount type"},
                    {"target=/m,id", "key=value"},
                    {"target=/", "invalid mount target"},
                    {"target=/m,from=$V", "variable expansion"},
                    {"target=/m,env=X", "env not allowed"}};
        Fixture f;
        fixture_init(&f);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                assert_null(mount_of(&f, rows[i].flag));
                assert_non_null(strstr(err_message(f.error), rows[i].text));
                assert_non_null(strstr(err_message(f.error), "Dockerfile:5"));
        }
        assert_null(mount_of(&f, "typ=cache,target=/m"));
        assert_non_null(strstr(err_hints(f.error), "'type'"));
        fixture_done(&f);
}

static void cache_namespace(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        PlanPair given[] = {{"BUILDKIT_CACHE_MOUNT_NS", "ns"}};
        f.params.build_args = given;
        f.params.build_arg_count = 1;
        assert_string_equal(mount_of(&f, "type=cache,target=/c,id=x")->id, "ns/x");
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(types), cmocka_unit_test(refusals),
                                           cmocka_unit_test(cache_namespace)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
