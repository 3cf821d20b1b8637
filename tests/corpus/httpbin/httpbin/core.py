import http.server
import json
import sys
import threading
import urllib.request

from itsdanger import sign


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"url": self.path, "signed": sign(self.path)}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    """Serves, asks itself once, and ends."""
    host, port = sys.argv[2].split(":")
    server = http.server.HTTPServer((host, int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(urllib.request.urlopen("http://127.0.0.1:%d/get" % server.server_port).read().decode())
