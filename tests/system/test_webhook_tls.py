#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Webhooks over TLS to real servers: whom gauged trusts, who it says it is, and what it refuses."""
import os
import shutil
import socket
import subprocess

import lab
from authority import Authority
from receiver import Receiver

CONFIG = """
secrets_dir: {dir}/secrets
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}}}
devices: {{boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100}}}}}}}}
webhooks:
  ops:
    url: "https://{host}:{port}/hook"
    retry: {{first: 50ms, max: 100ms}}
    {more}
rules:
  hot: {{when: boiler.temp > 80, on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
"""


def make(port, more, host="localhost", files=None):
    plant = lab.Plant()
    daemon = lab.Gauged("", files=files)
    daemon.values = dict(dir=daemon.dir, plant=plant.port, port=port, host=host)
    daemon.write(CONFIG.format(more=more, **daemon.values))
    return plant, daemon


def reload(daemon, more):
    daemon.write(CONFIG.format(more=more, **daemon.values))
    done = daemon.ctl("reload")
    assert done.returncode == 0, done


def detail(daemon):
    return daemon.get("/v1/queue")["webhooks"][0].get("detail", "")


def delivered(daemon):
    return daemon.metric("gauged_webhook_delivered_total")


def fails_with(daemon, words):
    lab.wait_for("a failure with: " + words, lambda: words in detail(daemon))


def test_fault_C7_what_nobody_vouches_for_is_refused_until_its_authority_is_named():
    authority = Authority()
    receiver = Receiver(context=authority.context("server"))
    plant, daemon = make(receiver.port, "")
    plant.set(1, 100, 90)
    daemon.start().ready()
    fails_with(daemon, "certificate")
    assert not receiver.requests
    reload(daemon, "tls: {ca: %s}" % authority.ca)
    lab.wait_for("the message", lambda: receiver.requests)
    assert receiver.requests[0].version == "HTTP/1.1"
    daemon.stop()


def test_fault_C7_an_authority_of_ones_own_is_trusted_instead_of_others():
    ours, other = Authority(), Authority("Other authority")
    receiver = Receiver(context=other.context("server"))
    plant, daemon = make(receiver.port, "tls: {ca: %s}" % ours.ca)
    plant.set(1, 100, 90)
    daemon.start().ready()
    fails_with(daemon, "certificate")
    # The file has both now, and the reload reads it again.
    with open(ours.ca, "a") as to, open(other.ca) as more:
        to.write(more.read())
    reload(daemon, "tls: {ca: %s}" % ours.ca)
    lab.wait_for("the message", lambda: receiver.requests)
    daemon.stop()


def test_fault_C7_wrong_names_and_certificates_out_of_date_are_refused():
    authority = Authority()
    cases = (
        (dict(names="DNS:other.example"), "subject"),
        (dict(until="20250101000000Z"), "certificate has expired"),
        # The clock is right: the certificate is wrong.
        (dict(since="20900101000000Z"), "certificate is not yet valid"),
    )
    for number, (what, words) in enumerate(cases):
        receiver = Receiver(context=authority.context("bad%d" % number, **what))
        plant, daemon = make(receiver.port, "tls: {ca: %s}" % authority.ca)
        plant.set(1, 100, 90)
        daemon.start().ready()
        fails_with(daemon, words)
        assert not receiver.requests
        daemon.kill()


def test_fault_C7_a_box_in_1970_says_that_its_clock_is_not_set():
    authority = Authority()
    receiver = Receiver(context=authority.context("server"))
    plant, daemon = make(receiver.port, "tls: {ca: %s}" % authority.ca)
    env = lab.clock_in(1970, daemon.dir)
    if env is None:
        print("SKIP: with sanitizers nothing can stand before them to set the clock")
        return
    plant.set(1, 100, 90)
    daemon.start(env=env).ready()
    fails_with(daemon, "clock not set: the certificate of the receiver is not valid yet")
    assert not receiver.requests
    # Whoever sets the clock has the message, too.
    lab.set_clock(env)
    lab.wait_for("the message", lambda: receiver.requests)
    daemon.stop()


def test_the_receiver_knows_us_by_our_certificate():
    authority = Authority()
    receiver = Receiver(context=authority.context("server", ask_clients=True))
    certificate, key = authority.issue("gauged")
    texts = [open(path).read() for path in (certificate, key)]
    plant, daemon = make(receiver.port, "tls: {ca: %s}" % authority.ca,
                         files={"secrets/cert": texts[0], "secrets/key": texts[1], "secrets/both": "".join(texts)})
    daemon.start().ready()
    plant.set(1, 100, 90)
    lab.wait_for("a failure", lambda: "waiting" in detail(daemon))
    assert not receiver.requests
    for number, how in enumerate((
            "cert: %s, key: %s" % (certificate, key),
            'cert: "${secret:cert}", key: "${secret:key}"',
            'cert: "${secret:both}"')):
        reload(daemon, "tls: {ca: %s, %s}" % (authority.ca, how))
        plant.set(1, 100, 90 if number % 2 == 0 else 20)
        lab.wait_for("the message", lambda: len(receiver.requests) > number)
        subject = dict(x[0] for x in receiver.requests[-1].peer_certificate["subject"])
        assert subject["commonName"] == "gauged", subject
    assert "PRIVATE" not in daemon.log()
    daemon.stop()


def test_certificates_that_were_renewed_are_shown_after_a_reload():
    """By a new connection, though the old one would still stand."""
    authority = Authority()
    receiver = Receiver(context=authority.context("server", ask_clients=True))
    issued = {name: authority.issue(name) for name in ("first", "second")}
    plant, daemon = make(receiver.port, "tls: {ca: %s, cert: own.pem, key: own.key}" % authority.ca)
    for number, name in enumerate(("first", "second")):
        for path, kind in zip(issued[name], ("pem", "key")):
            shutil.copyfile(path, os.path.join(daemon.dir, "own." + kind))
        if number == 0:
            daemon.start().ready()
        else:
            assert daemon.ctl("reload").returncode == 0
        for value in (90, 20):
            seen = len(receiver.requests)
            plant.set(1, 100, value)
            lab.wait_for("the message", lambda: len(receiver.requests) > seen)
            subject = dict(x[0] for x in receiver.requests[-1].peer_certificate["subject"])
            assert subject["commonName"] == name, (name, subject)
        assert receiver.connections == number + 1, receiver.connections
    daemon.stop()


def test_certificates_that_end_are_told_when_they_are_loaded():
    authority = Authority()
    receiver = Receiver(context=authority.context("server"))
    old, key = authority.issue("old", until="20210304050607Z")
    good, good_key = authority.issue("good")
    told = "webhook ops: tls: the certificate of 'cert' is no longer valid since 2021-03-04"
    plant, daemon = make(receiver.port, "tls: {ca: %s, cert: %s, key: %s}" % (authority.ca, good, good_key))
    daemon.start().ready()
    assert "no longer valid" not in daemon.log() and "valid until" not in daemon.log()
    reload(daemon, "tls: {ca: %s, cert: %s, key: %s}" % (authority.ca, old, key))
    assert told in daemon.log(), daemon.log()
    reload(daemon, "tls: {ca: %s}" % old)
    assert told.replace("'cert'", "'ca'") in daemon.log(), daemon.log()
    daemon.stop()


def test_what_is_no_certificate_changes_nothing():
    authority = Authority()
    receiver = Receiver(context=authority.context("server"))
    certificate, key = authority.issue("gauged")
    plant, daemon = make(receiver.port, "tls: {ca: %s}" % authority.ca,
                         files={"junk.pem": "no certificate", "locked.pem":
                                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n"})
    daemon.start().ready()
    for tls, words in (
            ("ca: junk.pem", "ca: there is no certificate (PEM) in it"),
            ("ca: none.pem", "cannot open %s/none.pem: No such file or directory" % daemon.dir),
            ("ca: /", "/ is not a regular file"),
            ("cert: junk.pem", "cert: there is no certificate (PEM) in it"),
            ("cert: %s" % certificate, "cert, without 'key': there is no private key (PEM) in it"),
            ("cert: %s, key: locked.pem" % certificate,
             "key: it is encrypted, and there is nobody to ask for its password"),
            ("key: %s" % key, "tls: 'key' without 'cert'")):
        daemon.write(CONFIG.format(more="tls: {%s}" % tls, **daemon.values))
        done = daemon.ctl("reload")
        assert done.returncode == 1 and words in done.stderr, (words, done)
    plant.set(1, 100, 90)
    lab.wait_for("the message", lambda: receiver.requests)
    daemon.stop()


NGINX = """
daemon off; pid {dir}/pid; error_log {dir}/errors; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    log_format what "$server_protocol $request_method $uri $connection";
    access_log {dir}/access what;
    client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};
    uwsgi_temp_path {dir}; scgi_temp_path {dir};
    server {{
        listen 127.0.0.1:{port} ssl http2; server_name localhost;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        location / {{ client_max_body_size 1m; return 200; }}
    }}
}}
"""


def test_http_2_is_spoken_where_the_receiver_offers_it():
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))
    if nginx is None:
        print("SKIP: no nginx here, nobody speaks HTTP/2")
        return
    authority = Authority()
    certificate, key = authority.issue("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = os.path.join(authority.dir, "nginx.conf")
    with open(config, "w") as f:
        f.write(NGINX.format(dir=authority.dir, port=port, certificate=certificate, key=key))
    os.chmod(authority.dir, 0o755)
    server = subprocess.Popen([nginx, "-c", config, "-e", os.path.join(authority.dir, "errors")],
                              stdin=subprocess.DEVNULL)
    try:
        plant, daemon = make(port, "tls: {ca: %s}" % authority.ca)
        daemon.start().ready()
        for number in range(6):
            plant.set(1, 100, 90 if number % 2 == 0 else 20)
            lab.wait_for("message %d" % number, lambda: (delivered(daemon) or 0) > number)
        daemon.stop()
    finally:
        server.terminate()
        server.wait()
    with open(os.path.join(authority.dir, "access")) as f:
        lines = f.read().splitlines()
    assert len(lines) == 6 and all(line.startswith("HTTP/2.0 POST /hook ") for line in lines), lines
    assert len({line.split()[-1] for line in lines}) == 1, "one connection: %s" % lines


lab.run(test_fault_C7_what_nobody_vouches_for_is_refused_until_its_authority_is_named,
        test_fault_C7_an_authority_of_ones_own_is_trusted_instead_of_others,
        test_fault_C7_wrong_names_and_certificates_out_of_date_are_refused,
        test_fault_C7_a_box_in_1970_says_that_its_clock_is_not_set,
        test_the_receiver_knows_us_by_our_certificate,
        test_certificates_that_were_renewed_are_shown_after_a_reload,
        test_certificates_that_end_are_told_when_they_are_loaded, test_what_is_no_certificate_changes_nothing,
        test_http_2_is_spoken_where_the_receiver_offers_it)
