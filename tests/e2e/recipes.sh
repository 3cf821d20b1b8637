#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recipes: those that come with the program name only packages that Debian has, and a user's own are found, merged and refused.
. "$(dirname "$0")/lib.bash"

# package_names SUITE ARCHITECTURE: what the archive has, from the sources of this machine's apt with their suites replaced.
package_names() {
        local apt=$work/apt-$1-$2
        mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts,state}
        : >"$apt/status"
        signed_sources "$1" | grep " $1 main$" >"$apt/list" || fail "no Debian archive in this machine's apt sources"
        printf '%s;\n' "Dir::State \"$apt/state\"" "Dir::State::status \"$apt/status\"" "Dir::State::lists \"$apt/lists\"" \
                "Dir::Cache \"$apt/cache\"" "Dir::Etc::sourcelist \"$apt/list\"" "Dir::Etc::sourceparts \"$apt/parts\"" \
                "APT::Architecture \"$2\"" 'Acquire::Languages "none"' 'APT::Sandbox::User "root"' >"$apt/conf"
        printf 'APT::Architectures {"%s";};\n' "$2" >>"$apt/conf"
        [ -s "$apt/names" ] || APT_CONFIG=$apt/conf apt-get -qq update >&2 || fail "no Debian mirror answers"
        [ -s "$apt/names" ] || APT_CONFIG=$apt/conf apt-cache dumpavail | sed -n 's/^Package: //p' | sort -u >"$apt/names"
        [ "$(wc -l <"$apt/names")" -gt 10000 ] || fail "the index of $1 $2 is short"
        cp "$apt/names" "$1-$2.names"
}

# every_choice: lines "NAME RELEASE VARIANT" of all recipes; debug has packages of its own.
every_choice() {
        local name releases rest release
        decant base list | tail -n +2 | while read -r name releases rest; do
                for release in ${releases//,/ }; do
                        echo "$name-$release"
                        decant base show "$name-$release:debug" >/dev/null 2>&1 && echo "$name-$release:debug"
                done
        done
}

test_packages_exist() {
        local suite architecture choice count=0
        for suite in bookworm trixie; do
                for architecture in amd64 arm64; do package_names "$suite" "$architecture"; done
        done
        every_choice >choices
        while read -r choice; do
                case $choice in *-debian12*) suite=bookworm ;; *) suite=trixie ;; esac
                for architecture in amd64 arm64; do
                        decant base show "$choice" --platform "linux/$architecture" >shown || fail "$choice"
                        sed -n 's/^  - {name: "\([^" (=]*\).*/\1/p' shown | sort -u >wanted
                        [ -s wanted ] || fail "$choice has no packages"
                        comm -23 wanted "$suite-$architecture.names" >missing
                        [ ! -s missing ] || fail "$choice: $suite $architecture has no $(tr '\n' ' ' <missing)"
                        count=$((count + 1))
                done
        done <choices
        [ "$count" -gt 100 ] || fail "only $count recipes were looked at"
}

test_own_recipe() {
        cat >db-client.yaml <<'END'
description: static, libpq and our own CA
extends: static
packages: [libpq5]
certificates: [our-ca.pem]
user: nonroot
size-budget: 45MB
END
        decant base show ./db-client.yaml >shown || fail "show"
        grep -q '{name: "libpq5", closure: true}' shown && grep -q '{name: "netbase", closure: false}' shown || fail "$(cat shown)"
        mkdir mine && mv db-client.yaml mine
        decant base list --recipes mine | grep -q '^db-client .*our own CA' || fail "--recipes"
        DECANT_RECIPES=mine decant base show db-client-debian12 | grep -q 'debian12' || fail "DECANT_RECIPES"
}

test_mistakes() {
        printf 'extends: static\npakages: [libpq5]\nuser: [a]\n' >wrong.yaml
        decant base show ./wrong.yaml >out.log 2>&1 && fail "accepted"
        grep -q "wrong.yaml:2: unknown key 'pakages': did you mean 'packages'?" out.log || fail "$(cat out.log)"
        grep -q "wrong.yaml:3: 'user' wants a text, found a list" out.log || fail "$(cat out.log)"
        decant base show pyhton3 >out.log 2>&1 && fail "accepted"
        grep -q "did you mean 'python3'" out.log || fail "$(cat out.log)"
        decant base show static-debian12:nonrot >out.log 2>&1 && fail "accepted"
        grep -q "latest, nonroot, debug, debug-nonroot" out.log || fail "$(cat out.log)"
}

run_tests
