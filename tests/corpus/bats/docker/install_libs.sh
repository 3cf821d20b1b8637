#!/usr/bin/env bash
set -o errexit
mkdir -p /usr/lib/bats/bats-$1
echo "fail() { return 1; } # $2" >/usr/lib/bats/bats-$1/load.bash
