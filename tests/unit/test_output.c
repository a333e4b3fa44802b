/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* All outputs with buses and a clock that are the test's: what is sent, said, counted, saved.
 */
#include "daemon/output.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "daemon/config.h"
#include "daemon/config_outputs.h"

#define SECOND NSEC_PER_SEC

static const char plant[] =
	"buses: {plc: {modbus: 'tcp://192.0.2.1'}}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    points:\n"
	"      t: {holding: 1}\n"
	"      burner: {coil: 1, write: true, min_off: 30s, on_unknown: off, on_stop: off}\n"
	"      siren: {coil: 2, write: true, max_on: 3m, on_start: off}\n"
	"      lamp: {coil: 4, write: true}\n"
	"      level: {holding: 3, write: true, range: [0, 10], max_changes: 2/h}\n"
	"rules:\n"
	"  cold: {when: a.t < 10, on_fire: [{write: {a.burner: on}}],\n"
	"         on_clear: [{write: {a.burner: off}}]}\n"
	"  hot: {when: a.t > 90, severity: critical, on_fire: [{write: {a.burner: off}}]}\n"
	"  wail: {when: a.t > 99, on_fire: [{write: {a.siren: on}}]}\n";

/* A write that the bus has been given, and has not ended. */
struct sent {
	uint32_t point;
	struct value value;
	write_done *done;
	void *arg;
};

struct rig {
	struct config *config;
	struct outputs *outputs;
	struct outputs_host host;
	struct boot now, alarm;
	struct sent sent[16];
	size_t sent_count;
	int refuse; /* what the bus answers: 0 or -errno */
	bool undecided;
	const char *fires;
	unsigned changed, done;
	enum write_outcome outcome;
};

static int rig_write(void *arg, uint32_t point, struct value value, write_done *done,
		     void *done_arg, struct error *err)
{
	struct rig *rig = arg;

	if (rig->refuse != 0)
		return error_set(err, -rig->refuse, "the bus is away");
	assert_true(rig->sent_count < 16);
	rig->sent[rig->sent_count++] = (struct sent){point, value, done, done_arg};
	return 0;
}

static void rig_alarm(void *arg, struct boot deadline)
{
	((struct rig *)arg)->alarm = deadline;
}

static struct boot rig_now(void *arg)
{
	return ((struct rig *)arg)->now;
}

static bool rig_decided(void *arg, uint32_t rule)
{
	const struct rig *rig = arg;
	(void)rule;
	return !rig->undecided;
}

static bool rig_fires(void *arg, const char *rule)
{
	const struct rig *rig = arg;

	return rig->fires != NULL && strcmp(rig->fires, rule) == 0;
}

static void rig_changed(void *arg)
{
	((struct rig *)arg)->changed++;
}

static void rig_done(void *arg, const struct write_result *result)
{
	struct rig *rig = arg;

	rig->done++;
	rig->outcome = result->outcome;
}

static struct config *load_said(const char *yaml, struct str *said)
{
	char path[] = "test_output.XXXXXX";
	int fd = mkstemp(path);
	struct diags *diags = diags_new(10);
	struct config *config;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
	close(fd);
	config = config_load(path, false, diags);
	unlink(path);
	diags_render(diags, said);
	diags_free(diags);
	return config;
}

static struct config *load(const char *yaml)
{
	struct config *config;
	struct str said;

	str_init(&said);
	config = load_said(yaml, &said);
	if (config == NULL || said.len > 0)
		fail_msg("%s", said.s);
	str_done(&said);
	return config;
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->host = (struct outputs_host){rig_write,   rig_alarm, rig_now,
					  rig_decided, rig_fires, rig};
	rig->now.ns = 5000 * SECOND;
	rig->alarm = BOOT_NEVER;
	rig->config = load(plant);
	rig->outputs = outputs_new(rig->config, &rig->host);
	outputs_on_change(rig->outputs, rig_changed, rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	outputs_free(rig->outputs);
	config_unref(rig->config);
	free(rig);
	return 0;
}

static uint32_t point(const struct rig *rig, const char *name)
{
	return point_table_find(rig->config->points, name, strlen(name));
}

static int fire(struct rig *rig, enum event_type type, const char *rule, const char *name,
		struct value value)
{
	const struct event event = {.type = type, .rule_name = rule};
	struct error err;

	return outputs_rule_writes(rig->outputs, point(rig, name), value, &event, &err);
}

/* The oldest write that is open is of that, and ends so. */
static void expect(struct rig *rig, const char *name, struct value value,
		   enum write_outcome outcome)
{
	const struct write_result result = {.outcome = outcome, .text = "so"};
	struct sent sent = rig->sent[0];

	assert_true(rig->sent_count > 0);
	memmove(&rig->sent[0], &rig->sent[1], --rig->sent_count * sizeof(rig->sent[0]));
	assert_int_equal(sent.point, point(rig, name));
	assert_true(value_equal(sent.value, value));
	sent.done(sent.arg, &result);
}

static void wait(struct rig *rig, int64_t seconds)
{
	rig->now.ns += seconds * SECOND;
	if (rig->alarm.ns <= rig->now.ns)
		outputs_due(rig->outputs);
}

static struct output_counters counted(const struct rig *rig)
{
	struct output_counters counters;

	outputs_count(rig->outputs, &counters);
	return counters;
}

static struct outlet_report reported(const struct rig *rig, const char *name)
{
	struct outlet_report report;
	uint32_t number;

	for (size_t i = 0; i < outputs_number(rig->outputs); i++) {
		outputs_report(rig->outputs, i, &number, &report);
		if (number == point(rig, name))
			return report;
	}
	fail_msg("there is no output %s", name);
	return report;
}

static void start(struct rig *rig)
{
	outputs_start(rig->outputs);
	expect(rig, "a.siren", value_bool(false), WRITE_DONE);
}

static void test_the_configuration_knows_who_writes_what(void **state)
{
	struct rig *rig = *state;
	const struct config_output *output =
		config_output_of(rig->config, point(rig, "a.burner"));

	assert_int_equal(rig->config->output_count, 4);
	assert_int_equal(output->rule_count, 2);
	assert_string_equal(output->rules[0].name, "cold");
	assert_string_equal(output->rules[1].who, "rule hot");
	assert_null(config_output_of(rig->config, point(rig, "a.t")));
}

static void test_rules_that_contradict_each_other_are_told(void **state)
{
	static const struct {
		const char *first, *second;
		bool told;
	} rows[] = {
		{"when: a.t > 10", "when: a.t > 20", true},
		{"when: a.t > 10", "when: a.t > 20, severity: info", false},
		{"when: a.t > 10, priority: 1", "when: a.t > 20", false},
		{"when: a.t > 10", "when: a.t < 5", false},
		{"when: a.t > 10", "when: a.t < 5, clear: a.t > 15", true},
		{"when: a.t > 10", "when: a.t < 5, clear: a.t > 8", false},
		{"when: a.t > 10 and age(a.t) < 5s", "when: not (a.t > 10)", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config;
		struct str said;
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "buses: {plc: {modbus: 'tcp://192.0.2.1'}}\n"
			 "devices: {a: {bus: plc, points: {t: {holding: 1},\n"
			 "  pump: {coil: 1, write: true}}}}\n"
			 "rules:\n"
			 "  x: {%s, on_fire: [{write: {a.pump: on}}]}\n"
			 "  y: {%s, on_fire: [{write: {a.pump: off}}]}\n",
			 rows[i].first, rows[i].second);
		str_init(&said);
		config = load_said(yaml, &said);
		assert_non_null(config);
		if ((said.len > 0) != rows[i].told)
			fail_msg("%s | %s: %s", rows[i].first, rows[i].second,
				 said.len > 0 ? said.s : "nothing");
		config_unref(config);
		str_done(&said);
	}
}

static void test_on_start_comes_first_and_is_tried_until_it_is_there(void **state)
{
	struct rig *rig = *state;

	rig->refuse = -ENOTCONN;
	outputs_start(rig->outputs);
	assert_int_equal(rig->sent_count, 0);
	assert_int_equal(fire(rig, EVENT_FIRE, "wail", "a.siren", value_bool(true)), -EPERM);
	assert_int_equal(rig->alarm.ns, rig->now.ns + SECOND);
	wait(rig, 1);
	rig->refuse = 0;
	wait(rig, 2);
	expect(rig, "a.siren", value_bool(false), WRITE_REFUSED);
	wait(rig, 4);
	expect(rig, "a.siren", value_bool(false), WRITE_DONE);
	expect(rig, "a.siren", value_bool(true), WRITE_DONE);
	assert_int_equal(counted(rig).retried, 3);
	assert_int_equal(counted(rig).done, 2);
}

static void test_a_write_that_waits_goes_when_the_alarm_rings(void **state)
{
	struct rig *rig = *state;

	start(rig);
	assert_int_equal(fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true)), 0);
	assert_int_equal(rig->sent_count, 0);
	assert_int_equal(counted(rig).delayed, 1);
	assert_true(reported(rig, "a.burner").waits);
	assert_int_equal(rig->alarm.ns, rig->now.ns + 30 * SECOND);
	wait(rig, 29);
	assert_int_equal(rig->sent_count, 0);
	wait(rig, 1);
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	assert_string_equal(reported(rig, "a.burner").set_by, "rule cold");
	outputs_rule_ends(rig->outputs, point(rig, "a.burner"), "cold");
	assert_null(reported(rig, "a.burner").holder);
}

static void test_fault_B13_what_may_not_be_written_is_refused(void **state)
{
	struct rig *rig = *state;
	struct error err;

	start(rig);
	assert_int_equal(outputs_operator_writes(rig->outputs, point(rig, "a.t"),
						 value_number(1), "uid 0", 0, NULL, NULL, &err),
			 -EACCES);
	assert_int_equal(outputs_operator_writes(rig->outputs, point(rig, "a.level"),
						 value_number(11), "uid 0", 0, NULL, NULL,
						 &err),
			 -ERANGE);
	assert_int_equal(outputs_operator_writes(rig->outputs, point(rig, "a.level"),
						 value_bool(true), "uid 0", 0, NULL, NULL,
						 &err),
			 -EINVAL);
	assert_int_equal(rig->sent_count, 0);
	assert_int_equal(counted(rig).refused, 3);
}

static void test_changes_that_are_too_many_are_refused_and_counted(void **state)
{
	struct rig *rig = *state;
	struct error err;

	start(rig);
	for (int i = 1; i <= 3; i++) {
		int rc = outputs_operator_writes(rig->outputs, point(rig, "a.level"),
						 value_number(i), "uid 0", 0, rig_done, rig,
						 &err);

		assert_int_equal(rc, i < 3 ? 0 : -EAGAIN);
		if (i < 3)
			expect(rig, "a.level", value_number(i), WRITE_DONE);
	}
	assert_non_null(strstr(err.text, "as often as max_changes allows, for another 1h"));
	assert_int_equal(rig->done, 2);
	assert_int_equal(counted(rig).refused, 1);
	assert_int_equal(reported(rig, "a.level").changes_left, 0);
	/* What was refused is not held. */
	assert_null(reported(rig, "a.level").holder);
}

static void test_a_person_is_told_what_waits(void **state)
{
	struct rig *rig = *state;
	struct error err;

	start(rig);
	assert_int_equal(outputs_operator_writes(rig->outputs, point(rig, "a.burner"),
						 value_bool(true), "uid 0", 60 * SECOND,
						 rig_done, rig, &err),
			 1);
	assert_non_null(strstr(err.text, "less than min_off, for another 30s"));
	wait(rig, 30);
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	assert_int_equal(rig->done, 0);
	wait(rig, 30);
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
}

static void test_rules_of_lower_rank_are_held_back_and_counted(void **state)
{
	struct rig *rig = *state;

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "hot", "a.burner", value_bool(false));
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
	assert_int_equal(fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true)), -EPERM);
	assert_int_equal(counted(rig).held, 1);
	assert_string_equal(reported(rig, "a.burner").holder, "rule hot");
	outputs_rule_ends(rig->outputs, point(rig, "a.burner"), "hot");
	/* Nobody knew that it was off before: min_off runs from the write. */
	assert_int_equal(rig->sent_count, 0);
	wait(rig, 30);
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
}

static void test_undecided_rules_bring_on_unknown(void **state)
{
	struct rig *rig = *state;

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true));
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	rig->undecided = true;
	outputs_look(rig->outputs);
	assert_int_equal(rig->alarm.ns, rig->now.ns + 5 * SECOND);
	wait(rig, 5);
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
	assert_string_equal(reported(rig, "a.burner").layer, "unknown");
	rig->undecided = false;
	outputs_look(rig->outputs);
	wait(rig, 30);
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
}

static void test_what_others_switch_is_saved_where_times_run(void **state)
{
	struct rig *rig = *state;
	struct reading reading = {.value = value_bool(true)};

	start(rig);
	wait(rig, 100);
	rig->changed = 0;
	for (int i = 0; i < 10; i++) {
		reading.at = rig->now;
		reading.point = point(rig, "a.lamp");
		reading.value.flag = !reading.value.flag;
		outputs_saw(rig->outputs, &reading);
	}
	assert_int_equal(rig->changed, 0);
	reading.point = point(rig, "a.siren");
	reading.value.flag = true;
	outputs_saw(rig->outputs, &reading);
	assert_int_equal(rig->changed, 1);
	/* max_on holds for them as well. */
	wait(rig, 180);
	expect(rig, "a.siren", value_bool(false), WRITE_DONE);
}

static void test_fault_E2_stopping_writes_on_stop_and_nothing_more(void **state)
{
	struct rig *rig = *state;

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true));
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	outputs_stop(rig->outputs);
	assert_int_equal(outputs_open(rig->outputs), 1);
	assert_true(fire(rig, EVENT_FIRE, "wail", "a.siren", value_bool(true)) < 0);
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
	assert_int_equal(outputs_open(rig->outputs), 0);
	assert_int_equal(rig->sent_count, 0);
}

static void test_a_reload_keeps_open_writes_and_holders(void **state)
{
	struct rig *rig = *state;
	struct config *next = load(plant);

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true));
	outputs_adopt(rig->outputs, next);
	config_unref(rig->config);
	rig->config = next;
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	rig->fires = "cold";
	outputs_settle(rig->outputs);
	assert_int_equal(rig->sent_count, 0);
	assert_string_equal(reported(rig, "a.burner").holder, "rule cold");
}

static void test_a_rule_that_fires_no_more_after_a_reload_lets_go(void **state)
{
	struct rig *rig = *state;
	struct config *next = load(plant);

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true));
	expect(rig, "a.burner", value_bool(true), WRITE_DONE);
	outputs_adopt(rig->outputs, next);
	config_unref(rig->config);
	rig->config = next;
	outputs_settle(rig->outputs);
	assert_null(reported(rig, "a.burner").holder);
	assert_true(value_equal(reported(rig, "a.burner").wanted, value_bool(true)));
	assert_int_equal(rig->sent_count, 0);
}

static void test_an_output_that_a_reload_takes_away_forgets_its_writes(void **state)
{
	struct rig *rig = *state;
	struct config *next = load("buses: {plc: {modbus: 'tcp://192.0.2.1'}}\n"
				   "devices: {a: {bus: plc, points: {t: {holding: 1}}}}\n");
	struct sent sent;

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "cold", "a.burner", value_bool(true));
	sent = rig->sent[0];
	outputs_adopt(rig->outputs, next);
	config_unref(rig->config);
	rig->config = next;
	sent.done(sent.arg, &(struct write_result){.outcome = WRITE_DONE, .text = ""});
	assert_int_equal(outputs_number(rig->outputs), 0);
	assert_int_equal(counted(rig).done, 2);
}

/* ---- over a restart ---------------------------------------------------------------------- */

static void save(struct rig *rig, struct str *bytes)
{
	str_init(bytes);
	outputs_save(rig->outputs, rig->now, bytes);
	outputs_free(rig->outputs);
	rig->sent_count = 0;
	rig->alarm = BOOT_NEVER;
	rig->now.ns = 3 * SECOND;
	rig->outputs = outputs_new(rig->config, &rig->host);
}

static void test_fault_E1_limits_and_holders_outlive_a_kill(void **state)
{
	struct rig *rig = *state;
	struct str bytes;

	start(rig);
	wait(rig, 100);
	fire(rig, EVENT_FIRE, "wail", "a.siren", value_bool(true));
	expect(rig, "a.siren", value_bool(true), WRITE_DONE);
	fire(rig, EVENT_FIRE, "hot", "a.burner", value_bool(false));
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
	assert_true(rig->changed > 0);
	save(rig, &bytes);
	rig->fires = "hot";
	assert_int_equal(
		outputs_restore(rig->outputs, bytes.s, bytes.len, rig->now, 20 * SECOND), 4);
	str_done(&bytes);
	assert_string_equal(reported(rig, "a.burner").holder, "rule hot");
	assert_null(reported(rig, "a.siren").set_by == NULL ? "" : NULL);
	outputs_start(rig->outputs);
	expect(rig, "a.siren", value_bool(false), WRITE_DONE); /* on_start */
	/* wail fires no more, but nobody said that the siren is to go off. */
	expect(rig, "a.siren", value_bool(true), WRITE_DONE);
}

static void test_what_is_forgotten_goes_off_where_max_on_is(void **state)
{
	struct rig *rig = *state;
	struct str bytes;

	start(rig);
	save(rig, &bytes);
	bytes.s[30] ^= 1; /* the record of the burner, which has no max_on */
	outputs_restore(rig->outputs, bytes.s, bytes.len, rig->now, 0);
	outputs_forgotten(rig->outputs);
	assert_string_equal(reported(rig, "a.siren").holder, "on_start");
	str_done(&bytes);

	save(rig, &bytes);
	outputs_forgotten(rig->outputs);
	assert_string_equal(reported(rig, "a.siren").holder, "max_on");
	outputs_start(rig->outputs);
	expect(rig, "a.siren", value_bool(false), WRITE_DONE);
	assert_int_equal(rig->sent_count, 0);
	str_done(&bytes);
}

static void test_corrupt_records_are_counted_and_the_others_restored(void **state)
{
	struct rig *rig = *state;
	struct str bytes;

	start(rig);
	save(rig, &bytes);
	bytes.s[30] ^= 1;
	assert_int_equal(outputs_restore(rig->outputs, bytes.s, bytes.len, rig->now, 0), 3);
	assert_int_equal(counted(rig).corrupt, 1);
	assert_int_equal(outputs_restore(rig->outputs, "gov1", 4, rig->now, 0), 3);
	assert_int_equal(outputs_restore(rig->outputs, NULL, 0, rig->now, 0), 3);
	str_done(&bytes);
}

static void test_no_byte_of_a_save_can_be_wrong(void **state)
{
	struct rig *rig = *state;
	struct str bytes;

	start(rig);
	fire(rig, EVENT_FIRE, "hot", "a.burner", value_bool(false));
	expect(rig, "a.burner", value_bool(false), WRITE_DONE);
	save(rig, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		uint64_t before = counted(rig).corrupt;

		bytes.s[i] ^= 0x10;
		outputs_restore(rig->outputs, bytes.s, bytes.len, rig->now, 0);
		assert_true(counted(rig).corrupt > before);
		bytes.s[i] ^= 0x10;
	}
	str_done(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_configuration_knows_who_writes_what),
		TEST(test_rules_that_contradict_each_other_are_told),
		TEST(test_on_start_comes_first_and_is_tried_until_it_is_there),
		TEST(test_a_write_that_waits_goes_when_the_alarm_rings),
		TEST(test_fault_B13_what_may_not_be_written_is_refused),
		TEST(test_changes_that_are_too_many_are_refused_and_counted),
		TEST(test_a_person_is_told_what_waits),
		TEST(test_rules_of_lower_rank_are_held_back_and_counted),
		TEST(test_undecided_rules_bring_on_unknown),
		TEST(test_what_others_switch_is_saved_where_times_run),
		TEST(test_fault_E2_stopping_writes_on_stop_and_nothing_more),
		TEST(test_a_reload_keeps_open_writes_and_holders),
		TEST(test_a_rule_that_fires_no_more_after_a_reload_lets_go),
		TEST(test_an_output_that_a_reload_takes_away_forgets_its_writes),
		TEST(test_fault_E1_limits_and_holders_outlive_a_kill),
		TEST(test_what_is_forgotten_goes_off_where_max_on_is),
		TEST(test_corrupt_records_are_counted_and_the_others_restored),
		TEST(test_no_byte_of_a_save_can_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
