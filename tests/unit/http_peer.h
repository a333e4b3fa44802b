/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A real HTTP server beside a test: runs http_peer.py and reads what it saw. */
#ifndef GAUGED_TESTS_HTTP_PEER_H
#define GAUGED_TESTS_HTTP_PEER_H

#include <stddef.h>
#include <sys/types.h>

struct http_peer {
	pid_t pid;
	int port;
	char dir[64];
	char log[96];
	char certificate[96];
};

/* Starts the server on port (0: any) and waits until it listens. */
void http_peer_start(struct http_peer *peer, int port);
/* The same by TLS, with a new certificate that nobody vouches for. */
void http_peer_start_tls(struct http_peer *peer);
/* Ends it; the log can still be read. */
void http_peer_stop(struct http_peer *peer);
/* Ends it and removes its folder. */
void http_peer_done(struct http_peer *peer);
/* A port of 127.0.0.1 on which nobody listens. */
int http_peer_free_port(void);

/* One request that the server saw. Caller frees lines with http_peer_free(). */
struct http_peer_line {
	int connection;
	int status;
	char path[128];
	char id[64];
	char *body;
};
size_t http_peer_read(const struct http_peer *peer, struct http_peer_line **ret);
void http_peer_free(struct http_peer_line *lines, size_t count);

#endif
