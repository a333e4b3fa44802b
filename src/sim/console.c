/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the ways into the simulator for people and scripts. */
#include "sim/console.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "sim/command.h"
#include "sim/endpoint.h"
#include "sim/poller.h"
#include "sim/site.h"

enum { CONSOLE_LINE = 256, CONSOLE_SPEAKERS = 16, CONSOLE_WAIT_S = 5 };

/* One who gives commands. */
struct speaker {
	struct console *console;
	int in, out;
	struct poller_watch *watch;
	char line[CONSOLE_LINE];
	size_t len;
	LIST_ENTRY(speaker) entry;
};

struct console {
	struct site *site;
	int fd;
	char *path;
	struct poller_watch *watch;
	LIST_HEAD(, speaker) speakers;
	size_t count;
};

static void speaker_free(struct speaker *speaker)
{
	poller_unwatch(speaker->watch);
	if (speaker->in != STDIN_FILENO)
		close(speaker->in);
	LIST_REMOVE(speaker, entry);
	speaker->console->count--;
	free(speaker);
}

static void speaker_command(struct speaker *speaker, const char *line)
{
	struct str answer;

	str_init(&answer);
	command_run(speaker->console->site, line, &answer);
	str_addc(&answer, '\n');
	(void)!write(speaker->out, answer.s, answer.len);
	str_done(&answer);
}

static void speaker_ready(void *arg, unsigned what)
{
	struct speaker *speaker = arg;
	ssize_t n = read(speaker->in, speaker->line + speaker->len,
			 sizeof(speaker->line) - 1 - speaker->len);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		speaker_free(speaker);
		return;
	}
	speaker->len += (size_t)n;
	speaker->line[speaker->len] = '\0';
	while ((end = strchr(speaker->line, '\n')) != NULL) {
		*end = '\0';
		speaker_command(speaker, speaker->line);
		speaker->len -= (size_t)(end + 1 - speaker->line);
		memmove(speaker->line, end + 1, speaker->len + 1);
	}
	/* A line beyond the limit is no command: forget it. */
	if (speaker->len == sizeof(speaker->line) - 1)
		speaker->len = 0;
}

static bool console_listen(struct console *console, int in, int out)
{
	struct speaker *speaker = xcalloc(1, sizeof(*speaker));

	speaker->console = console;
	speaker->in = in;
	speaker->out = out;
	speaker->watch =
		poller_watch(console->site->poller, in, POLLER_READ, speaker_ready, speaker);
	if (speaker->watch == NULL) {
		free(speaker);
		return false;
	}
	LIST_INSERT_HEAD(&console->speakers, speaker, entry);
	console->count++;
	return true;
}

static void console_accept(void *arg, unsigned what)
{
	struct console *console = arg;
	char peer[32];
	int fd = endpoint_accept(console->fd, peer, sizeof(peer));

	if (fd >= 0 && (console->count >= CONSOLE_SPEAKERS || !console_listen(console, fd, fd)))
		close(fd);
}

struct console *console_open(struct site *site, const char *path, struct error *err)
{
	struct console *console = xcalloc(1, sizeof(*console));

	console->site = site;
	console->fd = -1;
	LIST_INIT(&console->speakers);
	if (path != NULL) {
		console->fd = endpoint_unix(path, err);
		if (console->fd < 0) {
			free(console);
			return NULL;
		}
		console->path = xstrdup(path);
		console->watch = poller_watch(site->poller, console->fd, POLLER_READ,
					      console_accept, console);
	}
	console_listen(console, STDIN_FILENO, STDOUT_FILENO);
	return console;
}

void console_close(struct console *console)
{
	struct speaker *speaker;

	if (console == NULL)
		return;
	while ((speaker = LIST_FIRST(&console->speakers)) != NULL)
		speaker_free(speaker);
	poller_unwatch(console->watch);
	if (console->fd >= 0) {
		close(console->fd);
		unlink(console->path);
	}
	free(console->path);
	free(console);
}

static int send_over(int fd, const char *path, const char *command)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = CONSOLE_WAIT_S};
	char line[4096];
	size_t len = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    dprintf(fd, "%s\n", command) < 0) {
		fprintf(stderr, "gauge-sim: can't reach a simulation at %s: %s\n", path,
			strerror(errno));
		return 1;
	}
	while (len < sizeof(line) - 1 && memchr(line, '\n', len) == NULL &&
	       (n = read(fd, line + len, sizeof(line) - 1 - len)) > 0)
		len += (size_t)n;
	line[len] = '\0';
	if (len == 0)
		fprintf(stderr, "gauge-sim: no answer from %s\n", path);
	fputs(line, stdout);
	return strncmp(line, "ok", 2) == 0 ? 0 : 1;
}

int console_send(const char *path, const char *command)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0) {
		fprintf(stderr, "gauge-sim: no socket: %s\n", strerror(errno));
		return 1;
	}
	r = send_over(fd, path, command);
	close(fd);
	return r;
}
