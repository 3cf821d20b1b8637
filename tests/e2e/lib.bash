# SPDX-License-Identifier: Apache-2.0
# What the end-to-end tests share. Each test is a function named test_*; run_tests calls them all, each in a fresh directory with
# a store of its own that holds the image "busybox". DECANT is the program, TOP the checkout.
set -uo pipefail
: "${DECANT:?}" "${TOP:?}"
export DECANT_SYNC=off BUILDKIT_PROGRESS=plain
work=$(mktemp -d "${TMPDIR:-/tmp}/decant-e2e-XXXXXX")
trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

decant() { "$DECANT" "$@"; }

# fail TEXT: end the running test.
fail() {
        printf '%s\n' "$*" >&2
        exit 1
}

# expect_fail STATUS PATTERN... -- COMMAND: it must end with that status and say each pattern.
expect_fail() {
        local want=$1 status=0 patterns=()
        shift
        while [ "$1" != -- ]; do
                patterns+=("$1")
                shift
        done
        shift
        "$@" >out.log 2>&1 || status=$?
        [ "$status" = "$want" ] || fail "exit status $status instead of $want: $* : $(cat out.log)"
        local p
        for p in "${patterns[@]}"; do
                grep -qE -- "$p" out.log || fail "nothing like '$p' in: $(cat out.log)"
        done
}

busybox_tar() {
        [ -f "$work/busybox.tar" ] || "$TOP/tools/make-busybox" >"$work/busybox.tar"
        echo "$work/busybox.tar"
}

# context NAME: a new directory, Dockerfile from standard input.
context() {
        mkdir -p "$1"
        cat >"$1/Dockerfile"
}

# Nothing unfinished may be left in the store. (Empty directories that overlayfs made are set aside and swept later.)
no_leftovers() {
        local tmp
        tmp=$(find "$DECANT_ROOT/tmp" -mindepth 2 -name '*-trash' -prune -o -mindepth 2 -print 2>/dev/null | head -3)
        [ -z "$tmp" ] || fail "left behind in the store: $tmp"
}

run_tests() {
        local t status=0
        for t in $(compgen -A function | grep '^test_'); do
                [ -z "${ONLY:-}" ] || [ "$t" = "$ONLY" ] || continue
                mkdir -p "$work/$t"
                if (
                        cd "$work/$t" || exit 1
                        export DECANT_ROOT=$work/$t/store
                        decant import "$(busybox_tar)" busybox >/dev/null || fail "import failed"
                        "$t"
                ) >"$work/$t.log" 2>&1; then
                        echo "ok $t"
                else
                        cat "$work/$t.log"
                        echo "not ok $t"
                        status=1
                fi
                # files of subordinate ids are decant's to remove
                [ "$(id -u)" = 0 ] || DECANT_ROOT=$work/$t/store decant prune -af >/dev/null 2>&1
                chmod -R u+rwx "$work/$t" 2>/dev/null
                rm -rf "${work:?}/$t"
        done
        exit $status
}
