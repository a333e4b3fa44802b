/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words by which people and tests make things go wrong in the simulation. */
#include "sim/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "sim/command_bus.h"
#include "sim/fault.h"
#include "sim/fieldbus.h"
#include "sim/fleet.h"
#include "sim/gateway.h"
#include "sim/mast.h"
#include "sim/rack.h"
#include "sim/serial_port.h"
#include "sim/serial_server.h"
#include "sim/sink.h"
#include "sim/site.h"
#include "sim/words.h"

struct command {
	const char *name;
	size_t words; /* at least so many, with the name */
	int (*run)(struct site *site, const struct words *words, struct error *err);
	const char *usage;
};

static const struct choice mast_faults[] = {
	{"ok", MAST_OK, false, 0, 0},
	{"silent", MAST_SILENT, false, 0, 0},
	{"garbage", MAST_GARBAGE, false, 0, 0},
};

static int run_mast(struct site *site, const struct words *words, struct error *err)
{
	const struct choice *choice;
	int number;

	choice = words_choose(mast_faults, ARRAY_SIZE(mast_faults), words, 1, &number, err);
	if (choice == NULL)
		return -EINVAL;
	if (site->mast == NULL)
		return error_set(err, EINVAL, "there is no mast here");
	mast_fault(site->mast, (enum mast_fault)choice->value);
	return 0;
}

static int run_sink(struct site *site, const struct words *words, struct error *err)
{
	int64_t status;

	if (strcmp(words->word[1], "ok") == 0)
		status = SINK_OK;
	else if (strcmp(words->word[1], "timeout") == 0)
		status = SINK_TIMEOUT;
	else if (str_to_int(words->word[1], &status) != 0 || status < 300 || status > 599)
		return error_set(err, EINVAL, "'%s' is not ok, timeout, or a status 300..599",
				 words->word[1]);
	if (site->sink == NULL)
		return error_set(err, EINVAL, "there is no sink here");
	sink_fault(site->sink, (int)status);
	return 0;
}

static const struct choice burner_faults[] = {
	{"on", PLANT_STUCK_ON, false, 0, 0},
	{"off", PLANT_STUCK_OFF, false, 0, 0},
	{"ok", PLANT_STUCK_NOT, false, 0, 0},
};

static const struct choice thermostat_faults[] = {
	{"stuck", true, false, 0, 0},
	{"ok", false, false, 0, 0},
};

static int run_plant(struct site *site, const struct words *words, struct error *err)
{
	bool burner = strcmp(words->word[1], "burner-stuck") == 0;
	const struct choice *choice;
	int number;

	if (!burner && strcmp(words->word[1], "thermostat") != 0)
		return error_set(err, EINVAL, "'%s' is not burner-stuck or thermostat",
				 words->word[1]);
	choice = burner ? words_choose(burner_faults, ARRAY_SIZE(burner_faults), words, 2,
				       &number, err)
			: words_choose(thermostat_faults, ARRAY_SIZE(thermostat_faults), words,
				       2, &number, err);
	if (choice == NULL)
		return -EINVAL;
	if (burner)
		site->heating.plant.burner_stuck = (enum plant_stuck)choice->value;
	else
		site->heating.plant.thermostat_stuck = choice->value != 0;
	return 0;
}

static const struct command commands[] = {
	{"fault", 3, command_fault,
	 "fault tcp | rtu [UNIT] ok | FAULT [N] [next TIMES | chance PERCENT]; "
	 "fault gateway | server ..."},
	{"unit", 3, command_unit,
	 "unit N ok | FAULT [N]: of fault tcp, in place of all others"},
	{"set", 6, command_set,
	 "set tcp | rtu UNIT coil | discrete | holding | input ADDRESS VALUE"},
	{"cable", 3, command_cable,
	 "cable tcp | gateway cut | refuse | restore | reset; cable rtu pull | plug | noise | quiet; "
	 "cable mast pull | plug"},
	{"mast", 2, run_mast, "mast ok | silent | garbage"},
	{"sink", 2, run_sink, "sink ok | timeout | STATUS"},
	{"plant", 3, run_plant,
	 "plant burner-stuck on | off | ok; plant thermostat stuck | ok"},
};

static void add_plant_status(const struct site *site, struct str *answer)
{
	const struct plant *plant = &site->heating.plant;

	str_addf(answer, " boiler=%.2f tank=%.2f level=%.1f flow=%.2f setpoint=%.1f",
		 plant->boiler_c, plant_tank_c(plant), plant_level(plant), plant->flow_lpm,
		 plant->setpoint_c);
	str_addf(answer, " flame=%d burner=%d pump=%d feeding=%d limiter=%d burner_writes=%ju",
		 plant->flame, plant->burner_release, plant->pump, plant->feeding,
		 plant->limiter, (uintmax_t)site->heating.burner_writes);
	for (size_t i = 0; i < HEATING_UNITS; i++)
		str_addf(answer, " requests_%d=%ju", site->heating.slaves[i].id,
			 (uintmax_t)site->heating.slaves[i].requests);
	str_addf(answer, " connections=%zu dropped=%ju", fieldbus_connections(site->bus),
		 (uintmax_t)fieldbus_dropped(site->bus));
}

static void add_line_status(struct serial_line_counts counts, const char *name,
			    struct str *answer)
{
	str_addf(answer, " %s_frames=%ju %s_bad=%ju %s_overlaps=%ju %s_lost=%ju", name,
		 (uintmax_t)counts.frames, name, (uintmax_t)counts.bad, name,
		 (uintmax_t)counts.overlaps, name, (uintmax_t)counts.lost);
	str_addf(answer, " %s_gap_min_us=%jd", name,
		 (intmax_t)(counts.gap_min_ns / NSEC_PER_USEC));
}

static void add_cellar_status(const struct site *site, struct str *answer)
{
	uint64_t writes = 0;

	for (int i = 0; i < site->cellar.count; i++) {
		str_addf(answer, " rtu_requests_%d=%ju", site->cellar.slaves[i].id,
			 (uintmax_t)site->cellar.slaves[i].requests);
		writes += site->cellar.slaves[i].writes;
	}
	str_addf(answer, " rtu_writes=%ju", (uintmax_t)writes);
	if (site->rtu != NULL) {
		add_line_status(serial_port_counts(site->rtu), "rtu", answer);
		str_addf(answer, " rtu_misheard=%ju",
			 (uintmax_t)serial_port_misheard(site->rtu));
	}
	if (site->server != NULL) {
		add_line_status(serial_server_counts(site->server), "server", answer);
		str_addf(answer, " server_connections=%zu",
			 serial_server_connections(site->server));
	}
	if (site->gateway != NULL)
		str_addf(answer, " gateway_connections=%zu gateway_timeouts=%ju",
			 fieldbus_connections(gateway_bus(site->gateway)),
			 (uintmax_t)gateway_timeouts(site->gateway));
}

/* "ok: name=number ...": for programs; names are only ever added. */
static void add_status(const struct site *site, struct str *answer)
{
	str_addf(answer, "ok: seconds=%.1f", chronicle_seconds(&site->chronicle));
	if (site->bus != NULL)
		add_plant_status(site, answer);
	if (site->fleet != NULL)
		str_addf(answer, " devices=%d requests=%ju", fleet_count(site->fleet),
			 (uintmax_t)fleet_requests(site->fleet));
	if (site->rtu != NULL || site->server != NULL || site->gateway != NULL)
		add_cellar_status(site, answer);
	if (site->mast != NULL)
		str_addf(answer, " wind=%.1f sentences=%ju", mast_speed(site->mast),
			 (uintmax_t)mast_sentences(site->mast));
	if (site->sink != NULL) {
		struct ledger_counts counts = sink_counts(site->sink);

		str_addf(answer, " webhooks=%ju fires=%ju clears=%ju instants=%ju others=%ju",
			 (uintmax_t)counts.good, (uintmax_t)counts.fires,
			 (uintmax_t)counts.clears, (uintmax_t)counts.instants,
			 (uintmax_t)counts.others);
		str_addf(answer, " duplicates=%ju bad=%ju refused=%ju",
			 (uintmax_t)counts.duplicates, (uintmax_t)counts.bad,
			 (uintmax_t)sink_refused(site->sink));
	}
}

void command_help(struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		str_addf(out, "  %s\n", commands[i].usage);
	str_adds(out, "  get tcp | rtu UNIT coil | discrete | holding | input ADDRESS [COUNT]\n"
		      "  status\n\nFaults:\n");
	faults_list(out);
}

static int run_words(struct site *site, const struct words *words, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, words->word[0]) != 0)
			continue;
		if (words->count < commands[i].words)
			return error_set(err, EINVAL, "usage: %s", commands[i].usage);
		return commands[i].run(site, words, err);
	}
	return error_set(err, EINVAL,
			 "unknown command '%s'; known are fault, unit, set, get, "
			 "cable, mast, sink, plant, status",
			 words->word[0]);
}

int command_run(struct site *site, const char *line, struct str *answer)
{
	char *copy = xstrdup(line);
	struct words words;
	struct error err = {0};
	int r = 0;

	words_split(copy, &words);
	if (words.count == 0)
		r = error_set(&err, EINVAL, "an empty command");
	else if (strcmp(words.word[0], "status") == 0)
		add_status(site, answer);
	else if (strcmp(words.word[0], "get") == 0)
		r = command_get(site, &words, answer, &err);
	else if ((r = run_words(site, &words, &err)) == 0) {
		chronicle_say(&site->chronicle, "fault", "%s", line);
		str_addf(answer, "ok: %s", line);
	}
	if (r != 0)
		str_addf(answer, "error: %s", err.text);
	free(copy);
	return r;
}
