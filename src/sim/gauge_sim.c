/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gauge-sim: reads the options, sets the scene and runs it until a signal or --seconds. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "sim/command.h"
#include "sim/console.h"
#include "sim/fieldbus.h"
#include "sim/fleet.h"
#include "sim/gateway.h"
#include "sim/serial_server.h"
#include "sim/sink.h"
#include "sim/site.h"

enum { DO_MAX = 16, PORT_DEFAULT = 5020, SPEED_MAX = 1000, SECONDS_MAX = 1000000 };
enum { BAUD_MAX = 4000000, TURNAROUND_MS = 4, TURNAROUND_MS_MAX = 10000 };
enum { GATEWAY_MS = 500, GATEWAY_MS_MAX = 60000 };

struct run {
	struct site_options site;
	const char *control_path;
	const char *first[DO_MAX]; /* commands to carry out before anything runs */
	size_t first_count;
	int64_t seconds; /* 0: until a signal */
	const char *send_path;
};

static void usage(FILE *out)
{
	struct str help;

	str_init(&help);
	command_help(&help);
	fprintf(out,
		"usage: gauge-sim [options]\n"
		"       gauge-sim --send PATH COMMAND\n"
		"\n"
		"A simulated heating plant with real sockets and ttys, with faults on command.\n"
		"\n"
		"  --port PORT     Modbus TCP on 127.0.0.1 (default %d; 0 takes a free port)\n"
		"  --mast PATH     a weather mast: NMEA 0183 on a tty that PATH links to\n"
		"  --rtu PATH      Modbus RTU slaves on a tty that PATH links to\n"
		"  --baud BAUD     the RTU line takes its time and understands this rate alone\n"
		"                  (default 0: no time, any rate)\n"
		"  --units N       so many slaves, 1 to N (default %d)\n"
		"  --turnaround MS from a request's end to the answer (default %d with --baud, or 0)\n"
		"  --gateway PORT  Modbus TCP to those slaves, on a line of its own\n"
		"  --gateway-timeout MS\n"
		"                  until the gateway gives a slave up (default %d)\n"
		"  --serial-server PORT\n"
		"                  the same line as it is, RTU frames over TCP\n"
		"  --truth FILE    writes down what really stood in the registers, and since when\n"
		"  --seed N        of what happens by chance (default 0: another one each time)\n"
		"  --sink PORT     a webhook receiver that checks what arrives (0: a free port)\n"
		"  --control PATH  a Unix socket for commands; standard input takes them, too\n"
		"  --speed FACTOR  the plant's seconds in one second (default 1)\n"
		"  --do COMMAND    carry COMMAND out first; may be given up to %d times\n"
		"  --seconds N     end after N seconds\n"
		"  --devices N     N plain Modbus devices on N ports in a row, instead of the plant\n"
		"  --help, --version\n"
		"\n"
		"Commands:\n%s",
		PORT_DEFAULT, CELLAR_DEFAULT, TURNAROUND_MS, GATEWAY_MS, DO_MAX, help.s);
	str_done(&help);
}

static int wrong(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "gauge-sim: %s %s: expected %s\n", option, value, expected);
	return -EINVAL;
}

static int take_int(const char *option, const char *value, int64_t low, int64_t high,
		    int64_t *ret)
{
	char expected[64];
	int64_t number;

	snprintf(expected, sizeof(expected), "a whole number from %jd to %jd", (intmax_t)low,
		 (intmax_t)high);
	if (str_to_int(value, &number) != 0 || number < low || number > high)
		return wrong(option, value, expected);
	*ret = number;
	return 0;
}

enum option_key {
	KEY_PORT = 256,
	KEY_MAST,
	KEY_SINK,
	KEY_CONTROL,
	KEY_SPEED,
	KEY_DO,
	KEY_SECONDS,
	KEY_DEVICES,
	KEY_RTU,
	KEY_BAUD,
	KEY_UNITS,
	KEY_TURNAROUND,
	KEY_GATEWAY,
	KEY_GATEWAY_TIMEOUT,
	KEY_SERIAL_SERVER,
	KEY_TRUTH,
	KEY_SEED,
	KEY_SEND,
	KEY_HELP,
	KEY_VERSION,
};

static const struct option long_options[] = {
	{"port", required_argument, NULL, KEY_PORT},
	{"mast", required_argument, NULL, KEY_MAST},
	{"sink", required_argument, NULL, KEY_SINK},
	{"control", required_argument, NULL, KEY_CONTROL},
	{"speed", required_argument, NULL, KEY_SPEED},
	{"do", required_argument, NULL, KEY_DO},
	{"seconds", required_argument, NULL, KEY_SECONDS},
	{"devices", required_argument, NULL, KEY_DEVICES},
	{"rtu", required_argument, NULL, KEY_RTU},
	{"baud", required_argument, NULL, KEY_BAUD},
	{"units", required_argument, NULL, KEY_UNITS},
	{"turnaround", required_argument, NULL, KEY_TURNAROUND},
	{"gateway", required_argument, NULL, KEY_GATEWAY},
	{"gateway-timeout", required_argument, NULL, KEY_GATEWAY_TIMEOUT},
	{"serial-server", required_argument, NULL, KEY_SERIAL_SERVER},
	{"truth", required_argument, NULL, KEY_TRUTH},
	{"seed", required_argument, NULL, KEY_SEED},
	{"send", required_argument, NULL, KEY_SEND},
	{"help", no_argument, NULL, KEY_HELP},
	{"version", no_argument, NULL, KEY_VERSION},
	{NULL, 0, NULL, 0},
};

static int take_speed(const char *value, double *ret)
{
	double speed;

	if (str_to_number(value, &speed) != 0 || !(speed >= 0.01 && speed <= SPEED_MAX))
		return wrong("--speed", value, "a factor from 0.01 to 1000");
	*ret = speed;
	return 0;
}

static int take_first(struct run *run, const char *command)
{
	if (run->first_count == DO_MAX)
		return wrong("--do", command, "at most 16 of them");
	run->first[run->first_count++] = command;
	return 0;
}

/* What is about the serial line; 0: taken, 1: it is about something else, -EINVAL. */
static int take_rtu(struct run *run, int key, const char *value)
{
	struct site_options *site = &run->site;
	int64_t number = 0;
	int r = 0;

	switch (key) {
	case KEY_RTU:
		site->rtu_path = value;
		return 0;
	case KEY_BAUD:
		r = take_int("--baud", value, 0, BAUD_MAX, &number);
		site->rtu.baud = (int)number;
		return r;
	case KEY_UNITS:
		r = take_int("--units", value, 1, CELLAR_MAX, &number);
		site->rtu_units = (int)number;
		return r;
	case KEY_TURNAROUND:
		r = take_int("--turnaround", value, 0, TURNAROUND_MS_MAX, &number);
		site->rtu.turnaround_ns = number * NSEC_PER_MSEC;
		return r;
	case KEY_GATEWAY:
		r = take_int("--gateway", value, 0, UINT16_MAX, &number);
		site->gateway_port = (int)number;
		return r;
	case KEY_GATEWAY_TIMEOUT:
		r = take_int("--gateway-timeout", value, 1, GATEWAY_MS_MAX, &number);
		site->gateway_timeout_ns = number * NSEC_PER_MSEC;
		return r;
	case KEY_SERIAL_SERVER:
		r = take_int("--serial-server", value, 0, UINT16_MAX, &number);
		site->serial_server_port = (int)number;
		return r;
	case KEY_SEED:
		r = take_int("--seed", value, 0, INT64_MAX, &number);
		site->seed = (uint64_t)number;
		return r;
	default:
		return 1;
	}
}

/* 0: taken; 1: everything is said, end well; -EINVAL: it was wrong and has been said. */
static int take(struct run *run, int key, const char *value)
{
	int64_t number = 0;
	int r = take_rtu(run, key, value);

	if (r != 1)
		return r;
	switch (key) {
	case KEY_PORT:
		r = take_int("--port", value, 0, UINT16_MAX, &number);
		run->site.port = (uint16_t)number;
		return r;
	case KEY_SINK:
		r = take_int("--sink", value, 0, UINT16_MAX, &number);
		run->site.sink_port = (int)number;
		return r;
	case KEY_DEVICES:
		r = take_int("--devices", value, 1, SITE_DEVICES_MAX, &number);
		run->site.devices = (int)number;
		return r;
	case KEY_SECONDS:
		return take_int("--seconds", value, 1, SECONDS_MAX, &run->seconds);
	case KEY_SPEED:
		return take_speed(value, &run->site.speed);
	case KEY_DO:
		return take_first(run, value);
	case KEY_TRUTH:
		run->site.truth_path = value;
		return 0;
	case KEY_MAST:
		run->site.mast_path = value;
		return 0;
	case KEY_CONTROL:
		run->control_path = value;
		return 0;
	case KEY_SEND:
		run->send_path = value;
		return 0;
	case KEY_HELP:
		usage(stdout);
		return 1;
	case KEY_VERSION:
		puts("gauge-sim " PACKAGE_VERSION);
		return 1;
	default:
		fputs("Try 'gauge-sim --help'.\n", stderr);
		return -EINVAL;
	}
}

static int take_all(struct run *run, int argc, char **argv)
{
	int key, r = 0;

	*run = (struct run){.site = {.port = PORT_DEFAULT,
				     .sink_port = -1,
				     .speed = 1,
				     .rtu_units = CELLAR_DEFAULT,
				     .gateway_port = -1,
				     .gateway_timeout_ns = GATEWAY_MS * NSEC_PER_MSEC,
				     .serial_server_port = -1,
				     .rtu.turnaround_ns = -1}};
	while (r == 0 && (key = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		r = take(run, key, optarg);
	if (r == 0 && run->send_path == NULL && optind < argc) {
		fprintf(stderr, "gauge-sim: unexpected '%s'\n", argv[optind]);
		r = -EINVAL;
	}
	if (r == 0 && run->site.devices > 0 &&
	    (run->site.rtu_path != NULL || run->site.gateway_port >= 0 ||
	     run->site.serial_server_port >= 0)) {
		fputs("gauge-sim: --devices has no serial line beside it\n", stderr);
		r = -EINVAL;
	}
	if (run->site.rtu.turnaround_ns < 0)
		run->site.rtu.turnaround_ns =
			run->site.rtu.baud > 0 ? TURNAROUND_MS * NSEC_PER_MSEC : 0;
	return r;
}

static int send_words(const char *path, char **words, int count)
{
	struct str command;
	int r;

	str_init(&command);
	for (int i = 0; i < count; i++)
		str_addf(&command, "%s%s", i > 0 ? " " : "", words[i]);
	r = console_send(path, command.len > 0 ? command.s : "");
	str_done(&command);
	return r;
}

/* One line for programs: words of the form name=value after "ready". */
static void tell_ready(const struct run *run, const struct site *site)
{
	printf("gauge-sim: ready");
	if (site->fleet != NULL)
		printf(" devices=127.0.0.1:%d-%d", fleet_port(site->fleet),
		       fleet_port(site->fleet) + fleet_count(site->fleet) - 1);
	if (site->bus != NULL)
		printf(" modbus=127.0.0.1:%d", fieldbus_port(site->bus));
	if (site->sink != NULL)
		printf(" sink=127.0.0.1:%d", sink_port(site->sink));
	if (site->rtu != NULL)
		printf(" rtu=%s", run->site.rtu_path);
	if (site->gateway != NULL)
		printf(" gateway=127.0.0.1:%d", fieldbus_port(gateway_bus(site->gateway)));
	if (site->server != NULL)
		printf(" server=127.0.0.1:%d", serial_server_port(site->server));
	if (site->mast != NULL)
		printf(" mast=%s", run->site.mast_path);
	if (run->control_path != NULL)
		printf(" control=%s", run->control_path);
	printf(" pid=%d\n", (int)getpid());
	fflush(stdout);
}

static void stop(void *arg)
{
	poller_stop(arg);
}

static void stop_by_signal(void *arg, unsigned what)
{
	poller_stop(arg);
}

static int watch_signals(struct poller *poller)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd >= 0)
		poller_watch(poller, fd, POLLER_READ, stop_by_signal, poller);
	return fd;
}

static int run_first(const struct run *run, struct site *site)
{
	for (size_t i = 0; i < run->first_count; i++) {
		struct str answer;
		int r;

		str_init(&answer);
		r = command_run(site, run->first[i], &answer);
		if (r != 0)
			fprintf(stderr, "gauge-sim: --do '%s': %s\n", run->first[i], answer.s);
		str_done(&answer);
		if (r != 0)
			return r;
	}
	return 0;
}

static int run_site(const struct run *run, struct site *site)
{
	struct poller_timer end = {.fn = stop, .arg = site->poller};
	struct console *console;
	struct error err;
	int signals;

	if (run_first(run, site) != 0)
		return 2;
	console = console_open(site, run->control_path, &err);
	if (console == NULL) {
		fprintf(stderr, "gauge-sim: %s\n", err.text);
		return 1;
	}
	signals = watch_signals(site->poller);
	if (run->seconds > 0)
		poller_arm(site->poller, &end, run->seconds * NSEC_PER_SEC);
	tell_ready(run, site);
	poller_run(site->poller);
	console_close(console);
	if (signals >= 0)
		close(signals);
	return 0;
}

/* Each device of a fleet takes four descriptors and one for each connection. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct run run;
	struct site site;
	struct error err;
	int r = take_all(&run, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : 0;
	if (run.send_path != NULL)
		return send_words(run.send_path, argv + optind, argc - optind);
	raise_descriptor_limit();
	if (site_open(&site, &run.site, &err) != 0) {
		fprintf(stderr, "gauge-sim: %s\n", err.text);
		return 1;
	}
	r = run_site(&run, &site);
	site_close(&site);
	return r;
}
