/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the notes of what is due, and the values that were published last. */
#include "actions/mqtt_retained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actions/mqtt_config.h"
#include "actions/mqtt_discovery.h"
#include "base/alloc.h"
#include "model/point.h"

/* In this order things are published; each has as many numbers as there are of its kind. */
enum retained_kind {
	RETAINED_GONE, /* topics to be emptied */
	RETAINED_STATUS,
	RETAINED_ALARM_CONFIG,
	RETAINED_POINT_CONFIG,
	RETAINED_ALARM,
	RETAINED_POINT,
	RETAINED_KINDS,
};

/* Those of one kind that are due. */
struct due {
	size_t size, count;
	size_t next; /* where to look first, so that everybody has a turn */
	bool *flags;
};

/* A point as it was published. Of texts only a sum: a mistake is a change seen late. */
struct published {
	enum value_kind kind;
	enum quality quality;
	double number;
	uint64_t text;
};

struct mqtt_retained {
	const struct mqtt_config *config;
	const struct mqtt_plant *plant;
	struct due due[RETAINED_KINDS];
	struct published *points; /* by place in the configuration */
	size_t looked;		  /* up to here, in this round */
	char **gone;
	size_t gone_count;
};

static void due_init(struct due *due, size_t size)
{
	due->size = size;
	due->flags = xcalloc(size + 1, sizeof(*due->flags));
}

static void due_set(struct due *due, size_t i)
{
	due->count += !due->flags[i];
	due->flags[i] = true;
}

static bool due_take(struct due *due, size_t *ret)
{
	if (due->count == 0)
		return false;
	while (!due->flags[due->next % due->size])
		due->next++;
	*ret = due->next++ % due->size;
	due->flags[*ret] = false;
	due->count--;
	return true;
}

struct mqtt_retained *mqtt_retained_new(const struct mqtt_config *config,
					const struct mqtt_plant *plant)
{
	struct mqtt_retained *retained = xcalloc(1, sizeof(*retained));
	size_t points = config->points.count;
	size_t rules = config->retain_alarms ? plant->rule_count : 0;
	bool discovery = config->discovery != NULL;

	retained->config = config;
	retained->plant = plant;
	retained->points = xcalloc(points + 1, sizeof(*retained->points));
	due_init(&retained->due[RETAINED_GONE], 0);
	due_init(&retained->due[RETAINED_STATUS], 1);
	due_init(&retained->due[RETAINED_ALARM_CONFIG], discovery ? rules : 0);
	due_init(&retained->due[RETAINED_POINT_CONFIG], discovery ? points : 0);
	due_init(&retained->due[RETAINED_ALARM], rules);
	due_init(&retained->due[RETAINED_POINT], points);
	return retained;
}

void mqtt_retained_free(struct mqtt_retained *retained)
{
	if (retained == NULL)
		return;
	for (int kind = 0; kind < RETAINED_KINDS; kind++)
		free(retained->due[kind].flags);
	for (size_t i = 0; i < retained->gone_count; i++)
		free(retained->gone[i]);
	free(retained->gone);
	free(retained->points);
	free(retained);
}

static bool has_state(const struct mqtt_retained *retained, size_t rule)
{
	return retained->plant->rules[rule] != NULL;
}

void mqtt_retained_anew(struct mqtt_retained *retained)
{
	for (int kind = 0; kind < RETAINED_KINDS; kind++) {
		bool rules = kind == RETAINED_ALARM || kind == RETAINED_ALARM_CONFIG;

		for (size_t i = 0; i < retained->due[kind].size; i++) {
			if (!rules || has_state(retained, i))
				due_set(&retained->due[kind], i);
		}
	}
}

void mqtt_retained_alarm(struct mqtt_retained *retained, uint32_t rule)
{
	if (rule < retained->due[RETAINED_ALARM].size && has_state(retained, rule))
		due_set(&retained->due[RETAINED_ALARM], rule);
}

/* ---- values ---- */

/* FNV-1a. */
static uint64_t text_sum(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

static struct published publish(const struct mqtt_value *value)
{
	struct published now = {.kind = value->value.kind, .quality = value->quality};

	if (now.kind == VALUE_NUMBER)
		now.number = value->value.number;
	if (now.kind == VALUE_BOOL)
		now.number = value->value.flag;
	if (now.kind == VALUE_TEXT)
		now.text = text_sum(value->value.text);
	return now;
}

static bool differs(const struct published *a, const struct published *b, double deadband)
{
	if (a->kind != b->kind || a->quality != b->quality || a->text != b->text)
		return true;
	return !(fabs(a->number - b->number) <= (a->kind == VALUE_NUMBER ? deadband : 0));
}

bool mqtt_retained_look(struct mqtt_retained *retained, const struct mqtt_source *source,
			size_t max)
{
	const struct mqtt_points *points = &retained->config->points;

	for (; retained->looked < points->count && max > 0; retained->looked++, max--) {
		struct mqtt_value value;
		struct published now;

		source->point(source->arg, points->ids[retained->looked], &value);
		now = publish(&value);
		if (differs(&retained->points[retained->looked], &now, points->deadband))
			due_set(&retained->due[RETAINED_POINT], retained->looked);
	}
	if (retained->looked < points->count)
		return true;
	retained->looked = 0;
	return false;
}

/* ---- publications ---- */

static void render_gone(struct mqtt_retained *retained, size_t i,
			const struct mqtt_source *source, struct mqtt_publication *out)
{
	(void)source;
	str_adds(&out->topic, retained->gone[i]);
}

static void render_status(struct mqtt_retained *retained, size_t i,
			  const struct mqtt_source *source, struct mqtt_publication *out)
{
	(void)i;
	(void)source;
	mqtt_status_topic(retained->config, &out->topic);
	str_adds(&out->body, "online");
}

static void render_alarm_config(struct mqtt_retained *retained, size_t i,
				const struct mqtt_source *source, struct mqtt_publication *out)
{
	(void)source;
	mqtt_discovery_alarm(retained->config, retained->plant->rules[i], &out->topic,
			     &out->body);
}

static const struct point *point_of(const struct mqtt_retained *retained, size_t i)
{
	return point_table_get(retained->plant->points, retained->config->points.ids[i]);
}

static void render_point_config(struct mqtt_retained *retained, size_t i,
				const struct mqtt_source *source, struct mqtt_publication *out)
{
	(void)source;
	mqtt_discovery_point(retained->config, point_of(retained, i), &out->topic, &out->body);
}

static void render_alarm(struct mqtt_retained *retained, size_t i,
			 const struct mqtt_source *source, struct mqtt_publication *out)
{
	struct mqtt_alarm alarm = {0};

	source->alarm(source->arg, (uint32_t)i, &alarm);
	mqtt_alarm_topic(retained->config, retained->plant->rules[i], &out->topic);
	mqtt_alarm_add(&alarm, &out->body);
}

static void render_point(struct mqtt_retained *retained, size_t i,
			 const struct mqtt_source *source, struct mqtt_publication *out)
{
	const struct point *point = point_of(retained, i);
	struct mqtt_value value;

	source->point(source->arg, retained->config->points.ids[i], &value);
	retained->points[i] = publish(&value);
	mqtt_point_topic(retained->config, point->name, &out->topic);
	mqtt_value_add(&value, point->unit_text, &out->body);
	out->qos = retained->config->points.qos;
}

static void (*const renders[])(struct mqtt_retained *retained, size_t i,
			       const struct mqtt_source *source,
			       struct mqtt_publication *out) = {
	[RETAINED_GONE] = render_gone,
	[RETAINED_STATUS] = render_status,
	[RETAINED_ALARM_CONFIG] = render_alarm_config,
	[RETAINED_POINT_CONFIG] = render_point_config,
	[RETAINED_ALARM] = render_alarm,
	[RETAINED_POINT] = render_point,
};

static void render(struct mqtt_retained *retained, int kind, size_t i,
		   const struct mqtt_source *source, struct mqtt_publication *out)
{
	str_clear(&out->topic);
	str_clear(&out->body);
	out->qos = 1;
	renders[kind](retained, i, source, out);
}

bool mqtt_retained_next(struct mqtt_retained *retained, const struct mqtt_source *source,
			struct mqtt_publication *ret)
{
	size_t i;

	for (int kind = 0; kind < RETAINED_KINDS; kind++) {
		if (!due_take(&retained->due[kind], &i))
			continue;
		render(retained, kind, i, source, ret);
		return true;
	}
	return false;
}

/* ---- a reload ---- */

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct topics {
	char **texts;
	size_t count;
};

static void no_alarm(void *arg, uint32_t rule, struct mqtt_alarm *ret)
{
	(void)arg;
	(void)rule;
	*ret = (struct mqtt_alarm){.rule = ""};
}

static void no_point(void *arg, uint32_t point, struct mqtt_value *ret)
{
	(void)arg;
	(void)point;
	*ret = (struct mqtt_value){.value = {.kind = VALUE_NONE}};
}

/* Every topic that it publishes to, sorted. */
static struct topics topics_of(const struct mqtt_retained *retained)
{
	static const struct mqtt_source nothing = {no_alarm, no_point, NULL};
	struct mqtt_retained *copy = mqtt_retained_new(retained->config, retained->plant);
	struct mqtt_publication publication = {.qos = 0};
	struct topics topics = {0};
	size_t room = 0;

	for (int kind = 0; kind < RETAINED_KINDS; kind++)
		room += copy->due[kind].size;
	topics.texts = xcalloc(room + 1, sizeof(*topics.texts));
	str_init(&publication.topic);
	str_init(&publication.body);
	mqtt_retained_anew(copy);
	while (mqtt_retained_next(copy, &nothing, &publication))
		topics.texts[topics.count++] = xstrdup(publication.topic.s);
	str_done(&publication.topic);
	str_done(&publication.body);
	mqtt_retained_free(copy);
	qsort(topics.texts, topics.count, sizeof(*topics.texts), text_compare);
	return topics;
}

static void topics_done(struct topics *topics)
{
	for (size_t i = 0; i < topics->count; i++)
		free(topics->texts[i]);
	free(topics->texts);
}

static void take_away(struct mqtt_retained *retained, const struct topics *old,
		      const struct topics *new)
{
	struct due *due = &retained->due[RETAINED_GONE];

	retained->gone = xreallocarray(retained->gone, old->count + 1, sizeof(*retained->gone));
	for (size_t i = 0; i < old->count; i++) {
		if (bsearch(&old->texts[i], new->texts, new->count, sizeof(*new->texts),
			    text_compare) == NULL)
			retained->gone[retained->gone_count++] = xstrdup(old->texts[i]);
	}
	free(due->flags);
	*due = (struct due){0};
	due_init(due, retained->gone_count);
	for (size_t i = 0; i < due->size; i++)
		due_set(due, i);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The usual case, for less: nothing that a topic is made of is another. */
static bool same_topics(const struct mqtt_retained *a, const struct mqtt_retained *b)
{
	for (int kind = 0; kind < RETAINED_KINDS; kind++) {
		if (kind != RETAINED_GONE && a->due[kind].size != b->due[kind].size)
			return false;
	}
	if (!same_text(a->config->base, b->config->base) ||
	    !same_text(a->config->discovery, b->config->discovery) ||
	    !same_text(a->config->settings.client_id, b->config->settings.client_id))
		return false;
	for (size_t i = 0; i < a->due[RETAINED_ALARM].size; i++) {
		if (!same_text(a->plant->rules[i], b->plant->rules[i]))
			return false;
	}
	for (size_t i = 0; i < a->due[RETAINED_POINT].size; i++) {
		const struct point *one = point_of(a, i), *other = point_of(b, i);

		if (one->kind != other->kind || !same_text(one->name, other->name))
			return false;
	}
	return true;
}

void mqtt_retained_inherit(struct mqtt_retained *retained, const struct mqtt_retained *old)
{
	struct topics before, now;

	if (same_topics(retained, old))
		return;
	before = topics_of(old);
	now = topics_of(retained);
	take_away(retained, &before, &now);
	topics_done(&before);
	topics_done(&now);
}
