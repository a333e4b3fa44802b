/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the thread that reads a recording. */
#include "inputs/playback_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

enum { FILE_PIECE = 16 * 1024, FILE_STACK = 256 * 1024 };

struct playback_file {
	char *path;
	int out;
	char piece[FILE_PIECE];
};

static int file_open(const char *path, int *ret_code)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*ret_code = fd < 0 ? errno : 0;
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))
		*ret_code = EINVAL;
	return fd;
}

/* False when nobody reads any more. */
static bool file_put(int out, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(out, p, len);

		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void *file_thread(void *arg)
{
	struct playback_file *file = arg;
	int code, fd = file_open(file->path, &code);
	ssize_t n;

	if (file_put(file->out, &code, sizeof(code)) && code == 0) {
		while ((n = read(fd, file->piece, sizeof(file->piece))) > 0) {
			if (!file_put(file->out, file->piece, (size_t)n))
				break;
		}
	}
	if (fd >= 0)
		close(fd);
	close(file->out);
	free(file->path);
	free(file);
	return NULL;
}

/* With all signals blocked: they are the loop's, and SIGPIPE becomes an error of write(). */
static int file_start(struct playback_file *file)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, FILE_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, file_thread, file);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

int playback_file_open(const char *path, struct error *err)
{
	struct playback_file *file;
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_errno(err, errno, "cannot read %s", path);
	/* Only our end: the thread is there to wait. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) {
		rc = -errno;
		goto fail;
	}
	file = xcalloc(1, sizeof(*file));
	file->path = xstrdup(path);
	file->out = fds[1];
	rc = file_start(file);
	if (rc == 0)
		return fds[0];
	free(file->path);
	free(file);
fail:
	close(fds[0]);
	close(fds[1]);
	return error_errno(err, -rc, "cannot start the thread that reads %s", path);
}
