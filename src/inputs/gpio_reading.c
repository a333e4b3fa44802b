/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what edges and levels do to points. A reading bears the kernel's time of the edge. A
 * point that has more of them than its rate allows tells the last one when it may again.
 */
#include "base/clock.h"
#include "base/str.h"
#include "inputs/gpio_state.h"
#include "io/loop.h"

/* A reading that was lost is bad for no longer than this. */
static const int64_t reading_spoiled_ns = NSEC_PER_SEC;

void gpio_reading_begin(struct input *input)
{
	input->now = clock_mono();
	input->at = clock_boot();
	input->timed = true;
}

static void reading_time(struct input *input)
{
	if (!input->timed)
		gpio_reading_begin(input);
}

/* The kernel's monotonic time of an edge as that of a reading; never back, never ahead. */
static struct boot reading_at(struct input *input, struct mono edge)
{
	struct boot at = boot_add(input->at, edge.ns - input->now.ns);

	if (at.ns > input->at.ns)
		at = input->at;
	return at.ns < input->last.ns ? input->last : at;
}

static void reading_value(struct input *input, uint32_t point, struct value value,
			  struct boot at)
{
	const struct reading reading = {.point = point, .value = value, .at = at};

	input->last = at;
	input->sink.put(input->sink.arg, &reading);
}

static void reading_bad(struct input *input, uint32_t point, enum bad_reason reason)
{
	const struct reading reading = {
		.point = point,
		.quality = QUALITY_BAD,
		.reason = reason,
		.at = input->at.ns > input->last.ns ? input->at : input->last,
	};

	input->last = reading.at;
	input->sink.put(input->sink.arg, &reading);
}

static void reading_number(struct input *input, uint32_t point, double raw, struct boot at)
{
	const struct gpio_point *config = &input->config->points[point];
	struct value value;
	enum bad_reason reason =
		point_scaling_apply(&config->scaling, raw / config->per, &value);

	if (reason == BAD_NONE)
		reading_value(input, point, value, at);
	else
		reading_bad(input, point, reason);
}

static void reading_put_at(struct input *input, uint32_t point, struct boot at)
{
	struct gpio_state *state = &input->states[point];

	state->owed = state->untold = false;
	if (state->up != 3)
		return;
	switch (input->config->points[point].kind) {
	case GPIO_LEVEL:
	case GPIO_OUTPUT:
		reading_value(input, point, value_bool(state->level), at);
		break;
	case GPIO_INSTANT:
		reading_value(input, point, value_bool(false), at);
		break;
	case GPIO_TOTAL:
	case GPIO_POSITION:
		reading_number(input, point, (double)state->counter.count, at);
		break;
	case GPIO_SPEED:
	case GPIO_FREQUENCY:
		if (gpio_rate_known(state->rate, input->now))
			reading_number(input, point, gpio_rate_hz(state->rate, input->now), at);
		break;
	case GPIO_WIDTH:
		if (state->measured)
			reading_number(input, point, state->width, at);
		break;
	}
}

void gpio_reading_put(struct input *input, uint32_t point)
{
	reading_put_at(input, point, reading_at(input, input->now));
}

/* The rate of readings. */

static int64_t reading_costs(const struct input *input, uint32_t point)
{
	const struct option_rate *rate = &input->config->points[point].max_readings;

	return rate->per_ns / rate->count;
}

/* A lump of one period's readings may come at once. */
static bool reading_allowed(struct input *input, uint32_t point)
{
	struct gpio_state *state = &input->states[point];
	int64_t costs = reading_costs(input, point);
	struct mono full = state->full.ns < input->now.ns ? input->now : state->full;

	full = mono_add(full, costs);
	if (mono_diff(full, input->now) > input->config->points[point].max_readings.per_ns)
		return false;
	state->full = full;
	return true;
}

/* When it will be. */
static struct mono reading_due(const struct input *input, uint32_t point)
{
	return mono_add(input->states[point].full,
			reading_costs(input, point) -
				input->config->points[point].max_readings.per_ns);
}

/* The timer is for the first one that is due: their rates differ. */
static void reading_plan(struct input *input, struct mono due)
{
	if (loop_timer_running(input->owed) && input->owed_due.ns <= due.ns)
		return;
	input->owed_due = due;
	loop_timer_start(input->owed, due);
}

static void reading_owe(struct input *input, uint32_t point)
{
	struct gpio_state *state = &input->states[point];

	if (!state->owed)
		input->devices[input->config->points[point].device].held++;
	state->owed = true;
	reading_plan(input, reading_due(input, point));
}

/* What the point came to by an edge: told now, or later. */
static void reading_offer(struct input *input, uint32_t point, struct boot at)
{
	if (!input->states[point].spoiled && reading_allowed(input, point))
		reading_put_at(input, point, at);
	else
		reading_owe(input, point);
}

void gpio_reading_owed(void *arg)
{
	struct input *input = arg;
	struct mono next = MONO_NEVER;

	gpio_reading_begin(input);
	for (uint32_t i = 0; i < input->config->point_count; i++) {
		struct mono due;

		if (!input->states[i].owed)
			continue;
		due = reading_due(input, i);
		if (mono_diff(due, input->now) <= 0 && reading_allowed(input, i))
			gpio_reading_put(input, i);
		else if (due.ns < next.ns)
			next = due;
	}
	input->timed = false;
	if (next.ns != MONO_NEVER.ns)
		reading_plan(input, next);
}

/* Edges that did not come. */

enum loss {
	LOSS_EXACT,
	LOSS_VAGUE,  /* or of other lines */
	LOSS_MERGED, /* several were one, and may have been fewer */
};

static const char *loss_words(enum gpio_kind kind, enum loss loss)
{
	if (loss == LOSS_VAGUE)
		return ", or of other lines";
	if (loss == LOSS_MERGED)
		return ": they were too close together for the kernel";
	switch (kind) {
	case GPIO_TOTAL:
	case GPIO_SPEED:
	case GPIO_FREQUENCY:
		return ", counted all the same";
	case GPIO_POSITION:
		return ", its position is no longer sure";
	case GPIO_LEVEL:
	case GPIO_INSTANT:
	case GPIO_WIDTH:
	case GPIO_OUTPUT:
		break;
	}
	return "";
}

/* Its reading is bad once, for long enough to be seen, and then it goes on. */
static void reading_spoil(struct input *input, uint32_t point)
{
	struct gpio_state *state = &input->states[point];
	int64_t per_ns = input->config->points[point].max_readings.per_ns;
	int64_t costs = reading_costs(input, point);

	state->spoiled = input->spoiled = true;
	reading_bad(input, point, BAD_LOST);
	/* As if its rate were used up, but for a rate so low that it hides the value. */
	state->full = mono_add(input->now, per_ns);
	if (costs > reading_spoiled_ns)
		state->full = mono_add(state->full, reading_spoiled_ns - costs);
	reading_owe(input, point);
}

/* Edges of the point are missing. */
static void reading_lost(struct input *input, uint32_t point, uint32_t lost, enum loss loss)
{
	const struct gpio_point *config = &input->config->points[point];
	struct gpio_state *state = &input->states[point];

	state->begun = false;
	state->adrift = 3;
	state->lost_at = input->now;
	if (loss == LOSS_EXACT) {
		state->counter.lost += lost;
		input->devices[config->device].lost += lost;
	}
	complaint_say(&state->loss, input->now, "bus %s: %s: %s%u edges were lost%s",
		      input->config->name, config->name, loss == LOSS_EXACT ? "" : "up to ",
		      lost, loss_words(config->kind, loss));
	reading_spoil(input, point);
}

/* A reload let go of the line and took it anew: nobody knows how many edges it had. */
static void reading_unwatched(struct input *input, uint32_t point)
{
	struct gpio_state *state = &input->states[point];

	if (input->unwatched++ == 0 || state->unwatched.ns < input->unwatched_from.ns)
		input->unwatched_from = state->unwatched;
	input->devices[input->config->points[point].device].unwatched++;
	state->unwatched = (struct mono){0};
	reading_spoil(input, point);
}

/* Edges of each kind of point. */

struct reading_edge {
	const struct gpio_edge *edge;
	struct boot at;
	uint32_t lost; /* before it */
	bool second;   /* of the point's two lines */
};
typedef void reading_edge_fn(struct input *input, uint32_t point,
			     const struct reading_edge *edge);

static struct gpio_counters *reading_counters(struct input *input, uint32_t point)
{
	return &input->devices[input->config->points[point].device];
}

static bool reading_counts(const struct input *input, uint32_t point, bool rising)
{
	const struct gpio_counted *edges = &input->config->points[point].edges;

	return rising ? edges->rising : edges->falling;
}

static void edge_level(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	struct gpio_state *state = &input->states[point];

	state->level = edge->edge->rising;
	if (state->owed)
		reading_counters(input, point)->skipped++;
	reading_offer(input, point, edge->at);
}

static void edge_instant(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	if (!reading_counts(input, point, edge->edge->rising))
		return;
	if (!reading_allowed(input, point)) {
		reading_counters(input, point)->skipped++;
		return;
	}
	reading_value(input, point, value_bool(true), edge->at);
	reading_value(input, point, value_bool(false), edge->at);
}

/* Edges that this one stands for: itself, if it counts, and those of the lost ones that do. */
static uint32_t edge_weight(const struct input *input, uint32_t point,
			    const struct reading_edge *edge)
{
	const struct gpio_counted *edges = &input->config->points[point].edges;
	bool rising = edge->edge->rising;

	return (reading_counts(input, point, rising) ? 1 : 0) +
	       gpio_counter_of_lost(edges, rising, edge->lost);
}

/*
 * The kernel looks at the line when the interrupt's thread runs: a pulse that is over by then
 * comes as two edges to the level behind it, or as one. Either way what counts one kind of
 * edges has missed some, and it is not known how many. (The level at the start may have had the
 * edge.)
 */
static void edge_repeated(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	const struct gpio_counted *counted = &input->config->points[point].edges;
	struct gpio_state *state = &input->states[point];

	if (!counted->told_both || counted->rising == counted->falling || edge->lost > 0 ||
	    edge->edge->rising != state->last_rising ||
	    mono_diff(edge->edge->at, state->until) <= 0)
		return;
	reading_counters(input, point)->merged++;
	reading_lost(input, point, 1, LOSS_MERGED);
}

static void edge_total(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	uint32_t weight = edge_weight(input, point, edge);

	edge_repeated(input, point, edge);
	input->states[point].counter.count += weight;
	if (weight > 0)
		reading_offer(input, point, edge->at);
}

static void edge_rate(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	uint32_t weight = edge_weight(input, point, edge);

	edge_repeated(input, point, edge);
	if (weight == 0)
		return;
	gpio_rate_add(input->states[point].rate, edge->edge->at, weight);
	reading_offer(input, point, edge->at);
}

static void edge_width(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	struct gpio_state *state = &input->states[point];
	int64_t width_ns = mono_diff(edge->edge->at, state->from);

	if (edge->edge->rising) {
		state->from = edge->edge->at;
		state->begun = true;
		return;
	}
	if (state->begun && edge->lost == 0 && width_ns >= 0) {
		state->width = (double)width_ns / NSEC_PER_SEC;
		state->measured = true;
		reading_offer(input, point, edge->at);
	}
	state->begun = false;
}

static void edge_position(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	struct gpio_state *state = &input->states[point];
	int step;

	/* The levels are not known, or it was in them. */
	if (state->up != 3 || mono_diff(edge->edge->at, state->from) <= 0)
		return;
	step = gpio_quadrature_step(&state->quadrature, edge->second, edge->edge->rising);
	state->counter.count += step;
	if (step != 0)
		reading_offer(input, point, edge->at);
	else if (edge->lost == 0 && mono_diff(edge->edge->at, state->until) > 0)
		reading_lost(input, point, 1, LOSS_EXACT);
}

static void edge_none(struct input *input, uint32_t point, const struct reading_edge *edge)
{
	(void)input;
	(void)point;
	(void)edge;
}

static reading_edge_fn *const reading_edges[GPIO_KINDS] = {
	[GPIO_LEVEL] = edge_level,	 [GPIO_INSTANT] = edge_instant,
	[GPIO_TOTAL] = edge_total,	 [GPIO_SPEED] = edge_rate,
	[GPIO_FREQUENCY] = edge_rate,	 [GPIO_WIDTH] = edge_width,
	[GPIO_POSITION] = edge_position, [GPIO_OUTPUT] = edge_none,
};

/* What a link tells. */

static void gpio_reading_edge(void *arg, uint32_t line, const struct gpio_edge *edge,
			      uint32_t lost)
{
	struct input *input = arg;
	const struct input_config *config = input->config;
	struct reading_edge told = {.edge = edge, .lost = lost};

	reading_time(input);
	for (uint32_t i = config->first_use[line]; i < config->first_use[line + 1]; i++) {
		uint32_t point = config->uses[i].point;

		if (lost > 0)
			reading_lost(input, point, lost, LOSS_EXACT);
		told.at = reading_at(input, edge->at);
		told.second = config->uses[i].second;
		reading_edges[config->points[point].kind](input, point, &told);
		input->states[point].last_rising = edge->rising;
	}
}

/* A level is right whatever became one edge; what is counted is not. */
static bool reading_suffers(const struct input *input, uint32_t point, bool merged)
{
	switch (input->config->points[point].kind) {
	case GPIO_TOTAL:
	case GPIO_SPEED:
	case GPIO_FREQUENCY:
	case GPIO_POSITION:
		return true;
	case GPIO_LEVEL:
	case GPIO_INSTANT:
	case GPIO_WIDTH:
	case GPIO_OUTPUT:
		break;
	}
	return !merged;
}

static void gpio_reading_lost(void *arg, uint32_t line, uint32_t lost, bool merged)
{
	struct input *input = arg;
	const struct input_config *config = input->config;

	reading_time(input);
	for (uint32_t i = config->first_use[line]; i < config->first_use[line + 1]; i++) {
		uint32_t point = config->uses[i].point;

		if (reading_suffers(input, point, merged))
			reading_lost(input, point, lost, merged ? LOSS_MERGED : LOSS_VAGUE);
	}
}

/* The point has all of its lines again, or for the first time. */
static void reading_up(struct input *input, uint32_t point)
{
	const struct gpio_point *config = &input->config->points[point];
	struct gpio_state *state = &input->states[point];

	state->begun = state->measured = false;
	if (state->rate != NULL)
		gpio_rate_init(state->rate, config->over_ns, input->now);
	if (state->unwatched.ns != 0)
		reading_unwatched(input, point);
}

static void gpio_reading_level(void *arg, uint32_t line, bool value, struct mono asked)
{
	struct input *input = arg;
	const struct input_config *config = input->config;

	reading_time(input);
	for (uint32_t i = config->first_use[line]; i < config->first_use[line + 1]; i++) {
		uint32_t point = config->uses[i].point;
		const struct gpio_point *own = &config->points[point];
		struct gpio_state *state = &input->states[point];
		int second = config->uses[i].second;
		uint8_t before = state->up, bit = (uint8_t)(1 << second);

		state->up |= own->lines[0] == own->lines[1] ? 3 : bit;
		if (before != 3)
			state->last_rising = value;
		if (before != 3 || (state->adrift & bit) != 0) {
			state->quadrature.level[second] = value;
			state->from = asked;
			state->until = clock_mono();
		}
		state->adrift &= (uint8_t)~bit;
		if (before != 3 && state->up == 3)
			reading_up(input, point);
		state->level = value;
		if (before == 3 && !state->untold && own->kind != GPIO_LEVEL &&
		    own->kind != GPIO_OUTPUT)
			continue;
		if (state->owed && state->spoiled)
			continue;
		reading_put_at(input, point, reading_at(input, input->now));
	}
}

static void gpio_reading_down(void *arg, uint32_t line)
{
	struct input *input = arg;
	const struct input_config *config = input->config;

	gpio_reading_begin(input);
	for (uint32_t i = config->first_use[line]; i < config->first_use[line + 1]; i++) {
		struct gpio_state *state = &input->states[config->uses[i].point];

		state->up = 0;
		state->owed = false;
		state->unwatched = (struct mono){0};
		reading_bad(input, config->uses[i].point, BAD_OFFLINE);
	}
}

static void reading_tell_unwatched(struct input *input)
{
	char room[32];
	struct str span;

	str_init_fixed(&span, room, sizeof(room));
	str_add_duration(&span, mono_diff(input->now, input->unwatched_from));
	log_warning("bus %s: %u %s not watched for %s, as a reload took the lines anew: edges "
		    "in that time are lost, and not counted",
		    input->config->name, input->unwatched,
		    str_plural(input->unwatched, "point was", "points were"), span.s);
	input->unwatched = 0;
}

static void gpio_reading_settled(void *arg)
{
	struct input *input = arg;

	for (uint32_t i = 0; i < input->config->point_count && input->spoiled; i++)
		input->states[i].spoiled = false;
	input->spoiled = false;
	input->timed = false;
	if (input->unwatched > 0)
		reading_tell_unwatched(input);
}

const struct gpio_link_ops gpio_reading_ops = {
	.level = gpio_reading_level,
	.edge = gpio_reading_edge,
	.lost = gpio_reading_lost,
	.down = gpio_reading_down,
	.settled = gpio_reading_settled,
};
