#!/bin/sh
set -eu
mkdir -p "$STHOMEDIR"
exec "$@" --started
