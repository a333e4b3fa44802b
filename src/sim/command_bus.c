/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words about units, buses and cables. */
#include "sim/command_bus.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "sim/fault.h"
#include "sim/fieldbus.h"
#include "sim/fleet.h"
#include "sim/gateway.h"
#include "sim/mast.h"
#include "sim/rack.h"
#include "sim/serial_port.h"
#include "sim/site.h"
#include "sim/truth.h"
#include "sim/words.h"

/* rack NULL: one of the fleet. */
static struct slave *slave_by_word(struct site *site, struct rack *rack, const char *word,
				   struct error *err)
{
	struct slave *slave = NULL;
	int64_t id;

	if (str_to_int(word, &id) == 0 && id >= 1 && id <= SITE_DEVICES_MAX)
		slave = rack != NULL ? rack_slave(rack, (int)id) : fleet_slave(site->fleet, id);
	if (slave == NULL)
		error_set(err, EINVAL, "there is no unit %s", word);
	return slave;
}

/* One fault in place of all others. */
int command_unit(struct site *site, const struct words *words, struct error *err)
{
	struct slave *slave = slave_by_word(site, site->rack, words->word[1], err);
	struct faults faults = {0};
	int r = slave == NULL ? -EINVAL
			      : faults_command(&faults, FAULT_ON_TCP, words->word + 2,
					       words->count - 2, err);

	if (r == 0)
		slave->faults = faults;
	return r;
}

/* A bus with units on it, which may not be there: then rack is NULL. */
struct place {
	const char *name;
	unsigned on; /* for the whole of it; its units leave out FAULT_ON_BUS and .._LINK */
	struct rack *rack;
	struct faults *faults;
	struct fieldbus *bus; /* with a cable; NULL: there is none */
};

enum { PLACES = 4 };

static void site_places(struct site *site, struct place places[PLACES])
{
	struct rack *cellar = site->cellar_rack;

	places[0] = (struct place){"tcp", FAULT_ON_TCP | FAULT_ON_BUS, site->rack,
				   &site->faults, site->bus};
	places[1] = (struct place){"rtu", FAULT_ON_RTU, cellar, &site->rtu_faults, NULL};
	places[2] = (struct place){"gateway", FAULT_ON_TCP | FAULT_ON_BUS,
				   site->gateway != NULL ? cellar : NULL, &site->gateway_faults,
				   site->gateway != NULL ? gateway_bus(site->gateway) : NULL};
	places[3] = (struct place){"server", FAULT_ON_RTU | FAULT_ON_LINK | FAULT_ON_BUS,
				   site->server != NULL ? cellar : NULL, &site->server_faults,
				   NULL};
}

static int place_by_name(struct site *site, const char *name, struct place *ret,
			 struct error *err)
{
	struct place places[PLACES];

	site_places(site, places);
	for (size_t i = 0; i < PLACES; i++) {
		if (strcmp(places[i].name, name) != 0)
			continue;
		if (places[i].rack == NULL)
			return error_set(err, EINVAL, "there is no %s here", name);
		*ret = places[i];
		return 0;
	}
	return error_set(err, EINVAL, "'%s' is not tcp, rtu, gateway or server", name);
}

int command_fault(struct site *site, const struct words *words, struct error *err)
{
	struct place place = {0};
	struct slave *slave;
	size_t at = 2;
	int64_t id;

	if (place_by_name(site, words->word[1], &place, err) != 0)
		return -EINVAL;
	if (str_to_int(words->word[at], &id) == 0) {
		slave = slave_by_word(site, place.rack, words->word[at++], err);
		if (slave == NULL)
			return -EINVAL;
		if (place.rack == site->cellar_rack && place.faults != &site->rtu_faults)
			return error_set(err, EINVAL, "its units have their faults as rtu %s",
					 words->word[2]);
		place.faults = &slave->faults;
		place.on &= FAULT_ON_TCP | FAULT_ON_RTU;
	}
	if (at == words->count)
		return error_set(err, EINVAL, "which fault? 'gauge-sim --help' lists them");
	return faults_command(place.faults, place.on, words->word + at, words->count - at, err);
}

enum { CABLE_RESET = CABLE_REFUSES + 1 };

static const struct choice tcp_cable[] = {
	{"cut", CABLE_CUT, false, 0, 0},
	{"refuse", CABLE_REFUSES, false, 0, 0},
	{"restore", CABLE_WHOLE, false, 0, 0},
	{"reset", CABLE_RESET, false, 0, 0},
};

enum { RTU_PULL, RTU_PLUG, RTU_NOISE, RTU_QUIET };

static const struct choice mast_cable[] = {
	{"pull", false, false, 0, 0},
	{"plug", true, false, 0, 0},
};

static const struct choice rtu_cable[] = {
	{"pull", RTU_PULL, false, 0, 0},
	{"plug", RTU_PLUG, false, 0, 0},
	{"noise", RTU_NOISE, false, 0, 0},
	{"quiet", RTU_QUIET, false, 0, 0},
};

static int run_cable_tcp(struct fieldbus *bus, const struct words *words, struct error *err)
{
	const struct choice *choice;
	int number;

	choice = words_choose(tcp_cable, ARRAY_SIZE(tcp_cable), words, 2, &number, err);
	if (choice == NULL)
		return -EINVAL;
	if (choice->value != CABLE_RESET)
		return fieldbus_cable(bus, (enum cable)choice->value, err);
	fieldbus_reset(bus);
	return 0;
}

static int run_cable_rtu(struct site *site, const struct words *words, struct error *err)
{
	const struct choice *choice;
	int number;

	choice = words_choose(rtu_cable, ARRAY_SIZE(rtu_cable), words, 2, &number, err);
	if (choice == NULL)
		return -EINVAL;
	if (site->rtu == NULL)
		return error_set(err, EINVAL, "there is no serial line here");
	if (choice->value == RTU_PULL || choice->value == RTU_PLUG)
		return serial_port_plug(site->rtu, choice->value == RTU_PLUG, err);
	serial_port_noise(site->rtu, choice->value == RTU_NOISE);
	return 0;
}

static int run_cable_mast(struct site *site, const struct words *words, struct error *err)
{
	const struct choice *choice;
	int number;

	choice = words_choose(mast_cable, ARRAY_SIZE(mast_cable), words, 2, &number, err);
	if (choice == NULL)
		return -EINVAL;
	if (site->mast == NULL)
		return error_set(err, EINVAL, "there is no mast here");
	return mast_plug(site->mast, choice->value != 0, err);
}

int command_cable(struct site *site, const struct words *words, struct error *err)
{
	struct place places[PLACES];

	if (strcmp(words->word[1], "rtu") == 0)
		return run_cable_rtu(site, words, err);
	if (strcmp(words->word[1], "mast") == 0)
		return run_cable_mast(site, words, err);
	site_places(site, places);
	for (size_t i = 0; i < PLACES; i++)
		if (strcmp(places[i].name, words->word[1]) == 0 && places[i].bus != NULL)
			return run_cable_tcp(places[i].bus, words, err);
	return error_set(err, EINVAL,
			 "there is no cable '%s' here, only tcp, gateway, rtu and mast",
			 words->word[1]);
}

/* Registers that a command names: RACK UNIT TABLE ADDRESS. */
struct spot {
	struct rack *rack;
	struct slave *slave;
	enum truth_table table;
	size_t at;
};

static int spot_find(struct site *site, const struct words *words, struct spot *ret,
		     struct error *err)
{
	struct place place = {0};
	struct slave *slave;
	int64_t at = 0;
	int table;

	if (place_by_name(site, words->word[1], &place, err) != 0)
		return -EINVAL;
	slave = slave_by_word(site, place.rack, words->word[2], err);
	if (slave == NULL)
		return -EINVAL;
	table = truth_table_by_name(words->word[3]);
	if (table < 0)
		return error_set(err, EINVAL, "'%s' is not coil, discrete, holding or input",
				 words->word[3]);
	if (words_number(words, 4, "address", 0,
			 (int64_t)truth_table_size((enum truth_table)table) - 1, &at, err) != 0)
		return -EINVAL;
	*ret = (struct spot){place.rack, slave, (enum truth_table)table, (size_t)at};
	return 0;
}

int command_set(struct site *site, const struct words *words, struct error *err)
{
	struct spot spot = {0};
	int64_t value = 0;

	if (spot_find(site, words, &spot, err) != 0 ||
	    words_number(words, 5, "value", 0, UINT16_MAX, &value, err) != 0)
		return -EINVAL;
	rack_refresh(spot.rack, spot.slave);
	truth_set(&spot.slave->registers, spot.table, spot.at, (uint16_t)value);
	rack_written(spot.rack, spot.slave, "a command");
	return 0;
}

int command_get(struct site *site, const struct words *words, struct str *answer,
		struct error *err)
{
	struct spot spot = {0};
	int64_t count = 1;

	if (words->count < 5)
		return error_set(err, EINVAL, "usage: get RACK UNIT TABLE ADDRESS [COUNT]");
	if (spot_find(site, words, &spot, err) != 0 ||
	    (words->count > 5 &&
	     words_number(words, 5, "count", 1,
			  (int64_t)(truth_table_size(spot.table) - spot.at), &count, err) != 0))
		return -EINVAL;
	rack_refresh(spot.rack, spot.slave);
	str_adds(answer, "ok:");
	for (size_t i = 0; i < (size_t)count; i++)
		str_addf(answer, " %u",
			 truth_get(&spot.slave->registers, spot.table, spot.at + i));
	return 0;
}
