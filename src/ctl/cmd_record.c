/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl record: readings as they come, in a file to replay. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"
#include "ctl/stop.h"
#include "ctl/take.h"

/* Before a daemon that went away is tried again. */
static const int64_t record_retry_ns = NSEC_PER_SEC;

struct record {
	const struct ctl *ctl;
	struct take *take;
	struct stop *stop;
	struct remote_tap tap;
	FILE *file;
	bool started;
	struct boot start;
};

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Nobody is to wait for what cannot come: names that nothing has are told first. */
static enum ctl_status check_names(const struct ctl *ctl)
{
	json_t *answer = NULL, *point;
	enum ctl_status status = remote_ask(ctl, "/v1/points", NULL, &answer, NULL);
	size_t i;

	for (size_t k = 0; k < ctl->count && status != CTL_UNREACHABLE; k++) {
		struct take *one = take_new(NULL, &ctl->args[k], 1);
		bool found = answer == NULL;

		json_array_foreach (json_object_get(answer, "points"), i, point) {
			const char *name = text(point, "name");

			found = found ||
				(name != NULL && take_wants(one, name, text(point, "device")));
		}
		if (!found) {
			fprintf(stderr, "gaugectl: there is no point or device '%s'\n",
				ctl->args[k]);
			status = CTL_NO;
		}
		take_free(one);
	}
	json_decref(answer);
	return status;
}

/*
 * The daemon follows for us from here on. What it knows is asked afterwards, so that nothing is
 * lost in between; that a value is told twice does no harm.
 */
static void record_begun(void *arg)
{
	struct record *record = arg;
	struct boot now = clock_boot();
	json_t *answer = NULL;

	if (!record->started) {
		record->start = now;
		take_start(record->take, clock_wall(), now);
	} else {
		struct take_counts before, after;
		struct str missing;

		take_count(record->take, &before);
		take_gap(record->take, now);
		take_count(record->take, &after);
		str_init(&missing);
		look_add_age(&missing, (double)(after.missing_ns - before.missing_ns) /
					       (double)NSEC_PER_SEC);
		fprintf(stderr,
			"gaugectl: gauged answers again; %s are missing, as a comment "
			"in the recording says\n",
			missing.s);
		str_done(&missing);
	}
	record->started = true;
	/* What is said from here on is ours to say. */
	record->tap.quiet = true;
	if (remote_ask(record->ctl, "/v1/points", NULL, &answer, NULL) == CTL_OK)
		take_known(record->take, json_object_get(answer, "points"), now);
	json_decref(answer);
}

static void record_line(void *arg, const char *line, size_t len)
{
	struct record *record = arg;

	take_line(record->take, line, len);
}

/* Whoever reads the file meanwhile sees whole lines. */
static bool record_rest(void *arg)
{
	struct record *record = arg;

	return fflush(record->file) == 0;
}

static enum ctl_status record_run(struct record *record)
{
	record->tap = (struct remote_tap){
		.begun = record_begun,
		.line = record_line,
		.rest = record_rest,
		.arg = record,
		.stop_fd = stop_fd(record->stop),
	};
	for (;;) {
		bool begun = false;
		enum ctl_status status =
			remote_tap(record->ctl, "/v1/points?follow=1", &record->tap, &begun);

		if (status != CTL_UNREACHABLE || !record->started)
			return status;
		if (begun)
			fprintf(stderr,
				"gaugectl: gauged closed the connection: it ends, or we "
				"read too slowly; trying again until it answers\n");
		if (stop_wait(record->stop, record_retry_ns))
			return CTL_OK;
	}
}

static void record_summary(const struct record *record, struct boot now)
{
	struct take_counts counts;
	struct str line;

	take_count(record->take, &counts);
	str_init(&line);
	str_addf(&line, "%" PRIu64 " %s of %zu %s in ", counts.readings,
		 counts.readings == 1 ? "reading" : "readings", counts.points,
		 str_plural(counts.points, "point", "points"));
	look_add_age(&line, (double)boot_diff(now, record->start) / (double)NSEC_PER_SEC);
	if (counts.gaps > 0) {
		str_addf(&line, ", with %zu %s of ", counts.gaps,
			 str_plural(counts.gaps, "gap", "gaps"));
		look_add_age(&line, (double)counts.missing_ns / (double)NSEC_PER_SEC);
	}
	fprintf(stderr, "gaugectl: recorded %s\n", line.s);
	str_done(&line);
}

static enum ctl_status record_to(const struct ctl *ctl, FILE *file, const char *path,
				 int64_t for_ns)
{
	struct record record = {
		.ctl = ctl,
		.take = take_new(file, ctl->args, ctl->count),
		.stop = stop_new(for_ns),
		.file = file,
	};
	enum ctl_status status = record_run(&record);
	struct boot now = clock_boot();

	if (record.started)
		take_end(record.take, now);
	if (fflush(file) != 0 || ferror(file)) {
		fprintf(stderr, "gaugectl: cannot write to %s: %s\n", path, strerror(errno));
		status = CTL_NO;
	}
	if (record.started)
		record_summary(&record, now);
	take_free(record.take);
	stop_free(record.stop);
	return status;
}

static enum ctl_status run_record(const struct ctl *ctl)
{
	const char *path = ctl_value(ctl, CTL_OUTPUT), *time = ctl_value(ctl, CTL_FOR);
	enum ctl_status status;
	int64_t for_ns = 0;
	FILE *file = stdout;

	if (time != NULL && (str_to_duration(time, &for_ns) != 0 || for_ns == 0)) {
		fprintf(stderr, "gaugectl: --for takes a time such as 90s or 1h30m, not '%s'\n",
			time);
		return CTL_USAGE;
	}
	/* A reader that goes away is an error of writing. */
	signal(SIGPIPE, SIG_IGN);
	status = check_names(ctl);
	if (status != CTL_OK)
		return status;
	if (path != NULL)
		file = fopen(path, "wxe");
	if (file == NULL) {
		fprintf(stderr, "gaugectl: cannot record to %s: %s\n", path,
			errno == EEXIST ? "it is there already, and recordings are not "
					  "overwritten"
					: strerror(errno));
		return CTL_NO;
	}
	status = record_to(ctl, file, path != NULL ? path : "standard output", for_ns);
	if (path != NULL && fclose(file) != 0 && status == CTL_OK)
		status = CTL_NO;
	return status;
}

const struct ctl_command cmd_record = {
	.name = "record",
	.usage = "[POINT|DEVICE...]",
	.summary = "readings as they come, in a file to replay",
	.help = "Writes every reading of the points, or of all, until Ctrl-C, SIGTERM or --for. It\n"
		"begins with what is known at that moment. If gauged goes away, it is tried again,\n"
		"and the gap is noted in the file. What to do with it: gaugectl replay, gaugectl\n"
		"explain, and a bus with 'playback:'.\n",
	.options = CTL_OUTPUT | CTL_FOR,
	.most = 1000,
	.run = run_record,
};
