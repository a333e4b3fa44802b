/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which value of the plant stands in which register, and what a write does to it. */
#include "sim/heating.h"

#include <string.h>

#include "sim/chronicle.h"

enum { BOILER, TANK };

enum {
	BOILER_TEMP = 100,
	BOILER_RETURN = 101,
	BOILER_STATUS = 110,
	BOILER_SETPOINT = 120,
	BOILER_ENERGY = 130,
	BOILER_NAME = 200,
	BOILER_NAME_WORDS = 8,
	BOILER_FLOW = 20,
	BOILER_PUMP_RUNS = 0,
	BOILER_FLAME = 1,
	BOILER_LIMITER = 3,
	BOILER_STRAY_FLAME = 4,
	BOILER_BURNER = 7,
	BOILER_PUMP = 8,
	TANK_LEVEL = 0,
	TANK_TEMP = 1,
	TANK_DRAW = 0,
	TANK_FEEDING = 0,
};

enum { MODE_OFF, MODE_HEATING, MODE_WAITING };

static unsigned boiler_status(const struct plant *plant)
{
	unsigned mode =
		plant->flame ? MODE_HEATING : (plant->burner_release ? MODE_WAITING : MODE_OFF);

	return (plant->limiter ? 0U : 1U << 0) | (plant->flame ? 1U << 1 : 0U) |
	       (plant->limiter ? 1U << 3 : 0U) | mode << 4;
}

static void boiler_refresh(void *arg, struct slave *slave)
{
	struct heating *heating = arg;
	const struct plant *plant = &heating->plant;
	struct registers *registers = &slave->registers;

	registers->holding[BOILER_TEMP] = registers_scaled(plant->boiler_c, 0.1);
	registers->holding[BOILER_RETURN] = registers_scaled(plant_return_c(plant), 0.1);
	registers->holding[BOILER_STATUS] = (uint16_t)boiler_status(plant);
	registers->holding[BOILER_SETPOINT] = registers_scaled(plant->setpoint_c, 0.1);
	registers_uint32_abcd(&registers->holding[BOILER_ENERGY],
			      (uint32_t)(plant->burned_j / 3600));
	registers_string(&registers->holding[BOILER_NAME], BOILER_NAME_WORDS, "boiler house 1");
	registers_float_cdab(&registers->input[BOILER_FLOW], (float)plant->flow_lpm);
	registers->discretes[BOILER_PUMP_RUNS] = plant->flow_lpm > 1;
	registers->discretes[BOILER_FLAME] = plant->flame;
	registers->discretes[BOILER_LIMITER] = plant->limiter;
	registers->discretes[BOILER_STRAY_FLAME] = plant->flame && !plant->burner_release;
	registers->coils[BOILER_BURNER] = plant->burner_release;
	registers->coils[BOILER_PUMP] = plant->pump;
}

static void boiler_written(void *arg, struct slave *slave, const char *peer)
{
	struct heating *heating = arg;
	struct plant *plant = &heating->plant;
	bool burner = slave->registers.coils[BOILER_BURNER] != 0;
	bool pump = slave->registers.coils[BOILER_PUMP] != 0;
	double setpoint_c = (int16_t)slave->registers.holding[BOILER_SETPOINT] * 0.1;

	if (burner != plant->burner_release) {
		heating->burner_writes++;
		chronicle_say(heating->chronicle, "burner", "switched %s over Modbus by %s",
			      burner ? "on" : "off", peer);
	}
	if (pump != plant->pump)
		chronicle_say(heating->chronicle, "pump", "switched %s over Modbus by %s",
			      pump ? "on" : "off", peer);
	if (registers_scaled(setpoint_c, 0.1) != registers_scaled(plant->setpoint_c, 0.1))
		chronicle_say(heating->chronicle, "setpoint", "%.1f degC set over Modbus by %s",
			      setpoint_c, peer);
	plant->burner_release = burner;
	plant->pump = pump;
	plant->setpoint_c = setpoint_c;
	heating_advance(heating, 0);
}

static void tank_refresh(void *arg, struct slave *slave)
{
	const struct heating *heating = arg;
	const struct plant *plant = &heating->plant;

	slave->registers.holding[TANK_LEVEL] = registers_scaled(plant_level(plant), 0.1);
	slave->registers.holding[TANK_TEMP] = registers_scaled(plant_tank_c(plant), 0.1);
	registers_float_abcd(&slave->registers.input[TANK_DRAW],
			     (float)plant_draw_lpm(plant->time_s));
	slave->registers.discretes[TANK_FEEDING] = plant->feeding;
}

void heating_init(struct heating *heating, struct chronicle *chronicle)
{
	*heating = (struct heating){.chronicle = chronicle};
	plant_init(&heating->plant);
	heating->slaves[BOILER] = (struct slave){
		.id = 1, .refresh = boiler_refresh, .written = boiler_written, .arg = heating};
	heating->slaves[TANK] =
		(struct slave){.id = 2, .refresh = tank_refresh, .arg = heating};
}

void heating_advance(struct heating *heating, int64_t us)
{
	struct plant *plant = &heating->plant;
	bool flame = plant->flame, limiter = plant->limiter, feeding = plant->feeding;

	plant_advance(plant, us);
	plant_switch(plant);
	if (flame != plant->flame)
		chronicle_say(heating->chronicle, "burner", "%s, boiler %.1f degC",
			      plant->flame ? "the flame is on" : "the flame is out",
			      plant->boiler_c);
	if (limiter != plant->limiter)
		chronicle_say(heating->chronicle, "limiter", "%s, boiler %.1f degC",
			      plant->limiter ? "tripped" : "reset itself", plant->boiler_c);
	if (feeding != plant->feeding)
		chronicle_say(heating->chronicle, "tank", "cold water valve %s, level %.0f %%",
			      plant->feeding ? "opens" : "closes", plant_level(plant));
}
