/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * For tests, preloaded: a disk that takes what it is given and does not say when it has it, as
 * long as the file that SLOW_DISK names is there.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void slow_wait(void)
{
	static const struct timespec step = {.tv_nsec = 5000000};
	const char *path = getenv("SLOW_DISK");

	while (path != NULL && access(path, F_OK) == 0)
		nanosleep(&step, NULL);
}

int fsync(int fd)
{
	slow_wait();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	slow_wait();
	return (int)syscall(SYS_fdatasync, fd);
}
