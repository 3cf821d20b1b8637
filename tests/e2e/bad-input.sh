#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever is wrong gets one clear error, the documented exit status, and leaves nothing behind.
. "$(dirname "$0")/lib.bash"

test_missing_dockerfile() {
        mkdir c && touch c/Dockerfile.dev
        expect_fail 5 'failed to read dockerfile' 'Dockerfile.dev' -- decant build c
}

test_directory_as_dockerfile() {
        mkdir -p c/Dockerfile
        expect_fail 3 'is a directory' -- decant build c
}

test_missing_context() {
        expect_fail 5 'no-such-dir' -- decant build -f - no-such-dir <<<'FROM scratch
COPY a /'
}

test_unknown_instruction() {
        printf 'FROM scratch\nCOPPY a b\n' | context c
        expect_fail 3 'Dockerfile:2' 'unknown instruction: COPPY' 'did you mean.*COPY' '>>> COPPY' -- decant build c
}

# Instructions without number cost time, not memory or the stack; layers end where no image may have more.
test_very_long_dockerfile() {
        (echo FROM scratch; seq -f 'ENV A=%.0f' 100000; seq -f '# %.0f' 900000) | context c
        timeout 60 "$DECANT" build -o out c >log 2>&1 || fail "$(tail -3 log)"
        expect_fail 1 'configuration has [0-9]* bytes with a history of 100000 entries' 'into one' -- decant build -t t c
        (echo FROM scratch; seq -f 'WORKDIR /d%.0f' 100000) | context d
        expect_fail 1 'Dockerfile:1026' 'more than 1024 layers' 'into one RUN' -- timeout 60 "$DECANT" build d
        no_leftovers
}

test_missing_source() {
        printf 'FROM scratch\nCOPY appel /\n' | context c
        touch c/apple
        expect_fail 5 'Dockerfile:2' '"/appel": not found' 'apple' '>>> COPY appel' -- decant build c
        no_leftovers
}

test_ignored_source() {
        printf 'FROM scratch\nCOPY hidden /\n' | context c
        touch c/hidden
        printf '# comment\nhid*\n' >c/.dockerignore
        expect_fail 5 '"/hidden": not found' '\.dockerignore:2: hid' -- decant build c
}

test_unknown_stage() {
        printf 'FROM busybox AS build\nFROM scratch\nCOPY --from=biuld /a /\n' | context c
        expect_fail 5 'biuld' 'build' -- decant build c
}

test_unknown_target() {
        printf 'FROM busybox AS build\n' | context c
        expect_fail 5 'target stage.*biuld' 'build' -- decant build --target biuld c
}

test_image_that_is_nowhere() {
        printf 'FROM busibox\n' | context c
        expect_fail 5 'busibox' 'busybox' 'hint:' -- decant build c
}

test_failing_run() {
        printf 'FROM busybox\nRUN echo one; echo two >&2; exit 7\nRUN touch /never\n' | context c
        expect_fail 4 'one' 'two' 'exit code: 7' 'Dockerfile:2' '>>> RUN echo one' -- decant build -t t c
        expect_fail 5 'No such image' -- decant inspect t
        no_leftovers
}

test_command_not_found() {
        printf 'FROM busybox\nRUN no-such-program\n' | context c
        expect_fail 4 '127' -- decant build c
}

test_failure_cancels_siblings() {
        printf 'FROM busybox AS a\nRUN sleep 60\nFROM busybox AS b\nRUN sleep 0.3; exit 3\nFROM scratch\nCOPY --from=a /x /\nCOPY --from=b /x /\n' | context c
        start=$(date +%s)
        expect_fail 4 'exit code: 3' 'CANCELED' -- decant build c
        [ $(($(date +%s) - start)) -lt 20 ] || fail "the sibling was not cancelled"
        no_leftovers
}

test_no_space() {
        [ "$(id -u)" = 0 ] || return 0
        mkdir small && mount -t tmpfs -o size=6m tmpfs small || fail mount
        trap 'umount -l small' EXIT
        DECANT_ROOT=$PWD/small/s decant import "$(busybox_tar)" busybox >/dev/null || fail import
        printf 'FROM busybox\nCOPY big /\n' | context c
        head -c 20000000 /dev/zero >c/big
        DECANT_ROOT=$PWD/small/s expect_fail 8 'No space left' -- decant build -t t c
        DECANT_ROOT=$PWD/small/s decant doctor --store || fail "$(cat out.log)"
        DECANT_ROOT=$PWD/small/s decant images | grep -q busybox || fail "the image is lost"
}

test_corrupt_archive() {
        head -c 5000 /dev/urandom >bad.tar
        expect_fail 6 'hint:|not|archive' -- decant load -i bad.tar
        decant save -o good.tar busybox && head -c 300000 good.tar >cut.tar
        expect_fail 6 '' -- decant load -i cut.tar
        no_leftovers
}

test_newer_store() {
        echo 99 >"$DECANT_ROOT/version"
        expect_fail 6 'newer' -- decant images
}

test_unknown_command_and_flag() {
        expect_fail 2 'biuld' 'build' -- decant biuld
        expect_fail 2 'tga' 'tag' -- decant build --tga x .
}

test_copy_cannot_leave_the_context() {
        printf 'FROM scratch\nCOPY link /x\nCOPY ../../secret /y\n' | context c/deep
        echo canary >secret
        ln -s ../../secret c/deep/link
        expect_fail 5 'not found' -- decant build c/deep
}

test_interrupt() {
        set -m # else the shell starts background commands with SIGINT ignored
        printf 'FROM busybox\nRUN sleep 77\n' | context c
        for signal in INT TERM; do
                "$DECANT" build c >out.log 2>&1 &
                pid=$!
                for _ in $(seq 100); do pgrep -x -f 'sleep 77' >/dev/null && break; sleep 0.05; done
                kill -$signal $pid
                status=0
                wait $pid || status=$?
                [ $status = $([ $signal = INT ] && echo 130 || echo 143) ] || fail "$signal: exit status $status: $(cat out.log)"
                ! pgrep -x -f 'sleep 77' >/dev/null || fail "$signal: the step lives on"
                no_leftovers
        done
        decant doctor --store || fail "store"
}

# refused_copy SOURCE PATTERN...: the copy of SOURCE from the context c fails and says each pattern.
refused_copy() {
        local source=$1
        shift
        printf 'FROM scratch\nCOPY %s /x/\n' "$source" >c/Dockerfile
        expect_fail 5 "^decant: Dockerfile:2: \"/$source\": not found in c" "$@" -- decant build c
}

test_what_is_near_a_missing_source() {
        mkdir -p c/sub/deep && touch c/sub/f1 c/sub/deep/x
        ln -s sub c/link && ln -s /etc/passwd c/outside && ln -s sub/f1 c/hidden-behind
        refused_copy sub/F1 "hint: did you mean 'sub/f1'"
        refused_copy sbu/f1 "hint: did you mean 'sub/f1'"
        refused_copy link/f9 "hint: did you mean 'link/f1'"
        refused_copy sub/nowhere/x "hint: there is no 'sub/nowhere'"
        refused_copy outside "hint: 'outside' is a link to '/etc/passwd', which leads to nothing"
        echo sub/f1 >c/.dockerignore
        refused_copy sub/f1 'hint: .*dockerignore:1: sub/f1 hides it'
        refused_copy hidden-behind 'hint: .*dockerignore:1: sub/f1 hides it'
}

test_check_options() {
        printf '# check=skp=all\nFROM scratch\nCOPY Dockerfile /\n' | context c
        expect_fail 3 "Dockerfile:1: invalid check option 'skp'" '>>> # check=skp=all' 'hint: the form is skip=' -- decant build c
        decant build --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all c || fail "the argument replaces the directive"
        expect_fail 2 'BUILDKIT_DOCKERFILE_CHECK: invalid check option' -- \
                decant build --build-arg BUILDKIT_DOCKERFILE_CHECK=error=maybe c
}

test_mount_options() {
        printf 'FROM busybox\nRUN --mount=type=bnid,target=/x true\n' | context c
        expect_fail 3 "unsupported mount type 'bnid'" "hint: did you mean 'bind'" -- decant build c
        printf 'FROM busybox\nRUN --mount=type=cache,target=/x,sharing=mine true\n' | context c
        expect_fail 3 "unsupported sharing value 'mine'" 'hint: known are shared, private, locked' -- decant build c
        printf 'FROM busybox\nRUN --mount=type=tmpfs true\n' | context c
        expect_fail 3 "invalid mount target '/'" 'hint: say where it goes: target=/PATH' -- decant build c
}

test_what_was_meant() {
        printf 'FROM busybox\nCOPY ../f /f\n' | context c
        touch f
        expect_fail 5 '"/../f": not found' "hint: '..' leads nowhere from the root of the sources" -- decant build c
        printf 'FROM busybox\nCOPY "a b" /f\n' | context c
        expect_fail 3 'matching double-quote' 'hint: paths with blanks need the JSON form: COPY \["a b"' -- decant build c
        printf "FROM busybox\nRUN ['echo', 'x']\n" | context c
        expect_fail 4 'exit code: 127' 'hint: this was to be a JSON array and is none' -- decant build c
        printf 'FROM busybox\nCOPY --chmod=$M --chown=$O Dockerfile /f\nRUN test $(stat -c %%a%%u /f) = 6440\n' | context c
        chmod 644 c/Dockerfile
        decant build c || fail "an unset variable takes the flag away"
}

run_tests
