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

test_all() {
        "$TOP/examples/all" "$DECANT" >out 2>&1 || fail "$(tail -40 out)"
        grep -q '^| python-web ' out || fail "$(tail -40 out)"
}

run_tests
