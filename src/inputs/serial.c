/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns a serial bus that runs: bytes of the line to frames, frames to readings of the devices
 * they fit. Opening and finding the line again are the stream's, what is sent serial_write's;
 * allocates nothing once open.
 */
#include "inputs/serial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "inputs/serial_config.h"
#include "inputs/serial_write.h"
#include "io/loop.h"

enum {
	SERIAL_READ = 16 * 1024, /* bytes at most for each wake-up */
	SERIAL_SHOWN = 80	 /* bytes of a line in a message */
};

/* So long without a trouble, and a complaint about it is over. */
static const int64_t serial_calm_ns = 60 * NSEC_PER_SEC;

struct serial_trouble {
	struct complaint complaint;
	struct mono last;
	uint64_t count;
};

struct serial_device_state {
	uint64_t frames, bad;
	struct mono last; /* frame that fitted */
};

struct input {
	const struct input_config *config;
	struct input_sink sink;
	struct stream *stream;
	struct serial_writer *writer;
	struct serial_framer framer;
	struct serial_room *room;
	struct mono now; /* of this wake-up, on both clocks */
	struct boot at;
	struct mono
		rate_full;    /* when the lines taken so far are paid for (see serial_rate()) */
	struct mono last_fit; /* a frame fitted some device, or the line came up */
	uint64_t over_rate;
	uint64_t overruns_seen, overruns;
	struct serial_trouble unfit, wrong, deep, bad, framing;
	uint64_t framing_seen; /* frames that the framer had dropped when it was looked at */
	struct serial_device_state *devices;
	char *frame; /* the framer's room */
	char bytes[SERIAL_READ];
};

/* What stands in a message about a line: NUL would end it, the log makes the rest safe. */
static const char *serial_show(const char *s, size_t len, char room[SERIAL_SHOWN + 1])
{
	size_t n = len < SERIAL_SHOWN ? len : SERIAL_SHOWN;

	for (size_t i = 0; i < n; i++)
		room[i] = s[i] != '\0' ? s[i] : '.';
	room[n] = '\0';
	return room;
}

static void serial_trouble(struct input *input, struct serial_trouble *trouble,
			   const char *what, const char *frame, size_t len)
{
	char room[SERIAL_SHOWN + 1];

	trouble->count++;
	trouble->last = input->now;
	complaint_say(&trouble->complaint, input->now, "bus %s: %s: '%s'", input->config->name,
		      what, serial_show(frame, len, room));
}

static void serial_calm(struct input *input, struct serial_trouble *trouble, const char *what)
{
	if (mono_diff(input->now, trouble->last) >= serial_calm_ns)
		complaint_end(&trouble->complaint, "bus %s: %s", input->config->name, what);
}

static void serial_put_bad(struct input *input, uint32_t point, enum bad_reason reason)
{
	const struct reading reading = {
		.point = point,
		.quality = QUALITY_BAD,
		.reason = reason,
		.at = input->at,
	};

	input->sink.put(input->sink.arg, &reading);
}

static void serial_put(struct input *input, const struct serial_device *device, size_t i,
		       const struct serial_field *field, const char *frame, size_t len)
{
	uint32_t point = device->first_point + (uint32_t)i;
	char text[VALUE_TEXT_MAX + 1];
	struct reading reading = {.point = point, .at = input->at};
	enum bad_reason reason;

	if (field->kind == SERIAL_FIELD_ABSENT)
		return;
	reason = serial_value_read(&device->points[i], field, text, &reading.value);
	if (reason == BAD_NONE) {
		input->sink.put(input->sink.arg, &reading);
		return;
	}
	input->devices[device - input->config->devices].bad++;
	if (reason == BAD_PARSE)
		serial_trouble(input, &input->bad, "a value cannot be read, its point is bad",
			       frame, len);
	serial_put_bad(input, point, reason);
}

static enum serial_verdict serial_decode(const struct input *input,
					 const struct serial_device *device, const char *frame,
					 size_t len, struct serial_field *fields)
{
	if (device->filter != NULL) {
		enum serial_verdict verdict =
			serial_nmea.decode(device->filter, input->room, frame, len, fields);

		if (verdict != SERIAL_FITS)
			return verdict;
	}
	return device->type->decode(device->decoder, input->room, frame, len, fields);
}

/* False when the line is one too many. A lump of one period's lines may come at once. */
static bool serial_rate(struct input *input)
{
	const struct option_rate *rate = &input->config->max_lines;
	struct mono full = input->rate_full;

	if (rate->per_ns == 0 || rate->count == 0)
		return true;
	if (full.ns < input->now.ns)
		full = input->now;
	full = mono_add(full, rate->per_ns / rate->count);
	if (mono_diff(full, input->now) > rate->per_ns)
		return false;
	input->rate_full = full;
	return true;
}

static void serial_fitted(struct input *input, struct serial_device_state *state)
{
	state->frames++;
	state->last = input->now;
	input->last_fit = input->now;
	stream_good(input->stream);
}

static void serial_frame(void *arg, const char *frame, size_t len)
{
	struct input *input = arg;
	enum serial_verdict worst = SERIAL_OTHER;
	bool fitted = false, read = false;

	if (!serial_rate(input)) {
		input->over_rate++;
		return;
	}
	for (size_t i = 0; i < input->config->device_count; i++) {
		const struct serial_device *device = &input->config->devices[i];
		struct serial_field fields[SERIAL_FIELDS];
		enum serial_verdict verdict;

		if (device->decoder == NULL)
			continue;
		read = true;
		verdict = serial_decode(input, device, frame, len, fields);
		if (verdict != SERIAL_FITS) {
			worst = verdict > worst ? verdict : worst;
			continue;
		}
		fitted = true;
		serial_fitted(input, &input->devices[i]);
		for (size_t j = 0; j < device->point_count; j++)
			serial_put(input, device, j, &fields[j], frame, len);
	}
	if (worst == SERIAL_TOO_DEEP)
		serial_trouble(input, &input->deep,
			       "a line needs more than the limit of steps or depth, dropped",
			       frame, len);
	else if (worst == SERIAL_WRONG)
		serial_trouble(input, &input->wrong,
			       "a line with a wrong checksum or syntax, dropped", frame, len);
	else if (!fitted) {
		/* Lines that concern no device are normal where others do. */
		input->unfit.count++;
		if (read && mono_diff(input->now, input->last_fit) >= serial_calm_ns)
			complaint_say(&input->unfit.complaint, input->now,
				      "bus %s: for a minute no line has fitted any device",
				      input->config->name);
	}
	if (fitted)
		complaint_end(&input->unfit.complaint, "bus %s: lines fit again",
			      input->config->name);
}

static void serial_look_after(struct input *input)
{
	const struct serial_frame_counts *counts = &input->framer.counts;
	uint64_t dropped = counts->cut + counts->damaged + input->over_rate + input->overruns;

	if (dropped != input->framing_seen) {
		input->framing_seen = dropped;
		input->framing.last = input->now;
		complaint_say(&input->framing.complaint, input->now,
			      "bus %s: lines dropped: %ju too long, %ju damaged, %ju too many; "
			      "characters lost by the port %ju times",
			      input->config->name, (uintmax_t)counts->cut,
			      (uintmax_t)counts->damaged, (uintmax_t)input->over_rate,
			      (uintmax_t)input->overruns);
	}
	serial_calm(input, &input->framing, "no lines dropped for a minute");
	serial_calm(input, &input->bad, "all values can be read again");
	serial_calm(input, &input->wrong, "no wrong line for a minute");
	serial_calm(input, &input->deep, "no line over the limits for a minute");
}

static void serial_tick(struct input *input)
{
	input->now = clock_mono();
	input->at = clock_boot();
}

static void serial_up(void *arg)
{
	struct input *input = arg;

	serial_tick(input);
	input->last_fit = input->now;
	serial_framer_start(&input->framer, input->now);
	input->overruns_seen = stream_overruns(input->stream);
	log_info("bus %s: open", input->config->name);
}

static void serial_down(void *arg, const struct error *err)
{
	struct input *input = arg;

	(void)err; /* the stream has said why */
	serial_tick(input);
	for (size_t i = 0; i < input->config->device_count; i++) {
		const struct serial_device *device = &input->config->devices[i];

		for (size_t j = 0; j < device->point_count; j++)
			serial_put_bad(input, device->first_point + (uint32_t)j, BAD_OFFLINE);
	}
	serial_writer_down(input->writer);
}

/* Characters are missing somewhere in what was read last, or in what follows. */
static bool serial_overrun(struct input *input)
{
	uint64_t seen = stream_overruns(input->stream);

	if (seen == input->overruns_seen)
		return false;
	input->overruns_seen = seen;
	input->overruns++;
	serial_framer_start(&input->framer, input->now);
	return true;
}

static void serial_readable(void *arg)
{
	struct input *input = arg;
	ssize_t n = stream_read(input->stream, input->bytes, sizeof(input->bytes));

	/* Once only: a line that never ends leaves the loop to the others in between. */
	if (n <= 0)
		return;
	serial_tick(input);
	if (!serial_overrun(input))
		serial_framer_feed(&input->framer, input->now, input->bytes, (size_t)n,
				   serial_frame, input);
	serial_look_after(input);
}

static void serial_writable(void *arg)
{
	struct input *input = arg;

	serial_writer_writable(input->writer);
}

static const struct stream_ops serial_ops = {
	.up = serial_up,
	.down = serial_down,
	.readable = serial_readable,
	.writable = serial_writable,
};

static struct input *serial_open(const struct input_config *config, struct loop *loop,
				 struct input_sink sink, const struct input *before,
				 struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));

	(void)before;
	(void)err;
	input->config = config;
	input->sink = sink;
	input->room = serial_room_new();
	input->devices = xcalloc(config->device_count + 1, sizeof(*input->devices));
	input->frame = xmalloc(serial_framer_room(&config->frame));
	serial_framer_init(&input->framer, &config->frame, input->frame);
	input->stream = stream_new(loop, &config->stream, &serial_ops, input);
	input->writer = serial_writer_new(loop, config, input->stream);
	stream_start(input->stream, 0);
	return input;
}

static int serial_write(struct input *input, uint32_t point, struct value value,
			write_done *done, void *arg, struct error *err)
{
	for (size_t i = 0; i < input->config->command_count; i++) {
		const struct serial_command *command = &input->config->commands[i];

		if (command->number == point)
			return serial_writer_put(input->writer, command, value, done, arg, err);
	}
	return error_set(err, EPERM, "bus %s: what is read may not be written",
			 input->config->name);
}

static void serial_report_device(const struct input *input, size_t i, struct mono now,
				 struct report *ret)
{
	const struct serial_device *device = &input->config->devices[i];
	const struct serial_device_state *state = &input->devices[i];
	int64_t age = mono_diff(now, state->last);
	bool up = stream_state(input->stream) == STREAM_UP;
	struct str detail;

	*ret = (struct report){.state = up ? "up" : "offline"};
	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	if (device->decoder == NULL) {
		str_adds(&detail, "only written");
		return;
	}
	if (up && (state->frames == 0 || age > device->stale_ns))
		ret->state = "silent";
	if (state->frames == 0) {
		str_adds(&detail, "no line yet");
	} else {
		str_adds(&detail, "last line ");
		str_add_duration(&detail, age);
		str_adds(&detail, " ago");
	}
	report_count(ret, "lines", "Lines that fitted the device.", state->frames);
	report_count(ret, "bad_values", "Values in them that could not be read.", state->bad);
}

static void serial_report(const struct input *input, struct report *ret_bus,
			  struct report *ret_devices)
{
	const struct serial_frame_counts *counts = &input->framer.counts;
	struct mono now = clock_mono();

	*ret_bus = (struct report){0};
	stream_report(input->stream, ret_bus);
	report_count(ret_bus, "lines", "Whole lines received.", counts->frames);
	report_count(ret_bus, "lines_cut", "Lines dropped for being longer than max.",
		     counts->cut);
	report_count(ret_bus, "lines_damaged",
		     "Lines dropped for characters with a parity or framing error.",
		     counts->damaged);
	report_count(ret_bus, "overruns",
		     "Times that the port lost characters; all lines at hand were dropped.",
		     input->overruns);
	report_count(ret_bus, "half_lines",
		     "Half lines dropped at a gap, or when the line was opened.",
		     counts->halves);
	report_count(ret_bus, "lines_over_rate", "Lines dropped for exceeding max_lines.",
		     input->over_rate);
	report_count(ret_bus, "lines_unfit", "Lines that fitted no device.",
		     input->unfit.count);
	report_count(ret_bus, "lines_wrong",
		     "Lines dropped for a wrong checksum or wrong syntax.", input->wrong.count);
	report_count(ret_bus, "lines_over_limit",
		     "Lines dropped for needing too many steps or levels.", input->deep.count);
	serial_writer_report(input->writer, ret_bus);
	for (size_t i = 0; i < input->config->device_count; i++)
		serial_report_device(input, i, now, &ret_devices[i]);
}

static void serial_close(struct input *input)
{
	serial_writer_free(input->writer);
	stream_free(input->stream);
	serial_room_free(input->room);
	free(input->devices);
	free(input->frame);
	free(input);
}

const struct input_type input_serial = {
	.key = "serial",
	.parse = serial_config_parse,
	.open = serial_open,
	.write = serial_write,
	.report = serial_report,
	.close = serial_close,
	.bus_options = &serial_bus_options,
	.device_options = &serial_device_options,
};
