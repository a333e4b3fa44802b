/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl probe: what is on a Modbus bus that nobody has described yet. Reads only. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/probe_hint.h"
#include "ctl/probe_json.h"
#include "ctl/probe_progress.h"
#include "ctl/probe_search.h"
#include "ctl/probe_show.h"
#include "ctl/probe_yaml.h"
#include "ctl/remote.h"

/* A search that takes longer is announced. */
static const int64_t announced_ns = 5 * NSEC_PER_SEC;

enum { TWINS_LEAST = 3, WIDEST = MODBUS_WRITE_REGISTERS_MAX };

struct probe {
	const struct ctl *ctl;
	struct probe_plan plan;
	struct probe_progress progress;
	struct probe_found found;
	struct probe_line *line; /* NULL: there is nothing to read */
	/* of each unit, for each of its blocks */
	struct probe_guess *(*guesses)[PROBE_TABLES + 1];
};

static void announce(const struct probe_plan *plan)
{
	int64_t longest = probe_search_longest(plan);
	struct str text;

	if (longest < announced_ns)
		return;
	str_init(&text);
	str_addf(&text, "Asking %zu %s", plan->unit_count,
		 str_plural(plan->unit_count, "unit", "units"));
	if (plan->setting_count > 1)
		str_addf(&text, " at %zu settings of the line, the usual ones first",
			 plan->setting_count);
	str_adds(&text, ": at most ");
	look_add_age(&text, (double)longest / (double)NSEC_PER_SEC);
	str_adds(&text, ". Ctrl-C stops it.\n");
	fputs(text.s, stderr);
	str_done(&text);
}

/* Reading what was found. */

struct reading_unit {
	struct probe *probe;
	const struct probe_unit *unit;
	unsigned requests;
};

static bool ask_unit(void *arg, const struct modbus_request *request, struct probe_answer *ret)
{
	struct reading_unit *r = arg;
	struct probe *probe = r->probe;

	probe_progress_say(&probe->progress, "unit %u: reading %s %u, request %u",
			   r->unit->number, probe_table_name(request->function),
			   request->address, ++r->requests);
	if (probe_line_ask(probe->line, r->unit->number, request, ret))
		return true;
	probe->found.stopped = probe_line_stopped(probe->line);
	if (probe->found.stopped)
		ret->text = "stopped";
	return false;
}

static void read_block(struct probe *probe, struct probe_unit *unit, uint8_t function,
		       uint16_t first, uint16_t last)
{
	struct reading_unit r = {.probe = probe, .unit = unit};
	struct probe_block *block = &unit->blocks[unit->block_count++];

	probe_block_init(block, function, first, (size_t)last - first + 1);
	probe_block_read(block, &unit->alive, ask_unit, &r);
}

static void read_unit(struct probe *probe, struct probe_unit *unit)
{
	const struct probe_plan *plan = &probe->plan;
	const struct probe_range *range = plan->ranges;

	for (size_t k = 0; k < plan->range_count && !probe->found.stopped; k++)
		read_block(probe, unit, range[k].function, range[k].first, range[k].last);
	/* Whoever did not say what to read wants to see something. */
	if (plan->any_table && unit->blocks[0].known == 0 && unit->blocks[0].ended == NULL)
		read_block(probe, unit, MODBUS_READ_INPUT, range[0].first, range[0].last);
}

static bool blocks_alike(const struct probe_unit *a, const struct probe_unit *b)
{
	if (a->block_count != b->block_count || a->presence != b->presence)
		return false;
	for (size_t k = 0; k < a->block_count; k++) {
		const struct probe_block *x = &a->blocks[k], *y = &b->blocks[k];
		size_t differ = 0, used = 0;

		for (size_t i = 0; i < x->count; i++) {
			if (x->cells[i].state != y->cells[i].state)
				return false;
			differ += x->cells[i].value != y->cells[i].value;
			used += (x->cells[i].value | y->cells[i].value) != 0;
		}
		/*
		 * Measurements go on while they are read. Registers that are 0 in both say
		 * nothing: most of them are, in devices that have nothing in common.
		 */
		if (differ * 2 > used)
			return false;
	}
	return true;
}

/* A device that answers to every number is one device. */
static void find_twins(struct probe_found *found)
{
	struct probe_unit *units = found->units;

	if (found->present < TWINS_LEAST || found->present != found->unit_count)
		return;
	for (size_t i = 1; i < found->unit_count; i++) {
		if (!blocks_alike(&units[0], &units[i]))
			return;
	}
	for (size_t i = 1; i < found->unit_count; i++)
		units[i].twin = true;
}

static void guess_unit(struct probe *probe, size_t i)
{
	const struct probe_unit *unit = &probe->found.units[i];

	for (size_t k = 0; k < unit->block_count; k++) {
		const struct probe_block *block = &unit->blocks[k];

		if (probe_table_bits(block->function))
			continue;
		probe->guesses[i][k] = xcalloc(block->count, sizeof(*probe->guesses[i][k]));
		probe_guess(block->cells, block->count,
			    block->limit > 0 ? block->limit : WIDEST, probe->guesses[i][k]);
	}
}

static void read_found(struct probe *probe)
{
	struct probe_found *found = &probe->found;

	for (size_t i = 0; i < found->unit_count && !found->stopped; i++) {
		if (found->units[i].presence >= PROBE_PRESENT)
			read_unit(probe, &found->units[i]);
	}
	probe_progress_clear(&probe->progress);
	/* Others may want it while people read what was found. */
	probe_line_close(probe->line);
	probe->line = NULL;
	find_twins(found);
	for (size_t i = 0; i < found->unit_count; i++)
		guess_unit(probe, i);
}

/* Telling. */

/* Whether there is a device to propose. */
static bool make_yaml(const struct probe *probe, struct str *out)
{
	const struct probe_found *found = &probe->found;
	bool any = false;

	str_adds(out, "");
	if (found->present == 0)
		return false;
	probe_yaml_bus(out, &probe->plan, found);
	for (size_t i = 0; i < found->unit_count; i++) {
		const struct probe_unit *unit = &found->units[i];

		if (unit->presence < PROBE_PRESENT || unit->twin)
			continue;
		if (!any && probe_yaml_known(unit)) {
			str_adds(out, "devices:\n");
			any = true;
		}
		probe_yaml_unit(out, unit, probe->guesses[i]);
	}
	return any;
}

static void print_people(const struct probe *probe, const char *yaml)
{
	const struct probe_found *found = &probe->found;
	const struct ctl *ctl = probe->ctl;

	probe_show_units(ctl, &probe->plan, found);
	if (found->present == 0)
		return;
	if (found->unit_count > 1 && found->units[1].twin)
		printf("\nAll units are alike: the device seems to take no notice of the number. "
		       "Shown once.\n");
	for (size_t i = 0; i < found->unit_count; i++) {
		const struct probe_unit *unit = &found->units[i];

		for (size_t k = 0; k < unit->block_count && !unit->twin; k++)
			probe_show_block(ctl, unit, &unit->blocks[k], probe->guesses[i][k]);
	}
	if (yaml == NULL)
		return;
	printf("\n");
	look_print(ctl, LOOK_BOLD, "To paste into gauged.yaml");
	printf(" (types are guesses; give the points names, units and scales):\n\n%s", yaml);
}

static enum ctl_status tell(struct probe *probe)
{
	const struct probe_found *found = &probe->found;
	struct str yaml;
	bool any;

	str_init(&yaml);
	any = make_yaml(probe, &yaml);
	if (probe->ctl->json)
		remote_print(probe_json(&probe->plan, found, probe->guesses, yaml.s));
	else
		print_people(probe, any ? yaml.s : NULL);
	str_done(&yaml);
	fflush(stdout);
	if (found->stopped)
		fprintf(stderr, "gaugectl: stopped; what was not asked is not known\n");
	else if (found->lost.code != 0)
		fprintf(stderr, "gaugectl: %s: %s\n", probe->plan.address, found->lost.text);
	else if (found->present == 0)
		probe_hint_silent(&probe->plan, found);
	return found->present > 0 && !found->stopped && found->lost.code == 0 ? CTL_OK : CTL_NO;
}

static enum ctl_status closed(const struct probe *probe, const struct error *err)
{
	if (err->code == EINVAL) {
		fprintf(stderr, "gaugectl: %s\n", err->text);
		return CTL_USAGE;
	}
	probe_hint_closed(&probe->plan, err);
	return err->code == EACCES || err->code == EPERM ? CTL_FORBIDDEN : CTL_NO;
}

static enum ctl_status run_probe(const struct ctl *ctl)
{
	struct probe probe = {.ctl = ctl, .progress = probe_progress_start()};
	enum ctl_status status;
	struct error err;

	if (probe_plan_parse(ctl, &probe.plan, &err) != 0) {
		fprintf(stderr, "gaugectl: %s\n", err.text);
		return CTL_USAGE;
	}
	/* What io logs of a bus is told here in words for whoever waits. */
	log_init(-1, LOG_LEVEL_ERROR);
	announce(&probe.plan);
	if (probe_search(&probe.plan, &probe.progress, &probe.found, &probe.line, &err) == 0) {
		probe.guesses = xcalloc(probe.found.unit_count, sizeof(*probe.guesses));
		if (probe.line != NULL)
			read_found(&probe);
		status = tell(&probe);
		for (size_t i = 0; i < probe.found.unit_count; i++) {
			for (size_t k = 0; k < probe.found.units[i].block_count; k++)
				free(probe.guesses[i][k]);
		}
		free(probe.guesses);
	} else {
		status = closed(&probe, &err);
	}
	probe_found_done(&probe.found);
	return status;
}

const struct ctl_command cmd_probe = {
	.name = "probe",
	.usage = "ADDRESS",
	.summary = "find out what is on a Modbus bus",
	.help = "ADDRESS is tcp://HOST[:PORT], rtu:///dev/ttyUSB0, or rtu+tcp://HOST:PORT for a\n"
		"serial line behind a serial server. Asks which units answer, on a serial line\n"
		"with which baud rate and parity, and reads a block of registers from each:\n"
		"holding registers 0..99, or what --holding, --input, --coil or --discrete say.\n"
		"Shows what the registers may mean, and a configuration to start from.\n"
		"Needs no daemon, and asks one thing at a time. Never writes. A serial line must\n"
		"be free: gauged has to be stopped if it is one of its own.\n"
		"Exit status: 0 a unit answers, 1 none does, 2 wrong usage, 4 not permitted.\n",
	.options = CTL_UNIT | CTL_HOLDING | CTL_INPUT | CTL_COIL | CTL_DISCRETE | CTL_BAUD |
		   CTL_PARITY | CTL_TIMEOUT,
	.least = 1,
	.most = 1,
	.run = run_probe,
};
