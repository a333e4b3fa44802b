/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the weather and how it is said. Sentence: NMEA 0183 v4, MWV, wind speed and angle. */
#include "sim/mast.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/poller.h"
#include "sim/pty.h"

#define MAST_PERIOD_NS	  (250 * NSEC_PER_MSEC)
#define MAST_BREEZE_TURNS 160

struct mast {
	struct poller *poller;
	struct poller_timer timer;
	char *path;
	struct pty pty;
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
	struct pollfd pollfd = {.fd = mast->pty.fd, .events = POLLOUT};

	return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLHUP) == 0;
}

static void mast_talk(void *arg)
{
	struct mast *mast = arg;
	char line[96];
	int len = 0;

	poller_arm(mast->poller, &mast->timer, MAST_PERIOD_NS);
	if (mast->pty.fd < 0 || mast->fault == MAST_SILENT || !mast_heard(mast))
		return;
	if (mast->fault == MAST_OK)
		len = mast_sentence(mast, line, sizeof(line));
	else
		for (; len < 40; len++)
			line[len] = (char)random_between(&mast->random, 0, 255);
	/* Non-blocking: if the reader does not read, the line is full and the sentence lost. */
	if (write(mast->pty.fd, line, (size_t)len) == len)
		mast->sentences++;
}

struct mast *mast_open(struct poller *poller, const char *path, struct error *err)
{
	struct mast *mast = xcalloc(1, sizeof(*mast));

	mast->poller = poller;
	mast->path = xstrdup(path);
	mast->pty = (struct pty){.fd = -1, .held = -1};
	mast->speed = 5;
	mast->direction = 220;
	random_init(&mast->random, 7);
	mast->timer.fn = mast_talk;
	mast->timer.arg = mast;
	if (pty_plug(&mast->pty, mast->path, false, err) != 0) {
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
	pty_pull(&mast->pty);
	free(mast->path);
	free(mast);
}

void mast_fault(struct mast *mast, enum mast_fault fault)
{
	mast->fault = fault;
}

int mast_plug(struct mast *mast, bool plugged, struct error *err)
{
	if (plugged == (mast->pty.fd >= 0))
		return 0;
	if (!plugged) {
		pty_pull(&mast->pty);
		return 0;
	}
	return pty_plug(&mast->pty, mast->path, false, err);
}

uint64_t mast_sentences(const struct mast *mast)
{
	return mast->sentences;
}

double mast_speed(const struct mast *mast)
{
	return mast->speed;
}
