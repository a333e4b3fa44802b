/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what a point of a GPIO device is, and which of the options mean something for it. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"
#include "inputs/gpio_parse.h"
#include "inputs/write_entry.h"
#include "model/name.h"
#include "model/point.h"
#include "model/unit_text.h"

#define KIND(kind) (1u << (kind))

enum {
	KINDS_INPUT = KIND(GPIO_OUTPUT) - 1,
	KINDS_COUNT = KIND(GPIO_TOTAL) | KIND(GPIO_POSITION),
	KINDS_NUMBER = KINDS_COUNT | KIND(GPIO_FREQUENCY) | KIND(GPIO_WIDTH),
};

/* The options that only some kinds of points have. */
static const struct {
	const char *key;
	unsigned kinds;
	const char *of;
} gpio_option_kinds[] = {
	{"debounce", KINDS_INPUT, "inputs"},
	{"drive", KIND(GPIO_OUTPUT), "outputs: 'direction: output'"},
	{"on_start", KIND(GPIO_OUTPUT), "outputs: 'direction: output'"},
	{"verify", KIND(GPIO_OUTPUT), "outputs: 'direction: output'"},
	{"rate", KIND(GPIO_TOTAL), "points with 'count'"},
	{"over", KIND(GPIO_FREQUENCY), "points with 'measure: frequency'"},
	{"scale", KINDS_COUNT, "points with 'count' or 'quadrature'"},
	{"per", KINDS_COUNT, "points with 'count' or 'quadrature'"},
	{"offset", KINDS_COUNT, "points with 'count' or 'quadrature'"},
	{"unit", KINDS_NUMBER, "points with 'count', 'measure' or 'quadrature'"},
	{"range", KINDS_NUMBER, "points with 'count', 'measure' or 'quadrature'"},
	{"deadband", KINDS_NUMBER, "points with 'count', 'measure' or 'quadrature'"},
};

/* The keys that make a point something else than a level; one at most. */
static const char *const gpio_kind_keys[] = {"edge", "count", "measure", "quadrature"};

static const struct gpio_counted gpio_rising_only = {.rising = true};
static const struct gpio_counted gpio_both_edges = {.rising = true, .falling = true};
static const struct gpio_counted gpio_no_edges = {0};

/* One entry of the table of points, as the map says it. */
struct gpio_entry {
	const struct yaml_node *key, *node;
	const char *name;
	const struct gpio_point_settings *options;
	const struct write_entry *write;
};

static bool point_kind(struct gpio_parse *parse, const struct gpio_entry *entry,
		       enum gpio_kind *ret)
{
	const struct yaml_node *first = NULL;
	enum gpio_kind kinds[] = {GPIO_INSTANT, GPIO_TOTAL, GPIO_FREQUENCY, GPIO_POSITION};

	*ret = entry->options->direction == 1 ? GPIO_OUTPUT : GPIO_LEVEL;
	for (size_t i = 0; i < ARRAY_SIZE(gpio_kind_keys); i++) {
		const struct yaml_node *key = yaml_key(entry->node, gpio_kind_keys[i]);

		if (key == NULL)
			continue;
		if (*ret == GPIO_OUTPUT || first != NULL) {
			gpio_parse_error(parse, key, "'%s' cannot stand beside '%s'", key->text,
					 first != NULL ? first->text : "direction: output");
			return false;
		}
		first = key;
		*ret = kinds[i];
	}
	if (*ret == GPIO_FREQUENCY && entry->options->measure == 1)
		*ret = GPIO_WIDTH;
	return true;
}

static bool point_options_fit(struct gpio_parse *parse, const struct gpio_entry *entry,
			      enum gpio_kind kind)
{
	bool fine = true;

	for (size_t i = 0; i < ARRAY_SIZE(gpio_option_kinds); i++) {
		const struct yaml_node *key = yaml_key(entry->node, gpio_option_kinds[i].key);

		if (key == NULL || (gpio_option_kinds[i].kinds & KIND(kind)) != 0)
			continue;
		gpio_parse_error(parse, key, "'%s' is for %s only", key->text,
				 gpio_option_kinds[i].of);
		fine = false;
	}
	if (yaml_key(entry->node, "scale") != NULL && yaml_key(entry->node, "per") != NULL) {
		gpio_parse_error(parse, yaml_key(entry->node, "per"),
				 "'per' stands instead of 'scale', not beside it");
		fine = false;
	}
	return fine;
}

static struct gpio_counted point_edges(const struct gpio_point_settings *options,
				       enum gpio_kind kind)
{
	switch (kind) {
	case GPIO_INSTANT:
		return (struct gpio_counted){options->edge == 0, options->edge == 1, false};
	case GPIO_TOTAL:
		return (struct gpio_counted){options->count != 1, options->count != 0, false};
	case GPIO_FREQUENCY:
		return gpio_rising_only;
	case GPIO_LEVEL:
	case GPIO_WIDTH:
	case GPIO_POSITION:
		return gpio_both_edges;
	case GPIO_SPEED:
	case GPIO_OUTPUT:
		break;
	}
	return gpio_no_edges;
}

static bool point_lines(struct gpio_parse *parse, const struct gpio_entry *entry,
			struct gpio_point *point)
{
	const struct gpio_point_settings *options = entry->options;
	const struct yaml_node *pair = options->quadrature;

	if ((pair == NULL) == (options->line == NULL)) {
		gpio_parse_error(parse, pair == NULL ? entry->key : pair,
				 "point '%s' needs either 'line' or 'quadrature'", entry->name);
		return false;
	}
	if (pair == NULL) {
		bool fine = gpio_parse_line(parse, options->line, options, point->kind,
					    &point->edges, &point->lines[0]);

		point->lines[1] = point->lines[0];
		return fine;
	}
	if (pair->count != 2) {
		gpio_parse_error(parse, pair, "expected the two lines of an encoder, got %zu",
				 pair->count);
		return false;
	}
	for (int i = 0; i < 2; i++)
		if (!gpio_parse_line(parse, pair->values[i], options, point->kind,
				     &point->edges, &point->lines[i]))
			return false;
	if (point->lines[0] == point->lines[1]) {
		gpio_parse_error(parse, pair->values[1], "an encoder has two different lines");
		return false;
	}
	return true;
}

/* The unit of a value that is base, such as Hz: factor from it, in *ret. */
static bool point_unit(struct gpio_parse *parse, const struct yaml_node *node,
		       const struct unit *base, const char *what, struct unit *ret_unit,
		       double *ret_factor)
{
	double offset;

	if (!unit_text_parse(node, ret_unit, parse->diags)) {
		parse->ok = false;
		return false;
	}
	if (!base->known)
		return true;
	if (!unit_same_dimension(base, ret_unit)) {
		gpio_parse_error(parse, node, "'%s' is no unit of %s", node->text, what);
		return false;
	}
	unit_conversion(base, ret_unit, ret_factor, &offset);
	return true;
}

static bool point_add(struct gpio_parse *parse, const struct gpio_entry *entry,
		      const struct gpio_point *point, struct point *row)
{
	int64_t stale = parse->device.stale_ns;
	int64_t usual = 3 * parse->bus.poll_ns;

	row->name = entry->name;
	row->device = parse->source->name;
	row->readable = true;
	row->stale_ns = stale > 0 ? stale : usual > NSEC_PER_SEC ? usual : NSEC_PER_SEC;
	row->unheld = !entry->options->hold_bad;
	row->where = entry->key;
	row->low = 1;
	row->high = 0;
	if (!write_entry_apply(parse->arena, entry->node, entry->write, row, parse->diags)) {
		parse->ok = false;
		return false;
	}
	if (point_table_add(parse->table, row) == POINT_NONE) {
		gpio_parse_error(parse, entry->key, "there is a point '%s' already",
				 entry->name);
		return false;
	}
	parse->points[parse->config->point_count] = *point;
	parse->points[parse->config->point_count].name = entry->name;
	parse->config->point_count++;
	return true;
}

static struct point_scaling point_scaling(const struct gpio_point_settings *options,
					  double scale)
{
	return (struct point_scaling){
		.kind = VALUE_NUMBER,
		.scale = scale,
		.offset = options->offset,
		.limited = options->range.set,
		.low = options->range.low,
		.high = options->range.high,
	};
}

static const char *default_unit(enum gpio_kind kind)
{
	return kind == GPIO_FREQUENCY ? "Hz" : kind == GPIO_WIDTH ? "s" : NULL;
}

/* What 'debounce' swallows of the values that 'range' says can come. */
static void point_debounce(struct gpio_parse *parse, const struct gpio_entry *entry,
			   const struct gpio_point *point)
{
	const struct yaml_node *where = yaml_key(entry->node, "debounce");
	double seconds = (double)entry->options->debounce_ns / NSEC_PER_SEC;
	double high = point->scaling.high / point->scaling.scale;

	if (where == NULL || seconds <= 0 || !point->scaling.limited)
		return;
	/* A period is a pulse and a pause. */
	if (point->kind == GPIO_FREQUENCY && high > 1 / (2 * seconds))
		diag_warning(parse->diags, where,
			     "with this 'debounce' no more than %g Hz are seen, and 'range' "
			     "goes further",
			     1 / (2 * seconds));
	if (point->kind == GPIO_WIDTH && high < seconds)
		diag_warning(parse->diags, where,
			     "with this 'debounce' no pulse is seen that 'range' lets be");
}

static bool point_number(struct gpio_parse *parse, const struct gpio_entry *entry,
			 struct gpio_point *point, struct point *row)
{
	const struct gpio_point_settings *options = entry->options;
	const char *usual = default_unit(point->kind);
	double scale = options->scale;
	struct unit base = {0};
	size_t bad, bad_len;

	row->kind = VALUE_NUMBER;
	row->deadband = options->deadband;
	row->unit_text = options->unit != NULL ? options->unit : usual;
	if (usual != NULL)
		(void)unit_parse(usual, strlen(usual), &base, &bad, &bad_len);
	row->unit = base;
	if (options->unit != NULL &&
	    !point_unit(parse, yaml_get(entry->node, "unit"), &base,
			point->kind == GPIO_WIDTH ? "time" : "frequency", &row->unit, &scale))
		return false;
	point->scaling = point_scaling(options, scale);
	point_debounce(parse, entry, point);
	return true;
}

/* door.flow.rate, of door.flow, whose row in the table is total. */
static void point_rate(struct gpio_parse *parse, const struct gpio_entry *entry,
		       const struct gpio_point *total, const struct point *total_row)
{
	struct gpio_rate_settings options = {0};
	const struct option_binding binding = {&gpio_rate_options, &options};
	struct gpio_point point = *total;
	struct gpio_entry rate = *entry;
	struct point row = {.kind = VALUE_NUMBER};
	struct unit base = total_row->unit;
	double factor = 1;

	rate.name = arena_printf(parse->arena, "%s.rate", entry->name);
	if (!option_bind(parse->arena, entry->options->rate,
			 arena_printf(parse->arena, "rate of '%s'", entry->name), &binding, 1,
			 parse->diags)) {
		parse->ok = false;
		return;
	}
	base.dimension[UNIT_TIME] = (int8_t)(base.dimension[UNIT_TIME] - 1);
	if (options.unit != NULL &&
	    !point_unit(parse, yaml_get(entry->options->rate, "unit"), &base,
			arena_printf(parse->arena, "%s by time",
				     total_row->unit_text != NULL ? total_row->unit_text : ""),
			&row.unit, &factor))
		return;
	row.unit_text = options.unit;
	if (options.unit == NULL && base.known) {
		row.unit_text = arena_printf(parse->arena, "%s/s", total_row->unit_text);
		row.unit = base;
	}
	point.kind = GPIO_SPEED;
	point.over_ns = options.over_ns;
	point.scaling = (struct point_scaling){.kind = VALUE_NUMBER,
					       .scale = total->scaling.scale * factor};
	point_add(parse, &rate, &point, &row);
}

/* The kernel switches a line as it is taken, before anybody asks how long it has been off. */
static void point_start(struct gpio_parse *parse, const struct gpio_entry *entry,
			const struct point *row)
{
	if (entry->options->on_start != GPIO_START_ON || row->interlock == NULL ||
	    row->interlock->min_off_ns == 0)
		return;
	gpio_parse_error(parse, yaml_get(entry->node, "on_start"),
			 "'on_start' switches it on before 'min_off' is over");
	diag_note(parse->diags, "expected: 'keep' or 'off'; a rule that wants it on has it on "
				"when 'min_off' is over");
}

static void point_make(struct gpio_parse *parse, const struct gpio_entry *entry)
{
	const struct gpio_point_settings *options = entry->options;
	struct point row = {.kind = VALUE_BOOL};
	struct gpio_point point = {
		.device = parse->device_number,
		.per = options->per > 0 ? options->per : 1,
		.over_ns = options->over_ns,
		.max_readings = parse->device.max_readings,
		.verify = options->verify,
	};

	if (!point_kind(parse, entry, &point.kind) ||
	    !point_options_fit(parse, entry, point.kind))
		return;
	point.edges = point_edges(options, point.kind);
	if (!point_lines(parse, entry, &point))
		return;
	if ((KIND(point.kind) & KINDS_NUMBER) != 0 && !point_number(parse, entry, &point, &row))
		return;
	row.writable = row.begins = point.kind == GPIO_OUTPUT;
	if (!point_add(parse, entry, &point, &row))
		return;
	point_start(parse, entry, &row);
	if (options->rate != NULL)
		point_rate(parse, entry, &point, &row);
}

void gpio_parse_point(struct gpio_parse *parse, const struct yaml_node *key,
		      const struct yaml_node *node)
{
	struct gpio_point_settings options = {0};
	struct write_entry write = {.of = "with 'direction: output'"};
	const struct option_binding bindings[] = {{&gpio_point_options, &options},
						  {&write_entry_options, &write}};
	struct gpio_entry entry = {key, node, NULL, &options, &write};

	if (!name_valid(key->text, key->len)) {
		gpio_parse_error(parse, key,
				 "expected a name of letters, digits, _ and - that starts with "
				 "a letter");
		return;
	}
	entry.name = arena_printf(parse->arena, "%s.%s", parse->source->name, key->text);
	if (!option_bind(parse->arena, node,
			 arena_printf(parse->arena, "point '%s'", entry.name), bindings,
			 ARRAY_SIZE(bindings), parse->diags)) {
		parse->ok = false;
		return;
	}
	point_make(parse, &entry);
}
