/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the process of http_peer.py. */
#include "http_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "base/alloc.h"

static void peer_folder(struct http_peer *peer)
{
	if (peer->dir[0] != '\0')
		return;
	snprintf(peer->dir, sizeof(peer->dir), "/tmp/gauged-peer-XXXXXX");
	assert_non_null(mkdtemp(peer->dir));
	snprintf(peer->log, sizeof(peer->log), "%s/log", peer->dir);
	snprintf(peer->certificate, sizeof(peer->certificate), "%s/pem", peer->dir);
}

static void peer_run(struct http_peer *peer, int port, const char *certificate)
{
	const char *srcdir = getenv("srcdir");
	char script[512], number[16], answer[16] = "";
	int out[2];

	snprintf(script, sizeof(script), "%s/tests/unit/http_peer.py",
		 srcdir != NULL ? srcdir : ".");
	snprintf(number, sizeof(number), "%d", port);
	assert_int_equal(pipe(out), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl("/usr/bin/python3", "python3", script, number, peer->log, certificate,
		      (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	assert_true(read(out[0], answer, sizeof(answer) - 1) > 0);
	close(out[0]);
	peer->port = atoi(answer);
	assert_true(peer->port > 0);
}

void http_peer_start(struct http_peer *peer, int port)
{
	peer_folder(peer);
	peer_run(peer, port, NULL);
}

void http_peer_start_tls(struct http_peer *peer)
{
	char command[800];

	peer_folder(peer);
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
		 "-addext subjectAltName=DNS:localhost -keyout %s.key -out %s 2>/dev/null && "
		 "cat %s.key >>%s && rm %s.key",
		 peer->certificate, peer->certificate, peer->certificate, peer->certificate,
		 peer->certificate);
	assert_int_equal(system(command), 0);
	peer_run(peer, 0, peer->certificate);
}

void http_peer_stop(struct http_peer *peer)
{
	if (peer->pid <= 0)
		return;
	kill(peer->pid, SIGKILL);
	waitpid(peer->pid, NULL, 0);
	peer->pid = 0;
}

void http_peer_done(struct http_peer *peer)
{
	http_peer_stop(peer);
	if (peer->dir[0] == '\0')
		return;
	unlink(peer->log);
	unlink(peer->certificate);
	rmdir(peer->dir);
	peer->dir[0] = '\0';
}

int http_peer_free_port(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

size_t http_peer_read(const struct http_peer *peer, struct http_peer_line **ret)
{
	struct http_peer_line *lines = NULL;
	FILE *file = fopen(peer->log, "r");
	char *text = NULL;
	size_t size = 0, count = 0;
	ssize_t len;

	assert_non_null(file);
	while ((len = getline(&text, &size, file)) > 0) {
		struct http_peer_line line = {0};
		int at = 0;

		text[len - 1] = '\0';
		assert_int_equal(sscanf(text, "%d %d %127s %63s %n", &line.connection,
					&line.status, line.path, line.id, &at),
				 4);
		line.body = xstrdup(text + at);
		lines = xreallocarray(lines, count + 1, sizeof(*lines));
		lines[count++] = line;
	}
	free(text);
	fclose(file);
	*ret = lines;
	return count;
}

void http_peer_free(struct http_peer_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i].body);
	free(lines);
}
