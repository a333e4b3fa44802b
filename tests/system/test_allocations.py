#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""After start the way of a reading allocates nothing: the running daemon under a counter."""
import mmap
import os
import pty
import struct
import tempfile
import threading
import time
import tty

import lab

COUNTER = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "count_malloc.so"))
CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}", in_flight: 4}}
  mast: {{serial: {tty}, framing: {{delimiter: "\\n"}}}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 10ms
    points:
      temp: {{holding: 100, type: int16, scale: 0.1, unit: degC}}
      flow: {{holding: 200, type: float32}}
      name: {{holding: 300, type: string(8)}}
  wind: {{bus: mast, match: '^W (?<speed>[\\d.]+)', points: {{speed: {{field: speed}}}}}}
webhooks:
  ops: {{url: "http://127.0.0.1:1/"}}
rules:
  hot: {{when: boiler.temp > 80 and wind.speed < 5, for: 10s, on_fire: [{{webhook: ops}}]}}
  flowing: {{when: boiler.flow > 1000 or age(boiler.flow) > 1h, on_fire: [{{webhook: ops}}]}}
  named: {{when: boiler.name == 'other', on_fire: [{{webhook: ops}}]}}
"""


def test_readings_allocate_nothing():
    if not os.path.exists(COUNTER):
        lab.skip("count_malloc.so is not built: with sanitizers the allocator is theirs")
    plant = lab.Plant()
    plant.set(1, 100, 300)
    master, slave = pty.openpty()
    tty.setraw(slave)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, tty=os.ttyname(slave)))
    shared = tempfile.NamedTemporaryFile(dir=daemon.dir)
    shared.truncate(4096)
    page = mmap.mmap(shared.fileno(), 4096)

    def count():
        return struct.unpack("Q", page[:8])[0]

    daemon.start(env={"LD_PRELOAD": COUNTER, "COUNT_MALLOC": shared.name}).ready()
    assert count() > 1000, "the counter counts"
    stop = threading.Event()

    def blow():
        turn = 0
        while not stop.is_set():
            turn += 1
            os.write(master, b"W %d.5\n" % (turn % 4))
            plant.set(1, 100, 300 + turn % 100)
            plant.set(1, 301, 0x4100 + turn % 26)
            time.sleep(0.004)

    threading.Thread(target=blow, daemon=True).start()
    lab.wait_for("serial readings", lambda: daemon.get("/v1/points/wind.speed")["value"])
    before = plant.requests
    lab.wait_for("a warm loop", lambda: plant.requests > before + 200)
    begin, before = count(), plant.requests
    lab.wait_for("a thousand polls", lambda: plant.requests > before + 1000)
    allocations = count() - begin
    stop.set()
    status = daemon.get("/metrics")
    assert count() > begin, "a question does allocate: the counter is still there"
    assert allocations == 0, "%d allocations during 1000 polls" % allocations
    assert "gauged" in status
    daemon.stop()


lab.run(test_readings_allocate_nothing)
