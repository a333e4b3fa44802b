/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Who is at the other end of a connection, by the kernel's word, and what they may do. */
#ifndef GAUGED_DAEMON_PEER_H
#define GAUGED_DAEMON_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct str;

enum peer_role {
	PEER_METRICS, /* a stranger by TCP: the metrics and nothing else */
	PEER_READ,    /* whoever can reach the socket: its directory and mode decide that */
	PEER_WRITE,   /* root, the daemon's own user, the group of administrators */
};

struct peer {
	enum peer_role role;
	bool root;
	/* of a local peer, at the time it connected; pid 0: by TCP */
	pid_t pid;
	uid_t uid;
};

/*
 * The groups that count as administrators: number of group name, or (gid_t)-1 if there is no
 * such group. Asks the group database, which may wait: only while starting.
 */
gid_t peer_admin_group(const char *name);

/*
 * SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket. own: the daemon's effective user.
 * A negative errno when the kernel does not tell; then the connection is not to be served.
 */
int peer_of_socket(int fd, uid_t own, gid_t admin_group, struct peer *ret);
struct peer peer_of_stranger(void);

/* "uid 1000 (pid 4711)". */
void peer_show(const struct peer *peer, struct str *out);

#endif
