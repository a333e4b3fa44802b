/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the physics of the simulated plant; registers and sockets are others' business. */
#include "sim/plant.h"

#include <math.h>

#define STEP_US	      INT64_C(100000)
#define STEP_S	      0.1

#define CP_J_PER_KG_K 4186.0
#define LPM_TO_KG_S   (1.0 / 60.0)

static const struct {
	double boiler_j_per_k; /* 40 L of water and 30 kg of iron */
	double boiler_loss_w_per_k, tank_loss_w_per_k;
	double coil_effectiveness;
	double pump_lpm, pump_lag_s;
	double feed_lpm, feed_open_l, feed_close_l;
	double thermostat_band_k;
	double limiter_trip_c, limiter_reset_c;
	double relief_c, relief_w_per_k;
} design = {
	.boiler_j_per_k = 182000,
	.boiler_loss_w_per_k = 12,
	.tank_loss_w_per_k = 4,
	.coil_effectiveness = 0.6,
	.pump_lpm = 12,
	.pump_lag_s = 4,
	.feed_lpm = 18,
	.feed_open_l = 90,
	.feed_close_l = 140,
	.thermostat_band_k = 3,
	.limiter_trip_c = 110,
	.limiter_reset_c = 70,
	.relief_c = 115,
	.relief_w_per_k = 5000,
};

static double flow_w_per_k(double lpm)
{
	return lpm * LPM_TO_KG_S * CP_J_PER_KG_K;
}

void plant_init(struct plant *plant)
{
	*plant = (struct plant){
		.burner_release = true,
		.pump = true,
		.setpoint_c = 65,
		.boiler_c = 62,
		.tank_j = 112 * CP_J_PER_KG_K * (48 - PLANT_COLD_C),
		.tank_l = 112,
		.flow_lpm = design.pump_lpm,
	};
}

double plant_tank_c(const struct plant *plant)
{
	return PLANT_COLD_C + plant->tank_j / (plant->tank_l * CP_J_PER_KG_K);
}

double plant_return_c(const struct plant *plant)
{
	return plant->boiler_c -
	       design.coil_effectiveness * (plant->boiler_c - plant_tank_c(plant));
}

double plant_level(const struct plant *plant)
{
	return 100 * plant->tank_l / PLANT_TANK_MAX_L;
}

double plant_draw_lpm(double t)
{
	return fmod(t, 300) < 120 ? 10 : 3;
}

double plant_stored_j(const struct plant *plant)
{
	return design.boiler_j_per_k * (plant->boiler_c - PLANT_COLD_C) + plant->tank_j;
}

void plant_switch(struct plant *plant)
{
	if (plant->boiler_c < plant->setpoint_c - design.thermostat_band_k)
		plant->calls = true;
	if (plant->boiler_c > plant->setpoint_c + design.thermostat_band_k)
		plant->calls = false;
	if (plant->thermostat_stuck)
		plant->calls = true;
	if (plant->boiler_c >= design.limiter_trip_c)
		plant->limiter = true;
	if (plant->boiler_c < design.limiter_reset_c)
		plant->limiter = false;
	if (plant->tank_l <= design.feed_open_l)
		plant->feeding = true;
	if (plant->tank_l >= design.feed_close_l)
		plant->feeding = false;
	plant->flame = plant->burner_stuck == PLANT_STUCK_ON ||
		       (plant->burner_stuck == PLANT_STUCK_NOT && plant->burner_release &&
			plant->calls && !plant->limiter);
}

void plant_step(struct plant *plant, double dt)
{
	double tank_c = plant_tank_c(plant);
	double draw_lpm = plant_draw_lpm(plant->time_s);
	double burner_w, coil_w, boiler_loss_w, tank_loss_w, draw_w;

	plant_switch(plant);
	burner_w = plant->flame ? PLANT_BURNER_W : 0;
	coil_w = design.coil_effectiveness * flow_w_per_k(plant->flow_lpm) *
		 (plant->boiler_c - tank_c);
	boiler_loss_w = design.boiler_loss_w_per_k * (plant->boiler_c - PLANT_AMBIENT_C) +
			design.relief_w_per_k * fmax(0, plant->boiler_c - design.relief_c);
	tank_loss_w = design.tank_loss_w_per_k * (tank_c - PLANT_AMBIENT_C);
	draw_w = flow_w_per_k(draw_lpm) * (tank_c - PLANT_COLD_C);

	plant->boiler_c += dt * (burner_w - boiler_loss_w - coil_w) / design.boiler_j_per_k;
	plant->tank_j += dt * (coil_w - tank_loss_w - draw_w);
	plant->tank_l += dt / 60 * ((plant->feeding ? design.feed_lpm : 0) - draw_lpm);
	plant->flow_lpm += dt / design.pump_lag_s *
			   ((plant->pump ? design.pump_lpm : 0) - plant->flow_lpm);
	plant->time_s += dt;
	plant->burned_j += dt * burner_w;
	plant->lost_j += dt * (boiler_loss_w + tank_loss_w);
	plant->drawn_j += dt * draw_w;
}

void plant_advance(struct plant *plant, int64_t us)
{
	plant->rest_us += us;
	while (plant->rest_us >= STEP_US) {
		plant_step(plant, STEP_S);
		plant->rest_us -= STEP_US;
	}
}
