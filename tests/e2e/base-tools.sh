#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What programs of the packages themselves make of a base: Python's bytecode, a Java runtime of chosen modules. Their packages come from this
# machine's repositories. All tests share one store.
. "${0%/*}/lib.bash"

bases=$work/bases
base() { DECANT_ROOT=$bases "$DECANT" base "$@"; }
in_bases() { DECANT_ROOT=$bases "$DECANT" "$@"; }
as_nobody() { in_bases run --rm --read-only --user 65532 "$@"; }
# elsewhere ARGUMENTS: in another store, which has only the packages' files.
elsewhere() {
        mkdir -p "$PWD/other/debian" && cp -r "$bases/debian/pool" "$PWD/other/debian/" || fail "copy the packages"
        DECANT_ROOT=$PWD/other "$DECANT" base build --locked --offline -q "$@"
}

python_recipe() {
        printf '%s\n' 'extends: python3-min' 'releases: {debian12: {}}' 'python-bytecode: true' 'size-budget: 60MB' 'files:' \
                '  /usr/lib/python3/dist-packages/greeting.py: {text: "def hello(): return 6 * 7\n"}' \
                '  /usr/lib/python3/dist-packages/template.py: {text: "def {{name}}(): no Python\n"}' >py.yaml
}

# Every module has bytecode, which is what Python takes, whatever the times of the files are.
test_bytecode_is_used() {
        python_recipe
        base build ./py.yaml -q -t py >/dev/null || fail "build"
        as_nobody py -c '
import os, sys, greeting, json, importlib.util
assert greeting.hello() == 42
for m in greeting, json:
    with open(m.__cached__, "rb") as f: head = f.read(16)
    assert head[:4] == importlib.util.MAGIC_NUMBER and head[4:8] == b"\1\0\0\0", (m, head)
    with open(m.__file__, "rb") as f: assert head[8:] == importlib.util.source_hash(f.read()), m
assert json.loads.__code__.co_filename == "/usr/lib/python3.11/json/__init__.py", json.loads.__code__
without = [folder + "/" + f for top in ("/usr/lib/python3.11", "/usr/lib/python3") for folder, _, files in os.walk(top) for f in files
           if f.endswith(".py") and not os.path.exists(importlib.util.cache_from_source(folder + "/" + f))]
assert without == ["/usr/lib/python3/dist-packages/template.py"], without
' >out.txt 2>&1 || fail "$(cat out.txt)"
        as_nobody py -v -c 'import greeting, json.decoder' >out.txt 2>&1 || fail "$(cat out.txt)"
        local name
        for name in greeting decoder; do
                grep -q "code object from '[^']*/__pycache__/$name.cpython-311.pyc'" out.txt || fail "the bytecode of $name is not used: $(cat out.txt)"
        done
}

# The same bytes in another store, from a lock, offline; and for an architecture that cannot run here, made by this machine's Python.
test_bytecode_is_reproducible() {
        local both=linux/amd64,linux/arm64
        python_recipe
        base lock ./py.yaml --platform $both --lock py.json -q || fail "lock"
        grep -c '"use": "tool"' py.json >count.txt
        [ "$(cat count.txt)" -gt 3 ] || fail "the lock does not have the programs: $(cat py.json)"
        base build ./py.yaml --platform $both --locked --lock py.json -q -t both >first.txt || fail "build"
        elsewhere ./py.yaml --platform $both --lock py.json >again.txt || fail "offline"
        [ "$(wc -l <first.txt)" = 2 ] && cmp first.txt again.txt || fail "other images: $(cat first.txt again.txt)"
        base build ./py.yaml -q >now.txt && grep -qxf now.txt first.txt || fail "the lock gives another image"
        base verify ./py.yaml --platform $both --lock py.json -q >verdict.txt || fail "$(cat verdict.txt)"
        [ "$(grep -cE '^python3.11-minimal .* (amd64|arm64) .* signed' verdict.txt)" -ge 2 ] || fail "$(cat verdict.txt)"
        sed -E '/"use": "tool"/d; s/("size".*\}),$/\1,/' py.json | python3 -c '
import json, sys
text = sys.stdin.read().replace("},\n      ]", "}\n      ]"); json.loads(text); print(text)' >less.json || fail "lock without programs"
        expect_fail 5 'py.yaml:3: .python-bytecode.: the lock does not have the package' 'decant base lock' -- \
                env DECANT_ROOT="$PWD/third" "$DECANT" base build ./py.yaml --platform "$(foreign)" --locked --lock less.json -q
}

foreign() { [ "$(dpkg --print-architecture)" = arm64 ] && echo linux/amd64 || echo linux/arm64; }

test_bytecode_mistakes() {
        printf 'extends: static\nreleases: {debian12: {}}\npython-bytecode: true\n' >a.yaml
        expect_fail 3 "a.yaml:3: 'python-bytecode' needs a Python" 'python3' -- base build ./a.yaml -q
        [ "$(id -u)" = 0 ] || return 0
        printf '%s\n' 'releases: {debian12: {}}' 'closure: false' 'packages: [python3.11-minimal, libpython3.11-minimal, libc6, libexpat1, zlib1g]' \
                'python-bytecode: true' >b.yaml
        DECANT_ROOT=$PWD/other expect_fail 7 "b.yaml:4: 'python-bytecode': .*make namespaces" 'decant doctor' -- \
                unshare --user --map-current-user --keep-caps sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
                exec setpriv --inh-caps -all --ambient-caps -all --bounding-set -all "$@"' sh "$DECANT" base build ./b.yaml -q
}

# A runtime with a compiler in it makes the program that the small one runs.
test_java_runtime() {
        local arch size
        arch=$(dpkg --print-architecture)
        printf '%s\n' 'extends: java17-min' 'java-runtime: {version: 17, modules: [jdk.compiler, java.net.http, java.sql, jdk.httpserver]}' \
                'size-budget: 150MB' >compiler.yaml
        base build ./compiler.yaml -q -t compiler >/dev/null || fail "build of the compiler"
        base build -q java17-min:nonroot -t java >java.txt || fail "build"
        size=$(in_bases inspect --format '{{.Size}}' java)
        [ "$size" -lt 67500000 ] || fail "java17-min has $size bytes"
        cat >T.java <<'END'
import java.net.*; import java.net.http.*; import java.security.KeyStore; import javax.net.ssl.*;
public class T {
        public static void main(String[] a) throws Exception {
                TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                f.init((KeyStore) null);
                int n = ((X509TrustManager) f.getTrustManagers()[0]).getAcceptedIssuers().length;
                if (n < 100) throw new Exception("only " + n + " authorities");
                var s = com.sun.net.httpserver.HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
                s.createContext("/", x -> { x.sendResponseHeaders(200, 4); x.getResponseBody().write("good".getBytes()); x.close(); });
                s.start();
                URI uri = URI.create("http://127.0.0.1:" + s.getAddress().getPort() + "/");
                System.out.println(HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(),
                        HttpResponse.BodyHandlers.ofString()).body() + " " + System.getProperty("file.encoding") + " " +
                        System.getProperty("sun.jnu.encoding") + " " + java.sql.Types.INTEGER + " " + System.getenv("JAVA_VERSION").split("\\.")[0]);
                System.exit(0);
        }
}
END
        in_bases run --rm --user 0 -v "$PWD:/src" --entrypoint /usr/bin/java compiler -m jdk.compiler/com.sun.tools.javac.Main -d /src /src/T.java ||
                fail "javac"
        printf 'Main-Class: T\n' >MANIFEST.MF && mkdir META-INF && mv MANIFEST.MF META-INF/ && python3 -m zipfile -c t.jar META-INF T.class || fail "jar"
        as_nobody -v "$PWD:/src" java /src/t.jar >out.txt 2>&1 || fail "$(cat out.txt)"
        [ "$(cat out.txt)" = "good UTF-8 UTF-8 4 17" ] || fail "$(cat out.txt)"
        as_nobody --entrypoint /usr/bin/java java --list-modules >modules.txt || fail "$(cat modules.txt)"
        local module
        for module in java.base java.logging java.sql java.net.http jdk.crypto.ec; do
                grep -q "^$module@17" modules.txt || fail "no $module: $(cat modules.txt)"
        done
        ! grep -E '^(java.desktop|jdk.compiler)@' modules.txt || fail "modules that nobody asked for"
        printf 'FROM java\n' >Dockerfile && in_bases build -q -o out . || fail "export"
        [ "$(readlink "out/usr/lib/jvm/java-17-openjdk-$arch/lib/security/cacerts")" = /etc/ssl/certs/java/cacerts ] || fail "cacerts"
        [ -f out/usr/share/doc/openjdk-17-jdk-headless/copyright ] && [ -f out/var/lib/dpkg/status.d/openjdk-17-jdk-headless ] || fail "metadata"
        [ ! -e out/usr/share/doc/openjdk-17-jre-headless/README.Debian ] && [ ! -e "out/usr/lib/jvm/java-17-openjdk-$arch/jmods" ] || fail "files of the package"
        base lock java17-min --lock java.json -q || fail "lock"
        elsewhere java17-min:nonroot --lock java.json >again.txt || fail "offline"
        cmp java.txt again.txt || fail "another image: $(cat java.txt again.txt)"
        printf 'extends: java17-min\njava-runtime: {version: 17, modules: [java.bse]}\n' >wrong.yaml
        expect_fail 4 "wrong.yaml:2: 'java-runtime'" 'Module java.bse not found' -- base build ./wrong.yaml -q
}

run_tests
