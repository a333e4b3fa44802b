/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns how a serial line is opened and closed. Both can wait: open and tcsetattr on a USB
 * adapter are control transfers, close waits up to 30 s for output that does not drain
 * (closing_wait). So each runs in a short-lived thread, one at a time for each line, and the
 * loop hears of its end through an eventfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "io/device_denied.h"
#include "io/loop.h"
#include "io/stream.h"
#include "io/stream_opener.h"
#include "io/tty_holder.h"
#include "io/tty_line.h"
#include "io/tty_rs485.h"
#include "io/tty_watch.h"

/*
 * A port that is in use by nobody who can be seen may be one that this program is just closing:
 * looked at again so often, with such pauses, before it counts as busy.
 */
enum { TTY_BUSY_TRIES = 20 };
static const struct timespec tty_busy_pause = {.tv_nsec = 25 * NSEC_PER_MSEC};

enum { TTY_STACK = 256 * 1024 };

/* One opening or closing, shared by its thread and the opener until one of them is through. */
struct tty_job {
	pthread_mutex_t lock;
	bool abandoned; /* by the opener: the thread cleans up */
	bool done;	/* by the thread: the opener cleans up */
	struct loop_wake *wake;
	bool closing;
	char *path;
	struct stream_tty tty;
	int fd; /* to be closed, or the result */
	struct error err;
};

struct stream_opener {
	struct stream *stream;
	struct loop *loop;
	const struct stream_tty *tty;
	struct loop_wake *wake; /* NULL before the first attempt */
	struct tty_watch *watch;
	struct tty_job *job; /* under way */
	bool start_wanted;   /* once the closing that is under way has ended */
	bool changed;	     /* the device file changed while an attempt was under way */
};

/* What runs in the thread. */

/* -EBUSY when it is known who has the port, -EAGAIN when not; descriptors: see
 * tty_holder_find(). */
static int tty_busy(const char *path, bool descriptors, struct error *err)
{
	struct tty_holder holder;
	struct stat st;

	if (!tty_holder_self(path) && stat(path, &st) == 0 &&
	    tty_holder_find(st.st_rdev, path, descriptors, &holder))
		return error_set(err, EBUSY, "%s is in use by %s (process %d)", path,
				 holder.name, holder.pid);
	error_set(err, EBUSY,
		  "%s is in use by a process that gauged may not see, or by another bus", path);
	return -EAGAIN;
}

static int tty_open_error(const char *path, int code, struct error *err)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return error_set(err, code, "%s is not there: %s", path, strerrordesc_np(code));
	case EACCES:
	case EPERM:
		return device_denied(path, code, "dialout", err);
	case EBUSY:
		return tty_busy(path, true, err);
	default:
		return error_errno(err, code, "cannot open %s", path);
	}
}

/* Nobody else may use the port, before or after; the descriptor is ours. */
static int tty_claim(int fd, const char *path, struct error *err)
{
	bool pseudo = tty_line_pseudo(fd);
	struct tty_holder holder;
	struct stat st;
	int exclusive = 0;

	/*
	 * TIOCEXCL does not keep root out: it has to look for itself. Tests and simulators hold
	 * the other end of a pseudo-terminal, and often this one: they are not in the way.
	 */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 ||
	    (ioctl(fd, TIOCGEXCL, &exclusive) == 0 && exclusive != 0))
		return tty_busy(path, !pseudo, err);
	if (fstat(fd, &st) == 0 && tty_holder_find(st.st_rdev, path, !pseudo, &holder))
		return error_set(err, EBUSY, "%s is in use by %s (process %d)", path,
				 holder.name, holder.pid);
	/* The mark of a pseudo-terminal outlives the process that made it. */
	if (!pseudo && ioctl(fd, TIOCEXCL) != 0)
		return error_errno(err, errno, "cannot get %s for ourselves alone", path);
	return 0;
}

static int tty_attempt(const struct tty_job *job, int *ret_fd, struct error *err)
{
	int fd = open(job->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return tty_open_error(job->path, errno, err);
	rc = isatty(fd) != 0 ? 0 : error_set(err, ENOTTY, "%s is no serial line", job->path);
	if (rc == 0)
		rc = tty_claim(fd, job->path, err);
	if (rc == 0)
		rc = tty_line_set(fd, &job->tty, err);
	if (rc == 0 && job->tty.rs485.on)
		rc = tty_rs485_set(fd, &job->tty, err);
	if (rc == 0 && job->tty.low_latency)
		tty_line_low_latency(fd);
	if (rc == 0)
		*ret_fd = fd;
	else
		close(fd);
	return rc;
}

static void tty_open(struct tty_job *job)
{
	for (int i = 0; i < TTY_BUSY_TRIES; i++) {
		if (tty_attempt(job, &job->fd, &job->err) != -EAGAIN)
			return;
		nanosleep(&tty_busy_pause, NULL);
	}
}

static void tty_close_now(int fd)
{
	/* What did not leave yet never will; without it close() has nothing to wait for. */
	tcflush(fd, TCIOFLUSH);
	if (!tty_line_pseudo(fd))
		(void)ioctl(fd, TIOCNXCL);
	close(fd);
}

static void tty_job_free(struct tty_job *job)
{
	pthread_mutex_destroy(&job->lock);
	free(job->path);
	free(job);
}

static void *tty_thread(void *arg)
{
	struct tty_job *job = arg;
	bool abandoned;

	if (job->closing)
		tty_close_now(job->fd);
	else
		tty_open(job);
	pthread_mutex_lock(&job->lock);
	abandoned = job->abandoned;
	job->done = true;
	if (!abandoned)
		loop_wake_ring(job->wake);
	pthread_mutex_unlock(&job->lock);
	if (!abandoned)
		return NULL;
	if (!job->closing && job->fd >= 0)
		tty_close_now(job->fd);
	tty_job_free(job);
	return NULL;
}

/* What runs on the loop. */

static int tty_thread_start(struct tty_job *job)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, TTY_STACK);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, tty_thread, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

static struct tty_job *tty_job_new(struct stream_opener *opener, bool closing, int fd)
{
	struct tty_job *job = xcalloc(1, sizeof(*job));

	pthread_mutex_init(&job->lock, NULL);
	job->wake = opener->wake;
	job->closing = closing;
	/* A copy: the thread may outlive the configuration. */
	job->path = xstrdup(opener->tty->path);
	job->tty = *opener->tty;
	job->tty.path = job->path;
	job->fd = fd;
	return job;
}

static void tty_ended(void *arg);

static void tty_begin(struct stream_opener *opener)
{
	struct error err;
	int rc;

	opener->changed = false;
	if (opener->wake == NULL)
		opener->wake = loop_wake_new(opener->loop, tty_ended, opener);
	if (opener->wake == NULL) {
		error_errno(&err, EMFILE, "cannot open %s", opener->tty->path);
		stream_failed(opener->stream, &err);
		return;
	}
	opener->job = tty_job_new(opener, false, -1);
	rc = tty_thread_start(opener->job);
	if (rc == 0)
		return;
	tty_job_free(opener->job);
	opener->job = NULL;
	error_errno(&err, -rc, "cannot start the thread that opens %s", opener->tty->path);
	stream_failed(opener->stream, &err);
}

static void tty_opened(struct stream_opener *opener, struct tty_job *job)
{
	bool again = opener->changed;
	struct error err = job->err;
	int fd = job->fd;

	tty_job_free(job);
	if (fd >= 0) {
		tty_watch_stop(opener->watch);
		stream_opened(opener->stream, fd);
		return;
	}
	stream_failed(opener->stream, &err);
	if (again)
		stream_hint(opener->stream);
}

static void tty_ended(void *arg)
{
	struct stream_opener *opener = arg;
	struct tty_job *job = opener->job;
	bool done = false;

	if (job != NULL) {
		pthread_mutex_lock(&job->lock);
		done = job->done;
		pthread_mutex_unlock(&job->lock);
	}
	if (!done)
		return;
	opener->job = NULL;
	if (!job->closing) {
		tty_opened(opener, job);
		return;
	}
	tty_job_free(job);
	if (opener->start_wanted) {
		opener->start_wanted = false;
		tty_begin(opener);
	}
}

static void tty_changed(void *arg)
{
	struct stream_opener *opener = arg;

	opener->changed = true;
	stream_hint(opener->stream);
}

static struct stream_opener *tty_create(struct stream *stream, struct loop *loop,
					const struct stream_config *config)
{
	struct stream_opener *opener = xcalloc(1, sizeof(*opener));

	opener->stream = stream;
	opener->loop = loop;
	opener->tty = &config->tty;
	opener->watch = tty_watch_new(loop, config->tty.path, tty_changed, opener);
	return opener;
}

static void tty_start(struct stream_opener *opener)
{
	/* Before the attempt, so that what happens after it is not missed. */
	tty_watch_start(opener->watch);
	if (opener->job != NULL)
		opener->start_wanted = true;
	else
		tty_begin(opener);
}

static void tty_close(struct stream_opener *opener, int fd)
{
	struct tty_job *job = tty_job_new(opener, true, fd);

	/* A line that was lost may be plugged in again before the first pause is over. */
	tty_watch_start(opener->watch);
	/* Without a thread the line is closed here: flushed, it has little to wait for. */
	if (tty_thread_start(job) != 0) {
		tty_close_now(fd);
		tty_job_free(job);
	} else {
		opener->job = job;
	}
}

/* The thread goes on by itself and cleans up, or it was through already. */
static void tty_abandon(struct tty_job *job)
{
	bool done;

	pthread_mutex_lock(&job->lock);
	job->abandoned = true;
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	if (!done)
		return;
	if (!job->closing && job->fd >= 0)
		tty_close_now(job->fd);
	tty_job_free(job);
}

static void tty_destroy(struct stream_opener *opener)
{
	if (opener->job != NULL)
		tty_abandon(opener->job);
	tty_watch_free(opener->watch);
	loop_wake_free(opener->wake);
	free(opener);
}

const struct stream_opener_type stream_opener_tty = {
	.create = tty_create,
	.destroy = tty_destroy,
	.start = tty_start,
	.close = tty_close,
};
