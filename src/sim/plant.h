/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A small heating plant as equations: a burner heats a boiler, a pump carries the heat through
 * a coil in the tank, people draw hot water from the tank, a valve refills it with cold water.
 * Pure: it knows no clock, socket or register, and equal calls give equal states.
 *
 *   boiler   C dT/dt = burner - loss to ambient - q - relief valve
 *   coil     q = effectiveness * flow * cp * (boiler - tank)       (return = boiler - q / (flow
 * * cp)) tank     dH/dt = q - loss to ambient - draw * cp * (tank - cold), H counted from cold
 * water level    dV/dt = feed - draw
 */
#ifndef GAUGED_SIM_PLANT_H
#define GAUGED_SIM_PLANT_H

#include <stdbool.h>
#include <stdint.h>

#define PLANT_AMBIENT_C	 20.0
#define PLANT_COLD_C	 10.0
#define PLANT_BURNER_W	 24000.0
#define PLANT_TANK_MAX_L 150.0
/* Whatever happens, the relief valve keeps the boiler below this. */
#define PLANT_BOILER_MAX_C 125.0

enum plant_stuck { PLANT_STUCK_NOT, PLANT_STUCK_ON, PLANT_STUCK_OFF };

struct plant {
	/* What others command. */
	bool burner_release; /* the coil: false keeps the burner off */
	bool pump;
	double setpoint_c;
	/* Faults. */
	enum plant_stuck burner_stuck; /* the gas valve does not follow */
	bool thermostat_stuck;	       /* always calls for heat, so the boiler overheats */
	/* The state. */
	double boiler_c;
	double tank_j;	 /* heat above cold water */
	double tank_l;	 /* water in the tank */
	double flow_lpm; /* through the coil */
	bool calls;	 /* the thermostat wants heat */
	bool flame;
	bool limiter; /* the safety limiter tripped at 110 degC; resets itself below 70 */
	bool feeding; /* the cold water valve is open */
	/* What went in and out since the start, joules. */
	double burned_j, lost_j, drawn_j;
	double time_s;	 /* the plant's own */
	int64_t rest_us; /* not yet a whole step */
};

/* A warm plant in the morning: boiler 62 degC, tank 48 degC and three quarters full. */
void plant_init(struct plant *plant);
/*
 * Lets us microseconds of the plant's time pass, in steps of 100 ms; what is left over is kept
 * for the next call, so that it does not matter how a time is divided. us >= 0.
 */
void plant_advance(struct plant *plant, int64_t us);
/* One step of dt seconds, 0 < dt <= 1: for plant_advance() and to test that dt is small enough.
 */
void plant_step(struct plant *plant, double dt);

/* Lets contacts and valves follow what was commanded, before any time passes. */
void plant_switch(struct plant *plant);

double plant_tank_c(const struct plant *plant);
double plant_return_c(const struct plant *plant);
double plant_level(const struct plant *plant); /* percent of the tank */
/* Litres a minute that people draw at t seconds: taps are open two minutes of every five. */
double plant_draw_lpm(double t);
/* Heat in boiler and tank above cold water, joules. */
double plant_stored_j(const struct plant *plant);

#endif
