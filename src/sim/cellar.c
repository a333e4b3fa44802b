/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which value of the plant stands in which register of the units on the serial line. */
#include "sim/cellar.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
	METER_POWER = 0,
	METER_FLOW = 2,
	METER_SUPPLY = 4,
	METER_RETURN = 6,
	METER_ENERGY = 8,
	METER_SECONDS = 20,
	METER_NAME = 100,
	METER_NAME_WORDS = 8,
	DRIVE_COMMAND = 0,
	DRIVE_WANTED = 1,
	DRIVE_STATUS = 10,
	DRIVE_COIL = 0,
	RELAYS = 8,
	PLAIN_REQUESTS = 0,
	PLAIN_UNIT = 1,
	PLAIN_FIRST = 2,
};

#define KWH_PER_J   (1 / 3.6e6)
#define M3H_PER_LPM 0.06
#define MAINS_HZ    50.0

typedef void set_float_fn(uint16_t *words, float value);

static void set_both(struct registers *registers, int at, set_float_fn *set, double value)
{
	set(&registers->input[at], (float)value);
	set(&registers->holding[at], (float)value);
}

static void meter_refresh(struct slave *slave, const struct plant *plant, set_float_fn *set,
			  const char *name, double energy_j)
{
	struct registers *registers = &slave->registers;
	double back_c = plant_return_c(plant);
	double power_kw = plant->flow_lpm / 60 * 4.186 * (plant->boiler_c - back_c);

	set_both(registers, METER_POWER, set, power_kw);
	set_both(registers, METER_FLOW, set, plant->flow_lpm * M3H_PER_LPM);
	set_both(registers, METER_SUPPLY, set, plant->boiler_c);
	set_both(registers, METER_RETURN, set, back_c);
	set_both(registers, METER_ENERGY, set, energy_j * KWH_PER_J);
	registers_uint32_abcd(&registers->input[METER_SECONDS], (uint32_t)plant->time_s);
	registers_uint32_abcd(&registers->holding[METER_SECONDS], (uint32_t)plant->time_s);
	registers_string(&registers->input[METER_NAME], METER_NAME_WORDS, name);
	registers_string(&registers->holding[METER_NAME], METER_NAME_WORDS, name);
}

static void boiler_meter_refresh(void *arg, struct slave *slave)
{
	const struct plant *plant = ((struct cellar *)arg)->plant;

	meter_refresh(slave, plant, registers_float_abcd, "heat meter 1", plant->burned_j);
}

static void tank_meter_refresh(void *arg, struct slave *slave)
{
	const struct plant *plant = ((struct cellar *)arg)->plant;

	meter_refresh(slave, plant, registers_float_cdab, "heat meter 2", plant->drawn_j);
}

static bool drive_runs(const struct registers *registers)
{
	return (registers->holding[DRIVE_COMMAND] & 1) != 0;
}

static double drive_speed(const struct registers *registers)
{
	double wanted = (int16_t)registers->holding[DRIVE_WANTED] / 1000.0;

	return drive_runs(registers) ? fmin(fmax(wanted, -1), 1) : 0;
}

static double drive_watt(const struct registers *registers)
{
	return 750 * fabs(pow(drive_speed(registers), 3));
}

static void drive_refresh(void *arg, struct slave *slave)
{
	const struct cellar *cellar = arg;
	struct registers *registers = &slave->registers;
	double speed = drive_speed(registers), watt = drive_watt(registers);
	const double values[] = {
		1U | (drive_runs(registers) ? 2U : 0U),
		speed * 2870,
		speed * MAINS_HZ * 100,
		watt / (sqrt(3) * 400 * 0.82) * 100,
		watt,
		PLANT_AMBIENT_C + 25 * fabs(speed),
		speed * fabs(speed) * 1000 + sin(cellar->plant->time_s / 7),
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		registers->holding[DRIVE_STATUS + i] = registers_scaled(values[i], 1);
	registers->coils[DRIVE_COIL] = drive_runs(registers);
}

/* Both the coil and the command start the drive: what differs from before was written. */
static void drive_written(void *arg, struct slave *slave, const char *peer)
{
	struct registers *registers = &slave->registers;
	bool was = (registers->holding[DRIVE_STATUS] & 2) != 0;
	bool run = registers->coils[DRIVE_COIL] != was ? registers->coils[DRIVE_COIL] != 0
						       : drive_runs(registers);

	registers->holding[DRIVE_COMMAND] =
		(uint16_t)((registers->holding[DRIVE_COMMAND] & ~1U) | (run ? 1U : 0U));
	drive_refresh(arg, slave);
}

static void electricity_refresh(void *arg, struct slave *slave)
{
	struct cellar *cellar = arg;
	struct registers *registers = &slave->registers;
	double t = cellar->plant->time_s, total_w = 0;
	double load_w = 180 + (cellar->plant->pump ? 60 : 0) + (cellar->plant->flame ? 45 : 0) +
			drive_watt(&cellar->slaves[2].registers);

	for (int phase = 0; phase < 3; phase++) {
		double volt = 230 + 2.5 * sin(t / 31 + phase * 2.1);
		double watt = load_w / 3 * (1 + 0.1 * sin(t / 13 + phase));

		registers_float_abcd(&registers->input[2 * phase], (float)volt);
		registers_float_abcd(&registers->input[6 + 2 * phase], (float)(watt / volt));
		total_w += watt;
	}
	cellar->watt_hours += total_w * (t - cellar->metered_s) / 3600;
	cellar->metered_s = t;
	registers_float_abcd(&registers->input[12], (float)total_w);
	registers_float_abcd(&registers->input[14], (float)(MAINS_HZ + 0.02 * sin(t / 5)));
	registers_uint64_abcd(&registers->input[16], (uint64_t)cellar->watt_hours);
}

static uint16_t bcd(unsigned hours, unsigned minutes)
{
	return (uint16_t)(hours / 10 << 12 | hours % 10 << 8 | minutes / 10 << 4 |
			  minutes % 10);
}

static void room_refresh(void *arg, struct slave *slave)
{
	const struct cellar *cellar = arg;
	struct registers *registers = &slave->registers;
	double t = cellar->plant->time_s, wanted_c = (int16_t)registers->holding[1] * 0.1;
	double room_c = wanted_c + 0.6 * sin(t / 200);
	unsigned minutes = (unsigned)(t / 60);

	registers->holding[0] = registers_scaled(room_c, 0.1);
	registers->holding[2] = registers_scaled(45 + 6 * sin(t / 170), 0.1);
	registers->holding[3] = registers_scaled(620 + 180 * sin(t / 240), 1);
	registers->holding[4] = 0x8000;
	registers->holding[5] = bcd(minutes / 60 % 24, minutes % 60);
	registers->coils[0] = room_c < wanted_c;
}

/* The system's pressure rises with the boiler's temperature; the other side is a vacuum. */
static void pressure_refresh(void *arg, struct slave *slave)
{
	const struct cellar *cellar = arg;
	double bar = 1.2 + (cellar->plant->boiler_c - 20) * 0.008;

	slave->registers.input[0] = registers_scaled(bar, 0.01);
	slave->registers.input[1] = registers_scaled(-bar, 0.01);
}

static void relays_refresh(void *arg, struct slave *slave)
{
	memcpy(slave->registers.discretes, slave->registers.coils, RELAYS);
}

static void plain_refresh(void *arg, struct slave *slave)
{
	slave->registers.holding[PLAIN_REQUESTS] = (uint16_t)slave->requests;
	slave->registers.input[PLAIN_REQUESTS] = (uint16_t)slave->requests;
}

static void plain_init(struct slave *slave)
{
	struct registers *registers = &slave->registers;

	registers->holding[PLAIN_UNIT] = registers->input[PLAIN_UNIT] = (uint16_t)slave->id;
	for (int i = PLAIN_FIRST; i < REGISTERS_WORDS; i++)
		registers->holding[i] = registers->input[i] = (uint16_t)i;
	for (int i = 0; i < REGISTERS_BITS; i++)
		registers->coils[i] = registers->discretes[i] = i & 1;
}

static const struct slave named[CELLAR_NAMED] = {
	{.refresh = boiler_meter_refresh},
	{.refresh = tank_meter_refresh},
	{.refresh = drive_refresh, .written = drive_written},
	{.refresh = electricity_refresh},
	{.refresh = room_refresh},
	{.refresh = pressure_refresh},
	{.refresh = relays_refresh},
};

void cellar_init(struct cellar *cellar, const struct plant *plant, int count)
{
	*cellar = (struct cellar){.plant = plant, .count = count};
	for (int i = 0; i < count; i++) {
		struct slave *slave = &cellar->slaves[i];

		*slave = i < CELLAR_NAMED ? named[i] : (struct slave){.refresh = plain_refresh};
		slave->id = i + 1;
		slave->arg = cellar;
		if (i >= CELLAR_NAMED)
			plain_init(slave);
	}
	cellar->slaves[2].registers.holding[DRIVE_COMMAND] = 1;
	cellar->slaves[2].registers.holding[DRIVE_WANTED] = 600;
	drive_refresh(cellar, &cellar->slaves[2]);
	cellar->slaves[4].registers.holding[1] = 210;
}
