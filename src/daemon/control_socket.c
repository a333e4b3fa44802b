/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the making of listening sockets, and the question whether another instance lives. */
#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "io/tcp_address.h"

enum { LISTEN_BACKLOG = 64, LISTEN_FDS_START = 3, LISTEN_FDS_MAX = 64 };

/* LISTEN_PID and LISTEN_FDS, sd_listen_fds(3). -1: nothing of use was passed. */
static int socket_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t for_pid, count;

	if (pid == NULL || fds == NULL || str_to_int(pid, &for_pid) < 0 ||
	    str_to_int(fds, &count) < 0 || for_pid != getpid() || count > LISTEN_FDS_MAX)
		return -1;
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + (int)count; fd++) {
		int family = 0, type = 0, accepts = 0;
		socklen_t len = sizeof(int);

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 &&
		    family == AF_UNIX && type == SOCK_STREAM && accepts != 0 &&
		    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 &&
		    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			return fd;
	}
	return -1;
}

/* Splits path into its directory (opened) and the name in it. */
static int socket_directory(struct control_socket *sock, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	mode_t mask;
	int rc;

	if (path[0] != '/' || slash[1] == '\0')
		return error_set(err, EINVAL,
				 "control socket %s: expected an absolute path of a file",
				 path);
	if (strlen(path) >= sizeof(dir))
		return error_set(err, ENAMETOOLONG,
				 "control socket %s: %zu bytes, %zu is the most a socket's "
				 "path takes",
				 path, strlen(path), sizeof(dir) - 1);
	snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	snprintf(sock->name, sizeof(sock->name), "%s", slash + 1);
	mask = umask(0027);
	rc = mkdir(dir, 0750) != 0 && errno != EEXIST ? errno : 0;
	umask(mask);
	if (rc != 0)
		return error_errno(err, rc, "control socket: cannot make its directory %s",
				   dir);
	sock->dir = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sock->dir < 0)
		return error_errno(err, errno,
				   "control socket: cannot open its directory %s (a symbolic "
				   "link is not followed)",
				   dir);
	return 0;
}

/* Through the open directory, so that nobody can swap it underneath. */
static struct sockaddr_un socket_address(const struct control_socket *sock)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%.80s",
		 sock->dir, sock->name);
	return address;
}

/* Whether somebody accepts there; whose pid goes to *ret_pid. */
static bool socket_is_served(const struct control_socket *sock, pid_t *ret_pid)
{
	struct sockaddr_un address = socket_address(sock);
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	bool served;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	/* EAGAIN: its queue is full, so it lives. */
	served = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		 errno == EAGAIN;
	if (served)
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	*ret_pid = cred.pid;
	close(fd);
	return served;
}

/* Makes the name free, unless a living instance or something that is no socket is there. */
static int socket_clear(const struct control_socket *sock, const char *path, struct error *err)
{
	struct stat st;
	pid_t pid;

	if (fstatat(sock->dir, sock->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "control socket %s", path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, EEXIST,
				 "control socket %s: something that is no socket stands "
				 "there; remove it or choose another path",
				 path);
	if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0)
		return error_set(err, EACCES,
				 "control socket %s: it belongs to uid %ju, not to us", path,
				 (uintmax_t)st.st_uid);
	if (socket_is_served(sock, &pid))
		return error_set(err, EADDRINUSE,
				 "control socket %s: gauged runs already, with pid %jd", path,
				 (intmax_t)pid);
	if (unlinkat(sock->dir, sock->name, 0) != 0 && errno != ENOENT)
		return error_errno(err, errno, "control socket %s: cannot remove the old one",
				   path);
	return 0;
}

static int socket_make(struct control_socket *sock, const char *path, struct error *err)
{
	/* By its own name, which is what ss(8) and the client's getpeername(2) show. */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask = umask(0117);
	struct stat st;
	int rc;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	rc = bind(sock->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ? errno : 0;
	umask(mask);
	if (rc != 0)
		return error_errno(err, rc, "control socket %s: cannot make it", path);
	/* If it is not in the directory that we looked at, somebody swaps directories. */
	if (fstatat(sock->dir, sock->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISSOCK(st.st_mode))
		return error_set(err, ENOTDIR,
				 "control socket %s: its directory was replaced meanwhile",
				 path);
	sock->device = st.st_dev;
	sock->inode = st.st_ino;
	/* Nobody can connect before this: the mode is right by now. */
	if (listen(sock->fd, LISTEN_BACKLOG) != 0)
		return error_errno(err, errno, "control socket %s: cannot listen", path);
	return 0;
}

int control_socket_open(struct control_socket *ret, const char *path, struct error *err)
{
	struct control_socket sock = {.fd = socket_passed(), .dir = -1};
	int rc;

	if (sock.fd >= 0) {
		*ret = sock;
		return 0;
	}
	rc = socket_directory(&sock, path, err);
	if (rc == 0)
		rc = socket_clear(&sock, path, err);
	if (rc < 0)
		goto fail;
	sock.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock.fd < 0) {
		rc = error_errno(err, errno, "control socket %s", path);
		goto fail;
	}
	rc = socket_make(&sock, path, err);
	if (rc < 0)
		goto fail;
	*ret = sock;
	return 0;
fail:
	if (sock.fd >= 0)
		close(sock.fd);
	if (sock.dir >= 0)
		close(sock.dir);
	return rc;
}

void control_socket_close(struct control_socket *sock)
{
	struct stat st;

	close(sock->fd);
	if (sock->dir < 0)
		return;
	if (fstatat(sock->dir, sock->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == sock->device && st.st_ino == sock->inode)
		(void)unlinkat(sock->dir, sock->name, 0);
	close(sock->dir);
}

int control_socket_listen_tcp(const char *listen_at, struct error *err)
{
	struct tcp_address address;
	int fd;

	if (tcp_address_parse(listen_at, &address) < 0)
		return error_set(err, EINVAL,
				 "metrics listener %s: expected an address and a port, such as "
				 "127.0.0.1:9464",
				 listen_at);
	fd = tcp_address_listen(&address);
	return fd < 0 ? error_errno(err, -fd, "metrics listener %s", listen_at) : fd;
}
