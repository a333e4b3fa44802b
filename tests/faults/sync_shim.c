/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * For tests, preloaded: a disk that is slow to sync, or that lies about it. SYNC_MS: how long
 * fsync() and fdatasync() take on top; SYNC_SKIP: they say that they did, and did not.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int sync_file(long call, int fd)
{
	const char *ms = getenv("SYNC_MS");
	struct timespec pause = {0};

	if (ms != NULL) {
		long n = strtol(ms, NULL, 10);

		pause.tv_sec = n / 1000;
		pause.tv_nsec = n % 1000 * 1000000;
		nanosleep(&pause, NULL);
	}
	if (getenv("SYNC_SKIP") != NULL)
		return 0;
	return (int)syscall(call, fd);
}

int fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}
