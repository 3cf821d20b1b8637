#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Base images assembled from the Debian packages of this machine's repositories: their sizes, what runs in them, locks, other
# architectures, and what goes wrong. All tests share one store.
. "${0%/*}/lib.bash"

bases=$work/bases
base() { DECANT_ROOT=$bases "$DECANT" base "$@"; }
in_bases() { DECANT_ROOT=$bases "$DECANT" "$@"; }

# within NAME BYTES PERCENT WANTED
within() {
        awk -v have="$2" -v percent="$3" -v want="$4" 'BEGIN { d = have - want; if (d < 0) d = -d; exit !(d * 100 <= want * percent) }' ||
                fail "$1 has $2 bytes; $4 within $3 % are expected"
}

# The sizes of the published images, in bytes. That of static-debian13 was 2230000 when base-files had 270 kB; since 13.8+deb13u7 it has nine
# more licences, 148 kB.
test_sizes() {
        local name want
        while read -r name want; do
                base build -q "$name" >/dev/null || fail "base build $name"
                within "$name" "$(in_bases inspect --format '{{.Size}}' "$name")" 3 "$want"
        done <<END
                static-debian12 2110000
                base-nossl-debian12 14940000
                base-debian12 20840000
                cc-debian12 23670000
                python3-debian12 55160000
                static-debian13 2378000
                base-nossl-debian13 15250000
                base-debian13 24270000
                cc-debian13 27550000
                python3-debian13 59520000
                java-base-debian13 26440000
                java17-debian12 226600000
                java21-debian13 229900000
END
}

# Smaller ones hold what one program needs: at most this.
test_minimal_sizes() {
        local name most
        while read -r name most; do
                base build -q "$name" >/dev/null || fail "base build $name"
                [ "$(in_bases inspect --format '{{.Size}}' "$name")" -le "$most" ] || fail "$name is larger than $most bytes"
        done <<END
                static-min-debian12 300000
                static-min-debian13 300000
                base-nossl-min-debian12 2800000
                base-nossl-min-debian13 2800000
                base-min-debian12 8200000
                base-min-debian13 11500000
                cc-min-debian12 6400000
                cc-min-debian13 7000000
                python3-min-debian12 34000000
                python3-min-debian13 38000000
                nodejs-min-debian12 100000000
                nodejs-min-debian13 112000000
END
}

# as_nobody IMAGE ARGUMENTS: with a read-only root file system, as the user that has no rights.
as_nobody() { in_bases run --rm --read-only --user 65532 "$@"; }

# programs NAME...: compile them from tests/structure/programs.
programs() {
        local p
        for p in "$@"; do
                case $p in
                static) gcc -static -DSTATIC -o "$p" "$TOP/tests/structure/programs/libc.c" ;;
                libc) gcc -o "$p" "$TOP/tests/structure/programs/libc.c" ;;
                tls) gcc -o "$p" "$TOP/tests/structure/programs/tls.c" -lssl -lcrypto ;;
                cxx) g++ -fopenmp -o "$p" "$TOP/tests/structure/programs/cxx.cc" ;;
                esac || fail "compile $p"
        done
}

# The annotations that the published images have and that are true of these.
test_annotations() {
        local version
        base build -q python3-debian13 >/dev/null || fail "build"
        version=$(in_bases run --rm python3-debian13 -c 'import platform; print(platform.python_version())') || fail "run"
        [ "$(in_bases inspect --format '{{json .Annotations}}' python3-debian13)" = "{\"com.google.distroless.python.version\":\"$version\"}" ] || fail "$(in_bases inspect python3-debian13)"
        in_bases save --format oci-dir -o layout python3-debian13 || fail "save"
        grep -q '"com.google.distroless.python.version": "3\.13\.[0-9]*"' layout/blobs/sha256/* || fail "not in the manifest"
}

# A bill of materials names the file of every package, also of what is built from the base.
test_bill_of_materials() {
        base build -q python3-debian13 >/dev/null || fail "build"
        printf 'FROM python3-debian13\nENV A=1\nCOPY Dockerfile /app/\n' >Dockerfile
        in_bases build -q -t app . >/dev/null || fail "build"
        in_bases sbom --format spdx-json -o spdx.json app || fail "spdx"
        in_bases sbom --format cyclonedx-json -o cyclonedx.json app || fail "cyclonedx"
        base lock --lock lock.json python3-debian13 || fail "lock"
        python3 - <<'P' || fail "the documents do not say what the lock says"
import json
lock = {p["name"]: p for p in json.load(open("lock.json"))["architectures"]["amd64"]["packages"]}
spdx = {p["name"]: p for p in json.load(open("spdx.json"))["packages"] if p["SPDXID"].startswith("SPDXRef-Package")}
cyclonedx = {c["name"]: c for c in json.load(open("cyclonedx.json"))["components"] if c["type"] == "library"}
assert len(lock) > 30 and set(lock) == set(spdx) == set(cyclonedx), set(lock) ^ set(spdx)
for name, p in lock.items():
    digest = p["sha256"].split(":")[1]
    assert spdx[name]["checksums"] == [{"algorithm": "SHA256", "checksumValue": digest}], name
    assert cyclonedx[name]["hashes"] == [{"alg": "SHA-256", "content": digest}], name
    place = spdx[name]["downloadLocation"]
    assert place == "NOASSERTION" or place.endswith("/" + p["path"]) and "@" not in place.split("/")[2], place
    assert place == "NOASSERTION" or {"type": "distribution", "url": place} in cyclonedx[name]["externalReferences"], name
    assert spdx[name]["supplier"].endswith(")") and cyclonedx[name]["supplier"]["name"], name
    assert spdx[name]["copyrightText"] != "", name
P
}

# A program in C or C++ with the databases of the C library, on the smallest base that carries it, and on those above.
test_programs_run() {
        programs static libc tls cxx
        local name program release wanted
        while read -r name program wanted; do
                for release in debian12 debian13; do
                        base build -q "$name-$release:nonroot" >/dev/null || fail "$name-$release"
                        as_nobody -v "$PWD/$program:/program" -e TZ=Asia/Tokyo --entrypoint /program "$name-$release:nonroot" >out.txt || fail "$name-$release"
                        [ "$(cat out.txt)" = "$wanted" ] || fail "$program on $name-$release: $(cat out.txt)"
                done
        done <<END
static static nonroot Tokyo certificates
static-min static nonroot no-zone certificates
base-nossl libc https localhost nonroot Tokyo certificates
base-nossl-min libc https localhost nonroot no-zone certificates
base tls connected authorities
base-min tls connected authorities
cc cxx caught 36 1024
cc-min cxx caught 36 1024
END
        # not what it does not carry
        expect_fail 127 -- as_nobody -v "$PWD/cxx:/program" --entrypoint /program base-debian13:nonroot
        expect_fail 127 -- as_nobody -v "$PWD/tls:/program" --entrypoint /program cc-min-debian13:nonroot
}

# The structure tests of each image, with a read-only root as the user that has no rights; what is for which image is said in tests/structure/images.
test_structure() {
        local name release variant files
        while read -r name release variant; do
                base build -q "$name-$release:$variant" >/dev/null || fail "build $name-$release:$variant"
                files=$("$TOP/tests/structure/files-for" "$name" "$release" "$variant") || fail "files for $name"
                (cd "$TOP" && in_bases test -q --read-only --tmpfs /tmp --user 65532 --output json "$name-$release:$variant" $files) >out.json || fail "$name-$release:$variant: $(cat out.json)"
                python3 -c 'import json, sys; r = json.load(sys.stdin); assert r["Pass"] > 3 and r["Fail"] == 0, r' <out.json || fail "$name: $(cat out.json)"
        done <<END
static debian12 latest
static debian13 debug
base-nossl debian12 nonroot
base-nossl debian13 latest
base debian12 debug-nonroot
base debian13 nonroot
cc debian12 latest
cc debian13 nonroot
python3 debian12 nonroot
python3 debian13 latest
java-base debian12 nonroot
java-base debian13 latest
java17 debian12 debug
java21 debian13 nonroot
java25 debian13 latest
nodejs debian12 nonroot
nodejs debian13 latest
END
}

test_no_shell_but_in_debug() {
        base build -q static-debian12 >/dev/null && base build -q static-debian12:debug >/dev/null || fail "build"
        expect_fail 127 -- in_bases run --rm --entrypoint /bin/sh static-debian12 -c true
        in_bases run --rm static-debian12:debug -c 'ls / | grep -c busybox && nc --help 2>&1 | head -1' >out.txt || fail "$(cat out.txt)"
        grep -q '^1$' out.txt && grep -q BusyBox out.txt || fail "$(cat out.txt)"
}

# Equal packages, equal bytes: in another store, from a lock, without asking anybody, and for an architecture that cannot run here.
test_locked_and_offline() {
        local name=cc-debian12 first again
        base lock "$name" --platform linux/amd64,linux/arm64 --lock cc.json -q || fail "lock"
        base build "$name" --platform linux/amd64,linux/arm64 --locked --lock cc.json -q -t both >first.txt || fail "build"
        [ "$(wc -l <first.txt)" = 2 ] || fail "$(cat first.txt)"
        mkdir -p other/debian && cp -r "$bases/debian/pool" other/debian/
        DECANT_ROOT=$PWD/other "$DECANT" base build "$name" --platform linux/amd64,linux/arm64 --locked --offline --lock cc.json -q >again.txt || fail "offline"
        cmp first.txt again.txt || fail "other images: $(cat first.txt again.txt)"
        in_bases inspect --format '{{.Architecture}}' "$(tail -1 first.txt)" | grep -q arm64 || fail "no arm64"
        base build "$name" -q -t now >now.txt && [ "$(head -1 first.txt)" = "$(cat now.txt)" ] || fail "the lock gives another image"
        base verify "$name" --lock cc.json -q >verdict.txt || fail "$(cat verdict.txt)"
        grep -q 'libc6 .* signed' verdict.txt || fail "$(cat verdict.txt)"
}

test_update_says_what_changes() {
        base lock static-debian12 --lock now.json -q || fail "lock"
        base update static-debian12 --lock now.json --diff -q >out.txt && grep -q 'nothing has changed' out.txt || fail "$(cat out.txt)"
        sed 's/"name": "netbase", "version": "[^"]*"/"name": "netbase", "version": "5.0"/' now.json >old.json
        base update static-debian12 --lock old.json --diff -q >out.txt || fail "$(cat out.txt)"
        grep -qE 'netbase 5.0 -> 6' out.txt || fail "$(cat out.txt)"
        grep -q '"5.0"' old.json || fail "--diff wrote the lock"
        base update static-debian12 --lock old.json -q >/dev/null && cmp now.json old.json || fail "the new lock is another one"
}

# A lock's package whose bytes are others, and one that no release has.
test_lock_is_held() {
        base lock static-debian12 --lock lock.json -q || fail "lock"
        sed -E '/"name": "netbase"/s/"sha256": "sha256:.{8}/"sha256": "sha256:00000000/' lock.json >wrong.json
        expect_fail 6 'netbase' '00000000' -- base build static-debian12 --locked --lock wrong.json -q
        expect_fail 5 'lock file' 'decant base lock' -- base build static-debian12 --locked --lock none.json -q
        echo '{"version": 1}' >broken.json
        expect_fail 3 "broken.json: 'recipe' is missing" -- base build static-debian12 --locked --lock broken.json -q
        expect_fail 3 'lock.json: it is the lock of static \(debian12\), not of base \(debian12\)' -- base build base-debian12 --locked --lock lock.json -q
        expect_fail 3 'not of static \(debian13\)' -- base verify static-debian13 --lock lock.json
        expect_fail 3 "asks for 'busybox-static for busybox'" 'decant base update' -- base build static-debian12:debug --locked --lock lock.json -q
        sed -E '/"name": "netbase"/s/"version": "[^"]*"/"version": "99"/' lock.json >version.json
        base verify static-debian12 --lock version.json -q >verdicts
        [ $? = 1 ] && grep -q '^netbase .* OTHER VERSION' verdicts || fail "the lock lies about a version: $(cat verdicts)"
}

# A lock of two architectures stays one: without --platform both are brought up to date and verified.
test_lock_of_two_architectures() {
        base lock static-debian12 --platform linux/amd64,linux/arm64 --lock two.json -q || fail "lock"
        sed '/"name": "netbase"/d' two.json >less.json
        [ "$(base update static-debian12 --lock less.json --diff -q | grep -c '+ netbase')" = 2 ] || fail "diff"
        base update static-debian12 --lock less.json -q >/dev/null && cmp two.json less.json || fail "update"
        [ "$(base verify static-debian12 --lock two.json -q | grep -c '^netbase .* signed')" = 2 ] || fail "verify"
        sed '/"name": "netbase"/d' two.json >less.json
        base update static-debian12 --platform linux/arm64 --lock less.json -q >/dev/null || fail "update of one"
        [ "$(grep -c '"name": "netbase"' less.json)" = 1 ] || fail "the other one changed, or is lost"
}

# emulated IMAGE PROGRAM ARGUMENTS: run a program for arm64 by itself, as nobody on a read-only root: QEMU and what it loads are mounted.
emulated() {
        local image=$1 libraries
        libraries=/usr/lib/$(gcc -print-multiarch)
        as_nobody -v "$libraries:/host/lib:ro" -v "$libraries/$(basename "$(readlink -f /lib*/ld-linux-*)"):/host/loader:ro" \
                -v "$(command -v qemu-aarch64):/host/qemu:ro" --entrypoint /host/loader "$image" --library-path /host/lib /host/qemu -E LD_DEBUG=libs "${@:2}"
}

# An image that was made for another architecture, without running anything of it, works there.
test_foreign_runs() {
        base build -q --platform linux/arm64 -t foreign python3-debian13 >/dev/null || fail "build"
        emulated foreign /usr/bin/python3 -c '
import platform, sqlite3, ssl, uuid
assert len(ssl.create_default_context().get_ca_certs()) > 100
print(platform.machine(), sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0], uuid.uuid5(uuid.NAMESPACE_DNS, "x").version)' >out.txt 2>err.txt ||
                fail "$(grep -v '^ ' err.txt | tail -5)"
        [ "$(cat out.txt)" = 'aarch64 42 5' ] || fail "$(cat out.txt)"
        # libraries are found by the cache that was written here
        grep -q 'trying file=/lib/aarch64-linux-gnu/libsqlite3.so.0' err.txt && grep -q 'search cache=/etc/ld.so.cache' err.txt || fail "$(cat err.txt)"
        ! grep -q 'search path=' err.txt || fail "not by the cache: $(grep 'search path=' err.txt)"
}

# What is left out of the smallest images is not missed by a program.
test_minimal_run() {
        local name release
        for name in python3 nodejs; do
                for release in debian12 debian13; do
                        base build -q "$name-min-$release" >/dev/null || fail "build $name-min-$release"
                        in_bases test --read-only --tmpfs /tmp --user 65532 "$name-min-$release" "$TOP/tests/structure/$name.yaml" >out.txt ||
                                fail "$name-min-$release: $(cat out.txt)"
                done
        done
}

# What a user writes: a base, a package and its own authority.
test_own_recipe() {
        openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out my-ca.pem -days 30 -subj '/O=Example/CN=Example Root' 2>/dev/null || fail "openssl"
        printf '%s\n' 'extends: base' 'packages: [libpq5]' 'certificates: [my-ca.pem]' 'releases: {debian12: {}}' 'time-zone: Europe/Berlin' >web.yaml
        base build ./web.yaml -t web -q >/dev/null || fail "build"
        printf 'FROM web\n' >Dockerfile && in_bases build -q -o out . || fail "export"
        ls out/usr/lib/*/libpq.so.5 >/dev/null || fail "no libpq"
        ls out/usr/lib/*/libgssapi_krb5.so.2 >/dev/null || fail "what libpq needs is not there"
        openssl verify -CAfile out/etc/ssl/certs/ca-certificates.crt my-ca.pem >/dev/null || fail "the bundle does not have the authority"
        [ "$(readlink out/etc/localtime)" = /usr/share/zoneinfo/Europe/Berlin ] || fail "$(ls -l out/etc/localtime)"
}

# Paths of a recipe meet those of packages: links are followed, directories keep what they have, what is removed is gone.
test_paths() {
        cat >paths.yaml <<END
extends: base
closure: true
packages: [mawk]
releases: {debian13: {}}
links:
  /srv/twice: {target: /srv/file, hard: true}
  /srv/owned: {target: file, owner: nonroot}
  /usr/bin/other: {target: /usr/bin/mawk, hard: true}
files:
  /bin/hello: {text: "#!/usr/bin/mawk -f\nBEGIN { print \"hello\" }\n", mode: 0755}
  /srv/file: {text: x, mode: 0600, owner: nonroot}
  /root/note: {text: x}
remove: [/etc/nsswitch.conf, /usr/share/doc/mawk, /home/nonroot]
END
        base build ./paths.yaml -q -t paths >/dev/null || fail "build"
        [ "$(in_bases run --rm --entrypoint /bin/hello paths)" = hello ] || fail "/bin/hello"
        printf 'FROM paths\n' >Dockerfile && in_bases build -q -o type=tar,dest=paths.tar . || fail "export"
        tar --numeric-owner -tvf paths.tar | awk '{ print $1, $2, $6 }' >list
        grep -Eq '^[-h]rw------- 65532/65532 srv/twice' list || fail "the hard link: $(grep srv list)"
        grep -q '^lrwxrwxrwx 65532/65532 srv/owned' list || fail "the link's owner: $(grep srv list)"
        grep -q '^drwx------ 0/0 root/' list || fail "/root: $(grep root list)"
        grep -Eq '^[-h]rwxr-xr-x 0/0 usr/bin/other' list || fail "no usr/bin/other"
        grep -E 'nsswitch.conf|usr/share/doc/mawk|home/nonroot' list && fail "not removed"
        base build -q static:debug >/dev/null && printf 'FROM static-debian13:debug\n' >Dockerfile && in_bases build -q -o type=tar,dest=debug.tar . || fail "debug"
        tar -tvf debug.tar busybox/ | grep -E '^.r.xrwx' && fail "others may write to busybox"
        return 0
}

# What update-alternatives would have done for a package.
test_alternatives() {
        printf 'extends: base\nclosure: true\nreleases: {debian12: {}}\npackages: [mawk]\n' >awk.yaml
        base build ./awk.yaml -q -t awk >/dev/null || fail "build"
        [ "$(in_bases run --rm --entrypoint /usr/bin/awk awk 'BEGIN { print 6 * 7 }')" = 42 ] || fail "no awk"
}

test_recipe_mistakes() {
        printf 'extends: base\npackages: [libpq55]\nreleases: {debian12: {}}\n' >a.yaml
        expect_fail 5 'libpq55' 'libpq5' 'a.yaml:2' -- base build ./a.yaml -q
        printf 'extends: static\npackagess: [x]\nreleases: {debian12: {}}\n' >b.yaml
        expect_fail 3 'b.yaml:2' 'packagess' 'packages' -- base build ./b.yaml -q
        printf 'extends: base\nsize-budget: 1MB\nreleases: {debian12: {}}\n' >c.yaml
        expect_fail 1 'c.yaml:2: the image has .*size budget is 1MB' '12\.8MB: libc6' -- base build ./c.yaml -q
        printf 'extends: ./c.yaml\n' >over.yaml
        expect_fail 1 'c.yaml:2: the image has' "over.yaml may say its own 'size-budget'" -- base build ./over.yaml -q
        printf 'extends: static\naccounts:\n  users:\n    - {name: me, uid: 65532}\nreleases: {debian12: {}}\n' >d.yaml
        expect_fail 3 'd.yaml:4' '65532' 'static.yaml' -- base build ./d.yaml -q
        printf 'extends: static\nclosure: true\npackages: [mawk, systemd-standalone-sysusers, systemd]\nreleases: {debian12: {}}\n' >e.yaml
        expect_fail 1 'systemd' -- base build ./e.yaml -q
        printf 'extends: static\naccounts:\n  users:\n    - {name: me, uid: 7000}\n    - {name: you, uid: 7000}\nreleases: {debian12: {}}\n' >f.yaml
        expect_fail 3 "f.yaml:5: the user id '7000' is there already, in line 4" -- base build ./f.yaml -q
        printf 'packages: [tzdata]\nreleases: {debian12: {}}\narchitectures: [amd64, riscv64]\n' >g.yaml
        expect_fail 5 "suite 'bookworm' .* has no packages for architecture 'riscv64'" 'it has .*amd64 arm64' -- base build --platform linux/riscv64 ./g.yaml -q
        expect_fail 5 "g.yaml:3: the recipe 'g' has no architecture 's390x': there is amd64, riscv64" -- base build --platform linux/s390x ./g.yaml -q
        expect_fail 5 'pyhton3' 'python3' -- base build pyhton3 -q
        expect_fail 5 'debian99' -- base build static-debian99 -q
        expect_fail 5 'debugg' 'debug' -- base build static:debugg -q
        expect_fail 2 'buidl' 'build' -- base buidl static
        printf 'extends: base\n\ncertificates: [none.pem]\n' >h.yaml
        expect_fail 5 'h.yaml:3' 'none.pem' -- base build ./h.yaml -q
        printf 'extends: static\n\ntime-zone: Europe/Berlni\n' >i.yaml
        expect_fail 3 "i.yaml:3: there is no time zone" "Europe/Berlin'" -- base build ./i.yaml -q
        printf 'extends: static\n\nlocale: de_DE.utf8\n' >j.yaml
        expect_fail 3 "j.yaml:3: there is no locale 'de_DE.utf8'" -- base build ./j.yaml -q
        printf 'extends: static\n' >Capital.yaml
        expect_fail 2 "invalid image reference 'Capital-debian13:latest'" '-t NAME' -- base build ./Capital.yaml -q
        expect_fail 5 "'static-debian12:nonroot'" -- base build gcr.io/distroless/static-debian12:nonroot
        expect_fail 5 "write the lock file '/proc/x.json'" '--lock FILE' -- base lock static --lock /proc/x.json -q
}

# small_deb NAME FIELD PATH TEXT: a package of one file in repository/.
small_deb() {
        mkdir -p "tree/DEBIAN" "tree/$(dirname "$3")"
        printf 'Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: t <t@test>\n%s\nDescription: test\n' "$1" "$2" >tree/DEBIAN/control
        echo "$4" >"tree/$3"
        (cd tree && md5sum "$3" >DEBIAN/md5sums)
        mkdir -p repository && dpkg-deb --root-owner-group -b tree repository/ >/dev/null || fail "dpkg-deb"
        rm -r tree
}

# small_recipe FILE PACKAGE...: of these packages of repository/, from line 7 on.
small_recipe() {
        printf 'closure: true\nreleases: {debian12: {}}\narchitectures: [amd64, arm64]\nrepositories:\n  - {uri: "file:%s/repository", suite: ./, components: []}\npackages:\n' "$PWD" >"$1"
        printf '  - %s\n' "${@:2}" >>"$1"
}

# Of packages that do not go together, the chain that leads there.
test_packages_that_do_not_fit() {
        small_deb aa 'Depends: bb' usr/share/aa/file a
        small_deb bb 'Depends: cc (>= 2)' usr/share/bb/file b
        small_deb cc 'Section: misc' usr/share/cc/file c
        small_deb one 'Section: misc' usr/share/common/file one
        small_deb two 'Section: misc' usr/share/common/file two
        small_deb with-two 'Depends: two' usr/share/with-two/file 2
        small_deb over-two 'Replaces: two' usr/share/common/file over
        small_deb first 'Depends: second' usr/share/first/file 1
        small_deb second 'Conflicts: third' usr/share/second/file 2
        small_deb third 'Section: misc' usr/share/third/file 3
        small_deb fourth 'Depends: third' usr/share/fourth/file 4
        (cd repository && apt-ftparchive packages . >Packages && apt-ftparchive release . >../Release && mv ../Release .) 2>/dev/null || fail "apt-ftparchive"
        build() { base build -q --allow-unsigned "$@"; }
        small_recipe a.yaml aa
        expect_fail 1 "a.yaml:7: package 'aa' cannot be had: 'bb' needs 'cc \(>= 2\)'" 'needs bb: bb 1' 'there is 1' -- build ./a.yaml
        small_recipe b.yaml one with-two
        expect_fail 1 "b.yaml:.*'/usr/share/common/file' is in the packages one and two, with different contents" 'b.yaml:7 names one' \
                'two comes with another package' "'paths' of the package" -- build ./b.yaml
        small_recipe c.yaml two over-two
        build ./c.yaml >/dev/null 2>err || fail "Replaces: $(cat err)"
        small_recipe d.yaml first fourth
        expect_fail 1 "d.yaml:8: package 'fourth' cannot be had: 'fourth' needs 'third'" "'third' and 'second' exclude each other" \
                'd.yaml:7: first 1' 'needs second: second 1' -- build ./d.yaml
        small_recipe e.yaml cc
        expect_fail 5 "e.yaml:7: there is no package 'cc'" 'other architectures than arm64 only' -- build --platform linux/arm64 ./e.yaml
}

# FROM takes what a recipe answers to; the second build finds it.
test_from() {
        printf 'print("hello", __import__("os").getuid())\n' >app.py
        printf 'FROM gcr.io/distroless/python3-debian12:nonroot\nCOPY app.py /app/\nWORKDIR /app\nCMD ["app.py"]\n' >Dockerfile
        in_bases build -t app . >first.log 2>&1 || fail "$(cat first.log)"
        grep -q 'is assembled from recipe python3 (debian12' first.log || fail "$(cat first.log)"
        [ "$(in_bases run --rm app)" = "hello 65532" ] || fail "it does not run"
        in_bases build -t app . >second.log 2>&1 || fail "$(cat second.log)"
        grep -q 'assembled' second.log && fail "assembled again: $(cat second.log)"
        in_bases images --format '{{.Repository}}:{{.Tag}}' | grep -qx 'gcr.io/distroless/python3-debian12:nonroot' || fail "it has no name"
        printf 'FROM gcr.io/distroless/java11\n' >Dockerfile
        expect_fail 5 'Dockerfile:1' 'java17' -- in_bases build .
        printf 'FROM gcr.io/distroless/statik\n' >Dockerfile
        expect_fail 5 'did you mean' 'gcr.io/distroless/static' -- in_bases build .
        printf 'FROM gcr.io/distroless/cc-debian12\n' >Dockerfile
        expect_fail 5 'No such image' -- in_bases build --base-from registry .
}

test_foreign_from() {
        printf 'FROM gcr.io/distroless/static-debian12\nARG TARGETARCH\nCOPY x /x-$TARGETARCH\n' >Dockerfile
        echo x >x
        in_bases build -q --platform linux/amd64,linux/arm64 -o type=oci,dest=both.tar . >out.log 2>&1 || fail "$(cat out.log)"
        tar -xOf both.tar index.json | python3 -c 'import json, sys; assert json.load(sys.stdin)["manifests"]' || fail "no index"
        local arch
        for arch in amd64 arm64; do
                skopeo inspect --override-arch "$arch" --config oci-archive:both.tar | grep -q "\"architecture\": *\"$arch\"" || fail "no $arch"
        done
}

test_scanners_see_packages() {
        base build -q cc-debian12 -t cc >/dev/null || fail "build"
        in_bases sbom cc --format json >sbom.json || fail "sbom"
        python3 - sbom.json <<'END' || fail "packages"
import json, sys
names = {p["name"] for p in json.load(open(sys.argv[1]))["packages"]}
wanted = {"base-files", "netbase", "tzdata", "media-types", "ca-certificates", "libc6", "libssl3", "libgomp1", "libstdc++6", "libgcc-s1", "gcc-12-base"}
assert names == wanted, names ^ wanted
END
}

# prune -a takes the packages that were fetched, but not what is known of releases: a mirror cannot go back behind it.
test_prune_takes_packages() {
        "$DECANT" base build -q static-debian12 >/dev/null || fail "build"
        [ -n "$(ls "$DECANT_ROOT/debian/pool")" ] || fail "nothing was fetched"
        "$DECANT" prune -f >/dev/null && [ -n "$(ls "$DECANT_ROOT/debian/pool")" ] || fail "prune without -a took the packages"
        "$DECANT" prune -af >/dev/null || fail "prune"
        [ -z "$(ls "$DECANT_ROOT/debian/pool" "$DECANT_ROOT/debian/indexes" 2>/dev/null)" ] || fail "packages are left"
        [ -n "$(ls "$DECANT_ROOT/debian/releases")" ] || fail "what is known of releases went"
        "$DECANT" base build -q static-debian12 >/dev/null || fail "build afterwards"
}

run_tests
