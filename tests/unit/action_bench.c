/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what tests of actions have in common. */
#include "action_bench.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actions/webhook_config.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "io/loop.h"

void bench_init(struct bench *bench)
{
	bench->arena = arena_new();
	bench->diags = diags_new(50);
}

void bench_done(struct bench *bench)
{
	diags_free(bench->diags);
	arena_free(bench->arena);
}

const struct yaml_node *bench_yaml(struct bench *bench, const char *text)
{
	struct diag_source *source = arena_take(bench->arena, 1, sizeof(*source));
	const struct yaml_node *node;

	*source = (struct diag_source){.file = "t.yaml", .text = text, .len = strlen(text)};
	node = yaml_parse(bench->arena, source, bench->diags);
	assert_non_null(node);
	return node;
}

void bench_expect(struct bench *bench, const char *expect)
{
	struct str out;

	str_init(&out);
	diags_render(bench->diags, &out);
	assert_string_equal(out.s != NULL ? out.s : "", expect);
	str_done(&out);
	diags_free(bench->diags);
	bench->diags = diags_new(50);
}

const struct webhook_config *bench_webhook(struct bench *bench, const char *text)
{
	const struct yaml_node *node = bench_yaml(bench, text);
	const struct webhook_config *config =
		webhook_config_parse(bench->arena, "ops", node, bench->diags);

	bench_expect(bench, "");
	assert_non_null(config);
	return config;
}

const struct event *bench_event(void)
{
	static const struct event_label labels[] = {{"area", "boiler-room"}};
	static const struct event_point points[] = {
		{.name = "boiler.temp",
		 .unit = "degC",
		 .value = {.kind = VALUE_NUMBER, .number = 81.3},
		 .quality = QUALITY_GOOD,
		 .age_ns = 120 * NSEC_PER_MSEC},
		{.name = "boiler.mode",
		 .quality = QUALITY_BAD,
		 .reason = BAD_TIMEOUT,
		 .age_ns = -1},
	};
	static const struct event event = {
		.type = EVENT_FIRE,
		.rule_name = "boiler-over-temp",
		.severity = SEVERITY_CRITICAL,
		.from = RULE_PENDING,
		.to = RULE_FIRING,
		.seq = 7,
		.message = "Boiler 81.3 degC, above 80",
		.label_count = 1,
		.labels = labels,
		.point_count = 2,
		.points = points,
	};

	return &event;
}

const struct event_stamp *bench_stamp(void)
{
	static const struct event_stamp stamp = {
		.site = "plant-7",
		.wall = {INT64_C(1795367521123456789)},
		.mono = {INT64_C(81234567890)},
		.boot_id = "7e0a2c5e-1d2f-4a53-9a33-5b7c1e6f0d11",
		.synchronised = true,
	};

	return &stamp;
}

bool bench_run(struct loop *loop, bool (*ready)(void *arg), void *arg)
{
	struct mono end = mono_add(clock_mono(), 20 * NSEC_PER_SEC);

	while (!ready(arg)) {
		if (clock_mono().ns > end.ns)
			return false;
		loop_turn(loop);
		poll(NULL, 0, 1);
	}
	return true;
}

int bench_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = -1; /* the folder's own */

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}
