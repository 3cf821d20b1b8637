#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bake files: several targets at once.
. "$(dirname "$0")/lib.bash"

two_targets() {
        mkdir -p app
        cat >app/Dockerfile <<'D'
FROM base
RUN cat /proc/sys/kernel/random/uuid >/stamp; sleep 0.3
ARG NAME
RUN echo "$NAME $(cat /base)" >/name
CMD ["cat", "/name"]
D
        cat >docker-bake.json <<'J'
{
  "variable": {"TAG": {"default": "one"}},
  "group": {"default": {"targets": ["a", "b"]}},
  "target": {
    "base": {"dockerfile-inline": "FROM busybox\nRUN echo from-base >/base\nENV FROM_BASE=yes\n"},
    "a": {"context": "app", "contexts": {"base": "target:base"}, "args": {"NAME": "first"}, "tags": ["a:${TAG}"]},
    "b": {"inherits": ["a"], "args": {"NAME": "second"}, "tags": ["b:${TAG}"]}
  }
}
J
}

test_linked_targets() {
        two_targets
        decant bake --metadata-file meta.json >log 2>&1 || fail "$(cat log)"
        [ "$(decant run a:one)" = "first from-base" ] || fail "a"
        [ "$(decant run b:one)" = "second from-base" ] || fail "b"
        [ "$(decant run a:one cat /stamp)" = "$(decant run b:one cat /stamp)" ] || fail "the common step ran twice: $(cat log)"
        decant inspect --format '{{json .Config.Env}}' a:one | grep -q FROM_BASE=yes || fail "configuration of the linked target"
        grep -q '\[base 2/2\] RUN echo from-base' log || fail "no target's name before the step: $(cat log)"
        grep -q '\[a 3/3\] RUN echo' log || fail "$(cat log)"
        [ "$(jq -r 'keys | join(" ")' meta.json)" = "a b" ] || fail "$(cat meta.json)"
        [ "$(jq -r '.b["image.name"]' meta.json)" = docker.io/library/b:one ] || fail "$(cat meta.json)"
        jq -e '.a["buildx.build.provenance"].materials | type == "array"' meta.json >/dev/null || fail "$(cat meta.json)"
        decant images base | grep -q base && fail "a target that nobody named got a name"
        decant bake >log 2>&1 || fail "$(cat log)"
        grep -q CACHED log || fail "nothing cached: $(cat log)"
        local before
        before=$(decant run a:one cat /stamp)
        decant bake --no-cache >log 2>&1 || fail "$(cat log)"
        [ "$(decant run a:one cat /stamp)" != "$before" ] || fail "--no-cache ran nothing"
        [ "$(decant run a:one cat /stamp)" = "$(decant run b:one cat /stamp)" ] || fail "--no-cache ran the common step twice"
        no_leftovers
}

test_metadata_warnings() {
        echo '{"target": {"default": {"dockerfile-inline": "FROM scratch\nMAINTAINER x\n"}}}' >docker-bake.json
        mkdir -p empty
        BUILDX_METADATA_WARNINGS=true decant bake --metadata-file meta.json >log 2>&1 || fail "$(cat log)"
        [ "$(jq -r 'keys | join(" ")' meta.json)" = "buildx.build.warnings default" ] || fail "$(cat meta.json)"
        jq -r '.["buildx.build.warnings"][0].short' meta.json | base64 -d | grep -q MaintainerDeprecated || fail "$(cat meta.json)"
}

test_one_target_and_set() {
        two_targets
        TAG=two decant bake --set '*.args.NAME=set' b >log 2>&1 || fail "$(cat log)"
        [ "$(decant run b:two)" = "set from-base" ] || fail "$(decant run b:two)"
        decant images a | grep -q two && fail "a target that was not asked for was built"
        decant bake --progress quiet --set a.output=type=oci,dest=a.tar --set a.tags= a >log 2>&1 || fail "$(cat log)"
        [ -s a.tar ] || fail "no archive"
        [ -s log ] && fail "quiet is not quiet: $(cat log)"
        return 0
}

test_print_and_list() {
        two_targets
        decant bake --print a | jq -e '.target.base.output[0].type == "cacheonly" and .group.default.targets == ["a"]' >/dev/null || fail print
        decant bake --list targets | grep -q '^default *a, b' || fail "$(decant bake --list targets)"
        decant bake --list type=variables,format=json | jq -e '.[0].name == "TAG" and .[0].value == "one"' >/dev/null || fail list
        decant bake --print -f - default <<<'{"target": {"default": {}}}' | jq -e .target.default >/dev/null || fail stdin
        decant bake -f docker-bake.json --print --var TAG=v a | grep -q a:v || fail var
}

test_compose() {
        mkdir -p web
        printf 'FROM busybox\nARG V\nRUN echo "$V" >/v\nRUN --mount=type=secret,id=key cat /run/secrets/key >/k\n' >web/Dockerfile
        echo V=from-env-file >.env
        echo secret >key.txt
        cat >compose.yaml <<'Y'
services:
  web:
    image: web:${V:+x}
    build:
      context: ./web
      args:
        V: ${V}
      secrets: [key]
  db:
    image: busybox
secrets:
  key:
    file: ./key.txt
Y
        decant bake >log 2>&1 || fail "$(cat log)"
        [ "$(decant run web:x cat /v /k | tr '\n' ' ')" = "from-env-file secret " ] || fail "$(decant run web:x cat /v /k)"
        grep -q '\[2/3\] RUN' log || fail "one target alone has no prefix: $(cat log)"
}

test_platforms_of_a_link() {
        cat >docker-bake.json <<'J'
{"target": {
  "base": {"dockerfile-inline": "FROM scratch\nARG TARGETARCH\nENV FROM_ARCH=$TARGETARCH\nWORKDIR /w\n", "platforms": ["linux/amd64", "linux/arm64"]},
  "default": {"dockerfile-inline": "FROM base\nLABEL a=b\n", "contexts": {"base": "target:base"}, "platforms": ["linux/amd64", "linux/arm64"],
              "output": ["type=oci,dest=out,tar=false"]}}}
J
        decant bake >log 2>&1 || fail "$(cat log)"
        [ "$(grep -rlE 'FROM_ARCH=arm64' out/blobs | wc -l)" = 1 ] || fail "no arm64: $(cat log)"
        [ "$(grep -rlE 'FROM_ARCH=amd64' out/blobs | wc -l)" = 1 ] || fail "no amd64: $(cat log)"
}

test_failure_ends_all() {
        cat >docker-bake.json <<'J'
{"group": {"default": {"targets": ["bad", "slow"]}}, "target": {
  "bad": {"dockerfile-inline": "FROM busybox\nRUN sleep 0.5; exit 7\n"},
  "slow": {"dockerfile-inline": "FROM busybox\nRUN sleep 60\n"},
  "after": {"dockerfile-inline": "FROM bad\n", "contexts": {"bad": "target:bad"}}}}
J
        local started=$SECONDS
        expect_fail 4 'target bad: .*exit code: 7|target bad: ' -- decant bake
        [ $((SECONDS - started)) -lt 20 ] || fail "waited for the slow target"
        expect_fail 4 'target bad: ' -- decant bake after
        no_leftovers
}

test_interrupt() {
        echo '{"target": {"a": {"dockerfile-inline": "FROM busybox\nRUN sleep 60\n"}, "b": {"dockerfile-inline": "FROM busybox\nRUN sleep 61\n"}}}' >docker-bake.json
        "$DECANT" bake a b >log 2>&1 &
        local pid=$! status=0
        for _ in $(seq 100); do grep -q 'RUN sleep 61' log && grep -q 'RUN sleep 60' log && break; sleep 0.1; done
        kill -TERM $pid
        wait $pid || status=$?
        [ $status = 143 ] || fail "exit status $status: $(cat log)"
        no_leftovers
}

test_checks() {
        two_targets
        printf 'from busybox\nRUN ["x"]\nCOPY nothing /\nENTRYPOINT sh\n' >app/Bad
        decant bake --check a >out.log 2>&1 || fail "$(cat out.log)"
        grep -q 'Check complete, no warnings' out.log || fail "$(cat out.log)"
        decant images a | grep -q one && fail "a check built"
        decant bake --check --set a.dockerfile=Bad a >out.log 2>&1
        grep -q 'JSONArgsRecommended' out.log || fail "$(cat out.log)"
        decant bake --call targets,format=json a b | jq -e '.a and .b' >/dev/null || fail "$(decant bake --call targets,format=json a b)"
}

test_errors() {
        expect_fail 5 'there is no bake file' -- decant bake
        echo '{"target": {"app": {' >docker-bake.json
        expect_fail 3 'docker-bake.json:2: ' -- decant bake
        printf '{"target": {"app": {\n"tagz": []}}}' >docker-bake.json
        expect_fail 3 "docker-bake.json:2: 'tagz'" "did you mean 'tags'" -- decant bake
        echo '{"target": {"app": {"context": "nowhere"}}}' >docker-bake.json
        expect_fail 5 "no target or group 'ap'" "did you mean 'app'" -- decant bake ap
        expect_fail 5 nowhere -- decant bake app
        expect_fail 2 "unknown key 'contxt'" -- decant bake app --set app.contxt=.
        expect_fail 1 'to be pushed' 'no registry client' -- decant bake --push app
        decant bake --push --print app | grep -q '"push": "true"' || fail "print of push"
        echo 'target "app" {}' >docker-bake.hcl
        expect_fail 1 'HCL is not read' -- decant bake
}

run_tests
