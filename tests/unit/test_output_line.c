/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests outputs that are lines of text: what is refused before it is kept, and who reads them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "daemon/config.h"
#include "daemon/output.h"
#include "model/event.h"
#include "model/point.h"

#define PANEL                                                                        \
	"buses: {plc: {modbus: 'tcp://127.0.0.1:1'}, panel: {serial: /dev/ttyS7}}\n" \
	"devices:\n"                                                                 \
	"  a: {bus: plc, points: {t: {holding: 1}}}\n"                               \
	"  p: {bus: panel, commands: {show: {max_changes: 3/h}}}\n"                  \
	"rules:\n"

struct rig {
	struct outputs *outputs;
	struct str sent;
	struct boot now;
	write_done *done;
	void *done_arg;
};

static int rig_write(void *arg, uint32_t point, struct value value, write_done *done,
		     void *done_arg, struct error *err)
{
	struct rig *rig = arg;

	(void)point;
	(void)err;
	value_show(value, &rig->sent);
	rig->done = done;
	rig->done_arg = done_arg;
	return 0;
}

static void rig_alarm(void *arg, struct boot deadline)
{
	(void)arg;
	(void)deadline;
}

static struct boot rig_now(void *arg)
{
	return ((struct rig *)arg)->now;
}

static bool rig_decided(void *arg, uint32_t rule)
{
	(void)arg;
	(void)rule;
	return true;
}

static bool rig_fires(void *arg, const char *rule)
{
	(void)arg;
	(void)rule;
	return false;
}

static struct config *load(const char *yaml, struct str *said)
{
	char path[] = "test_output_line.XXXXXX";
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

/* What is sent, and the outcome for the rule. */
static int fires(struct rig *rig, const struct config *config, const char *rule,
		 const char *text, struct error *err)
{
	const struct event event = {.type = EVENT_FIRE, .rule_name = rule};
	const struct write_result done = {.outcome = WRITE_DONE, .text = ""};
	int rc;

	rig->done = NULL;
	str_clear(&rig->sent);
	rc = outputs_rule_writes(rig->outputs, point_table_find(config->points, "p.show", 6),
				 value_text(text), &event, err);
	if (rig->done != NULL)
		rig->done(rig->done_arg, &done);
	return rc;
}

static void test_fault_C13_a_text_that_is_no_line_is_never_kept(void **state)
{
	struct rig rig = {.now = {5000000000000}};
	const struct outputs_host host = {rig_write,   rig_alarm, rig_now,
					  rig_decided, rig_fires, &rig};
	struct output_counters counters;
	struct outlet_report report;
	struct config *config;
	struct str said;
	struct error err;
	uint32_t point;
	char text[300];

	(void)state;
	str_init(&said);
	str_init(&rig.sent);
	config = load(PANEL
		      "  hot: {when: a.t > 1, on_fire: [{write: {p.show: 'T ${rule}'}}]}\n",
		      &said);
	assert_non_null(config);
	assert_int_equal(said.len, 0);
	rig.outputs = outputs_new(config, &host);
	outputs_start(rig.outputs);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(fires(&rig, config, "hot", "A\nRESET", &err), -EINVAL);
	assert_string_equal(err.text, "p.show: byte 2 of its line is a control character");
	assert_int_equal(fires(&rig, config, "hot", text, &err), -EINVAL);
	assert_string_equal(err.text, "p.show takes texts of at most 255 bytes");
	outputs_count(rig.outputs, &counters);
	assert_int_equal(counters.refused, 2);
	outputs_report(rig.outputs, 0, &point, &report);
	assert_null(report.layer);
	assert_null(rig.done);
	/* The same text is another command; max_changes counts each. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fires(&rig, config, "hot", "GO", &err), 0);
		assert_string_equal(rig.sent.s, "\"GO\"");
	}
	assert_int_equal(fires(&rig, config, "hot", "ON", &err), 0);
	assert_int_equal(fires(&rig, config, "hot", "UP", &err), -EAGAIN);
	assert_non_null(strstr(err.text, "max_changes"));
	outputs_free(rig.outputs);
	config_unref(config);
	str_done(&rig.sent);
	str_done(&said);
}

static void test_what_is_only_written_is_read_by_no_rule(void **state)
{
	static const char *const rules[] = {
		"  r: {when: p.show == 'A'}\n",
		"  r: {when: known(p.show)}\n",
		"  r: {when: a.t > 1 and age(p.show) > 5s}\n",
		"  r: {when: a.t > 1, message: '${p.show}'}\n",
		"  r: {on: changed(p.show)}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct config *config;
		char yaml[1024];
		struct str said;

		str_init(&said);
		snprintf(yaml, sizeof(yaml), "%s%s", PANEL, rules[i]);
		config = load(yaml, &said);
		assert_null(config);
		if (strstr(said.s, "'p.show' is written and never read: it has no value") ==
		    NULL)
			fail_msg("%s", said.s);
		str_done(&said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_C13_a_text_that_is_no_line_is_never_kept),
		cmocka_unit_test(test_what_is_only_written_is_read_by_no_rule),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
