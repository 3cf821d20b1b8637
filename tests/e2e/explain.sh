#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Why steps were executed, and what one can do about a failing one.
. "$(dirname "$0")/lib.bash"

test_explain() {
        context c <<'D'
FROM busybox AS build
ARG VERSION=1
WORKDIR /src
COPY . .
RUN echo "$VERSION" >/v
FROM scratch
COPY --from=build /v /v
D
        echo a >c/f
        decant build --explain c >log 2>&1 || fail "$(cat log)"
        grep -q 'not cached: \[build 4/4\] RUN .*never executed here before' log || fail "$(cat log)"
        decant build --explain c >log 2>&1
        grep -q '^every step was cached' log || fail "$(cat log)"
        decant build --explain --build-arg VERSION=2 c >log 2>&1
        grep -q "RUN .*: variable: 'VERSION=1' -> 'VERSION=2'" log || fail "$(cat log)"
        grep -q 'COPY . .:' log && fail "COPY was cached: $(cat log)"
        echo b >c/f
        decant build --explain --build-arg VERSION=2 c >log 2>&1
        grep -q "COPY \\. \\.: content of the files that it reads: [0-9a-f]* -> [0-9a-f]*: '/src/f' changed$" log || fail "$(cat log)"
        grep -q 'RUN .*what it builds on is another: \[build 3/4\] COPY' log || fail "$(cat log)"
        sed -i 's,>/v,>/v \&\& true,' c/Dockerfile
        decant build --explain --build-arg VERSION=2 --add-host h:1.2.3.4 c >log 2>&1
        grep -q "command: 'echo .* -> 'echo .*true'" log && grep -q "host added: 'h'" log || fail "$(cat log)"
        decant build --explain --no-cache-filter build c >log 2>&1
        grep -q 'RUN .*no-cache' log || fail "$(cat log)"
        decant build --progress=quiet c >log 2>&1
        grep -q 'not cached' log && fail "nobody asked"
        return 0
}

# Which files: changed, new, gone, of another mode; a build that does not ask does not look.
test_explain_files() {
        context c <<'D'
FROM scratch
COPY src /app/
D
        mkdir -p c/src/d/deep && echo 1 >c/src/d/deep/a && echo 1 >c/src/b && echo 1 >c/src/gone && ln -s b c/src/l && echo 1 >c/src/same
        decant build c || fail build
        decant build --explain c >log 2>&1
        grep -q '^every step was cached' log || fail "$(cat log)"
        echo 2 >c/src/d/deep/a && chmod 755 c/src/b && rm c/src/gone && ln -sf other c/src/l && mkdir c/src/new && echo n >c/src/new/n
        touch c/src/same
        decant build --explain c >log 2>&1 || fail "$(cat log)"
        local line
        line=$(grep 'not cached: .*COPY src' log) || fail "$(cat log)"
        for want in "'/app/d/deep/a' changed" "'/app/b' has another mode or owner" "'/app/gone' removed" "'/app/l' changed" "'/app/new' added"; do
                grep -qF "$want" <<<"$line" || fail "no $want in: $line"
        done
        grep -q same <<<"$line" && fail "$line"
        for i in $(seq 20); do echo "$i" >"c/src/n$i"; done
        decant build --explain c >log 2>&1
        grep -q "'/app/n1' added, .*, and 14 more$" log || fail "$(cat log)"
        decant build c >log 2>&1 && ! grep -q added log || fail "$(cat log)"
        context s <<'D'
FROM busybox AS b
ARG V=1
RUN mkdir /o && echo $V >/o/v && echo same >/o/w
FROM scratch
COPY --from=b /o/ /
D
        decant build s || fail stage
        decant build --explain --build-arg V=2 s >log 2>&1 || fail "$(cat log)"
        grep -q "COPY --from=b .*: '/v' changed$" log || fail "$(cat log)"
}

test_explain_after_prune() {
        context c <<'D'
FROM busybox
RUN true
D
        decant build c && decant prune -af >/dev/null || fail build
        decant import "$(busybox_tar)" busybox >/dev/null
        decant build --explain c >log 2>&1; grep -q 'RUN true: \(nothing changed, but its result is no longer\|it was never\)' log || fail
}

# in_terminal INPUT COMMAND...: on a terminal; INPUT is typed when the shell is there.
in_terminal() {
        python3 - "$@" <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
out, sent, begun = b"", False, time.time()
while time.time() - begun < 30:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
    elif not sent and b"exit ends the build" in out:
        os.write(fd, sys.argv[1].encode())
        sent = True
sys.stdout.buffer.write(out)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
}

test_shell_on_error() {
        context c <<'D'
FROM busybox
RUN --mount=type=cache,target=/cache touch /cache/kept && echo made >/made && exit 3
D
        local status=0
        in_terminal $'cat /made; ls /cache; echo in-$((40+2)); exit\n' "$DECANT" build --on-error=shell c >log 2>&1 || status=$?
        [ "$status" = 4 ] || fail "exit status $status: $(cat log)"
        grep -q '^made' log && grep -q '^kept' log && grep -q '^in-42' log || fail "$(cat log)"
        grep -q 'exit code: 3' log || fail "$(cat log)"
        expect_fail 2 'needs a terminal' -- decant build --on-error=shell c </dev/null
        context c <<'D'
FROM busybox AS b
FROM scratch
COPY --from=b /bin/busybox /bin/false
RUN ["/bin/false"]
D
        status=0
        in_terminal 'exit' "$DECANT" build --on-error=shell c >log 2>&1 || status=$?
        [ "$status" = 4 ] && grep -q 'no shell in this image' log || fail "$status $(cat log)"
        no_leftovers
}

run_tests
