/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests recordings that are played as a live input. */
#include "inputs/playback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "input_rig.h"
#include "io/loop.h"
#include "pty.h"

struct player {
	struct loop *loop;
	struct input_rig rig;
	char folder[128], path[160], yaml[600];
};

static void player_write(struct player *player, const char *text, size_t len)
{
	FILE *file = fopen(player->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* text NULL: there is no file yet. */
static void player_init(struct player *player, const char *text, const char *options)
{
	*player = (struct player){.loop = loop_new(NULL)};
	pty_folder_make(player->folder, sizeof(player->folder));
	snprintf(player->path, sizeof(player->path), "%s/recording", player->folder);
	if (text != NULL)
		player_write(player, text, strlen(text));
	snprintf(player->yaml, sizeof(player->yaml),
		 "bus: {playback: %s%s}\n"
		 "devices:\n"
		 "  boiler: {points: {temp: {unit: degC, range: [-40, 400]}, on: {type: bool}, "
		 "mode: {type: text}}}\n"
		 "  tank: {points: {level: }}\n",
		 player->path, options);
	rig_open(&player->rig, &input_playback, player->yaml, player->loop);
	player->rig.keep_log = 1;
}

static void player_done(struct player *player)
{
	rig_done(&player->rig);
	loop_free(player->loop);
	pty_folder_remove(player->folder);
}

static void player_wait(struct player *player, const char *counter, uint64_t want)
{
	for (int i = 0; i < 20000 && rig_counter(&player->rig, -1, counter) < want; i++)
		pty_idle(player->loop, 1);
	assert_true(rig_counter(&player->rig, -1, counter) >= want);
}

static const char short_recording[] = "# gauged recording 1\n"
				      "0.000 boiler.temp 81.3\n"
				      "0.010 boiler.on true\n"
				      "0.020 boiler.mode \"auto\"\n"
				      "0.030 boiler.temp bad:timeout\n"
				      "0.040 tank.level 500\n";

static void test_a_recording_is_played_to_its_end(void **state)
{
	struct player player;

	player_init(&player, short_recording, "");
	player_wait(&player, "rounds", 1);
	assert_string_equal(player.rig.log.s, "boiler.temp 81.3\n"
					      "boiler.on true\n"
					      "boiler.mode \"auto\"\n"
					      "boiler.temp bad:timeout\n"
					      "tank.level 500\n"
					      "boiler.temp bad:offline\n"
					      "boiler.on bad:offline\n"
					      "boiler.mode bad:offline\n"
					      "tank.level bad:offline\n");
	assert_string_equal(rig_state(&player.rig, -1), "ended");
	assert_string_equal(rig_state(&player.rig, 0), "offline");
	pty_idle(player.loop, 20);
	assert_int_equal(player.rig.all, 9);
	player_done(&player);
}

static void test_lines_come_no_earlier_than_they_are_due(void **state)
{
	struct mono start = clock_mono();
	struct player player;

	player_init(&player, "0 tank.level 1\n0.4 tank.level 2\n", ", speed: 2");
	pty_wait(player.loop, &player.rig.good, 1);
	assert_string_equal(rig_last(&player.rig, "tank.level"), "1");
	pty_wait(player.loop, &player.rig.good, 2);
	assert_true(mono_diff(clock_mono(), start) >= 200 * NSEC_PER_MSEC);
	player_done(&player);
}

static void test_with_loop_it_starts_again_and_stays_good(void **state)
{
	struct player player;

	player_init(&player, short_recording, ", loop: true, speed: 100");
	player_wait(&player, "rounds", 3);
	assert_int_equal(player.rig.bad, player.rig.counts[0] / 2);
	assert_true(player.rig.counts[0] >= 6);
	player_done(&player);
}

static void test_an_empty_recording_in_a_loop_does_not_spin(void **state)
{
	struct player player;

	player_init(&player, "", ", loop: true");
	pty_idle(player.loop, 350);
	assert_true(rig_counter(&player.rig, -1, "rounds") <= 4);
	player_done(&player);
}

static void test_malformed_lines_are_counted_and_told_with_their_number(void **state)
{
	char said[4096] = {0}, expected[300];
	struct player player;
	int log[2];

	assert_int_equal(pipe(log), 0);
	log_init(log[1], LOG_LEVEL_INFO);
	player_init(&player,
		    "0 tank.level 1\n"
		    "\n"
		    "0 tank.level x\n"
		    "0.002 tank.level 2\n"
		    "0.001 tank.level 3\n"
		    "0.003 other.point 4\n"
		    "0.003 boiler.mode 5\n"
		    "0.003 boiler.temp 500\n"
		    "0.004 tank.level 6",
		    "");
	player_wait(&player, "rounds", 1);
	assert_int_equal(rig_counter(&player.rig, -1, "lines_malformed"), 2);
	assert_int_equal(rig_counter(&player.rig, -1, "lines_unknown"), 1);
	assert_int_equal(strncmp(player.rig.log.s,
				 "tank.level 1\n"
				 "tank.level 2\n"
				 "boiler.mode bad:parse\n"
				 "boiler.temp bad:range\n"
				 "tank.level 6\n",
				 80),
			 0);
	assert_true(read(log[0], said, sizeof(said) - 1) > 0);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	snprintf(expected, sizeof(expected),
		 "bus line: %s:3: expected a number, true, false, \"text\" or bad:reason, got "
		 "'x', line skipped",
		 player.path);
	assert_non_null(strstr(said, expected));
	close(log[0]);
	close(log[1]);
	player_done(&player);
}

static void test_a_line_without_end_is_skipped(void **state)
{
	struct player player;
	char *text = malloc(1000000);

	memset(text, 'x', 1000000);
	memcpy(text, "0 tank.level 1\n", 15);
	memcpy(text + 1000000 - 17, "\n0 tank.level 2\n\n", 17);
	player_init(&player, NULL, "");
	player_write(&player, text, 1000000);
	player_wait(&player, "rounds", 1);
	assert_int_equal(rig_counter(&player.rig, -1, "lines_malformed"), 1);
	assert_int_equal(player.rig.good, 2);
	free(text);
	player_done(&player);
}

static void test_a_long_recording_leaves_the_loop_to_others(void **state)
{
	struct loop_report before, after;
	struct player player;
	struct str text;

	str_init(&text);
	for (int i = 0; i < 20000; i++)
		str_addf(&text, "0 tank.level %d\n", i);
	player_init(&player, text.s, "");
	loop_report(player.loop, &before);
	player_wait(&player, "rounds", 1);
	loop_report(player.loop, &after);
	assert_int_equal(player.rig.good, 20000);
	/* At most 256 readings a turn. */
	assert_true(after.turns - before.turns >= 20000 / 256);
	str_done(&text);
	player_done(&player);
}

static void test_what_cannot_be_read_is_told(void **state)
{
	struct player player;

	player_init(&player, NULL, "");
	pty_wait(player.loop, &player.rig.bad, 4);
	assert_string_equal(rig_state(&player.rig, -1), "backoff");
	player_done(&player);
	/* A pipe that nobody writes to holds nobody up. */
	player_init(&player, NULL, "");
	assert_int_equal(mkfifo(player.path, 0600), 0);
	pty_wait(player.loop, &player.rig.bad, 4);
	assert_string_equal(rig_state(&player.rig, -1), "backoff");
	player_done(&player);
}

static void test_closed_at_any_moment_the_reader_ends(void **state)
{
	struct str text;

	str_init(&text);
	for (int i = 0; i < 20000; i++)
		str_addf(&text, "%d tank.level %d\n", i, i);
	for (int turns = 0; turns < 30; turns++) {
		struct player player;

		player_init(&player, text.s, "");
		for (int i = 0; i < turns; i++)
			loop_turn(player.loop);
		player_done(&player);
	}
	str_done(&text);
}

static void test_a_configuration_that_is_wrong_is_told(void **state)
{
	struct input_rig rig;

	assert_string_equal(
		rig_parse(
			&rig, &input_playback,
			"bus: {playback: x, sped: 2}\n"
			"devices: {a: {points: {b: {type: bool, unit: K}, c-: {unit: xyzzy}}}}\n"),
		"test.yaml:1:20: error: unknown option 'sped' in bus 'line'\n"
		"    1 | bus: {playback: x, sped: 2}\n"
		"      |                    ^~~~\n"
		"      = hint: did you mean 'speed'?\n"
		"      = see: gauged.yaml(5)\n");
	rig_done(&rig);
	assert_string_equal(
		rig_parse(
			&rig, &input_playback,
			"bus: {playback: x}\n"
			"devices: {a: {points: {b: {type: bool, unit: K}, c-: {unit: xyzzy}}}}\n"),
		"test.yaml:2:40: error: unit is for numbers; the point is of type bool\n"
		"    2 | devices: {a: {points: {b: {type: bool, unit: K}, c-: {unit: xyzzy}}}}\n"
		"      |                                        ^~~~\n"
		"test.yaml:2:61: error: 'xyzzy' is no unit of measurement\n"
		"    2 | devices: {a: {points: {b: {type: bool, unit: K}, c-: {unit: xyzzy}}}}\n"
		"      |                                                             ^~~~~\n");
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recording_is_played_to_its_end),
		cmocka_unit_test(test_lines_come_no_earlier_than_they_are_due),
		cmocka_unit_test(test_with_loop_it_starts_again_and_stays_good),
		cmocka_unit_test(test_an_empty_recording_in_a_loop_does_not_spin),
		cmocka_unit_test(test_malformed_lines_are_counted_and_told_with_their_number),
		cmocka_unit_test(test_a_line_without_end_is_skipped),
		cmocka_unit_test(test_a_long_recording_leaves_the_loop_to_others),
		cmocka_unit_test(test_what_cannot_be_read_is_told),
		cmocka_unit_test(test_closed_at_any_moment_the_reader_ends),
		cmocka_unit_test(test_a_configuration_that_is_wrong_is_told),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
