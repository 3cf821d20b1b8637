/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "helper.h"

/* "line:Rule " for each finding of the rules that the plan knows. last: text of the last one, or NULL. */
static char *findings(const char *text, const PlanParams *extra, char **ret_last) {
        Fixture f;
        Buf got = {0};
        fixture_init(&f);
        if (extra) {
                f.params.build_args = extra->build_args;
                f.params.build_arg_count = extra->build_arg_count;
                f.params.target = extra->target;
                f.params.platform = extra->platform;
        }
        if (dockerfile_parse("Dockerfile", str_of(text), &f.dockerfile, &f.error) < 0)
                fail_msg("%s", err_message(f.error));
        AUTO(checks_freep) Checks *c = checks_new(f.dockerfile, NULL);
        f.params.checks = c;
        plan_make(f.dockerfile, &f.params, &f.plan, &f.error); /* some of the texts do not build */
        size_t n;
        const Finding *list = checks_list(c, &n);
        buf_adds(&got, "");
        for (size_t i = 0; i < n; i++) buf_addf(&got, "%u:%s ", list[i].first_line, check_rule(list[i].id)->name);
        if (ret_last) *ret_last = n ? xasprintf("%s | %s", list[n - 1].text, list[n - 1].fix) : xstrdup("");
        fixture_done(&f);
        return buf_take(&got);
}

static void expect(const char *text, const char *want) {
        AUTO(freep) char *got = findings(text, NULL, NULL);
        assert_string_equal(got, want);
}

static void expect_text(const char *text, const char *part) {
        AUTO(freep) char *last = NULL;
        free(findings(text, NULL, &last));
        if (!strstr(last, part)) fail_msg("'%s' has no '%s'", last, part);
}

static void test_undefined_var(void **state) {
        (void)state;
        expect("FROM busybox\nENV A=1\nENV B=$A C=${A}\n", "");
        expect("FROM busybox\nARG A\nENV B=$A\n", ""); /* declared, without a value */
        expect("FROM busybox\nENV B=${A:-x} C=${A-x} D=${A:+x}\n", "");
        expect("FROM busybox\nRUN echo $A\n", ""); /* the shell's business */
        expect("FROM busybox\nENV P=$PATH\n", "");
        expect("FROM busybox\nENV B=$A\n", "2:UndefinedVar ");
        expect("FROM busybox\nLABEL a=$A\nCOPY $B /c\nUSER $C\nWORKDIR /$D\n",
               "2:UndefinedVar 3:UndefinedVar 4:UndefinedVar 5:UndefinedVar ");
        expect("FROM busybox\nENV A=$A\n", "2:UndefinedVar ");
        expect("FROM busybox AS a\nARG X=1\nFROM a\nENV Y=$X\n", "");
        expect("FROM busybox AS a\nARG X=1\nFROM busybox\nCOPY --from=a /a /\nENV Y=$X\n", "5:UndefinedVar ");
        expect("FROM busybox\n# check=skip=UndefinedVar\nENV B=$A\n", "");
        expect_text("FROM busybox\nENV VERSION=1\nENV B=$VERSOIN\n", "did you mean $VERSION?");
        expect_text("ARG V=1\nFROM busybox\nENV B=$V\n", "repeat 'ARG V' in this stage");
        /* what a trigger of the base image uses is not the user's business */
        expect("FROM busybox-onbuild\n", "");
}

static void test_from(void **state) {
        (void)state;
        expect("ARG V=latest\nFROM busybox:$V\n", "");
        expect("FROM ${B:-busybox}\n", "");
        expect_text("ARG VERSION=latest\nFROM busybox${VERSOIN}\n", "did you mean $VERSION?");
        expect("ARG V=latest\nFROM busybox$W\n", "2:UndefinedArgInFrom ");
        expect("FROM --platform=$BUILDPLATFORM busybox\n", "");
        expect("FROM --platform=$BUILDPLATFROM busybox\n", "1:UndefinedArgInFrom ");
        expect("ARG V\nFROM busybox:$V\n", "2:UndefinedArgInFrom 2:InvalidDefaultArgInFrom ");
        const PlanPair args[] = {{"V", "latest"}};
        PlanParams given = {.build_args = args, .build_arg_count = 1};
        AUTO(freep) char *got = findings("ARG V\nFROM busybox:$V\n", &given, NULL);
        assert_string_equal(got, "2:InvalidDefaultArgInFrom ");
        AUTO(freep) char *fine = findings("ARG V=old\nFROM busybox:$V\n", &given, NULL);
        assert_string_equal(fine, "");
}

static void test_platforms(void **state) {
        (void)state;
        expect("FROM --platform=$TARGETPLATFORM busybox\n", "1:RedundantTargetPlatform ");
        expect("FROM --platform=${TARGETPLATFORM} busybox\n", "1:RedundantTargetPlatform ");
        expect("FROM --platform=$TARGETOS/$TARGETARCH busybox\n", "");
        expect("FROM --platform=linux/amd64 busybox\n", "1:FromPlatformFlagConstDisallowed ");
        expect("FROM --platform=linux/amd64 busybox AS build_amd64\n", "");
        expect("FROM --platform=linux/arm64 multiarch\n", "1:FromPlatformFlagConstDisallowed ");
        expect("ARG P=linux/arm64\nFROM --platform=$P busybox\n", "2:InvalidBaseImagePlatform ");
}

static void test_instructions(void **state) {
        (void)state;
        expect("FROM busybox\nWORKDIR /a\nWORKDIR b\n", "");
        expect("FROM busybox\nWORKDIR a\nWORKDIR b\n", "2:WorkdirRelativePath ");
        expect("FROM busybox AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n", "");
        expect("FROM busybox\nARG D=/x\nWORKDIR $D/y\n", "");
        expect("FROM busybox\nENV DB_PASSWORD=x\nARG NPM_TOKEN\nENV MY_secret_THING=1\n",
               "2:SecretsUsedInArgOrEnv 3:SecretsUsedInArgOrEnv 4:SecretsUsedInArgOrEnv ");
        expect("FROM busybox\nENV PUBLIC_KEY=x KEYBOARD=de TOKEN_FILE=/x TOKENIZER=a KEY_VERSION=1\n", "");
        expect("FROM busybox\nEXPOSE 80 53/udp 1-3\n", "");
        expect("FROM busybox\nEXPOSE 80/TCP\n", "2:ExposeProtoCasing ");
        expect("FROM busybox\nEXPOSE 127.0.0.1:80:80 8080:80\n", "2:ExposeInvalidFormat 2:ExposeInvalidFormat ");
}

static void test_descriptions(void **state) {
        (void)state;
#define ON "# check=experimental=InvalidDefinitionDescription\n"
        expect("# other text\nARG V=1\nFROM busybox\n", "");
        expect(ON "# other text\nARG V=1\nFROM busybox\n", "3:InvalidDefinitionDescription ");
        expect(ON "# V of the base\nARG V=1\nFROM busybox\n", "");
        expect(ON "# other text\n\nARG V=1\nFROM busybox\n", "");
        expect(ON "\n# makes it\nFROM busybox AS build\n", "4:InvalidDefinitionDescription ");
        expect(ON "\n# build makes it\nFROM busybox AS build\n", "");
        expect("# check=experimental=all\n# other\nFROM busybox AS build\n", "3:InvalidDefinitionDescription ");
}

static void test_stages(void **state) {
        (void)state;
        expect("FROM busybox AS a\nFROM busybox\nCOPY --from=a /a /\n", "");
        expect("FROM busybox AS a\nFROM busybox\n", "1:UnusedStage ");
        expect("FROM busybox\nFROM busybox\n", "1:UnusedStage ");
        expect("# a is built by --target=a\nFROM busybox AS a\nFROM busybox\n", "");
        PlanParams target = {.target = "a"};
        AUTO(freep) char *got = findings("FROM busybox AS a\nFROM busybox\n", &target, NULL);
        assert_string_equal(got, "");
}

static void test_toolchain(void **state) {
        (void)state;
#define INSTALL "RUN apt-get update && apt-get install -y --no-install-recommends gcc \\\n libfoo\n"
        expect("FROM busybox\n" INSTALL, "2:ToolchainInFinalStage ");
        expect("FROM busybox AS build\n" INSTALL "FROM busybox\nCOPY --from=build /a /a\n", "");
        expect("FROM busybox AS base\n" INSTALL "FROM base\n", "2:ToolchainInFinalStage ");
        expect("FROM busybox\nRUN apk add build-base && make && apk del build-base\n", "");
        expect("FROM busybox\nRUN apt-get install curl; gcc --version\n", "");
        expect("FROM busybox\nRUN <<E\napk add go\nE\n", "2:ToolchainInFinalStage ");
}

static void test_no_shell(void **state) {
        (void)state;
        expect("FROM scratch\nCOPY a /app/\nCMD /app/a\n", "3:ShellFormWithoutShell ");
        expect("FROM scratch\nCOPY a /app/\nENTRYPOINT /app/a\n", "3:ShellFormWithoutShell ");
        expect("FROM scratch\nCOPY a /app/\nCMD [\"/app/a\"]\n", "");
        expect("FROM scratch\nCOPY rootfs /\nCMD /app/a\n", ""); /* may hold a shell */
        expect("FROM scratch\nADD rootfs.tar /x\nCMD /app/a\n", "");
        expect("FROM busybox\nCMD a\n", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_undefined_var), cmocka_unit_test(test_from),
                cmocka_unit_test(test_platforms),     cmocka_unit_test(test_instructions),
                cmocka_unit_test(test_descriptions),  cmocka_unit_test(test_stages),
                cmocka_unit_test(test_toolchain),     cmocka_unit_test(test_no_shell),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
