/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the pty of the RTU line, its noise and its plug. */
#include "sim/serial_port.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/poller.h"
#include "sim/pty.h"
#include "sim/rack.h"

enum { NOISE_BYTES = 16 };

#define NOISE_NS  (5 * NSEC_PER_MSEC)
#define REPLUG_NS (300 * NSEC_PER_MSEC)

struct serial_port {
	struct poller *poller;
	struct rack *rack;
	char *path;
	int baud;
	struct pty pty;
	struct poller_watch *watch;
	struct serial_line *line;
	struct serial_line_counts counts;
	struct poller_timer noise, replug;
	uint64_t misheard;
};

static ssize_t port_hear(void *arg, const uint8_t *bytes, size_t len)
{
	struct serial_port *port = arg;
	ssize_t n = write(port->pty.fd, bytes, len);

	return n < 0 ? -errno : n;
}

static void port_pull(struct serial_port *port)
{
	poller_unwatch(port->watch);
	port->watch = NULL;
	pty_pull(&port->pty);
	serial_line_clear(port->line);
}

static void port_end(void *arg, enum wire_end end)
{
	struct serial_port *port = arg;

	port_pull(port);
	poller_arm(port->poller, &port->replug, REPLUG_NS);
}

static void port_replug(void *arg)
{
	serial_port_plug(arg, true, NULL);
}

static void port_noise(void *arg)
{
	struct serial_port *port = arg;
	uint8_t bytes[NOISE_BYTES];

	poller_arm(port->poller, &port->noise, NOISE_NS);
	for (int i = 0; i < NOISE_BYTES; i++)
		bytes[i] = (uint8_t)random_between(rack_random(port->rack), 0, 255);
	if (port->pty.fd >= 0)
		port_hear(port, bytes, sizeof(bytes));
}

static void port_ready(void *arg, unsigned what)
{
	struct serial_port *port = arg;
	uint8_t bytes[1024];
	ssize_t n = read(port->pty.fd, bytes, sizeof(bytes));

	if (n <= 0)
		return;
	/* At another rate the slaves see nothing that they could take for a request. */
	if (port->baud > 0 && pty_baud(&port->pty) != port->baud)
		port->misheard++;
	else
		serial_line_say(port->line, bytes, (size_t)n, port->path);
}

int serial_port_plug(struct serial_port *port, bool plugged, struct error *err)
{
	int r;

	poller_disarm(&port->replug);
	if (plugged == (port->pty.fd >= 0))
		return 0;
	if (!plugged) {
		port_pull(port);
		return 0;
	}
	r = pty_plug(&port->pty, port->path, true, err);
	if (r == 0)
		port->watch =
			poller_watch(port->poller, port->pty.fd, POLLER_READ, port_ready, port);
	return r;
}

struct serial_port *serial_port_open(struct poller *poller, struct rack *rack,
				     struct faults *bus, const char *path,
				     const struct serial_line_options *options,
				     struct error *err)
{
	static const struct serial_line_ops ops = {.hear = port_hear, .end = port_end};
	struct serial_port *port = xcalloc(1, sizeof(*port));

	port->poller = poller;
	port->rack = rack;
	port->path = xstrdup(path);
	port->baud = options->baud;
	port->pty = (struct pty){.fd = -1, .held = -1};
	port->noise.fn = port_noise;
	port->replug.fn = port_replug;
	port->noise.arg = port->replug.arg = port;
	port->line = serial_line_new(poller, rack, bus, options, &port->counts, &ops, port);
	if (serial_port_plug(port, true, err) != 0) {
		serial_port_close(port);
		return NULL;
	}
	return port;
}

void serial_port_close(struct serial_port *port)
{
	if (port == NULL)
		return;
	poller_disarm(&port->noise);
	poller_disarm(&port->replug);
	port_pull(port);
	serial_line_free(port->line);
	free(port->path);
	free(port);
}

void serial_port_noise(struct serial_port *port, bool on)
{
	if (on)
		port_noise(port);
	else
		poller_disarm(&port->noise);
}

struct serial_line_counts serial_port_counts(const struct serial_port *port)
{
	return port->counts;
}

uint64_t serial_port_misheard(const struct serial_port *port)
{
	return port->misheard;
}
