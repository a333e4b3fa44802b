/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the pseudo-terminals of the tests. */
#include "pty.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/loop.h"

static const struct timespec pty_nap = {.tv_nsec = NSEC_PER_MSEC / 2};

void pty_plug(struct pty *pty)
{
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(pty->master >= 0);
	assert_int_equal(grantpt(pty->master), 0);
	assert_int_equal(unlockpt(pty->master), 0);
	assert_int_equal(ptsname_r(pty->master, pty->device, sizeof(pty->device)), 0);
	pty_folder_make(pty->folder, sizeof(pty->folder));
	snprintf(pty->path, sizeof(pty->path), "%s/port", pty->folder);
	assert_int_equal(symlink(pty->device, pty->path), 0);
}

void pty_unplug(struct pty *pty)
{
	if (pty->master < 0)
		return;
	pty_folder_remove(pty->folder);
	close(pty->master);
	pty->master = -1;
}

void pty_send(struct pty *pty, struct loop *loop, const void *bytes, size_t len)
{
	struct mono end = mono_add(clock_mono(), 20 * NSEC_PER_SEC);
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(pty->master, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		assert_true(clock_mono().ns < end.ns);
		if (loop != NULL)
			loop_turn(loop);
		else
			nanosleep(&pty_nap, NULL);
	}
}

void pty_folder_make(char *room, size_t size)
{
	const char *base = getenv("TMPDIR");

	snprintf(room, size, "%s/gauged-pty-XXXXXX", base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(room));
}

void pty_folder_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(folder);
}

void pty_link(const char *folder, const char *name, const char *target)
{
	char path[512], fresh[520];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(symlink(target, fresh), 0);
	assert_int_equal(rename(fresh, path), 0);
}

void pty_wait(struct loop *loop, const unsigned *flag, unsigned want)
{
	struct mono end = mono_add(clock_mono(), 20 * NSEC_PER_SEC);

	while (*flag < want && clock_mono().ns < end.ns) {
		loop_turn(loop);
		nanosleep(&pty_nap, NULL);
	}
	assert_true(*flag >= want);
}

void pty_idle(struct loop *loop, int ms)
{
	struct mono end = mono_add(clock_mono(), ms * NSEC_PER_MSEC);

	while (clock_mono().ns < end.ns) {
		loop_turn(loop);
		nanosleep(&pty_nap, NULL);
	}
}
