#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Surroundings that nobody wishes for: closed descriptors, odd paths, a full or read-only disk, somebody else's store.
. "$(dirname "$0")/lib.bash"

small_context() {
        printf 'FROM busybox\nRUN echo hi >/x; mkdir /d\nCOPY f /d/\nRUN cat /d/f; rm /x\n' | context "$1"
        echo data >"$1/f"
}

test_closed_descriptors() {
        small_context c
        decant build -q -t t c <&- >out.log || fail "no standard input"
        [ -s out.log ] || fail "no id"
        status=0
        (exec 2>err.log >&-; exec "$DECANT" build -q -t t c) || status=$?
        [ $status = 1 ] && grep -q 'standard output.*Bad file descriptor' err.log || fail "status $status: $(cat err.log)"
        (exec <&- >&- 2>&-; exec "$DECANT" build --no-cache -t none c) || fail "nothing open"
        [ "$(decant run none cat /d/f)" = data ] || fail "the image"
        (exec <&- >&-; exec "$DECANT" images) 2>/dev/null && fail "images wrote to nowhere"
        decant doctor --store --deep || fail "something was written into the store"
}

test_full_output() {
        expect_fail 8 'standard output' -- bash -c 'exec "$DECANT" images >/dev/full'
        expect_fail 8 'No space left' -- bash -c 'exec "$DECANT" save busybox >/dev/full'
}

# Nobody hears of a reader that went away.
test_reader_that_leaves() {
        decant images | true
        decant save busybox | head -c 10 >/dev/null
        decant history busybox | head -1 >/dev/null
        decant doctor --store || fail store
}

test_odd_store_paths() {
        small_context c
        local name
        for name in 'a space' 'co:lon' 'com,ma' 'back\slash' '\:both' 'quo"te' $'new\nline' $'\xff\xfe' '%20$HOME' '-dash' 'x=y'; do
                export DECANT_ROOT=$PWD/$name/store
                decant import "$(busybox_tar)" busybox >/dev/null || fail "import: $name"
                decant build -q -t t c >/dev/null || fail "build: $name"
                [ "$(decant run t cat /d/f)" = data ] || fail "run: $name"
                decant prune -af >/dev/null || fail "prune: $name"
        done
        mkdir real && ln -s real 'sym:link'
        for name in relative ./a/../b 'sym:link' "$PWD/real///"; do
                DECANT_ROOT=$name decant import "$(busybox_tar)" busybox >/dev/null || fail "import: $name"
                DECANT_ROOT=$name decant build -q -t t c >/dev/null || fail "build: $name"
        done
        export DECANT_ROOT=$PWD/$(printf 'x%.0s' $(seq 200))/$(printf 'y%.0s' $(seq 200))/$(printf 'z%.0s' $(seq 200))
        expect_fail 1 'longer than 480 bytes' 'DECANT_ROOT' -- decant images
}

test_odd_context_paths() {
        local name
        for name in 'a space' 'co:lon,' $'new\nline' $'\xff' '-dash' 'back\'; do
                small_context "./$name"
                decant build -q -t t "./$name" >/dev/null || fail "build: $name"
        done
}

test_odd_file_names() {
        printf 'FROM busybox AS a\nCOPY in /in\nRUN mkdir /out && cp -a /in/. /out/\nFROM scratch\nCOPY --from=a /out /out\n' | context c
        mkdir c/in
        local name names=(' ' $'a\nb' $'\xff\xfe' $'caf\xe9' '-rf' 'a\b' '"' "'" '*' '[x]' '?' '$HOME' $'\e[31m' '...' '.wh' '#')
        for name in "${names[@]}"; do printf '%s' "$name" >"c/in/$name"; done
        decant build -q -t t c >/dev/null && decant build -q -o type=local,dest=out c >/dev/null || fail build
        diff -r c/in out/out || fail "files differ"
        decant save -o t.tar t && decant rmi -f t >/dev/null && decant load -q -i t.tar >/dev/null || fail "save and load"
        decant build -q -o type=tar,dest=o.tar c >/dev/null && mkdir o && tar xf o.tar -C o && diff -r c/in o/out || fail tar
}

test_messages_do_not_steer_the_terminal() {
        printf 'FROM scratch\nCOPY no\033]0;evil\007file /\n' | context c
        expect_fail 5 'no\?\]0;evil\?file' -- decant build --progress quiet c
        ! grep -q $'\e' out.log || fail "escape: $(cat -v out.log)"
        printf 'FROM busybox\nRUN echo "\033[31mred" >/dev/null\n' | context d
        decant build -q -t t d >/dev/null && decant history --no-trunc t >out.log || fail build
        ! grep -q $'\e' out.log || fail "escape: $(cat -v out.log)"
}

test_working_directory_is_gone() {
        small_context c
        mkdir gone && cd gone && rmdir "$PWD"
        decant images >/dev/null || fail images
        decant build -q -t t "$OLDPWD/c" >/dev/null || fail build
        decant run busybox true || fail run
        status=0
        text=$(DECANT_ROOT=relative decant images 2>&1) || status=$?
        [ $status = 5 ] && grep -q 'find the working directory' <<<"$text" || fail "$status: $text"
}

test_named_files_that_are_nowhere() {
        expect_fail 5 'no.tar' -- decant load -i no.tar
        expect_fail 5 'no.tar' -- decant import no.tar x
        expect_fail 5 'no-dir' -- decant save -o no-dir/x.tar busybox
        expect_fail 125 'no-file' -- decant run --env-file no-file busybox true
}

test_disk_fills_during_run() {
        [ "$(id -u)" = 0 ] || return 0
        mkdir small && mount -t tmpfs -o size=8m tmpfs small || fail mount
        trap 'umount -l small' EXIT
        export DECANT_ROOT=$PWD/small/s
        decant import "$(busybox_tar)" busybox >/dev/null || fail import
        printf 'FROM busybox\nRUN head -c 20000000 /dev/zero >/big\n' | context c
        expect_fail 4 'exit code' 'hint: .*full' -- decant build -t t c
        no_leftovers
        printf 'FROM busybox\nRUN head -c 4000000 /dev/urandom >/big\n' | context d
        decant build -q -t t d >/dev/null || fail "there is room again"
        expect_fail 8 'No space left' -- decant save -o small/out.tar t
        [ ! -e small/out.tar ] || fail "half an archive"
        decant doctor --store --deep || fail store
}

test_read_only_store() {
        [ "$(id -u)" = 0 ] || return 0
        mkdir ro && cp -a "$DECANT_ROOT" ro/s && mount --bind ro ro && mount -o remount,ro,bind ro || fail mount
        trap 'umount -l ro' EXIT
        export DECANT_ROOT=$PWD/ro/s
        decant images | grep -q busybox || fail images
        decant save -o t.tar busybox && tar tf t.tar >/dev/null || fail save
        decant inspect busybox >/dev/null || fail inspect
        small_context c
        expect_fail 1 'Read-only file system' -- decant build -t t c
        expect_fail 125 'Read-only file system' -- decant run busybox true
        expect_fail 1 'read-?only' -- decant tag busybox other
        expect_fail 1 'Read-only file system' -- decant prune -f
}

test_store_of_another_user() {
        [ "$(id -u)" = 0 ] || return 0
        chown -R 12345 "$DECANT_ROOT"
        expect_fail 7 'belongs to another user' 'DECANT_ROOT' -- decant images
}

test_layers_of_a_running_container_stay() {
        mkfifo go
        decant run -v "$PWD/go:/go" busybox sh -c 'read x </go; cat /etc/passwd' >out.log 2>&1 &
        pid=$!
        for _ in $(seq 100); do [ -n "$(ls "$DECANT_ROOT"/tmp/*/*/fs 2>/dev/null)" ] && break; sleep 0.02; done
        decant rmi -f busybox >/dev/null && decant prune -af >/dev/null || fail "rmi, prune"
        timeout 5 sh -c 'echo x >go'
        wait $pid || fail "run ended with $?"
        grep -q root out.log || fail "its files went: $(cat out.log)"
        decant prune -af >/dev/null
        [ -z "$(ls "$DECANT_ROOT/snapshots")" ] || fail "they never go"
}

test_background_processes_end() {
        printf 'FROM busybox\nRUN (sleep 731 &); nohup sleep 731 >/dev/null 2>&1 & echo started\nRUN true\n' | context c
        timeout 20 "$DECANT" build c || fail "it waits for them"
        ! pgrep -f '^sleep 731' || fail "they live on"
}

test_much_output() {
        printf 'FROM busybox\nRUN head -c 30000000 /dev/zero | tr "\\\\0" a; head -c 300000 /dev/urandom; yes | head -c 20000000; exit 3\n' |
                context c
        for kind in plain tty rawjson quiet; do
                expect_fail 4 'exit code: 3' -- decant build --progress $kind --no-cache c
        done
}

# Each step waits for what the other one holds, unless both ask in the same order; one step asks twice for the same.
test_locked_caches_in_any_order() {
        context c <<'D'
FROM busybox AS a
RUN --mount=type=cache,id=x,target=/x,sharing=locked --mount=type=cache,id=y,target=/y,sharing=locked sleep 0.1; echo a >>/x/f
FROM busybox AS b
RUN --mount=type=cache,id=y,target=/y,sharing=locked --mount=type=cache,id=x,target=/x,sharing=locked sleep 0.1; echo b >>/x/f
FROM busybox
COPY --from=a /bin/true /a
COPY --from=b /bin/true /b
RUN --mount=type=cache,id=x,target=/1,sharing=locked --mount=type=cache,id=x,target=/2,sharing=locked [ "$(wc -l </1/f)" = "$(wc -l </2/f)" ]
D
        for _ in 1 2 3; do timeout -k 1 20 "$DECANT" build --no-cache c || fail "locked each other out"; done
}

# A small archive that would become two terabytes.
test_add_of_a_bomb() {
        printf 'FROM scratch\nADD bomb.tar /\n' | context c
        python3 - <<'P'
import tarfile
info = tarfile.TarInfo("huge")
info.size = 2 << 40
open("c/bomb.tar", "wb").write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
P
        expect_fail 1 'Dockerfile:2' '1099511627776' -- decant build c
        no_leftovers
}

test_prune_takes_unused_cache_mounts() {
        printf 'FROM busybox\nRUN --mount=type=cache,id=used,target=/c read x </c/go\n' | context c
        printf 'FROM busybox\nRUN --mount=type=cache,id=idle,target=/c echo >/c/f; chmod 0 /c; chown 7:7 /c\n' | context d
        printf 'FROM busybox\nRUN --mount=type=cache,id=used,target=/c mkfifo /c/go\n' | context e
        decant build d && decant build e || fail build
        timeout -k 1 30 "$DECANT" build c &
        pid=$!
        for _ in $(seq 100); do [ -n "$(ls "$DECANT_ROOT"/tmp/*/*/fs 2>/dev/null)" ] && break; sleep 0.02; done
        decant prune -f || fail prune
        go=$(ls "$DECANT_ROOT"/mounts/*/go) || fail "it took one in use"
        [ "$(ls "$DECANT_ROOT/mounts" | grep -vc lock)" = 1 ] || fail "it left the idle one"
        timeout 5 sh -c 'echo x >"$1"' - "$go"
        wait $pid || fail "the build ended with $?"
        decant prune -f && [ -z "$(ls "$DECANT_ROOT/mounts")" ] || fail "$(ls "$DECANT_ROOT/mounts")"
}

test_results_into_devices_and_links() {
        small_context c
        mkfifo pipe
        ln -s real link
        cat pipe >got &
        decant build --iidfile pipe -t t c || fail "into a pipe"
        wait
        grep -q '^sha256:' got && [ -p pipe ] || fail "the pipe: $(cat got)"
        decant build --metadata-file link -t t c && [ -L link ] && grep -q containerimage real || fail "through a link"
        decant build --metadata-file /dev/stdout --progress quiet -t t c >out.json && [ -L /dev/stdout ] || fail "/dev/stdout"
        jq -e . out.json >/dev/null || fail "$(cat out.json)"
        decant save -o link busybox && [ -L link ] && tar tf real >/dev/null || fail "save through a link"
        cat pipe >/dev/null &
        decant build -o type=tar,dest=pipe c && wait && [ -p pipe ] || fail "a tar into a pipe"
        [ "$(id -u)" = 0 ] || return 0
        mknod full c 1 7
        expect_fail 8 'No space' -- decant build --iidfile full -t t c
        expect_fail 8 'No space' -- decant build -o type=tar,dest=full c
        expect_fail 8 'No space' -- decant build -o type=oci,dest=full c
        expect_fail 8 'No space' -- decant save -o full busybox
        [ -c full ] || fail "the device went"
}

test_waiting_for_input_can_be_interrupted() {
        set -m
        mkdir c && mkfifo c/Dockerfile in
        sleep 5 >in &
        "$DECANT" build c & a=$!
        "$DECANT" build -f - . <in & b=$!
        "$DECANT" build - <in & c=$!
        sleep 0.5
        kill -INT $a $b && kill -TERM $c
        start=$(date +%s)
        for pid in $a $b; do
                status=0
                wait $pid || status=$?
                [ $status = 130 ] || fail "status $status"
        done
        status=0
        wait $c || status=$?
        [ $status = 143 ] && [ $(($(date +%s) - start)) -lt 3 ] || fail "status $status"
}

test_things_that_are_no_files() {
        small_context c
        mkfifo c/.dockerignore
        expect_fail 3 'dockerignore.*not a regular file' -- timeout -k 1 10 "$DECANT" build c
        rm c/.dockerignore && mkdir c/.dockerignore
        expect_fail 3 'dockerignore.*not a regular file' -- decant build c
        rmdir c/.dockerignore
        expect_fail 2 'c/f. is not a directory' -- decant build c/f
        expect_fail 1 'more than' -- decant build -f /dev/zero c
        mkfifo c/pipe
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("c/socket")'
        printf 'FROM scratch\nCOPY . /\n' >c/Dockerfile
        timeout -k 1 10 "$DECANT" build -o out c && [ -p out/pipe ] || fail "special files"
}

test_secrets_of_a_killed_build_go() {
        grep -q ' /dev/shm tmpfs' /proc/mounts || return 0
        printf 'FROM busybox\nRUN --mount=type=secret,id=s sleep 20\n' | context c
        printf 'FROM busybox\nRUN --mount=type=secret,id=s grep -q hidden /run/secrets/s\n' | context d
        echo hidden >secret
        rm -f new && touch new
        "$DECANT" build --secret id=s,src=secret c &
        pid=$!
        left() { find /dev/shm -maxdepth 1 -name 'decant-secret-*' -user "$(id -un)" -newer new; }
        for _ in $(seq 100); do [ -n "$(left)" ] && break; sleep 0.02; done
        kill -KILL $pid
        wait $pid
        [ -n "$(left)" ] || fail "the test did not get that far"
        sleep 4
        decant build --secret id=s,src=secret d || fail build
        [ -z "$(left)" ] || fail "left: $(left)"
}

test_store_inside_of_the_context() {
        small_context c
        printf 'FROM busybox\nCOPY . /ctx/\nRUN ls -a /ctx /ctx/sub\n' >c/Dockerfile
        mkdir c/sub
        export DECANT_ROOT=$PWD/c/sub/store
        decant import "$(busybox_tar)" busybox >/dev/null || fail import
        decant build -t t c || fail build
        decant run t sh -c '[ -e /ctx/f ] && [ -d /ctx/sub ] && ! [ -e /ctx/sub/store ]' || fail "the store is in the image"
        decant build -t t c >out.log 2>&1 && [ "$(grep -c CACHED out.log)" = 3 ] || fail "$(cat out.log)"
}

# No step of root's and no image gets at the hardware: there may be no cgroup that keeps devices from being opened.
test_devices_of_the_host() {
        [ "$(id -u)" = 0 ] || return 0
        printf 'FROM busybox\nRUN ! mknod /a b 8 0 && ! mknod /dev/a c 1 1 && mknod /n c 1 3 && echo x >/n && mkfifo /p\n' | context c
        decant build c || fail "mknod"
        mkdir root && mknod root/disk b 8 0 && mknod root/mem c 1 1 && mknod root/null c 1 3 && echo x >root/file
        tar cf root.tar -C root . && decant import root.tar devices >/dev/null || fail import
        printf 'FROM busybox\nCOPY --from=devices / /d/\nADD root.tar /e/\nRUN ls /d /e; [ -e /d/file ] && [ -c /d/null ] && ! [ -e /d/disk ] && ! [ -e /d/mem ] && ! [ -e /e/disk ]\n' |
                context d
        cp root.tar d/
        decant build d || fail "devices came in"
}

run_tests
