/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns a recording that is played: when its lines are due, and what they say. */
#include "inputs/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "inputs/playback_file.h"
#include "inputs/point_entry.h"
#include "io/loop.h"
#include "model/point.h"
#include "model/recording.h"

enum {
	PLAYBACK_LINE = 4096, /* longer lines are no readings */
	PLAYBACK_TURN = 256,  /* readings at most for each turn of the loop */
};

/* Before the file is tried again, and the shortest round of one that is repeated. */
static const int64_t playback_retry_ns = 5 * NSEC_PER_SEC;
static const int64_t playback_round_ns = NSEC_PER_SEC / 10;

struct playback_point {
	const char *name;
	uint32_t number; /* local */
	struct point_scaling scaling;
};

struct input_config {
	const char *name;
	const char *path;
	double speed;
	bool repeat;
	size_t device_count;
	size_t point_count;
	const struct playback_point *points; /* by name */
};

enum playback_state { PLAYBACK_OPENING, PLAYBACK_PLAYING, PLAYBACK_ENDED, PLAYBACK_FAILED };

struct input {
	const struct input_config *config;
	struct loop *loop;
	struct input_sink sink;
	enum playback_state state;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer; /* the next line, or the next try */
	struct mono start;	  /* of this round */
	struct boot last;	  /* time of the last line */
	bool file_ended;
	bool skipping; /* the rest of a line that is too long */
	bool due;      /* line holds a reading that was not given yet */
	uint64_t line_number;
	struct recording_line line;
	struct complaint failing, mangled;
	uint64_t readings, malformed, unknown, rounds;
	uint64_t malformed_before; /* this round */
	char detail[160];	   /* why it failed */
	size_t len;
	char room[PLAYBACK_LINE];
};

struct bus_options {
	const char *playback;
	double speed;
	bool loop;
};

struct device_options {
	const struct yaml_node *bus, *points;
	int64_t stale_ns;
};

static const struct option bus_rows[] = {
	{.name = "playback",
	 OPTION(TEXT, bus_options, playback),
	 .required = true,
	 .help = "The file with the recording, relative to the configuration."},
	{.name = "speed",
	 OPTION(NUMBER, bus_options, speed),
	 .fallback = "1",
	 .min = 0.001,
	 .max = 1000,
	 .help = "How many times faster than it was recorded."},
	{.name = "loop",
	 OPTION(BOOL, bus_options, loop),
	 .fallback = "false",
	 .help = "Whether it starts again when it is over; otherwise its points become bad."},
};

static const struct option device_rows[] = {
	{.name = "bus",
	 OPTION(NODE, device_options, bus),
	 .shape = "name",
	 .help = "The bus it stands on."},
	{.name = "stale_after",
	 OPTION(DURATION, device_options, stale_ns),
	 .fallback = "60s",
	 .min = 0.001,
	 .max = 86400 * 365.0,
	 .help = "A value counts so long without a new one."},
	{.name = "points",
	 OPTION(MAP, device_options, points),
	 .required = true,
	 .shape = "{name:point_entry|null}",
	 .help = "The points of the recording that are played, by name."},
};

const struct option_table playback_bus_options = {
	.section = "bus",
	.manual = "gauged.yaml(5)",
	.rows = bus_rows,
	.count = ARRAY_SIZE(bus_rows),
	.name = "playback_bus",
};

const struct option_table playback_device_options = {
	.section = "device",
	.manual = "gauged.yaml(5)",
	.rows = device_rows,
	.count = ARRAY_SIZE(device_rows),
	.name = "playback_device",
};

static int playback_compare(const void *a, const void *b)
{
	const struct playback_point *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool playback_parse_point(struct arena *arena, const struct input_device *device,
				 const struct device_options *options, size_t i,
				 struct playback_point *ret, struct point_table *points,
				 struct diags *diags)
{
	const struct yaml_node *key = options->points->keys[i],
			       *node = options->points->values[i];
	struct point_entry entry = {0};
	const struct option_binding binding = {&point_entry_options, &entry};

	ret->name = arena_printf(arena, "%s.%s", device->name, key->text);
	if (!option_bind(arena, node, arena_printf(arena, "point '%s'", ret->name), &binding, 1,
			 diags))
		return false;
	ret->scaling = point_entry_scaling(&entry);
	return point_entry_add(arena, device->name, key, node, &entry, options->stale_ns,
			       points, diags);
}

static bool playback_parse_devices(struct arena *arena, const struct input_source *source,
				   const struct device_options *options,
				   struct input_config *config, struct point_table *points,
				   struct diags *diags)
{
	struct playback_point *list;
	uint32_t number = 0;
	bool fine = true;

	for (size_t i = 0; i < source->device_count; i++)
		config->point_count += options[i].points->count;
	config->points = list = arena_take(arena, config->point_count + 1, sizeof(*list));
	for (size_t i = 0; i < source->device_count; i++) {
		for (size_t j = 0; j < options[i].points->count; j++, number++) {
			list[number].number = number;
			fine &= playback_parse_point(arena, &source->devices[i], &options[i], j,
						     &list[number], points, diags);
		}
	}
	qsort(list, config->point_count, sizeof(*list), playback_compare);
	return fine;
}

static struct input_config *playback_parse(struct arena *arena,
					   const struct input_source *source,
					   struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	struct device_options *devices =
		arena_take(arena, source->device_count + 1, sizeof(*devices));
	struct bus_options bus = {0};
	const struct option_binding binding = {&playback_bus_options, &bus};
	bool fine =
		option_bind(arena, source->node, arena_printf(arena, "bus '%s'", source->name),
			    &binding, 1, diags);

	for (size_t i = 0; i < source->device_count; i++) {
		const struct option_binding device = {&playback_device_options, &devices[i]};

		fine &= option_bind(arena, source->devices[i].node,
				    arena_printf(arena, "device '%s'", source->devices[i].name),
				    &device, 1, diags);
	}
	if (!fine)
		return NULL;
	config->name = source->name;
	config->path = bus.playback[0] == '/'
			       ? bus.playback
			       : arena_printf(arena, "%s/%s", source->directory, bus.playback);
	config->speed = bus.speed;
	config->repeat = bus.loop;
	config->device_count = source->device_count;
	return playback_parse_devices(arena, source, devices, config, points, diags) ? config
										     : NULL;
}

static void playback_offline(struct input *input)
{
	struct reading reading = {
		.quality = QUALITY_BAD,
		.reason = BAD_OFFLINE,
		.at = clock_boot(),
	};

	for (uint32_t i = 0; i < input->config->point_count; i++) {
		reading.point = i;
		input->sink.put(input->sink.arg, &reading);
	}
}

static void playback_stop(struct input *input)
{
	loop_watch_free(input->watch);
	input->watch = NULL;
	if (input->fd >= 0)
		close(input->fd);
	input->fd = -1;
}

static void playback_fail(struct input *input, const char *why)
{
	struct mono now = clock_mono();
	struct str detail;

	playback_stop(input);
	input->state = PLAYBACK_FAILED;
	str_init_fixed(&detail, input->detail, sizeof(input->detail));
	str_adds(&detail, why);
	complaint_say(&input->failing, now, "bus %s: %s, trying again in 5 s",
		      input->config->name, why);
	loop_timer_start(input->timer, mono_add(now, playback_retry_ns));
	playback_offline(input);
}

static void playback_malformed(struct input *input, const char *why)
{
	input->malformed++;
	complaint_say(&input->mangled, clock_mono(), "bus %s: %s:%ju: %s, line skipped",
		      input->config->name, input->config->path, (uintmax_t)input->line_number,
		      why);
}

/* One line of the file; true if it holds a reading of ours. */
static bool playback_line(struct input *input, const char *line, size_t len)
{
	struct error err;
	int rc = recording_parse(line, len, &input->line, &err);

	if (rc < 0)
		playback_malformed(input, err.text);
	if (rc <= 0)
		return false;
	if (input->line.reading.at.ns < input->last.ns) {
		playback_malformed(input, "the time goes back");
		return false;
	}
	input->last = input->line.reading.at;
	return true;
}

/* The next line out of the room; false when there is none whole. */
static bool playback_take(struct input *input)
{
	const char *end = memchr(input->room, '\n', input->len);
	size_t len = end != NULL ? (size_t)(end - input->room) : input->len;
	bool last = end == NULL && input->file_ended && len > 0;
	bool full = end == NULL && len == sizeof(input->room);

	if (end == NULL && !last && !full)
		return false;
	if (!input->skipping)
		input->line_number++;
	if (full && !input->skipping)
		playback_malformed(input, "a line of more than 4096 bytes");
	else if (!full && !input->skipping)
		input->due = playback_line(input, input->room, len);
	input->skipping = full;
	len += end != NULL;
	input->len -= len;
	memmove(input->room, input->room + len, input->len);
	return true;
}

static void playback_put(struct input *input, struct boot at)
{
	const struct playback_point key = {.name = input->line.name};
	const struct playback_point *point =
		bsearch(&key, input->config->points, input->config->point_count, sizeof(key),
			playback_compare);
	struct reading reading = input->line.reading;

	input->due = false;
	if (point == NULL) {
		input->unknown++;
		return;
	}
	reading.point = point->number;
	reading.at = at;
	if (reading.quality == QUALITY_GOOD) {
		reading.reason = BAD_PARSE;
		if (reading.value.kind == point->scaling.kind)
			reading.reason = reading.value.kind == VALUE_NUMBER
						 ? point_scaling_apply(&point->scaling,
								       reading.value.number,
								       &reading.value)
						 : BAD_NONE;
		if (reading.reason != BAD_NONE) {
			reading.quality = QUALITY_BAD;
			reading.value = (struct value){0};
		}
	}
	input->readings++;
	input->sink.put(input->sink.arg, &reading);
}

static void playback_over(struct input *input)
{
	playback_stop(input);
	input->rounds++;
	if (input->malformed == input->malformed_before)
		complaint_end(&input->mangled, "bus %s: all lines can be read",
			      input->config->name);
	if (input->config->repeat) {
		input->state = PLAYBACK_OPENING;
		loop_timer_start(input->timer, mono_add(input->start, playback_round_ns));
		return;
	}
	input->state = PLAYBACK_ENDED;
	log_info("bus %s: %s is over", input->config->name, input->config->path);
	playback_offline(input);
}

/* Gives what is due, then waits for time or for bytes, whichever is missing. */
static void playback_play(struct input *input)
{
	int64_t instant_ns = -1;
	struct boot at = {0};

	for (int i = 0; i < PLAYBACK_TURN; i++) {
		struct mono due;

		if (!input->due && !playback_take(input)) {
			if (input->file_ended)
				playback_over(input);
			else
				loop_watch_set(input->watch, LOOP_READ);
			return;
		}
		if (!input->due)
			continue;
		due = mono_add(input->start, (int64_t)((double)input->line.reading.at.ns /
						       input->config->speed));
		if (due.ns > clock_mono().ns) {
			loop_timer_start(input->timer, due);
			return;
		}
		/* What was read at one instant is one instant again. */
		if (input->line.reading.at.ns != instant_ns)
			at = clock_boot();
		instant_ns = input->line.reading.at.ns;
		playback_put(input, at);
	}
	/* The others' turn. */
	loop_timer_start(input->timer, clock_mono());
}

/* What opening the file said comes before its bytes. */
static void playback_opened(struct input *input)
{
	struct error err;
	int code;

	if (read(input->fd, &code, sizeof(code)) != sizeof(code))
		code = EIO;
	if (code == 0) {
		input->state = PLAYBACK_PLAYING;
		input->start = clock_mono();
		input->detail[0] = '\0';
		complaint_end(&input->failing, "bus %s: %s can be read", input->config->name,
			      input->config->path);
	} else {
		/* EINVAL is playback_file.c's: open() does not say it here. */
		if (code == EINVAL)
			error_set(&err, code, "cannot play %s: no regular file",
				  input->config->path);
		else
			error_errno(&err, code, "cannot play %s", input->config->path);
		playback_fail(input, err.text);
	}
}

static void playback_readable(void *arg, unsigned what)
{
	struct input *input = arg;
	ssize_t n;

	(void)what;
	if (input->state == PLAYBACK_OPENING) {
		playback_opened(input);
		return;
	}
	n = read(input->fd, input->room + input->len, sizeof(input->room) - input->len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		input->len += (size_t)n;
	else
		input->file_ended = true;
	loop_watch_set(input->watch, 0);
	playback_play(input);
}

static void playback_begin(struct input *input)
{
	struct error err;

	input->state = PLAYBACK_OPENING;
	input->file_ended = input->skipping = input->due = false;
	input->line_number = 0;
	input->malformed_before = input->malformed;
	input->len = 0;
	input->last = (struct boot){0};
	input->fd = playback_file_open(input->config->path, &err);
	if (input->fd < 0) {
		playback_fail(input, err.text);
		return;
	}
	input->watch =
		loop_watch_new(input->loop, input->fd, LOOP_READ, playback_readable, input);
}

static void playback_timer(void *arg)
{
	struct input *input = arg;

	if (input->state == PLAYBACK_PLAYING)
		playback_play(input);
	else
		playback_begin(input);
}

static struct input *playback_open(const struct input_config *config, struct loop *loop,
				   struct input_sink sink, const struct input *before,
				   struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));

	(void)before;
	(void)err;
	input->config = config;
	input->loop = loop;
	input->sink = sink;
	input->fd = -1;
	input->timer = loop_timer_new(loop, playback_timer, input);
	/* From the loop: nobody expects readings before open() has returned. */
	loop_timer_start(input->timer, clock_mono());
	return input;
}

static void playback_report(const struct input *input, struct report *ret_bus,
			    struct report *ret_devices)
{
	static const char *const states[] = {"opening", "up", "ended", "backoff"};

	*ret_bus = (struct report){.state = states[input->state]};
	memcpy(ret_bus->detail, input->detail, sizeof(input->detail));
	report_count(ret_bus, "readings", "Readings played.", input->readings);
	report_count(ret_bus, "lines_malformed", "Lines that are no readings.",
		     input->malformed);
	report_count(ret_bus, "lines_unknown", "Readings of points that no device has.",
		     input->unknown);
	report_count(ret_bus, "rounds", "Times that it was played to its end.", input->rounds);
	for (size_t i = 0; i < input->config->device_count; i++)
		ret_devices[i] = (struct report){
			.state = input->state == PLAYBACK_PLAYING ? "up" : "offline"};
}

static void playback_close(struct input *input)
{
	playback_stop(input);
	loop_timer_free(input->timer);
	free(input);
}

const struct input_type input_playback = {
	.key = "playback",
	.parse = playback_parse,
	.open = playback_open,
	.report = playback_report,
	.close = playback_close,
	.bus_options = &playback_bus_options,
	.device_options = &playback_device_options,
};
