/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the notify socket and the watchdog: the protocol of sd_notify(3) and nothing above. */
#include "daemon/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"

enum { NOTIFY_LINE = 1024, WATCHDOG_SOURCES = 16 };

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_len;
	uint64_t lost;
	struct complaint complaint;
};

struct watchdog_source {
	const char *what;
	notify_alive *alive;
	void *arg;
	struct complaint complaint;
};

struct notify_watchdog {
	struct notify *notify;
	struct loop *loop;
	struct loop_timer *timer;
	int64_t pause_ns;
	uint64_t turns; /* of the loop, when it was fed last */
	size_t count;
	struct watchdog_source sources[WATCHDOG_SOURCES];
};

/* An abstract name is as long as the address says, without a NUL at its end. */
static int notify_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_len,
			  struct error *err)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return error_set(err, EINVAL,
				 "NOTIFY_SOCKET is '%s': expected an absolute path or '@' and "
				 "an abstract name",
				 name);
	if (len >= sizeof(ret->sun_path))
		return error_set(err, ENAMETOOLONG,
				 "NOTIFY_SOCKET has %zu bytes, %zu is the most a socket's "
				 "address takes",
				 len, sizeof(ret->sun_path) - 1);
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, name, len);
	if (name[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
			       (name[0] == '@' ? 0 : 1));
	return 0;
}

struct notify *notify_new(const char *socket_name, struct error *err)
{
	struct notify *notify = xcalloc(1, sizeof(*notify));

	notify->fd = -1;
	if (socket_name == NULL || socket_name[0] == '\0')
		return notify;
	if (notify_address(socket_name, &notify->address, &notify->address_len, err) < 0)
		goto fail;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd < 0) {
		error_errno(err, errno, "cannot make a socket to notify the service manager");
		goto fail;
	}
	return notify;
fail:
	free(notify);
	return NULL;
}

void notify_free(struct notify *notify)
{
	if (notify == NULL)
		return;
	if (notify->fd >= 0)
		close(notify->fd);
	free(notify);
}

static void notify_send(struct notify *notify, const char *text, size_t len)
{
	ssize_t n;

	if (notify->fd < 0)
		return;
	do
		n = sendto(notify->fd, text, len, MSG_NOSIGNAL,
			   (const struct sockaddr *)&notify->address, notify->address_len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len) {
		complaint_end(&notify->complaint,
			      "the service manager takes notifications again");
		return;
	}
	notify->lost++;
	complaint_say(&notify->complaint, clock_mono(),
		      "cannot notify the service manager: %s, going on without",
		      strerrordesc_np(errno));
}

static void notify_sendf(struct notify *notify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void notify_sendf(struct notify *notify, const char *fmt, ...)
{
	char room[NOTIFY_LINE];
	struct str text;
	va_list ap;

	str_init_fixed(&text, room, sizeof(room));
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	notify_send(notify, text.s, text.len);
}

void notify_ready(struct notify *notify)
{
	notify_sendf(notify, "READY=1");
}

void notify_reloading(struct notify *notify, struct mono now)
{
	notify_sendf(notify, "RELOADING=1\nMONOTONIC_USEC=%jd",
		     (intmax_t)(now.ns / NSEC_PER_USEC));
}

void notify_stopping(struct notify *notify)
{
	notify_sendf(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *fmt, ...)
{
	char room[NOTIFY_LINE];
	struct str text;
	va_list ap;

	str_init_fixed(&text, room, sizeof(room));
	str_adds(&text, "STATUS=");
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	/* A line break would begin another assignment: text of ours must not say READY=1. */
	for (size_t i = 0; i < text.len; i++) {
		if (text.s[i] == '\n' || text.s[i] == '\r')
			text.s[i] = ' ';
	}
	notify_send(notify, text.s, text.len);
}

uint64_t notify_lost(const struct notify *notify)
{
	return notify->lost;
}

int notify_watchdog_interval(const char *usec, const char *pid, pid_t self, int64_t *ret_ns,
			     struct error *err)
{
	int64_t us, for_pid;

	if (usec == NULL) {
		*ret_ns = 0;
		return 0;
	}
	if (str_to_int(usec, &us) < 0 || us <= 0 || us > INT64_MAX / NSEC_PER_USEC)
		return error_set(err, EINVAL,
				 "WATCHDOG_USEC is '%s': expected a number of microseconds",
				 usec);
	if (pid != NULL && (str_to_int(pid, &for_pid) < 0 || for_pid <= 0))
		return error_set(err, EINVAL, "WATCHDOG_PID is '%s': expected a process id",
				 pid);
	*ret_ns = pid != NULL && for_pid != self ? 0 : us * NSEC_PER_USEC;
	return 0;
}

static bool watchdog_source_alive(struct watchdog_source *source)
{
	if (source->alive(source->arg)) {
		complaint_end(&source->complaint, "watchdog: %s goes on", source->what);
		return true;
	}
	complaint_say(&source->complaint, clock_mono(),
		      "watchdog: %s makes no progress, the service manager is not told that "
		      "all is well and will restart us",
		      source->what);
	return false;
}

static void watchdog_fired(void *arg)
{
	struct notify_watchdog *watchdog = arg;
	struct loop_report report;
	bool alive;

	loop_timer_start(watchdog->timer, mono_add(clock_mono(), watchdog->pause_ns));
	loop_report(watchdog->loop, &report);
	alive = report.turns != watchdog->turns;
	watchdog->turns = report.turns;
	/* All are asked each time: each counts its progress since it was asked last. */
	for (size_t i = 0; i < watchdog->count; i++)
		alive = watchdog_source_alive(&watchdog->sources[i]) && alive;
	if (alive)
		notify_sendf(watchdog->notify, "WATCHDOG=1");
}

struct notify_watchdog *notify_watchdog_new(struct notify *notify, struct loop *loop,
					    int64_t interval_ns)
{
	struct notify_watchdog *watchdog = xcalloc(1, sizeof(*watchdog));

	watchdog->notify = notify;
	watchdog->loop = loop;
	watchdog->turns = UINT64_MAX;
	if (interval_ns == 0)
		return watchdog;
	watchdog->pause_ns = interval_ns / 2;
	watchdog->timer = loop_timer_new(loop, watchdog_fired, watchdog);
	loop_timer_start(watchdog->timer, mono_add(clock_mono(), watchdog->pause_ns));
	return watchdog;
}

void notify_watchdog_free(struct notify_watchdog *watchdog)
{
	if (watchdog == NULL)
		return;
	loop_timer_free(watchdog->timer);
	free(watchdog);
}

void notify_watchdog_add(struct notify_watchdog *watchdog, const char *what,
			 notify_alive *alive, void *arg)
{
	if (watchdog->count == WATCHDOG_SOURCES)
		abort();
	watchdog->sources[watchdog->count++] =
		(struct watchdog_source){.what = what, .alive = alive, .arg = arg};
}
