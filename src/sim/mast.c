/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the pty and the weather. Sentence: NMEA 0183 v4, MWV, wind speed and angle. */
#include "sim/mast.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/poller.h"

#define MAST_PERIOD_NS	  (250 * NSEC_PER_MSEC)
#define MAST_BREEZE_TURNS 160

struct mast {
	struct poller *poller;
	struct poller_timer timer;
	char *path;
	int fd; /* the master; -1: pulled */
	bool linked;
	enum mast_fault fault;
	struct random random;
	double speed, direction;
	uint64_t turns, sentences;
};

static double wander(struct mast *mast, double value, double target, double pull, double noise)
{
	double step = (double)random_between(&mast->random, -1000, 1000) / 1000 * noise;

	return value + pull * (target - value) + step;
}

static int mast_sentence(struct mast *mast, char *line, size_t size)
{
	char body[64];
	unsigned sum = 0;
	/* A breeze that freshens every 40 s, so that something happens while one looks. */
	double breeze = 5.5 + 3.5 * sin((double)mast->turns++ * 2 * M_PI / MAST_BREEZE_TURNS);

	mast->speed = fabs(wander(mast, mast->speed, breeze, 0.2, 0.25));
	mast->direction = fmod(wander(mast, mast->direction, 220, 0.02, 6) + 360, 360);
	snprintf(body, sizeof(body), "WIMWV,%.1f,R,%.1f,M,A", mast->direction, mast->speed);
	for (const char *c = body; *c != '\0'; c++)
		sum ^= (unsigned char)*c;
	return snprintf(line, size, "$%s*%02X\r\n", body, sum);
}

/* False while nobody has the line open: sentences must not pile up for the next reader. */
static bool mast_heard(const struct mast *mast)
{
	struct pollfd pollfd = {.fd = mast->fd, .events = POLLOUT};

	return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLHUP) == 0;
}

static void mast_talk(void *arg)
{
	struct mast *mast = arg;
	char line[96];
	int len = 0;

	poller_arm(mast->poller, &mast->timer, MAST_PERIOD_NS);
	if (mast->fd < 0 || mast->fault == MAST_SILENT || !mast_heard(mast))
		return;
	if (mast->fault == MAST_OK)
		len = mast_sentence(mast, line, sizeof(line));
	else
		for (; len < 40; len++)
			line[len] = (char)random_between(&mast->random, 0, 255);
	/* Non-blocking: if the reader does not read, the line is full and the sentence lost. */
	if (write(mast->fd, line, (size_t)len) == len)
		mast->sentences++;
}

static int mast_raw(const char *name, struct error *err)
{
	struct termios raw;
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return error_errno(err, errno, "can't open %s for the mast", name);
	if (tcgetattr(slave, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
	}
	close(slave);
	return 0;
}

static int mast_attach(struct mast *mast, struct error *err)
{
	struct stat st;
	char name[64];
	int r;

	mast->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (mast->fd < 0 || grantpt(mast->fd) != 0 || unlockpt(mast->fd) != 0 ||
	    ptsname_r(mast->fd, name, sizeof(name)) != 0)
		return error_errno(err, errno, "no pseudo terminal for the mast");
	r = mast_raw(name, err);
	if (r != 0)
		return r;
	if (lstat(mast->path, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(mast->path);
	if (symlink(name, mast->path) != 0)
		return error_errno(err, errno, "can't make the link %s", mast->path);
	mast->linked = true;
	return 0;
}

static void mast_detach(struct mast *mast)
{
	if (mast->linked)
		unlink(mast->path);
	if (mast->fd >= 0)
		close(mast->fd);
	mast->linked = false;
	mast->fd = -1;
}

struct mast *mast_open(struct poller *poller, const char *path, struct error *err)
{
	struct mast *mast = xcalloc(1, sizeof(*mast));

	mast->poller = poller;
	mast->path = xstrdup(path);
	mast->fd = -1;
	mast->speed = 5;
	mast->direction = 220;
	random_init(&mast->random, 7);
	mast->timer.fn = mast_talk;
	mast->timer.arg = mast;
	if (mast_attach(mast, err) != 0) {
		mast_close(mast);
		return NULL;
	}
	poller_arm(poller, &mast->timer, MAST_PERIOD_NS);
	return mast;
}

void mast_close(struct mast *mast)
{
	if (mast == NULL)
		return;
	poller_disarm(&mast->timer);
	mast_detach(mast);
	free(mast->path);
	free(mast);
}

void mast_fault(struct mast *mast, enum mast_fault fault)
{
	mast->fault = fault;
}

int mast_plug(struct mast *mast, bool plugged, struct error *err)
{
	int r;

	if (plugged == (mast->fd >= 0))
		return 0;
	if (!plugged) {
		mast_detach(mast);
		return 0;
	}
	r = mast_attach(mast, err);
	if (r != 0)
		mast_detach(mast);
	return r;
}

uint64_t mast_sentences(const struct mast *mast)
{
	return mast->sentences;
}

double mast_speed(const struct mast *mast)
{
	return mast->speed;
}
