#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Build checks: in a build, without building, and in files.
. "$(dirname "$0")/lib.bash"

# says PATTERN...: out.log has each. silent PATTERN...: it has none.
says() { for p in "$@"; do grep -qE -- "$p" out.log || fail "nothing like '$p' in: $(cat out.log)"; done; }
silent() { for p in "$@"; do ! grep -qE -- "$p" out.log || fail "'$p' in: $(cat out.log)"; done; }

dynamic_program() {
        for p in /bin/ls /usr/bin/env; do
                readelf -l "$p" 2>/dev/null | grep -q 'program interpreter' && echo "$p" && return
        done
        exit 77
}

test_warnings_at_the_end_of_a_build() {
        context c <<'D'
FROM busybox AS Build
ENV a b
CMD ["sh"]
D
        decant build c >out.log 2>&1 || fail build
        says '2 warnings found \(use --debug to expand\):' '- StageNameCasing: .*\(line 1\)' '- LegacyKeyValueFormat: .*\(line 2\)'
        silent 'FROM busybox AS Build$'
        decant build -D c >out.log 2>&1 || fail build
        says '>>> FROM busybox AS Build' 'fix: write NAME=VALUE'
        decant build --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all c >out.log 2>&1 || fail build
        silent 'warning'
        expect_fail 3 'lint violation found for rules: StageNameCasing, LegacyKeyValueFormat' -- \
                decant build --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true c
}

test_error_directive_stops_before_the_first_step() {
        context c <<'D'
# check=error=true
FROM busybox
RUN touch /ran
ENV B=$UNDEFINED
D
        expect_fail 3 'rules: UndefinedVar' '>>> ENV B' -- decant build c
        ! grep -qE "^#[0-9]+ .*RUN touch" out.log || fail "it ran: $(cat out.log)"
        printf '# check=error=true\nFROM busybox\nCMD ["/nowhere"]\n' >c/Dockerfile
        decant build c >out.log 2>&1 || fail "decant's own checks fail no build: $(cat out.log)"
        says MissingCommand
}

test_dynamic_program_in_an_empty_image() {
        local program
        program=$(dynamic_program) || return 0
        context c <<'D'
FROM busybox AS build
COPY program /out/program
FROM scratch
COPY --from=build /out/program /app
CMD ["/app"]
D
        cp "$program" c/program
        decant build -t x c >out.log 2>&1 || fail build
        says 'MissingInterpreter: .*/app.* cannot be started: its interpreter .*libc.so.6.*\(line 4\)'
        # the same from the cache, and the line follows the file
        sed -i '1i # a comment' c/Dockerfile
        decant build -t x c >out.log 2>&1 || fail build
        says 'CACHED' 'MissingInterpreter: .*\(line 5\)'
        # with everything that it asks for nothing is said
        local interpreter
        interpreter=$(readelf -l c/program | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
        mkdir c/lib
        ldd c/program | grep -oE '/[^ ]+' | while read -r l; do cp -L --parents "$l" c/lib/; done
        [ -e "c/lib$interpreter" ] || cp -L --parents "$interpreter" c/lib/
        sed -i 's,^CMD,COPY lib/ /\nCMD,' c/Dockerfile
        decant build -t x c >out.log 2>&1 || fail build
        silent 'Missing'
        decant run x /app >out.log 2>&1 || fail "the image does not run: $(cat out.log)"
}

# A program of a newer system: it wants a symbol version that the image's C library does not have.
test_program_too_new_for_the_base() {
        local program newest
        program=$(dynamic_program) || return 0
        newest=$(grep -aoE 'GLIBC_2\.[0-9]{2}' "$program" | sort -V | tail -1)
        [ -n "$newest" ] || return 0
        mkdir -p c/base
        ldd "$program" | grep -oE '/[^ ]+' | while read -r l; do cp -L --parents "$l" c/base/; done
        cp "$program" c/right && sed "s/$newest/GLIBC_2.99/g" "$program" >c/new && chmod 755 c/new
        context c <<'D'
FROM scratch AS system
COPY base /
FROM system
COPY new /usr/bin/app
D
        decant build -t x c >out.log 2>&1 || fail build
        says "LibraryTooOld: '/usr/bin/app' cannot be started: .* too old for it, they have no GLIBC_2.99 of libc.so.6 \(line 4\)"
        expect_fail 1 'GLIBC_2.99' -- decant run --rm x /usr/bin/app
        sed -i 's/COPY new/COPY right/' c/Dockerfile
        decant build -t x c >out.log 2>&1 || fail build
        silent LibraryTooOld
        decant run --rm x /usr/bin/app / >out.log 2>&1 || fail "$(cat out.log)"
}

test_image_without_what_it_names() {
        context c <<'D'
FROM scratch
COPY f /f
USER app
ENTRYPOINT ["/usr/bin/app"]
D
        touch c/f
        decant build c >out.log 2>&1 || fail build
        says 'UnknownUser: .*app.*\(line 3\)' 'MissingCommand: .*/usr/bin/app.*\(line 4\)'
        printf 'FROM scratch\nCOPY f /app\nUSER 1000\nCMD ["/app"]\n' >c/Dockerfile
        decant build c >out.log 2>&1 || fail build
        silent 'warning'
        printf 'FROM scratch\nCOPY f /\nCMD /f\n' >c/Dockerfile
        decant build c >out.log 2>&1 || fail build
        says 'ShellFormWithoutShell: .*/bin/sh.*\(line 3\)'
        printf 'FROM busybox\nUSER nobody\nCMD sh\n' >c/Dockerfile
        decant build c >out.log 2>&1 || fail build
        silent 'ShellFormWithoutShell' 'MissingCommand'
}

test_scripts_that_cannot_be_started() {
        context c <<'D'
FROM busybox
COPY --chmod=755 start /start
ENTRYPOINT ["/start"]
D
        printf '#!/bin/bash -e\necho\n' >c/start
        decant build c >out.log 2>&1 || fail build
        says "MissingInterpreter: '/start' cannot be started: its interpreter '/bin/bash' is not in the image \(line 3\)"
        printf '#!/usr/bin/env python3\n' >c/start
        decant build c >out.log 2>&1 || fail build
        says "MissingInterpreter: .*'(python3|/usr/bin/env)' is not"
        printf '#!/bin/sh\r\necho\r\n' >c/start
        decant build c >out.log 2>&1 || fail build
        says 'MissingInterpreter: .*as on Windows'
        printf '#! /bin/sh -e\necho\n' >c/start
        decant build c >out.log 2>&1 || fail build
        silent 'warning'
}

test_check_without_building() {
        context c <<'D'
FROM nowhere/to/be:found AS base
RUN exit 1
FROM base as app
COPY hidden /
D
        echo hidden >c/.dockerignore
        decant build --check c >out.log || fail "$(cat out.log)"
        says 'Check complete, 2 warnings have been found!' 'WARNING: FromAsCasing - https://' '>>> COPY hidden' 'CopyIgnoredFile'
        decant build --call=check,format=json c >out.json || fail json
        python3 - <<'P' || fail "$(cat out.json)"
import json, base64
r = json.load(open("out.json"))
assert [w["ruleName"] for w in r["warnings"]] == ["FromAsCasing", "CopyIgnoredFile"], r
assert r["warnings"][1]["location"]["ranges"][0]["start"]["line"] == 4
assert base64.b64decode(r["sources"][0]["data"]) == open("c/Dockerfile", "rb").read()
assert "buildError" not in r
P
        printf 'FROM busybox\nCMD ["sh"]\n' >c/Dockerfile
        [ "$(decant build --check c)" = "Check complete, no warnings found." ] || fail "not fine"
        printf 'FROM busybox\nFROO\n' >c/Dockerfile
        expect_fail 1 'unknown instruction: FROO' -- decant build --check c
        printf '# check=error=true\nFROM busybox as x\n' >c/Dockerfile
        expect_fail 1 'FromAsCasing' -- decant build --check c
        decant build --call=check,ignorestatus=true c >/dev/null || fail ignorestatus
        expect_fail 2 'did you mean --call=check' -- decant build --call=chek c
}

test_outline_and_targets() {
        context c <<'D'
ARG TAG=latest
# base is what all build on
FROM busybox:$TAG AS base
# JOBS how many at once
ARG JOBS=4
RUN --mount=type=secret,id=token,required --mount=type=cache,target=/c,id=cc --mount=type=ssh true
# app is the result
FROM base AS app
ARG OTHER
D
        decant build --call=outline --build-arg JOBS=8 c >out.log || fail outline
        says '^TARGET: +app' '^DESCRIPTION: +is the result' '^JOBS +8 +how many at once' '^TAG +latest' '^OTHER' '^token +true' '^cc$'
        decant build --call=outline,format=json c | python3 -c '
import json, sys
r = json.load(sys.stdin)
assert r["name"] == "app" and {a["name"] for a in r["args"]} == {"JOBS", "TAG", "OTHER"}, r
assert r["secrets"][0]["required"] and r["cache"][0]["ID"] == "cc" and r["ssh"]' || fail json
        decant build --call=targets c >out.log || fail targets
        says '^TARGET +DESCRIPTION' '^base +is what all build on' '^app \(default\) +is the result'
        decant build --call=targets,format=json c | python3 -c '
import json, sys
t = json.load(sys.stdin)["targets"]
assert [x["name"] for x in t] == ["base", "app"] and t[1]["default"] and t[0]["base"] == "busybox:$TAG", t' || fail json
}

test_toolchain_of_the_base() {
        mkdir -p c
        printf 'FROM busybox\nRUN touch /usr/bin/gcc || { mkdir -p /usr/bin; touch /usr/bin/gcc; }\n' >c/Dockerfile
        decant build -q -t compiler c >/dev/null || fail build
        printf 'FROM compiler AS b\nFROM busybox\nCOPY --from=b /bin/sh /x\n' >c/Dockerfile
        decant build --check c >out.log || fail check
        silent Toolchain
        printf 'FROM compiler\nCOPY --from=compiler /bin/sh /x\n' >c/Dockerfile
        decant build --check c >out.log || fail check
        says 'INFO: ToolchainInFinalStage' '/usr/bin/gcc'
}

test_lint() {
        mkdir c && cd c || exit 1
        printf 'FROM debian as a\nMAINTAINER m\nCMD ["a"]\n' >Dockerfile
        expect_fail 1 '^Dockerfile:1 FromAsCasing warning: ' '^Dockerfile:2 MaintainerDeprecated warning: ' -- decant lint
        decant lint --ignore FromAsCasing,MaintainerDeprecated >out.log || fail ignore
        [ ! -s out.log ] || fail "$(cat out.log)"
        decant lint --no-fail >/dev/null || fail no-fail
        decant lint -t error >/dev/null || fail threshold
        expect_fail 1 'FromAsCasing error' -- decant lint -t error --error FromAsCasing Dockerfile
        expect_fail 2 'did you mean FromAsCasing' -- decant lint --ignore FromAsCasng
        expect_fail 5 'nowhere' -- decant lint nowhere
        printf 'FROM x\nFROO y\n' >bad
        expect_fail 1 '^bad:2 SyntaxError error: ' -- decant lint bad
        [ "$(printf 'FROM x\nENV a b\n' | decant lint --fix - 2>/dev/null)" = "$(printf 'FROM x\nENV a=b\n')" ] || fail "--fix -"
        chmod 640 Dockerfile
        ln -s Dockerfile link
        decant lint --fix link >out.log 2>&1 || fail "$(cat out.log)"
        says '2 places mended'
        [ "$(cat Dockerfile)" = "$(printf 'FROM debian AS a\nLABEL org.opencontainers.image.authors="m"\nCMD ["a"]')" ] || fail "$(cat Dockerfile)"
        [ -L link ] && [ "$(stat -c %a Dockerfile)" = 640 ] || fail "link or mode changed"
        # neither a store nor an image is needed
        DECANT_ROOT=/proc/nowhere decant lint >/dev/null || fail store
}

test_lint_formats() {
        mkdir c && cd c || exit 1
        printf 'FROM debian as a\nENV x y\n' >Dockerfile
        for f in json sarif gitlab_codeclimate; do
                decant lint --no-fail -f $f >out.$f || fail $f
                python3 -c 'import json,sys; json.load(open(sys.argv[1]))' out.$f || fail "$f: $(cat out.$f)"
        done
        decant lint --no-fail -f checkstyle | python3 -c 'import sys; import xml.dom.minidom as m; d = m.parse(sys.stdin); assert len(d.getElementsByTagName("error")) == 2' || fail checkstyle
        decant lint --no-fail -f codeclimate | python3 -c '
import json, sys
parts = sys.stdin.read().split("\0")
assert parts[-1] == "" and len(parts) == 3 and json.loads(parts[0])["check_name"] == "FromAsCasing"' || fail codeclimate
        python3 -c '
import json
r = json.load(open("out.sarif"))["runs"][0]
assert r["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 1
assert {x["ruleId"] for x in r["results"]} <= {x["id"] for x in r["tool"]["driver"]["rules"]}' || fail sarif
}

test_pages_of_all_rules() {
        decant lint --no-fail -f sarif - </dev/null >out.sarif 2>/dev/null || printf 'FROM x\n' | decant lint -f sarif - >out.sarif
        python3 - "$TOP" <<'P' || fail "a rule has no page"
import json, os, sys
rules = json.load(open("out.sarif"))["runs"][0]["tool"]["driver"]["rules"]
assert len(rules) == 30
missing = [r["id"] for r in rules if not os.path.exists(f"{sys.argv[1]}/docs/checks/{r['id']}.md")]
assert not missing, missing
P
}

run_tests
