/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the loop, the bus and the signals of a probe. */
#include "ctl/probe_line.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/modbus_config.h"
#include "io/loop.h"
#include "model/point.h"

enum {
	LINE_UNITS = 256,
	/* A silent unit must not cost the connection: gateways have few. */
	LINE_IN_FLIGHT = MODBUS_IN_FLIGHT_MAX,
	LINE_RECONNECTS = 3, /* failures in a row that end the probe */
};

static const int64_t pause_ns = 20 * NSEC_PER_MSEC;
static const int64_t backoff_min_ns = 200 * NSEC_PER_MSEC, backoff_max_ns = NSEC_PER_SEC;

struct probe_line {
	struct arena *arena; /* of what config borrows */
	struct modbus_bus_config config;
	int64_t timeout_ns;
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_signal *interrupt, *terminate;
	struct modbus_bus *bus;
	struct modbus_unit *units[LINE_UNITS];
	struct modbus_job job;
	struct probe_answer *answer; /* that the job is to fill; NULL: nobody waits for it */
	bool up, stopped;
	unsigned failures;
};

static void line_link(void *arg, bool up)
{
	struct probe_line *line = arg;

	line->up = up;
	line->failures += !up;
	loop_stop(line->loop);
}

static void line_paused(void *arg)
{
	struct probe_line *line = arg;

	loop_stop(line->loop);
}

static void line_signal(void *arg)
{
	struct probe_line *line = arg;

	line->stopped = true;
	loop_stop(line->loop);
}

/* Until one of the above happened. */
static void line_turn(struct probe_line *line)
{
	if (loop_run(line->loop) != 0)
		line->stopped = true;
}

static void line_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct probe_line *line =
		(struct probe_line *)((char *)job - offsetof(struct probe_line, job));
	struct probe_answer *answer = line->answer;

	line->answer = NULL;
	loop_stop(line->loop);
	if (answer == NULL)
		return;
	answer->outcome = result->outcome;
	answer->exception = result->exception;
	answer->text = result->text;
	for (size_t i = 0; result->outcome == MODBUS_OK && i < job->request.count; i++)
		answer->values[i] = job->request.function <= MODBUS_READ_DISCRETE
					    ? modbus_bit(result->data, i)
					    : modbus_u16(result->data + 2 * i);
}

/* The bus's map as a configuration would have it. */
static int line_text(const char *address, struct probe_setting setting, struct str *out,
		     struct error *err)
{
	str_adds(out, "modbus: '");
	for (const char *p = address; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, EINVAL, "an address has no control characters");
		if (*p == '\'')
			str_addc(out, '\'');
		str_addc(out, *p);
	}
	str_adds(out, "'\n");
	if (setting.baud > 0)
		str_addf(out, "baud: %d\n", setting.baud);
	if (setting.parity != NULL)
		str_addf(out, "parity: %s\n", setting.parity);
	return 0;
}

static int line_diagnose(const struct diags *diags, struct error *err)
{
	const struct diag *diag = diags_count(diags) > 0 ? diags_get(diags, 0) : NULL;

	if (diag == NULL)
		return error_set(err, EINVAL, "that is no address of a Modbus bus");
	return error_set(
		err, EINVAL, "%s%s%s%s", diag->message, diag->notes != NULL ? " (" : "",
		diag->notes != NULL ? diag->notes : "", diag->notes != NULL ? ")" : "");
}

/* The same rows bind it as in a configuration, so that both take the same addresses. */
static int line_configure(struct probe_line *line, const char *address,
			  struct probe_setting setting, struct error *err)
{
	struct diags *diags = diags_new(4);
	struct diag_source source = {.file = "the address"};
	const struct input_config *config = NULL;
	const struct yaml_node *node;
	struct str text;
	int rc;

	str_init(&text);
	rc = line_text(address, setting, &text, err);
	if (rc == 0) {
		source.text = arena_text(line->arena, text.s, text.len);
		source.len = text.len;
		node = yaml_parse(line->arena, &source, diags);
		if (node != NULL)
			config = modbus_config_parse(line->arena,
						     &(struct input_source){.name = "probe",
									    .node = node,
									    .directory = "."},
						     point_table_new(line->arena), diags);
		rc = config != NULL ? 0 : line_diagnose(diags, err);
	}
	if (rc == 0) {
		line->config = config->bus;
		line->config.in_flight = LINE_IN_FLIGHT;
		line->config.stream.backoff_min_ns = backoff_min_ns;
		line->config.stream.backoff_max_ns = backoff_max_ns;
		if (line->config.stream.user_timeout_ns < line->timeout_ns)
			line->config.stream.user_timeout_ns = line->timeout_ns;
	}
	str_done(&text);
	diags_free(diags);
	return rc;
}

/* Until the bus is up; -EINTR, or what kept it from that. */
static int line_connect(struct probe_line *line, unsigned failures, struct error *err)
{
	const struct error *fault;

	line->failures = 0;
	while (!line->up && !line->stopped && line->failures < failures)
		line_turn(line);
	if (line->stopped)
		return error_set(err, EINTR, "stopped");
	if (line->up)
		return 0;
	fault = modbus_bus_fault(line->bus);
	return error_set(err, fault->code, "%s", fault->text);
}

int probe_line_open(const char *address, struct probe_setting setting, int64_t timeout_ns,
		    struct probe_line **ret, struct error *err)
{
	static const struct modbus_bus_ops ops = {.link = line_link};
	struct probe_line *line = xcalloc(1, sizeof(*line));
	int rc;

	line->arena = arena_new();
	line->timeout_ns = timeout_ns;
	rc = line_configure(line, address, setting, err);
	if (rc != 0)
		goto fail;
	line->loop = loop_new(err);
	if (line->loop == NULL) {
		rc = -err->code;
		goto fail;
	}
	line->timer = loop_timer_new(line->loop, line_paused, line);
	line->interrupt = loop_signal_new(line->loop, SIGINT, line_signal, line);
	line->terminate = loop_signal_new(line->loop, SIGTERM, line_signal, line);
	line->bus = modbus_bus_new(line->loop, &line->config, &ops, line);
	modbus_bus_start(line->bus, 0);
	rc = line_connect(line, 1, err);
	if (rc != 0)
		goto fail;
	*ret = line;
	return 0;
fail:
	probe_line_close(line);
	return rc;
}

void probe_line_close(struct probe_line *line)
{
	if (line == NULL)
		return;
	line->answer = NULL;
	modbus_bus_free(line->bus);
	if (line->loop != NULL) {
		loop_signal_free(line->interrupt);
		loop_signal_free(line->terminate);
		loop_timer_free(line->timer);
		loop_free(line->loop);
	}
	arena_free(line->arena);
	free(line);
}

int64_t probe_silence(int baud, bool rtu, int64_t timeout_ns)
{
	struct modbus_line line = {.baud = baud, .bits = 11};
	int64_t silence = pause_ns + timeout_ns;

	if (rtu)
		silence += modbus_line_exchange(&line, 8, 7, 0) + modbus_line_quarantine(&line);
	return silence;
}

static struct modbus_unit *line_unit(struct probe_line *line, uint8_t unit)
{
	struct modbus_unit_config config = {
		.name = "probed",
		.timeout_ns = line->timeout_ns,
		.timeouts = 0 /* whether it is there is what is asked */};

	if (line->units[unit] == NULL)
		line->units[unit] = modbus_bus_unit(line->bus, unit, &config);
	return line->units[unit];
}

void probe_line_listen(struct probe_line *line, int64_t ns)
{
	loop_timer_start(line->timer, mono_add(clock_mono(), ns));
	while (loop_timer_running(line->timer) && !line->stopped)
		line_turn(line);
}

bool probe_line_ask(struct probe_line *line, uint8_t unit, const struct modbus_request *request,
		    struct probe_answer *ret)
{
	struct error err;

	ret->outcome = MODBUS_DOWN;
	ret->exception = 0;
	ret->text = "there is no connection any more";
	probe_line_listen(line, pause_ns);
	if (modbus_writes(request->function) || line_connect(line, LINE_RECONNECTS, &err) != 0)
		return false;
	line->job.request = *request;
	line->job.done = line_done;
	line->answer = ret;
	modbus_bus_submit(line->bus, line_unit(line, unit), &line->job);
	modbus_bus_send(line->bus);
	while (line->answer != NULL && !line->stopped)
		line_turn(line);
	line->answer = NULL;
	return !line->stopped;
}

bool probe_line_stopped(const struct probe_line *line)
{
	return line->stopped;
}

void probe_line_traffic(const struct probe_line *line, struct probe_traffic *ret)
{
	struct report report = {0};
	const struct {
		const char *name;
		uint64_t *count;
	} wanted[] = {{"bytes_in", &ret->bytes_in},
		      {"late_answers", &ret->late},
		      {"unknown_answers", &ret->strangers}};

	modbus_bus_report(line->bus, &report);
	*ret = (struct probe_traffic){0};
	for (size_t i = 0; i < report.counter_count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(wanted); k++) {
			if (strcmp(report.counters[i].name, wanted[k].name) == 0)
				*wanted[k].count = report.counters[i].count;
		}
	}
}
