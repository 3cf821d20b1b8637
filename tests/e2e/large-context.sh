#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A context that is large by mistake.
. "$(dirname "$0")/lib.bash"

test_large_context_is_told() {
        context c <<'D'
FROM scratch
COPY src /src
COPY . .
COPY . /again
D
        mkdir -p c/src/deep c/node_modules/a
        truncate -s 520M c/dump.bin && echo x >c/node_modules/a/x && echo y >c/src/deep/y && truncate -s 1M c/src/z
        decant build c >log 2>&1 || fail "$(cat log)"
        grep -q "takes 546.*MB in 5 files from the context 'c'; missing in '.dockerignore'? dump.bin, node_modules" log || fail "$(cat log)"
        grep -q '545.*MB *1 file  *dump.bin' log && grep -q ' 2 files *src$' log || fail "$(cat log)"
        [ "$(grep -c 'MB in 5 files' log)" = 2 ] || fail "not once, now and at the end: $(cat log)"
        decant build c >log 2>&1
        grep -q 'missing in' log && fail "a cached build says it again"
        echo 'dump.bin' >c/.dockerignore && decant build --no-cache c >log 2>&1
        grep -q 'missing in' log && fail "$(cat log)"
        return 0
}

run_tests
