#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An ordinary user with subordinate ids: everything that root can build, and nothing left that the user could not remove.
# As root this makes such a user, runs the tests as that user, and removes the user again; as anybody else it uses the ids
# that there are.
. "$(dirname "$0")/lib.bash"

test_doctor() {
        decant doctor | tee out.log
        grep -q 'user namespace with subordinate ids' out.log && grep -q '^RUN steps work' out.log || fail "doctor"
}

dockerfile() {
        cat <<'D'
FROM busybox AS a
RUN echo 'app:x:1234:1234::/home/app:/bin/sh' >>/etc/passwd; echo 'app:x:1234:' >>/etc/group; mkdir -p /home/app /srv/x; \
    chown app:app /home/app; chown 4000:5000 /srv/x; chmod 2750 /srv/x
COPY --chown=app:app --chmod=640 f /home/app/f
USER app
WORKDIR /home/app/w
RUN [ "$(id -u):$(id -g)" = 1234:1234 ]; touch mine; [ "$(cat ../f)" = data ]
RUN --mount=type=cache,target=/cache,uid=1234 echo x >>/cache/n; [ -O /cache/n ]
RUN --mount=type=secret,id=s,uid=1234 [ "$(cat /run/secrets/s)" = hidden ]
RUN --mount=type=tmpfs,target=/t touch /t/x
USER 0
RUN mkdir -p /d/e; touch /d/e/x; chown 777 /d/e; chmod 0 /d/e; rm -r /home/app/f; mkdir /home/app/f; ! mknod /n b 8 0 2>/dev/null
FROM busybox
COPY --from=a /home /home
COPY --from=a /srv /srv
COPY --from=a /d /d
RUN stat -c '%n %u:%g %a' /home/app /home/app/w/mine /srv/x /d/e /d/e/x >/owners; ls -d /home/app/f/
USER 1234
D
}

owners='/home/app 1234:1234 755
/home/app/w/mine 1234:1234 644
/srv/x 4000:5000 2750
/d/e 777:0 0
/d/e/x 0:0 644'

make_context() {
        dockerfile | context c
        echo data >c/f
        echo hidden >secret
}

test_build_run_save_load_prune() {
        make_context
        decant build -t t --secret id=s,src=secret c || fail build
        [ "$(decant run t cat /owners)" = "$owners" ] || fail "owners: $(decant run t cat /owners)"
        [ "$(decant run t id -u)" = 1234 ] && [ "$(decant run -u 4000:5000 t id -G)" = 5000 ] || fail "user"
        status=0
        decant run -u 1 t sh -c 'exit 7' || status=$?
        [ $status = 7 ] || fail "status $status"
        decant save -o t.tar t && decant save --format oci -o t.oci t && decant rmi t >/dev/null || fail save
        decant prune -af >/dev/null && decant load -i t.tar >/dev/null || fail load
        [ "$(decant run t sh -c 'stat -c "%n %u:%g %a" /home/app /home/app/w/mine /srv/x /d/e; cat /owners')" = "$(head -4 <<<"$owners"
echo "$owners")" ] || fail "owners after load"
        decant rmi t >/dev/null && decant load -q -i t.oci >/dev/null && decant images -q t | grep -q . || fail "load oci"
        no_leftovers
        decant doctor --store --deep || fail store
        decant prune -af >/dev/null || fail prune
        [ -z "$(find "$DECANT_ROOT" ! -user "$(id -un)" | head -3)" ] || fail "left: $(find "$DECANT_ROOT" ! -user "$(id -un)")"
        rm -r "$DECANT_ROOT" || fail "the user cannot remove the store"
}

test_same_bytes_in_another_store() {
        make_context
        export SOURCE_DATE_EPOCH=1700000000
        for i in 1 2; do
                DECANT_ROOT=$PWD/store$i decant import "$(busybox_tar)" busybox >/dev/null || fail import
                DECANT_ROOT=$PWD/store$i decant build -q -o "type=oci,dest=$i.tar" --secret id=s,src=secret c || fail build
                DECANT_ROOT=$PWD/store$i decant prune -af >/dev/null
        done
        cmp 1.tar 2.tar || fail "differ"
}

test_exported_tree_is_the_users() {
        make_context
        decant build -o out --secret id=s,src=secret c || fail build
        [ -z "$(find out ! -user "$(id -un)")" ] || fail "$(find out ! -user "$(id -un)")"
        chmod -R u+rwx out && rm -r out || fail "not removable"
}

test_cache_survives_between_builds() {
        printf 'FROM busybox\nARG N\nRUN --mount=type=cache,target=/c echo $N >>/c/n; cp /c/n /n\n' | context c
        decant build --build-arg N=1 c && decant build --build-arg N=2 -o out c || fail build
        [ "$(cat out/n)" = "1
2" ] || fail "$(cat out/n)"
}

test_failing_and_killed_builds_leave_nothing() {
        printf 'FROM busybox\nRUN touch /x; chown 99 /x; chmod 0 /etc; exit 3\n' | context c
        expect_fail 4 'exit code: 3' -- decant build c
        no_leftovers
        printf 'FROM busybox\nRUN mkdir /x; chown 99 /x; chmod 0 /x; sleep 947\n' | context d
        "$DECANT" build d >/dev/null 2>&1 &
        pid=$!
        for _ in $(seq 100); do pgrep -x -f 'sleep 947' >/dev/null && break; sleep 0.05; done
        kill -TERM $pid
        wait $pid
        ! pgrep -x -f 'sleep 947' >/dev/null || fail "the step lives on"
        no_leftovers
        "$DECANT" build d >/dev/null 2>&1 &
        pid=$!
        for _ in $(seq 100); do pgrep -x -f 'sleep 947' >/dev/null && break; sleep 0.05; done
        kill -KILL $pid
        for _ in $(seq 100); do pgrep -x -f 'sleep 947' >/dev/null || break; sleep 0.05; done
        ! pgrep -x -f 'sleep 947' >/dev/null || fail "the step of a killed build lives on"
        decant prune -f >/dev/null && no_leftovers
        decant doctor --store || fail store
}

hide_newuidmap() {
        mkdir bin
        local p
        for p in /usr/bin/* /bin/*; do
                case $p in */newuidmap | */newgidmap) ;; *) ln -sf "$p" bin/ ;; esac
        done
        export PATH=$PWD/bin
}

# A program that is not there must be named, and what needs no namespace works without it.
test_without_newuidmap() {
        hide_newuidmap
        printf 'FROM scratch\nCOPY f /f\nCOPY --from=busybox /bin /bin\n' | context c
        echo data >c/f
        decant doctor | tee out.log
        grep -q 'newuidmap' out.log || fail "doctor does not name it"
        DECANT_ROOT=$PWD/other decant import "$(busybox_tar)" busybox || fail import
        DECANT_ROOT=$PWD/other decant build -t t c || fail "a build without RUN"
        DECANT_ROOT=$PWD/other decant run t cat /f | grep data || fail "run as root of one id"
}

test_ids_beyond_the_range_are_named() {
        printf 'FROM busybox\nCOPY --chown=3000000:1 Dockerfile /x\n' | context c
        expect_fail 1 "change owner of '/x' to 3000000:1" 'hint: [0-9]+ ids are mapped in this user namespace' -- decant build c
        printf 'FROM busybox\nUSER 3000000\nRUN id\n' | context c
        expect_fail 7 'Dockerfile:3: there is no user 3000000' 'hint: [0-9]+ ids are mapped' -- decant build c
}

test_single_id() {
        hide_newuidmap
        DECANT_ROOT=$PWD/other decant import "$(busybox_tar)" busybox || fail import
        printf 'FROM busybox\nRUN id -u >/id; chown 1 /id\n' | context c
        DECANT_ROOT=$PWD/other expect_fail 4 'exit code: 1' 'hint: only your own id is mapped' -- decant build c
        printf 'FROM busybox\nUSER 1\nRUN id\n' | context c
        DECANT_ROOT=$PWD/other expect_fail 7 'there is no user 1' 'hint: only your own id' -- decant build c
}

# Without $HOME it is the user's own, not that of root, who the user is inside the namespace.
test_home_is_the_users() {
        local said
        said=$(env -u HOME -u DECANT_ROOT -u XDG_DATA_HOME "$DECANT" images 2>&1) || true
        [[ $said != */root/* ]] || fail "$said"
}

# As in a container that forbids namespaces: everything but RUN works, and files are root's in the image.
without_namespaces() {
        unshare --user --map-current-user --keep-caps sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
                exec setpriv --inh-caps -all --ambient-caps -all --bounding-set -all "$@"' sh "$@"
}

test_without_namespaces() {
        export DECANT_ROOT=$PWD/other
        without_namespaces "$DECANT" import "$(busybox_tar)" busybox || fail import
        printf 'FROM busybox AS a\nCOPY f /d/f\nFROM scratch\nCOPY --from=a /d /d\nWORKDIR /w\n' | context c
        echo data >c/f
        without_namespaces "$DECANT" build -o type=oci,dest=t.tar -t t c || fail build
        mkdir oci && tar -xf t.tar -C oci && rm t.tar
        for blob in oci/blobs/sha256/*; do tar --numeric-owner -tvf "$blob" 2>/dev/null; done >list
        grep -q '0/0 .* d/f$' list && ! grep -v ' 0/0 ' list || fail "owners: $(cat list)"
        without_namespaces "$DECANT" build -o out c && [ "$(cat out/d/f)" = data ] || fail "export of the tree"
        printf 'FROM scratch\nCOPY --chown=7 f /f\n' | context d
        echo data >d/f
        expect_fail 7 "change owner of '/f' to 7:7" 'without a user namespace everything belongs to root' -- \
                without_namespaces "$DECANT" build d
        printf 'FROM busybox\nRUN true\n' | context d
        expect_fail 7 'Dockerfile:2: .*make namespaces' 'decant doctor' -- without_namespaces "$DECANT" build d
        expect_fail 7 'without namespaces: only builds without RUN' 'max_user_namespaces is 0' -- without_namespaces "$DECANT" doctor
        decant doctor --store --deep || fail store
}

# Distroless bases, which root has made before (see below): of the same packages, files of other owners among them.
bases='static-debian12:latest linux/amd64
python3-debian12:nonroot linux/amd64
./bytecode.yaml linux/amd64
base-debian13:latest linux/arm64'

# build_bases: the image id of each, and the packages remain in the store.
build_bases() {
        local name platform
        printf 'extends: python3\nreleases: {debian12: {}}\npython-bytecode: true\n' >bytecode.yaml # its Python is run in a sandbox
        while read -r name platform; do
                echo "$name $(decant base build -q --platform "$platform" "$name")" || fail "base build $name"
        done <<<"$bases"
}

# The packages that root has fetched.
with_packages() {
        [ ! -d "$TMPDIR/given/debian" ] || { mkdir -p "$DECANT_ROOT" && cp -r "$TMPDIR/given/debian" "$DECANT_ROOT/"; } || fail "copy of the packages"
}

test_bases_are_as_roots() {
        with_packages
        build_bases >ids
        [ "$(grep -c ' sha256:' ids)" = 4 ] || fail "$(cat ids)"
        [ ! -f "$TMPDIR/given/ids" ] || cmp "$TMPDIR/given/ids" ids || fail "root has $(cat "$TMPDIR/given/ids"), the user $(cat ids)"
        cat >t.yaml <<'Y'
schemaVersion: "2.0.0"
commandTests:
  - {name: the user's own home, command: python3, args: [-c, 'open("/home/nonroot/x", "w")']}
  - {name: not the home of root, command: python3, args: [-c, 'import os; os.listdir("/root")'], exitCode: 1, expectedError: [PermissionError]}
fileExistenceTests:
  - {name: home of nonroot, path: /home/nonroot, uid: 65532, gid: 65532, permissions: drwx------}
  - {name: owned by a group of the system, path: /var/local, uid: 0, gid: 50}
Y
        decant test python3-debian12:nonroot t.yaml || fail "structure tests"
        decant rmi -f static-debian12 python3-debian12:nonroot bytecode-debian12 base >/dev/null && decant prune -af >/dev/null || fail "prune"
        rm -r "$DECANT_ROOT" || fail "the user cannot remove the store"
}

python_app() {
        printf 'import os, pwd; print("hello", pwd.getpwuid(os.getuid()).pw_name, os.stat("/home/nonroot").st_uid)\n' >app.py
        printf 'FROM gcr.io/distroless/python3-debian12%s\nCOPY app.py /app/\nWORKDIR /app\nCMD ["app.py"]\n' "$1" >Dockerfile
}

test_from_base() {
        with_packages
        python_app '' && decant build -q -t app . || fail "build"
        [ "$(decant run --rm app)" = 'hello root 65532' ] || fail "root: $(decant run --rm app 2>&1)"
        [ "$(decant run --rm --read-only --user 65532:65532 app)" = 'hello nonroot 65532' ] || fail "nonroot, by --user"
        python_app :nonroot && decant build -q -t app . || fail "build over nonroot"
        [ "$(decant run --rm --read-only app)" = 'hello nonroot 65532' ] || fail "nonroot: $(decant run --rm --read-only app 2>&1)"
        no_leftovers
}

# Every distroless base has files of other owners, which one id cannot hold.
test_bases_need_ids() {
        hide_newuidmap
        export DECANT_ROOT=$PWD/other
        with_packages
        expect_fail 1 "base image static .*base-files .*change owner of '/var/local' to 0:50" 'hint: only your own id is mapped.*subordinate ids' -- \
                decant base build -q static-debian12
        python_app ''
        expect_fail 1 'Dockerfile:1: .*python3-debian12' 'hint: only your own id is mapped' -- decant build .
        expect_fail 7 "change owner of '/var/local' to 0:50" 'hint: without a user namespace everything belongs to root.*decant doctor' -- \
                without_namespaces "$DECANT" base build -q static-debian12
        decant doctor --store || fail store
}

if [ "$(id -u)" = 0 ]; then
        mkdir "$work/of-root"
        (cd "$work/of-root" && DECANT_ROOT=$work/of-root build_bases) >"$work/ids"
        as_new_user rootless.sh "$work/ids" "$work/of-root/debian"
fi
if ! decant doctor 2>/dev/null | grep -q 'with subordinate ids'; then
        echo "skip rootless: this user has no subordinate ids, or newuidmap is not there"
        exit 0
fi
run_tests
