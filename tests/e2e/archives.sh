#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What decant saves is read and run by other programs, and what they save is read by decant. Needs root, the decant to be
# tested as $DECANT, skopeo, umoci, crun, busybox (static) and python3; a check whose program is missing is skipped.
# Prints TAP; ends non-zero when a check failed.
set -eu

DECANT=${DECANT:?path of the decant to be tested}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/decant-archives-XXXXXX")
export DECANT_ROOT=$work/store DECANT_SYNC=off BUILDKIT_PROGRESS=plain
cleanup() {
        chmod -R u+rwX "$work" 2>/dev/null || true
        rm -rf "$work"
}
trap cleanup EXIT

number=0 failures=0
# check WHAT COMMAND...: the command must succeed.
check() {
        local what=$1 status=0
        shift
        number=$((number + 1))
        ("$@") >"$work/log" 2>&1 || status=$?
        if [ $status = 0 ]; then
                echo "ok $number - $what"
        else
                echo "not ok $number - $what"
                sed 's/^/# /' "$work/log" | tail -n 20
                failures=$((failures + 1))
        fi
}
needs() { # PROGRAM WHAT: false, and a skipped check, when the program is missing
        command -v "$1" >/dev/null && return 0
        number=$((number + 1))
        echo "ok $number - $2 # SKIP no $1"
        return 1
}
refuses() { ! "$@"; }
other() { DECANT_ROOT=$work/other "$DECANT" "$@"; } # a second, empty machine
id_of() { "$DECANT" inspect --format '{{.Id}}' "$1"; }
other_id_of() { other inspect --format '{{.Id}}' "$1"; }
same_id() { test "$(id_of "$1")" = "$(other_id_of "$1")"; }
forget() { rm -rf "$work/other"; }
archive() { python3 "$here/archive_tool.py" "$@"; }
copy() { skopeo --insecure-policy copy --quiet "$@"; }

needs busybox "a root file system to work with" || { echo "1..$number"; exit 0; }

# ---- a root file system from outside

archive rootfs "$(command -v busybox)" "$work/rootfs.tar"
gzip -k "$work/rootfs.tar"
xz -0 -k "$work/rootfs.tar"
check "import a tar" "$DECANT" import "$work/rootfs.tar" base:plain
check "import a gzip file" "$DECANT" import "$work/rootfs.tar.gz" base:gzip
check "import an xz file from standard input" sh -c "'$DECANT' import - base:xz <'$work/rootfs.tar.xz'"
listed() { "$DECANT" images | grep -Eq '^base +plain '; }
check "images lists it" listed
check "run it" sh -c "test \"\$('$DECANT' run --rm base:plain /bin/sh -c 'echo it runs')\" = 'it runs'"
layers_equal() {
        test "$("$DECANT" inspect --format '{{json .RootFS}}' base:plain)" = \
                "$("$DECANT" inspect --format '{{json .RootFS}}' base:xz)"
}
check "the compression of an import leaves no trace" layers_equal

# ---- an image with everything that layers know

mkdir "$work/context"
echo content >"$work/context/file"
cat >"$work/context/Dockerfile" <<'DOCKERFILE'
FROM base:plain
COPY --chown=1234:5678 --chmod=640 file /data/deep/file
RUN rm /gone && rm -r /opaque && mkdir /opaque && echo new > /opaque/new && ln /bin/busybox /bin/linked
ENV GREETING=hello
LABEL quoted="<&>"
WORKDIR /data
CMD ["/bin/sh", "-c", "echo $GREETING from $PWD; ls /gone /opaque 2>&1"]
DOCKERFILE
check "build" "$DECANT" build -t thing:1 "$work/context"
check "save" "$DECANT" save -o "$work/thing.tar" thing:1
check "members, headers, digests and names are right" archive verify "$work/thing.tar" thing:1
"$DECANT" tag thing:1 localhost:5000/some/thing:2 || true
check "save two names" "$DECANT" save -o "$work/names.tar" thing:1 localhost:5000/some/thing:2
check "both names are in it" archive verify "$work/names.tar" thing:1 localhost:5000/some/thing:2
check "save again gives the same bytes" sh -c "'$DECANT' save -o '$work/again.tar' thing:1 && cmp '$work/thing.tar' '$work/again.tar'"
check "so does a redirected output" sh -c "'$DECANT' save thing:1 >'$work/out.tar' && cmp '$work/thing.tar' '$work/out.tar'"
check "so does a pipe" sh -c "'$DECANT' save thing:1 | cat >'$work/pipe.tar' && cmp '$work/thing.tar' '$work/pipe.tar'"

# ---- read by others

if needs skopeo "skopeo reads it"; then
        check "skopeo reads docker-archive" skopeo inspect --no-tags "docker-archive:$work/thing.tar"
        check "skopeo reads oci-archive" skopeo inspect "oci-archive:$work/thing.tar"
        check "skopeo copies docker-archive" copy "docker-archive:$work/thing.tar" "oci:$work/from-docker:1"
        check "skopeo copies oci-archive" copy "oci-archive:$work/thing.tar" "oci:$work/from-oci:1"
fi

unpack() { # LAYOUT BUNDLE
        umoci unpack --image "$1" "$2" && archive expect-tree "$2/rootfs"
}
# crun refuses hosts that have both kinds of cgroups, so the second kind is hidden from it.
run_bundle='if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec crun --cgroup-manager=disabled "$@"'
bundle_runs() { # BUNDLE
        archive bundle "$1/config.json"
        unshare -m sh -c "$run_bundle" sh run --bundle "$1" "decant-test-$$" >"$work/run" 2>&1 || true
        grep -q '^hello from /data$' "$work/run" && grep -q '^new$' "$work/run" || { cat "$work/run"; return 1; }
}
if needs umoci "umoci unpacks it" && needs skopeo "umoci unpacks it"; then
        check "umoci unpacks the docker form" unpack "$work/from-docker:1" "$work/bundle-docker"
        check "umoci unpacks the OCI form" unpack "$work/from-oci:1" "$work/bundle-oci"
        mkdir "$work/as-layout"
        tar -C "$work/as-layout" -xf "$work/thing.tar"
        check "umoci unpacks the archive itself" unpack "$work/as-layout:1" "$work/bundle-itself"
        needs crun "crun runs it" && check "crun runs it" bundle_runs "$work/bundle-itself"
fi

# ---- written by decant build

for form in oci docker; do
        for compression in uncompressed gzip zstd; do
                out=$work/$form-$compression.tar
                check "build -o type=$form, $compression" "$DECANT" build -t thing:1 \
                        -o "type=$form,dest=$out,name=thing:1,compression=$compression" "$work/context"
                check "it holds what it says" archive verify-oci "$out"
                forget
                check "another machine loads it" other load -i "$out"
                if command -v skopeo >/dev/null; then
                        check "skopeo copies it" copy "oci-archive:$out" "oci:$work/sk-$form-$compression:1"
                fi
        done
done
check "build -o type=tar" "$DECANT" build -o "type=tar,dest=$work/tree.tar" "$work/context"
mkdir "$work/tree"
check "the tree is right" sh -c "tar -C '$work/tree' -xf '$work/tree.tar' && python3 '$here/archive_tool.py' expect-tree '$work/tree'"
check "build -o type=local" "$DECANT" build -o "type=local,dest=$work/local" "$work/context"
check "the directory is right" archive expect-tree "$work/local" --no-owners

# ---- load

forget
check "load" other load -i "$work/thing.tar"
check "the image is the same" same_id thing:1
check "it runs there" sh -c "DECANT_ROOT='$work/other' '$DECANT' run --rm thing:1 | grep -q '^hello from /data$'"
check "it saves to the same bytes" sh -c "DECANT_ROOT='$work/other' '$DECANT' save thing:1 | cmp - '$work/thing.tar'"
for program in gzip xz zstd bzip2; do
        needs "$program" "load $program" || continue
        forget
        check "load $program from a pipe" sh -c "$program -c '$work/thing.tar' | DECANT_ROOT='$work/other' '$DECANT' load"
        check "the image is the same" same_id thing:1
done
forget
archive legacy "$work/thing.tar" "$work/legacy.tar"
check "load what an older docker saves, links and all" other load -i "$work/legacy.tar"
check "the image is the same" same_id thing:1

if needs skopeo "load what skopeo writes"; then
        forget
        check "skopeo writes docker-archive" copy "oci-archive:$work/thing.tar" "docker-archive:$work/sk.tar:thing:1"
        check "load it" other load -i "$work/sk.tar"
        check "the image is the same" sh -c "DECANT_ROOT='$work/other' '$DECANT' run --rm thing:1 | grep -q '^hello from /data$'"
        forget
        check "skopeo writes oci-archive with gzip" copy --dest-compress --dest-compress-format gzip \
                "oci-archive:$work/thing.tar" "oci-archive:$work/sk-oci.tar:docker.io/library/thing:1"
        check "load it" other load -i "$work/sk-oci.tar"
        check "the image is the same" same_id thing:1
        check "its layers are saved as they came" sh -c "DECANT_ROOT='$work/other' '$DECANT' save thing:1 >'$work/foreign.tar'"
        check "which is a right archive too" archive verify-oci "$work/foreign.tar"
        cat >"$work/context/from.Dockerfile" <<'DOCKERFILE'
FROM base
RUN cat /data/deep/file
DOCKERFILE
        check "a layout is a base" "$DECANT" build --build-context "base=oci-layout://$work/from-oci:1" \
                -f "$work/context/from.Dockerfile" -t from-layout "$work/context"
fi

# ---- what must fail

forget
head -c "$(($(stat -c %s "$work/thing.tar") / 2))" "$work/thing.tar" >"$work/cut.tar"
check "an archive that is cut short is refused" refuses other load -i "$work/cut.tar"
archive flip "$work/thing.tar" "$work/flipped.tar"
check "a changed layer is refused" refuses other load -i "$work/flipped.tar"
check "a root file system is no archive" refuses other load -i "$work/rootfs.tar"
check "nothing is left of them" sh -c "test -z \"\$(DECANT_ROOT='$work/other' '$DECANT' images -q)\""
check "save of an unknown image is refused" refuses "$DECANT" save -o "$work/none.tar" no-such-image
check "and leaves no file" test ! -e "$work/none.tar"
check "an import of nonsense is refused" refuses "$DECANT" import "$here/archives.sh" nonsense
check "an unknown file is refused" refuses "$DECANT" load -i "$work/no-such-file"

echo "1..$number"
[ $failures = 0 ] || { echo "# $failures of $number failed"; exit 1; }
