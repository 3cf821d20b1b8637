#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# decant run, as docker's users know it.
. "$(dirname "$0")/lib.bash"

test_exit_status_is_passed_on() {
        decant run --rm busybox sh -c 'exit 7'
        [ $? = 7 ] || fail "exit status"
        decant run --rm busybox sh -c 'sh -c "kill -9 \$\$"; exit $?' # the first process itself cannot be killed from inside
        [ $? = 137 ] || fail "killed"
        decant run --rm busybox no-such-program 2>/dev/null
        [ $? = 127 ] || fail "not found"
        decant run --rm busybox /etc/passwd 2>/dev/null
        [ $? = 126 ] || fail "not executable"
        decant run --rm no-such-image true 2>/dev/null
        [ $? = 125 ] || fail "no image"
}

test_environment_directory_user() {
        out=$(FROM_HERE=1 decant run --rm -e A=b -e FROM_HERE -w /tmp -u nobody busybox sh -c 'echo "$A $FROM_HERE"; pwd; id -u')
        [ "$out" = "b 1
/tmp
65534" ] || fail "$out"
        printf 'X=1\n# comment\nY=two words\n' >env
        [ "$(decant run --rm --env-file env busybox sh -c 'echo $X $Y')" = "1 two words" ] || fail env-file
}

test_volumes() {
        mkdir v && echo in >v/f
        decant run --rm -v "$PWD/v:/v" busybox sh -c 'cat /v/f && echo out > /v/g' || fail rw
        [ "$(cat v/g)" = out ] || fail "nothing came out"
        ! decant run --rm -v "$PWD/v:/v:ro" busybox touch /v/h 2>/dev/null || fail "ro is not read-only"
}

test_entrypoint_and_command() {
        printf 'FROM busybox\nENTRYPOINT ["echo", "entry"]\nCMD ["default"]\n' | context c
        decant build -q -t e c >/dev/null || fail build
        [ "$(decant run --rm e)" = "entry default" ] || fail default
        [ "$(decant run --rm e other)" = "entry other" ] || fail other
        [ "$(decant run --rm --entrypoint cat e /etc/group | head -1)" = "root:x:0:" ] || fail entrypoint
}

test_network() {
        [ "$(decant run --rm --network none busybox ls /sys/class/net)" = lo ] || fail none
        decant run --rm --add-host there:10.9.8.7 busybox grep -q '10.9.8.7.*there' /etc/hosts || fail hosts
        [ "$(decant run --rm --hostname box busybox hostname)" = box ] || fail hostname
}

test_standard_input_and_output() {
        [ "$(echo hello | decant run --rm -i busybox cat)" = hello ] || fail stdin
        [ -z "$(echo hello | decant run --rm busybox cat)" ] || fail "no -i, no input"
        head -c 3000000 /dev/urandom >big
        decant run --rm -i busybox cat <big | cmp - big || fail "bytes differ"
        decant run --rm busybox sh -c 'echo out; echo err >&2' >out 2>err
        [ "$(cat out err)" = "out
err" ] || fail streams
}

test_terminal() {
        python3 - "$DECANT" <<'P' || fail "no terminal"
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "run", "--rm", "-it", "busybox", "sh", "-c", "test -t 0 && test -t 1 && tty && read x && echo got-$x; exit 5"])
os.write(fd, b"word\n")
seen = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert status == 5, (status, seen)
assert b"got-word" in seen and b"/dev/" in seen, seen
P
}

test_signals_are_forwarded() {
        set -m
        "$DECANT" run --rm busybox sh -c 'trap "echo caught; exit 9" TERM; echo ready; while :; do sleep 0.1; done' >out &
        pid=$!
        for _ in $(seq 100); do grep -q ready out && break; sleep 0.05; done
        kill -TERM $pid
        status=0
        wait $pid || status=$?
        [ $status = 9 ] && grep -q caught out || fail "$status $(cat out)"
}

test_what_is_written_is_not_kept() {
        decant run --rm busybox touch /new || fail touch
        ! decant run --rm busybox test -e /new || fail "it stayed"
        ! decant run --rm --read-only busybox touch /x 2>/dev/null || fail "--read-only"
        no_leftovers
}

test_limits_and_capabilities() {
        [ "$(decant run --rm --ulimit nofile=99:99 busybox sh -c 'ulimit -n')" = 99 ] || fail ulimit
        decant run --rm --shm-size 8m busybox df /dev/shm | grep -q ' 8192 ' || fail shm
        ! decant run --rm busybox mount -t tmpfs t /tmp 2>/dev/null || fail "mount is allowed"
        ! decant run --rm --cap-drop CHOWN busybox chown 1 /tmp 2>/dev/null || fail cap-drop
}

test_crun() {
        printf 'FROM busybox\nRUN echo made > /f && id -u\n' | context c
        decant build --runtime crun -t r c >log 2>&1 || fail "$(cat log)"
        [ "$(decant run --rm --runtime crun r cat /f)" = made ] || fail run
        ! decant run --rm --runtime crun r false || fail "exit status"
}

# Root in a container that may not mount: a user namespace of its own has the same ids, and there it may.
test_root_without_the_right_to_mount() {
        [ "$(id -u)" = 0 ] || return 0
        export DECANT_ROOT=$PWD/other
        local weak=(setpriv --bounding-set -sys_admin "$DECANT")
        "${weak[@]}" import "$(busybox_tar)" busybox || fail import
        printf 'FROM busybox\nRUN echo x >/f; chown 70000:80000 /f\nUSER 70000\nRUN id -u >/tmp/u\n' | context c
        mkdir -p c && "${weak[@]}" build -t t c || fail build
        [ "$("${weak[@]}" run t stat -c %u:%g /f /tmp/u)" = "70000:80000
70000:0" ] || fail "$("${weak[@]}" run t stat -c %u:%g /f /tmp/u)"
}

run_tests
