/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The control API over a daemon that only pretends: what tests/system/test_control.py attacks.
 *   fake_gauged SOCKET [METRICS_ADDRESS]
 * Each 50 ms a reading passes by; each SIGUSR1 10,000 of them at once. Says "ready" on standard
 * output, ends on SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "daemon/control.h"
#include "fake_daemon.h"

enum { BURST = 10000 };

struct fake {
	struct loop *loop;
	struct daemon *daemon;
	struct loop_timer *timer;
	unsigned count;
};

static void fake_pass(void *arg)
{
	struct fake *fake = arg;

	fake_daemon_reading(fake->daemon, 0, value_number(++fake->count));
	if (fake->count % 20 == 0)
		fake_daemon_event(fake->daemon);
	loop_timer_start(fake->timer, mono_add(clock_mono(), 50 * NSEC_PER_MSEC));
}

static void fake_burst(void *arg)
{
	struct fake *fake = arg;

	for (int i = 0; i < BURST; i++)
		fake_daemon_reading(fake->daemon, 0, value_number(++fake->count));
}

static void fake_end(void *arg)
{
	struct fake *fake = arg;

	loop_stop(fake->loop);
}

static int fake_run(const struct control_config *config)
{
	struct fake fake = {.loop = loop_new(NULL)};
	struct loop_signal *term = loop_signal_new(fake.loop, SIGTERM, fake_end, &fake);
	struct loop_signal *usr1 = loop_signal_new(fake.loop, SIGUSR1, fake_burst, &fake);
	struct error err = {0};
	struct control *control;

	fake.daemon = fake_daemon_new(fake.loop);
	fake.timer = loop_timer_new(fake.loop, fake_pass, &fake);
	control = control_new(fake.daemon, fake.loop, config, &err);
	if (control != NULL) {
		puts("ready");
		fflush(stdout);
		fake_pass(&fake);
		loop_run(fake.loop);
	} else {
		fprintf(stderr, "fake_gauged: %s\n", err.text);
	}
	control_free(control);
	loop_timer_free(fake.timer);
	fake_daemon_free(fake.daemon);
	loop_signal_free(term);
	loop_signal_free(usr1);
	loop_free(fake.loop);
	return control != NULL ? 0 : err.code == EADDRINUSE ? 75 : 1;
}

int main(int argc, char **argv)
{
	struct control_config config = {0};

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: fake_gauged SOCKET [METRICS_ADDRESS]\n");
		return 2;
	}
	config.socket = argv[1];
	config.metrics_listen = argv[2];
	signal(SIGPIPE, SIG_IGN);
	log_init(STDERR_FILENO, LOG_LEVEL_DEBUG);
	return fake_run(&config);
}
