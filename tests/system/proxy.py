# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Proxies as the tests need them: HTTP (RFC 9110 section 9.3.6, and absolute URIs) and SOCKS 5
(RFC 1928, RFC 1929). names says where a name leads to; asked keeps what was asked for."""
import base64
import socket
import struct
import threading
from urllib.parse import urlsplit


class Proxy:
    def __init__(self, kind="http", login=None, context=None, names=None):
        self.kind = kind
        self.login = login
        self.context = context
        self.names = names or {}
        self.asked = []
        self.refused = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            if self.context is not None:
                peer = self.context.wrap_socket(peer, server_side=True)
            onward, first = self._socks(peer) if self.kind == "socks5" else self._http(peer)
            if onward is None:
                return
            if first:
                onward.sendall(first)
            other = threading.Thread(target=self._pump, args=(onward, peer), daemon=True)
            other.start()
            self._pump(peer, onward)
            other.join()
        except (OSError, ValueError):
            pass
        finally:
            peer.close()

    @staticmethod
    def _pump(source, target):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _connect(self, host, port):
        self.asked.append((host, port))
        return socket.create_connection((self.names.get(host, host), port))

    def _http(self, peer):
        """Where to go on, and what to send there first."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(65536)
            if not piece:
                return None, b""
            head += piece
        head, _, rest = head.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        expected = self.login and "Basic " + base64.b64encode(self.login.encode()).decode()
        if fields.pop("Proxy-Authorization", None) != expected:
            self.refused += 1
            peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
                         b"Proxy-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\n\r\n")
            return None, b""
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            onward = self._connect(host, int(port))
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return onward, rest
        url = urlsplit(target)
        path = url.path + ("?" + url.query if url.query else "")
        fields.pop("Proxy-Connection", None)
        text = "\r\n".join(["%s %s %s" % (method, path, version)] + ["%s: %s" % f for f in fields.items()])
        return self._connect(url.hostname, url.port or 80), text.encode("latin-1") + b"\r\n\r\n" + rest

    @staticmethod
    def _exactly(peer, count):
        got = b""
        while len(got) < count:
            piece = peer.recv(count - len(got))
            if not piece:
                raise ValueError("cut off")
            got += piece
        return got

    def _socks(self, peer):
        _, count = self._exactly(peer, 2)
        methods = self._exactly(peer, count)
        method = 2 if self.login else 0
        if method not in methods:
            self.refused += 1
            peer.sendall(b"\x05\xff")
            return None, b""
        peer.sendall(bytes([5, method]))
        if self.login:
            user = self._exactly(peer, self._exactly(peer, 2)[1])
            password = self._exactly(peer, self._exactly(peer, 1)[0])
            good = user + b":" + password == self.login.encode()
            peer.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                self.refused += 1
                return None, b""
        _, _, _, kind = self._exactly(peer, 4)
        if kind == 3:
            host = self._exactly(peer, self._exactly(peer, 1)[0]).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, self._exactly(peer, 4)) if kind == 1 else
                                      (socket.AF_INET6, self._exactly(peer, 16))))
        port = struct.unpack(">H", self._exactly(peer, 2))[0]
        onward = self._connect(host, port)
        peer.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return onward, b""
