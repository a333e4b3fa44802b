/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns libmodbus in the simulator. modbus_reply() writes each answer into one end of a socket
 * pair; we take it from the other end at once and send it to the client when it is due.
 */
#include "sim/fieldbus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/endpoint.h"
#include "sim/poller.h"

enum {
	MBAP_HEADER = 7,
	ANSWERS_MAX = 64, /* waiting on one connection */
	LINKS_MAX = 4096,
	PLUGS_MAX = 4,
	INPUT_ROOM = 8 * MODBUS_TCP_MAX_ADU_LENGTH,
};

struct answer {
	uint8_t bytes[MODBUS_TCP_MAX_ADU_LENGTH];
	size_t len, sent;
	struct mono due;
	int64_t drip_ns; /* pause after each byte; 0: all at once */
	TAILQ_ENTRY(answer) entry;
};

/* One client's connection. */
struct link {
	struct fieldbus *bus;
	int fd;
	char peer[32];
	struct poller_watch *watch;
	struct poller_timer timer;
	uint8_t input[INPUT_ROOM];
	size_t input_len;
	TAILQ_HEAD(, answer) answers;
	size_t answer_count;
	LIST_ENTRY(link) entry;
};

struct fieldbus {
	struct poller *poller;
	int fd;
	uint16_t port;
	struct poller_watch *watch;
	struct fieldbus_unit *units;
	size_t unit_count;
	modbus_t *modbus;
	int pair[2]; /* libmodbus writes into 0, we read from 1 */
	enum cable cable;
	int plugs[PLUGS_MAX]; /* connections of our own that keep the queue of a cut cable full
			       */
	LIST_HEAD(, link) links;
	size_t link_count;
	uint64_t dropped;
	struct random random;
};

static void link_close(struct link *link, bool reset)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	struct answer *answer;

	while ((answer = TAILQ_FIRST(&link->answers)) != NULL) {
		TAILQ_REMOVE(&link->answers, answer, entry);
		free(answer);
	}
	poller_disarm(&link->timer);
	poller_unwatch(link->watch);
	if (reset)
		setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(link->fd);
	LIST_REMOVE(link, entry);
	link->bus->link_count--;
	free(link);
}

/* The answer that may be sent next: one that has begun to leave, or the first that is due. */
static struct answer *link_next(const struct link *link)
{
	struct answer *answer, *next = NULL;

	TAILQ_FOREACH (answer, &link->answers, entry) {
		if (answer->sent > 0)
			return answer;
		if (next == NULL || answer->due.ns < next->due.ns)
			next = answer;
	}
	return next;
}

/* False when the connection broke and is gone. */
static bool link_flush(struct link *link)
{
	struct mono now = clock_mono();
	struct answer *answer;
	unsigned what = POLLER_READ;

	if (link->bus->cable == CABLE_CUT)
		return true;
	while ((answer = link_next(link)) != NULL && answer->due.ns <= now.ns) {
		size_t len = answer->drip_ns > 0 ? 1 : answer->len - answer->sent;
		ssize_t n = send(link->fd, answer->bytes + answer->sent, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			what |= POLLER_WRITE;
			break;
		}
		if (n < 0) {
			link_close(link, false);
			return false;
		}
		answer->sent += (size_t)n;
		answer->due = mono_add(now, answer->drip_ns);
		if (answer->sent < answer->len)
			continue;
		TAILQ_REMOVE(&link->answers, answer, entry);
		link->answer_count--;
		free(answer);
	}
	poller_set(link->watch, what);
	if (answer != NULL && (what & POLLER_WRITE) == 0)
		poller_arm(link->bus->poller, &link->timer, mono_diff(answer->due, now));
	return true;
}

static void link_due(void *arg)
{
	link_flush(arg);
}

static struct fieldbus_unit *fieldbus_unit(struct fieldbus *bus, int id)
{
	for (size_t i = 0; i < bus->unit_count; i++)
		if (bus->units[i].id == id)
			return &bus->units[i];
	return id != 0 ? fieldbus_unit(bus, 0) : NULL;
}

/*
 * libmodbus believes the byte count in a write request and reads on beyond its end: a request
 * whose length does not agree with what it says gets exception 3 before it gets there.
 */
static bool request_is_whole(const uint8_t *frame, size_t len)
{
	switch (frame[MBAP_HEADER]) {
	case MODBUS_FC_WRITE_MULTIPLE_COILS:
	case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
		return len >= MBAP_HEADER + 6 &&
		       len == MBAP_HEADER + 6U + frame[MBAP_HEADER + 5];
	case MODBUS_FC_WRITE_AND_READ_REGISTERS:
		return len >= MBAP_HEADER + 10 &&
		       len == MBAP_HEADER + 10U + frame[MBAP_HEADER + 9];
	case MODBUS_FC_MASK_WRITE_REGISTER:
		return len == MBAP_HEADER + 7;
	case MODBUS_FC_READ_EXCEPTION_STATUS:
	case MODBUS_FC_REPORT_SLAVE_ID:
		return len == MBAP_HEADER + 1;
	default:
		return len == MBAP_HEADER + 5;
	}
}

static bool request_writes(uint8_t function)
{
	return function == MODBUS_FC_WRITE_SINGLE_COIL ||
	       function == MODBUS_FC_WRITE_SINGLE_REGISTER ||
	       function == MODBUS_FC_WRITE_MULTIPLE_COILS ||
	       function == MODBUS_FC_WRITE_MULTIPLE_REGISTERS ||
	       function == MODBUS_FC_MASK_WRITE_REGISTER ||
	       function == MODBUS_FC_WRITE_AND_READ_REGISTERS;
}

static void answer_honestly(struct link *link, struct fieldbus_unit *unit, const uint8_t *frame,
			    size_t len)
{
	struct registers *registers = &unit->registers;
	modbus_mapping_t mapping = {.nb_bits = REGISTERS_BITS,
				    .nb_input_bits = REGISTERS_BITS,
				    .nb_input_registers = REGISTERS_WORDS,
				    .nb_registers = REGISTERS_WORDS,
				    .tab_bits = registers->coils,
				    .tab_input_bits = registers->discretes,
				    .tab_input_registers = registers->input,
				    .tab_registers = registers->holding};

	if (unit->refresh != NULL)
		unit->refresh(unit->arg, unit);
	modbus_reply(link->bus->modbus, frame, (int)len, &mapping);
	if (request_writes(frame[MBAP_HEADER]) && unit->written != NULL)
		unit->written(unit->arg, unit, link->peer);
}

/* Makes the answer to one whole frame; NULL: there is none. */
static struct answer *fieldbus_answer(struct link *link, const uint8_t *frame, size_t len)
{
	struct fieldbus *bus = link->bus;
	struct fieldbus_unit *unit = fieldbus_unit(bus, frame[MBAP_HEADER - 1]);
	struct answer *answer;
	ssize_t n;

	if (unit != NULL)
		unit->requests++;
	if (unit != NULL && unit->fault == UNIT_SILENT)
		return NULL;
	if (unit == NULL)
		modbus_reply_exception(bus->modbus, frame, MODBUS_EXCEPTION_GATEWAY_TARGET);
	else if (unit->fault == UNIT_EXCEPTION)
		modbus_reply_exception(bus->modbus, frame, (unsigned)unit->number);
	else if (!request_is_whole(frame, len))
		modbus_reply_exception(bus->modbus, frame, MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE);
	else
		answer_honestly(link, unit, frame, len);

	answer = xcalloc(1, sizeof(*answer));
	n = recv(bus->pair[1], answer->bytes, sizeof(answer->bytes), MSG_DONTWAIT);
	if (n <= 0) {
		free(answer);
		return NULL;
	}
	answer->len = (size_t)n;
	answer->due = clock_mono();
	if (unit == NULL)
		return answer;
	if (unit->fault == UNIT_SLOW)
		answer->due = mono_add(answer->due, unit->number * NSEC_PER_MSEC);
	if (unit->fault == UNIT_DRIBBLE)
		answer->drip_ns = unit->number * NSEC_PER_MSEC;
	if (unit->fault == UNIT_GARBAGE)
		for (size_t i = 0; i < answer->len; i++)
			answer->bytes[i] = (uint8_t)random_between(&bus->random, 0, 255);
	return answer;
}

static void link_request(struct link *link, const uint8_t *frame, size_t len)
{
	/* libmodbus is given a full-sized buffer: what it might read beyond the end is zero. */
	uint8_t room[MODBUS_TCP_MAX_ADU_LENGTH] = {0};
	struct answer *answer;

	if (link->answer_count >= ANSWERS_MAX) {
		link->bus->dropped++;
		return;
	}
	memcpy(room, frame, len);
	answer = fieldbus_answer(link, room, len);
	if (answer == NULL)
		return;
	TAILQ_INSERT_TAIL(&link->answers, answer, entry);
	link->answer_count++;
}

/* Handles the whole frames of the input; false: what came is no Modbus TCP. */
static bool link_frames(struct link *link)
{
	size_t at = 0;

	while (link->input_len - at > MBAP_HEADER) {
		const uint8_t *frame = link->input + at;
		size_t length = (size_t)(frame[4] << 8 | frame[5]);

		if (frame[2] != 0 || frame[3] != 0 || length < 2 ||
		    length > MODBUS_TCP_MAX_ADU_LENGTH - 6)
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

	/* With a cut cable only a hang-up gets here. */
	if (link->bus->cable == CABLE_CUT) {
		link_close(link, false);
		return;
	}
	if ((what & POLLER_READ) != 0) {
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

static void fieldbus_accept(void *arg, unsigned what)
{
	struct fieldbus *bus = arg;
	struct link *link;
	char peer[sizeof(link->peer)];
	int fd = endpoint_accept(bus->fd, peer, sizeof(peer));

	if (fd < 0)
		return;
	if (bus->link_count >= LINKS_MAX) {
		close(fd);
		return;
	}
	link = xcalloc(1, sizeof(*link));
	link->bus = bus;
	link->fd = fd;
	memcpy(link->peer, peer, sizeof(peer));
	TAILQ_INIT(&link->answers);
	link->timer.fn = link_due;
	link->timer.arg = link;
	link->watch = poller_watch(bus->poller, fd, POLLER_READ, link_ready, link);
	LIST_INSERT_HEAD(&bus->links, link, entry);
	bus->link_count++;
}

static int fieldbus_modbus(struct fieldbus *bus, struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bus->pair) != 0)
		return error_errno(err, errno, "no socket pair");
	bus->modbus = modbus_new_tcp("127.0.0.1", 502);
	if (bus->modbus == NULL)
		return error_set(err, errno, "libmodbus: %s", modbus_strerror(errno));
	modbus_set_socket(bus->modbus, bus->pair[0]);
	/* It sleeps for this time before it answers some malformed requests. */
	modbus_set_response_timeout(bus->modbus, 0, 1);
	return 0;
}

struct fieldbus *fieldbus_open(struct poller *poller, uint16_t port,
			       struct fieldbus_unit *units, size_t unit_count,
			       struct error *err)
{
	struct fieldbus *bus = xcalloc(1, sizeof(*bus));

	bus->poller = poller;
	bus->units = units;
	bus->unit_count = unit_count;
	bus->pair[0] = bus->pair[1] = -1;
	LIST_INIT(&bus->links);
	for (int i = 0; i < PLUGS_MAX; i++)
		bus->plugs[i] = -1;
	random_init(&bus->random, 1);
	bus->fd = endpoint_tcp(port, &bus->port, err);
	if (bus->fd < 0 || fieldbus_modbus(bus, err) != 0) {
		fieldbus_close(bus);
		return NULL;
	}
	bus->watch = poller_watch(poller, bus->fd, POLLER_READ, fieldbus_accept, bus);
	return bus;
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
	poller_unwatch(bus->watch);
	if (bus->fd >= 0)
		close(bus->fd);
	for (int i = 0; i < 2; i++)
		if (bus->pair[i] >= 0)
			close(bus->pair[i]);
	if (bus->modbus != NULL)
		modbus_free(bus->modbus);
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

void fieldbus_cable(struct fieldbus *bus, enum cable cable)
{
	struct link *link, *next;

	if (cable == bus->cable)
		return;
	bus->cable = cable;
	poller_set(bus->watch, cable == CABLE_CUT ? 0 : POLLER_READ);
	if (cable == CABLE_CUT)
		fieldbus_plug(bus);
	else {
		fieldbus_unplug(bus);
		listen(bus->fd, SOMAXCONN);
	}
	for (link = LIST_FIRST(&bus->links); link != NULL; link = next) {
		next = LIST_NEXT(link, entry);
		poller_set(link->watch, cable == CABLE_CUT ? 0 : POLLER_READ);
		link_flush(link);
	}
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
