/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * For tests, preloaded: a wall clock that the test sets. FAKE_CLOCK names a file of two
 * int64_t: nanoseconds to add to the real clock, and whether it counts as synchronised. What
 * the timer of io/clock_watch.c is to tell comes through the fifo FAKE_CLOCK.set: a byte for
 * each setting.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct fake {
	int64_t ahead_ns, synchronised;
};

static volatile struct fake *fake;
static int fifo = -1;

__attribute__((constructor)) static void fake_start(void)
{
	const char *path = getenv("FAKE_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		abort();
	fake = mmap(NULL, sizeof(*fake), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);
	int64_t ns;

	/* Other libraries ask before this one has begun. */
	if (rc != 0 || id != CLOCK_REALTIME || fake == NULL)
		return rc;
	ns = ts->tv_sec * INT64_C(1000000000) + ts->tv_nsec + fake->ahead_ns;
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	return 0;
}

/* OpenSSL asks here whether a certificate is in date. */
time_t time(time_t *ret)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (ret != NULL)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

int adjtimex(struct timex *tx)
{
	tx->status = fake->synchronised ? 0 : STA_UNSYNC;
	return fake->synchronised ? TIME_OK : TIME_ERROR;
}

int timerfd_create(int clock, int flags)
{
	char path[4096];

	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	snprintf(path, sizeof(path), "%s.set", getenv("FAKE_CLOCK"));
	/* Also for writing, or it ends with the first who has set the clock. */
	fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fifo;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	if (fd == fifo)
		return 0;
	return (int)syscall(SYS_timerfd_settime, fd, flags, when, old);
}
