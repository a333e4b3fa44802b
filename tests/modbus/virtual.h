/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A world without a kernel for tests of buses: its clock jumps to whatever happens next, its
 * connections and serial lines end at callbacks of the test. Linked into a program it takes the
 * place of base/clock.c, io/loop.c and of the openers of io/stream.c; with FLAGS_VIRTUAL the
 * system calls that the rest makes on its descriptors come here, and the kernel's random
 * numbers are seeded. All else is the code that runs in the field, and every run with one seed
 * is the same.
 */
#ifndef GAUGED_TESTS_VIRTUAL_H
#define GAUGED_TESTS_VIRTUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/random.h"
#include "io/loop.h"

struct stream_config;
struct virtual_link;

/* One world at a time. It begins at 1000 s; ends with all peers forgotten. */
void virtual_begin(uint64_t seed);
void virtual_end(void);
/* Each time that the loop wakes up it is late by up to so much. */
void virtual_set_lateness(int64_t max_ns);
/* Moves the wall clock; nothing else. */
void virtual_step_wall(int64_t ns);
/* In [low, high], from the world's seed. */
int64_t virtual_random(int64_t low, int64_t high);

/* Runs for so long, and is at exactly that time then. */
void virtual_run(struct loop *loop, int64_t ns);
/* One step: to what happens next, but never beyond end. False: nothing was left until end. */
bool virtual_step(struct loop *loop, struct mono end);
/* Runs until condition holds; fails the test if that takes longer than ns. */
#define VIRTUAL_UNTIL(loop, condition, ns)                                     \
	do {                                                                   \
		struct mono virtual_end_ = mono_add(clock_mono(), ns);         \
		while (!(condition)) {                                         \
			if (!virtual_step(loop, virtual_end_) && !(condition)) \
				fail_msg("never came: %s", #condition);        \
		}                                                              \
	} while (0)

/* What happens at a time of its own; a part of whatever it happens to. Start from all zero. */
struct virtual_event {
	int64_t at;
	uint64_t order;
	size_t place; /* 0: not awaited */
	void (*fn)(void *arg);
	void *arg;
};

/* At a given time, or now if that is over; moves it if it is awaited. */
void virtual_event_start(struct virtual_event *event, int64_t at);
void virtual_event_stop(struct virtual_event *event);

/* How what the peer sends gets from a serial line into the program. */
enum virtual_arrival {
	ARRIVES_WHOLE,	  /* when its last character is there */
	ARRIVES_BY_CHARS, /* each as it comes */
	ARRIVES_BY_FIFO,  /* so many at a time, or after four characters of silence (16550) */
	ARRIVES_BY_USB,	  /* every 16 ms, or 62 at a time (FTDI) */
};

enum virtual_connect { VIRTUAL_ACCEPTS, VIRTUAL_REFUSES, VIRTUAL_BLACK_HOLE };

/* What stands at an address or at the end of a line. The test's memory; start from all zero. */
struct virtual_peer {
	const char *host; /* and port; or */
	uint16_t port;
	const char *path; /* of the serial port */
	void *arg;
	/* Each may be NULL. link is gone after closed. */
	void (*opened)(struct virtual_link *link);
	void (*closed)(struct virtual_link *link);
	void (*received)(struct virtual_link *link, const uint8_t *buf, size_t len);
	/* The same bytes at the instant in which the program wrote them. */
	void (*wrote)(struct virtual_link *link, const uint8_t *buf, size_t len);

	enum virtual_connect connect;
	int64_t connect_ns; /* how long a connect, or opening, takes */
	int64_t latency_ns; /* TCP: one way */
	size_t fragment;    /* TCP: no more bytes than this arrive at once; 0: as sent */
	int64_t pace_ns;    /* TCP: between two fragments */
	size_t room;	    /* of the sender's buffer; 0: as the system's */
	bool deaf;	    /* takes no more bytes: the sender's buffer fills */
	bool echo;	    /* serial: what is sent is heard as well */
	bool damage;	    /* serial: characters are damaged where both sides send at once */
	enum virtual_arrival arrival;
	size_t fifo; /* of ARRIVES_BY_FIFO; 0: 8 */
	/* counted: */
	unsigned opens, refused;
	uint64_t collisions;  /* serial: frames sent while the other side was sending */
	int64_t shortest_gap; /* serial: silence before anything the program sent */
	int64_t line_used_ns; /* serial: time in which characters were on the line */
	/* the world's: */
	LIST_ENTRY(virtual_peer) entry;
};

void virtual_peer_add(struct virtual_peer *peer);

struct virtual_peer *virtual_link_peer(const struct virtual_link *link);
/* The peer sends after delay; of several that go at once the earlier asked for goes first. */
void virtual_send(struct virtual_link *link, const void *buf, size_t len, int64_t delay_ns);
/* The peer closes behind what it has sent by then; hang-up of a serial port. */
void virtual_close(struct virtual_link *link, int64_t delay_ns);
/* The peer resets: what has not arrived is lost. */
void virtual_reset(struct virtual_link *link, int64_t delay_ns);
/* From then on the peer says and hears nothing, and the connection stays. */
void virtual_mute(struct virtual_link *link, int64_t delay_ns);
/* Time that one character takes on the line, as it was opened; 0 for TCP. */
int64_t virtual_char_ns(const struct virtual_link *link);

/* Between virtual.c and virtual_wire.c. */
void virtual_watch(int fd, struct loop_watch *watch);
unsigned virtual_ready(int fd);
void virtual_wake(struct loop_watch *watch);
void virtual_wire_begin(void);
void virtual_wire_end(void);

#endif
