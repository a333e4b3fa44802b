/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of a queue and what may stand in them. */
#include "actions/outbox_config.h"

#include "actions/outbox.h"
#include "base/alloc.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"

struct queue_options {
	int64_t messages;
	int64_t bytes;
	int when_full;
};

struct retry_options {
	int64_t first_ns, max_ns, for_ns;
};

const char *const outbox_orders[] = {"strict", "none", NULL};

static const struct option retry_rows[] = {
	{"first", OPTION(DURATION, retry_options, first_ns), .fallback = "1s", .min = 0.05,
	 .max = 3600, .help = "At most so long is waited after the first failure."},
	{"max", OPTION(DURATION, retry_options, max_ns), .fallback = "5m", .min = 0.05,
	 .max = 86400, .help = "At most so long is waited after any failure."},
	{"for", OPTION(DURATION, retry_options, for_ns), .fallback = "7d", .min = 1,
	 .max = 86400.0 * 365, .help = "A message older than this is given up."},
};

enum { FULL_DROP_NEWEST, FULL_DROP_OLDEST };
static const char *const fulls[] = {"drop_newest", "drop_oldest", NULL};

static const struct option queue_rows[] = {
	{"messages", OPTION(INT, queue_options, messages), .fallback = "10000", .min = 1,
	 .max = OUTBOX_COUNT_MAX, .help = "At most so many messages wait."},
	{"size", OPTION(SIZE, queue_options, bytes), .fallback = "16MiB",
	 .min = 2 * OUTBOX_BODY_MAX, .max = OUTBOX_BYTES_MAX,
	 .help = "At most so large are they together."},
	{"when_full", OPTION(CHOICE, queue_options, when_full), .fallback = "drop_newest",
	 .choices = fulls,
	 .help = "Which alarm is lost when only alarms wait; telemetry goes before any."},
};

static const struct option_table retry_table = {
	.section = "retry",
	.manual = "gauged.yaml(5)",
	.rows = retry_rows,
	.count = ARRAY_SIZE(retry_rows),
	.name = "retry",
};

static const struct option_table queue_table = {
	.section = "queue",
	.manual = "gauged.yaml(5)",
	.rows = queue_rows,
	.count = ARRAY_SIZE(queue_rows),
	.name = "queue",
};

const struct option_table *const outbox_option_tables[] = {&retry_table, &queue_table, NULL};

static unsigned in_flight_of(const struct outbox_wishes *wishes)
{
	if (wishes->in_flight > 0)
		return (unsigned)wishes->in_flight;
	return wishes->order == OUTBOX_ORDER_STRICT ? 1 : OUTBOX_IN_FLIGHT_MAX;
}

bool outbox_policy_parse(struct arena *arena, const struct outbox_wishes *wishes,
			 struct outbox_policy *ret, struct diags *diags)
{
	bool strict = wishes->order == OUTBOX_ORDER_STRICT;
	struct retry_options retry = {0};
	struct queue_options queue = {0};
	struct option_binding retries = {&retry_table, &retry}, queues = {&queue_table, &queue};

	if (!option_bind(arena, wishes->retry, "retry", &retries, 1, diags) ||
	    !option_bind(arena, wishes->queue, "queue", &queues, 1, diags))
		return false;
	if (retry.max_ns < retry.first_ns) {
		diag_error(diags, wishes->retry, "retry: 'max' is shorter than 'first'");
		return false;
	}
	if (strict && wishes->in_flight > 1) {
		diag_error(diags, yaml_get(wishes->map, "in_flight"),
			   "in_flight: with order strict there is one message at a time");
		diag_note(diags, "hint: order: none");
		return false;
	}
	*ret = (struct outbox_policy){
		.strict = strict,
		.in_flight = in_flight_of(wishes),
		.first_ns = retry.first_ns,
		.max_ns = retry.max_ns,
		.for_ns = retry.for_ns,
		.count_max = (size_t)queue.messages,
		.bytes_max = (size_t)queue.bytes,
		.drop_oldest = queue.when_full == FULL_DROP_OLDEST,
	};
	return true;
}
