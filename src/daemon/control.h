/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The control socket: HTTP/1.1 on a Unix socket, served by libmicrohttpd on the loop, and the
 * optional TCP listener for metrics. Owns connections, their caps and who may do what; what
 * is answered stands in api.c.
 */
#ifndef GAUGED_DAEMON_CONTROL_H
#define GAUGED_DAEMON_CONTROL_H

#include <stdint.h>

struct control;
struct daemon;
struct error;
struct loop;

struct control_config {
	const char *socket;	    /* path; its directory is made (0750) if it is missing */
	const char *metrics_listen; /* address:port for GET /metrics only, or NULL */
};

/*
 * Listens from this call on; daemon is not asked for anything before the loop runs. A socket
 * that systemd passed (LISTEN_FDS) is used instead of the path. Reads the group database, so
 * not for a running loop. NULL + err; EADDRINUSE: another instance serves the socket, and the
 * text names its pid (exit status 75).
 */
struct control *control_new(struct daemon *daemon, struct loop *loop,
			    const struct control_config *config, struct error *err);
/* Ends all connections; daemon has to be there still. */
void control_free(struct control *control);

/* Everything that was turned away has its counter. */
struct control_counters {
	uint64_t clients;	    /* connections that were taken in */
	uint64_t clients_now;	    /* that are open */
	uint64_t requests;	    /* that were answered */
	uint64_t clients_refused;   /* no place was left */
	uint64_t clients_evicted;   /* the oldest idle one, to make a place */
	uint64_t clients_timed_out; /* no whole request within 5 s */
	uint64_t accepts_failed;    /* no descriptor or memory was left */
	uint64_t requests_bad;	    /* answered 4xx, but for the ones below */
	uint64_t requests_too_large;
	uint64_t requests_forbidden;
	uint64_t followers_now;
	uint64_t followers_dropped; /* read too slowly */
	uint64_t exports_now;
	uint64_t exports_refused; /* as many as may be were read already */
};
void control_count(const struct control *control, struct control_counters *ret);

#endif
