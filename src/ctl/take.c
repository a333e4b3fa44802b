/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns a recording while it is taken. */
#include "ctl/take.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/reading.h"
#include "model/recording.h"
#include "model/recording_remark.h"

struct take {
	FILE *file;
	char *const *wanted;
	size_t wanted_count;
	struct boot start;
	struct boot last; /* of the readings of all points, since the start */
	json_t *seen;	  /* points that something was written of */
	struct str line;
	struct take_counts counts;
};

struct take *take_new(FILE *file, char *const *wanted, size_t count)
{
	struct take *take = xcalloc(1, sizeof(*take));

	take->file = file;
	take->wanted = wanted;
	take->wanted_count = count;
	take->seen = json_object();
	str_init(&take->line);
	return take;
}

void take_free(struct take *take)
{
	if (take == NULL)
		return;
	json_decref(take->seen);
	str_done(&take->line);
	free(take);
}

bool take_wants(const struct take *take, const char *point, const char *device)
{
	for (size_t i = 0; i < take->wanted_count; i++) {
		const char *wanted = take->wanted[i];
		size_t len = strlen(wanted);

		if (fnmatch(wanted, point, 0) == 0 ||
		    (device != NULL && fnmatch(wanted, device, 0) == 0) ||
		    (strncmp(point, wanted, len) == 0 && point[len] == '.'))
			return true;
	}
	return take->wanted_count == 0;
}

static void take_put(struct take *take)
{
	fwrite(take->line.s, 1, take->line.len, take->file);
}

static void take_remark(struct take *take, const struct recording_remark *remark)
{
	str_clear(&take->line);
	recording_remark_add(&take->line, remark);
	take_put(take);
}

/* Since the start; what was under way to us when it began was read then. */
static struct boot take_time(const struct take *take, struct boot at)
{
	return (struct boot){at.ns > take->start.ns ? at.ns - take->start.ns : 0};
}

void take_start(struct take *take, struct wall wall, struct boot now)
{
	fputs("# gauged recording 1\n", take->file);
	take->start = now;
	take_remark(take, &(struct recording_remark){REMARK_STARTED, .started = wall});
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Value, reason and code as the daemon writes them; false if it is no reading. */
static bool take_reading(const json_t *json, const json_t *value, bool bad, struct reading *ret)
{
	const char *reason = text(json, "reason");

	*ret = (struct reading){.quality = bad ? QUALITY_BAD : QUALITY_GOOD};
	ret->code = (uint8_t)json_integer_value(json_object_get(json, "code"));
	if (bad)
		return reason != NULL && bad_reason_parse(reason, &ret->reason) == 0;
	ret->code = 0;
	if (json_is_number(value))
		ret->value = value_number(json_number_value(value));
	else if (json_is_boolean(value))
		ret->value = value_bool(json_is_true(value));
	else if (json_is_string(value))
		ret->value = value_text(json_string_value(value));
	return ret->value.kind != VALUE_NONE;
}

static void take_add(struct take *take, struct boot at, const char *name,
		     const struct reading *reading)
{
	str_clear(&take->line);
	recording_add(&take->line, at, name, reading);
	take_put(take);
	take->counts.readings++;
	if (json_object_get(take->seen, name) == NULL) {
		json_object_set_new(take->seen, name, json_true());
		take->counts.points++;
	}
}

void take_known(struct take *take, const json_t *points, struct boot now)
{
	const struct boot at = take_time(take, now);
	const json_t *point;
	size_t i;

	json_array_foreach (points, i, point) {
		const char *name = text(point, "name"), *device = text(point, "device");
		const char *quality = text(point, "quality"), *reason = text(point, "reason");
		const json_t *value = json_object_get(point, "value");
		struct reading reading;

		/* What is derived is derived again. A value that is stale has no say any more.
		 */
		if (name == NULL || device == NULL || !take_wants(take, name, device) ||
		    (reason != NULL && strcmp(reason, "init") == 0))
			continue;
		if (!json_is_null(value) && take_reading(point, value, false, &reading))
			take_add(take, at, name, &reading);
		if (quality != NULL && reason != NULL &&
		    take_reading(point, NULL, true, &reading))
			take_add(take, at, name, &reading);
	}
	if (at.ns > take->last.ns)
		take->last = at;
}

void take_line(struct take *take, const char *raw, size_t len)
{
	json_t *line = json_loadb(raw, len, 0, NULL);
	const char *type = text(line, "type"), *name = text(line, "point");
	const char *quality = text(line, "quality");
	struct reading reading;
	struct boot at;

	if (type != NULL && strcmp(type, "reloaded") == 0)
		fputs("# the configuration was reloaded here\n", take->file);
	if (type == NULL || strcmp(type, "reading") != 0 || name == NULL || quality == NULL ||
	    !take_reading(line, json_object_get(line, "value"), strcmp(quality, "good") != 0,
			  &reading))
		goto out;
	at = take_time(take, (struct boot){json_integer_value(json_object_get(line, "at_ns"))});
	/* The engine has passed over a reading that is older than what it had. */
	if (at.ns < take->last.ns)
		goto out;
	take->last = at;
	if (take_wants(take, name, NULL))
		take_add(take, at, name, &reading);
out:
	json_decref(line);
}

void take_gap(struct take *take, struct boot now)
{
	struct recording_remark gap = {.kind = REMARK_GAP, .from = take->last};

	gap.to = take_time(take, now);
	if (gap.to.ns < gap.from.ns)
		gap.to = gap.from;
	take->counts.gaps++;
	take->counts.missing_ns += boot_diff(gap.to, gap.from);
	take->last = gap.to;
	take_remark(take, &gap);
}

void take_end(struct take *take, struct boot now)
{
	struct recording_remark end = {.kind = REMARK_END, .to = take_time(take, now)};

	if (end.to.ns < take->last.ns)
		end.to = take->last;
	take_remark(take, &end);
}

void take_count(const struct take *take, struct take_counts *ret)
{
	*ret = take->counts;
}
