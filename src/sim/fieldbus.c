/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the connections of a Modbus TCP server, and its cable. */
#include "sim/fieldbus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "sim/endpoint.h"
#include "sim/exchange.h"
#include "sim/fault.h"
#include "sim/outgoing.h"
#include "sim/poller.h"
#include "sim/rack.h"

enum {
	MBAP_HEADER = 7,
	ANSWERS_MAX = 64, /* waiting on one connection */
	LINKS_MAX = 4096,
	PLUGS_MAX = 4,
	INPUT_ROOM = 8 * EXCHANGE_FRAME_MAX,
};

/* One client's connection. */
struct link {
	struct fieldbus *bus;
	uint64_t id;
	int fd;
	char peer[32];
	struct poller_watch *watch;
	struct poller_timer timer;
	uint8_t input[INPUT_ROOM];
	size_t input_len;
	bool deaf; /* is never read again */
	bool mute; /* our side is closed */
	struct outgoing outgoing;
	LIST_ENTRY(link) entry;
};

struct fieldbus {
	struct poller *poller;
	int fd;
	uint16_t port;
	struct poller_watch *watch;
	struct faults *faults;
	struct random *random;
	fieldbus_ask_fn *ask;
	void *arg;
	enum cable cable;
	int plugs[PLUGS_MAX]; /* connections of our own that keep the queue of a cut cable full
			       */
	LIST_HEAD(, link) links;
	size_t link_count;
	uint64_t link_ids;
	uint64_t dropped;
};

static void link_close(struct link *link, bool reset)
{
	outgoing_done(&link->outgoing);
	poller_unwatch(link->watch);
	if (reset)
		endpoint_reset(link->fd);
	close(link->fd);
	LIST_REMOVE(link, entry);
	link->bus->link_count--;
	free(link);
}

static ssize_t link_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct link *link = arg;
	ssize_t n = link->mute ? (ssize_t)len : send(link->fd, bytes, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

static void link_end(struct link *link, enum wire_end end)
{
	switch (end) {
	case WIRE_CLOSES:
	case WIRE_RESETS:
		link_close(link, end == WIRE_RESETS);
		return;
	case WIRE_HALF_CLOSES:
		shutdown(link->fd, SHUT_WR);
		link->mute = true;
		return;
	case WIRE_DEAF:
		link->deaf = true;
		poller_set(link->watch, 0);
		return;
	case WIRE_STAYS:
		return;
	}
}

static unsigned link_listens(const struct link *link)
{
	return link->deaf || link->bus->cable == CABLE_CUT ? 0 : POLLER_READ;
}

static void link_flush(struct link *link)
{
	enum wire_end end = WIRE_STAYS;

	if (link->bus->cable == CABLE_CUT)
		return;
	switch (outgoing_flush(&link->outgoing, &end)) {
	case OUTGOING_IDLE:
		poller_set(link->watch, link_listens(link));
		return;
	case OUTGOING_BLOCKED:
		poller_set(link->watch, link_listens(link) | POLLER_WRITE);
		return;
	case OUTGOING_BROKEN:
		link_close(link, false);
		return;
	case OUTGOING_ENDED:
		poller_arm(link->bus->poller, &link->timer, 0);
		link_end(link, end);
		return;
	}
}

static void link_due(void *arg)
{
	link_flush(arg);
}

static struct link *fieldbus_link(struct fieldbus *bus, uint64_t id)
{
	struct link *link;

	LIST_FOREACH (link, &bus->links, entry)
		if (link->id == id)
			return link;
	return NULL;
}

void fieldbus_answer(struct fieldbus *bus, uint64_t id, struct exchange *exchange)
{
	struct link *link = fieldbus_link(bus, id);

	if (link == NULL || (exchange->wire.len == 0 && exchange->wire.end == WIRE_STAYS)) {
		exchange_free(exchange);
		return;
	}
	outgoing_put(&link->outgoing, exchange, clock_mono());
	poller_arm(bus->poller, &link->timer, 0);
}

static void link_request(struct link *link, const uint8_t *frame, size_t len)
{
	struct fieldbus *bus = link->bus;

	if (link->outgoing.count >= ANSWERS_MAX) {
		bus->dropped++;
		return;
	}
	bus->ask(bus->arg, bus, link->id, exchange_new(FRAMING_MBAP, frame, len, link->peer));
}

/* Handles the whole frames of the input; false: what came is no Modbus TCP. */
static bool link_frames(struct link *link)
{
	size_t at = 0;

	while (link->input_len - at > MBAP_HEADER) {
		const uint8_t *frame = link->input + at;
		size_t length = (size_t)(frame[4] << 8 | frame[5]);

		if (frame[2] != 0 || frame[3] != 0 || length < 2 ||
		    length > EXCHANGE_FRAME_MAX - 6)
			return false;
		if (link->input_len - at < 6 + length)
			break;
		link_request(link, frame, 6 + length);
		at += 6 + length;
	}
	memmove(link->input, link->input + at, link->input_len - at);
	link->input_len -= at;
	return true;
}

static void link_ready(void *arg, unsigned what)
{
	struct link *link = arg;
	ssize_t n;

	/* Then only a hang-up gets here. */
	if (link_listens(link) == 0 && what == (POLLER_READ | POLLER_WRITE)) {
		link_close(link, false);
		return;
	}
	if ((what & link_listens(link) & POLLER_READ) != 0) {
		n = recv(link->fd, link->input + link->input_len,
			 sizeof(link->input) - link->input_len, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			link_close(link, false);
			return;
		}
		if (n > 0)
			link->input_len += (size_t)n;
		if (!link_frames(link)) {
			link_close(link, false);
			return;
		}
	}
	link_flush(link);
}

static void link_open(struct fieldbus *bus, int fd, const char *peer)
{
	struct link *link = xcalloc(1, sizeof(*link));

	link->bus = bus;
	link->id = ++bus->link_ids;
	link->fd = fd;
	snprintf(link->peer, sizeof(link->peer), "%s", peer);
	link->timer.fn = link_due;
	link->timer.arg = link;
	link->outgoing.poller = bus->poller;
	link->outgoing.due = &link->timer;
	link->outgoing.send = link_send;
	link->outgoing.arg = link;
	outgoing_init(&link->outgoing);
	link->watch = poller_watch(bus->poller, fd, POLLER_READ, link_ready, link);
	LIST_INSERT_HEAD(&bus->links, link, entry);
	bus->link_count++;
	if (bus->faults != NULL)
		link_end(link, faults_accept(bus->faults, bus->random));
}

static void fieldbus_accept(void *arg, unsigned what)
{
	struct fieldbus *bus = arg;
	char peer[32];
	int fd = endpoint_accept(bus->fd, peer, sizeof(peer));

	if (fd < 0)
		return;
	if (bus->link_count >= LINKS_MAX)
		close(fd);
	else
		link_open(bus, fd, peer);
}

static int fieldbus_listen(struct fieldbus *bus, uint16_t port, struct error *err)
{
	bus->fd = endpoint_tcp(port, &bus->port, err);
	if (bus->fd < 0)
		return bus->fd;
	bus->watch = poller_watch(bus->poller, bus->fd, POLLER_READ, fieldbus_accept, bus);
	return 0;
}

static void fieldbus_deafen(struct fieldbus *bus)
{
	poller_unwatch(bus->watch);
	bus->watch = NULL;
	if (bus->fd >= 0)
		close(bus->fd);
	bus->fd = -1;
}

struct fieldbus *fieldbus_open(struct poller *poller, uint16_t port, struct faults *faults,
			       struct random *random, fieldbus_ask_fn *ask, void *arg,
			       struct error *err)
{
	struct fieldbus *bus = xcalloc(1, sizeof(*bus));

	bus->poller = poller;
	bus->faults = faults;
	bus->random = random;
	bus->ask = ask;
	bus->arg = arg;
	LIST_INIT(&bus->links);
	for (int i = 0; i < PLUGS_MAX; i++)
		bus->plugs[i] = -1;
	if (fieldbus_listen(bus, port, err) != 0) {
		fieldbus_close(bus);
		return NULL;
	}
	return bus;
}

static void ask_rack(void *arg, struct fieldbus *bus, uint64_t link, struct exchange *exchange)
{
	rack_answer(arg, exchange, bus->faults);
	fieldbus_answer(bus, link, exchange);
}

struct fieldbus *fieldbus_open_rack(struct poller *poller, uint16_t port, struct faults *faults,
				    struct rack *rack, struct error *err)
{
	return fieldbus_open(poller, port, faults, rack_random(rack), ask_rack, rack, err);
}

static void fieldbus_unplug(struct fieldbus *bus)
{
	for (int i = 0; i < PLUGS_MAX; i++) {
		if (bus->plugs[i] >= 0)
			close(bus->plugs[i]);
		bus->plugs[i] = -1;
	}
}

void fieldbus_close(struct fieldbus *bus)
{
	struct link *link;

	if (bus == NULL)
		return;
	fieldbus_unplug(bus);
	while ((link = LIST_FIRST(&bus->links)) != NULL)
		link_close(link, false);
	fieldbus_deafen(bus);
	free(bus);
}

uint16_t fieldbus_port(const struct fieldbus *bus)
{
	return bus->port;
}

/*
 * With a full queue of connections that nobody accepts, the kernel drops further SYNs: to a
 * client that is what a cable that leads nowhere looks like.
 */
static void fieldbus_plug(struct fieldbus *bus)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(bus->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	listen(bus->fd, 0);
	for (int i = 0; i < PLUGS_MAX; i++) {
		bus->plugs[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (bus->plugs[i] >= 0)
			(void)connect(bus->plugs[i], (struct sockaddr *)&address,
				      sizeof(address));
	}
}

int fieldbus_cable(struct fieldbus *bus, enum cable cable, struct error *err)
{
	struct link *link, *next;
	int r = 0;

	if (cable == bus->cable)
		return 0;
	fieldbus_unplug(bus);
	if (bus->cable == CABLE_REFUSES)
		r = fieldbus_listen(bus, bus->port, err);
	if (r != 0)
		return r;
	bus->cable = cable;
	if (cable == CABLE_REFUSES) {
		fieldbus_deafen(bus);
	} else {
		poller_set(bus->watch, cable == CABLE_CUT ? 0 : POLLER_READ);
		if (cable == CABLE_CUT)
			fieldbus_plug(bus);
		else
			listen(bus->fd, SOMAXCONN);
	}
	for (link = LIST_FIRST(&bus->links); link != NULL; link = next) {
		next = LIST_NEXT(link, entry);
		poller_set(link->watch, link_listens(link));
		link_flush(link);
	}
	return 0;
}

void fieldbus_reset(struct fieldbus *bus)
{
	struct link *link;

	while ((link = LIST_FIRST(&bus->links)) != NULL)
		link_close(link, true);
}

size_t fieldbus_connections(const struct fieldbus *bus)
{
	return bus->link_count;
}

uint64_t fieldbus_dropped(const struct fieldbus *bus)
{
	return bus->dropped;
}
