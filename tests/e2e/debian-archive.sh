#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian archives: a repository of our own, signed by a key of our own, and what happens when somebody meddles with it.
. "$(dirname "$0")/lib.bash"
archive=${DEBIAN_ARCHIVE:-$(dirname "$DECANT")/../../tests/debian-archive}
DECANT_NET_MODULE=$(dirname "$archive")/../src/net/decant-net.so
export DECANT_NET_MODULE
export GNUPGHOME=$work/gnupg
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
now=1700000000 # of the repository and of whoever asks it

# key NAME: a secret key, and its public part in $work/NAME.gpg.
key() {
        [ -f "$work/$1.gpg" ] && return
        mkdir -pm 700 "$GNUPGHOME"
        gpg --batch -q --faked-system-time $((now - 1000)) --passphrase '' --quick-gen-key "$1@test" ed25519 sign never 2>key.log || fail "$(cat key.log)"
        gpg --batch -q --export "$1@test" >"$work/$1.gpg"
        gpg --batch -q --armor --export "$1@test" >"$work/$1.asc"
}

# deb NAME VERSION BYTES ARCH: a package below pool/ with that much content that does not compress.
deb() {
        mkdir -p "tree/DEBIAN" "tree/usr/share/$1" pool/main
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: t <t@test>\nDescription: test\n' "$1" "$2" "$4" >tree/DEBIAN/control
        openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c "$3" >"tree/usr/share/$1/data"
        dpkg-deb --root-owner-group -b tree "pool/main/$1_$2_$4.deb" >/dev/null || fail "dpkg-deb"
        rm -r tree
}

# index ARCH: dists/bookworm/main/binary-ARCH/Packages in all its forms, by name and by digest.
index() {
        local d=dists/bookworm/main/binary-$1 f
        mkdir -p "$d/by-hash/SHA256"
        apt-ftparchive -a "$1" packages pool >"$d/Packages" 2>/dev/null || fail apt-ftparchive
        xz -kf "$d/Packages" && gzip -knf "$d/Packages"
        for f in "$d"/Packages*; do cp "$f" "$d/by-hash/SHA256/$(sha256sum <"$f" | cut -d' ' -f1)"; done
}

# release DATE [FIELD...]: Release and its signed forms, by key1.
release() {
        local f when
        when=$(LC_ALL=C date -ud "@$1" '+%a, %d %b %Y %H:%M:%S UTC')
        shift
        {
                printf 'Origin: Test\nSuite: stable\nCodename: bookworm\nDate: %s\nAcquire-By-Hash: yes\n' "$when"
                printf 'No-Support-for-Architecture-all: Packages\nArchitectures: all amd64\nComponents: main\n'
                for f; do echo "$f"; done
                echo SHA256:
                (cd dists/bookworm && find main -name 'Packages*' | sort | while read -r f; do
                        echo " $(sha256sum <"$f" | cut -d' ' -f1) $(stat -c %s "$f") $f"
                done)
        } >dists/bookworm/Release
        sign key1
}

sign() {
        (cd dists/bookworm && rm -f InRelease Release.gpg && gpg --batch -q --no-permission-warning --faked-system-time $now -u "$1@test" --clearsign -o InRelease Release &&
                gpg --batch -q --no-permission-warning --faked-system-time $now -u "$1@test" -abo Release.gpg Release) || fail "gpg"
}

# mirror: a repository in www/, served at $url/MODE; requests are lines of the file requests.
mirror() {
        key key1
        mkdir -p www
        (cd www && deb hello 1.0 50000 amd64 && deb world 2.0 3000 all && index amd64 && release $now) || exit 1
        : >requests
        coproc SERVER { python3 "$TOP/tests/e2e/debian_server.py" www requests; }
        read -r port <&"${SERVER[0]}" || fail "the mirror does not start"
        url=http://127.0.0.1:$port
        from plain
}

# from MODE: which of the mirror's modes sources.list names.
from() {
        echo "deb [signed-by=$work/key1.gpg] $url/$1 bookworm main" >sources.list
}

open() { "$archive" --cache cache --now "${at:-$now}" "$@"; }

valid_until() { echo "Valid-Until: $(LC_ALL=C date -ud "@$1" '+%a, %d %b %Y %H:%M:%S UTC')"; }

hello_is_right() {
        cmp "cache/pool/$(sha256sum <www/pool/main/hello_1.0_amd64.deb | cut -d' ' -f1).deb" www/pool/main/hello_1.0_amd64.deb ||
                fail "the cache has other bytes"
        [ -z "$(find cache -name '*.part' -o -path 'cache/tmp/*')" ] || fail "left behind: $(find cache)"
}

test_opens_and_fetches() {
        mirror
        open sources.list hello world >out 2>err || fail "$(cat err)"
        hello_is_right
        grep -q '^release .* bookworm codename=bookworm signers=1$' out || fail "$(cat out)"
        grep -q '^index bookworm main amd64$' out || fail "$(cat out)"
        grep -q '^package hello 1.0$' out && grep -q '^package world 2.0$' out || fail "$(cat out)"
        f=www/pool/main/hello_1.0_amd64.deb
        grep -q "^control hello $(dpkg-deb --ctrl-tarfile $f | tar -xO ./control | wc -c) 0$" out || fail "$(cat out)"
        grep -q "^data hello $(dpkg-deb --fsys-tarfile $f | wc -c)$" out || fail "$(cat out)"
        grep -q 'by-hash/SHA256/[0-9a-f]* 200' requests || fail "not by digest: $(cat requests)"
        : >requests
        open sources.list hello >/dev/null || fail "a second time"
        [ "$(cat requests)" = "/plain/dists/bookworm/InRelease 304 -" ] || fail "asked again: $(cat requests)"
        : >requests
        open --max-age 60 sources.list hello >/dev/null || fail "within its age"
        [ ! -s requests ] || fail "asked within its age: $(cat requests)"
        open --offline sources.list hello >/dev/null 2>err || fail "offline: $(cat err)"
        grep -q "warning: offline: suite 'bookworm'" err && [ ! -s requests ] || fail "$(cat err requests)"
        at=$((now + 7200)) open --offline sources.list >/dev/null 2>err || fail "offline, later"
        grep -q 'as it was 2 hours ago' err || fail "says no age: $(cat err)"
}

test_deb822_and_file_uris() {
        mirror
        printf 'Types: deb deb-src\nURIs: file:%s/www\nSuites: bookworm\nComponents: main\nSigned-By:\n%s\n' "$PWD" "$(sed 's/^$/./; s/^/ /' "$work/key1.asc")" >a.sources
        open a.sources hello >/dev/null || fail "with the key inside"
        hello_is_right
        printf 'Types: deb\nURIs: mirror+file:%s/list\nSuites: bookworm\nComponents: main\nSigned-By: %s\n' "$PWD" "$work/key1.asc" >b.sources
        printf '%s/nowhere\tpriority:2\n%s/plain\tpriority:1\n' "$url" "$url" >list
        rm -r cache
        open b.sources hello >/dev/null || fail "by a list of mirrors, armored key"
        hello_is_right
        ! grep -q nowhere requests || fail "priorities: $(cat requests)"
}

test_tampered_inrelease() {
        mirror
        sed -i 's/^Origin: Test/Origin: Evil/' www/dists/bookworm/InRelease
        expect_fail 1 "suite 'bookworm' of 'http://.*/plain': the signature is bad" 'allow-unsigned' -- open sources.list
        open --allow-unsigned sources.list >/dev/null 2>err || fail "$(cat err)"
        grep -q 'warning: .* has no good signature' err || fail "silent: $(cat err)"
        expect_fail 1 'the signature is bad' -- open sources.list # what was taken unsigned is not believed later
        expect_fail 1 'the signature is bad' -- open --offline sources.list
        (cd www && release $now)
        { cat www/dists/bookworm/Release && cat www/dists/bookworm/InRelease; } >x && mv x www/dists/bookworm/InRelease
        expect_fail 1 'does not begin with' -- open sources.list
        (cd www && release $now)
        echo evil >>www/dists/bookworm/InRelease
        expect_fail 1 'behind the signature' -- open sources.list
}

test_foreign_key_and_missing_key() {
        mirror
        key key2
        (cd www && sign key2)
        expect_fail 1 'no good signature: .* none of the keyrings' "keyrings asked: .*key1.gpg" -- open sources.list
        sed -i 's/key1/absent/' sources.list
        expect_fail 1 "sources.list:1: the keyring '.*absent.gpg': No such file" -- open sources.list
        echo "deb [trusted=yes] $url/plain bookworm main" >sources.list
        open sources.list >out 2>err && [ ! -s err ] && grep -q 'signers=0' out || fail "trusted=yes: $(cat out err)"
}

test_other_keys_verify_again() {
        mirror
        key key2
        open sources.list >/dev/null || fail open
        cp "$work/key2.gpg" other.gpg
        sed -i "s,$work/key1.gpg,$PWD/other.gpg," sources.list
        expect_fail 1 'no good signature' -- open --offline sources.list
        expect_fail 1 'no good signature' -- open --max-age 1000 sources.list
        cp "$work/key1.gpg" other.gpg
        open --offline sources.list >/dev/null 2>&1 || fail "the right key again"
}

test_detached_signature() {
        mirror
        rm www/dists/bookworm/InRelease
        open sources.list hello >/dev/null || fail "Release.gpg"
        hello_is_right
        sed -i 's/^Origin: Test/Origin: Evil/' www/dists/bookworm/Release
        expect_fail 1 'the signature is bad' -- open sources.list
        rm www/dists/bookworm/Release.gpg
        expect_fail 1 'neither InRelease nor Release.gpg' -- open sources.list
        rm www/dists/bookworm/Release
        expect_fail 1 "there is no suite 'bookworm'" -- open sources.list
}

test_sqv_where_there_is_no_gpgv() {
        command -v sqv >/dev/null || fail "sqv is not installed"
        mirror
        mkdir bin && ln -s "$(command -v sqv)" bin/sqv
        with_bin() { PATH=$PWD/bin open "$@"; }
        with_bin sources.list hello >/dev/null 2>err || fail "$(cat err)"
        hello_is_right
        sed -i 's/^Origin: Test/Origin: Evil/' www/dists/bookworm/InRelease
        expect_fail 1 'no good signature' -- with_bin sources.list
        rm bin/sqv
        expect_fail 1 'neither gpgv nor sqv' 'apt-get install gpgv' -- with_bin sources.list
}

# Logins as apt has them. Nothing but the request may show them.
test_private_repository() {
        mirror
        mkdir -p root/etc/apt/auth.conf.d
        from login
        expect_fail 1 'status 401' "machine http://127.0.0.1:$port login NAME password WORD" -- open --auth root sources.list
        printf '# mine\nmachine 127.0.0.1:%s\n  login apt\n  password #p:ssw0rd\n' "$port" >root/etc/apt/auth.conf.d/a.conf
        expect_fail 1 'status 401' 'a.conf:2 is for https only: for this write "machine http://127.0.0.1' -- open --auth root sources.list
        sed 's,machine ,machine http://,; s/ssw0rd/wrong/' root/etc/apt/auth.conf.d/a.conf >root/etc/apt/auth.conf.d/b.conf
        expect_fail 1 'status 401' 'the login is that of .*b.conf:2' -- open --auth root sources.list
        grep -q 'p:wrong' out.log && fail "the password is shown: $(cat out.log)"
        printf 'machine http://127.0.0.1/other login x password y\nmachine http://127.0.0.1/login/ login apt password #p:ssw0rd\n' >root/etc/apt/auth.conf
        VERBOSE=1 open --auth root sources.list hello >out 2>err || fail "$(cat err)"
        hello_is_right
        grep -q 'ssw0rd' out err && fail "the password is shown"
        grep -rq 'ssw0rd' cache && fail "the password is in the cache"
        grep -rqF "$(printf 'apt:#p:ssw0rd' | base64)" cache out err && fail "the login is in the cache"
        [ "$(id -u)" != 0 ] || return 0
        chmod 0 root/etc/apt/auth.conf && rm root/etc/apt/auth.conf.d/*
        expect_fail 1 'status 401' "this user may not read 'root/etc/apt/auth.conf'" -- open --auth root --max-age 0 sources.list
}

# A login of the URI itself goes before, and no message shows it.
test_login_in_the_uri() {
        mirror
        mkdir -p root/etc/apt && echo 'machine http://127.0.0.1 login apt password wrong' >root/etc/apt/auth.conf
        echo "deb [signed-by=$work/key1.gpg] ${url/:\/\//:\/\/apt:%23p:ssw0rd@}/login bookworm main" >sources.list
        open --auth root sources.list hello >out 2>err || fail "$(cat err)"
        hello_is_right
        grep -q 'ssw0rd' err && fail "the password is shown: $(cat err)"
        (cd www && release $((now - 86400)))
        expect_fail 1 'went back in time' -- open --auth root sources.list
        grep -q 'ssw0rd' out.log && fail "the password is shown: $(cat out.log)"
        at=$((now - 86400)) expect_fail 1 'not valid yet' -- open --auth root --offline sources.list
        grep -q 'ssw0rd' out.log && fail "the password is shown: $(cat out.log)"
        true
}

test_expired() {
        mirror
        (cd www && release $now "$(valid_until $((now + 100)))")
        open sources.list >/dev/null || fail open
        at=$((now + 200)) expect_fail 1 'Valid-Until is 2023-11-14T22:15:00Z, now it is 2023-11-14T22:16:40Z' -- open sources.list
        at=$((now + 200)) expect_fail 1 'Valid-Until' -- open --offline sources.list
        at=$((now + 200)) expect_fail 1 'Valid-Until' -- open --max-age 10000 sources.list
        sed -i 's/deb \[/deb [check-valid-until=no /' sources.list
        at=$((now + 200)) open sources.list >/dev/null || fail "check-valid-until=no"
}

test_not_valid_yet() {
        mirror
        (cd www && release $((now + 4000)))
        expect_fail 1 "suite 'bookworm' of 'http://.*': its Release is not valid yet: Date is 2023-11-14T23:20:00Z, now it is 2023-11-14T22:13:20Z" \
                'clock of this machine' -- open sources.list
        [ -z "$(find cache/releases -type f ! -name '*.lock')" ] || fail "a Release of the future is kept: $(find cache/releases)"
        at=$((now + 3900)) open sources.list >/dev/null || fail "clocks differ by minutes"
        expect_fail 1 'not valid yet' -- open --offline sources.list
        rm -r cache
        sed -i 's/deb \[/deb [date-max-future=3600 /' sources.list
        expect_fail 1 'not valid yet' -- open sources.list
        sed -i 's/date-max-future=3600/date-max-future=4000/' sources.list
        open sources.list >/dev/null || fail "date-max-future=4000"
        rm -r cache
        sed -i 's/date-max-future=4000/check-date=no/' sources.list
        open sources.list >/dev/null || fail "check-date=no"
        sed -i 's/check-date=no/date-max-future=soon/' sources.list
        expect_fail 1 "sources.list:1: Date-Max-Future: 'soon' is no number of seconds" -- open sources.list
}

test_rolled_back() {
        mirror
        open sources.list >/dev/null || fail open
        (cd www && release $((now - 86400)))
        expect_fail 1 'went back in time: Date is 2023-11-13T22:13:20Z, but that of 2023-11-14T22:13:20Z' 'remove cache/releases/' -- open sources.list
        (cd www && release $((now + 60)))
        open sources.list >/dev/null || fail "forward again"
}

test_another_suite_in_its_place() {
        mirror
        cp -r www/dists/bookworm www/dists/trixie
        sed -i 's/bookworm main/trixie main/' sources.list
        expect_fail 1 "another suite's: Suite is 'stable', Codename 'bookworm'" -- open sources.list
}

test_tampered_packages() {
        mirror
        find www -name 'Packages*' -o -path '*by-hash*' -type f | while read -r f; do echo evil >>"$f"; done
        expect_fail 1 "main/binary-amd64/Packages.*is not what the Release of 'bookworm' says: [0-9]+ bytes are expected" 'do not belong together' -- open sources.list
        (cd www && index amd64 && find . -path '*by-hash*' -type f -exec sh -c 'printf x | dd of={} conv=notrunc status=none' \;)
        for f in www/dists/bookworm/main/binary-amd64/Packages*; do printf x | dd of="$f" conv=notrunc status=none; done
        expect_fail 1 'SHA256 [0-9a-f]{64} is expected, it has [0-9a-f]{64}' -- open sources.list
        [ "$(grep -c 'InRelease' requests)" = 4 ] || fail "the Release is asked for once more: $(cat requests)"
}

test_mirror_in_the_middle_of_an_update() {
        mirror
        open sources.list >/dev/null || fail open
        (cd www && cp -r dists old && deb again 1.0 100 amd64 && rm -r dists/bookworm/main && index amd64 && release $((now + 60)))
        cp www/dists/bookworm/InRelease new && cp www/old/bookworm/InRelease www/dists/bookworm/InRelease
        rm -r cache/indexes # the old Release is served with the new indexes, until the second request
        (
                until grep -q Packages requests; do sleep 0.02; done
                mv new www/dists/bookworm/InRelease
        ) &
        : >requests
        open sources.list again >/dev/null 2>err && return 0 # it was asked again after the switch
        grep -q Packages err || fail "$(cat err requests)"
        wait $!
        open sources.list again >/dev/null 2>err || fail "$(cat err requests)"
}

test_by_hash_is_missing() {
        mirror
        rm -r www/dists/bookworm/main/binary-amd64/by-hash
        open sources.list hello >/dev/null || fail "by name"
        rm -r cache www/dists/bookworm/main/binary-amd64/Packages.xz
        open sources.list hello >/dev/null || fail "gz where xz is gone"
        hello_is_right
}

test_architecture_and_component() {
        mirror
        expect_fail 1 "sources.list:1: suite 'bookworm' .* no packages for architecture 'riscv64' in 'main'; it has all amd64" -- open --arch riscv64 sources.list
        sed -i 's/main$/nomain/' sources.list
        expect_fail 1 "no component 'nomain'; it has main" -- open sources.list
}

test_flat_repository() {
        mirror
        (cd www && apt-ftparchive packages pool >Packages 2>/dev/null && printf 'Date: %s\nSHA256:\n %s %s Packages\n' \
                "$(LC_ALL=C date -ud @$now '+%a, %d %b %Y %H:%M:%S UTC')" "$(sha256sum <Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release)
        echo "deb [signed-by=$work/key1.gpg] $url/plain ./" >sources.list
        expect_fail 1 'neither InRelease nor Release.gpg' -- open sources.list
        open --allow-unsigned sources.list hello >/dev/null 2>&1 || fail "flat and unsigned"
        hello_is_right
}

test_tampered_deb() {
        mirror
        printf x | dd of=www/pool/main/hello_1.0_amd64.deb bs=1 seek=30000 conv=notrunc status=none
        expect_fail 1 "package 'hello' \(pool/main/hello_1.0_amd64.deb\): 'http://.*hello_1.0_amd64.deb' is not what the index or lock says: SHA256 [0-9a-f]{64} is expected, it has" -- open sources.list hello
        echo x >>www/pool/main/hello_1.0_amd64.deb
        expect_fail 1 'bytes are expected, it has at least' -- open sources.list hello
        rm www/pool/main/hello_1.0_amd64.deb
        expect_fail 1 "package 'hello'.*status 404" 'repositories drop packages' -- open sources.list hello
        [ -z "$(ls cache/pool)" ] || fail "kept: $(ls cache/pool)"
}

test_another_mirror_has_it() {
        mirror
        mkdir -p bad/pool/main && cp -r www/dists bad && head -c 100 www/pool/main/hello_1.0_amd64.deb >bad/pool/main/hello_1.0_amd64.deb
        printf 'Types: deb\nURIs: file:%s/bad %s/plain\nSuites: bookworm\nComponents: main\nSigned-By: %s\n' "$PWD" "$url" "$work/key1.gpg" >a.sources
        open a.sources hello >/dev/null || fail "the second one has it"
        hello_is_right
}

test_damaged_cache_is_fetched_again() {
        mirror
        open sources.list hello >/dev/null || fail open
        for f in cache/pool/*.deb cache/indexes/*.table; do echo x >>"$f"; done
        open sources.list hello >/dev/null || fail "damaged cache"
        hello_is_right
        for f in cache/releases/*; do echo x >"$f"; done
        open sources.list hello >/dev/null || fail "damaged records"
}

test_mirror_that_dies_in_the_middle() {
        mirror
        from dying
        DECANT_FETCH_RETRIES=12 open sources.list hello >/dev/null 2>err || fail "$(cat err)"
        hello_is_right
        grep -q 'hello.* 206 bytes=' requests || fail "not gone on with: $(cat requests)"
}

test_part_is_gone_on_with_by_another_process() {
        mirror
        from once
        DECANT_FETCH_RETRIES=1 expect_fail 1 "package 'hello'" 'status 503' -- open sources.list hello
        [ -n "$(find cache/pool -name '*.part' -size +10k)" ] || fail "nothing kept: $(ls -l cache/pool)"
        from plain
        : >requests
        open sources.list hello >/dev/null || fail "the rest"
        hello_is_right
        grep -q 'hello.* 206 bytes=' requests || fail "from the beginning: $(cat requests)"
        # a part of something else
        rm -r cache/pool/*
        head -c 20000 /dev/zero >"cache/pool/$(sha256sum <www/pool/main/hello_1.0_amd64.deb | cut -d' ' -f1).part"
        open sources.list hello >/dev/null || fail "a wrong part"
        hello_is_right
}

test_many_at_once() {
        mirror
        local pids=() p
        for _ in 1 2 3 4; do
                open sources.list hello world >/dev/null &
                pids+=($!)
        done
        for p in "${pids[@]}"; do wait "$p" || fail "one of them"; done
        hello_is_right
        [ "$(grep -c 'hello.* 200' requests)" = 1 ] || fail "fetched more than once: $(cat requests)"
}

test_network_is_gone() {
        mirror
        open sources.list hello >/dev/null || fail open
        kill "$SERVER_PID"
        sleep 0.2
        DECANT_FETCH_RETRIES=0 open sources.list hello >/dev/null 2>err || fail "$(cat err)"
        grep -q 'warning: .*what was fetched before is used' err || fail "silent: $(cat err)"
        DECANT_FETCH_RETRIES=0 expect_fail 1 "package 'world'" -- open sources.list world
        rm -r cache
        DECANT_FETCH_RETRIES=0 expect_fail 1 "suite 'bookworm' of" -- open sources.list
        expect_fail 1 'is not in the cache' -- open --offline sources.list
}

trap 'gpgconf --kill all 2>/dev/null; rm -rf "$work"' EXIT
run_tests
