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

# signed_sources SUITE: lines for a sources.list, of the archives that this machine uses, with the key of all of Debian's releases.
signed_sources() {
        "$TOP/tools/debian-sources" "$1" | sed 's|^deb |deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] |'
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

user=decant-test-$$

first_free_id() {
        cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: 'BEGIN { n = 400000 } $2 + $3 > n { n = $2 + $3 } END { print n }'
}

# as_new_user SCRIPT [FILE...]: make an ordinary user with subordinate ids, run the script of tests/e2e as that user, remove the user and
# exit with the script's status. Root only. The user has copies of the files and directories, in $TMPDIR/given.
as_new_user() {
        local home=$work/home status=0 first
        exec 9>"${TMPDIR:-/tmp}/decant-e2e-users.lock" && flock 9 # two scripts want ids of their own
        first=$(first_free_id)
        mkdir "$home" && useradd --no-create-home --home-dir "$home" --shell /bin/bash "$user" || fail "useradd"
        trap 'userdel "$user" 2>/dev/null; sed -i "/^$user:/d" /etc/subuid /etc/subgid; rm -rf "$work"' EXIT
        sed -i "/^$user:/d" /etc/subuid /etc/subgid # useradd gives some where it is set up to
        echo "$user:$first:65536" | tee -a /etc/subuid >>/etc/subgid
        exec 9>&-
        chown "$user:" "$home" && chmod 755 "$work"
        # what is below a directory of root's own is not for others to run
        mkdir -p "$home/src/cli" "$home/src/sandbox" "$home/src/net" "$home/top/tests/e2e" "$home/top/tools"
        cp "$DECANT" "$home/src/cli/" && cp "${DECANT%/*}/../sandbox/decant-launcher" "$home/src/sandbox/" &&
                cp "${DECANT%/*}/../net/decant-net.so" "$home/src/net/" || fail "copy the program"
        cp "$TOP/tests/e2e/lib.bash" "$TOP/tests/e2e/$1" "$home/top/tests/e2e/" && cp "$TOP/tools/make-busybox" "$home/top/tools/"
        chmod -R a+rX "$home"
        mkdir "$home/given"
        [ $# = 1 ] || cp -r "${@:2}" "$home/given/" || fail "copy ${*:2}"
        chown -R "$user:" "$home/given"
        su "$user" -s /bin/bash -c "cd '$home' && TMPDIR='$home' DECANT='$home/src/cli/decant' TOP='$home/top' ONLY='${ONLY:-}' \
                bash top/tests/e2e/$1" || status=$?
        [ -z "$(pgrep -u "$user")" ] || { echo "not ok processes of the user live on"; status=1; }
        exit $status
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
