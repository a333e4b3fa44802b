/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The simulated plant obeys physics: energy is kept, and the burner decides the temperature. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/plant.h"

#define SECOND_US INT64_C(1000000)

static struct plant overheating(void)
{
	struct plant plant;

	plant_init(&plant);
	plant.thermostat_stuck = true;
	return plant;
}

/* What gauged does in the demo; counts how often it switched off and on again. */
static void control(struct plant *plant, int *ret_offs, int *ret_ons)
{
	if (plant->burner_release && plant->boiler_c > 80) {
		plant->burner_release = false;
		(*ret_offs)++;
	} else if (!plant->burner_release && plant->boiler_c < 72) {
		plant->burner_release = true;
		(*ret_ons)++;
	}
}

static void test_energy_is_kept_over_a_day(void **state)
{
	struct plant plant = overheating();
	double stored = plant_stored_j(&plant);
	int offs = 0, ons = 0;

	for (int i = 0; i < 86400; i++) {
		plant_advance(&plant, SECOND_US);
		control(&plant, &offs, &ons);
	}
	assert_true(plant.burned_j > 1e8);
	assert_true(plant.drawn_j > 1e8);
	assert_true(fabs(stored + plant.burned_j - plant.lost_j - plant.drawn_j -
			 plant_stored_j(&plant)) < 1e-6 * plant.burned_j);
}

static void test_temperature_rises_when_the_burner_burns(void **state)
{
	struct plant plant = overheating();

	plant_advance(&plant, 600 * SECOND_US);
	assert_true(plant.flame);
	assert_true(plant.boiler_c > 80);
}

static void test_temperature_falls_when_the_coil_is_switched_off(void **state)
{
	struct plant plant = overheating();
	double before;

	plant_advance(&plant, 400 * SECOND_US);
	before = plant.boiler_c;
	plant.burner_release = false;
	plant_advance(&plant, 10 * SECOND_US);
	assert_false(plant.flame);
	assert_true(plant.boiler_c < before);
	plant_advance(&plant, 3600 * SECOND_US);
	assert_true(plant.boiler_c < 60);
}

static void test_a_sound_thermostat_keeps_the_boiler_near_its_setpoint(void **state)
{
	struct plant plant;

	plant_init(&plant);
	plant_advance(&plant, 600 * SECOND_US);
	for (int i = 0; i < 36000; i++) {
		plant_advance(&plant, SECOND_US);
		assert_true(plant.boiler_c > plant.setpoint_c - 8);
		assert_true(plant.boiler_c < plant.setpoint_c + 4);
	}
}

static void test_control_of_a_stuck_thermostat_cycles_for_hours(void **state)
{
	struct plant plant = overheating();
	int offs = 0, ons = 0;

	for (int i = 0; i < 10 * 3600; i++) {
		plant_advance(&plant, SECOND_US);
		control(&plant, &offs, &ons);
		assert_true(plant.boiler_c < 84);
	}
	assert_true(offs > 50 && ons > 50);
}

/* tools/demo shows 60 seconds of 20 plant seconds each. */
static void test_the_first_twenty_minutes_show_an_alarm_and_its_end(void **state)
{
	struct plant plant = overheating();
	int offs = 0, ons = 0;

	for (int i = 0; i < 1200; i++) {
		plant_advance(&plant, SECOND_US);
		control(&plant, &offs, &ons);
	}
	assert_true(offs >= 2 && ons >= 1);
}

static void test_everything_stays_in_bounds_when_nobody_controls(void **state)
{
	static const enum plant_stuck stuck[] = {PLANT_STUCK_NOT, PLANT_STUCK_ON,
						 PLANT_STUCK_OFF};

	for (size_t i = 0; i < 3; i++) {
		struct plant plant = overheating();

		plant.burner_stuck = stuck[i];
		plant.pump = i != 1;
		for (int s = 0; s < 36000; s++) {
			plant_advance(&plant, SECOND_US);
			assert_true(plant.boiler_c > PLANT_COLD_C);
			assert_true(plant.boiler_c < PLANT_BOILER_MAX_C);
			assert_true(plant_tank_c(&plant) > PLANT_COLD_C - 1);
			assert_true(plant_tank_c(&plant) < PLANT_BOILER_MAX_C);
			assert_true(plant_level(&plant) > 50);
			assert_true(plant_level(&plant) <= 100);
			assert_true(plant.flow_lpm >= 0 && plant.flow_lpm < 13);
		}
	}
}

static void test_the_limiter_trips_when_the_pump_stands(void **state)
{
	struct plant plant = overheating();
	int64_t steps = 0;

	plant.pump = false;
	while (!plant.limiter && steps++ < 3600)
		plant_advance(&plant, SECOND_US);
	assert_true(plant.limiter);
	plant_advance(&plant, SECOND_US);
	assert_false(plant.flame);
}

static void test_a_stuck_gas_valve_ignores_the_coil(void **state)
{
	struct plant plant = overheating();

	plant.burner_release = false;
	plant.burner_stuck = PLANT_STUCK_ON;
	plant_advance(&plant, SECOND_US);
	assert_true(plant.flame);
	plant.burner_release = true;
	plant.burner_stuck = PLANT_STUCK_OFF;
	plant_advance(&plant, SECOND_US);
	assert_false(plant.flame);
}

static void test_how_a_time_is_divided_changes_nothing(void **state)
{
	struct plant whole = overheating(), parts = overheating();

	plant_advance(&whole, 1000 * SECOND_US);
	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < 3; k++)
			plant_advance(&parts, k < 2 ? 333333 : 333334);
	assert_true(whole.boiler_c == parts.boiler_c);
	assert_true(whole.tank_j == parts.tank_j);
	assert_true(whole.tank_l == parts.tank_l);
	assert_true(whole.flow_lpm == parts.flow_lpm);
	assert_true(whole.time_s == parts.time_s);
	assert_true(whole.rest_us == parts.rest_us);
}

static void test_a_ten_times_finer_step_gives_the_same_temperatures(void **state)
{
	struct plant coarse = overheating(), fine = overheating();

	for (int i = 0; i < 6000; i++) {
		coarse.burner_release = fine.burner_release = i / 1000 % 2 == 0;
		plant_step(&coarse, 0.1);
		for (int k = 0; k < 10; k++)
			plant_step(&fine, 0.01);
		assert_true(fabs(coarse.boiler_c - fine.boiler_c) < 0.1);
		assert_true(fabs(plant_tank_c(&coarse) - plant_tank_c(&fine)) < 0.1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_energy_is_kept_over_a_day),
		cmocka_unit_test(test_temperature_rises_when_the_burner_burns),
		cmocka_unit_test(test_temperature_falls_when_the_coil_is_switched_off),
		cmocka_unit_test(test_a_sound_thermostat_keeps_the_boiler_near_its_setpoint),
		cmocka_unit_test(test_control_of_a_stuck_thermostat_cycles_for_hours),
		cmocka_unit_test(test_the_first_twenty_minutes_show_an_alarm_and_its_end),
		cmocka_unit_test(test_everything_stays_in_bounds_when_nobody_controls),
		cmocka_unit_test(test_the_limiter_trips_when_the_pump_stands),
		cmocka_unit_test(test_a_stuck_gas_valve_ignores_the_coil),
		cmocka_unit_test(test_how_a_time_is_divided_changes_nothing),
		cmocka_unit_test(test_a_ten_times_finer_step_gives_the_same_temperatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
