/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the process: options, signals, limits, and the order of starting and stopping. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "io/loop.h"
#include "rules/ruleset.h"
#include "daemon/config.h"
#include "daemon/config_memory.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/state.h"

enum { MAIN_DIAGS = 200 };

/* What waits and is not in the store is lost: it gets this long to leave, looked at so often.
 */
static const int64_t drain_ns = 4 * NSEC_PER_SEC, drain_step_ns = 20 * NSEC_PER_MSEC;
/* A device that does not take on_stop by then is away. */
static const int64_t drain_writes_ns = 2 * NSEC_PER_SEC;

struct options {
	const char *config;
	enum log_level log_level;
	bool check;
};

struct process {
	struct loop *loop;
	struct daemon *daemon;
	struct control *control;
	struct notify *notify;
	struct notify_watchdog *watchdog;
	struct daemon_watcher watcher;
	struct loop_signal *signals[3];
	struct loop_timer *drain;
	struct mono drain_end; /* while it stops; otherwise 0 */
	struct mono drain_writes_end;
};

static const char usage[] =
	"usage: gauged [--config FILE] [--check] [--log-level LEVEL] [--version] [--help]\n"
	"\n"
	"  -c, --config FILE      configuration (default /etc/gauged/gauged.yaml)\n"
	"      --check            read the configuration, tell what is wrong, and end\n"
	"      --log-level LEVEL  error, warning, notice, info (default) or debug\n"
	"      --version          print the version and end\n"
	"\n"
	"Ask the running daemon with gaugectl(1). Manual: gauged(8), gauged.yaml(5).\n";

static bool options_level(const char *name, enum log_level *ret)
{
	static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* -1: go on; otherwise the exit status. */
static int options_parse(int argc, char **argv, struct options *ret)
{
	static const struct option rows[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"log-level", required_argument, NULL, 'l'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	*ret = (struct options){"/etc/gauged/gauged.yaml", LOG_LEVEL_INFO, false};
	while ((c = getopt_long(argc, argv, "c:h", rows, NULL)) != -1) {
		switch (c) {
		case 'c':
			ret->config = optarg;
			break;
		case 'k':
			ret->check = true;
			break;
		case 'l':
			if (options_level(optarg, &ret->log_level))
				break;
			fprintf(stderr, "gauged: unknown log level '%s'\n%s", optarg, usage);
			return EX_USAGE;
		case 'v':
			puts("gauged " PACKAGE_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "gauged: unexpected argument '%s'\n%s", argv[optind], usage);
	return EX_USAGE;
}

/* A closed standard descriptor would be the number of the next socket that is opened. */
static void process_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void process_limits(void)
{
	struct rlimit files;

	/* One descriptor for each device: take what the system allows. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	umask(0077);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
}

static void tell_diags(const struct diags *diags)
{
	struct str text;
	char *line, *rest;

	str_init(&text);
	diags_render(diags, &text);
	if (isatty(STDERR_FILENO)) {
		fputs(text.s != NULL ? text.s : "", stderr);
	} else {
		/* One log line each: the journal keeps them together and readable. */
		rest = text.s;
		while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
			if (*line != '\0')
				log_error("%s", line);
		}
	}
	str_done(&text);
}

static void tell_ready(const struct config *config)
{
	size_t points = point_table_count(config->points);
	size_t rules = ruleset_count(config->rules);

	struct str memory;

	str_init(&memory);
	config_add_memory(config, &memory);
	log_notice("running %s: %zu %s, %zu %s, %zu %s, %zu %s; memory: %s, fixed from here on",
		   config->path, config->bus_count,
		   str_plural(config->bus_count, "bus", "buses"), points,
		   str_plural(points, "point", "points"), rules,
		   str_plural(rules, "rule", "rules"), config->webhook_count,
		   str_plural(config->webhook_count, "webhook", "webhooks"), memory.s);
	str_done(&memory);
}

static void process_drain(void *arg)
{
	struct process *process = arg;
	struct mono now = clock_mono();
	bool writes =
		daemon_writing(process->daemon) > 0 && now.ns < process->drain_writes_end.ns;
	bool waits = daemon_waiting(process->daemon) > 0 && now.ns < process->drain_end.ns;

	if (!writes && !waits)
		loop_stop(process->loop);
	else
		loop_timer_start(process->drain, mono_add(now, drain_step_ns));
}

static void process_stop(void *arg)
{
	struct process *process = arg;
	size_t waiting = daemon_waiting(process->daemon);

	if (process->drain_end.ns != 0) {
		log_notice("stopping at once: asked twice");
		loop_stop(process->loop);
		return;
	}
	notify_stopping(process->notify);
	if (waiting > 0)
		log_notice("stopping, once %zu %s in the store or delivered, or %jd s are over",
			   waiting, str_plural(waiting, "message is", "messages are"),
			   (intmax_t)(drain_ns / NSEC_PER_SEC));
	else
		log_notice("stopping");
	process->drain_end = mono_add(clock_mono(), drain_ns);
	process->drain_writes_end = mono_add(clock_mono(), drain_writes_ns);
	daemon_stop(process->daemon);
	process_drain(process);
}

static void process_hangup(void *arg)
{
	struct process *process = arg;

	daemon_reload(process->daemon, NULL, NULL);
}

static void process_reload_begins(void *arg)
{
	struct process *process = arg;

	notify_reloading(process->notify, clock_mono());
}

static void process_reload_ends(void *arg)
{
	struct process *process = arg;

	notify_ready(process->notify);
}

static void process_notify(struct process *process)
{
	struct error err;
	int64_t interval_ns = 0;

	process->notify = notify_new(getenv("NOTIFY_SOCKET"), &err);
	if (process->notify == NULL) {
		log_warning("%s: the service manager will not be told", err.text);
		process->notify = notify_new(NULL, &err);
	}
	if (notify_watchdog_interval(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), getpid(),
				     &interval_ns, &err) < 0)
		log_warning("%s: the watchdog is off", err.text);
	process->watchdog = notify_watchdog_new(process->notify, process->loop, interval_ns);
}

/* Another gauged has the state; no thread can be had; or anything else. */
static int process_refused(const struct error *err)
{
	if (err->code == EBUSY)
		return EX_TEMPFAIL;
	return err->code == EAGAIN ? EX_OSERR : EX_UNAVAILABLE;
}

static int process_start(struct process *process, struct config *config, struct error *err)
{
	static const struct {
		int signo;
		loop_timer_fn *fn;
	} signals[] = {
		{SIGTERM, process_stop},
		{SIGINT, process_stop},
		{SIGHUP, process_hangup},
	};
	struct control_config control = {config->control_socket, config->metrics_listen};

	process->loop = loop_new(err);
	if (process->loop == NULL)
		return EX_OSERR;
	process->drain = loop_timer_new(process->loop, process_drain, process);
	process_notify(process);
	process->daemon = daemon_new(config_ref(config), process->loop, err);
	if (process->daemon == NULL)
		return process_refused(err);
	process->watcher = (struct daemon_watcher){
		.reload_begins = process_reload_begins,
		.reload_ends = process_reload_ends,
		.arg = process,
	};
	daemon_watch(process->daemon, &process->watcher);
	notify_watchdog_add(process->watchdog, "the writer of the store", state_alive,
			    daemon_state(process->daemon));
	process->control = control_new(process->daemon, process->loop, &control, err);
	if (process->control == NULL)
		return err->code == EADDRINUSE ? EX_TEMPFAIL : EX_UNAVAILABLE;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		process->signals[i] = loop_signal_new(process->loop, signals[i].signo,
						      signals[i].fn, process);
	return 0;
}

static void process_free(struct process *process)
{
	for (size_t i = 0; i < ARRAY_SIZE(process->signals); i++)
		loop_signal_free(process->signals[i]);
	control_free(process->control);
	if (process->daemon != NULL)
		daemon_unwatch(process->daemon, &process->watcher);
	daemon_free(process->daemon);
	loop_timer_free(process->drain);
	notify_watchdog_free(process->watchdog);
	notify_free(process->notify);
	loop_free(process->loop);
}

static int process_run(struct config *config)
{
	struct process process = {0};
	struct error err = {0};
	int status = process_start(&process, config, &err);

	if (status == 0) {
		tell_ready(config);
		notify_status(process.notify, "%zu %s, %zu %s", config->bus_count,
			      str_plural(config->bus_count, "bus", "buses"),
			      ruleset_count(config->rules),
			      str_plural(ruleset_count(config->rules), "rule", "rules"));
		notify_ready(process.notify);
		/* Not before: the start waits for the store. */
		loop_measure_lag(process.loop, true);
		if (loop_run(process.loop) < 0) {
			log_error("the event loop failed");
			status = EX_OSERR;
		}
	} else {
		log_error("cannot start: %s", err.text);
	}
	process_free(&process);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct config *config;
	struct diags *diags;
	int status;

	process_open_standard();
	status = options_parse(argc, argv, &options);
	if (status >= 0)
		return status;
	log_init(STDERR_FILENO, options.log_level);
	process_limits();
	diags = diags_new(MAIN_DIAGS);
	config = config_load(options.config, !options.check, diags);
	tell_diags(diags);
	if (config == NULL) {
		log_error("%s: not started, %zu %s", options.config, diags_errors(diags),
			  str_plural(diags_errors(diags), "error", "errors"));
		status = EX_CONFIG;
	} else {
		status = options.check ? 0 : process_run(config);
	}
	diags_free(diags);
	config_unref(config);
	return status;
}
