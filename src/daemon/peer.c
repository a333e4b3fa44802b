/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns peer credentials and the roles that follow from them. */
#include "daemon/peer.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"

enum { PEER_GROUPS = 1024 };

gid_t peer_admin_group(const char *name)
{
	const struct group *group = getgrnam(name);

	return group != NULL ? group->gr_gid : (gid_t)-1;
}

/* More groups than fit (ERANGE) count as none: the role is not widened by a guess. */
static bool peer_in_group(int fd, gid_t group)
{
	gid_t groups[PEER_GROUPS];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

int peer_of_socket(int fd, uid_t own, gid_t admin_group, struct peer *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	bool admin;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return -errno;
	admin = cred.uid == 0 || cred.uid == own;
	if (!admin && admin_group != (gid_t)-1)
		admin = cred.gid == admin_group || peer_in_group(fd, admin_group);
	*ret = (struct peer){
		.role = admin ? PEER_WRITE : PEER_READ,
		.root = cred.uid == 0,
		.pid = cred.pid,
		.uid = cred.uid,
	};
	return 0;
}

struct peer peer_of_stranger(void)
{
	return (struct peer){.role = PEER_METRICS, .uid = (uid_t)-1};
}

void peer_show(const struct peer *peer, struct str *out)
{
	if (peer->role == PEER_METRICS)
		str_adds(out, "a client by TCP");
	else
		str_addf(out, "uid %ju (pid %jd)", (uintmax_t)peer->uid, (intmax_t)peer->pid);
}
