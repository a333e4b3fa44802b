/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what is between the program and its virtual peers: connects, bytes on their way, the
 * descriptors' buffers, and the system calls that reach them.
 */
#include "virtual.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/stream.h"
#include "io/stream_opener.h"

enum {
	FD_FIRST = 1 << 20, /* no descriptor of the kernel's */
	LINKS = 2048,
	ROOM_IN = 16384,
	ROOM_OUT_TCP = 65536,
	ROOM_OUT_TTY = 4096,
	FIFO = 8,
	FIFO_IDLE_CHARS = 4,
	USB_PACKET = 62,
};

static const int64_t usb_period_ns = 16 * NSEC_PER_MSEC;

/* Bytes that arrive at once; len 0: the end, with the error that tells of it. */
struct burst {
	STAILQ_ENTRY(burst) entry;
	int64_t at;
	int error; /* 0: the end of the stream */
	size_t len;
	uint8_t bytes[];
};

/* What the peer has asked to send, and has not begun to. */
struct parcel {
	LIST_ENTRY(parcel) entry;
	struct virtual_event event;
	struct virtual_link *link;
	enum { PARCEL_BYTES, PARCEL_CLOSE, PARCEL_RESET, PARCEL_MUTE } kind;
	size_t len;
	uint8_t bytes[];
};

struct lane {
	STAILQ_HEAD(, burst) bursts;
	struct virtual_event event; /* of the first burst */
	int64_t last;		    /* when the last one arrives */
	int64_t busy_until;	    /* serial: characters are on the line */
};

struct virtual_link {
	struct virtual_peer *peer;
	int fd;
	bool socket;
	int64_t char_ns;
	struct loop_watch *watch;
	struct lane to_program, to_peer;
	LIST_HEAD(, parcel) parcels;
	size_t out_len, out_room; /* written, and not at the peer yet */
	bool over;		  /* the end has been read */
	bool peer_over;		  /* the peer sends and hears nothing more */
	int error;
	bool ended; /* the end stands behind in */
	size_t in_from, in_len;
	uint8_t in[ROOM_IN];
};

struct stream_opener {
	struct stream *stream;
	const struct stream_config *config;
	struct virtual_event event;
	struct virtual_peer *peer;
};

static struct {
	LIST_HEAD(, virtual_peer) peers;
	struct virtual_link *links[LINKS];
	int next;
} wire;

static struct virtual_link *link_of(int fd)
{
	return fd >= FD_FIRST && fd < FD_FIRST + LINKS ? wire.links[fd - FD_FIRST] : NULL;
}

struct virtual_peer *virtual_link_peer(const struct virtual_link *link)
{
	return link->peer;
}

int64_t virtual_char_ns(const struct virtual_link *link)
{
	return link->char_ns;
}

void virtual_peer_add(struct virtual_peer *peer)
{
	peer->shortest_gap = INT64_MAX;
	LIST_INSERT_HEAD(&wire.peers, peer, entry);
}

void virtual_wire_begin(void)
{
	memset(&wire, 0, sizeof(wire));
}

void virtual_wire_end(void)
{
	for (int i = 0; i < LINKS; i++)
		assert(wire.links[i] == NULL);
}

/* Bytes on their way. */

static void lane_arm(struct lane *lane)
{
	struct burst *first = STAILQ_FIRST(&lane->bursts);

	if (first != NULL)
		virtual_event_start(&lane->event, first->at);
}

static void lane_put(struct lane *lane, const uint8_t *bytes, size_t len, int64_t at, int error)
{
	struct burst *burst = xmalloc(sizeof(*burst) + len);

	lane->last = at > lane->last ? at : lane->last;
	burst->at = lane->last;
	burst->error = error;
	burst->len = len;
	if (len > 0)
		memcpy(burst->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&lane->bursts, burst, entry);
	if (lane->event.place == 0)
		lane_arm(lane);
}

static struct burst *lane_take(struct lane *lane)
{
	struct burst *burst = STAILQ_FIRST(&lane->bursts);

	STAILQ_REMOVE_HEAD(&lane->bursts, entry);
	return burst;
}

static void lane_done(struct lane *lane)
{
	while (!STAILQ_EMPTY(&lane->bursts))
		free(lane_take(lane));
	virtual_event_stop(&lane->event);
}

/* Whatever of the lane arrives from then on is not what was sent. */
static void lane_damage(struct lane *lane, int64_t from)
{
	struct burst *burst;

	STAILQ_FOREACH (burst, &lane->bursts, entry) {
		for (size_t i = 0; burst->at >= from && i < burst->len; i++)
			burst->bytes[i] ^= (uint8_t)virtual_random(0, 255);
	}
}

static void arrives_at_program(void *arg)
{
	struct virtual_link *link = arg;
	struct burst *burst = lane_take(&link->to_program);

	if (burst->len == 0) {
		link->ended = true;
		link->error = burst->error;
		if (burst->error != 0)
			link->in_len = 0;
	}
	/* More than the buffer holds is lost, as a serial port loses it. */
	if (link->in_from + link->in_len + burst->len > ROOM_IN) {
		memmove(link->in, link->in + link->in_from, link->in_len);
		link->in_from = 0;
	}
	if (link->in_len + burst->len <= ROOM_IN) {
		memcpy(link->in + link->in_from + link->in_len, burst->bytes, burst->len);
		link->in_len += burst->len;
	}
	free(burst);
	lane_arm(&link->to_program);
	if (link->watch != NULL)
		virtual_wake(link->watch);
}

static void arrives_at_peer(void *arg)
{
	struct virtual_link *link = arg;
	struct burst *burst = lane_take(&link->to_peer);

	link->out_len -= burst->len;
	lane_arm(&link->to_peer);
	if (link->watch != NULL)
		virtual_wake(link->watch);
	if (link->peer->received != NULL && !link->peer_over)
		link->peer->received(link, burst->bytes, burst->len);
	free(burst);
}

/* Characters of one go that begin at start: in the portions in which the port gives them. */
static void characters(struct virtual_link *link, const uint8_t *bytes, size_t len,
		       int64_t start)
{
	size_t fifo = link->peer->fifo > 0 ? link->peer->fifo : FIFO;
	struct lane *lane = &link->to_program;
	size_t from = 0, n;

	for (; from < len; from += n) {
		int64_t at = start;

		n = len - from;
		switch (link->peer->arrival) {
		case ARRIVES_WHOLE:
			break;
		case ARRIVES_BY_CHARS:
			n = 1;
			break;
		case ARRIVES_BY_FIFO:
			if (n < fifo)
				at += FIFO_IDLE_CHARS * link->char_ns;
			n = n < fifo ? n : fifo;
			break;
		case ARRIVES_BY_USB:
			n = n < USB_PACKET ? n : USB_PACKET;
			break;
		}
		at += (int64_t)(from + n) * link->char_ns;
		if (link->peer->arrival == ARRIVES_BY_USB && n < USB_PACKET)
			at += usb_period_ns - at % usb_period_ns;
		lane_put(lane, bytes + from, n, at, 0);
	}
}

static void peer_sends(struct virtual_link *link, const uint8_t *bytes, size_t len)
{
	struct lane *lane = &link->to_program;
	int64_t now = clock_mono().ns, start = now;
	size_t most = link->peer->fragment > 0 ? link->peer->fragment : len;

	if (link->char_ns == 0) {
		for (size_t from = 0; from < len; from += most) {
			int64_t at = now + link->peer->latency_ns;
			int64_t paced = lane->last + link->peer->pace_ns;

			lane_put(lane, bytes + from, len - from < most ? len - from : most,
				 paced > at ? paced : at, 0);
		}
		return;
	}
	if (start < lane->busy_until)
		start = lane->busy_until;
	lane->busy_until = start + (int64_t)len * link->char_ns;
	link->peer->line_used_ns += (int64_t)len * link->char_ns;
	characters(link, bytes, len, start);
	if (link->peer->damage && start < link->to_peer.busy_until) {
		lane_damage(&link->to_peer, start);
		lane_damage(lane, start);
	}
}

static void parcel_go(void *arg)
{
	struct parcel *parcel = arg;
	struct virtual_link *link = parcel->link;
	int64_t at = clock_mono().ns + link->peer->latency_ns;

	LIST_REMOVE(parcel, entry);
	if (!link->peer_over) {
		switch (parcel->kind) {
		case PARCEL_BYTES:
			peer_sends(link, parcel->bytes, parcel->len);
			break;
		case PARCEL_CLOSE:
			link->peer_over = true;
			lane_put(&link->to_program, NULL, 0, at, 0);
			break;
		case PARCEL_RESET:
			link->peer_over = true;
			lane_done(&link->to_program);
			link->to_program.last = 0;
			lane_put(&link->to_program, NULL, 0, at, ECONNRESET);
			break;
		case PARCEL_MUTE:
			link->peer_over = true;
			break;
		}
	}
	free(parcel);
}

static void parcel_new(struct virtual_link *link, int kind, const void *buf, size_t len,
		       int64_t delay_ns)
{
	struct parcel *parcel = xcalloc(1, sizeof(*parcel) + len);

	parcel->link = link;
	parcel->kind = kind;
	parcel->len = len;
	if (len > 0)
		memcpy(parcel->bytes, buf, len);
	parcel->event.fn = parcel_go;
	parcel->event.arg = parcel;
	LIST_INSERT_HEAD(&link->parcels, parcel, entry);
	virtual_event_start(&parcel->event, clock_mono().ns + delay_ns);
}

void virtual_send(struct virtual_link *link, const void *buf, size_t len, int64_t delay_ns)
{
	parcel_new(link, PARCEL_BYTES, buf, len, delay_ns);
}

void virtual_close(struct virtual_link *link, int64_t delay_ns)
{
	parcel_new(link, PARCEL_CLOSE, NULL, 0, delay_ns);
}

void virtual_reset(struct virtual_link *link, int64_t delay_ns)
{
	parcel_new(link, PARCEL_RESET, NULL, 0, delay_ns);
}

void virtual_mute(struct virtual_link *link, int64_t delay_ns)
{
	parcel_new(link, PARCEL_MUTE, NULL, 0, delay_ns);
}

/* What the program sends. */

static void line_takes(struct virtual_link *link, const uint8_t *buf, size_t len)
{
	struct virtual_peer *peer = link->peer;
	struct lane *out = &link->to_peer, *in = &link->to_program;
	int64_t start = clock_mono().ns, end;
	int64_t quiet = out->busy_until > in->busy_until ? out->busy_until : in->busy_until;
	bool clash = start < in->busy_until;

	if (start < out->busy_until)
		start = out->busy_until;
	else if (!clash && quiet > 0 && start - quiet < peer->shortest_gap)
		peer->shortest_gap = start - quiet;
	end = start + (int64_t)len * link->char_ns;
	out->busy_until = end;
	peer->line_used_ns += (int64_t)len * link->char_ns;
	lane_put(out, buf, len, end, 0);
	peer->collisions += clash;
	if (clash && peer->damage) {
		lane_damage(out, start);
		lane_damage(in, start);
	}
	if (peer->echo)
		characters(link, buf, len, start);
}

static ssize_t link_write(struct virtual_link *link, const uint8_t *buf, size_t len)
{
	size_t room = link->out_room - link->out_len;
	size_t n = len < room ? len : room;

	if (link->over || (link->ended && link->error != 0)) {
		errno = link->socket ? EPIPE : EIO;
		return -1;
	}
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	link->out_len += n;
	if (link->peer->wrote != NULL)
		link->peer->wrote(link, buf, n);
	if (link->peer->deaf)
		return (ssize_t)n;
	if (link->char_ns > 0)
		line_takes(link, buf, n);
	else
		lane_put(&link->to_peer, buf, n, clock_mono().ns + link->peer->latency_ns, 0);
	return (ssize_t)n;
}

static ssize_t link_read(struct virtual_link *link, uint8_t *buf, size_t len)
{
	size_t n = link->in_len < len ? link->in_len : len;

	if (n == 0 && !link->ended) {
		errno = EAGAIN;
		return -1;
	}
	if (n == 0) {
		link->over = true;
		errno = link->error;
		return link->error != 0 ? -1 : 0;
	}
	memcpy(buf, link->in + link->in_from, n);
	link->in_len -= n;
	link->in_from = link->in_len > 0 ? link->in_from + n : 0;
	return (ssize_t)n;
}

unsigned virtual_ready(int fd)
{
	const struct virtual_link *link = link_of(fd);

	if (link == NULL)
		return 0;
	return (link->in_len > 0 || link->ended ? LOOP_READ : 0u) |
	       (link->out_len < link->out_room || link->ended ? LOOP_WRITE : 0u);
}

void virtual_watch(int fd, struct loop_watch *watch)
{
	struct virtual_link *link = link_of(fd);

	assert(link != NULL);
	link->watch = watch;
}

/* Connects. */

static struct virtual_link *link_new(struct virtual_peer *peer,
				     const struct stream_config *config)
{
	struct virtual_link *link = xcalloc(1, sizeof(*link));
	int bits = 1 + config->tty.data_bits + (config->tty.parity != PARITY_NONE) +
		   config->tty.stop_bits;

	while (wire.links[wire.next] != NULL)
		wire.next = (wire.next + 1) % LINKS;
	link->fd = FD_FIRST + wire.next;
	wire.links[wire.next] = link;
	wire.next = (wire.next + 1) % LINKS;
	link->peer = peer;
	link->socket = config->host != NULL;
	link->char_ns = link->socket ? 0 : bits * NSEC_PER_SEC / config->tty.baud;
	link->out_room = link->socket ? ROOM_OUT_TCP : ROOM_OUT_TTY;
	if (peer->room > 0)
		link->out_room = peer->room;
	STAILQ_INIT(&link->to_program.bursts);
	STAILQ_INIT(&link->to_peer.bursts);
	link->to_program.event = (struct virtual_event){.fn = arrives_at_program, .arg = link};
	link->to_peer.event = (struct virtual_event){.fn = arrives_at_peer, .arg = link};
	return link;
}

static void opener_opens(void *arg)
{
	struct stream_opener *opener = arg;
	struct virtual_peer *peer = opener->peer;
	struct virtual_link *link;
	struct error err;

	if (peer == NULL || peer->connect != VIRTUAL_ACCEPTS) {
		bool hole = peer != NULL && peer->connect == VIRTUAL_BLACK_HOLE;

		if (peer != NULL)
			peer->refused++;
		error_set(&err, hole ? ETIMEDOUT : ECONNREFUSED, "cannot be opened");
		stream_failed(opener->stream, &err);
		return;
	}
	link = link_new(peer, opener->config);
	peer->opens++;
	if (peer->opened != NULL)
		peer->opened(link);
	stream_opened(opener->stream, link->fd);
}

static bool peer_is_at(const struct virtual_peer *peer, const struct stream_config *config)
{
	if (config->host != NULL)
		return peer->host != NULL && strcmp(peer->host, config->host) == 0 &&
		       peer->port == config->port;
	return peer->path != NULL && strcmp(peer->path, config->tty.path) == 0;
}

static void opener_start(struct stream_opener *opener)
{
	struct virtual_peer *peer;
	int64_t takes = 0;

	LIST_FOREACH (peer, &wire.peers, entry)
		if (peer_is_at(peer, opener->config))
			break;
	opener->peer = peer;
	if (peer != NULL)
		takes = peer->connect == VIRTUAL_BLACK_HOLE ? opener->config->connect_timeout_ns
							    : peer->connect_ns;
	virtual_event_start(&opener->event, clock_mono().ns + takes);
}

static struct stream_opener *opener_create(struct stream *stream, struct loop *loop,
					   const struct stream_config *config)
{
	struct stream_opener *opener = xcalloc(1, sizeof(*opener));

	opener->stream = stream;
	opener->config = config;
	opener->event = (struct virtual_event){.fn = opener_opens, .arg = opener};
	return opener;
}

static void opener_destroy(struct stream_opener *opener)
{
	virtual_event_stop(&opener->event);
	free(opener);
}

static void opener_close(struct stream_opener *opener, int fd)
{
	struct virtual_link *link = link_of(fd);
	struct parcel *parcel;

	assert(link != NULL && link->watch == NULL);
	if (link->peer->closed != NULL)
		link->peer->closed(link);
	while ((parcel = LIST_FIRST(&link->parcels)) != NULL) {
		LIST_REMOVE(parcel, entry);
		virtual_event_stop(&parcel->event);
		free(parcel);
	}
	lane_done(&link->to_program);
	lane_done(&link->to_peer);
	wire.links[fd - FD_FIRST] = NULL;
	free(link);
}

const struct stream_opener_type stream_opener_tcp = {
	.socket = true,
	.create = opener_create,
	.destroy = opener_destroy,
	.start = opener_start,
	.close = opener_close,
};

const struct stream_opener_type stream_opener_tty = {
	.socket = false,
	.create = opener_create,
	.destroy = opener_destroy,
	.start = opener_start,
	.close = opener_close,
};

/* The system calls: ours on our descriptors, the kernel's on all others. */

ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
int __real_ioctl(int fd, unsigned long request, void *arg);
int __real_tcflush(int fd, int queue);
ssize_t __wrap_read(int fd, void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __wrap_tcflush(int fd, int queue);

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	struct virtual_link *link = link_of(fd);

	return link != NULL ? link_read(link, buf, len) : __real_read(fd, buf, len);
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	struct virtual_link *link = link_of(fd);

	return link != NULL ? link_read(link, buf, len) : __real_recv(fd, buf, len, flags);
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	struct virtual_link *link = link_of(fd);

	return link != NULL ? link_write(link, buf, len) : __real_write(fd, buf, len);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	struct virtual_link *link = link_of(fd);

	return link != NULL ? link_write(link, buf, len) : __real_send(fd, buf, len, flags);
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	struct virtual_link *link = link_of(fd);

	if (link == NULL)
		return __real_ioctl(fd, request, arg);
	if (request == TIOCOUTQ) {
		int64_t left = link->to_peer.busy_until - clock_mono().ns;

		*(int *)arg = left > 0 && link->char_ns > 0
				      ? (int)((left + link->char_ns - 1) / link->char_ns)
				      : 0;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

/* What is on the line already goes on; of what waits behind it nothing can be told apart. */
int __wrap_tcflush(int fd, int queue)
{
	struct virtual_link *link = link_of(fd);

	if (link == NULL)
		return __real_tcflush(fd, queue);
	if (queue != TCOFLUSH)
		link->in_len = 0;
	return 0;
}
