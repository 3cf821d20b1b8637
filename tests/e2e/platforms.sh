#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images for several platforms.
. "$(dirname "$0")/lib.bash"

host() {
        case $(uname -m) in
        x86_64) echo linux/amd64 ;;
        aarch64) echo linux/arm64 ;;
        *) echo "linux/$(uname -m)" ;;
        esac
}
other() { [ "$(host)" = linux/arm64 ] && echo linux/amd64 || echo linux/arm64; }

two_platforms() {
        context c <<'D'
FROM --platform=$BUILDPLATFORM busybox AS build
RUN echo once >>/work && cat /proc/sys/kernel/random/uuid >/stamp
FROM --platform=$BUILDPLATFORM build AS cross
ARG TARGETARCH
RUN echo "$TARGETARCH" >/arch
FROM scratch
COPY --from=build /stamp /stamp
COPY --from=cross /arch /arch
ARG TARGETPLATFORM
ENV P=$TARGETPLATFORM
D
}

test_index_in_an_archive() {
        two_platforms
        decant build --platform "$(host),$(other)" -t both -o type=oci,dest=image.tar c >log 2>&1 || fail "$(cat log)"
        python3 - "$(host)" "$(other)" <<'P' || fail "$(cat log)"
import io, json, sys, tarfile
t = tarfile.open("image.tar")
blob = lambda d: t.extractfile("blobs/sha256/" + d["digest"][7:]).read()
top = json.load(t.extractfile("index.json"))["manifests"]
assert len(top) == 1 and top[0]["annotations"]["io.containerd.image.name"] == "docker.io/library/both:latest", top
index = json.loads(blob(top[0]))
assert index["mediaType"] == "application/vnd.oci.image.index.v1+json", index
got, stamps = [], set()
for d in index["manifests"]:
    m = json.loads(blob(d))
    c = json.loads(blob(m["config"]))
    p = d["platform"]["os"] + "/" + d["platform"]["architecture"]
    got.append(p)
    assert p == c["os"] + "/" + c["architecture"] and "P=" + p in c["config"]["Env"], c
    files = {}
    for l in m["layers"]:
        layer = tarfile.open(fileobj=io.BytesIO(blob(l)))
        files.update((f.name, layer.extractfile(f).read()) for f in layer if f.isfile())
    assert files["arch"].decode().strip() == c["architecture"], files
    stamps.add(files["stamp"])
assert got == sys.argv[1:], got
assert len(stamps) == 1, "the stage for the build platform ran for each"
P
        grep -q "\[$(host) build 2/2\] RUN" log || fail "no platform in the names of steps: $(cat log)"
        decant images both | grep -q both && fail "-o alone put it into the store"
        return 0
}

test_name_of_several_platforms() {
        two_platforms
        decant build --platform "$(other),$(host)" -t both c >log 2>&1 || fail "$(cat log)"
        [ "$(decant images -q both | wc -l)" = 1 ] || fail "one name, one line: $(decant images)"
        [ "$(decant inspect -f '{{.Architecture}}' both)" = "$(host | cut -d/ -f2)" ] || fail "not the host's image"
        context next <<'D'
FROM both
ENV NEXT=$P
D
        decant build --platform "$(other)" -t next next || fail "build on the other platform"
        decant inspect -f '{{json .Config.Env}}' next | grep -q "NEXT=$(other)" || fail "$(decant inspect next)"
        decant build -t next next || fail "build on the host's platform"
        decant inspect -f '{{json .Config.Env}}' next | grep -q "NEXT=$(host)" || fail "$(decant inspect next)"
        decant build --platform "$(host),$(other)" -t next next || fail "build on both"
        decant rmi both next || fail rmi
        [ "$(decant images -aq | wc -l)" = 1 ] || fail "left over: $(decant images -a)"
}

test_trees_of_several_platforms() {
        two_platforms
        decant build --platform "$(host),$(other)" -o type=local,dest=out c || fail build
        for p in $(host) $(other); do
                [ "$(cat "out/${p/\//_}/arch")" = "${p#*/}" ] || fail "$(find out)"
        done
        decant build --platform "$(host),$(other)" -o type=tar,dest=trees.tar c || fail "build a tar"
        decant build --platform "$(other),$(host)" -o - c >again.tar || fail "build a tar to standard output"
        mkdir unpacked && tar -xf trees.tar -C unpacked && diff -r out unpacked || fail "$(tar -tvf trees.tar)"
        [ "$(tar -tf trees.tar | sort)" = "$(tar -tf again.tar | sort)" ] || fail "$(tar -tvf again.tar)"
        expect_fail 1 'docker archive' -- decant build --platform "$(host),$(other)" -o type=docker,dest=x.tar c
        [ ! -e x.tar ] || fail "half an archive"
}

# platform-split=false: what each platform has of its own goes into one tree; what two have is in the way.
test_trees_in_one() {
        context c <<'D'
FROM scratch
ARG TARGETARCH
COPY Dockerfile /etc/of-$TARGETARCH
D
        local both="$(host),$(other)" kind
        decant build --platform "$both" -o type=local,dest=out,platform-split=false c || fail build
        decant build --platform "$both" -o type=tar,dest=out.tar,platform-split=false c || fail "build a tar"
        [ "$(find out -type f | sort)" = "$(printf 'out/etc/of-%s\n' amd64 arm64)" ] || fail "$(find out)"
        [ "$(tar -tf out.tar)" = "$(printf '%s\n' etc/ etc/of-amd64 etc/of-arm64)" ] || fail "$(tar -tf out.tar)"
        printf 'FROM scratch\nCOPY Dockerfile /etc/one\n' >c/Dockerfile
        for kind in type=local,dest=twice type=tar,dest=twice.tar; do
                expect_fail 1 "'/etc/one' is in the tree of $(host) and in that of $(other)" 'platform-split=false' -- \
                        decant build --platform "$both" -o "$kind,platform-split=false" c
        done
        [ ! -e twice.tar ] || fail "half a tar"
}

test_platform_twice_is_one() {
        context c <<'D'
FROM scratch
COPY Dockerfile /
D
        decant build --platform "$(host),$(host)" -o type=oci,dest=x.tar c || fail build
        python3 - <<'P' || fail "an index of one"
import json, tarfile
t = tarfile.open("x.tar")
assert "manifest.v1" in json.load(t.extractfile("index.json"))["manifests"][0]["mediaType"]
P
        expect_fail 2 'platform' -- decant build --platform "$(host),nonsense/x/y/z" c
}

# What cannot be executed is refused before anything is, with the line and what to do; cross-building needs none of it.
test_foreign_programs() {
        grep -qs "interpreter" /proc/sys/fs/binfmt_misc/qemu-* && return 0
        decant import --platform "$(other)" "$(busybox_tar)" foreign >/dev/null || fail import
        context c <<D
FROM busybox AS first
RUN echo ran >/ran
FROM --platform=$(other) foreign
COPY --from=first /ran /ran
RUN true
D
        expect_fail 1 'Dockerfile:5: .*needs programs for' '>>> RUN true' 'apt-get install qemu-user-static binfmt-support' \
                'BUILDPLATFORM' -- decant build c
        grep -q 'RUN echo ran' out.log && fail "the first stage was executed: $(cat out.log)"
        context c <<D
FROM --platform=$(other) foreign
COPY Dockerfile /
WORKDIR /x
D
        decant build --platform "$(other)" -t x c || fail "no RUN, no need"
        [ "$(decant inspect -f '{{.Os}}/{{.Architecture}}' x)" = "$(other)" ] || fail "$(decant inspect x)"
}

run_tests
