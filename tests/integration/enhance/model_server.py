#!/usr/bin/env python3
"""model_server.py FILE: serves FILE over HTTP on a free port of this machine, which it prints, with the faults that the
path asks for. Ends at /quit.

  /complete    as it is, parts of it on demand
  /cut      the same, but the first answer breaks off half-way
  /changed  the same, and every answer is of another version
  /norange  the first answer breaks off half-way; parts are never given
  /html     a page instead
else        404"""

import http.server
import pathlib
import re
import sys

content = pathlib.Path(sys.argv[1]).read_bytes()
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def page(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path
        if path == "/quit":
            self.page(200, b"bye")
            self.server.wanted = False
            return
        if path == "/html":
            self.page(200, b"<html><body>Please log in</body></html>")
            return
        if path not in ("/complete", "/cut", "/changed", "/norange"):
            self.page(404, b"no such model")
            return
        first = path not in seen
        version = '"v2"' if path == "/changed" and not first else '"v1"'
        seen.add(path)
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and path != "/norange" and self.headers.get("If-Range", version) == version:
            start = int(wanted.group(1))
        if start >= len(content) > 0:
            self.page(416, b"")
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", version)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        breaks_off = first and path != "/complete"
        self.wfile.write(body[: len(body) // 2] if breaks_off else body)
        self.close_connection = True


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.wanted = True
print(server.server_port, flush=True)
while server.wanted:
    server.handle_request()
