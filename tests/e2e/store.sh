#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The store under concurrent and killed builds.
. "$(dirname "$0")/lib.bash"

many_steps() {
        cat <<'D'
FROM busybox AS a
RUN echo a > /a && sleep 0.02
COPY . /ctx/
RUN cat /ctx/f* > /all
FROM busybox AS b
RUN sleep 0.03; echo b > /b
FROM busybox
COPY --from=a /all /all
COPY --from=b /b /b
RUN cat /all /b > /sum
D
}

test_killed_fifty_times() {
        many_steps | context c
        for i in $(seq 200); do echo "$i" >"c/f$i"; done
        for i in $(seq 50); do
                setsid "$DECANT" build -t t --build-arg "N=$i" c >/dev/null 2>&1 &
                pid=$!
                sleep "0.0$((RANDOM % 100))"
                kill -9 -- -$pid 2>/dev/null
                wait $pid 2>/dev/null
                echo "$i" >c/f7
        done
        sleep 0.2
        ! pgrep -f "^$DECANT build -t t --build-arg" >/dev/null || fail "a build lives on"
        decant build -t t c >log 2>&1 || fail "$(cat log)"
        decant run --rm t cat /sum >sum || fail run
        cat $(ls -d c/f*) >want && echo b >>want
        cmp sum want || fail "wrong result"
        decant doctor --store --deep >log 2>&1 || fail "$(cat log)"
        ! grep -q '^fail' log || fail "$(cat log)"
        decant prune -f >/dev/null || fail prune
        no_leftovers
        decant run --rm t cat /sum | cmp - want || fail "prune took too much"
}

test_eight_builds_run_each_step_once() {
        context c <<'D'
FROM busybox AS a
RUN --mount=type=cache,target=/count sleep 0.2; echo a >> /count/a; cp /count/a /a
FROM busybox AS b
RUN --mount=type=cache,target=/count sleep 0.2; echo b >> /count/b; cp /count/b /b
FROM scratch
COPY --from=a /a /
COPY --from=b /b /
D
        for i in $(seq 8); do decant build -t t -o "out$i" c >"log$i" 2>&1 & done
        for job in $(jobs -p); do wait "$job" || fail "$(cat log?)"; done
        for i in $(seq 8); do
                [ "$(cat "out$i/a" "out$i/b" | tr '\n' ' ')" = "a b " ] || fail "a step ran more than once: $(cat "out$i/a" "out$i/b")"
        done
}

test_interrupt_while_another_build_has_the_step() {
        set -m
        printf 'FROM busybox\nRUN sleep 6.5\n' | context c
        "$DECANT" build c >first.log 2>&1 &
        first=$!
        for _ in $(seq 100); do pgrep -x -f 'sleep 6.5' >/dev/null && break; sleep 0.05; done
        "$DECANT" build c >out.log 2>&1 &
        second=$!
        for _ in $(seq 100); do grep -q 'waiting for process' out.log && break; sleep 0.05; done
        start=$(date +%s%N)
        kill -INT $second
        status=0
        wait $second || status=$?
        [ $status = 130 ] || fail "exit status $status: $(cat out.log)"
        [ $((($(date +%s%N) - start) / 1000000)) -lt 2000 ] || fail "it waited on"
        wait $first || fail "the first build: $(cat first.log)"
}

test_prune_gives_space_back_and_images_live() {
        many_steps | context c
        head -c 3000000 /dev/urandom >c/f1
        decant build -t keep c >/dev/null 2>&1 || fail build
        decant build -t keep --build-arg N=2 --no-cache c >/dev/null 2>&1 || fail build
        before=$(du -s "$DECANT_ROOT" | cut -f1)
        decant prune -a -f >log || fail "$(cat log)"
        grep -q 'Total reclaimed space' log || fail "$(cat log)"
        decant doctor --store || fail store
        after=$(du -s "$DECANT_ROOT" | cut -f1)
        [ "$after" -lt "$before" ] || fail "$before -> $after"
}

test_rmi_and_tags() {
        printf 'FROM busybox\nLABEL a=b\n' | context c
        decant build -t one c >/dev/null 2>&1
        decant tag one two:v2
        [ "$(decant images -q | sort -u | wc -l)" = 2 ] || fail "$(decant images)"
        decant rmi one | grep -q 'Untagged: one:latest' || fail rmi
        decant rmi two:v2 | grep -q 'Deleted: sha256:' || fail rmi
        expect_fail 5 'No such image' -- decant rmi one
        decant images | grep -q busybox || fail "too much"
}

test_records_of_another_boot_are_dropped() {
        printf 'FROM busybox\nRUN echo x > /x\n' | context c
        decant build -t t c >/dev/null 2>&1
        DECANT_SYNC=wait decant tag t durable
        python3 - "$DECANT_ROOT/store.db" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
tables = [r[0] for r in db.execute("select name from sqlite_master where type='table'")]
assert any("boot" in c[1] for t in tables for c in db.execute("pragma table_info(%s)" % t)), "no boot mark"
P
        decant images | grep -q durable || fail "a durable name is lost"
}

run_tests
