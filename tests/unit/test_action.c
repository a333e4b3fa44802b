/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Lists of actions and webhooks as they are bound: what they do, and every error exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "action_bench.h"
#include "actions/action.h"
#include "actions/webhook_config.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/point_line.h"

struct rig {
	struct bench bench;
	struct action_scope scope;
	struct str written; /* by the host */
};

static const char *const webhook_names[] = {"ops", "night"};

static int set_up(void **state)
{
	static const struct point_line line = {.end = ";", .end_len = 1, .max = 40};
	static const struct point points[] = {
		{.name = "boiler.burner", .kind = VALUE_BOOL, .writable = true, .low = 1},
		{.name = "boiler.setpoint",
		 .kind = VALUE_NUMBER,
		 .writable = true,
		 .unit_text = "degC",
		 .low = 20,
		 .high = 90},
		{.name = "boiler.free", .kind = VALUE_NUMBER, .writable = true, .low = 1},
		{.name = "boiler.mode", .kind = VALUE_TEXT, .writable = true, .low = 1},
		{.name = "boiler.temp", .kind = VALUE_NUMBER, .low = 1},
		{.name = "display.show",
		 .kind = VALUE_TEXT,
		 .writable = true,
		 .low = 1,
		 .line = &line},
	};
	struct rig *rig = xcalloc(1, sizeof(*rig));
	struct point_table *table;

	bench_init(&rig->bench);
	table = point_table_new(rig->bench.arena);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		point_table_add(table, &points[i]);
	rig->scope = (struct action_scope){.points = table,
					   .webhook_count = ARRAY_SIZE(webhook_names),
					   .webhook_names = webhook_names};
	str_init(&rig->written);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	str_done(&rig->written);
	bench_done(&rig->bench);
	free(rig);
	return 0;
}

static bool parse(struct rig *rig, const char *yaml, struct action_list *ret)
{
	const struct yaml_node *map = bench_yaml(&rig->bench, yaml);

	return action_list_parse(rig->bench.arena, map->values[0], &rig->scope, ret,
				 rig->bench.diags);
}

static void refuse(struct rig *rig, const char *yaml, const char *text)
{
	struct action_list list = {.count = 77};

	assert_false(parse(rig, yaml, &list));
	assert_int_equal(list.count, 77);
	bench_expect(&rig->bench, text);
}

static void host_write(void *arg, uint32_t point, struct value value, const char *why)
{
	struct rig *rig = arg;

	str_addf(&rig->written, "%s=", point_table_get(rig->scope.points, point)->name);
	value_show(value, &rig->written);
	str_addf(&rig->written, " (%s)\n", why);
}

static struct webhook *host_webhook(void *arg, size_t index)
{
	(void)arg;
	fail_msg("webhook %zu was asked for", index);
	return NULL;
}

static void run(struct rig *rig, const struct action_list *list)
{
	struct action_host host = {host_webhook, NULL, host_write, rig};

	for (size_t i = 0; i < list->count; i++)
		list->types[i]->run(list->actions[i], &host, bench_event(), bench_stamp());
}

static void test_writes_are_asked_for_in_their_order(void **state)
{
	struct rig *rig = *state;
	struct action_list list;

	assert_true(parse(rig,
			  "do: [{write: {boiler.burner: off, boiler.setpoint: 55.5}},"
			  " {write: {boiler.mode: 'off', boiler.free: -3}}]\n",
			  &list));
	assert_int_equal(list.count, 2);
	run(rig, &list);
	assert_string_equal(rig->written.s,
			    "boiler.burner=false (rule boiler-over-temp, fire)\n"
			    "boiler.setpoint=55.5 (rule boiler-over-temp, fire)\n"
			    "boiler.mode=\"off\" (rule boiler-over-temp, fire)\n"
			    "boiler.free=-3 (rule boiler-over-temp, fire)\n");
}

static void test_texts_that_are_written_have_their_holes_filled_in(void **state)
{
	struct rig *rig = *state;
	struct action_list list;

	assert_true(
		parse(rig,
		      "do: [{write: {display.show: '$$ ${rule} ${severity|critical:!!}'}},"
		      " {write: {boiler.mode: '${state}', display.show: 'a $ b'}},"
		      " {write: {display.show: '${values.nobody.there} ${labels.none}.'}}]\n",
		      &list));
	run(rig, &list);
	assert_string_equal(
		rig->written.s,
		"display.show=\"$ boiler-over-temp !!\" (rule boiler-over-temp, fire)\n"
		"boiler.mode=\"firing\" (rule boiler-over-temp, fire)\n"
		"display.show=\"a $ b\" (rule boiler-over-temp, fire)\n"
		"display.show=\"unknown unknown.\" (rule boiler-over-temp, fire)\n");
}

/* What a line may not hold stays in it, for the output to refuse the whole. */
static void test_fault_C13_a_command_is_not_cleaned_but_left_to_be_refused(void **state)
{
	struct rig *rig = *state;
	struct action_host host = {host_webhook, NULL, host_write, rig};
	struct event event = *bench_event();
	struct action_list list;

	event.message = "A\x1b[2J";
	assert_true(parse(
		rig, "do: [{write: {display.show: '${message}', boiler.mode: '${message}'}}]\n",
		&list));
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	assert_string_equal(rig->written.s,
			    "display.show=\"A\\u001b[2J\" (rule boiler-over-temp, fire)\n"
			    "boiler.mode=\"A\xef\xbf\xbd[2J\" (rule boiler-over-temp, fire)\n");
}

static void test_a_text_that_is_written_has_an_end(void **state)
{
	struct rig *rig = *state;
	struct action_list list;
	struct str yaml;

	str_init(&yaml);
	for (int len = VALUE_TEXT_MAX; len <= VALUE_TEXT_MAX + 1; len++) {
		str_clear(&yaml);
		str_addf(&yaml, "do: [{write: {boiler.mode: '%0*d'}}]\n", len, 0);
		if (len == VALUE_TEXT_MAX) {
			assert_true(parse(rig, yaml.s, &list));
			continue;
		}
		assert_false(parse(rig, yaml.s, &list));
		assert_string_equal(diags_get(rig->bench.diags, 0)->message,
				    "a text to write has at most 255 bytes");
		assert_int_equal(diags_get(rig->bench.diags, 0)->column, 28);
	}
	str_done(&yaml);
}

static void tell_write(void *arg, const struct deed *deed)
{
	struct str *out = arg;

	value_show(deed->value, out);
	str_adds(out, deed->template != NULL ? " with holes\n" : "\n");
}

static void test_a_deed_says_how_a_text_is_written(void **state)
{
	struct rig *rig = *state;
	struct action_list list;

	assert_true(parse(rig,
			  "do: [{write: {display.show: 'A ${rule}', boiler.mode: 'off'}}]\n",
			  &list));
	list.types[0]->tell(list.actions[0], EVENT_FIRE, tell_write, &rig->written);
	assert_string_equal(rig->written.s, "\"A ${rule}\" with holes\n\"off\"\n");
}

static void test_errors_of_texts_that_are_written_are_told(void **state)
{
	refuse(*state,
	       "do:\n"
	       "- write: {display.show: 'A;B'}\n"
	       "- write: {display.show: 'A;${rule}'}\n"
	       "- write: {display.show: '${secret:x}'}\n"
	       "- write: {display.show: '${ruel}'}\n",
	       "t.yaml:2:25: error: 'display.show' does not take this text: what ends a line of "
	       "the bus stands in the text itself\n"
	       "    2 | - write: {display.show: 'A;B'}\n"
	       "      |                         ^~~~~\n"
	       "t.yaml:3:25: error: 'display.show' does not take this text: what ends a line of "
	       "the bus stands in the text itself\n"
	       "    3 | - write: {display.show: 'A;${rule}'}\n"
	       "      |                         ^~~~~~~~~~~\n"
	       "t.yaml:4:28: error: a secret may not be written to a point, whose writes are "
	       "logged\n"
	       "    4 | - write: {display.show: '${secret:x}'}\n"
	       "      |                            ^~~~~~\n"
	       "t.yaml:5:28: error: unknown field 'ruel' of an event\n"
	       "    5 | - write: {display.show: '${ruel}'}\n"
	       "      |                            ^~~~\n"
	       "      = hint: did you mean 'rule'?\n");
}

/* The log while fn runs. */
static void capture(struct rig *rig, const struct action_list *list, char *ret, size_t size)
{
	int out[2];
	ssize_t n;

	assert_int_equal(pipe(out), 0);
	log_init(out[1], LOG_LEVEL_INFO);
	run(rig, list);
	log_init(STDERR_FILENO, LOG_LEVEL_INFO);
	close(out[1]);
	n = read(out[0], ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	close(out[0]);
}

static void test_a_repeat_switches_nothing_again(void **state)
{
	struct rig *rig = *state;
	struct action_host host = {host_webhook, NULL, host_write, rig};
	struct event event = *bench_event();
	struct action_list list;

	assert_true(parse(rig, "do: [{write: {boiler.burner: off}}]\n", &list));
	event.type = EVENT_REPEAT;
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	event.type = EVENT_BLIND;
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	event.type = EVENT_FLAPPING;
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	event.type = EVENT_CALM;
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	assert_int_equal(rig->written.len, 0);
	event.type = EVENT_INSTANT;
	list.types[0]->run(list.actions[0], &host, &event, bench_stamp());
	assert_string_equal(rig->written.s,
			    "boiler.burner=false (rule boiler-over-temp, instant)\n");
}

static void test_log_writes_the_message_or_a_text(void **state)
{
	struct rig *rig = *state;
	struct action_list list;
	char log[1000];

	assert_true(parse(rig, "do: [{log: true}, {log: 'at ${values.boiler.temp:.0f}'}]\n",
			  &list));
	capture(rig, &list, log, sizeof(log));
	assert_string_equal(log, "<5>rule boiler-over-temp: fire (critical): Boiler 81.3 degC, "
				 "above 80\n"
				 "<5>rule boiler-over-temp: fire (critical): at 81\n");
}

static void test_webhooks_are_found_by_name_and_no_list_is_an_empty_one(void **state)
{
	struct rig *rig = *state;
	struct action_list list;

	assert_true(parse(rig, "do: [{webhook: night}, {log: true}]\n", &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.types[0]->key, "webhook");
	assert_true(action_list_parse(rig->bench.arena, NULL, &rig->scope, &list,
				      rig->bench.diags));
	assert_int_equal(list.count, 0);
}

static struct webhook *host_without_webhooks(void *arg, size_t index)
{
	(void)arg;
	(void)index;
	return NULL;
}

static void test_a_webhook_that_a_reload_removed_is_told(void **state)
{
	struct rig *rig = *state;
	struct action_host host = {host_without_webhooks, NULL, host_write, rig};
	struct action_list list;
	char log[200] = "";
	int out[2];

	assert_true(parse(rig, "do: [{webhook: ops}]\n", &list));
	assert_int_equal(pipe(out), 0);
	log_init(out[1], LOG_LEVEL_INFO);
	list.types[0]->run(list.actions[0], &host, bench_event(), bench_stamp());
	log_init(STDERR_FILENO, LOG_LEVEL_INFO);
	close(out[1]);
	assert_true(read(out[0], log, sizeof(log) - 1) > 0);
	close(out[0]);
	assert_string_equal(log, "<4>rule boiler-over-temp: its fire is not sent, the webhook "
				 "is gone with the reload\n");
}

static void test_errors_of_lists_are_told(void **state)
{
	refuse(*state, "do: {webhook: ops}\n",
	       "t.yaml:1:5: error: expected a list of actions, got a map\n"
	       "    1 | do: {webhook: ops}\n"
	       "      |     ^\n"
	       "      = hint: [{webhook: NAME}, {write: {POINT: VALUE}}]\n");
	refuse(*state, "do: [webhook]\n",
	       "t.yaml:1:6: error: expected an action such as {webhook: NAME}, got a text\n"
	       "    1 | do: [webhook]\n"
	       "      |      ^~~~~~~\n");
	refuse(*state, "do: [{webhok: ops}]\n",
	       "t.yaml:1:7: error: unknown action 'webhok'\n"
	       "    1 | do: [{webhok: ops}]\n"
	       "      |       ^~~~~~\n"
	       "      = hint: did you mean 'webhook'?\n");
	refuse(*state, "do: [{webhook: ops, write: {boiler.burner: on}}]\n",
	       "t.yaml:1:21: error: 'write' stands beside 'webhook' in one action\n"
	       "    1 | do: [{webhook: ops, write: {boiler.burner: on}}]\n"
	       "      |                     ^~~~~\n"
	       "      = hint: several actions are several entries of the list\n");
	refuse(*state, "do: [{webhook: op}]\n",
	       "t.yaml:1:16: error: unknown webhook 'op'\n"
	       "    1 | do: [{webhook: op}]\n"
	       "      |                ^~\n"
	       "      = hint: did you mean 'ops'?\n");
	refuse(*state, "do: [{log: false}]\n",
	       "t.yaml:1:12: error: log: expected true or a text, got nothing to write\n"
	       "    1 | do: [{log: false}]\n"
	       "      |            ^~~~~\n");
	refuse(*state, "do: [{}]\n",
	       "t.yaml:1:6: error: expected an action such as {webhook: NAME}, got an empty map\n"
	       "    1 | do: [{}]\n"
	       "      |      ^\n");
	refuse(*state, "do: [{frobnicate: ops}]\n",
	       "t.yaml:1:7: error: unknown action 'frobnicate'\n"
	       "    1 | do: [{frobnicate: ops}]\n"
	       "      |       ^~~~~~~~~~\n"
	       "      = hint: webhook, mqtt, write or log\n");
	refuse(*state, "do: [{webhook: [ops]}]\n",
	       "t.yaml:1:16: error: webhook: expected the name of a webhook, got a list\n"
	       "    1 | do: [{webhook: [ops]}]\n"
	       "      |                ^\n");
	refuse(*state, "do: [{mqtt: ~}]\n",
	       "t.yaml:1:13: error: mqtt: expected the name of a broker, got nothing\n"
	       "    1 | do: [{mqtt: ~}]\n"
	       "      |             ^\n");
	refuse(*state, "do: [{mqtt: cloud}]\n",
	       "t.yaml:1:13: error: unknown broker 'cloud'\n"
	       "    1 | do: [{mqtt: cloud}]\n"
	       "      |             ^~~~~\n"
	       "      = hint: no broker is defined, they stand under 'mqtt:'\n");
}

static void test_errors_of_writes_are_told_all_of_them(void **state)
{
	refuse(*state,
	       "do:\n"
	       "- write: {boiler.brner: off, boiler.temp: 3}\n"
	       "- write: {boiler.setpoint: 95, boiler.burner: 3}\n"
	       "- write: {}\n",
	       "t.yaml:2:11: error: unknown point 'boiler.brner'\n"
	       "    2 | - write: {boiler.brner: off, boiler.temp: 3}\n"
	       "      |           ^~~~~~~~~~~~\n"
	       "      = hint: did you mean 'boiler.burner'?\n"
	       "t.yaml:2:30: error: the point 'boiler.temp' can't be written\n"
	       "    2 | - write: {boiler.brner: off, boiler.temp: 3}\n"
	       "      |                              ^~~~~~~~~~~\n"
	       "      = hint: a point that may be written says 'write: true'\n"
	       "t.yaml:3:28: error: 95 is out of the range of 'boiler.setpoint', which is "
	       "[20, 90] degC\n"
	       "    3 | - write: {boiler.setpoint: 95, boiler.burner: 3}\n"
	       "      |                            ^~\n"
	       "t.yaml:3:47: error: 'boiler.burner' must be true or false (on and "
	       "off, yes and no will do), not 3\n"
	       "    3 | - write: {boiler.setpoint: 95, boiler.burner: 3}\n"
	       "      |                                               ^\n"
	       "t.yaml:4:10: error: write: expected a map of points and values, got an empty "
	       "one\n"
	       "    4 | - write: {}\n"
	       "      |          ^\n"
	       "      = hint: {write: {boiler.burner: off}}\n");
}

static void refuse_webhook(struct rig *rig, const char *yaml, const char *text)
{
	const struct yaml_node *node = bench_yaml(&rig->bench, yaml);

	assert_null(webhook_config_parse(rig->bench.arena, "ops", node, rig->bench.diags));
	bench_expect(&rig->bench, text);
}

static void test_a_webhook_has_the_defaults_of_the_manual(void **state)
{
	struct rig *rig = *state;
	const struct webhook_config *config =
		bench_webhook(&rig->bench, "url: https://h.example:8443/a?b\n");

	assert_string_equal(config->origin, "https://h.example:8443");
	assert_string_equal(config->method, "POST");
	assert_string_equal(config->content_type, "application/json");
	assert_null(config->body);
	assert_int_equal(config->timeout_ns, 10 * NSEC_PER_SEC);
	assert_true(config->policy.strict);
	assert_int_equal(config->policy.in_flight, 1);
	assert_int_equal(config->policy.first_ns, NSEC_PER_SEC);
	assert_int_equal(config->policy.max_ns, 300 * NSEC_PER_SEC);
	assert_int_equal(config->policy.for_ns, 7 * 86400 * NSEC_PER_SEC);
	config = bench_webhook(&rig->bench, "url: http://h/\norder: none\n");
	assert_false(config->policy.strict);
	assert_int_equal(config->policy.in_flight, 4);
}

static void test_fault_C13_a_template_can_not_move_the_origin(void **state)
{
	static const char *const urls[] = {
		"${site}",	    "${site}://h/",	"http://${site}/",
		"http://h${site}/", "http://h:${seq}/", "http://${secret:x}@h/",
		"http://h${site}",
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		char *yaml = arena_printf(rig->bench.arena, "url: '%s'\n", urls[i]);

		assert_null(webhook_config_parse(rig->bench.arena, "ops",
						 bench_yaml(&rig->bench, yaml),
						 rig->bench.diags));
		assert_int_equal(diags_errors(rig->bench.diags), i + 1);
	}
	diags_free(rig->bench.diags);
	rig->bench.diags = diags_new(10);
	refuse_webhook(rig, "url: 'http://h${site}/'\n",
		       "t.yaml:1:6: error: url: scheme, host and port are fixed, ${...} may "
		       "only stand behind the first '/' of the path\n"
		       "    1 | url: 'http://h${site}/'\n"
		       "      |      ^~~~~~~~~~~~~~~~~~\n");
	bench_webhook(&rig->bench, "url: 'http://h/${site}'\n");
	bench_webhook(&rig->bench, "url: 'http://h?${site}'\n");
}

static void test_errors_of_webhooks_are_told(void **state)
{
	refuse_webhook(*state, "{}\n",
		       "t.yaml:1:1: error: webhook 'ops' needs 'url'\n"
		       "    1 | {}\n"
		       "      | ^\n"
		       "      = url: Where messages go: http or https; ${...} only behind the "
		       "host.\n");
	refuse_webhook(*state, "url: https://a:b@h/\n",
		       "t.yaml:1:6: error: url: a user or password may not stand in a URL: use "
		       "a header with ${secret:NAME}\n"
		       "    1 | url: https://a:b@h/\n"
		       "      |      ^~~~~~~~~~~~~~\n"
		       "      = hint: expected something like https://host.example/path\n");
	refuse_webhook(*state,
		       "url: http://h/\nheaders: {Host: x, 'a b': c, Content-Type: t}\n",
		       "t.yaml:2:11: error: the header 'Host' can't be set here: it comes from "
		       "the URL\n"
		       "    2 | headers: {Host: x, 'a b': c, Content-Type: t}\n"
		       "      |           ^~~~\n"
		       "t.yaml:2:20: error: 'a b' is no name of a header\n"
		       "    2 | headers: {Host: x, 'a b': c, Content-Type: t}\n"
		       "      |                    ^~~~~\n"
		       "t.yaml:2:30: error: the header 'Content-Type' can't be set here: use "
		       "'content_type'\n"
		       "    2 | headers: {Host: x, 'a b': c, Content-Type: t}\n"
		       "      |                              ^~~~~~~~~~~~\n");
	refuse_webhook(*state, "url: http://h/\nheaders: {A: \"b\\r\\nC: d\"}\n",
		       "t.yaml:2:14: error: a header is one line, without control characters\n"
		       "    2 | headers: {A: \"b\\r\\nC: d\"}\n"
		       "      |              ^~~~~~~~~~~\n");
	refuse_webhook(*state, "url: http://h/\nretry: {first: 10s, max: 5s}\nin_flight: 2\n",
		       "t.yaml:2:8: error: retry: 'max' is shorter than 'first'\n"
		       "    2 | retry: {first: 10s, max: 5s}\n"
		       "      |        ^\n");
	refuse_webhook(*state, "url: http://h/\nin_flight: 2\n",
		       "t.yaml:2:12: error: in_flight: with order strict there is one message "
		       "at a time\n"
		       "    2 | in_flight: 2\n"
		       "      |            ^\n"
		       "      = hint: order: none\n");
	refuse_webhook(*state, "url: http://h/\ncontent_type: text/html\nbody: '${message}'\n",
		       "t.yaml:2:15: error: no way to escape values is known for text/html\n"
		       "    2 | content_type: text/html\n"
		       "      |               ^~~~~~~~~\n"
		       "      = hint: application/json, text/plain or "
		       "application/x-www-form-urlencoded\n");
	refuse_webhook(*state, "url: http://h/\nsign: 'x${secret:a}'\n",
		       "t.yaml:2:7: error: sign: the key has to be a secret, ${secret:NAME}\n"
		       "    2 | sign: 'x${secret:a}'\n"
		       "      |       ^~~~~~~~~~~~~~\n");
	refuse_webhook(*state,
		       "url: http://h/\nsign: ['${secret:a}', '${secret:b}', '${secret:c}']\n",
		       "t.yaml:2:7: error: sign: 3 keys, expected one, or two while they are "
		       "exchanged\n"
		       "    2 | sign: ['${secret:a}', '${secret:b}', '${secret:c}']\n"
		       "      |       ^\n");
	refuse_webhook(*state, "url: http://169.254.169.254/latest\n",
		       "t.yaml:1:6: error: url: a link-local or metadata address is never "
		       "connected to\n"
		       "    1 | url: http://169.254.169.254/latest\n"
		       "      |      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n");
	refuse_webhook(*state, "url: http://h/\ncontent_type: text/plain\n",
		       "t.yaml:2:15: error: the built-in body is JSON, not text/plain\n"
		       "    2 | content_type: text/plain\n"
		       "      |               ^~~~~~~~~~\n");
}

static void test_errors_of_routes_are_told(void **state)
{
	refuse_webhook(*state, "url: http://h/\ntls: {ca: [x], key: 'a${secret:k}', kay: 1}\n",
		       "t.yaml:2:11: error: ca: expected a file or ${secret:NAME}, got a list\n"
		       "    2 | tls: {ca: [x], key: 'a${secret:k}', kay: 1}\n"
		       "      |           ^\n"
		       "t.yaml:2:21: error: key: expected a file or ${secret:NAME}\n"
		       "    2 | tls: {ca: [x], key: 'a${secret:k}', kay: 1}\n"
		       "      |                     ^~~~~~~~~~~~~~\n"
		       "t.yaml:2:21: error: tls: 'key' without 'cert'\n"
		       "    2 | tls: {ca: [x], key: 'a${secret:k}', kay: 1}\n"
		       "      |                     ^~~~~~~~~~~~~~\n"
		       "t.yaml:2:37: error: unknown option 'kay' in tls\n"
		       "    2 | tls: {ca: [x], key: 'a${secret:k}', kay: 1}\n"
		       "      |                                     ^~~\n"
		       "      = hint: did you mean 'key'?\n"
		       "      = see: gauged.yaml(5)\n");
	refuse_webhook(*state, "url: http://h/\nproxy: ftp://p:3128\n",
		       "t.yaml:2:8: error: proxy: a proxy is http, https or socks5\n"
		       "    2 | proxy: ftp://p:3128\n"
		       "      |        ^~~~~~~~~~~~\n"
		       "      = hint: expected something like http://proxy.example:3128\n");
	refuse_webhook(
		*state, "url: http://h/\nproxy: http://me:pw@p:3128\n",
		"t.yaml:2:8: error: proxy: a user or password may not stand in a URL: use 'proxy_login'\n"
		"    2 | proxy: http://me:pw@p:3128\n"
		"      |        ^~~~~~~~~~~~~~~~~~~\n"
		"      = hint: expected something like http://proxy.example:3128\n");
	refuse_webhook(
		*state, "url: http://h/\nproxy: socks5://p\n",
		"t.yaml:2:8: error: proxy: the port is missing: proxies have no usual one\n"
		"    2 | proxy: socks5://p\n"
		"      |        ^~~~~~~~~~\n"
		"      = hint: expected something like http://proxy.example:3128\n");
	refuse_webhook(*state, "url: http://h/\nproxy: http://p:3128/x\n",
		       "t.yaml:2:8: error: proxy: a proxy has a host and a port, no path\n"
		       "    2 | proxy: http://p:3128/x\n"
		       "      |        ^~~~~~~~~~~~~~~\n"
		       "      = hint: expected something like http://proxy.example:3128\n");
	refuse_webhook(*state, "url: http://h/\nproxy_login: '${secret:x}'\n",
		       "t.yaml:2:14: error: 'proxy_login' without 'proxy'\n"
		       "    2 | proxy_login: '${secret:x}'\n"
		       "      |              ^~~~~~~~~~~~~\n");
	refuse_webhook(
		*state, "url: http://h/\nproxy: http://p:1\nproxy_login: me:pw\n",
		"t.yaml:3:14: error: proxy_login: it has to be a secret, ${secret:NAME}\n"
		"    3 | proxy_login: me:pw\n"
		"      |              ^~~~~\n");
	refuse_webhook(*state,
		       "url: http://h/\nallow_networks: [10.0.0.0/8, 10.1.0.0/8, lan]\n",
		       "t.yaml:2:30: error: '10.1.0.0/8' has bits behind its prefix\n"
		       "    2 | allow_networks: [10.0.0.0/8, 10.1.0.0/8, lan]\n"
		       "      |                              ^~~~~~~~~~\n"
		       "t.yaml:2:42: error: 'lan' is no network, such as 10.0.0.0/8\n"
		       "    2 | allow_networks: [10.0.0.0/8, 10.1.0.0/8, lan]\n"
		       "      |                                          ^~~\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_writes_are_asked_for_in_their_order),
		TEST(test_texts_that_are_written_have_their_holes_filled_in),
		TEST(test_fault_C13_a_command_is_not_cleaned_but_left_to_be_refused),
		TEST(test_a_deed_says_how_a_text_is_written),
		TEST(test_errors_of_texts_that_are_written_are_told),
		TEST(test_a_repeat_switches_nothing_again),
		TEST(test_log_writes_the_message_or_a_text),
		TEST(test_webhooks_are_found_by_name_and_no_list_is_an_empty_one),
		TEST(test_a_webhook_that_a_reload_removed_is_told),
		TEST(test_errors_of_lists_are_told),
		TEST(test_a_text_that_is_written_has_an_end),
		TEST(test_errors_of_writes_are_told_all_of_them),
		TEST(test_a_webhook_has_the_defaults_of_the_manual),
		TEST(test_fault_C13_a_template_can_not_move_the_origin),
		TEST(test_errors_of_webhooks_are_told),
		TEST(test_errors_of_routes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
