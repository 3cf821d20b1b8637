#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# decant builds itself: the Dockerfile at the root gives an image without a shell, in which decant builds the calculator.
. "${0%/*}/lib.bash"

test_self_build() {
        [ "$(id -u)" = 0 ] || { echo "skip: the inner decant needs a privileged container"; return 0; }
        git -C "$TOP" ls-files -z | tar -C "$TOP" --null -T - -cf - | (mkdir src && tar -xf - -C src) || fail "copy of the sources"
        decant build -t decant src >build.log 2>&1 || fail "$(tail -30 build.log)"
        [ "$(decant run --rm decant version)" = "$("$DECANT" version)" ] || fail "another version"
        [ "$(decant inspect --format '{{.Size}}' decant)" -lt 45000000 ] || fail "it is larger than 45 MB"
        expect_fail 127 -- decant run --rm --entrypoint /bin/sh decant -c true
        decant sbom decant --format json >sbom.json && grep -q '"libcurl4"' sbom.json || fail "the bill of materials does not know its libraries"

        decant save -o debian.tar debian:bookworm || fail "save"
        mkdir inner && cp -r "$TOP/examples/calculator-c" .
        inside() { decant run --rm --privileged -v "$PWD:/work" -v "$PWD/inner:/var/lib/decant" -w /work decant "$@"; }
        inside load -q -i debian.tar >/dev/null || fail "load inside"
        inside build -q -t calculator --build-context ubuntu:latest=docker-image://debian:bookworm calculator-c >inner.log 2>&1 || fail "$(tail -30 inner.log)"
        inside save -o calculator.tar calculator || fail "save inside"
        decant load -q -i calculator.tar >/dev/null || fail "load"
        [ "$(decant run --rm calculator /calculator '2 + 3 * (4 - 1)')" = 11 ] || fail "what it built does not count"
}

run_tests
