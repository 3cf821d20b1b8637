#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Complete Debians: of locked packages, equal to what mmdebstrap makes of the mirror, and the same again offline, in another store and for an
# ordinary user. As root this makes one, then such a user, and has the tests run as that user as well.
. "$(dirname "$0")/lib.bash"

name=debian-slim-debian13

# What root has made, of which the user has copies.
of_root=$work/of-root
[ "$(id -u)" = 0 ] || of_root=$TMPDIR/given

make_one() {
        export DECANT_ROOT=$work/store
        mkdir "$work/of-root"
        cd "$work/of-root" || exit 1
        decant base build -q "$name" -t made >id && decant base lock -q "$name" --lock lock.json || exit 1
        cp -r "$DECANT_ROOT/debian/pool" . || exit 1
        printf 'FROM made\n' >Dockerfile
        decant build -q -o tree . && cd "$work" || exit 1
}

# packages ROOT: "NAME VERSION" of what dpkg has installed there.
packages() {
        dpkg-query --admindir="$1/var/lib/dpkg" --showformat '${Package} ${Version} ${db:Status-Status}\n' --show | sort
}

# What apt chooses, on its own, of the same repositories; what it would remove again by itself (apt-get autoremove) is the same as well.
test_as_mmdebstrap_has_it() {
        signed_sources trixie | mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' --include=tzdata \
                --format=tar trixie oracle.tar - >mmdebstrap.log 2>&1 || fail "$(cat mmdebstrap.log)"
        mkdir oracle && tar -xf oracle.tar -C oracle --exclude='./dev/*' || fail "unpack"
        packages oracle >theirs && packages "$of_root/tree" >ours
        [ "$(wc -l <ours)" -gt 60 ] && cmp theirs ours || fail "$(diff theirs ours)"
        cmp oracle/var/lib/apt/extended_states "$of_root/tree/var/lib/apt/extended_states" || fail "other marks of apt"
}

# Nothing tells of where the packages came from here, of this machine, or of when it was made.
test_no_traces() {
        cd "$of_root/tree" || exit 1
        diff <(signed_sources trixie | sed 's|/ | |' | sort) <(sort etc/apt/sources.list) || fail "sources.list: $(cat etc/apt/sources.list)"
        left=$(find etc/apt/sources.list.d var/log dev -mindepth 1; find var/lib/apt/lists var/cache/apt -type f ! -name lock)
        [ -z "$left" ] || fail "left: $left"
        [ ! -e etc/resolv.conf ] && [ ! -e etc/hostname ] || fail "this machine's files: $(ls etc/resolv.conf etc/hostname)"
        ! grep -rlE 'copy:|DECANT|trusted=yes|/repository' etc var/lib/apt || fail "the local repository shows"
        [ -z "$(find . -newermt '@1800000000' ! -type d)" ] || fail "dates: $(find . -newermt '@1800000000' ! -type d | head -3)"
}

# What published images have apt and dpkg do, and nothing of what mmdebstrap was told: packages that are installed later bring what they recommend.
test_settings_of_published_images() {
        cd "$of_root/tree" || exit 1
        [ "$(ls etc/apt/apt.conf.d | tr '\n' ' ')" = "01autoremove 70debconf docker-autoremove-suggests docker-clean docker-gzip-indexes docker-no-languages " ] ||
                fail "$(ls etc/apt/apt.conf.d)"
        ! grep -r Recommends etc/apt/apt.conf.d || fail "recommended packages are left out"
        grep -qx force-unsafe-io etc/dpkg/dpkg.cfg.d/docker-apt-speedup && [ -x usr/sbin/policy-rc.d ] || fail "dpkg"
        [ -z "$(find usr/share/doc -type f ! -name copyright)" ] && grep -q 'path-exclude /usr/share/doc' etc/dpkg/dpkg.cfg.d/docker || fail "documents"
}

# Debian 12 is merged into /usr before it is unpacked, not by a package that needs the whole of Perl.
test_merged_from_the_start() {
        decant base lock -q debian-slim-debian12 --lock lock.json || fail "lock"
        grep -q '"name": "usr-is-merged"' lock.json || fail "$(cat lock.json)"
        ! grep -E '"name": "(usrmerge|perl|libperl5[^"]*)"' lock.json || fail "Perl"
}

test_locked() {
        cp "$of_root/lock.json" . || exit 1
        [ "$(grep -c '"use": "installed"' lock.json)" -gt 40 ] && [ "$(grep -c '"use": "dependency"' lock.json)" -gt 5 ] || fail "$(cat lock.json)"
        decant base update --diff "$name" --lock lock.json | grep -qx 'nothing has changed' || fail "update --diff"
        decant base verify -q "$name" --lock lock.json >out && [ "$(grep -c ' signed ' out)" = "$(grep -c '"use"' lock.json)" ] || fail "$(cat out)"
        sed 's/"name": "tzdata", "version": "[^"]*"/"name": "tzdata", "version": "1"/' lock.json >wrong.json
        expect_fail 6 'package tzdata 1: its control file says .Version: 20' -- decant base build "$name" --locked --lock wrong.json
        sed '/"name": "libc6"/d' lock.json >short.json
        expect_fail 4 'mmdebstrap ended with status' 'held broken packages' -- decant base build "$name" --locked --lock short.json
        no_leftovers
}

# In another store, with nothing but the packages, by whoever runs this.
test_offline_is_the_same() {
        mkdir -p "$DECANT_ROOT/debian" && cp -r "$of_root/pool" "$DECANT_ROOT/debian/" || fail "copy"
        id=$(decant base build -q "$name" --locked --offline --lock "$of_root/lock.json" -t again) || fail "build"
        [ "$id" = "$(cat "$of_root/id")" ] || fail "another image: $id"
        [ "$(decant run --rm again sh -c 'echo $((6 * 7)); dpkg -l | grep -c ^ii')" = "42
$(grep -c '"use"' "$of_root/lock.json")" ] || fail "it does not run"
        no_leftovers
}

# all_programs_but NAME...: a directory bin with the others.
all_programs_but() {
        mkdir bin && ln -sf /usr/bin/* /bin/* bin/
        (cd bin && rm -f "$@")
}

# What cannot become a Debian is refused before anything is fetched.
test_without_ids() {
        [ "$(id -u)" != 0 ] || return 0
        all_programs_but newuidmap newgidmap
        PATH=$PWD/bin DECANT_ROOT=$PWD/other expect_fail 7 'a complete Debian has files of many owners: there is no user 65534' 'hint: only your own id is mapped' -- \
                decant base build "$name" --locked --lock "$of_root/lock.json"
}

test_without_mmdebstrap() {
        mkdir -p "$DECANT_ROOT/debian" && cp -r "$of_root/pool" "$DECANT_ROOT/debian/" || fail "copy"
        all_programs_but mmdebstrap
        PATH=$PWD/bin expect_fail 5 "'mmdebstrap' is not installed" 'hint: .*apt-get install mmdebstrap' -- \
                decant base build "$name" --locked --offline --lock "$of_root/lock.json"
}

if [ "$(id -u)" != 0 ]; then
        unset -f test_as_mmdebstrap_has_it test_no_traces test_settings_of_published_images test_merged_from_the_start test_locked \
                test_without_mmdebstrap # root's word is enough
        run_tests
fi
(make_one) >"$work/made.log" 2>&1 || { cat "$work/made.log"; echo "not ok make_one"; exit 1; }
(run_tests) && as_new_user base-complete.sh "$of_root"/{id,lock.json,pool}
exit 1
