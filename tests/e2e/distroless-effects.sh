#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is made in place of the packages' scripts, against what these scripts do: mmdebstrap installs the packages once as a Debian is
# installed, and once it only unpacks them.
. "$(dirname "$0")/lib.bash"
effects=$(dirname "$DECANT")/../../tests/e2e/distroless-effects
arch=$(dpkg --print-architecture)

# What is looked at, and what the scripts need to run.
looked_at=libc6,libc-bin,ca-certificates,openssl,tzdata,netbase,libstdc++6,libsqlite3-0,libexpat1,libblas3,liblapack3,libopenblas0-pthread,mawk
script_tools=base-files,base-passwd,dash,coreutils,sed,grep,findutils,diffutils,debianutils,debconf,dpkg,perl-base

# debian VARIANT SUITE DIRECTORY: without merging /usr where the release itself does not.
debian() {
        mmdebstrap --quiet --variant="$1" --aptopt='APT::Install-Recommends "false"' --include="$looked_at,$script_tools" \
                "$2" "$3" - <<<"$("$TOP/tools/debian-sources" "$2")" >mmdebstrap.log 2>&1 || fail "$(cat mmdebstrap.log)"
}

glibc_version() { awk '/^Package: libc6$/ { found = 1 } found && /^Version: / { print $2; exit }' "$1/var/lib/dpkg/status"; }

# Links of a directory: "NAME TARGET".
links_in() { find "$1" -type l -printf '%f %l\n' | LC_ALL=C sort; }

same_certificates() { # UNPACKED INSTALLED
        "$effects" bundle "$1" >bundle || fail "bundle"
        cmp bundle "$2/etc/ssl/certs/ca-certificates.crt" || fail "the bundle differs"
        [ "$(grep -c 'BEGIN CERT' bundle)" -gt 100 ] || fail "only $(grep -c 'BEGIN CERT' bundle) certificates"
        "$effects" links "$1" | sed 's|^etc/ssl/certs/||' | LC_ALL=C sort >links
        links_in "$2/etc/ssl/certs" >links.installed
        diff links links.installed || fail "the links of certificates differ"
}

# What other programs of Java say of the key store; nothing where there are none.
same_key_store() { # UNPACKED
        command -v keytool >/dev/null || return 0
        "$effects" keystore "$1" >cacerts || fail "key store"
        keytool -list -keystore cacerts -storepass changeit >keys 2>keytool.log || fail "$(cat keys keytool.log)"
        grep -q "contains $(grep -c 'BEGIN CERT' bundle) entries" keys || fail "$(head -5 keys)"
}

same_alternatives() { # UNPACKED INSTALLED
        local path target seen=0
        while read -r path target; do
                [ "$(chroot_link "$2" "$path")" = "$target" ] || fail "$path leads to $(chroot_link "$2" "$path"), not $target"
                ln -s "$target" "$1$path" || fail "$path"
                seen=$((seen + 1))
        done < <("$effects" alternatives "$1" "$arch" ${looked_at//,/ })
        [ $seen -ge 4 ] || fail "$seen alternatives"
        # each that the scripts made for packages that are looked at
        for path in "$2"/etc/alternatives/{awk,libblas*,liblapack*}; do
                [ -e "$2$(readlink "$path")" ] || fail "$path"
        done
}

# The two links of an alternative.
chroot_link() { readlink "$1$(readlink "$1$2")"; }

same_cache() { # UNPACKED INSTALLED
        "$effects" ld-cache "$1" "$arch" "$(glibc_version "$2")" cache >made || fail "cache"
        [ ! -s made ] || fail "links that Debian does not make: $(cat made)"
        cmp cache "$2/etc/ld.so.cache" || fail "ld.so.cache differs"
        grep -q libsqlite3.so.0 cache || fail "an empty cache"
}

packages_of() { # SUITE
        debian extract "$1" unpacked
        debian custom "$1" installed
        same_certificates "$PWD/unpacked" "$PWD/installed"
        same_key_store "$PWD/unpacked"
        same_alternatives "$PWD/unpacked" "$PWD/installed"
        same_cache "$PWD/unpacked" "$PWD/installed"
        [ "$(readlink installed/etc/localtime)" = /usr/share/zoneinfo/Etc/UTC ] || fail "/etc/localtime"
        [ "$(head -c 4 unpacked/usr/share/zoneinfo/Etc/UTC)" = TZif ] || fail "no zones"
        [ -f unpacked/usr/lib/locale/C.utf8/LC_CTYPE ] || fail "libc-bin has no locale C.utf8"
}

test_bookworm() { packages_of bookworm; }
test_trixie() { packages_of trixie; }

# Links by soname that are not there, links to an older file, a directory with variants, one that is named twice.
test_links_that_ldconfig_makes() {
        local lib=tree/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
        mkdir -p "$lib/glibc-hwcaps/x86-64-v3" tree/opt/more tree/etc tree/lib
        cp -L "/${lib#tree/}"/libz.so.1 "$lib/libz.so.1.9" || fail "zlib"
        cp "$lib/libz.so.1.9" "$lib/libz.so.1.10"
        ln -s libz.so.1.9 "$lib/libz.so.1"
        ln -s libz.so.1.10 "$lib/libz.so"
        cp "$lib/libz.so.1.9" "$lib/glibc-hwcaps/x86-64-v3/libz.so.1.9"
        cp "$lib/libz.so.1.9" tree/opt/more/libmore.so
        printf 'include ld.so.conf.d/*.conf\n/opt/more/ # twice\n' >tree/etc/ld.so.conf
        mkdir tree/etc/ld.so.conf.d
        echo /opt/more >tree/etc/ld.so.conf.d/x.conf
        "$effects" ld-cache "$PWD/tree" "$arch" "$(dpkg-query -W -f '${Version}\n' libc6 | head -1)" cache >made || fail "cache"
        LC_ALL=C ldconfig -r tree 2>log || fail "$(cat log)"
        cmp cache tree/etc/ld.so.cache || fail "ld.so.cache differs"
        while read -r path target; do [ "$(readlink "tree$path")" = "$target" ] || fail "$path is not a link to $target"; done <made
        [ "$(wc -l <made)" = 2 ] || fail "links: $(cat made)"
}

# Another architecture, whose ldconfig runs here only because an emulator is unpacked beside it.
test_arm64() {
        [ "$arch" = amd64 ] || exit 0
        looked_at=libc6,libc-bin,libstdc++6,libssl3t64,libexpat1,libsqlite3-0,libncursesw6
        script_tools=base-files
        mmdebstrap --quiet --variant=extract --architectures=arm64 --include="$looked_at,$script_tools" trixie "$PWD/tree" - \
                <<<"$("$TOP/tools/debian-sources" trixie)" >log 2>&1 || fail "$(cat log)"
        "$effects" ld-cache "$PWD/tree" arm64 "$(libc_version tree)" cache >made || fail "cache"
        apt-get download -qq qemu-user-static >log 2>&1 && dpkg-deb --fsys-tarfile qemu-user-static_*.deb | tar -xO ./usr/bin/qemu-aarch64-static >tree/qemu || fail "$(cat log)"
        chmod 755 tree/qemu
        in_root tree /qemu /sbin/ldconfig || fail "ldconfig"
        cmp cache tree/etc/ld.so.cache || fail "ld.so.cache differs"
        grep -q libsqlite3.so.0 cache || fail "an empty cache"
}

in_root() { if [ "$(id -u)" = 0 ]; then chroot "$@"; else unshare -r chroot "$@"; fi; }
libc_version() { sed -n 's/.*Debian GLIBC \([^)]*\)).*/\1/p' < <(strings -n 8 "$1"/usr/lib/*/libc.so.6) | head -1; }

run_tests
