#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generators of the benchmark contexts W1..W10. Deterministic; usage: gen.py OUTDIR [w1 w2 ...]"""
import os, random, sys, subprocess
OUT = sys.argv[1]; which = set(sys.argv[2:])
def d(*p):
    q = os.path.join(OUT, *p); os.makedirs(q, exist_ok=True); return q
def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f: f.write(data if isinstance(data, bytes) else data.encode())
def blob(rng, n, pool=None):           # semi-compressible text-like content (gzip ~2.5-3x)
    o = rng.randrange(len(pool) - n) ; return pool[o:o+n]
def textpool(rng, n=4 << 20):
    words = [''.join(rng.choice('abcdefghijklmnopqrstuvwxyz') for _ in range(rng.randint(2, 10))) for _ in range(6000)]
    out = bytearray()
    while len(out) < n:
        out += (' '.join(rng.choice(words) for _ in range(12)) + ';\n').encode()
    return bytes(out)
rng = random.Random(20261120); pool = textpool(rng)
def tree(root, nfiles, lo, hi, perdir=100, tag=b''):
    for i in range(nfiles):
        dd = os.path.join(root, 'd%03d' % (i // perdir // 10), 's%02d' % (i // perdir % 10))
        if i % perdir == 0: os.makedirs(dd, exist_ok=True)
        with open(os.path.join(dd, 'f%05d.c' % i), 'wb') as f:
            f.write(b'/* %d */ ' % i + tag + blob(rng, rng.randint(lo, hi), pool))
def want(w): return not which or w in which

if want('w1'):
    r = d('w1'); put(r + '/Dockerfile', '''FROM debian:bookworm AS base
ENV APP_ENV=production LANG=C.UTF-8
WORKDIR /app
RUN echo base > base.txt
COPY conf/ ./conf/
FROM base AS builder
ARG VERSION=1.2.3
ENV VERSION=$VERSION
COPY src/ ./src/
RUN cat src/*/*/*.c > all.c && wc all.c > stats.txt
RUN sha256sum all.c > all.sum
RUN mkdir -p out && cp all.c all.sum out/
FROM debian:bookworm AS final
LABEL org.example.name=w1 org.example.version=1
ENV PATH=/opt/app/bin:$PATH
COPY --from=builder /app/out /opt/app/out
COPY --from=base /app/conf /opt/app/conf
RUN ln -s /opt/app/out/all.sum /opt/app/sum
EXPOSE 8080
CMD ["/bin/cat", "/opt/app/sum"]
''')
    tree(r + '/src', 300, 1024, 8192); tree(r + '/conf', 20, 100, 800)
if want('w2'):
    r = d('w2'); put(r + '/Dockerfile', 'FROM busybox\n' + 'RUN true\n' * 100)
    put(OUT + '/w2s/Dockerfile', 'FROM busybox\n' + 'RUN true\n' * 20)
if want('w3'):
    for v in 'abc':      # one tree per repetition, all file contents differ
        r = d('w3' + v); put(r + '/Dockerfile', 'FROM scratch\nCOPY . /app/\n'); tree(r, 50000, 1024, 8192, tag=v.encode() * 3)
        put(r + '/.dockerignore', 'Dockerfile\n.dockerignore\n')
if want('w4'):
    r = d('w4'); put(r + '/Dockerfile', 'FROM scratch\nCOPY *.bin /data/\n')
    for i in range(4):
        with open(r + '/big%d.bin' % i, 'wb') as f:
            for _ in range(256): f.write(rng.randbytes(1 << 20))
if want('w5'):
    r = d('w5'); put(r + '/Dockerfile', 'FROM scratch AS a\nCOPY tree /tree\nFROM scratch\nCOPY nonce /nonce\nCOPY --from=a /tree /tree\n')
    put(r + '/nonce', '0\n')
    for i in range(3000):
        put(r + '/tree/d%02d/f%04d.bin' % (i // 100, i), blob(rng, 60000, pool) + rng.randbytes(40000))
if want('w6'):
    r = d('w6'); put(r + '/calculator.go', r'''package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Println("usage: calculator A (+|-|x|/) B")
		os.Exit(2)
	}
	a, e1 := strconv.ParseFloat(os.Args[1], 64)
	b, e2 := strconv.ParseFloat(os.Args[3], 64)
	if e1 != nil || e2 != nil {
		fmt.Println("not a number")
		os.Exit(2)
	}
	switch os.Args[2] {
	case "+":
		fmt.Println(a + b)
	case "-":
		fmt.Println(a - b)
	case "x":
		fmt.Println(a * b)
	case "/":
		fmt.Println(a / b)
	default:
		os.Exit(2)
	}
}
''')
    df = '''FROM debian:bookworm%s
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y golang-go
WORKDIR /src
COPY calculator.go .
RUN CGO_ENABLED=0 go build -o /calculator calculator.go
'''
    put(r + '/Dockerfile', df % ' AS build' + 'FROM scratch\nCOPY --from=build /calculator /calculator\nENTRYPOINT ["/calculator"]\n')
    put(r + '/Dockerfile.single', df % '' + 'ENTRYPOINT ["/calculator"]\n')
if want('w8'):
    r = d('w8')
    put(r + '/burn.c', '''#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int main(int c,char**v){uint64_t n=strtoull(v[1],0,10),x=88172645463325252ull;for(uint64_t i=0;i<n;i++){x^=x<<13;x^=x>>7;x^=x<<17;}printf("%llu\\n",(unsigned long long)x);}
''')
    subprocess.check_call(['gcc', '-O1', '-static', '-o', r + '/burn', r + '/burn.c'])
    # calibrated to 3 s on an idle core by run.py floors (N in w8/N)
    n = int(os.environ.get('BURN_N', '1500000000'))
    s = ''.join('FROM base AS c%d\nRUN /burn %d > /out%d\n' % (i, n + i, i) for i in range(4))
    put(r + '/Dockerfile', 'FROM busybox AS base\nCOPY burn /burn\n' + s + 'FROM scratch\n' + ''.join('COPY --from=c%d /out%d /\n' % (i, i) for i in range(4)))
    s = ''.join('FROM busybox AS c%d\nRUN sleep 3; echo %d > /out%d\n' % (i, i, i) for i in range(4))
    put(r + '/Dockerfile.sleep', s + 'FROM scratch\n' + ''.join('COPY --from=c%d /out%d /\n' % (i, i) for i in range(4)))
if want('w9'):
    r = d('w9'); put(r + '/Dockerfile', 'FROM scratch\nCOPY f /f\n'); put(r + '/f', 'x')
if want('w10'):
    r = d('w10'); put(r + '/Dockerfile', '''FROM debian:bookworm AS base
RUN mkdir -p /app && echo toolchain > /app/toolchain
FROM base AS deps
WORKDIR /app
COPY deps/ ./deps/
RUN cat deps/*/*/*.c | sha256sum > deps.lock
FROM deps AS build
COPY src/ ./src/
RUN cat src/*/*/*.c deps.lock > app.bin
FROM build AS test
RUN test -s /app/app.bin && echo ok > /app/test.ok
FROM debian:bookworm AS final
COPY --from=deps /app/deps.lock /opt/
COPY --from=build /app/app.bin /opt/app.bin
COPY --from=test /app/test.ok /opt/
CMD ["/opt/app.bin"]
''')
    tree(r + '/deps', 5000, 4096, 16384); tree(r + '/src', 500, 1024, 8192)
