# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A receiver of webhooks as the tests need it: keeps each request as it came, by HTTP or TLS."""
import http.server
import ssl
import threading


class Request:
    def __init__(self, handler, body):
        self.method = handler.command
        self.path = handler.path
        self.version = handler.request_version
        self.headers = handler.headers
        self.body = body
        self.peer_certificate = None
        if isinstance(handler.connection, ssl.SSLSocket):
            self.peer_certificate = handler.connection.getpeercert()


class Receiver:
    """judge(request) gives the status to answer with, and may give a text behind it."""

    def __init__(self, judge=None, context=None, host="127.0.0.1"):
        self.requests = []
        self.connections = 0
        self.judge = judge or (lambda request: 200)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                receiver.connections += 1

            def do_POST(self):
                request = Request(self, self.rfile.read(int(self.headers["Content-Length"])))
                answer = receiver.judge(request)
                status, text = answer if isinstance(answer, tuple) else (answer, "")
                receiver.requests.append(request)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_PUT = do_POST

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server((host, 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
