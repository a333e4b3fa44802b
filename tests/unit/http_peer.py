#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The HTTP server that the tests of webhooks talk to: what it does is in the path.

http_peer.py PORT LOG [CERTIFICATE]: listens on 127.0.0.1 (PORT 0: any), prints the port, and
writes to LOG a line for each request before it answers: connection, status, path, webhook-id,
body. CERTIFICATE, a file with its key: by TLS.
"""
import gzip
import http.server
import itertools
import socket
import ssl
import struct
import sys
import threading
import time

numbers = itertools.count(1)
requests = itertools.count(1)
lock = threading.Lock()


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.number = next(numbers)

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, status, body):
        with lock:
            log.write("%d %d %s %s %s\n" % (
                self.number, status, self.path, self.headers.get("webhook-id", "-"),
                body.decode("utf-8", "backslashreplace")))
            log.flush()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what, _, rest = self.path[1:].partition("?")[0].partition("/")
        status = int(what) if what.isdigit() else 200
        if what == "third":
            status = 500 if next(requests) % 3 == 0 else 200
        if what == "poison":
            status = 400 if b"poison" in body else 200
        if what == "limited":
            status = 503 if next(requests) == 1 else 200
        self.note(status, body)
        getattr(self, "do_" + what, self.do_status)(status, rest)

    do_PUT = do_POST
    do_PATCH = do_POST

    def do_status(self, status, rest):
        headers = {}
        if rest.startswith("retry-after="):
            headers["Retry-After"] = rest[12:].replace("_", " ")
        if 300 <= status < 400:
            headers["Location"] = "http://127.0.0.1:%d/200/followed" % port
        self.reply(status, b"ok", **headers)

    def do_headers(self, status, rest):
        self.reply(200, str(self.headers).encode())

    def do_never(self, status, rest):
        time.sleep(60)

    def do_drip(self, status, rest):
        for c in b"HTTP/1.1 200 OK\r\n" * 1000:
            self.wfile.write(bytes([c]))
            self.wfile.flush()
            time.sleep(0.1)

    def do_endless(self, status, rest):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def do_headerflood(self, status, rest):
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        except OSError:
            self.close_connection = True

    def do_bomb(self, status, rest):
        bomb = gzip.compress(b"\0" * 10_000_000)
        self.reply(200, bomb, Content_Encoding="gzip")

    def do_cut(self, status, rest):
        """The whole header, less body than it says."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"some")
        self.close_connection = True

    def do_lost(self, status, rest):
        """Processed, but the answer is lost: reset. The second time all is well."""
        if next(requests) > 1:
            self.reply(200)
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.connection.close()

    def do_garbage(self, status, rest):
        self.wfile.write(b"\x00\xff\x00 no http \r\n\r\n")
        self.close_connection = True

    def do_close(self, status, rest):
        self.reply(200, b"ok", Connection="close")
        self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


log = open(sys.argv[2], "w", encoding="utf-8")
server = Server(("127.0.0.1", int(sys.argv[1])), Peer)
port = server.server_address[1]
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
sys.stdout.write("%d\n" % port)
sys.stdout.flush()
server.serve_forever()
