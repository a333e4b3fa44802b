/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Values below /sys, out of a tree that the test makes: each layout, and what goes wrong. */
#include "inputs/sysfs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/loop.h"
#include "input_rig.h"

struct tree {
	char root[64];
	char text[4096];
	struct input_rig rig;
	struct loop *loop;
};

/* The file with the text, and the folders that it stands in. */
static void put(const struct tree *tree, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tree->root, name);
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void gone(const struct tree *tree, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", tree->root, name);
	assert_int_equal(unlink(path), 0);
}

static int set_up(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	strcpy(tree->root, "test_sysfs.XXXXXX");
	assert_non_null(mkdtemp(tree->root));
	tree->loop = loop_new(NULL);
	*state = tree;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *tree = *state;
	char command[128];

	rig_done(&tree->rig);
	loop_free(tree->loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", tree->root);
	assert_int_equal(system(command), 0);
	free(tree);
	return 0;
}

/* A bus with one device with these points, absolute, as the test's folder is. */
static const char *yaml_of(struct tree *tree, const char *options, const char *points)
{
	char here[256];

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(tree->text, sizeof(tree->text),
		 "bus: {sysfs: '%s/%s'}\n"
		 "devices: {box: {bus: bus, poll: 100ms, %s points: {%s}}}\n",
		 here, tree->root, options, points);
	return tree->text;
}

static const char *yaml(struct tree *tree, const char *points)
{
	return yaml_of(tree, "", points);
}

/* Until the readings of one more round are there. */
static void turn(struct tree *tree)
{
	unsigned before = tree->rig.all;
	struct mono end = mono_add(clock_mono(), 60 * NSEC_PER_SEC);

	while (tree->rig.all == before && clock_mono().ns < end.ns) {
		loop_turn(tree->loop);
		usleep(500);
	}
	assert_true(tree->rig.all > before);
}

static void open_points(struct tree *tree, const char *points)
{
	rig_open(&tree->rig, &input_sysfs, yaml(tree, points), tree->loop);
	turn(tree);
}

static void test_hwmon_is_found_by_name_and_label(void **state)
{
	struct tree *tree = *state;

	put(tree, "class/hwmon/hwmon0/name", "acpitz\n");
	put(tree, "class/hwmon/hwmon3/name", "coretemp\n");
	put(tree, "class/hwmon/hwmon3/temp1_label", "Package id 0\n");
	put(tree, "class/hwmon/hwmon3/temp2_label", "Core 0\n");
	put(tree, "class/hwmon/hwmon3/temp1_input", "51000\n");
	put(tree, "class/hwmon/hwmon3/temp2_input", "48500\n");
	put(tree, "class/hwmon/hwmon3/in0_input", "3312\n");
	put(tree, "class/hwmon/hwmon3/fan1_input", "1180\n");
	put(tree, "class/hwmon/hwmon3/power1_input", "12500000\n");
	/* Another of the name, which has none of the channels. */
	put(tree, "class/hwmon/hwmon10/name", "coretemp\n");
	open_points(tree,
		    "core: {hwmon: coretemp, label: Core 0, unit: degC},"
		    "rail: {hwmon: coretemp, channel: in0, unit: V},"
		    "fan: {hwmon: coretemp, channel: fan1},"
		    "power: {hwmon: coretemp, channel: power1, unit: W},"
		    "lost: {hwmon: coretemp, label: Core 9}, none: {hwmon: x, channel: in0}");
	assert_string_equal(rig_last(&tree->rig, "box.core"), "48.5");
	assert_string_equal(rig_last(&tree->rig, "box.rail"), "3.312");
	assert_string_equal(rig_last(&tree->rig, "box.fan"), "1180");
	assert_string_equal(rig_last(&tree->rig, "box.power"), "12.5");
	assert_string_equal(rig_last(&tree->rig, "box.lost"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.none"), "bad:offline");
	assert_int_equal(rig_counter(&tree->rig, 0, "bad_values") % 2, 0);
	assert_string_equal(rig_state(&tree->rig, 0), "failing");
}

static void test_a_chip_may_come_and_go_under_another_number(void **state)
{
	struct tree *tree = *state;

	put(tree, "class/hwmon/hwmon1/name", "nvme\n");
	put(tree, "class/hwmon/hwmon1/temp1_input", "30000\n");
	open_points(tree, "disk: {hwmon: nvme, channel: temp1, unit: degC}");
	assert_string_equal(rig_last(&tree->rig, "box.disk"), "30");
	gone(tree, "class/hwmon/hwmon1/name");
	turn(tree);
	turn(tree);
	assert_string_equal(rig_last(&tree->rig, "box.disk"), "bad:offline");
	put(tree, "class/hwmon/hwmon7/name", "nvme\n");
	put(tree, "class/hwmon/hwmon7/temp1_input", "31000\n");
	turn(tree);
	turn(tree);
	assert_string_equal(rig_last(&tree->rig, "box.disk"), "31");
	assert_string_equal(rig_state(&tree->rig, 0), "up");
}

static void test_thermal_zones_and_files(void **state)
{
	struct tree *tree = *state;

	put(tree, "class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
	put(tree, "class/thermal/thermal_zone1/type", "cpu-thermal\n");
	put(tree, "class/thermal/thermal_zone1/temp", "-1500\n");
	put(tree, "class/power_supply/BAT0/capacity", "87\n");
	put(tree, "odd", "ninety\n");
	open_points(tree,
		    "cpu: {thermal: cpu-thermal, unit: degC},"
		    "battery: {file: class/power_supply/BAT0/capacity, unit: '%'},"
		    "half: {file: class/power_supply/BAT0/capacity, scale: 0.5, offset: 1},"
		    "far: {file: class/power_supply/BAT0/capacity, range: [0, 50]},"
		    "odd: {file: odd}, empty: {file: none}, folder: {file: class}");
	assert_string_equal(rig_last(&tree->rig, "box.cpu"), "-1.5");
	assert_string_equal(rig_last(&tree->rig, "box.battery"), "87");
	assert_string_equal(rig_last(&tree->rig, "box.half"), "44.5");
	assert_string_equal(rig_last(&tree->rig, "box.far"), "bad:range");
	assert_string_equal(rig_last(&tree->rig, "box.odd"), "bad:parse");
	assert_string_equal(rig_last(&tree->rig, "box.empty"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.folder"), "bad:offline");
}

static void test_iio_is_processed_or_raw(void **state)
{
	struct tree *tree = *state;

	put(tree, "bus/iio/devices/iio:device0/name", "bme280\n");
	put(tree, "bus/iio/devices/iio:device0/in_temp_input", "21450\n");
	put(tree, "bus/iio/devices/iio:device0/in_pressure_input", "98.3125\n");
	put(tree, "bus/iio/devices/iio:device1/name", "ads1015\n");
	put(tree, "bus/iio/devices/iio:device1/in_voltage0_raw", "1020\n");
	put(tree, "bus/iio/devices/iio:device1/in_voltage0_offset", "-20\n");
	put(tree, "bus/iio/devices/iio:device1/in_voltage_scale", "2.000000000\n");
	put(tree, "bus/iio/devices/iio:device1/in_voltage1_raw", "7\n");
	put(tree, "bus/iio/devices/iio:device1/in_voltage1_scale", "1000\n");
	open_points(tree, "temp: {iio: bme280, channel: in_temp, unit: degC},"
			  "air: {iio: bme280, channel: in_pressure, unit: kPa},"
			  "u0: {iio: ads1015, channel: in_voltage0, unit: V},"
			  "u1: {iio: ads1015, channel: in_voltage1, unit: V},"
			  "u2: {iio: ads1015, channel: in_voltage2, unit: V}");
	assert_string_equal(rig_last(&tree->rig, "box.temp"), "21.45");
	assert_string_equal(rig_last(&tree->rig, "box.air"), "98.3125");
	assert_string_equal(rig_last(&tree->rig, "box.u0"), "2");
	assert_string_equal(rig_last(&tree->rig, "box.u1"), "7");
	assert_string_equal(rig_last(&tree->rig, "box.u2"), "bad:offline");
}

static void test_1_wire_tells_a_wrong_checksum(void **state)
{
	static const char good[] = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n"
				   "72 01 4b 46 7f ff 0e 10 57 t=23125\n";
	static const char bad[] = "72 01 4b 46 7f ff 0e 10 57 : crc=5f NO\n"
				  "72 01 4b 46 7f ff 0e 10 57 t=23125\n";
	struct tree *tree = *state;

	put(tree, "bus/w1/devices/28-01/w1_slave", good);
	put(tree, "bus/w1/devices/28-02/w1_slave", bad);
	put(tree, "bus/w1/devices/28-03/temperature", "-5062\n");
	put(tree, "bus/w1/devices/28-04/w1_slave", "YES");
	open_points(tree, "a: {w1: 28-01, unit: degC}, b: {w1: 28-02}, c: {w1: 28-03},"
			  "d: {w1: 28-04}, e: {w1: 28-05}");
	assert_string_equal(rig_last(&tree->rig, "box.a"), "23.125");
	assert_string_equal(rig_last(&tree->rig, "box.b"), "bad:crc");
	assert_string_equal(rig_last(&tree->rig, "box.c"), "-5.062");
	assert_string_equal(rig_last(&tree->rig, "box.d"), "bad:parse");
	assert_string_equal(rig_last(&tree->rig, "box.e"), "bad:offline");
}

/* Whoever opens the pipe to write lets the thread that reads it go on. */
static void answer(const struct tree *tree, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/slow", tree->root);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void open_slow(struct tree *tree)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/slow", tree->root);
	assert_int_equal(mkfifo(path, 0600), 0);
	rig_open(&tree->rig, &input_sysfs, yaml(tree, "n: {file: slow}"), tree->loop);
}

static void test_a_sensor_that_takes_its_time_holds_up_nobody(void **state)
{
	struct tree *tree = *state;

	open_slow(tree);
	while (rig_counter(&tree->rig, 0, "polls_missed") < 3)
		loop_turn(tree->loop);
	assert_int_equal(tree->rig.all, 0);
	assert_int_equal(rig_counter(&tree->rig, 0, "polls"), 1);
	answer(tree, "85\n");
	turn(tree);
	assert_string_equal(rig_last(&tree->rig, "box.n"), "85");
	while (rig_counter(&tree->rig, 0, "polls") < 2)
		loop_turn(tree->loop);
	answer(tree, "1\n");
}

static void test_closing_does_not_wait_for_a_round(void **state)
{
	struct tree *tree = *state;
	char path[128];
	int fd;

	open_slow(tree);
	while (rig_counter(&tree->rig, 0, "polls") < 1)
		loop_turn(tree->loop);
	snprintf(path, sizeof(path), "%s/slow", tree->root);
	/* Until the thread has it open: it begins with no other value once it is abandoned. */
	while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0)
		usleep(500);
	rig_done(&tree->rig);
	memset(&tree->rig, 0, sizeof(tree->rig));
	assert_int_equal(write(fd, "85\n", 3), 3);
	close(fd);
}

/* What hangs for longer than its values count is told by name, and its device's values are bad.
 */
static void test_a_sensor_that_never_answers_is_told(void **state)
{
	struct tree *tree = *state;
	struct report bus, device;
	char path[128];

	snprintf(path, sizeof(path), "%s/slow", tree->root);
	assert_int_equal(mkfifo(path, 0600), 0);
	put(tree, "a", "1\n");
	rig_open(&tree->rig, &input_sysfs,
		 yaml_of(tree, "stale_after: 300ms,", "a: {file: a}, n: {file: slow}"),
		 tree->loop);
	while (rig_counter(&tree->rig, 0, "bad_values") < 2)
		loop_turn(tree->loop);
	assert_string_equal(rig_last(&tree->rig, "box.a"), "bad:timeout");
	assert_string_equal(rig_last(&tree->rig, "box.n"), "bad:timeout");
	input_sysfs.report(tree->rig.input, &bus, &device);
	assert_string_equal(device.state, "stuck");
	assert_non_null(strstr(device.detail, "box.n is being read for "));
	/* Each that it does not answer counts; a loop that stood still makes fewer. */
	while (rig_counter(&tree->rig, 0, "polls_missed") < 3)
		loop_turn(tree->loop);
	answer(tree, "85\n");
	while (strcmp(rig_last(&tree->rig, "box.n"), "85") != 0)
		loop_turn(tree->loop);
	assert_string_equal(rig_last(&tree->rig, "box.a"), "1");
	assert_string_equal(rig_state(&tree->rig, 0), "up");
	assert_true(rig_counter(&tree->rig, 0, "polls_ms") >= 300);
	while (rig_counter(&tree->rig, 0, "polls") < 2)
		loop_turn(tree->loop);
	answer(tree, "1\n");
}

static void leads_to(const struct tree *tree, const char *name, const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", tree->root, name);
	assert_int_equal(symlink(target, path), 0);
}

static void test_of_several_of_a_name_none_is_taken_by_chance(void **state)
{
	struct tree *tree = *state;
	struct report bus, device;

	put(tree, "class/hwmon/hwmon4/name", "coretemp\n");
	put(tree, "class/hwmon/hwmon4/temp1_input", "41000\n");
	leads_to(tree, "class/hwmon/hwmon4/device", "../../../coretemp.0");
	put(tree, "class/hwmon/hwmon11/name", "coretemp\n");
	put(tree, "class/hwmon/hwmon11/temp1_input", "42000\n");
	put(tree, "class/hwmon/hwmon11/temp9_input", "49000\n");
	leads_to(tree, "class/hwmon/hwmon11/device", "../../../coretemp.1");
	put(tree, "class/thermal/thermal_zone0/type", "pkg\n");
	put(tree, "class/thermal/thermal_zone0/temp", "50000\n");
	put(tree, "class/thermal/thermal_zone1/type", "pkg\n");
	put(tree, "class/thermal/thermal_zone1/temp", "51000\n");
	put(tree, "devices/i2c-1/1-0048/iio:device0/name", "ads1015\n");
	put(tree, "devices/i2c-1/1-0048/iio:device0/in_voltage0_raw", "1000\n");
	put(tree, "devices/i2c-1/1-0049/iio:device1/name", "ads1015\n");
	put(tree, "devices/i2c-1/1-0049/iio:device1/in_voltage0_raw", "2000\n");
	put(tree, "bus/iio/devices/none", "");
	leads_to(tree, "bus/iio/devices/iio:device0",
		 "../../../devices/i2c-1/1-0048/iio:device0");
	leads_to(tree, "bus/iio/devices/iio:device1",
		 "../../../devices/i2c-1/1-0049/iio:device1");
	open_points(tree, "some: {hwmon: coretemp, channel: temp1},"
			  "only: {hwmon: coretemp, channel: temp9},"
			  "first: {hwmon: coretemp, channel: temp1, device: coretemp.0},"
			  "second: {hwmon: coretemp, channel: temp1, device: coretemp.1},"
			  "folder: {hwmon: coretemp, channel: temp1, device: hwmon11},"
			  "none: {hwmon: coretemp, channel: temp1, device: coretemp.2},"
			  "zone: {thermal: pkg}, zone1: {thermal: pkg, device: thermal_zone1},"
			  "u: {iio: ads1015, channel: in_voltage0},"
			  "v: {iio: ads1015, channel: in_voltage0, device: 1-0049}");
	assert_string_equal(rig_last(&tree->rig, "box.some"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.only"), "49");
	assert_string_equal(rig_last(&tree->rig, "box.first"), "41");
	assert_string_equal(rig_last(&tree->rig, "box.second"), "42");
	assert_string_equal(rig_last(&tree->rig, "box.folder"), "42");
	assert_string_equal(rig_last(&tree->rig, "box.none"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.zone"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.zone1"), "51");
	assert_string_equal(rig_last(&tree->rig, "box.u"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.v"), "2");
	input_sysfs.report(tree->rig.input, &bus, &device);
	assert_string_equal(device.detail,
			    "box.some: there are 2 called 'coretemp', choose with 'device': "
			    "hwmon4 (coretemp.0), hwmon11 (coretemp.1)");
}

static void test_a_label_that_two_channels_have_is_none(void **state)
{
	struct tree *tree = *state;
	struct report bus, device;

	put(tree, "class/hwmon/hwmon0/name", "nct\n");
	put(tree, "class/hwmon/hwmon0/temp7_label", "Virtual\n");
	put(tree, "class/hwmon/hwmon0/temp7_input", "1000\n");
	put(tree, "class/hwmon/hwmon0/temp8_label", "Virtual\n");
	put(tree, "class/hwmon/hwmon0/temp8_input", "2000\n");
	open_points(tree, "t: {hwmon: nct, label: Virtual}, u: {hwmon: nct, channel: temp8}");
	assert_string_equal(rig_last(&tree->rig, "box.t"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.u"), "2");
	input_sysfs.report(tree->rig.input, &bus, &device);
	assert_non_null(strstr(device.detail, "choose with 'channel':"));
	assert_non_null(strstr(device.detail, " temp7"));
	assert_non_null(strstr(device.detail, " temp8"));
}

static void test_a_sensor_at_fault_has_no_value(void **state)
{
	struct tree *tree = *state;

	put(tree, "class/hwmon/hwmon0/name", "lm\n");
	put(tree, "class/hwmon/hwmon0/temp1_input", "127000\n");
	put(tree, "class/hwmon/hwmon0/temp1_fault", "1\n");
	put(tree, "class/hwmon/hwmon0/temp2_input", "30000\n");
	put(tree, "class/hwmon/hwmon0/temp2_fault", "0\n");
	open_points(tree, "a: {hwmon: lm, channel: temp1}, b: {hwmon: lm, channel: temp2}");
	assert_string_equal(rig_last(&tree->rig, "box.a"), "bad:offline");
	assert_string_equal(rig_last(&tree->rig, "box.b"), "30");
}

/* Without it a raw number would be told for a voltage. */
static void test_iio_finds_the_scale_that_channels_share(void **state)
{
	struct tree *tree = *state;

	put(tree, "bus/iio/devices/iio:device0/name", "adc\n");
	put(tree, "bus/iio/devices/iio:device0/in_voltage0-voltage1_raw", "7\n");
	put(tree, "bus/iio/devices/iio:device0/in_voltage-voltage_scale", "3000\n");
	put(tree, "bus/iio/devices/iio:device0/in_accel_x_raw", "100\n");
	put(tree, "bus/iio/devices/iio:device0/in_accel_scale", "0.5\n");
	put(tree, "bus/iio/devices/iio:device0/in_angl0_raw", "8\n");
	put(tree, "bus/iio/devices/iio:device0/in_scale", "0.25\n");
	put(tree, "bus/iio/devices/iio:device0/in_voltage3_raw", "5\n");
	/* It is there, and cannot be read. */
	put(tree, "bus/iio/devices/iio:device0/in_voltage3_scale/not", "a file\n");
	open_points(tree,
		    "d: {iio: adc, channel: in_voltage0-voltage1},"
		    "x: {iio: adc, channel: in_accel_x}, a: {iio: adc, channel: in_angl0},"
		    "bad: {iio: adc, channel: in_voltage3}");
	assert_string_equal(rig_last(&tree->rig, "box.d"), "21");
	assert_string_equal(rig_last(&tree->rig, "box.x"), "50");
	assert_string_equal(rig_last(&tree->rig, "box.a"), "2");
	assert_string_equal(rig_last(&tree->rig, "box.bad"), "bad:offline");
}

static void test_mistakes_are_told(void **state)
{
	static const struct {
		const char *points, *said;
	} rows[] = {
		{"n: {unit: degC}", "expected one of hwmon, thermal, iio, w1 or file"},
		{"n: {hwmon: a, thermal: b, channel: in0}", "expected one of hwmon, thermal"},
		{"n: {hwmon: a}", "'hwmon' needs either 'label' or 'channel'"},
		{"n: {hwmon: a, label: b, channel: in0}", "either 'label' or 'channel'"},
		{"n: {iio: a}", "'iio' needs 'channel'"},
		{"n: {thermal: a, label: b}", "'label' does not go with 'thermal'"},
		{"n: {w1: a, channel: b}", "'channel' does not go with 'w1'"},
		{"n: {w1: ../../../etc}", "is no name below the root"},
		{"n: {file: /etc/passwd}", "is no file below the root"},
		{"n: {file: a/../../b}", "is no file below the root"},
		{"n: {file: a/..}", "is no file below the root"},
		{"n: {iio: a, channel: a/b}", "is no name below the root"},
		{"n: {file: a, type: text}", "is a number"},
		{"n: {file: a, device: b}", "'device' does not go with 'file'"},
		{"n: {w1: a, device: b}", "'device' does not go with 'w1'"},
		{"n: {thermal: a, device: b/c}", "is no name below the root"},
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said =
			rig_parse(&tree->rig, &input_sysfs, yaml(tree, rows[i].points));

		if (said == NULL || strstr(said, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].points, said != NULL ? said : "taken");
		rig_done(&tree->rig);
		memset(&tree->rig, 0, sizeof(tree->rig));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hwmon_is_found_by_name_and_label),
		TEST(test_a_chip_may_come_and_go_under_another_number),
		TEST(test_thermal_zones_and_files),
		TEST(test_iio_is_processed_or_raw),
		TEST(test_1_wire_tells_a_wrong_checksum),
		TEST(test_a_sensor_that_takes_its_time_holds_up_nobody),
		TEST(test_closing_does_not_wait_for_a_round),
		TEST(test_a_sensor_that_never_answers_is_told),
		TEST(test_of_several_of_a_name_none_is_taken_by_chance),
		TEST(test_a_label_that_two_channels_have_is_none),
		TEST(test_a_sensor_at_fault_has_no_value),
		TEST(test_iio_finds_the_scale_that_channels_share),
		TEST(test_mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
