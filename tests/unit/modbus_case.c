/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns one bus of a test, and what was read from it. */
#include "modbus_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "conf/yaml.h"
#include "inputs/modbus.h"

static void case_put(void *arg, const struct reading *reading)
{
	struct modbus_case *c = arg;
	struct modbus_seen *seen = &c->seen[reading->point];

	assert_true(reading->point < MODBUS_CASE_POINTS);
	c->readings++;
	seen->last = *reading;
	if (reading->quality == QUALITY_GOOD)
		seen->good++;
	else
		seen->bad++;
	assert_int_equal(reading->quality == QUALITY_GOOD, reading->value.kind != VALUE_NONE);
	assert_int_equal(reading->quality == QUALITY_GOOD, reading->reason == BAD_NONE);
	if (reading->value.kind == VALUE_TEXT) {
		snprintf(seen->text, sizeof(seen->text), "%s", reading->value.text);
		seen->last.value.text = seen->text;
	}
}

void modbus_case_init(struct modbus_case *c, const char *yaml, unsigned port)
{
	const struct yaml_node *buses, *devices;
	static struct input_device list[MODBUS_CASE_POINTS];
	char *hole;

	memset(c, 0, sizeof(*c));
	snprintf(c->yaml, sizeof(c->yaml), "%s", yaml);
	while ((hole = strstr(c->yaml, "%u")) != NULL) {
		char number[8], rest[sizeof(c->yaml)];

		snprintf(number, sizeof(number), "%u", port);
		snprintf(rest, sizeof(rest), "%s", hole + 2);
		snprintf(hole, sizeof(c->yaml) - (size_t)(hole - c->yaml), "%s%s", number,
			 rest);
	}
	conf_case_init(&c->conf, c->yaml, strlen(c->yaml));
	assert_non_null(c->conf.root);
	buses = conf_case_get(&c->conf, "buses");
	devices = conf_case_get(&c->conf, "devices");
	for (size_t i = 0; i < devices->count; i++)
		list[i] = (struct input_device){devices->keys[i]->text, devices->values[i]};
	c->points = point_table_new(c->conf.arena);
	c->config = input_modbus.parse(c->conf.arena,
				       &(struct input_source){
					       .name = buses->keys[0]->text,
					       .node = buses->values[0],
					       .device_count = devices->count,
					       .devices = list,
					       .directory = ".",
				       },
				       c->points, c->conf.diags);
}

void modbus_case_open(struct modbus_case *c)
{
	struct error err;

	if (c->config == NULL)
		fail_msg("%s", conf_case_said(&c->conf));
	if (c->loop == NULL)
		c->loop = loop_new(&err);
	c->input = input_modbus.open(c->config, c->loop,
				     (struct input_sink){.put = case_put, .arg = c}, c->before,
				     &err);
	assert_non_null(c->input);
}

void modbus_case_done(struct modbus_case *c)
{
	if (c->input != NULL)
		input_modbus.close(c->input);
	loop_free(c->loop);
	conf_case_done(&c->conf);
}

uint32_t modbus_case_point(const struct modbus_case *c, const char *name)
{
	uint32_t id = point_table_find(c->points, name, strlen(name));

	if (id == POINT_NONE)
		fail_msg("no point %s", name);
	return id;
}

struct modbus_seen *modbus_case_seen(struct modbus_case *c, const char *name)
{
	return &c->seen[modbus_case_point(c, name)];
}

uint64_t modbus_case_count(const struct modbus_case *c, int device, const char *name)
{
	static struct report bus, devices[MODBUS_CASE_POINTS];
	const struct report *report = device < 0 ? &bus : &devices[device];

	input_modbus.report(c->input, &bus, devices);
	for (size_t i = 0; i < report->counter_count; i++) {
		if (strcmp(report->counters[i].name, name) == 0)
			return report->counters[i].count;
	}
	fail_msg("no counter %s", name);
	return 0;
}
