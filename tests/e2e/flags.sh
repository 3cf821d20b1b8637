#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the options of build make of image, archive and steps.
. "$(dirname "$0")/lib.bash"

simple() {
        context c <<'D'
FROM busybox
ENV KEEP=1 DROP=2
LABEL keep=1 drop=2
RUN echo one >/one && echo x >/gone
RUN echo two >/two && rm /gone /etc/group
D
}

test_metadata_file() {
        simple
        decant build -t a -t b:2 -o type=oci,dest=x.tar,name=c --metadata-file meta.json --iidfile iid c || fail build
        python3 - <<'P' || fail "$(cat meta.json)"
import hashlib, json, re, tarfile
text = open("meta.json").read()
m = json.loads(text)
t = tarfile.open("x.tar")
top = json.load(t.extractfile("index.json"))["manifests"][0]
manifest = t.extractfile("blobs/sha256/" + top["digest"][7:]).read()
assert list(m) == sorted(m) and text == json.dumps(m, indent=2), text
assert re.fullmatch("[^/]+/[^/]+/[0-9a-z]{25}", m["buildx.build.ref"])
assert m["containerimage.digest"] == top["digest"] == m["containerimage.descriptor"]["digest"]
assert m["containerimage.config.digest"] == json.loads(manifest)["config"]["digest"] == open("iid").read()
d = m["containerimage.descriptor"]
assert list(d) == ["mediaType", "digest", "size", "annotations", "platform"], d
assert d["size"] == len(manifest) and d["mediaType"] == json.loads(manifest)["mediaType"]
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", d["annotations"]["org.opencontainers.image.created"])
assert m["image.name"] == "docker.io/library/a:latest,docker.io/library/b:2,c", m["image.name"]
P
        decant build --platform linux/amd64,linux/arm64 -o type=oci,dest=y.tar --metadata-file meta.json --iidfile iid \
                - <<'D' || fail build
FROM scratch
D
        python3 - <<'P' || fail "$(cat meta.json)"
import json, tarfile
m = json.load(open("meta.json"))
top = json.load(tarfile.open("y.tar").extractfile("index.json"))["manifests"][0]
assert m["containerimage.digest"] == top["digest"] == open("iid").read(), m
assert "containerimage.config.digest" not in m and "index" in m["containerimage.descriptor"]["mediaType"], m
P
}

# What buildx adds of the request and of what went in, by its variables.
test_annotations_without_a_manifest() {
        simple
        decant build --annotation a=b -t a -o type=oci,dest=x.tar c >log 2>&1 || fail "$(cat log)"
        grep WARNING log && fail "warns for nothing"
        for arguments in "--annotation manifest-descriptor:a=b -t a" "-o type=image,name=a,annotation-manifest-descriptor.a=b" \
                "--annotation a=b -o out"; do
                # shellcheck disable=SC2086
                decant build $arguments c >log 2>&1 || fail "$(cat log)"
                grep -q 'WARNING: the store keeps the annotations of manifests only' log || fail "$arguments: $(cat log)"
        done
}

# manifest_annotations ARCHIVE: those of its first image, as JSON.
manifest_annotations() {
        python3 - "$1" <<'P'
import json, sys, tarfile
t = tarfile.open(sys.argv[1])
d = json.load(t.extractfile("index.json"))["manifests"][0]
m = json.load(t.extractfile("blobs/sha256/" + d["digest"].split(":")[1]))
print(json.dumps(m.get("annotations"), sort_keys=True))
P
}

# annotations_are IMAGE JSON: what inspect shows and what is saved.
annotations_are() {
        [ "$(decant inspect --format '{{json .Annotations}}' "$1")" = "$2" ] || fail "$1: $(decant inspect "$1")"
        decant save --format oci -o saved.tar "$1" || fail "save $1"
        [ "$(manifest_annotations saved.tar | tr -d ' ')" = "$2" ] || fail "$1 was saved with $(manifest_annotations saved.tar)"
}

# An image in the store keeps those of its manifest; what is built from it does not inherit them, as with BuildKit.
test_annotations_are_kept() {
        simple
        decant build --annotation a=b -t a c >log 2>&1 || fail "$(cat log)"
        grep WARNING log && fail "warns for nothing"
        annotations_are a '{"a":"b"}'
        cp saved.tar a.tar
        decant build -o type=image,name=a,annotation.c=d c >log 2>&1 || fail "$(cat log)"
        annotations_are a '{"c":"d"}'
        printf 'FROM a\nENV derived=1\n' >c/Derived
        decant build -q -t derived -f c/Derived c >log 2>&1 || fail "$(cat log)"
        annotations_are derived null
        printf 'FROM a\n' >c/Only
        decant build -o type=oci,dest=only.tar -f c/Only c >log 2>&1 || fail "$(cat log)"
        [ "$(manifest_annotations only.tar)" = null ] || fail "a build inherits $(manifest_annotations only.tar)"
        decant rmi a derived >log 2>&1 && decant prune -af >>log 2>&1 || fail "$(cat log)"
        decant load -i a.tar >log 2>&1 || fail "$(cat log)"
        annotations_are a '{"a":"b"}'
        decant rmi a >log 2>&1 || fail "$(cat log)"
        mkdir layout && tar -C layout -xf a.tar
        decant load -i layout >log 2>&1 || fail "$(cat log)"
        annotations_are a '{"a":"b"}'
}

test_metadata_provenance() {
        context c <<'D'
FROM busybox AS base
FROM base
MAINTAINER somebody
ARG WORD
D
        BUILDX_METADATA_WARNINGS=1 decant build --metadata-file meta.json --build-arg WORD=hidden c >log 2>&1 || fail "$(cat log)"
        [ "$(jq -r 'keys | join(" ")' meta.json)" = "buildx.build.provenance buildx.build.ref buildx.build.warnings" ] ||
                fail "$(cat meta.json)"
        jq -e '.["buildx.build.provenance"] | .materials[0].digest.sha256 and .invocation.configSource.entryPoint == "Dockerfile"
                and (.materials[0].uri | test("^pkg:docker/busybox@latest[?]platform=linux%2F"))' meta.json >/dev/null || fail "$(cat meta.json)"
        grep -q hidden meta.json && fail "min holds the values of arguments"
        jq -r '.["buildx.build.warnings"][0].short' meta.json | base64 -d | grep -q MaintainerDeprecated || fail "$(cat meta.json)"
        [ "$(jq '.["buildx.build.warnings"][0].range[0].start.line' meta.json)" = 3 ] || fail "$(cat meta.json)"
        BUILDX_METADATA_PROVENANCE=max decant build --metadata-file meta.json --build-arg WORD=hidden -o out c || fail build
        grep -q '"build-arg:WORD": "hidden"' meta.json || fail "$(cat meta.json)"
        grep -q 'build.warnings\|containerimage' meta.json && fail "$(cat meta.json)"
        BUILDX_METADATA_PROVENANCE=disabled decant build --metadata-file meta.json c || fail build
        [ "$(jq -r 'keys | join(" ")' meta.json)" = "buildx.build.ref" ] || fail "$(cat meta.json)"
        decant build --platform linux/arm64,linux/amd64 -o type=oci,dest=x.tar --metadata-file meta.json - <<'D' || fail build
FROM scratch
D
        jq -e 'has("buildx.build.provenance/linux/arm64") and has("buildx.build.provenance/linux/amd64")
                and (has("buildx.build.provenance") | not)' meta.json >/dev/null || fail "$(cat meta.json)"
}

test_annotations() {
        simple
        decant build -o type=oci,dest=x.tar,annotation.o.p=q --annotation a.b=c --annotation manifest-descriptor:d=e=f c || fail build
        decant build --platform linux/amd64,linux/arm64 -o type=oci,dest=y.tar --annotation 'index,manifest:both=1' \
                --annotation 'manifest[linux/arm64]:arm=2' --annotation index-descriptor:top=3 \
                --annotation 'manifest-descriptor[linux/amd64]:entry=4' - <<'D' || fail build
FROM scratch
D
        python3 - <<'P' || fail "annotations"
import json, tarfile
def doc(t, d): return json.load(t.extractfile("blobs/sha256/" + d["digest"][7:]))
t = tarfile.open("x.tar")
top = json.load(t.extractfile("index.json"))["manifests"][0]
assert doc(t, top)["annotations"] == {"a.b": "c", "o.p": "q"} and top["annotations"]["d"] == "e=f", top
t = tarfile.open("y.tar")
top = json.load(t.extractfile("index.json"))["manifests"][0]
assert top["annotations"]["top"] == "3", top
index = doc(t, top)
assert index["annotations"] == {"both": "1"}, index
amd, arm = index["manifests"]
assert amd["annotations"] == {"entry": "4"} and "annotations" not in arm, index
assert doc(t, amd)["annotations"] == {"both": "1"}
assert doc(t, arm)["annotations"] == {"arm": "2", "both": "1"}
P
        expect_fail 2 'one platform makes no index' -- decant build --annotation index:a=b c
        expect_fail 2 'one platform makes no index' -- decant build -o type=oci,dest=z.tar,annotation-index.a=b c
        expect_fail 2 'unknown type .manifset' -- decant build --annotation manifset:a=b c
        expect_fail 2 'is not' -- decant build --annotation nothing c
}

test_squash() {
        simple
        decant build -t plain c && decant build --squash -t squashed c || fail build
        [ "$(decant inspect -f '{{len .RootFS.Layers}}' plain)" = 3 ] || fail "$(decant inspect plain)"
        [ "$(decant inspect -f '{{len .RootFS.Layers}}' squashed)" = 2 ] || fail "$(decant inspect squashed)"
        decant run squashed sh -c 'cat /one /two; ls /gone /etc/group /etc/passwd 2>/dev/null' >out
        [ "$(cat out)" = "one
two
/etc/passwd" ] || fail "$(cat out)"
        decant save -o x.tar squashed
        python3 - <<'P' || fail "layers"
import io, json, tarfile
t = tarfile.open("x.tar")
m = json.load(t.extractfile("manifest.json"))[0]
names = sorted(n for n in tarfile.open(fileobj=io.BytesIO(t.extractfile(m["Layers"][1]).read())).getnames())
assert names == ["etc", "etc/.wh.group", "one", "two"], names
h = json.load(t.extractfile(m["Config"]))["history"]
assert sum(not e.get("empty_layer") for e in h) == 2, h
P
        [ "$(decant build -q --squash c)" = "$(decant build -q --squash c)" ] || fail "twice"
        [ "$(decant build -q --squash c)" = "$(decant inspect -f '{{.Id}}' squashed)" ] || fail "not the same again"
}

# A directory that takes the place of what is below; one that was removed and came again; a hard link.
test_squash_hides_what_it_must() {
        context c <<'D'
FROM busybox
RUN mkdir /d /r && echo old >/d/old && echo f >/file && echo in >/r/in && mkdir /r/sub && echo x >/r/sub/x
D
        decant build -t below c || fail build
        context c <<'D'
FROM below
RUN rm -r /d /r && rm /file
RUN mkdir /d /file && echo new >/d/new && echo a >/file/a && ln /file/a /file/b
RUN mkdir -p /r/sub && echo y >/r/sub/y && chmod 700 /r
D
        decant build -t plain c && decant build --squash -t squashed c || fail build
        for i in plain squashed; do
                decant run $i find /d /r /file ! -type l -exec stat -c '%n %F %a %u %h %Y' {} + | sort >$i.list
        done
        sed -i 's/ [0-9]* [0-9]*$//' ./*.list # link counts and times of directories
        diff plain.list squashed.list || fail "not the same tree"
        grep -q '/r/in\|/d/old\|/r/sub/x' squashed.list && fail "$(cat squashed.list)"
        [ "$(decant run squashed stat -c %i /file/a /file/b | uniq | wc -l)" = 1 ] || fail "the hard link is lost"
}

test_unset_and_timestamp() {
        simple
        decant build -t x --unsetenv DROP --unsetlabel drop --label keep=over --timestamp 1600000000 c || fail build
        decant inspect -f '{{json .Config}} {{.Created}}' x >out
        grep -q 'KEEP=1' out && ! grep -q 'DROP' out && ! grep -q '"drop"' out && grep -q '"keep":"over"' out || fail "$(cat out)"
        grep -q '2020-09-13T12:26:40Z' out || fail "$(cat out)"
        [ "$(decant build -q --no-cache --timestamp 1600000000 c)" = "$(decant build -q --no-cache --timestamp 1600000000 c)" ] ||
                fail "not the same twice"
        expect_fail 2 'timestamp' -- decant build --timestamp soon c
}

test_build_arg_file() {
        context c <<'D'
FROM busybox
ARG A
ARG B=default
ARG C
LABEL a=$A b=$B c=$C
D
        printf '# comment\nA=from file = with more\nC=file\n\n' >args
        decant build -t x --build-arg-file args --build-arg C=line c || fail build
        decant inspect -f '{{json .Config.Labels}}' x >out
        grep -q '"a":"from file = with more","b":"default","c":"line"' out || fail "$(cat out)"
        expect_fail 5 'absent' -- decant build --build-arg-file absent c
}

test_capabilities() {
        context c <<'D'
FROM busybox
RUN chown 5:5 /etc/passwd
D
        expect_fail 4 'exit code: 1' -- decant build --cap-drop CHOWN c
        decant build --cap-drop ALL --cap-add CHOWN c || fail "with the capability"
        expect_fail 2 "unknown capability" -- decant build --no-cache --cap-add NONSENSE c
}

test_volume() {
        context c <<'D'
FROM busybox
RUN cat /host/f && ls -A /host && ! echo x >/host/g
D
        mkdir host && echo seen >host/f
        decant build --volume "$PWD/host:/host:ro" -o out c >log 2>&1 || fail "$(cat log)"
        grep -q seen log && grep -q 'WARNING.*--volume' log || fail "$(cat log)"
        [ ! -e out/host ] || fail "a stub stayed"
        echo other >host/f
        decant build -v "$PWD/host:/host:ro" c >log 2>&1
        grep -q CACHED log || fail "it is in the key"
}

test_allow() {
        context c <<'D'
FROM busybox
RUN --security=insecure test -w /proc/sys/kernel/hostname && mount -t tmpfs none /mnt 2>/dev/null || mkdir -p /m && mount -t tmpfs none /m
D
        expect_fail 7 'security.insecure is not allowed' 'allow security.insecure' -- decant build c
        decant build --allow security.insecure --allow network.host c || fail "allowed"
        expect_fail 2 'unknown entitlement' "did you mean 'network.host'" -- decant build --allow network.hos c
}

test_ssh() {
        command -v ssh-agent >/dev/null || return 0
        eval "$(ssh-agent -a "$PWD/agent")" >/dev/null
        trap 'kill $SSH_AGENT_PID' EXIT
        ssh-keygen -q -t ed25519 -N '' -C e2e-key -f key && ssh-add -q key || fail "no key"
        context c <<'D'
FROM busybox
RUN --mount=type=ssh echo "at $SSH_AUTH_SOCK" && stat -c '%F %a %u:%g' $SSH_AUTH_SOCK && /usr/bin/ssh-add -L
D
        decant build --ssh default -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro -o out c >log 2>&1 || fail "$(cat log)"
        grep -q e2e-key log || fail "the agent was not reached: $(cat log)"
        grep -q 'at /run/buildkit/ssh_agent.0' log && grep -q 'socket 600 0:0' log || fail "$(cat log)"
        [ ! -e out/run/buildkit ] || fail "a stub stayed"
        context c <<'D'
FROM busybox
USER nobody
RUN --mount=type=ssh,id=other,target=/tmp/s,mode=0666,uid=7,gid=8,required stat -c '%F %a %u:%g' $SSH_AUTH_SOCK
D
        decant build --ssh "other=$PWD/agent" c >log 2>&1 || fail "$(cat log)"
        grep -q 'socket 666 7:8' log || fail "$(cat log)"
        expect_fail 5 'no SSH agent .other. is forwarded' 'ssh other=SOCKET' 'Dockerfile:3' -- decant build --no-cache c
        unset SSH_AUTH_SOCK
        expect_fail 2 'SSH_AUTH_SOCK is not set' -- decant build --ssh default c
        no_leftovers
}

# Keys: an agent for this build alone.
test_ssh_keys() {
        command -v ssh-agent >/dev/null || return 0
        unset SSH_AUTH_SOCK
        ssh-keygen -q -t ed25519 -N '' -C first-key -f one && ssh-keygen -q -t ecdsa -N '' -C second-key -f two
        ssh-keygen -q -t ed25519 -N words -f locked && chmod 644 two
        context c <<'D'
FROM busybox
RUN --mount=type=ssh,id=k /usr/bin/ssh-add -L
RUN --mount=type=ssh,id=k /usr/bin/ssh-add -l && echo again
D
        local usr=(-v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro)
        decant build --ssh "k=$PWD/one,$PWD/two" "${usr[@]}" c >log 2>&1 || fail "$(cat log)"
        grep -q first-key log && grep -q second-key log && grep -q again log || fail "$(cat log)"
        agents_gone
        grep -rqs 'OPENSSH PRIVATE KEY' store && fail "a key lies in the store"
        sed -i 's/ssh-add -L/ssh-add -L; false/' c/Dockerfile
        expect_fail 4 first-key -- decant build --no-cache --ssh "k=$PWD/one" "${usr[@]}" c
        agents_gone
        no_leftovers
        sed -i 's/ssh-add -L; false/ssh-add -L; sleep 60/' c/Dockerfile
        "$DECANT" build --ssh "k=$PWD/one" "${usr[@]}" c >log 2>&1 &
        local builder=$!
        for _ in $(seq 100); do grep -q first-key log && break || sleep 0.1; done
        kill -KILL $builder
        wait $builder 2>/dev/null
        agents_gone
        expect_fail 7 'Dockerfile:2' "locked' is protected by a passphrase" 'ssh-add' -- decant build --ssh "k=$PWD/locked" c
        echo nonsense >bad
        expect_fail 6 "bad' is no private key" -- decant build --ssh "k=$PWD/bad" c
        expect_fail 5 'No such file' -- decant build --ssh "k=$PWD/absent" c
        expect_fail 2 'neither the socket' -- decant build --ssh "k=$PWD" c
        agents_gone
}

agents_gone() {
        for _ in $(seq 50); do
                pgrep -f 'ssh-agent -a [^ ]*/decant-secret-' >/dev/null || return 0
                sleep 0.1
        done
        fail "an agent is still there: $(pgrep -af ssh-agent)"
}

test_devices() {
        mkdir cdi lib && echo library >lib/l
        cat >cdi/vendor.json <<J
{"cdiVersion": "0.6.0", "kind": "vendor.com/thing",
 "containerEdits": {"env": ["ALL_THINGS=yes"]},
 "devices": [
  {"name": "one", "containerEdits": {"env": ["THING=1"], "deviceNodes": [{"path": "/dev/thing", "hostPath": "/dev/zero"}],
   "mounts": [{"hostPath": "$PWD/lib", "containerPath": "/opt/thing", "options": ["ro", "bind"]}]}},
  {"name": "two", "annotations": {"org.mobyproject.buildkit.device.autoallow": "true"},
   "containerEdits": {"deviceNodes": [{"path": "/dev/null2", "hostPath": "/dev/null"}]}}]}
J
        export DECANT_CDI_DIRS=$PWD/absent:$PWD/cdi
        context c <<'D'
FROM busybox
RUN --device=vendor.com/thing=one,required echo "$THING $ALL_THINGS $(head -c 4 /dev/thing | wc -c) $(cat /opt/thing/l)" && ! touch /opt/thing/x
RUN --device=vendor.com/thing=two --device=vendor.com/other=x test -c /dev/null2 && test ! -e /dev/thing
D
        expect_fail 7 "device 'vendor.com/thing=one' is not allowed" 'allow device=vendor.com/thing=one' 'Dockerfile:2' -- decant build c
        decant build --allow device=vendor.com/thing -o out c >log 2>&1 || fail "$(cat log)"
        grep -q '1 yes 4 library' log || fail "$(cat log)"
        [ ! -e out/opt/thing ] && [ ! -e out/dev/thing ] || fail "a stub stayed"
        context c <<'D'
FROM busybox
RUN --device=name=vendor.com/other=x,required=true true
D
        expect_fail 5 "device 'vendor.com/other=x' is required" -- decant build --allow device c
        echo '{"kind": 3' >cdi/broken.json
        expect_fail 6 'broken.json' -- decant build --allow device c
        context c <<'D'
FROM busybox
RUN --device=required true
D
        expect_fail 3 'the device has no name' -- decant build c
}

test_names_of_stages() {
        context c <<'D'
FROM busybox AS busybox
RUN true
FROM busybox
RUN true
D
        decant build c >log 2>&1 || fail "$(cat log)"
        grep -q "'busybox' is the image in line 1, and here the stage of line 1" log || fail "$(cat log)"
        context c <<'D'
FROM b AS a
FROM a AS b
D
        expect_fail 5 "the stage 'b' of line 2 does not count" 'Dockerfile:1' -- decant build c
        context c <<'D'
FROM busybox AS a
COPY --from=a /x /y
D
        expect_fail 3 'a stage cannot read itself' 'Dockerfile:2' -- decant build c
        context c <<'D'
FROM busybox AS a
COPY --from=b /x /y
FROM a AS b
D
        expect_fail 3 'needs to be defined before' 'Dockerfile:2' -- decant build c
}

run_tests
