/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the account of writes: what is under way, who asked, how it ended. */
#include "daemon/output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "model/point.h"

enum { OUTPUT_MAX_OPEN = 1024 };

struct output {
	LIST_ENTRY(output) next;
	struct outputs *outputs;
	char what[256]; /* "boiler.burner = false for rule boiler-over-temp" */
	write_done *done;
	void *arg;
};

struct outputs {
	LIST_HEAD(, output) open;
	size_t open_count;
	struct output_counters counters;
};

struct outputs *outputs_new(void)
{
	struct outputs *outputs = xcalloc(1, sizeof(*outputs));

	LIST_INIT(&outputs->open);
	return outputs;
}

void outputs_free(struct outputs *outputs)
{
	if (outputs == NULL)
		return;
	while (!LIST_EMPTY(&outputs->open)) {
		struct output *output = LIST_FIRST(&outputs->open);

		LIST_REMOVE(output, next);
		free(output);
	}
	free(outputs);
}

static void output_done(void *arg, const struct write_result *result)
{
	struct output *output = arg;
	struct output_counters *counters = &output->outputs->counters;

	switch (result->outcome) {
	case WRITE_DONE:
		counters->done++;
		log_notice("wrote %s", output->what);
		break;
	case WRITE_REFUSED:
		counters->refused++;
		log_error("write refused: %s: %s; it is not repeated", output->what,
			  result->text);
		break;
	case WRITE_DIFFERS:
		counters->differs++;
		log_error("a write did not last: %s: %s; it is not repeated", output->what,
			  result->text);
		break;
	case WRITE_UNKNOWN:
		counters->unknown++;
		log_error("outcome of a write is unknown: %s: %s; it is not repeated, the "
			  "point is read back",
			  output->what, result->text);
		break;
	}
	if (output->done != NULL)
		output->done(output->arg, result);
	output->outputs->open_count--;
	LIST_REMOVE(output, next);
	free(output);
}

static int output_check(const struct point *point, struct value value, struct error *err)
{
	if (!point->writable)
		return error_set(err, EACCES, "%s cannot be written: it has no 'write: true'",
				 point->name);
	if (value.kind != point->kind)
		return error_set(err, EINVAL, "%s takes a %s, not a %s", point->name,
				 value_kind_name(point->kind), value_kind_name(value.kind));
	if (value.kind != VALUE_NUMBER)
		return 0;
	if (!isfinite(value.number))
		return error_set(err, EINVAL, "%s takes finite numbers only", point->name);
	if (point->low <= point->high &&
	    (value.number < point->low || value.number > point->high))
		return error_set(err, ERANGE, "%g is outside the range %g..%g of %s",
				 value.number, point->low, point->high, point->name);
	return 0;
}

static void output_describe(struct output *output, const struct point *point,
			    struct value value, const char *who)
{
	struct str what;

	str_init_fixed(&what, output->what, sizeof(output->what));
	str_addf(&what, "%s = ", point->name);
	value_show(value, &what);
	if (point->unit_text != NULL)
		str_addf(&what, " %s", point->unit_text);
	str_addf(&what, " for %s", who);
}

static struct bus *output_bus(struct bus *const *buses, size_t bus_count, uint32_t point)
{
	for (size_t i = 0; i < bus_count; i++) {
		if (buses[i] != NULL && bus_owns(buses[i], point))
			return buses[i];
	}
	return NULL;
}

int output_write(struct outputs *outputs, const struct config *config, struct bus *const *buses,
		 size_t bus_count, uint32_t point, struct value value, const char *who,
		 write_done *done, void *arg, struct error *err)
{
	const struct point *target = point_table_get(config->points, point);
	struct bus *bus = output_bus(buses, bus_count, point);
	struct output *output;
	struct error why;
	int rc;

	rc = output_check(target, value, &why);
	if (rc == 0 && bus == NULL)
		rc = error_set(&why, ENODEV, "%s stands on no open bus", target->name);
	if (rc == 0 && outputs->open_count == OUTPUT_MAX_OPEN)
		rc = error_set(&why, EBUSY, "%d writes wait already", OUTPUT_MAX_OPEN);
	if (rc < 0)
		goto refused;
	output = xcalloc(1, sizeof(*output));
	output->outputs = outputs;
	output->done = done;
	output->arg = arg;
	output_describe(output, target, value, who);
	LIST_INSERT_HEAD(&outputs->open, output, next);
	outputs->open_count++;
	rc = bus_write(bus, point, value, output_done, output, &why);
	if (rc == 0)
		return 0;
	LIST_REMOVE(output, next);
	outputs->open_count--;
	free(output);
refused:
	outputs->counters.refused++;
	log_error("write refused for %s: %s", who, why.text);
	return error_set(err, why.code, "%s", why.text);
}

void output_forget(struct outputs *outputs, void *arg)
{
	struct output *output;

	LIST_FOREACH (output, &outputs->open, next) {
		if (output->arg == arg)
			output->done = NULL;
	}
}

void output_count(const struct outputs *outputs, struct output_counters *ret)
{
	*ret = outputs->counters;
}
