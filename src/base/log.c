/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the program's voice: the only mutable globals outside main.c live here. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { LOG_LINE = 2048 };

static int log_fd = STDERR_FILENO;
static int log_own_fd = -1; /* what log_init() opened, or -1 */
static enum log_level log_level_max = LOG_LEVEL_INFO;
static bool log_prefixed;
static bool log_socket;
static atomic_bool log_torn; /* the last line was written in part */
static atomic_uint_fast64_t log_dropped_lines;
static atomic_uint_fast64_t log_untold_lines;

/*
 * A description of our own of the same pipe or terminal: O_NONBLOCK on the one we were given
 * would be felt by everybody who shares it, such as the shell.
 */
static int log_reopen(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void log_unblock(int fd)
{
	struct stat st;
	int flags;

	if (fstat(fd, &st) != 0) {
		/* Closed. Whatever gets its number later is not for us to write to. */
		log_fd = -1;
		return;
	}
	log_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && isatty(fd) == 0)
		return;
	log_own_fd = log_reopen(fd);
	if (log_own_fd >= 0) {
		log_fd = log_own_fd;
	} else if (S_ISFIFO(st.st_mode)) {
		flags = fcntl(fd, F_GETFL);
		if (flags >= 0)
			(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	}
}

void log_init(int fd, enum log_level level)
{
	if (log_own_fd >= 0)
		close(log_own_fd);
	log_own_fd = -1;
	log_fd = fd;
	log_level_max = level;
	log_prefixed = isatty(fd) == 0;
	log_socket = false;
	log_torn = false;
	signal(SIGPIPE, SIG_IGN);
	log_unblock(fd);
}

uint64_t log_dropped(void)
{
	return log_dropped_lines;
}

static bool log_put(const char *line, size_t len)
{
	ssize_t n;

	do
		n = log_socket ? send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			       : write(log_fd, line, len);
	while (n < 0 && errno == EINTR);
	log_torn = n > 0 && n < (ssize_t)len;
	return n == (ssize_t)len;
}

/* True when nothing is left to tell. */
static bool log_tell_dropped(void)
{
	uint64_t untold = atomic_exchange(&log_untold_lines, 0);
	bool torn = log_torn;
	char line[96];
	int len;

	if (untold == 0)
		return true;
	len = snprintf(line, sizeof(line), "%s%s%ju log line%s could not be written\n",
		       torn ? "\n" : "", log_prefixed ? "<4>" : "", (uintmax_t)untold,
		       untold == 1 ? "" : "s");
	if (log_put(line, (size_t)len))
		return true;
	log_torn = log_torn || torn;
	atomic_fetch_add(&log_untold_lines, untold);
	return false;
}

__attribute__((format(printf, 2, 0))) static void log_write(enum log_level level,
							    const char *fmt, va_list ap)
{
	static const char *const prefixes[] = {"<3>", "<4>", "<5>", "<6>", "<7>"};
	char text[LOG_LINE], room[LOG_LINE + 64];
	struct str line;
	int saved = errno;

	if (level > log_level_max)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	str_init_fixed(&line, room, sizeof(room) - 1);
	if (log_prefixed)
		str_adds(&line, prefixes[level]);
	str_add_safe(&line, text, strlen(text));
	room[line.len++] = '\n';
	if (!log_tell_dropped() || !log_put(room, line.len)) {
		atomic_fetch_add(&log_dropped_lines, 1);
		atomic_fetch_add(&log_untold_lines, 1);
	}
	errno = saved;
}

#define LOG_AT(level)                      \
	do {                               \
		va_list ap;                \
		va_start(ap, fmt);         \
		log_write(level, fmt, ap); \
		va_end(ap);                \
	} while (0)

void log_error(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void log_warning(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARNING);
}

void log_notice(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_NOTICE);
}

void log_info(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void log_debug(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}

bool complaint_say(struct complaint *complaint, struct mono now, const char *fmt, ...)
{
	char text[LOG_LINE - 64]; /* leaves room for what is added below */
	va_list ap;

	if (complaint->active && now.ns < complaint->next.ns) {
		complaint->held++;
		return false;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (complaint->held > 0)
		log_warning("%s (said again after %ju more times)", text,
			    (uintmax_t)complaint->held);
	else
		log_warning("%s", text);
	complaint->pause_ns = complaint->active ? 2 * complaint->pause_ns : 10 * NSEC_PER_SEC;
	if (complaint->pause_ns > 3600 * NSEC_PER_SEC)
		complaint->pause_ns = 3600 * NSEC_PER_SEC;
	complaint->next = mono_add(now, complaint->pause_ns);
	complaint->active = true;
	complaint->held = 0;
	return true;
}

void complaint_end(struct complaint *complaint, const char *fmt, ...)
{
	if (!complaint->active)
		return;
	LOG_AT(LOG_LEVEL_NOTICE);
	*complaint = (struct complaint){0};
}
