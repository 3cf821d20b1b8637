#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# decant test: files of structure tests against an image that decant built; every kind passing and failing, reports read by
# Python's own parsers. As root it does all of it once more as an ordinary user with subordinate ids.
. "$(dirname "$0")/lib.bash"

image() {
        context c <<'D'
FROM busybox
ENV WHERE=/opt PATH=/opt/bin:/bin
LABEL version=1.2.3
RUN mkdir -p /opt/bin /data && printf '#!/bin/sh\necho "tool 4.5 $1"; echo warning >&2\nexit ${2:-0}\n' > /opt/bin/tool && \
    chmod 755 /opt/bin/tool && chown 7:8 /data && chmod 750 /data && ln -s tool /opt/bin/alias && echo 'name=decant' > /opt/settings && \
    mkdir -p /usr/share/doc/thing && echo MIT > /usr/share/doc/thing/copyright
EXPOSE 8080
VOLUME /data
WORKDIR /opt
USER nobody
ENTRYPOINT ["/opt/bin/tool"]
CMD ["run"]
D
        decant build -q -t subject c >/dev/null || fail build
}

good_file() {
        cat <<'Y'
schemaVersion: "2.0.0"
globalEnvVars:
  - {key: GREETING, value: hello}
  - {key: PATH, value: "/extra:$PATH"}
commandTests:
  - name: output and errors
    command: tool
    args: ["--version", "3"]
    exitCode: 3
    expectedOutput: ['^tool \d+\.\d+ --version\n$']
    excludedOutput: ['(?i)WARNING']
    expectedError: ['^warning']
    excludedError: ['tool']
  - name: the entrypoint is not used, the user is
    command: id
    args: [-u]
    expectedOutput: ['^65534$|^65534\n$']
  - name: environment
    envVars: [{key: OWN, value: "$GREETING there"}]
    command: sh
    args: [-c, 'echo "$OWN" $PATH; pwd']
    expectedOutput: ['^hello there /extra:/opt/bin:/bin\n/opt\n$']
  - name: a program that is not there
    command: no-such-program
    exitCode: 127
fileExistenceTests:
  - {name: program, path: /opt/bin/tool, permissions: -rwxr-xr-x, isExecutableBy: other}
  - {name: link, path: $WHERE/bin/alias, permissions: Lrwxrwxrwx}
  - {name: directory, path: /data, permissions: drwxr-x---, uid: 7, gid: 8}
  - {name: sticky, path: /tmp, permissions: dtrwxrwxrwx}
  - {name: nothing, path: /usr/bin/python3, shouldExist: false}
fileContentTests:
  - {name: settings, path: /opt/settings, expectedContents: ['(?m)^name=\w+$'], excludedContents: [password]}
licenseTests:
  - {debian: true, files: [/opt/settings]}
metadataTest:
  envVars: [{key: WHERE, value: /opt}, {key: PATH, value: '^/opt/bin:', isRegex: true}]
  unboundEnvVars: [{key: SECRET}]
  labels: [{key: version, value: '^\d+\.\d+\.\d+$', isRegex: true}]
  exposedPorts: ["8080"]
  unexposedPorts: ["22"]
  volumes: [/data]
  unmountedVolumes: [/opt]
  entrypoint: [/opt/bin/tool]
  cmd: [run]
  workdir: /opt
  user: nobody
Y
}

test_all_pass() {
        image
        good_file >good.yaml
        decant test subject good.yaml >out.log || fail "status $?: $(cat out.log)"
        grep -q '^12 passed, 0 failed in ' out.log || fail "$(cat out.log)"
        decant test -i subject -c good.yaml good.yaml | grep -q '^24 passed' || fail "two files"
        good_file | decant test subject - | grep -q '^12 passed' || fail "standard input"
        no_leftovers
}

test_each_kind_fails() {
        image
        cat >bad.yaml <<'Y'
schemaVersion: "2.0.0"
commandTests:
  - {name: out, command: tool, expectedOutput: [nothing-of-it]}
  - {name: excluded, command: tool, excludedOutput: ['tool \d']}
  - {name: err, command: tool, expectedError: [^tool]}
  - {name: excluded err, command: tool, excludedError: [warn]}
  - {name: code, command: tool, args: [a, 9]}
  - {name: absent, command: no-such-program}
  - {name: setup, setup: [[sh, -c, "exit 5"]], command: tool}
fileExistenceTests:
  - {name: absent, path: /nothing}
  - {name: present, path: /opt, shouldExist: false}
  - {name: permissions, path: /opt/settings, permissions: -rwxrwxrwx}
  - {name: owner, path: /data, uid: 0, gid: 0}
  - {name: executable, path: /opt/settings, isExecutableBy: any}
fileContentTests:
  - {name: expected, path: /opt/settings, expectedContents: ['^x']}
  - {name: excluded, path: /opt/settings, excludedContents: [decant]}
  - {name: directory, path: /opt, expectedContents: [x]}
licenseTests:
  - files: [/nothing]
metadataTest: {workdir: /, user: root, cmd: [], entrypoint: [], volumes: [/x], exposedPorts: [1], labels: [{key: a, value: b}]}
Y
        expect_fail 10 '^0 passed, 17 failed' "bad.yaml:3: expected standard output to match 'nothing-of-it', found 'tool 4.5 " \
                'bad.yaml:7: expected exit status 0, found 9' 'found 127 \(the program is not in the image\)' \
                "expected setup command 1 \('sh'\) to end with status 0, found 5" "expected '/nothing' to exist" \
                "to belong to user 0, found 7" "expected the label 'a', found none" "expected the command \[\], found \['run'\]" \
                -- decant test subject bad.yaml
        no_leftovers
}

test_setup_and_teardown_share_the_root() {
        image
        cat >t.yaml <<'Y'
schemaVersion: "2.0.0"
containerRunOptions: {user: root, envVars: [FROM_HERE], capabilities: [NET_ADMIN]}
commandTests:
  - name: sees what setup made
    setup: [[sh, -c, "echo one > /made"], [sh, -c, "echo $FROM_HERE >> /made"]]
    teardown: [[rm, /made]]
    command: cat
    args: [/made]
    expectedOutput: ['^one\ntwo\n$']
  - {name: the next test does not, command: test, args: ["!", -e, /made]}
Y
        FROM_HERE=two decant test subject t.yaml || fail "status $?"
        FROM_HERE=two decant test --read-only subject t.yaml || fail "a read-only root is for the tested command alone"
        printf 'schemaVersion: 2.0.0\ncommandTests: [{name: w, command: touch, args: [/tmp/x]}]\n' >w.yaml
        decant test subject w.yaml || fail "writable"
        expect_fail 10 'Read-only file system' -- decant test --read-only -o json subject w.yaml
        decant test --read-only --tmpfs /tmp subject w.yaml || fail "tmpfs"
}

test_time_limit() {
        image
        printf 'schemaVersion: 2.0.0\ncommandTests: [{name: s, command: sleep, args: [60]}, {name: y, command: yes}]\n' >t.yaml
        expect_fail 10 'expected the command to end within 1 s' '^0 passed, 2 failed' -- timeout 30 "$DECANT" test --timeout 1s subject t.yaml
        expect_fail 2 '--timeout' -- decant test --timeout 0s subject t.yaml
        no_leftovers
}

test_interrupted() {
        image
        printf 'schemaVersion: 2.0.0\ncommandTests: [{name: s, command: sleep, args: [60]}]\n' >t.yaml
        "$DECANT" test subject t.yaml >out.log 2>&1 &
        local process=$!
        for _ in $(seq 100); do # the launcher is there
                pgrep -P $process >/dev/null && break
                sleep 0.05
        done
        sleep 0.3
        kill -TERM $process
        wait $process
        [ $? = 143 ] || fail "status: $(cat out.log)"
        grep -q interrupted out.log || fail "$(cat out.log)"
        no_leftovers
}

test_json_report() {
        image
        good_file >good.yaml
        printf 'schemaVersion: 2.0.0\ncommandTests: [{name: "a <&> b", command: sh, args: [-c, "printf \\"\\\\377<>&\\\\033\\""], exitCode: 1}]\n' >odd.yaml
        decant test -o json subject good.yaml odd.yaml >report.json
        [ $? = 10 ] || fail status
        python3 - <<'P' || fail "$(cat report.json)"
import json
r = json.load(open("report.json"))
assert (r["Pass"], r["Fail"], r["Total"]) == (12, 1, 13), r
assert r["Duration"] > 0 and len(r["Results"]) == 13
one = r["Results"][0]
assert one["Name"] == "Command Test: output and errors" and one["Pass"] is True and "Errors" not in one, one
assert one["Stdout"] == "tool 4.5 --version\n" and one["Stderr"] == "warning\n", one
last = r["Results"][12]
assert last["Pass"] is False and last["Errors"] == ["expected exit status 1, found 0"], last
assert last["Stdout"] == "\ufffd<>&\x1b", last
P
}

test_junit_report() {
        image
        good_file >good.yaml
        printf 'schemaVersion: 2.0.0\ncommandTests: [{name: "a <&> b", command: sh, args: [-c, "printf \\"\\\\377<>&\\\\033\\""], exitCode: 1}]\n' >odd.yaml
        decant test -o junit --junit-suite-name mine --test-report report.xml subject good.yaml odd.yaml >out.log
        [ $? = 10 ] || fail status
        grep -q '^12 passed, 1 failed' out.log || fail "text beside the report: $(cat out.log)"
        python3 - <<'P' || fail "$(cat report.xml)"
import xml.etree.ElementTree as tree
root = tree.parse("report.xml").getroot()
assert root.tag == "testsuites" and root.get("tests") == "13" and root.get("failures") == "1", root.attrib
suite, = root
cases = suite.findall("testcase")
assert suite.get("name") == "mine" and len(cases) == 13
assert cases[0].find("failure") is None and cases[0].findtext("system-out") == "tool 4.5 --version\n"
assert cases[12].get("name") == "Command Test: a <&> b" and cases[12].get("classname") == "odd.yaml"
assert cases[12].find("failure").get("message") == "expected exit status 1, found 0"
assert cases[12].findtext("system-out") == "\ufffd<>& "
assert float(root.get("time")) > 0
P
        decant test --test-report report.json subject good.yaml >/dev/null && python3 -c 'import json; json.load(open("report.json"))' || fail "json is the default"
}

test_no_run() {
        image
        good_file >good.yaml
        decant test --no-run subject good.yaml >out.log || fail status
        grep -q '^8 passed, 0 failed, 4 skipped' out.log || fail "$(cat out.log)"
        decant test --no-run -o json subject good.yaml | python3 -c 'import json, sys; r = json.load(sys.stdin); assert r["Total"] == 8 and r["Skipped"] == 4 and len(r["Results"]) == 8, r' || fail json
        [ -z "$(decant test --no-run -q subject good.yaml)" ] || fail quiet
}

test_json_file_and_schema_1() {
        image
        echo '{"schemaVersion": "2.0.0", "fileExistenceTests": [{"name": "a", "path": "/opt", "uid": 0}]}' >t.json
        printf 'schemaVersion: 1.0.0\ncommandTests: [{name: a, command: [echo, b], expectedOutput: [^b]}]\n' >old.yaml
        decant test subject t.json old.yaml | grep -q '^2 passed' || fail "not both"
}

test_bad_files() {
        image
        printf 'schemaVersion: "2.0.0"\ncommandTests:\n- name: a\n  comand: b\n' >t.yaml
        expect_fail 3 "t.yaml:4: a command test has no key 'comand'" "did you mean 'command'" -- decant test subject t.yaml
        printf '{"schemaVersion": "2.0.0",\n "metadataTest": {"labels": [{"key": "a",\n "value": "(", "isRegex": true}]}}' >t.json
        expect_fail 3 "t.json:3: labels: regular expression '\('" -- decant test subject t.json
        expect_fail 5 'nothing.yaml' -- decant test subject nothing.yaml
        printf 'schemaVersion: "2.0.0"\nmetadataTest: {user: nobody}\n' >u.yaml
        expect_fail 5 'No such image: nothing' -- decant test nothing u.yaml
        expect_fail 2 'which file' -- decant test subject
        expect_fail 2 'which image' -- decant test
}

if [ "$(id -u)" = 0 ] && [ -z "${NO_ROOTLESS:-}" ]; then
        status=0
        (run_tests) || status=1
        (as_new_user structure-tests.sh) | sed 's/^\(ok\|not ok\) /\1 rootless_/' || status=1
        exit $status
fi
if [ "$(id -u)" != 0 ] && ! decant doctor 2>/dev/null | grep -q 'with subordinate ids'; then
        echo "skip rootless: this user has no subordinate ids, or newuidmap is not there"
        exit 0
fi
run_tests
