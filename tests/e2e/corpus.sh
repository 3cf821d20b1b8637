#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Dockerfiles in the shape of well-known projects': tests/corpus/PROJECT is built on bases made of Debian's packages, and its image must
# answer as tests/corpus/PROJECT/expect says. CORPUS="name ..." runs only those; CORPUS_ROOT is a store that outlives the run.
#
# An `expect` is shell code with these words:
#   builds [OPTION...]                   build the project as $image (more than once is fine); $log says how it went
#   answers PATTERN [OPTION...] -- [ARGUMENT...]
#                                        `decant run OPTION... $image ARGUMENT...` must succeed and print what matches (grep -E)
#   smaller_than BYTES                   so much the image may hold
. "$(dirname "$0")/lib.bash"
corpus=$TOP/tests/corpus
export DECANT_ROOT=${CORPUS_ROOT:-$work/store}
JOBS=${CORPUS_JOBS:-2}

# STAGE of bases/Dockerfile, then the names of official images that it stands for.
bases() {
        cat <<'ROWS'
debian-slim debian:bookworm-slim debian:stable-slim debian:12-slim buildpack-deps:bookworm-curl ubuntu:24.04
golang golang:1 golang:1.22 golang:1.23-bookworm golang:1.22-alpine
rust rust:1 rust:1-bookworm rust:1.80-slim
node-slim node:20-slim node:lts-slim
node node:20 node:lts node:22-alpine node:20-bookworm
python-slim python:3.11-slim python:3.12-slim-bookworm python:3
jre eclipse-temurin:17-jre
jdk eclipse-temurin:17 openjdk:17-jdk-slim
maven maven:3-eclipse-temurin-17
gcc gcc:12 buildpack-deps:bookworm
ruby ruby:3.1-slim
nginx nginx:1.25 nginx:stable nginx:alpine
distroless-static gcr.io/distroless/static:nonroot gcr.io/distroless/static-debian12:nonroot gcr.io/distroless/static
alpine alpine:3 alpine:latest quay.io/prometheus/busybox-linux-amd64:latest
ROWS
}

# Options that let FROM lines say what projects' FROM lines say.
contexts() {
        local stage name names
        while read -r stage names; do
                for name in $names; do printf -- '--build-context\n%s=docker-image://corpus/%s\n' "$name" "$stage"; done
        done < <(bases)
}

# One build makes all stages side by side; those after it find them made.
make_bases() {
        local stage names
        decant import "$(busybox_tar)" corpus/busybox && decant build -q --target all "$corpus/bases" || return
        while read -r stage names; do
                decant build -q --target "$stage" -t "corpus/$stage" "$corpus/bases" || return
        done < <(bases)
}

# Built again, it must be the same image: every step was in the cache.
builds() {
        local first again
        decant build -t "$image" "${named[@]}" "$@" . >"$log" 2>&1 || fail "$(tail -60 "$log")"
        [[ " $* " != *' --no-cache'* ]] || return 0
        first=$(decant inspect --format '{{.Id}}' "$image")
        again=$(decant build -q "${named[@]}" "$@" . 2>&1)
        [ "$first" = "$again" ] || fail "a second build gave $again instead of $first"
}

answers() {
        local pattern=$1 options=() got
        shift
        while [ "$1" != -- ]; do
                options+=("$1")
                shift
        done
        shift
        got=$(decant run --rm "${options[@]}" "$image" "$@" 2>&1 </dev/null) || fail "exit status $? of: $* : $got"
        grep -qE -- "$pattern" <<<"$got" || fail "nothing like '$pattern' in: $got"
}

smaller_than() {
        local size
        size=$(decant inspect --format '{{.Size}}' "$image")
        [ "$size" -lt "$1" ] || fail "the image holds $size bytes"
}

# A copy is built: modes as a checkout has them, nothing written into this one.
project() {
        local name=$1 image=project/$1 log=$work/$1.build start=$SECONDS
        cp -R "$corpus/$name" "$work/$name" && cd "$work/$name" || exit 1
        if (. ./expect) >"$work/$name.log" 2>&1; then
                echo "ok $name ($((SECONDS - start)) s)"
        else
                cat "$work/$name.log"
                echo "not ok $name"
                return 1
        fi
}

projects() {
        if [ -n "${CORPUS:-}" ]; then
                printf '%s\n' $CORPUS
        else
                find "$corpus" -mindepth 2 -maxdepth 2 -name expect -printf '%h\n' | sed 's,.*/,,' | sort
        fi
}

if make_bases >"$work/bases.log" 2>&1; then
        echo "ok bases ($SECONDS s)"
else
        tail -60 "$work/bases.log"
        echo "not ok bases"
        exit 1
fi
mapfile -t named < <(contexts)
status=0
while read -r name; do
        while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || status=1; done
        project "$name" &
done < <(projects)
while [ -n "$(jobs -rp)" ]; do wait -n || status=1; done
exit $status
