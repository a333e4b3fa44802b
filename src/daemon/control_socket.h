/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The sockets that the control API listens on: where they are made, with which owner and
 * mode, and whether somebody is there already.
 */
#ifndef GAUGED_DAEMON_CONTROL_SOCKET_H
#define GAUGED_DAEMON_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

struct control_socket {
	int fd;	 /* listening, non-blocking */
	int dir; /* the directory it stands in; -1: it was passed by the service manager */
	char name[108];
	dev_t device; /* of the socket that was made, so that only that one is removed */
	ino_t inode;
};

/*
 * Takes the first Unix stream socket of LISTEN_FDS (sd_listen_fds(3)), or makes one at path,
 * mode 0660, in a directory that is made with mode 0750 if it is missing. No symbolic link is
 * followed in the last two parts of path. A socket that nobody serves any more is replaced.
 * -EADDRINUSE + err: a living process serves it. Ends with *ret listening.
 */
int control_socket_open(struct control_socket *ret, const char *path, struct error *err);
/* Removes the socket if it is still the one that was made. */
void control_socket_close(struct control_socket *socket);

/*
 * A TCP socket for "127.0.0.1:9464", "[::1]:9464" (addresses, no names), listening; a
 * negative errno + err otherwise.
 */
int control_socket_listen_tcp(const char *listen_at, struct error *err);

#endif
