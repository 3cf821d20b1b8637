#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server for tests: http_server.py DIRECTORY LOG. Prints its port, serves until its standard input ends.

Files of DIRECTORY with ETag and Last-Modified, conditional requests answered; /redirect/file|ftp|loop|ok, /endless, /stall,
/secret (wants "Bearer token"), /nothing-said/NAME (no validators), /git/REPOSITORY (git's own CGI program, smart
protocol; /git/private* wants the token "token").
Each request is a line of LOG: METHOD PATH STATUS."""
import base64
import email.utils
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time

ROOT, LOG = os.path.abspath(sys.argv[1]), sys.argv[2]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def start(self, status, headers=()):
        with open(LOG, "a", encoding="utf-8") as log:
            log.write("%s %s %d\n" % (self.command, self.path, status))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def send_file(self, name, validators=True):
        path = os.path.join(ROOT, name)
        if not os.path.isfile(path):
            return self.start(404, [("Content-Length", "0")])
        data = open(path, "rb").read()
        etag = '"%s"' % hashlib.sha1(data).hexdigest()
        when = email.utils.formatdate(int(os.stat(path).st_mtime), usegmt=True)
        headers = [("ETag", etag), ("Last-Modified", when)] if validators else []
        if validators and self.headers.get("If-None-Match") == etag and self.headers.get("If-Modified-Since") == when:
            return self.start(304, headers)
        self.start(200, headers + [("Content-Length", str(len(data)))])
        self.wfile.write(data)

    def redirect(self, where):
        places = {"file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "loop": "/redirect/loop", "ok": "/f.txt"}
        self.start(302, [("Location", places[where]), ("Content-Length", "0")])

    def endless(self):
        self.start(200)
        while True:
            self.wfile.write(b"x" * 65536)

    def stall(self):
        self.start(200, [("Content-Length", "100")])
        self.wfile.write(b"x")
        self.wfile.flush()
        time.sleep(60)

    def git(self):
        wanted = "Basic " + base64.b64encode(b"x-access-token:token").decode()
        if self.path.startswith("/git/private") and self.headers.get("Authorization") != wanted:
            return self.start(401, [("WWW-Authenticate", 'Basic realm="x"'), ("Content-Length", "0")])
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = dict(os.environ, GIT_PROJECT_ROOT=ROOT, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path[4:], QUERY_STRING=query,
                   REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""), REMOTE_ADDR="127.0.0.1",
                   HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""))
        out = subprocess.run(["git", "http-backend"], input=body, env=env, stdout=subprocess.PIPE, check=False).stdout
        head, _, data = out.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = [int(value.split()[0]) for name, value in headers if name == "Status"]
        self.start(status[0] if status else 200,
                   [h for h in headers if h[0] != "Status"] + [("Content-Length", str(len(data)))])
        self.wfile.write(data)

    def do_GET(self):
        if self.path.startswith("http://"):  # we are somebody's proxy
            self.path = "/" + self.path.split("/", 3)[3]
        name = self.path.lstrip("/")
        if not name.startswith("git/"):
            name = name.partition("?")[0]
        if name.startswith("git/"):
            return self.git()
        if name.startswith("redirect/"):
            return self.redirect(name[9:])
        if name == "endless":
            return self.endless()
        if name == "stall":
            return self.stall()
        if name == "secret" and self.headers.get("Authorization") != "Bearer token":
            return self.start(401, [("Content-Length", "0")])
        if name.startswith("nothing-said/"):
            return self.send_file(name[13:], validators=False)
        return self.send_file(name)

    def do_POST(self):
        return self.git()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
