#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds as a user makes them.
. "$(dirname "$0")/lib.bash"

test_multi_stage_pours_off() {
        context c <<'D'
FROM busybox AS build
WORKDIR /src
COPY tool.sh .
RUN cp tool.sh /tool && chmod 755 /tool
FROM busybox AS unused
RUN exit 9
FROM scratch
COPY --from=build /tool /tool
CMD ["/tool"]
D
        echo 'echo hello' >c/tool.sh
        decant build -t poured c || fail build
        decant save -o image.tar poured || fail save
        python3 - <<'P' || fail "the image holds more than /tool"
import json, tarfile, io
t = tarfile.open("image.tar")
m = json.load(t.extractfile("manifest.json"))[0]
names = [n for l in m["Layers"] for n in tarfile.open(fileobj=io.BytesIO(t.extractfile(l).read())).getnames()]
assert names == ["tool"], names
P
}

test_second_build_is_cached_and_equal() {
        context c <<'D'
FROM busybox
RUN cat /proc/sys/kernel/random/uuid > /when
COPY f /f
ENV A=b
D
        echo 1 >c/f
        one=$(decant build -q -t t c) two=$(decant build -q -t t c)
        [ "$one" = "$two" ] || fail "$one $two"
        decant build --progress=plain c >log 2>&1
        [ "$(grep -c ' CACHED' log)" -ge 2 ] || fail "$(cat log)"
        three=$(decant build -q --no-cache -t t c)
        [ "$one" != "$three" ] || fail "--no-cache ran nothing"
}

test_equal_input_equal_bytes_in_two_stores() {
        context c <<'D'
FROM busybox
WORKDIR /made
COPY . /app/
RUN echo made > /made/file
LABEL a=b
D
        mkdir c/d && echo x >c/d/x && touch -d @1600000000 c/d/x
        export SOURCE_DATE_EPOCH=1700000000
        for store in one two; do
                DECANT_ROOT=$PWD/$store decant import "$(busybox_tar)" busybox >/dev/null
                DECANT_ROOT=$PWD/$store decant build -q -o type=oci,dest=$store.tar c || fail build
                sleep 1.1
        done
        cmp one.tar two.tar || fail "two builds differ"
}

test_touched_context_is_a_hit_and_changed_is_not() {
        context c <<'D'
FROM scratch
COPY . /
D
        echo a >c/a && echo b >c/b
        one=$(decant build -q -t t c)
        sleep 0.1
        touch c/a c/b c
        [ "$(decant build -q -t t c)" = "$one" ] || fail "a touched file missed the cache"
        echo c >c/b
        [ "$(decant build -q -t t c)" != "$one" ] || fail "a changed file was not seen"
        echo b >c/b
        [ "$(decant build -q -t t c)" = "$one" ] || fail "the first content is known"
}

test_unchanged_files_are_hard_links() {
        context c <<'D'
FROM scratch
COPY . /d/
D
        for i in $(seq 50); do echo "$i" >c/f$i; done
        sleep 0.1
        decant build c >/dev/null 2>&1 || fail one
        echo changed >c/f7
        decant build c >/dev/null 2>&1 || fail two
        linked=$(find "$DECANT_ROOT/snapshots" -path '*/d/f*' -links +1 | wc -l)
        [ "$linked" -ge 98 ] || fail "only $linked names are linked"
}

test_copy_from_makes_no_second_copy() {
        context c <<'D'
FROM busybox AS a
RUN dd if=/dev/zero of=/big bs=1M count=20 2>/dev/null
FROM scratch
COPY --from=a /big /big
D
        decant build c >/dev/null 2>&1 || fail build
        [ "$(find "$DECANT_ROOT/snapshots" -name big -links 2 | wc -l)" = 2 ] || fail "the file was copied"
}

test_run_sees_what_it_should() {
        context c <<'D'
FROM busybox
ARG WHO=world
ENV GREETING=hello
USER nobody
WORKDIR /tmp/w
RUN echo "$GREETING $WHO" && id -u && pwd && hostname && test ! -w / && cat /proc/1/comm
USER root
RUN <<EOF
set -e
touch /etc/from-heredoc
test -c /dev/null
test ! -e /dev/kmsg
EOF
RUN ["busybox", "touch", "/exec-form"]
RUN test -e /etc/from-heredoc && test -e /exec-form
D
        decant build --build-arg WHO=you c >log 2>&1 || fail "$(cat log)"
        grep -q 'hello you' log || fail "$(cat log)"
        grep -q ' 65534$' log || fail "user: $(cat log)"
        grep -q ' /tmp/w$' log || fail "cwd: $(cat log)"
}

test_network_none_and_hosts() {
        context c <<'D'
FROM busybox
RUN --network=none test "$(ls /sys/class/net)" = lo
RUN grep 10.1.2.3 /etc/hosts
D
        decant build --add-host there:10.1.2.3 c >log 2>&1 || fail "$(cat log)"
}

test_limits() {
        context c <<'D'
FROM busybox
RUN test "$(ulimit -n)" = 123 && df /dev/shm | grep -q 16384
D
        decant build --ulimit nofile=123:123 --shm-size 16m c >log 2>&1 || fail "$(cat log)"
}

test_outputs() {
        context c <<'D'
FROM busybox AS a
RUN mkdir /d && echo x > /d/x && ln /d/x /d/y && ln -s x /d/z
FROM scratch
COPY --from=a /d /
D
        decant build -o out c >/dev/null 2>&1 || fail local
        [ "$(cat out/x out/z)" = "x
x" ] || fail "local: $(ls -l out)"
        decant build -o - c 2>/dev/null | tar -tf - | sort >names || fail tar
        [ "$(tr '\n' ' ' <names)" = "x y z " ] || fail "tar: $(cat names)"
        decant build -o type=oci,dest=oci,tar=false c >/dev/null 2>&1 || fail layout
        test -f oci/index.json || fail layout
        decant build -o type=docker,dest=- -t n:1 c 2>/dev/null | tar -xOf - manifest.json | grep -q n:1 || fail docker
}

test_dockerfile_from_standard_input_and_elsewhere() {
        mkdir c && echo x >c/x
        printf 'FROM scratch\nCOPY x /\n' | decant build -f - -o out c >/dev/null 2>&1 || fail stdin
        printf 'FROM scratch\nCOPY x /y\n' >other
        decant build -f other -o out c >/dev/null 2>&1 || fail file
        test -e out/x -a -e out/y || fail "$(ls out)"
}

test_ignore_files() {
        context c <<'D'
FROM scratch
COPY . /
D
        touch c/keep c/drop c/own
        echo drop >c/.dockerignore
        decant build -o one c >/dev/null 2>&1
        [ ! -e one/drop ] && [ -e one/keep ] && [ -e one/own ] || fail "$(ls one)"
        echo own >c/Dockerfile.dockerignore
        decant build -o two c >/dev/null 2>&1
        [ -e two/drop ] && [ ! -e two/own ] || fail "$(ls two)"
}

test_parallel_stages() {
        {
                for i in 1 2 3 4; do printf 'FROM busybox AS s%s\nRUN sleep 1; touch /o%s\n' $i $i; done
                echo FROM scratch
                for i in 1 2 3 4; do echo "COPY --from=s$i /o$i /"; done
        } | context c
        start=$(date +%s%N)
        decant build -o out c >log 2>&1 || fail "$(cat log)"
        took=$((($(date +%s%N) - start) / 1000000))
        [ "$(ls out | wc -l)" = 4 ] || fail "$(ls out)"
        [ $took -lt 3500 ] || fail "four sleeps of one second took $took ms"
}

test_equal_steps_run_once() {
        context c <<'D'
FROM busybox AS a
RUN cat /proc/sys/kernel/random/uuid > /t
FROM busybox AS b
RUN cat /proc/sys/kernel/random/uuid > /t
FROM scratch
COPY --from=a /t /a
COPY --from=b /t /b
D
        decant build --no-cache -o out c >/dev/null 2>&1 || fail build
        cmp out/a out/b || fail "the step ran twice"
}

test_mounts() {
        context c <<'D'
FROM busybox AS tools
RUN mkdir /t && echo tool > /t/f
FROM busybox
RUN --mount=type=cache,target=/c echo x >> /c/count
RUN --mount=type=cache,target=/c test "$(wc -l < /c/count)" = 1
RUN --mount=type=bind,target=/ctx test "$(cat /ctx/f)" = f && ! touch /ctx/new
RUN --mount=type=bind,from=tools,source=/t,target=/t,rw touch /t/new && cat /t/f
RUN --mount=type=tmpfs,target=/x touch /x/y
RUN --mount=type=secret,id=s,target=/s test "$(md5sum < /s | cut -c1-8)" = "$(printf %s%s quiet ly-7391 | md5sum | cut -c1-8)"
RUN --mount=type=secret,id=s,env=S test "$S" = "$(printf %s%s quiet ly-7391)"
RUN test ! -e /c/count && test ! -e /ctx && test ! -e /t && test ! -e /x && test ! -e /s
D
        echo f >c/f
        printf quietly-7391 >secret
        decant build --secret id=s,src=secret -t t c >log 2>&1 || fail "$(cat log)"
        ! grep -q quietly-7391 log || fail "a secret is in the log"
        ! grep -rq quietly-7391 "$DECANT_ROOT" || fail "a secret is in the store"
}

# What steps left in their caches is cache, too; a build that does not run them leaves it alone.
test_no_cache_empties_cache_mounts() {
        {
                echo 'FROM busybox AS a'
                echo 'RUN --mount=type=cache,target=/c echo 1 >>/c/n; wc -l </c/n >/1'
                echo 'RUN --mount=type=cache,target=/c,sharing=private echo 2 >>/c/n; wc -l </c/n >/2'
                echo 'FROM busybox AS b'
                echo 'RUN --mount=type=cache,target=/other echo 1 >>/other/n; wc -l </other/n >/3'
                echo 'FROM scratch'
                echo 'COPY --from=a /1 /2 /'
                echo 'COPY --from=b /3 /'
        } | context c
        decant build -o out c && [ "$(cat out/1 out/2 out/3 | xargs)" = '1 2 1' ] || fail "$(cat out/?)"
        decant build --no-cache -o out c && [ "$(cat out/1 out/2 out/3 | xargs)" = '1 2 1' ] || fail "--no-cache: $(cat out/?)"
        decant build --no-cache-filter b -o out c || fail build
        [ "$(cat out/1 out/2 out/3 | xargs)" = '1 2 1' ] || fail "--no-cache-filter: $(cat out/?)"
        printf 'FROM busybox\nRUN --mount=type=cache,target=/c cp /c/n /n\n' | context d
        decant build -o out d && [ "$(cat out/n | xargs)" = '1 2' ] || fail "emptied what no step without cache uses: $(cat out/n)"
        no_leftovers
}

# The kernel gives up resolving ".." when something is renamed anywhere at that moment, and asks to be asked again.
test_mount_points_while_others_rename() {
        context c <<'END'
FROM busybox
RUN ln -s ../../../../../tmp /l
RUN --mount=source=a.txt,target=/l/inside cat /l/inside > /out
END
        echo hi >c/a.txt
        local i renamer
        touch renamed
        python3 -c 'import os
while True: os.rename("renamed", "back"); os.rename("back", "renamed")' &
        renamer=$!
        for i in $(seq 40); do
                decant build -q --no-cache c >/dev/null 2>err.log || { kill "$renamer"; fail "build $i: $(cat err.log)"; }
        done
        kill "$renamer"
}

run_tests
