#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands around a build: columns, wording and exit statuses that docker's users expect.
. "$(dirname "$0")/lib.bash"

labelled() {
        printf 'FROM busybox\nLABEL a=b\nENV X=y\nEXPOSE 80\nVOLUME /v\nRUN echo x > /x\nCMD ["sh"]\n' | context c
        decant build -q -t thing:v1 c
}

test_images() {
        id=$(labelled)
        decant images >out
        grep -qE '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$' out || fail "$(cat out)"
        grep -qE "^thing +v1 +${id:7:12} +.*(ago|second).* +[0-9.]+MB$" out || fail "$(cat out)"
        [ "$(decant images -q thing)" = "${id:7:12}" ] || fail "-q"
        decant images --format '{{.Repository}}:{{.Tag}}' | grep -qx 'thing:v1' || fail format
        [ "$(decant images -q --no-trunc thing)" = "$id" ] || fail no-trunc
        decant images --format json | python3 -c 'import json,sys; [json.loads(l) for l in sys.stdin]' || fail json
}

test_inspect() {
        id=$(labelled)
        decant inspect thing:v1 >out || fail inspect
        python3 - "$id" <<'P' || fail "$(cat out)"
import json, sys
i = json.load(open("out"))[0]
assert i["Id"] == sys.argv[1] and i["RepoTags"] == ["thing:v1"], i
c = i["Config"]
assert c["Labels"] == {"a": "b"} and "X=y" in c["Env"] and c["ExposedPorts"] == {"80/tcp": {}} and c["Volumes"] == {"/v": {}} and c["Cmd"] == ["sh"], c
assert i["Os"] == "linux" and i["Size"] > 0 and len(i["RootFS"]["Layers"]) == 2, i
P
        [ "$(decant inspect --format '{{.Config.Labels.a}} {{index .Config.Cmd 0}}' thing:v1)" = "b sh" ] || fail format
        [ "$(decant inspect --format '{{json .Config.Cmd}}' thing:v1)" = '["sh"]' ] || fail "json function"
        expect_fail 5 'No such image' -- decant inspect nothing
}

test_history() {
        labelled >/dev/null
        decant history --no-trunc thing:v1 >out
        grep -q 'RUN /bin/sh -c echo x > /x # buildkit' out || fail "$(cat out)"
        [ "$(decant history -q thing:v1 | wc -l)" -ge 7 ] || fail "$(cat out)"
}

test_build_records_what_scripts_read() {
        printf 'FROM busybox\nLABEL a=b\n' | context c
        decant build -q --iidfile id --metadata-file meta.json -t m c >shown || fail build
        [ "$(cat id)" = "$(cat shown)" ] || fail "$(cat id) $(cat shown)"
        python3 - <<'P' || fail "$(cat meta.json)"
import json
m = json.load(open("meta.json"))
assert m["containerimage.config.digest"] == open("id").read().strip(), m
assert m["image.name"] == "docker.io/library/m:latest" or m["image.name"] == "m", m
P
}

test_save_and_load_round_trip() {
        id=$(labelled)
        for form in docker oci; do
                decant save --format $form -o $form.tar thing:v1 || fail "save $form"
                DECANT_ROOT=$PWD/other-$form decant load -i $form.tar >out || fail "load $form"
                grep -q 'Loaded image: thing:v1' out || fail "$(cat out)"
                [ "$(DECANT_ROOT=$PWD/other-$form decant images -q --no-trunc thing)" = "$id" ] || fail "$form: another id"
                [ "$(DECANT_ROOT=$PWD/other-$form decant run --rm thing:v1 cat /x)" = x ] || fail "$form: run"
        done
}

# A directory gives its names as an archive does.
test_load_layout_directory() {
        id=$(labelled)
        decant tag thing:v1 example.com/other:2 || fail tag
        decant save --format oci -o image.tar thing:v1 example.com/other:2 || fail save
        mkdir layout && tar -xf image.tar -C layout
        export DECANT_ROOT=$PWD/other
        decant load -i layout >out || fail "load: $(cat out)"
        [ "$(sort out)" = "$(printf '%s\n' 'Loaded image: example.com/other:2' 'Loaded image: thing:v1')" ] || fail "$(cat out)"
        [ "$(decant images -q --no-trunc thing)" = "$id" ] && [ "$(decant images -q --no-trunc example.com/other)" = "$id" ] ||
                fail "$(decant images)"
        mkdir empty
        expect_fail 6 'neither manifest.json nor index.json' -- decant load -i empty
}

test_df_and_prune() {
        labelled >/dev/null
        decant df >out
        grep -qE '^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$' out || fail "$(cat out)"
        grep -qE '^Images +2 ' out || fail "$(cat out)"
        decant prune -f >out || fail prune
        grep -q '^Total reclaimed space: ' out || fail "$(cat out)"
        decant run --rm thing:v1 true || fail "an image was damaged"
}

test_doctor_and_version() {
        decant doctor >out || fail "$(cat out)"
        grep -q 'RUN steps work' out || fail "$(cat out)"
        decant doctor --store --deep || fail store
        decant version | grep -q '^decant version [0-9]' || fail version
        decant --version >/dev/null || fail --version
}

test_help_and_completion() {
        decant help >out
        for command in build images history inspect tag rmi run import save load prune df doctor version; do
                grep -qE "^ +$command " out || fail "$command is not in the help"
                decant help $command | grep -qi usage || fail "help $command"
                decant $command --help | grep -qi usage || fail "$command --help"
        done
        decant completion bash | bash -n || fail "bash completion"
        decant man | grep -q '^\.TH' || fail man
        decant completion bash | grep -q -- --build-context || fail "completion has no options"
}

test_progress_forms() {
        printf 'FROM busybox\nRUN echo seen\n' | context c
        decant build --no-cache --progress=plain c >out 2>&1
        grep -qE '^#[0-9]+ \[2/2\] RUN echo seen$' out && grep -qE '^#[0-9]+ [0-9.]+ seen$' out || fail "$(cat out)"
        decant build --no-cache --progress=rawjson c 2>out
        python3 - <<'P' || fail "$(cat out)"
import base64, json
events = [json.loads(l) for l in open("out") if l.startswith("{")]
assert any("RUN echo seen" in v["name"] for e in events for v in e.get("vertexes", [])), events
assert b"seen" in b"".join(base64.b64decode(l["data"]) for e in events for l in e.get("logs", [])), events
P
        decant build --no-cache --progress=quiet -t q c >out 2>&1
        [ ! -s out ] || fail "quiet says: $(cat out)"
        script -qec "$DECANT build --no-cache --progress=tty c" /dev/null >out 2>&1
        grep -q 'Building' out && grep -q 'RUN echo seen' out || fail "$(cat out)"
}

run_tests
