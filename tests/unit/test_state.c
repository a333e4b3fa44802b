/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What of the queues is in the store when the program is killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "actions/outbox.h"
#include "base/error.h"
#include "base/str.h"
#include "daemon/boxes.h"
#include "daemon/state.h"
#include "io/loop.h"

struct life {
	struct loop *loop;
	struct state *state;
	struct outbox *outbox;
};

static void life_begin(struct life *life, const char *directory)
{
	const struct state_config config = {
		.directory = directory, .max_bytes = 64 << 20, .boot_id = "b"};
	const struct state_host host = {0};
	struct error err = {0};

	life->loop = loop_new(NULL);
	life->state = state_open(life->loop, &config, &host, &err);
	assert_string_equal(err.text, "");
	assert_non_null(life->state);
	life->outbox = boxes_get(state_boxes(life->state), "a");
}

static void life_end(struct life *life)
{
	state_free(life->state);
	loop_free(life->loop);
}

static int life_add(const struct life *life, size_t body_len)
{
	static char body[OUTBOX_BODY_MAX + 1];
	const struct outbox_message message = {
		.what = "w", .url = "u", .headers = "", .body = body, .body_len = body_len};
	struct outbox_identity identity;

	outbox_identify(life->outbox, &identity);
	return outbox_add(life->outbox, &identity, &message, clock_boot());
}

/* What waits is in the store, with all that is saved along with it. */
static void life_commit(const struct life *life)
{
	while (state_pending(life->state) > 0)
		loop_turn(life->loop);
}

/* Runs one that ends as by SIGKILL. */
static void kill_after(void (*what)(const struct life *life), const char *directory)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct life life;

		life_begin(&life, directory);
		what(&life);
		life_commit(&life);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void lose_one(const struct life *life)
{
	if (life_add(life, OUTBOX_BODY_MAX + 1) == 0 || life_add(life, 10) != 0)
		_exit(1);
}

static void tell_it(const struct life *life)
{
	struct outbox_gap gap;

	if (!outbox_gap(life->outbox, &gap) || life_add(life, 10) != 0)
		_exit(1);
	outbox_gap_told(life->outbox);
}

static void test_what_was_lost_without_an_event_outlives_a_kill(void **state)
{
	char directory[] = "/tmp/gauged-state-XXXXXX", command[64];
	struct outbox_gap gap;
	struct life life;

	(void)state;
	assert_non_null(mkdtemp(directory));
	kill_after(lose_one, directory);
	life_begin(&life, directory);
	assert_true(outbox_gap(life.outbox, &gap));
	assert_int_equal(gap.count, 1);
	assert_int_equal(gap.first, 1);
	life_end(&life);
	/* And is told once. */
	kill_after(tell_it, directory);
	life_begin(&life, directory);
	assert_false(outbox_gap(life.outbox, &gap));
	life_end(&life);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

struct late {
	int count;
	char key[32], bytes[32];
};

static void note_late(void *arg, const char *key, const void *bytes, size_t len,
		      int64_t outage_ns)
{
	struct late *late = arg;

	(void)outage_ns;
	late->count++;
	snprintf(late->key, sizeof(late->key), "%s", key);
	snprintf(late->bytes, sizeof(late->bytes), "%.*s", (int)len, (const char *)bytes);
}

static void save_total(void *arg, struct boot now, struct str *out)
{
	(void)now;
	(void)out;
	state_put(arg, "total:d.flow", "17", 2);
}

static void keep_total(const struct life *life)
{
	struct state_part part = {.key = "totals", .save = save_total, .arg = life->state};
	struct outbox_gap gap;

	state_add(life->state, &part);
	state_changed(life->state, true);
	/* A message goes with it, and the number of that was used once the store has both. */
	if (life_add(life, 10) != 0 || outbox_gap(life->outbox, &gap))
		_exit(1);
	life_commit(life);
}

/* A folder that others may write to is trouble, until they may not. */
static void test_what_a_store_has_that_opens_late_is_told(void **state)
{
	char directory[] = "/tmp/gauged-state-XXXXXX", command[64];
	struct late late = {0};
	const struct state_host host = {.late = note_late, .arg = &late};
	const struct state_config config = {
		.directory = directory, .max_bytes = 64 << 20, .boot_id = "b"};
	struct mono end = mono_add(clock_mono(), 60 * NSEC_PER_SEC);
	struct life life = {.loop = loop_new(NULL)};
	struct error err = {0};

	(void)state;
	assert_non_null(mkdtemp(directory));
	kill_after(keep_total, directory);
	assert_int_equal(chmod(directory, 0777), 0);
	life.state = state_open(life.loop, &config, &host, &err);
	assert_non_null(life.state);
	assert_int_equal(late.count, 0);
	assert_int_equal(chmod(directory, 0700), 0);
	while (late.count == 0 && clock_mono().ns < end.ns) {
		loop_turn(life.loop);
		usleep(1000);
	}
	assert_string_equal(late.key, "total:d.flow");
	assert_string_equal(late.bytes, "17");
	life_end(&life);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_lost_without_an_event_outlives_a_kill),
		cmocka_unit_test(test_what_a_store_has_that_opens_late_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
