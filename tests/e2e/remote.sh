#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sources and contexts from the network, all of it on the loopback.
. "$(dirname "$0")/lib.bash"

# serve: a web server for the files of www/ ($url), and what it was asked in requests.
serve() {
        unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
        mkdir -p www
        : >requests
        coproc SERVER { python3 "$TOP/tests/e2e/http_server.py" www requests; }
        read -r port <&"${SERVER[0]}" || fail "the web server does not start"
        url=http://127.0.0.1:$port
}

# silent: somebody who listens and says nothing, at the port in silent.port; its process is $silent.
silent() {
        python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(60)' >silent.port &
        silent=$!
        until [ -s silent.port ]; do sleep 0.1; done
}

# repository DIRECTORY: with two commits, a branch, an annotated tag and a subdirectory.
repository() {
        export GIT_AUTHOR_DATE='1600000000 +0000' GIT_COMMITTER_DATE='1600000000 +0000'
        git -c init.defaultBranch=main init -q "$1"
        git -C "$1" config user.email a@b
        git -C "$1" config user.name a
        mkdir -p "$1/sub"
        echo one >"$1/file"
        echo 'run' >"$1/tool" && chmod 755 "$1/tool"
        echo below >"$1/sub/below"
        ln -s ../../etc "$1/sub/out"
        printf 'FROM scratch\nCOPY file /\n' >"$1/Dockerfile"
        printf 'FROM scratch\nCOPY below /\n' >"$1/sub/Dockerfile"
        echo file >"$1/.dockerignore"
        git -C "$1" add -A && git -C "$1" commit -qm one
        git -C "$1" tag -a -m v1 v1
        git -C "$1" checkout -qb side
        echo side >"$1/file" && git -C "$1" commit -qam side
        git -C "$1" checkout -q main
        echo two >"$1/file" && git -C "$1" commit -qam two
}

# show IMAGE: the files of an image and what is in them.
show() {
        rm -rf shown
        decant build -q -o shown - >/dev/null <<<"FROM $1" || fail "no image $1"
        (cd shown && find . -type f ! -path './.git/*' | sort | while read -r f; do echo "$f $(stat -c '%a %Y' "$f") $(cat "$f")"; done)
}

test_add_url() {
        serve
        echo remote >www/f.txt && touch -d @1600000000 www/f.txt
        context c <<D
FROM scratch
ADD $url/f.txt /dst/
ADD --chmod=755 --chown=3:4 $url/f.txt?x=1 /named
ADD $url/nothing-said/f.txt /unsaid
D
        decant build -q -t t c || fail build
        [ "$(show t)" = "./dst/f.txt 600 1600000000 remote
./named 755 1600000000 remote
./unsaid 600 0 remote" ] || fail "$(show t)"
        decant build -q -o type=tar,dest=t.tar c || fail tar
        [ "$(tar --numeric-owner -tvf t.tar named unsaid | awk '{ print $2 }' | tr '\n' ' ')" = "3/4 0/0 " ] || fail owners
        no_leftovers
}

test_second_build_only_asks() {
        serve
        echo remote >www/f.txt
        context c <<<"FROM scratch
ADD $url/f.txt /f"
        one=$(decant build -q c)
        [ "$(decant build -q c)" = "$one" ] || fail "not cached"
        [ "$(cat requests)" = "GET /f.txt 200
GET /f.txt 304" ] || fail "$(cat requests)"
        decant build c >log 2>&1 && grep -q "CACHED" log || fail "not shown as cached: $(cat log)"
        # the same bytes under another time are another file
        touch -d @1500000000 www/f.txt
        two=$(decant build -q c)
        [ "$one" != "$two" ] || fail "a new Last-Modified was not seen"
        # the same file from another place is the same
        mkdir www/mirror && cp -p www/f.txt www/mirror/
        sed -i 's|ADD .*/f.txt|ADD '"$url"'/mirror/f.txt|' c/Dockerfile
        decant build --progress=plain c >log 2>&1 || fail mirror
        grep -A2 'ADD http' log | grep -q CACHED || fail "the URL counts: $(cat log)"
        sed -i 's|/mirror||' c/Dockerfile
        decant build -q -t t c && show t | grep -q 1500000000 || fail "$(show t)"
        echo changed >www/f.txt
        decant build -q -t t c && show t | grep -q changed || fail "a change was not seen"
        [ "$(decant build -q --no-cache c)" ] || fail "--no-cache"
        tail -1 requests | grep -q 200 || fail "--no-cache asked with what it knows"
}

test_checksum_needs_no_server() {
        serve
        echo remote >www/f.txt
        sum=sha256:$(sha256sum <www/f.txt | cut -d' ' -f1)
        context c <<<"FROM scratch
ADD --checksum=$sum $url/f.txt /f"
        one=$(decant build -q c) || fail build
        rm www/f.txt
        [ "$(decant build -q c)" = "$one" ] || fail "asked although the checksum is known"
        [ "$(wc -l <requests)" = 1 ] || fail "$(cat requests)"
        echo other >www/g.txt
        context c <<<"FROM scratch
ADD --checksum=$sum $url/g.txt /f"
        expect_fail 6 'checksum mismatch' 'Dockerfile:2' -- decant build c
        context c <<<"FROM scratch
ADD --checksum=md5:abc $url/g.txt /f"
        expect_fail 3 'invalid checksum' -- decant build c
        no_leftovers
}

test_mixed_sources() {
        serve
        mkdir t && echo in >t/inside
        tar -C t -czf www/remote.tgz inside
        context c <<D
FROM scratch
ADD $url/remote.tgz local.tgz plain /d/
ADD --unpack=true $url/remote.tgz /u/
D
        tar -C t -czf c/local.tgz inside
        echo plain >c/plain
        echo hidden >c/.dockerignore
        decant build -q -o out c || fail build
        [ "$(cd out && find . -type f | sort | tr '\n' ' ')" = "./d/inside ./d/plain ./d/remote.tgz ./u/inside " ] ||
                fail "$(find out)"
        context c <<<"FROM scratch
ADD $url/remote.tgz hidden /d/"
        echo x >c/hidden
        expect_fail 5 'hidden.*not found' 'dockerignore' -- decant build c
}

test_same_url_once() {
        serve
        echo remote >www/f.txt
        context c <<D
FROM scratch AS a
ADD $url/f.txt /f
FROM scratch
ADD $url/f.txt /g
COPY --from=a /f /f
D
        decant build -q c || fail build
        [ "$(wc -l <requests)" = 1 ] || fail "$(cat requests)"
        # also for several platforms
        : >requests
        decant build --no-cache --platform linux/amd64,linux/arm64 -o type=oci,dest=o.tar c 2>log || fail "$(cat log)"
        [ "$(wc -l <requests)" = 1 ] || fail "$(cat requests)"
}

test_url_bad() {
        serve
        export DECANT_FETCH_TIMEOUT=2 DECANT_FETCH_MAX=1m
        bad() {
                context c <<<"FROM scratch
ADD $1 /f"
                shift
                expect_fail "$@" 'Dockerfile:2' -- timeout 40 "$DECANT" build c
                no_leftovers
        }
        bad "$url/none" 5 'status 404'
        bad "$url/redirect/file" 6 'file:///etc/passwd.*neither http nor https'
        bad "$url/redirect/ftp" 6 'neither http nor https'
        bad "$url/redirect/loop" 1 'redirects'
        bad "$url/endless" 1 'longer than'
        bad "$url/stall" 9 'DECANT_FETCH_TIMEOUT'
        bad "$url/secret" 7 'status 401' 'HTTP_AUTH_TOKEN_127.0.0.1'
        bad http://127.0.0.1:1/f 9 'connect'
        bad http://no-such-host.invalid/f 9 'resolve'
        bad "git://127.0.0.1:1/r.git" 9 'git'
        bad "$url/r.git?refs=x" 3 "did you mean 'ref'"
        context c <<<"FROM scratch
COPY $url/f /f"
        expect_fail 3 'URL for COPY' -- decant build c
}

# Interrupted while a server says nothing: at once, and without leftovers.
test_interrupted() {
        serve
        repository www/r.git
        interrupted() {
                local status=0 began=$SECONDS
                timeout -s INT 1 "$DECANT" build "$@" >log 2>&1 || status=$?
                [ "$status" = 130 ] || [ "$status" = 124 ] || fail "status $status: $(cat log)"
                [ $((SECONDS - began)) -lt 6 ] || fail "took $((SECONDS - began)) seconds"
                no_leftovers
        }
        context c <<<"FROM scratch
ADD $url/stall /f"
        interrupted c
        interrupted "$url/stall"
        silent
        interrupted "git://127.0.0.1:$(cat silent.port)/r.git"
        kill "$silent"
}

test_credentials() {
        serve
        echo remote >www/secret
        context c <<<"FROM scratch
ADD $url/secret /f"
        TOKEN=token decant build --secret "id=HTTP_AUTH_TOKEN_127.0.0.1:$port,env=TOKEN" -q -o out c || fail build
        [ "$(cat out/f)" = remote ] || fail contents
        repository www/private.git
        context d <<<"FROM scratch
ADD $url/git/private.git /g"
        expect_fail 9 'GIT_AUTH_TOKEN.127.0.0.1' -- decant build d
        for id in GIT_AUTH_TOKEN "GIT_AUTH_TOKEN.127.0.0.1:$port"; do
                TOKEN=token decant build --no-cache --secret "id=$id,env=TOKEN" -q -o out2 d || fail "$id"
                [ "$(cat out2/g/file)" = two ] || fail contents
        done
}

test_add_git() {
        serve
        repository www/r.git
        head=$(git -C www/r.git rev-parse main) first=$(git -C www/r.git rev-parse 'v1^{}')
        context c <<D
FROM scratch
ADD $url/git/r.git /head/
ADD $url/git/r.git#v1 /tag/
ADD $url/git/r.git?branch=side&subdir=sub /side/
ADD --checksum=${first:0:12} $url/git/r.git#v1:sub /below/
ADD --keep-git-dir=true $url/git/r.git#$head /kept/
ADD $url/git/r.git?mtime=commit#main /times/
D
        echo "ADD --exclude=sub --exclude=tool $url/git/r.git /part/" >>c/Dockerfile
        umask 077
        decant build -q -o out --metadata-file meta.json c || fail build
        jq -e --arg uri "$url/git/r.git#v1" --arg id "$first" '.["buildx.build.provenance"].materials
                | any(.uri == $uri and .digest.sha1 == $id)' meta.json >/dev/null || fail "$(cat meta.json)"
        umask 022
        [ "$(cat out/head/file out/tag/file out/below/below out/kept/file | tr '\n' ' ')" = "two one below two " ] || fail "$(find out)"
        [ "$(stat -c %a out/head out/head/file out/head/tool | tr '\n' ' ')" = "755 644 755 " ] || fail "modes"
        [ ! -e out/head/.git ] && [ -d out/kept/.git ] && [ -f out/side/below ] || fail "$(find out)"
        [ -f out/part/file ] && [ ! -e out/part/tool ] && [ ! -e out/part/sub ] || fail "$(find out/part)"
        [ "$(stat -c %Y out/times/file)" = 1600000000 ] || fail "times"
        [ "$(git -C out/kept rev-parse HEAD)" = "$head" ] || fail "kept"
        count=$(grep -c POST requests)
        decant build -q c || fail again
        context d <<<"FROM scratch
ADD $url/git/r.git#$head /x/"
        decant build -q d || fail "by commit"
        : >requests
        decant build -q d && [ ! -s requests ] || fail "a commit's id needs no question: $(cat requests)"
        no_leftovers
}

test_git_bad() {
        serve
        repository www/r.git
        bad() {
                context c <<<"FROM scratch
ADD $1 /f"
                shift
                expect_fail "$@" 'Dockerfile:2' -- timeout 60 "$DECANT" build c
        }
        bad "$url/git/r.git#nowhere" 5 "no branch or tag 'nowhere'"
        bad "$url/git/r.git#main:absent" 5 "no directory 'absent'"
        bad "$url/git/r.git#main:sub/out" 5 "no directory 'sub/out'"
        bad "--checksum=0123456789abcdef $url/git/r.git#main" 6 "checksum mismatch"
        bad "$url/git/other.git" 9 "git ls-remote"
        bad "$url/git/private.git" 9 "git ls-remote"
        silent
        DECANT_FETCH_TIMEOUT=2 bad "git://127.0.0.1:$(cat silent.port)/r.git" 9 'no sign of life'
        kill "$silent"
        no_leftovers
}

test_git_daemon_and_submodule() {
        serve
        repository www/r.git
        repository www/other.git
        git -C www/r.git -c protocol.file.allow=always submodule add -q ../other.git module
        git -C www/r.git config -f .gitmodules submodule.module.url ../other.git
        git -C www/r.git add -A && git -C www/r.git commit -qm module
        context c <<<"FROM scratch
ADD $url/git/r.git#main /with/
ADD $url/git/r.git?submodules=false#main /without/"
        decant build -q -o out c || fail build
        [ "$(cat out/with/module/file)" = two ] && [ ! -e out/with/module/.git ] || fail "$(find out)"
        [ ! -e out/without/module/file ] || fail "a submodule that nobody wanted"
}

test_git_context() {
        serve
        repository www/r.git
        decant build -q -o out "$url/git/r.git#v1" || fail build
        [ "$(cat out/file)" = one ] || fail "$(find out)"
        decant build -q -o out2 "$url/git/r.git#main:sub" || fail subdirectory
        [ "$(cat out2/below)" = below ] || fail "$(find out2)"
        expect_fail 5 'not found' -- decant build --ignore-remote "$url/git/r.git"
        decant build "$url/git/r.git#v1" >log 2>&1 && grep -q CACHED log || fail "not cached: $(cat log)"
        expect_fail 5 'Dockerfile.other' -- decant build -f Dockerfile.other "$url/git/r.git"
        # a Dockerfile that is a link out of the repository
        ln -s /etc/hostname www/r.git/Dockerfile.out && git -C www/r.git add -A && git -C www/r.git commit -qm link
        expect_fail 5 'Dockerfile.out' -- decant build -f Dockerfile.out "$url/git/r.git"
        no_leftovers
}

test_url_context() {
        serve
        mkdir t && echo one >t/file && printf 'FROM scratch\nCOPY file /\n' >t/Dockerfile
        tar -C t -cJf www/context.tar.xz .
        cp t/Dockerfile www/alone && printf 'FROM scratch\nLABEL a=b\n' >www/alone
        decant build -q -o out "$url/context.tar.xz" || fail archive
        [ "$(cat out/file)" = one ] || fail "$(find out)"
        decant build -q "$url/alone" || fail "a Dockerfile"
        mkdir c && echo here >c/file
        decant build -q -o out2 -f "$url/context.tar.xz" c 2>/dev/null && fail "an archive is no Dockerfile"
        cp t/Dockerfile www/Dockerfile
        decant build -q -o out2 -f "$url/Dockerfile" c || fail "-f URL"
        [ "$(cat out2/file)" = here ] || fail "$(find out2)"
        expect_fail 5 'status 404' -- decant build -f "$url/none" c
        expect_fail 5 'status 404' -- decant build "$url/none.tar"
}

test_named_contexts() {
        serve
        repository www/r.git
        mkdir t && echo one >t/inside && tar -C t -czf www/a.tgz inside
        context c <<'D'
FROM busybox AS mounted
RUN --mount=from=repo,target=/r cat /r/file >/seen
FROM repo
COPY --from=archive inside /inside
COPY --from=mounted /seen /seen
D
        decant build -q -o out --build-context repo="$url/git/r.git#side" --build-context archive="$url/a.tgz" c || fail build
        [ "$(cat out/file out/inside out/seen | tr '\n' ' ')" = "side one side " ] || fail "$(find out)"
}

test_context_on_standard_input() {
        context c <<<"FROM scratch
COPY a /"
        echo one >c/a
        for how in cat gzip bzip2 xz zstd; do
                tar -C c -cf - . | $how | decant build -q -o "out-$how" - || fail "$how"
                [ "$(cat "out-$how/a")" = one ] || fail "$how"
        done
        tar -C c -cf - . >c.tar
        one=$(decant build -q - <c.tar) two=$(decant build -q - <c.tar)
        [ "$one" = "$two" ] || fail "not cached"
        mv c/Dockerfile c/Other
        tar -C c -cf - . | decant build -q -f Other - || fail "-f inside the archive"
        echo a >c/.dockerignore
        tar -C c -cf - . | decant build -q -f Other - || fail "the ignore file counts only when asked for"
        tar -C c -cf ../ignored.tar -C "$PWD/c" . && expect_fail 5 'not found' -- decant build --ignore-remote -f Other - <../ignored.tar
        decant build -q -o alone - <<<$'FROM scratch\nCOPY <<E /f\ntext\nE' && [ "$(cat alone/f)" = text ] || fail "a Dockerfile"
        expect_fail 5 'not found' 'Dockerfile alone' -- decant build - <<<$'FROM scratch\nCOPY f /'
        decant build -q - <<<$'FROM scratch\nCOPY . /d/' || fail "an empty context"
        expect_fail 2 'standard input' -- decant build -f - - </dev/null
        head -c 3000 c.tar | decant build - >log 2>&1 && fail "a cut archive"
        grep -q 'standard input' log || fail "$(cat log)"
        no_leftovers
}

# The time of something remote as SOURCE_DATE_EPOCH.
test_epoch_of_remote_sources() {
        serve
        repository www/r.git
        echo x >www/f.txt && touch -d @1500000000 www/f.txt
        mkdir t && echo one >t/file && printf 'FROM scratch\nCOPY . /\n' >t/Dockerfile
        touch -d @1400000000 t/* && touch -d @1450000000 t/file && tar -C t -cf www/t.tar . && touch -d @1550000000 www/t.tar
        context c <<D
ARG SOURCE_DATE_EPOCH=time
FROM scratch AS time
ADD $url/f.txt /
FROM busybox AS seen
ARG SOURCE_DATE_EPOCH
RUN echo \$SOURCE_DATE_EPOCH >/seen
FROM scratch
COPY --from=seen /seen /
D
        created() { decant inspect -f '{{.Created}}' t; }
        decant build -q -t t -o out --load c >/dev/null || fail stage
        [ "$(cat out/seen) $(created)" = "1500000000 2017-07-14T02:40:00Z" ] || fail "$(cat out/seen) $(created)"
        decant build -q -t t --build-arg SOURCE_DATE_EPOCH=repo --build-context repo="$url/git/r.git" c >/dev/null || fail named
        [ "$(created)" = 2020-09-13T12:26:40Z ] || fail "$(created)"
        decant build -q -t t --build-arg SOURCE_DATE_EPOCH=context "$url/git/r.git" >/dev/null || fail git
        [ "$(created)" = 2020-09-13T12:26:40Z ] || fail "$(created)"
        SOURCE_DATE_EPOCH=context decant build -q -t t "$url/t.tar" >/dev/null || fail url
        [ "$(created)" = 2019-02-12T19:33:20Z ] || fail "$(created)"
        SOURCE_DATE_EPOCH=context decant build -q -t t "$url/nothing-said/t.tar" >/dev/null || fail archive
        [ "$(created)" = 2015-12-13T09:46:40Z ] || fail "$(created)"
        SOURCE_DATE_EPOCH=context decant build -q -t t - <t.tar >/dev/null 2>&1 && fail "no such file"
        SOURCE_DATE_EPOCH=context decant build -q -t t - <www/t.tar >/dev/null || fail stdin
        [ "$(created)" = 2015-12-13T09:46:40Z ] || fail "$(created)"
        expect_fail 2 'invalid SOURCE_DATE_EPOCH: nowhere' -- decant build --build-arg SOURCE_DATE_EPOCH=nowhere c
        expect_fail 2 "stage 'seen'" -- decant build --build-arg SOURCE_DATE_EPOCH=seen c
        decant build -q --build-arg SOURCE_DATE_EPOCH= c >/dev/null || fail "empty means not set"
        no_leftovers
}

# A proxy gets the whole URL; HTTP_PROXY counts as well as http_proxy.
test_proxy() {
        serve
        echo proxied >www/f.txt
        context c <<<"FROM scratch
ADD http://no-such-host.invalid/f.txt /f"
        HTTP_PROXY=$url decant build -q -o out c || fail "through a proxy"
        [ "$(cat out/f)" = proxied ] || fail contents
        HTTP_PROXY=$url NO_PROXY=no-such-host.invalid decant build c >log 2>&1 && fail "NO_PROXY"
        grep -q resolve log || fail "$(cat log)"
}

test_tls() {
        command -v openssl >/dev/null || { echo "skip test_tls: no openssl"; return; }
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
                -addext subjectAltName=DNS:localhost 2>/dev/null || fail "no certificate"
        mkdir -p www && echo secure >www/f.txt
        (cd www && exec python3 -c 'import http.server, ssl, sys
s = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("../cert.pem", "../key.pem")
s.socket = c.wrap_socket(s.socket, server_side=True)
print(s.server_port, flush=True)
s.serve_forever()' >../port 2>/dev/null) &
        local server=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do
                [ -s port ] && break
                sleep 0.2
        done
        context c <<<"FROM scratch
ADD https://localhost:$(cat port)/f.txt /f"
        status=0
        decant build c >log 2>&1 || status=$?
        SSL_CERT_FILE=$PWD/cert.pem decant build -q -o out c >log2 2>&1 || status="$status, trusted: $(cat log2)"
        kill "$server"
        [ "$status" = 9 ] && grep -q SSL_CERT_FILE log || fail "$status $(cat log)"
        [ "$(cat out/f)" = secure ] || fail contents
}

test_ignorefile() {
        context c <<<"FROM scratch
COPY . /"
        echo a >c/a && echo b >c/b && echo a >c/.dockerignore && echo b >other
        decant build -q -o out --ignorefile other c || fail build
        [ -f out/a ] && [ ! -f out/b ] || fail "$(find out)"
        expect_fail 5 'no such file' -- decant build --ignorefile none c
}

run_tests
