#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mirror for tests: debian_server.py DIRECTORY LOG. Prints its port, serves until its standard input ends.

/plain/PATH  a file of DIRECTORY, with ETag, conditional requests and parts
/dying/PATH  the same, but each answer with more than 1000 bytes ends at its half, the connection with it
/once/PATH   the same, but a .deb is sent to its half once, and later requests for it get 503
/none/PATH   the same, without ETag and without parts
/login/PATH  as /plain, for who says that he is "apt" with the password "#p:ssw0rd" (all others get 401)
Each request is a line of LOG: PATH STATUS RANGE."""
import base64
import hashlib
import http.server
import os
import sys
import threading

ROOT, LOG = os.path.abspath(sys.argv[1]), sys.argv[2]
LOGIN = "Basic " + base64.b64encode(b"apt:#p:ssw0rd").decode()
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def start(self, status, headers=()):
        with open(LOG, "a", encoding="utf-8") as log:
            log.write("%s %d %s\n" % (self.path, status, self.headers.get("Range", "-")))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def send(self, status, headers, data, cut):
        self.start(status, headers + [("Content-Length", str(len(data)))])
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    def do_GET(self):
        mode, _, name = self.path.lstrip("/").partition("/")
        if mode == "login" and self.headers.get("Authorization") != LOGIN:
            return self.send(401, [("WWW-Authenticate", 'Basic realm="private"')], b"", False)
        path = os.path.join(ROOT, name)
        if not os.path.isfile(path):
            return self.send(404, [], b"", False)
        data = open(path, "rb").read()
        etag = '"%s"' % hashlib.sha1(data).hexdigest()
        if mode == "none":
            return self.send(200, [], data, False)
        if self.headers.get("If-None-Match") == etag:
            return self.send(304, [("ETag", etag)], b"", False)
        wanted = self.headers.get("Range")
        start = int(wanted[6:].rstrip("-")) if wanted and self.headers.get("If-Range", etag) == etag else 0
        if start >= len(data) > 0:
            return self.send(416, [], b"", False)
        cut = mode == "dying" and len(data) - start > 1000
        if mode == "once" and name.endswith(".deb"):
            if name in seen:
                return self.send(503, [("Retry-After", "0")], b"", False)
            seen.add(name)
            cut = True
        headers = [("ETag", etag)]
        if start:
            headers.append(("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data))))
        self.send(206 if start else 200, headers, data[start:], cut)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
