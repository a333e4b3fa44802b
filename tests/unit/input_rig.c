/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the frame around an input under test. */
#include "input_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/yaml.h"

static void rig_add(struct str *out, const struct reading *reading)
{
	if (reading->quality == QUALITY_GOOD)
		value_show(reading->value, out);
	else
		str_addf(out, "bad:%s", bad_reason_name(reading->reason));
}

static void rig_put(void *arg, const struct reading *reading)
{
	struct input_rig *rig = arg;
	uint32_t i = reading->point;

	assert_true(i < point_table_count(rig->points) && i < RIG_POINTS);
	assert_true(reading->at.ns > 0);
	assert_int_equal(reading->quality == QUALITY_GOOD, reading->reason == BAD_NONE);
	assert_int_equal(reading->quality == QUALITY_GOOD, reading->value.kind != VALUE_NONE);
	rig->all++;
	rig->good += reading->quality == QUALITY_GOOD;
	rig->bad += reading->quality != QUALITY_GOOD;
	rig->counts[i]++;
	rig->last[i] = *reading;
	if (reading->value.kind == VALUE_TEXT) {
		snprintf(rig->texts[i], sizeof(rig->texts[i]), "%s", reading->value.text);
		rig->last[i].value.text = rig->texts[i];
	}
	if (rig->keep_log) {
		str_addf(&rig->log, "%s ", point_table_get(rig->points, i)->name);
		rig_add(&rig->log, reading);
		str_addc(&rig->log, '\n');
	}
}

const char *rig_parse(struct input_rig *rig, const struct input_type *type, const char *text)
{
	const struct yaml_node *root, *devices;
	struct str said;

	*rig = (struct input_rig){.type = type};
	rig->arena = arena_new();
	rig->diags = diags_new(50);
	rig->points = point_table_new(rig->arena);
	str_init(&rig->log);
	rig->text = (struct diag_source){"test.yaml", text, strlen(text)};
	root = yaml_parse(rig->arena, &rig->text, rig->diags);
	if (root != NULL) {
		rig->source.name = "line";
		rig->source.node = yaml_get(root, "bus");
		rig->source.directory = ".";
		devices = yaml_get(root, "devices");
		rig->source.device_count = devices != NULL ? devices->count : 0;
		rig->source.devices = rig->devices;
		for (size_t i = 0; i < rig->source.device_count; i++)
			rig->devices[i] = (struct input_device){devices->keys[i]->text,
								devices->values[i]};
		rig->config = type->parse(rig->arena, &rig->source, rig->points, rig->diags);
	}
	assert_int_equal(rig->config == NULL, diags_errors(rig->diags) > 0);
	if (rig->config != NULL)
		return NULL;
	str_init(&said);
	diags_render(rig->diags, &said);
	str_add(&rig->log, said.s, said.len);
	str_done(&said);
	return rig->log.s;
}

void rig_open(struct input_rig *rig, const struct input_type *type, const char *text,
	      struct loop *loop)
{
	const char *said = rig_parse(rig, type, text);

	if (said != NULL)
		fail_msg("%s", said);
	rig_start(rig, loop);
}

void rig_start(struct input_rig *rig, struct loop *loop)
{
	struct error err;

	rig->input = rig->type->open(
		rig->config, loop, (struct input_sink){.put = rig_put, .arg = rig}, NULL, &err);
	assert_non_null(rig->input);
}

void rig_done(struct input_rig *rig)
{
	if (rig->input != NULL)
		rig->type->close(rig->input);
	str_done(&rig->log);
	diags_free(rig->diags);
	arena_free(rig->arena);
}

uint32_t rig_point(const struct input_rig *rig, const char *name)
{
	uint32_t i = point_table_find(rig->points, name, strlen(name));

	assert_int_not_equal(i, POINT_NONE);
	return i;
}

const char *rig_last(struct input_rig *rig, const char *name)
{
	uint32_t i = rig_point(rig, name);

	if (rig->counts[i] == 0)
		return "nothing";
	str_clear(&rig->log);
	rig_add(&rig->log, &rig->last[i]);
	return rig->log.s;
}

static struct report rig_report(const struct input_rig *rig, int device)
{
	struct report *reports = calloc(rig->source.device_count + 1, sizeof(*reports));
	struct report ret;

	rig->type->report(rig->input, &reports[0], &reports[1]);
	ret = reports[device + 1];
	free(reports);
	return ret;
}

uint64_t rig_counter(const struct input_rig *rig, int device, const char *name)
{
	struct report report = rig_report(rig, device);

	for (size_t i = 0; i < report.counter_count; i++) {
		if (strcmp(report.counters[i].name, name) == 0)
			return report.counters[i].count;
	}
	fail_msg("no counter '%s'", name);
	return 0;
}

const char *rig_state(const struct input_rig *rig, int device)
{
	return rig_report(rig, device).state;
}
