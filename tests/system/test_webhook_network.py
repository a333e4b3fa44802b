#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Webhooks in networks as they are: proxies, names that lead astray, lines that are slow, a
hundred receivers that are away."""
import os
import socket
import threading
import time

import lab
from authority import Authority
from proxy import Proxy
from receiver import Receiver

CONFIG = """
secrets_dir: {dir}/secrets
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}}}
devices: {{boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100}}}}}}}}
webhooks:
  ops:
    url: "{url}"
    retry: {{first: 50ms, max: 100ms}}
    {more}
rules:
  hot: {{when: boiler.temp > 80, on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
"""


def make(url, more="", files=None):
    plant = lab.Plant()
    daemon = lab.Gauged("", files=files)
    daemon.values = dict(dir=daemon.dir, plant=plant.port, url=url)
    daemon.write(CONFIG.format(more=more, **daemon.values))
    return plant, daemon


def reload(daemon, more, **values):
    daemon.values.update(values)
    daemon.write(CONFIG.format(more=more, **daemon.values))
    done = daemon.ctl("reload")
    assert done.returncode == 0, done


def detail(daemon):
    return daemon.get("/v1/queue")["webhooks"][0].get("detail", "")


def fails_with(daemon, words):
    try:
        lab.wait_for("a failure with: " + words, lambda: words in detail(daemon), 20)
    except AssertionError:
        raise AssertionError("%s: %s" % (words, detail(daemon)))


def names_in(daemon, **names):
    """The environment of a daemon for which names lead where the test says; None: they can't."""
    shim = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "fake_names.so"))
    if not os.path.exists(shim):
        print("SKIP: with sanitizers nothing can stand before them to resolve names")
        return None
    set_names(daemon, **names)
    return {"LD_PRELOAD": shim, "FAKE_NAMES": os.path.join(daemon.dir, "names")}


def set_names(daemon, **names):
    with open(os.path.join(daemon.dir, "names.new"), "w") as f:
        f.writelines("%s %s\n" % (name.replace("_", "."), address) for name, address in names.items())
    os.rename(os.path.join(daemon.dir, "names.new"), os.path.join(daemon.dir, "names"))


def test_proxies_of_each_kind_carry_messages_and_resolve_the_names():
    authority = Authority()
    tls = authority.context("server", names="DNS:hooks.example.net,DNS:localhost")
    for kind, secure in (("http", False), ("http", True), ("https", True), ("socks5", False), ("socks5", True)):
        receiver = Receiver(context=tls if secure else None)
        proxy = Proxy(kind, names={"hooks.example.net": "127.0.0.1"}, context=tls if kind == "https" else None)
        # Nobody but the proxy knows the name.
        plant, daemon = make("%s://hooks.example.net:%d/hook" % ("https" if secure else "http", receiver.port),
                             "proxy: %s://localhost:%d\n    tls: {ca: %s}" % (kind, proxy.port, authority.ca))
        daemon.start().ready()
        for number, value in enumerate((90, 20)):
            plant.set(1, 100, value)
            lab.wait_for("message %d by %s" % (number, kind), lambda: len(receiver.requests) > number)
        assert proxy.asked == [("hooks.example.net", receiver.port)], (kind, proxy.asked)
        assert receiver.requests[0].path == "/hook", receiver.requests[0].path
        daemon.stop()


def test_a_proxy_that_asks_for_a_login_gets_the_secret_and_the_receiver_does_not():
    for kind in ("http", "socks5"):
        receiver = Receiver()
        proxy = Proxy(kind, login="me:pass:w/ord")
        plant, daemon = make("http://127.0.0.1:%d/hook" % receiver.port,
                             "proxy: %s://127.0.0.1:%d" % (kind, proxy.port),
                             files={"secrets/login": "me:pass:w/ord\n", "secrets/wrong": "me:other",
                                    "secrets/odd": "nobody"})
        plant.set(1, 100, 90)
        daemon.start().ready()
        lab.wait_for("a try", lambda: proxy.refused)
        # The message waits: it is not the receiver that refused it.
        fails_with(daemon, "the proxy asks for a login (407)" if kind == "http" else "1 waiting")
        assert (daemon.metric("gauged_webhook_rejections_total") or 0) == 0
        reload(daemon, 'proxy: %s://127.0.0.1:%d\n    proxy_login: "${secret:wrong}"' % (kind, proxy.port))
        refused = proxy.refused
        lab.wait_for("another try", lambda: proxy.refused > refused)
        reload(daemon, 'proxy: %s://127.0.0.1:%d\n    proxy_login: "${secret:login}"' % (kind, proxy.port))
        lab.wait_for("the message", lambda: receiver.requests)
        assert not [name for name in receiver.requests[0].headers if name.lower().startswith("proxy-auth")]
        daemon.write(CONFIG.format(more='proxy: http://127.0.0.1:1\n    proxy_login: "${secret:odd}"',
                                   **daemon.values))
        done = daemon.ctl("reload")
        assert done.returncode == 1 and "the secret 'odd' is not of the form user:password" in done.stderr, done
        assert "w/ord" not in daemon.log() + detail(daemon)
        daemon.stop()


def test_a_proxy_that_is_away_is_told():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plant, daemon = make("http://hooks.example.net/hook", "proxy: http://127.0.0.1:%d" % port)
    plant.set(1, 100, 90)
    daemon.start().ready()
    fails_with(daemon, "the proxy: Connection refused")
    daemon.stop()


def test_fault_C12_a_public_name_that_leads_home_is_not_followed():
    receiver = Receiver()
    plant, daemon = make("http://hooks.example.net:%d/hook" % receiver.port)
    env = names_in(daemon, hooks_example_net="127.0.0.1")
    if env is None:
        return
    plant.set(1, 100, 90)
    daemon.start(env=env).ready()
    fails_with(daemon, "127.0.0.1 is a loopback address, and not in allow_networks: not connected to")
    assert receiver.connections == 0
    assert daemon.metric("gauged_http_addresses_refused_total") >= 1
    assert daemon.metric("gauged_http_connections_total") == 0
    reload(daemon, "allow_networks: 127.0.0.0/8")
    lab.wait_for("the message", lambda: receiver.requests)
    assert daemon.metric("gauged_http_connections_total") == 1
    daemon.stop()


def test_fault_C12_a_name_that_turns_elsewhere_while_gauged_runs_is_looked_at_again():
    """DNS rebinding: the first answer is good, and the next one leads into the network."""
    first, second = Receiver(), Receiver()
    for address, words in (("169.254.169.254", "169.254.169.254 is a link-local or metadata address and is never"),
                           ("10.1.2.3", "10.1.2.3 is a private address, and not in allow_networks"),
                           ("fd12::1", "fd12::1 is a private address, and not in allow_networks"),
                           ("::1", "::1 is a loopback address, and not in allow_networks")):
        plant, daemon = make("http://hooks.example.net:%d/hook" % first.port, "allow_networks: [127.0.0.1]")
        env = names_in(daemon, hooks_example_net="127.0.0.1")
        if env is None:
            return
        count = len(first.requests)
        plant.set(1, 100, 90)
        daemon.start(env=env).ready()
        lab.wait_for("the first message", lambda: len(first.requests) > count)
        set_names(daemon, hooks_example_net=address)
        # By another port, as libcurl knows the old address for a minute.
        reload(daemon, "allow_networks: [127.0.0.1]", url="http://hooks.example.net:%d/hook" % second.port)
        plant.set(1, 100, 20)
        fails_with(daemon, words)
        assert second.connections == 0
        daemon.stop()


def test_fault_C12_an_address_of_metadata_is_refused_with_the_configuration():
    plant, daemon = make("http://169.254.169.254/latest", "proxy: http://127.0.0.1:3128")
    done = daemon.ctl("check", daemon.path)
    assert done.returncode == 1, done
    assert "url: a link-local or metadata address is never connected to" in done.stderr + done.stdout, done


def test_fault_C9_a_slow_line_takes_its_time_and_gets_through():
    """A receiver that reads 2 KiB a second, and a timeout of one second: 12 KiB get there."""
    got, done = bytearray(), threading.Event()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def serve():
        while not done.is_set():
            peer, _ = listener.accept()
            got.clear()
            peer.settimeout(60)
            try:
                while b'"end"' not in got:
                    piece = peer.recv(512)
                    if not piece:
                        break
                    got.extend(piece)
                    time.sleep(0.25)
                else:
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    done.set()
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    body = "timeout: 1s\n    body: '[\"%s\", \"end\"]'" % ("x" * 12000)
    plant, daemon = make("http://127.0.0.1:%d/hook" % listener.getsockname()[1], body)
    daemon.start().ready()
    plant.set(1, 100, 90)
    assert done.wait(60), "it never got through: %s" % detail(daemon)
    lab.wait_for("delivered", lambda: daemon.metric("gauged_webhook_delivered_total") == 1)
    assert daemon.metric("gauged_webhook_tries_total") == 1
    daemon.stop()


lab.run(test_proxies_of_each_kind_carry_messages_and_resolve_the_names,
        test_a_proxy_that_asks_for_a_login_gets_the_secret_and_the_receiver_does_not,
        test_a_proxy_that_is_away_is_told, test_fault_C12_a_public_name_that_leads_home_is_not_followed,
        test_fault_C12_a_name_that_turns_elsewhere_while_gauged_runs_is_looked_at_again,
        test_fault_C12_an_address_of_metadata_is_refused_with_the_configuration,
        test_fault_C9_a_slow_line_takes_its_time_and_gets_through)
