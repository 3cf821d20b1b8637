#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples, as `make demo` builds and runs them, on a Debian that is made for the purpose.
. "$(dirname "$0")/lib.bash"

test_demo() {
        "$TOP/examples/demo" "$DECANT" >out 2>&1 || fail "$(tail -40 out)"
        [ "$(grep -c ': same answers$' out)" = 4 ] || fail "$(tail -40 out)"
        for image in calculator calculator-c; do
                single=$(decant inspect --format '{{.Size}}' $image:single)
                poured=$(decant inspect --format '{{.Size}}' $image:latest)
                [ "$poured" -lt 2500000 ] && [ $((single / poured)) -gt 100 ] || fail "$image: $single -> $poured"
        done
        [ "$(decant inspect --format '{{.Size}}' calculator-c:latest)" -lt 1000000 ] || fail "the C calculator is not small"

        # Again: everything is cached.
        "$TOP/examples/demo" "$DECANT" >again 2>&1 || fail "$(tail -40 again)"
        [ "$(grep -cE '^#[0-9]+ \[.*\] RUN' again)" -gt 0 ] || fail "$(cat again)"
        ! grep -qE '^#[0-9]+ [0-9.]+ ' again || fail "a step ran again: $(cat again)"
        decant images | grep -q '^calculator-c *latest' || fail "$(decant images)"
}

# rows FILE: of the table of sizes, "EXAMPLE SHAPE MB" for each image.
rows() {
        sed -n 's/^| \([a-z-]*\) ([^)]*) | \(.*\) | [0-9]*x |$/\1 \2/p' "$1" | awk '{ for (i = 2; i < NF; i += 2) print $1, $i, $(i + 1) + 0 }'
}

# What README.md says each image takes is true within 5 %: Debian's packages change.
test_all() {
        "$TOP/examples/all" "$DECANT" >out 2>&1 || fail "$(tail -40 out)"
        rows "$TOP/README.md" >claimed
        rows out >measured
        [ "$(wc -l <measured)" -ge 20 ] || fail "$(cat out)"
        paste -d ' ' claimed measured | awk '$1 != $4 || $2 != $5 || $3 < $6 * 0.95 || $3 > $6 * 1.05 { print; bad = 1 } END { exit bad }' ||
                fail "README.md claims other sizes: examples/all --write"
}

run_tests
