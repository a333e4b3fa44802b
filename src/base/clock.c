/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of clocks: no other file of gauged asks the system for a time. */
#include "base/clock.h"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

struct mono clock_mono(void)
{
	return (struct mono){clock_read(CLOCK_MONOTONIC)};
}

struct boot clock_boot(void)
{
	return (struct boot){clock_read(CLOCK_BOOTTIME)};
}

struct wall clock_wall(void)
{
	return (struct wall){clock_read(CLOCK_REALTIME)};
}

bool clock_synchronised(void)
{
	struct timex tx = {.modes = 0};
	int state = adjtimex(&tx);

	/*
	 * ProtectClock= takes the call away even for reading. systemd-timesyncd leaves this
	 * file when it has set the clock (systemd-timesyncd.service(8)).
	 */
	if (state < 0)
		return access("/run/systemd/timesync/synchronized", F_OK) == 0;
	return state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0;
}

bool clock_plausible(void)
{
	return clock_wall().ns >= CLOCK_MADE.ns || clock_synchronised();
}
