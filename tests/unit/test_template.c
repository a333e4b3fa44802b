/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Templates: fields, escaping of hostile values in each place, and errors at load. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "action_bench.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench_init(bench);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	bench_done(*state);
	free(*state);
	return 0;
}

static const struct template *parse(struct bench *bench, const char *yaml,
				    enum template_context context)
{
	const struct yaml_node *map = bench_yaml(bench, yaml);

	return template_parse(bench->arena, map->values[0], context, bench->diags);
}

static void render(const struct template *template, const struct event *event, struct str *out)
{
	struct event_facts facts = {event, bench_stamp(), "msg_0000000000000000000000", 12};

	str_init(out);
	assert_int_equal(template_render(template, &facts, out), 0);
}

static void expect(struct bench *bench, const char *yaml, enum template_context context,
		   const char *text)
{
	const struct template *template = parse(bench, yaml, context);
	struct str out;

	bench_expect(bench, "");
	render(template, bench_event(), &out);
	assert_string_equal(out.s, text);
	str_done(&out);
}

static void test_every_field_is_filled_in(void **state)
{
	expect(*state, "t: '${message}|${rule}|${severity}|${state}|${type}|${site}'\n",
	       TEMPLATE_TEXT,
	       "Boiler 81.3 degC, above 80|boiler-over-temp|critical|firing|fire|plant-7");
	expect(*state, "t: '${time}|${id}|${seq}|${labels.area}|${labels.none}'\n",
	       TEMPLATE_TEXT,
	       "2026-11-22T17:12:01.123Z|msg_0000000000000000000000|12|boiler-room|unknown");
	expect(*state,
	       "t: '${values.boiler.temp}|${values.boiler.temp:.2f}|${values.boiler.mode}|"
	       "${values.not.there:.1f}|$$5'\n",
	       TEMPLATE_TEXT, "81.3|81.30|unknown|unknown|$5");
}

static void test_holes_of_json_are_values_or_text_by_their_place(void **state)
{
	expect(*state,
	       "t: '{\"a\": ${values.boiler.temp}, \"b\": \"${values.boiler.temp} degC\", "
	       "\"c\": ${values.boiler.mode}, \"d\": ${message}, \"e\": ${seq}, "
	       "\"\\\"\": \"${labels.area}\"}'\n",
	       TEMPLATE_JSON,
	       "{\"a\": 81.3, \"b\": \"81.3 degC\", \"c\": null, "
	       "\"d\": \"Boiler 81.3 degC, above 80\", \"e\": 12, \"\\\"\": \"boiler-room\"}");
}

static void test_words_are_said_otherwise_and_the_rest_has_a_word(void **state)
{
	struct event event = *bench_event();
	const struct template *template;
	struct str out;

	expect(*state,
	       "t: '${type|fire:trigger|clear:resolve} ${severity | warning : 4 | critical : 5 }'\n",
	       TEMPLATE_TEXT, "trigger 5");
	expect(*state,
	       "t: '${state|ok:fine|else} ${labels.area|nowhere} ${labels.none|nowhere} "
	       "${labels.none|*:a:b} ${labels.none|x:y}.${labels.none|}.'\n",
	       TEMPLATE_TEXT, "else boiler-room nowhere a:b unknown..");
	/* A whole value where JSON wants one, and a text in quotes. */
	expect(*state,
	       "t: '[${severity|critical:5|3}, \"${severity|critical:5|3}\", "
	       "${status|firing:true|resolved:false}, ${type|clear:no|fire:a \\b}, "
	       "${labels.none|null}, ${labels.none|x:y}, ${values.boiler.mode|-1}]'\n",
	       TEMPLATE_JSON, "[5, \"5\", true, \"a \\\\b\", null, null, -1]");
	expect(*state, "t: '/${labels.area|*:a/b}/${labels.none|a/b}'\n", TEMPLATE_URL,
	       "/boiler-room/a%2Fb");
	template = parse(*state, "t: '${message|none}, ${summary}'\n", TEMPLATE_TEXT);
	event.message = "";
	event.type = EVENT_CLEAR;
	render(template, &event, &out);
	assert_string_equal(out.s, "none, boiler-over-temp: clear");
	str_done(&out);
}

static void test_status_and_times_tell_whether_the_alarm_stands(void **state)
{
	static const struct {
		enum event_type type;
		enum rule_state to;
		const char *text;
	} cases[] = {
		{EVENT_FIRE, RULE_FIRING, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_REPEAT, RULE_FIRING, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_CLEAR, RULE_OK,
		 "resolved 2026-11-22T17:11:01.123Z 2026-11-22T17:12:01.123Z"},
		{EVENT_RETURN, RULE_RETURNED, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_INSTANT, RULE_OK, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_BLIND, RULE_OK, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_FLAPPING, RULE_OK, "firing 2026-11-22T17:11:01.123Z -"},
		{EVENT_CALM, RULE_OK,
		 "resolved 2026-11-22T17:11:01.123Z 2026-11-22T17:12:01.123Z"},
		{EVENT_CALM, RULE_FIRING, "firing 2026-11-22T17:11:01.123Z -"},
	};
	const struct template *template =
		parse(*state, "t: '${status} ${since} ${ended|-}'\n", TEMPLATE_TEXT);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event event = *bench_event();
		struct str out;

		event.type = cases[i].type;
		event.to = cases[i].to;
		event.active_ns = 60 * NSEC_PER_SEC;
		render(template, &event, &out);
		assert_string_equal(out.s, cases[i].text);
		str_done(&out);
	}
}

static void test_margin_is_a_number_with_a_unit(void **state)
{
	struct bench *bench = *state;
	const struct template *template = parse(
		bench, "t: '{\"m\": ${margin}, \"t\": \"${margin:.1f} ${margin.unit}\"}'\n",
		TEMPLATE_JSON);
	struct event event = *bench_event();
	struct str out;

	bench_expect(bench, "");
	assert_true(template_names(template, "margin"));
	assert_false(template_names(template, "values"));
	render(template, &event, &out);
	assert_string_equal(out.s, "{\"m\": null, \"t\": \"unknown \"}");
	str_done(&out);
	event.margin = value_number(1.25);
	event.margin_unit = "degC";
	render(template, &event, &out);
	assert_string_equal(out.s, "{\"m\": 1.25, \"t\": \"1.2 degC\"}");
	str_done(&out);
}

static void test_labels_and_values_are_objects_of_json(void **state)
{
	expect(*state, "t: '[${labels}, ${values}]'\n", TEMPLATE_JSON,
	       "[{\"area\":\"boiler-room\"}, {\"boiler.temp\":{\"value\":81.3,\"unit\":\"degC\","
	       "\"quality\":\"good\",\"reason\":null,\"age_ms\":120},\"boiler.mode\":{"
	       "\"value\":null,\"unit\":null,\"quality\":\"bad\",\"reason\":\"timeout\","
	       "\"age_ms\":null}}]");
}

static const char *const hostile[] = {
	"\"",
	"\\",
	"\\\"",
	"\r\nX-Evil: 1\r\n\r\n",
	"{{}}${message}$$",
	"\x01token\x02",
	"\xff\xfe\xc0\x80",
	"\xed\xa0\x80",
	"\xe2\x80\xa8",
	"a\tb\nc",
	"/../..",
	"..",
	"%2e%2e",
	"?&=#;",
	"\x1b[31m",
	"\x7f",
	"'",
	"</script>",
	"\xc3\xa9",
	"@evil.example:80",
	"",
};

static void test_fault_C13_json_stays_json_with_hostile_values(void **state)
{
	struct bench *bench = *state;
	const struct template *template = parse(
		bench,
		"t: '{\"s\": \"<${message}>\", \"v\": ${message}, \"l\": [${labels.area}, "
		"${values.boiler.temp}]}'\n",
		TEMPLATE_JSON);

	bench_expect(bench, "");
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct event_label label = {"area", hostile[i]};
		struct event_point point = {.name = "boiler.temp",
					    .value = value_text(hostile[i])};
		struct event event = *bench_event();
		struct str out, safe;
		json_t *json;

		event.message = hostile[i];
		event.labels = &label;
		event.points = &point;
		event.point_count = 1;
		render(template, &event, &out);
		/* No mark of a secret can come from a value. */
		assert_null(memchr(out.s, 1, out.len));
		json = json_loadb(out.s, out.len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		assert_int_equal(json_object_size(json), 3);
		str_init(&safe);
		value_show(value_text(json_string_value(json_object_get(json, "v"))), &safe);
		str_done(&safe);
		if (str_utf8(hostile[i], strlen(hostile[i])) > 0)
			assert_string_equal(json_string_value(json_object_get(json, "v")),
					    hostile[i]);
		json_decref(json);
		str_done(&out);
	}
}

static void test_fault_C13_url_values_are_one_segment(void **state)
{
	struct bench *bench = *state;
	const struct template *template =
		parse(bench, "t: 'http://h/a/${message}/b?c=${message}'\n", TEMPLATE_URL);

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct event event = *bench_event();
		struct str out;

		event.message = hostile[i];
		render(template, &event, &out);
		assert_int_equal(strspn(out.s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
					       "VWXYZ0123456789-._~%/:?="),
				 out.len);
		/* The slashes, the question mark and the equals sign are the template's. */
		for (const char *p = out.s; (p = strchr(p, '/')) != NULL; p++)
			assert_null(strstr(p, "/../"));
		assert_ptr_equal(strchr(out.s, '?'), strrchr(out.s, '?'));
		assert_ptr_equal(strchr(out.s, '='), strrchr(out.s, '='));
		assert_memory_equal(out.s, "http://h/a/", 11);
		str_done(&out);
	}
	expect(bench, "t: 'http://h/${message}'\n", TEMPLATE_URL,
	       "http://h/Boiler%2081.3%20degC%2C%20above%2080");
}

static void test_fault_C13_headers_refuse_control_characters(void **state)
{
	struct bench *bench = *state;
	const struct template *template =
		parse(bench, "t: 'a ${message} b'\n", TEMPLATE_HEADER);
	struct event event = *bench_event();
	struct event_facts facts = {&event, bench_stamp(), "msg_", 1};

	for (int c = 1; c < 256; c++) {
		char text[] = {'x', (char)c, 'y', '\0'};
		struct str out;
		int rc;

		str_init(&out);
		str_adds(&out, "before");
		event.message = text;
		rc = template_render(template, &facts, &out);
		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			assert_int_equal(rc, -EINVAL);
			assert_string_equal(out.s, "before");
		} else {
			assert_int_equal(rc, 0);
			assert_int_equal(out.len, 6 + 2 + 3 + 2);
		}
		str_done(&out);
	}
}

static void test_fault_C13_text_has_no_control_characters(void **state)
{
	struct bench *bench = *state;
	const struct template *template = parse(bench, "t: '${message}'\n", TEMPLATE_TEXT);

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct event event = *bench_event();
		struct str out;

		event.message = hostile[i];
		render(template, &event, &out);
		for (size_t k = 0; k < out.len; k++)
			assert_true((unsigned char)out.s[k] >= 0x20 || out.s[k] == '\t' ||
				    out.s[k] == '\n');
		for (size_t k = 0, n; k < out.len; k += n) {
			n = str_utf8(out.s + k, out.len - k);
			assert_true(n > 0);
		}
		str_done(&out);
	}
}

static const char *one_secret(void *arg, const char *name, size_t *ret_len)
{
	if (strcmp(name, "token") != 0)
		return NULL;
	*ret_len = strlen(arg);
	return arg;
}

static void test_secrets_are_marks_until_they_are_expanded(void **state)
{
	struct bench *bench = *state;
	const struct template *template =
		parse(bench, "t: '{\"a\": \"${secret:token}\", \"b\": ${secret:token}}'\n",
		      TEMPLATE_JSON);
	char secret[] = "s\"3\\c";
	struct str out, whole;

	bench_expect(bench, "");
	assert_string_equal(template_secret(template, 0), "token");
	assert_string_equal(template_secret(template, 1), "token");
	assert_null(template_secret(template, 2));
	render(template, bench_event(), &out);
	assert_string_equal(out.s, "{\"a\": \"\x01token\x02\", \"b\": \"\x01token\x02\"}");
	str_init(&whole);
	assert_int_equal(
		template_expand(out.s, out.len, TEMPLATE_JSON, one_secret, secret, &whole), 0);
	assert_string_equal(whole.s, "{\"a\": \"s\\\"3\\\\c\", \"b\": \"s\\\"3\\\\c\"}");
	str_clear(&whole);
	template_show(out.s, out.len, &whole);
	assert_string_equal(whole.s,
			    "{\"a\": \"${secret:token}\", \"b\": \"${secret:token}\"}");
	str_clear(&whole);
	assert_int_equal(
		template_expand("x\x01none\x02", 7, TEMPLATE_TEXT, one_secret, secret, &whole),
		-ENOENT);
	assert_int_equal(whole.len, 0);
	str_done(&whole);
	str_done(&out);
}

static void refuse(struct bench *bench, const char *yaml, enum template_context context,
		   const char *text)
{
	assert_null(parse(bench, yaml, context));
	bench_expect(bench, text);
}

static void test_errors_of_words_point_into_the_text(void **state)
{
	/* Valid for what the sample says, and not for what may come. */
	refuse(*state, "t: '[${type|pending:1|*:x}5]'\n", TEMPLATE_JSON,
	       "t.yaml:1:4: error: the body is not valid JSON: ']' expected near '5' (line 1 of it)\n"
	       "    1 | t: '[${type|pending:1|*:x}5]'\n"
	       "      |    ^~~~~~~~~~~~~~~~~~~~~~~~~~\n"
	       "      = hint: it has to be valid for every value: put ${values...} in quotes, or "
	       "where a whole value may stand\n");
	refuse(*state, "t: 'a ${type|fire:x|cleared:y|z}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:21: error: the field is never 'cleared'\n"
	       "    1 | t: 'a ${type|fire:x|cleared:y|z}'\n"
	       "      |                     ^~~~~~~\n"
	       "      = hint: did you mean 'clear'?\n");
	refuse(*state, "t: '${severity|high:x}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:16: error: the field is never 'high'\n"
	       "    1 | t: '${severity|high:x}'\n"
	       "      |                ^~~~\n"
	       "      = hint: it is one of info, warning, critical\n");
	refuse(*state, "t: '${severity|x|info:y}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:18: error: nothing may stand behind what is said for the rest\n"
	       "    1 | t: '${severity|x|info:y}'\n"
	       "      |                  ^~~~~~\n");
	refuse(*state, "t: '\"a\\${message}\"'\n", TEMPLATE_JSON,
	       "t.yaml:1:10: error: no hole may stand inside an escape sequence of JSON\n"
	       "    1 | t: '\"a\\${message}\"'\n"
	       "      |          ^~~~~~~\n");
	refuse(*state, "t: '\"\\u00${rule}\"'\n", TEMPLATE_JSON,
	       "t.yaml:1:12: error: no hole may stand inside an escape sequence of JSON\n"
	       "    1 | t: '\"\\u00${rule}\"'\n"
	       "      |            ^~~~\n");
	refuse(*state,
	       "t: '${rule|a:|b:|c:|d:|e:|f:|g:|h:|i:|j:|k:|l:|m:|n:|o:|p:|a:|b:|c:|d:|e:|f:|g:|h:"
	       "|i:|j:|k:|l:|m:|n:|o:|p:|q:x}'\n",
	       TEMPLATE_TEXT,
	       "t.yaml:1:108: error: there are more than 32 words here\n"
	       "    1 | ...:|g:|h:|i:|j:|k:|l:|m:|n:|o:|p:|a:|b:|c:|d:|e:|f:|g:|h:|i:|j:|k:|l:|m:|n:"
	       "|o:|p:|q:x}'\n"
	       "      |                                                                          "
	       "          ^~~\n");
	refuse(*state, "t: '\"${labels}\"'\n", TEMPLATE_JSON,
	       "t.yaml:1:8: error: 'labels' is an object: it may stand in a JSON body only, "
	       "outside of quotes\n"
	       "    1 | t: '\"${labels}\"'\n"
	       "      |        ^~~~~~\n");
	refuse(*state, "t: '${values|x}'\n", TEMPLATE_JSON,
	       "t.yaml:1:7: error: 'values' is an object, nothing is said instead of it\n"
	       "    1 | t: '${values|x}'\n"
	       "      |       ^~~~~~~~\n");
	refuse(*state, "t: '${typ|fire:x}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:7: error: unknown field 'typ' of an event\n"
	       "    1 | t: '${typ|fire:x}'\n"
	       "      |       ^~~\n"
	       "      = hint: did you mean 'type'?\n");
}

static void test_errors_point_into_the_text(void **state)
{
	refuse(*state, "t: 'a ${mesage} b'\n", TEMPLATE_TEXT,
	       "t.yaml:1:9: error: unknown field 'mesage' of an event\n"
	       "    1 | t: 'a ${mesage} b'\n"
	       "      |         ^~~~~~\n"
	       "      = hint: did you mean 'message'?\n");
	refuse(*state, "t: '${frobnicate}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:7: error: unknown field 'frobnicate' of an event\n"
	       "    1 | t: '${frobnicate}'\n"
	       "      |       ^~~~~~~~~~\n"
	       "      = hint: message, summary, rule, severity, priority, state, "
	       "status, type, site, time, since, ended, margin, id, seq, labels, labels.NAME, values, "
	       "values.POINT, secret:NAME\n");
	refuse(*state, "t: '${message:.1f}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:7: error: 'message' takes no format, only values do\n"
	       "    1 | t: '${message:.1f}'\n"
	       "      |       ^~~~~~~\n");
	refuse(*state, "t: '${values.a.b:%d}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:7: error: unknown format '%d', expected .0f to .9f\n"
	       "    1 | t: '${values.a.b:%d}'\n"
	       "      |       ^~~~~~~~~~\n");
	refuse(*state, "t: '${secret:../etc/passwd}'\n", TEMPLATE_TEXT,
	       "t.yaml:1:7: error: expected the name of a secret's file: ${secret:NAME}, of "
	       "letters, digits, '_', '-' and '.'\n"
	       "    1 | t: '${secret:../etc/passwd}'\n"
	       "      |       ^~~~~~\n");
	refuse(*state, "t: '${secret:token}'\n", TEMPLATE_LINE,
	       "t.yaml:1:7: error: a secret may not be written to the log\n"
	       "    1 | t: '${secret:token}'\n"
	       "      |       ^~~~~~\n");
	refuse(*state, "t: \"a\\x01b\"\n", TEMPLATE_TEXT,
	       "t.yaml:1:4: error: control characters may not stand here\n"
	       "    1 | t: \"a\\x01b\"\n"
	       "      |    ^~~~~~~~\n");
}

static void test_bodies_that_are_no_json_for_some_value_are_refused(void **state)
{
	static const char *const bodies[] = {
		"t: '{\"a\": ${message}'\n",
		"t: '{\"a\": \"${message}}'\n",
		"t: '{\"a\": -${values.a.b}}'\n",
		"t: '{\"a\": 1${values.a.b}}'\n",
		"t: '{${values.a.b}: 1}'\n",
		"t: '[1 ${seq}]'\n",
		"t: '[0${seq}]'\n",
		"t: '[${seq}e]'\n",
		"t: '${message} and more'\n",
		"t: '[\"\\${message}\"]'\n",
		"t: '[\"\\u00${seq}\"]'\n",
		"t: ''\n",
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		assert_null(parse(bench, bodies[i], TEMPLATE_JSON));
		assert_int_equal(diags_errors(bench->diags), i + 1);
	}
	diags_free(bench->diags);
	bench->diags = diags_new(10);
	refuse(bench, "t: '{\"a\": -${values.a.b}}'\n", TEMPLATE_JSON,
	       "t.yaml:1:4: error: the body is not valid JSON: invalid token near '-' "
	       "(line 1 of it)\n"
	       "    1 | t: '{\"a\": -${values.a.b}}'\n"
	       "      |    ^~~~~~~~~~~~~~~~~~~~~~~\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_every_field_is_filled_in),
		TEST(test_holes_of_json_are_values_or_text_by_their_place),
		TEST(test_fault_C13_json_stays_json_with_hostile_values),
		TEST(test_fault_C13_url_values_are_one_segment),
		TEST(test_fault_C13_headers_refuse_control_characters),
		TEST(test_fault_C13_text_has_no_control_characters),
		TEST(test_secrets_are_marks_until_they_are_expanded),
		TEST(test_words_are_said_otherwise_and_the_rest_has_a_word),
		TEST(test_status_and_times_tell_whether_the_alarm_stands),
		TEST(test_margin_is_a_number_with_a_unit),
		TEST(test_labels_and_values_are_objects_of_json),
		TEST(test_errors_of_words_point_into_the_text),
		TEST(test_errors_point_into_the_text),
		TEST(test_bodies_that_are_no_json_for_some_value_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
