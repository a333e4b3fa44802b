# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A mosquitto of a test's own, and a subscriber whose session outlives both."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import lab

PROGRAM = "/usr/sbin/mosquitto"
# No limit on what is on its way to a subscriber: it is written before it is acknowledged, and so
# a broker that is killed takes nothing with it but what it did not acknowledge.
CONFIG = """
listener {port} 127.0.0.1
user root
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
max_inflight_messages 0
max_queued_messages 0
allow_anonymous true
"""


def needed():
    for program in (PROGRAM, "/usr/bin/mosquitto_sub"):
        if not os.access(program, os.X_OK):
            lab.skip("no %s here (packages mosquitto, mosquitto-clients)" % program)


class Broker:
    def __init__(self, more=""):
        needed()
        self.folder = tempfile.mkdtemp(prefix="gauged-mqtt-")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with open(self.path("conf"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=self.port, folder=self.folder)
                       + more.format(folder=self.folder))
        self.process = None
        self.subscribers = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        with open(self.path("log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([PROGRAM, "-c", self.path("conf")],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        lab.wait_for("the broker", self.answers)
        return self

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def keep(self):
        """Has it write its sessions to the disk now."""
        before = self.saved()
        self.process.send_signal(signal.SIGUSR1)
        lab.wait_for("the broker has saved", lambda: self.saved() != before)

    def saved(self):
        try:
            return os.stat(self.path("mosquitto.db")).st_mtime_ns
        except OSError:
            return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        for subscriber in self.subscribers:
            subscriber.stop()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def subscribe(self, *topics, options=()):
        subscriber = Subscriber(self, topics or ("#",), options)
        self.subscribers.append(subscriber)
        return subscriber

    def certificates(self):
        """ca.pem and other.pem; server.pem for localhost; client.pem; each with its .key."""
        script = """
        for ca in ca other; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca \
                -keyout $ca.key -out $ca.pem || exit 1
        done
        echo subjectAltName=DNS:localhost >ext
        for who in server client; do
            openssl req -newkey rsa:2048 -nodes -subj /CN=$who -keyout $who.key -out $who.csr &&
            openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                -extfile ext -out $who.pem || exit 1
        done"""
        subprocess.run(["sh", "-c", script], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Subscriber:
    """QoS 1, in a session that the broker keeps while it is away."""

    count = 0

    def __init__(self, broker, topics, options):
        Subscriber.count += 1
        self.file = broker.path("seen-%d" % Subscriber.count)
        command = ["mosquitto_sub", "-h", "localhost" if options else "127.0.0.1",
                   "-p", str(broker.port), "-q", "1", "-c", "-i", "sub-%d" % Subscriber.count,
                   "-F", "%r %t %p", *options]
        for topic in topics:
            command += ["-t", topic]
        with open(self.file, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)

    def seen(self, prefix=""):
        """(retained, topic, payload) of each message so far whose topic begins so."""
        with open(self.file, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        messages = [line.split(" ", 2) for line in lines]
        return [(m[0] == "1", m[1], m[2]) for m in messages if m[1].startswith(prefix)]

    def last(self, topic):
        found = [payload for _, name, payload in self.seen(topic) if name == topic]
        return found[-1] if found else None

    def events(self, prefix):
        return [json.loads(payload) for _, _, payload in self.seen(prefix)]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
