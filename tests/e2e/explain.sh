#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Why steps were executed, and what one can do about a failing one.
. "$(dirname "$0")/lib.bash"

test_explain() {
        context c <<'D'
FROM busybox AS build
ARG VERSION=1
WORKDIR /src
COPY . .
RUN echo "$VERSION" >/v
FROM scratch
COPY --from=build /v /v
D
        echo a >c/f
        decant build --explain c >log 2>&1 || fail "$(cat log)"
        grep -q 'not cached: \[build 4/4\] RUN .*never executed here before' log || fail "$(cat log)"
        decant build --explain c >log 2>&1
        grep -q '^every step was cached' log || fail "$(cat log)"
        decant build --explain --build-arg VERSION=2 c >log 2>&1
        grep -q "RUN .*: variable: 'VERSION=1' -> 'VERSION=2'" log || fail "$(cat log)"
        grep -q 'COPY . .:' log && fail "COPY was cached: $(cat log)"
        echo b >c/f
        decant build --explain --build-arg VERSION=2 c >log 2>&1
        grep -q 'COPY \. \.: content of the files that it reads: [0-9a-f]* -> ' log || fail "$(cat log)"
        grep -q 'RUN .*what it builds on is another: \[build 3/4\] COPY' log || fail "$(cat log)"
        sed -i 's,>/v,>/v \&\& true,' c/Dockerfile
        decant build --explain --build-arg VERSION=2 --add-host h:1.2.3.4 c >log 2>&1
        grep -q "command: 'echo .* -> 'echo .*true'" log && grep -q "host added: 'h'" log || fail "$(cat log)"
        decant build --explain --no-cache-filter build c >log 2>&1
        grep -q 'RUN .*no-cache' log || fail "$(cat log)"
        decant build --progress=quiet c >log 2>&1
        grep -q 'not cached' log && fail "nobody asked"
        return 0
}

test_explain_after_prune() {
        context c <<'D'
FROM busybox
RUN true
D
        decant build c && decant prune -af >/dev/null || fail build
        decant import "$(busybox_tar)" busybox >/dev/null
        decant build --explain c >log 2>&1; grep -q 'RUN true: \(nothing changed, but its result is no longer\|it was never\)' log || fail
}

run_tests
