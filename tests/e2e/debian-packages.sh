#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Versions and dependencies of Debian packages as decant sees them, compared with dpkg and apt over the packages of two suites. apt works in
# directories of its own on an empty system; the indexes come from the repositories that this machine's apt is told to use.
. "$(dirname "$0")/lib.bash"
oracle=$(dirname "$DECANT")/../../tests/e2e/debian-oracle
suites="bookworm trixie"
VERSION_PAIRS=4000

# What each root needs is compared in both suites.
roots="libc6 libssl-dev python3-minimal python3-venv python3-numpy python3-django gunicorn default-jre openjdk-17-jre-headless nodejs
nginx apache2 postgresql mariadb-server redis-server php-fpm ruby perl build-essential git curl openssh-server ffmpeg imagemagick systemd
exim4 busybox apt ca-certificates-java fontconfig sqlite3 libpq5 certbot graphviz"
# More than one root at a time, and roots of which something is an alternative.
several="openjdk-17-jre-headless+ca-certificates-java nginx+mawk exim4+gawk apache2+lighttpd"

# "SUITE ROOTS  why the choices differ". May only become shorter.
known_differences=""

skip_all() {
        echo "skip debian-packages: $1"
        exit 0
}

# apt_in SUITE COMMAND...: apt that knows this suite only, on a system without packages.
apt_in() {
        local APT_CONFIG=$work/apt-$1/apt.conf
        shift
        APT_CONFIG=$APT_CONFIG LC_ALL=C "$@"
}

# prepare SUITE: directories of apt, Packages in $work/SUITE.packages/N in the order of its sources.
prepare() {
        local d=$work/apt-$1 n=0 file
        mkdir -p "$d"/{etc/apt.conf.d,etc/preferences.d,etc/sources.list.d,state/lists/partial,cache/archives/partial} "$work/$1.packages"
        : >"$d/status"
        signed_sources "$1" >"$d/etc/sources.list"
        [ -s "$d/etc/sources.list" ] || return 1
        cat >"$d/apt.conf" <<CONF
Dir::Etc "$d/etc";
Dir::State "$d/state";
Dir::State::status "$d/status";
Dir::Cache "$d/cache";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
        apt_in "$1" apt-get -qq update || return 1
        apt_in "$1" apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' | while read -r file; do
                n=$((n + 1))
                apt_in "$1" /usr/lib/apt/apt-helper cat-file "$file" >"$work/$1.packages/$n" || return 1
        done
        [ -s "$work/$1.packages/1" ]
}

# "name version" of all packages of a suite.
versions_of() {
        cat "$work/$1.packages/"* | awk '/^Package: / { name = $2 } /^Version: / { print name, $2 }' | sort
}

test_versions() {
        local a op b count=0 suite
        for suite in $suites; do versions_of $suite >$suite.versions; done
        # the same package in both suites, and neighbours in a fixed disorder
        join bookworm.versions trixie.versions | awk '$2 != $3 && NR % 13 == 0 { print $2, $3 }' | head -$((VERSION_PAIRS / 2)) >pairs
        awk '{ print $2 }' bookworm.versions trixie.versions | sort -u | shuf --random-source=<(yes) | head -$VERSION_PAIRS | paste -d ' ' - - >>pairs
        "$oracle" versions <pairs >orders || fail "debian-oracle versions"
        while read -r a op b; do
                dpkg --compare-versions "$a" "$op" "$b" || fail "dpkg does not think that $a $op $b"
                count=$((count + 1))
        done <orders
        [ $count -ge $((VERSION_PAIRS * 3 / 4)) ] || fail "only $count pairs"
        cut -d ' ' -f 2 orders | sort | uniq -c
        [ "$(cut -d ' ' -f 2 orders | sort -u | grep -c -e lt -e gt)" = 2 ] || fail "the pairs are all of one kind"
}

# apt_set SUITE ROOTS: "name=version" of what apt would install, in one line.
apt_set() {
        # shellcheck disable=SC2086
        apt_in "$1" apt-get -s install --no-install-recommends ${2//+/ } 2>/dev/null | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' |
                LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}
export -f apt_in apt_set

compare_suite() {
        local suite=$1 set line ours apts different=0
        for set in $roots $several; do echo "${set//+/ }"; done >roots
        "$oracle" resolve amd64 "$work/$suite.packages/"* <roots >ours || fail "debian-oracle resolve"
        export work
        # shellcheck disable=SC2086
        printf '%s\n' $roots $several | xargs -P 2 -I{} bash -c 'apt_set '$suite' {} >apt.{}'
        for set in $roots $several; do
                line=${set//+/ }
                ours=$(sed -n "s/^$line: //p" ours)
                apts=$(cat "apt.$set")
                [ "$ours" != "$apts" ] || continue
                # apt refuses what decant refuses
                [ -n "$apts" ] || [[ $ours != error:* ]] || continue
                diff <(tr ' ' '\n' <<<"$apts") <(tr ' ' '\n' <<<"$ours") | sed "s/^/$suite $set: /"
                grep -q "^$suite $set " <<<"$known_differences" || different=$((different + 1))
        done
        [ $different = 0 ] || fail "$different sets of packages of $suite differ from apt's (<: apt, >: decant)"
        while read -r s set _; do
                [ "$s" = "$suite" ] || continue
                [ "$(sed -n "s/^${set//+/ }: //p" ours)" != "$(cat "apt.$set")" ] || fail "$suite $set is no difference any more: remove it from the list"
        done <<<"$known_differences"
        [ "$(grep -c '=' ours)" -ge 31 ] || fail "fewer than 31 roots of $suite were resolved: $(grep -v '=' ours)"
}

test_choices_of_bookworm() {
        compare_suite bookworm
}

test_choices_of_trixie() {
        compare_suite trixie
}

# The largest index goes through a process that may have 8 MB of data of its own.
test_index_in_little_memory() {
        local count
        count=$(ulimit -d 8192 && "$oracle" build "$work/trixie.packages/1") || fail "the index of trixie needs more memory"
        [ "$count" = "$(grep -c '^Package: ' "$work/trixie.packages/1")" ] || fail "$count packages in the index"
}

test_errors_name_what_is_near() {
        printf '%s\n' ngnix libssl3=99 mail-transport-agent | "$oracle" resolve amd64 "$work/bookworm.packages/"* >out.log
        local p
        for p in "there is no package 'ngnix'" "did you mean .*'nginx'" "searched for amd64: $work/bookworm.packages/1, " "there is no 'libssl3 \(= 99\)'" \
                "there is: 3\.0\." "'mail-transport-agent' is a virtual package" "name one of those that provide it: "; do
                grep -qE "$p" out.log || fail "nothing like '$p' in: $(cat out.log)"
        done
}

[ -x "$oracle" ] || skip_all "debian-oracle is not built"
command -v apt-get >/dev/null && command -v dpkg >/dev/null || skip_all "no apt-get or dpkg"
. /etc/os-release
for suite in $suites; do
        prepare "$suite" >"$work/prepare.log" 2>&1 || skip_all "the indexes of $suite were not to be had: $(tail -1 "$work/prepare.log")"
done
run_tests
