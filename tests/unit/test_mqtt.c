/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What may stand in 'mqtt:', what is published for it, and when. */
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
#include "actions/mqtt_config.h"
#include "actions/mqtt_discovery.h"
#include "actions/mqtt_message.h"
#include "actions/mqtt_retained.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "model/point.h"

enum { POINTS = 5, RULES = 3 };

struct rig {
	struct bench bench;
	struct point_table *points;
	struct mqtt_value values[POINTS];
	struct mqtt_alarm alarms[RULES];
	struct mqtt_config *config;
	struct mqtt_retained *retained;
	struct mqtt_publication publication;
};

static const char *const rule_names[RULES] = {"over-temp", NULL, "door"};

static int set_up(void **state)
{
	static const struct {
		const char *name, *unit;
		enum value_kind kind;
	} points[POINTS] = {
		{"boiler.temp", "degC", VALUE_NUMBER},	 {"boiler.mode", NULL, VALUE_TEXT},
		{"boiler.on", NULL, VALUE_BOOL},	 {"meter.total", "kW*h", VALUE_NUMBER},
		{"meter.flux", "furlong", VALUE_NUMBER},
	};
	struct rig *rig = xcalloc(1, sizeof(*rig));

	bench_init(&rig->bench);
	rig->points = point_table_new(rig->bench.arena);
	for (int i = 0; i < POINTS; i++) {
		struct point point = {.name = points[i].name,
				      .unit_text = points[i].unit,
				      .kind = points[i].kind,
				      .readable = true};

		point_table_add(rig->points, &point);
		rig->values[i] = (struct mqtt_value){.value = value_number(i)};
	}
	for (int i = 0; i < RULES; i++)
		rig->alarms[i] = (struct mqtt_alarm){.rule = rule_names[i]};
	str_init(&rig->publication.topic);
	str_init(&rig->publication.body);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	mqtt_retained_free(rig->retained);
	str_done(&rig->publication.topic);
	str_done(&rig->publication.body);
	bench_done(&rig->bench);
	free(rig);
	return 0;
}

/* With a broker and a client_id, and more lines of YAML. */
static struct mqtt_config *parse_at(struct rig *rig, const char *site, const char *more)
{
	char *text = arena_printf(rig->bench.arena, "broker: mqtt://b.example\n%s", more);
	struct mqtt_config *config =
		mqtt_config_parse(rig->bench.arena, "cloud", bench_yaml(&rig->bench, text),
				  site, rig->bench.diags);

	if (config != NULL)
		mqtt_config_points(rig->bench.arena, config, rig->points, rig->bench.diags);
	return config;
}

static struct mqtt_config *parse(struct rig *rig, const char *more)
{
	struct mqtt_config *config = parse_at(rig, "plant-7", more);

	bench_expect(&rig->bench, "");
	assert_non_null(config);
	return config;
}

static void expect_error(struct rig *rig, const char *text, const char *expect)
{
	const struct yaml_node *node = bench_yaml(&rig->bench, text);
	struct mqtt_config *config =
		mqtt_config_parse(rig->bench.arena, "cloud", node, "plant-7", rig->bench.diags);
	struct str out;

	if (config != NULL)
		mqtt_config_points(rig->bench.arena, config, rig->points, rig->bench.diags);
	str_init(&out);
	diags_render(rig->bench.diags, &out);
	if (out.s == NULL || strstr(out.s, expect) == NULL)
		fail_msg("'%s' is not in:\n%s", expect, out.s != NULL ? out.s : "nothing");
	str_done(&out);
	diags_free(rig->bench.diags);
	rig->bench.diags = diags_new(50);
}

/* ---- the configuration ---- */

static void test_a_broker_has_defaults(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config = parse(rig, "");

	assert_string_equal(config->settings.host, "b.example");
	assert_int_equal(config->settings.port, 1883);
	assert_false(config->settings.tls);
	assert_true(config->settings.v5);
	assert_string_equal(config->settings.client_id, "gauged-plant-7");
	assert_string_equal(config->settings.will_topic, "gauged/plant-7/status");
	assert_string_equal(config->origin, "mqtt://b.example:1883");
	assert_string_equal(config->base, "gauged/plant-7");
	assert_int_equal(config->settings.keepalive_s, 60);
	assert_true(config->policy.strict);
	assert_true(config->retain_alarms);
	assert_null(config->discovery);
	assert_int_equal(config->points.count, 0);
}

static void test_addresses_of_brokers(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool tls;
	} good[] = {
		{"mqtts://b.example", "b.example", 8883, true},
		{"mqtts://b.example:443", "b.example", 443, true},
		{"mqtt://192.0.2.7:1884", "192.0.2.7", 1884, false},
		{"mqtts://[2001:db8::7]:1", "2001:db8::7", 1, true},
		{"mqtts://[2001:db8::7]", "2001:db8::7", 8883, true},
	};
	static const char *const bad[] = {
		"b.example",	       "http://b.example", "mqtt://",		"mqtt://b:0",
		"mqtt://b:65536",      "mqtt://b:x",	   "mqtt://u:p@b",	"mqtt://b/path",
		"mqtt://[2001:db8::7", "mqtt://[]:1",	   "mqtt://b.exa mple",
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct yaml_node *node =
			bench_yaml(&rig->bench, arena_printf(rig->bench.arena, "broker: '%s'",
							     good[i].text));
		struct mqtt_config *config =
			mqtt_config_parse(rig->bench.arena, "c", node, "s", rig->bench.diags);

		bench_expect(&rig->bench, "");
		assert_string_equal(config->settings.host, good[i].host);
		assert_int_equal(config->settings.port, good[i].port);
		assert_int_equal(config->settings.tls, good[i].tls);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_error(rig, arena_printf(rig->bench.arena, "broker: '%s'", bad[i]),
			     "is no address of a broker");
}

static void test_what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *more, *expect;
	} wrong[] = {
		{"password: hunter2\nuser: u", "it has to be a secret, ${secret:NAME}"},
		{"password: '${secret:p}'", "there is no 'user'"},
		{"tls: {ca: /ca.pem}", "the broker is one without TLS"},
		{"topic: 'a/+/b'", "can't stand in a topic"},
		{"topic: '$SYS/x'", "the broker's own"},
		{"topic: '${secret:x}'", "a secret is nothing to publish"},
		{"topic: '${nothing}'", "nothing"},
		{"base: 'a/#'", "can't stand in a topic"},
		{"base: 'a/'", "no '/' stands at its end"},
		{"base: '${rule}'", "only ${site} can be filled in"},
		{"base: ''", "1 to 1024 bytes"},
		{"body: '{\"a\": '", "body"},
		{"body: '{\"a\": \"${secret:x}\"}'", "a secret is nothing to publish"},
		{"order: strict\nin_flight: 2", "one message at a time"},
		{"retry: {first: 10s, max: 1s}", "'max' is shorter than 'first'"},
		{"points: {names: boiler.pressure}", "there is no point 'boiler.pressure'"},
		{"points: {names: [boiler.tem]}", "boiler.temp"},
		{"points: {every: 1s}", "names"},
		{"discovery: homeassistant\ndiscovery_prefix: 'a+b'", "can't stand"},
		{"client_id: ''", "1 to 128 bytes"},
		{"keepalive: 1s", "keepalive"},
		{"tsl: {}", "tls"},
		{"allow_networks: [10.1.2.3/8]", "bits behind its prefix"},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		expect_error(
			rig,
			arena_printf(rig->bench.arena, "broker: mqtt://b\n%s", wrong[i].more),
			wrong[i].expect);
	expect_error(rig, "broker: mqtts://b\ntls: {cert: /c.pem}", "go together");
	expect_error(rig, "broker: mqtts://b\ntls: {ca: c.pem}", "begins with '/'");
}

static void test_a_site_without_a_name_has_to_name_its_client(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config = parse_at(rig, "", "");

	assert_null(config);
	diags_free(rig->bench.diags);
	rig->bench.diags = diags_new(50);
	config = parse_at(rig, "", "client_id: box");
	bench_expect(&rig->bench, "");
	assert_string_equal(config->base, "gauged");
}

static void test_secrets_are_names(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config =
		parse(rig, "user: '${secret:who}'\npassword: '${secret:pw}'");

	assert_null(config->settings.user);
	assert_string_equal(config->user_secret, "who");
	assert_string_equal(config->password_secret, "pw");
	config = parse(rig, "user: box");
	assert_string_equal(config->settings.user, "box");
	assert_null(config->password_secret);
}

static void test_margins_are_computed_only_if_somebody_is_told(void **state)
{
	struct rig *rig = *state;

	assert_false(mqtt_config_tells_margins(parse(rig, "")));
	assert_false(mqtt_config_tells_margins(parse(rig, "body: '{\"r\": \"${rule}\"}'")));
	assert_true(mqtt_config_tells_margins(parse(rig, "body: '{\"m\": ${margin}}'")));
	assert_true(mqtt_config_tells_margins(parse(rig, "topic: 'x/${margin}'")));
}

static void test_points_are_chosen_once_each(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config =
		parse(rig, "points: {names: [meter.total, 'boiler.*', boiler.temp], qos: 1}");

	assert_int_equal(config->points.count, 4);
	assert_int_equal(config->points.ids[0], 0);
	assert_int_equal(config->points.ids[3], 3);
	assert_int_equal(config->points.qos, 1);
	config = parse(rig, "points: {names: '*'}");
	assert_int_equal(config->points.count, POINTS);
}

/* ---- messages ---- */

static void test_names_become_one_level_of_a_topic(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config = parse_at(rig, "plant 7/north+#", "");
	struct str out;

	bench_expect(&rig->bench, "");
	assert_string_equal(config->base, "gauged/plant%207%2Fnorth%2B%23");
	str_init(&out);
	mqtt_alarm_topic(config, "for/each[\xc3\xa4]", &out);
	assert_string_equal(out.s,
			    "gauged/plant%207%2Fnorth%2B%23/alarms/for%2Feach%5B%C3%A4%5D");
	str_done(&out);
}

static void render(struct rig *rig, const char *more, const char *topic, const char *body)
{
	struct mqtt_config *config = parse(rig, more);
	struct event_facts facts = {bench_event(), bench_stamp(), "msg_1", 3};
	struct mqtt_message message;

	mqtt_message_render(&message, config, &facts);
	assert_string_equal(message.message.url, topic);
	assert_int_equal(message.message.lane, OUTBOX_ALARM);
	assert_string_equal(message.message.what,
			    "fire critical boiler-over-temp: Boiler 81.3 degC, above 80");
	if (body != NULL)
		assert_string_equal(message.message.body, body);
	else
		assert_non_null(strstr(message.message.body, "\"id\":\"msg_1\",\"seq\":3,"));
	mqtt_message_done(&message);
}

static void test_events_are_rendered(void **state)
{
	struct rig *rig = *state;

	render(rig, "", "gauged/plant-7/events/boiler-over-temp", NULL);
	render(rig, "topic: 'x/${labels.area}/${severity}'", "x/boiler-room/critical", NULL);
	render(rig, "body: '{\"r\": \"${rule}\", \"id\": \"${id}\"}'\nbase: b",
	       "b/events/boiler-over-temp", "{\"r\": \"boiler-over-temp\", \"id\": \"msg_1\"}");
}

static void test_states_are_json_whatever_they_hold(void **state)
{
	struct mqtt_value value = {
		.value = value_text("a\"\\\x01\xff"),
		.quality = QUALITY_BAD,
		.reason = BAD_TIMEOUT,
		.at = {INT64_C(1795367521123456789)},
	};
	struct mqtt_alarm alarm = {.rule = "r",
				   .state = RULE_CLEARING,
				   .severity = SEVERITY_CRITICAL,
				   .shelved = true};
	struct str out;
	json_t *json;

	(void)state;
	str_init(&out);
	mqtt_value_add(&value, "m\"3", &out);
	json = json_loads(out.s, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "reason")), "timeout");
	assert_string_equal(json_string_value(json_object_get(json, "time")),
			    "2026-11-22T17:12:01.123Z");
	json_decref(json);
	str_clear(&out);
	value = (struct mqtt_value){.value = value_number(1 / (value.at.ns * 0.0))};
	mqtt_value_add(&value, NULL, &out);
	assert_string_equal(out.s, "{\"value\":null,\"unit\":null,\"quality\":\"good\","
				   "\"reason\":null,\"time\":null}");
	str_clear(&out);
	mqtt_alarm_add(&alarm, &out);
	assert_string_equal(out.s, "{\"rule\":\"r\",\"state\":\"clearing\",\"firing\":true,"
				   "\"severity\":\"critical\",\"since\":null,"
				   "\"acknowledged\":false,\"shelved\":true,"
				   "\"inhibited\":false}");
	str_done(&out);
}

/* ---- Home Assistant ---- */

static json_t *discover(struct rig *rig, struct mqtt_config *config, uint32_t point,
			const char *expect)
{
	struct str topic, body;
	json_t *json;

	str_init(&topic);
	str_init(&body);
	mqtt_discovery_point(config, point_table_get(rig->points, point), &topic, &body);
	assert_string_equal(topic.s, expect);
	json = json_loads(body.s, 0, NULL);
	assert_non_null(json);
	str_done(&topic);
	str_done(&body);
	return json;
}

static const char *member(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

static void test_home_assistant_is_told_of_points(void **state)
{
	struct rig *rig = *state;
	struct mqtt_config *config = parse(rig, "discovery: homeassistant");
	json_t *json;

	json = discover(rig, config, 0,
			"homeassistant/sensor/gauged-plant-7/point_boiler_temp/config");
	assert_string_equal(member(json, "unit_of_measurement"), "\xc2\xb0"
								 "C");
	assert_string_equal(member(json, "device_class"), "temperature");
	assert_string_equal(member(json, "state_class"), "measurement");
	assert_string_equal(member(json, "unique_id"), "gauged-plant-7.point.boiler.temp");
	assert_string_equal(member(json, "state_topic"), "gauged/plant-7/points/boiler.temp");
	assert_string_equal(member(json, "availability_topic"), "gauged/plant-7/status");
	json_decref(json);
	json = discover(rig, config, 2,
			"homeassistant/binary_sensor/gauged-plant-7/point_boiler_on/config");
	assert_null(member(json, "unit_of_measurement"));
	json_decref(json);
	json = discover(rig, config, 3,
			"homeassistant/sensor/gauged-plant-7/point_meter_total/config");
	assert_string_equal(member(json, "unit_of_measurement"), "kWh");
	assert_null(member(json, "state_class"));
	json_decref(json);
	/* A unit that Home Assistant has no class for is told as it is. */
	json = discover(rig, config, 4,
			"homeassistant/sensor/gauged-plant-7/point_meter_flux/config");
	assert_string_equal(member(json, "unit_of_measurement"), "furlong");
	assert_null(member(json, "device_class"));
	json_decref(json);
}

/* ---- what is due ---- */

static void give_alarm(void *arg, uint32_t rule, struct mqtt_alarm *ret)
{
	struct rig *rig = arg;

	*ret = rig->alarms[rule];
}

static void give_value(void *arg, uint32_t point, struct mqtt_value *ret)
{
	struct rig *rig = arg;

	*ret = rig->values[point];
}

static struct mqtt_plant plant_of(struct rig *rig)
{
	return (struct mqtt_plant){rig->points, RULES, rule_names};
}

static bool next(struct rig *rig, const char *topic)
{
	const struct mqtt_source source = {give_alarm, give_value, rig};

	if (!mqtt_retained_next(rig->retained, &source, &rig->publication))
		return false;
	if (topic != NULL)
		assert_string_equal(rig->publication.topic.s, topic);
	return true;
}

static bool look(struct rig *rig, size_t max)
{
	const struct mqtt_source source = {give_alarm, give_value, rig};

	return mqtt_retained_look(rig->retained, &source, max);
}

static void test_all_is_due_on_a_new_connection(void **state)
{
	struct rig *rig = *state;
	struct mqtt_plant plant = plant_of(rig);
	unsigned count = 0;

	rig->config = parse(rig, "discovery: homeassistant\npoints: {names: 'boiler.*'}");
	rig->retained = mqtt_retained_new(rig->config, &plant);
	assert_false(next(rig, NULL));
	for (int round = 0; round < 2; round++) {
		mqtt_retained_anew(rig->retained);
		assert_true(next(rig, "gauged/plant-7/status"));
		assert_string_equal(rig->publication.body.s, "online");
		assert_true(next(rig, "homeassistant/binary_sensor/gauged-plant-7/"
				      "alarm_over-temp/config"));
		assert_true(next(rig, "homeassistant/binary_sensor/gauged-plant-7/"
				      "alarm_door/config"));
		for (count = 0; count < 3; count++)
			assert_true(next(rig, NULL));
		assert_true(next(rig, "gauged/plant-7/alarms/over-temp"));
		/* A rule that has no state is left out. */
		assert_true(next(rig, "gauged/plant-7/alarms/door"));
		assert_true(next(rig, "gauged/plant-7/points/boiler.temp"));
		assert_true(next(rig, "gauged/plant-7/points/boiler.mode"));
		assert_true(next(rig, "gauged/plant-7/points/boiler.on"));
		assert_false(next(rig, NULL));
	}
}

static void drain(struct rig *rig)
{
	mqtt_retained_anew(rig->retained);
	while (next(rig, NULL))
		;
}

static void test_the_latest_state_of_an_alarm_wins(void **state)
{
	struct rig *rig = *state;
	struct mqtt_plant plant = plant_of(rig);

	rig->config = parse(rig, "");
	rig->retained = mqtt_retained_new(rig->config, &plant);
	drain(rig);
	for (int i = 0; i < 100; i++)
		mqtt_retained_alarm(rig->retained, 2);
	mqtt_retained_alarm(rig->retained, 1);
	mqtt_retained_alarm(rig->retained, UINT32_MAX);
	rig->alarms[2].state = RULE_FIRING;
	assert_true(next(rig, "gauged/plant-7/alarms/door"));
	assert_non_null(strstr(rig->publication.body.s, "\"firing\":true"));
	assert_int_equal(rig->publication.qos, 1);
	assert_false(next(rig, NULL));
}

static void test_values_are_published_when_they_changed(void **state)
{
	struct rig *rig = *state;
	struct mqtt_plant plant = plant_of(rig);

	rig->config = parse(rig, "points: {names: '*', deadband: 0.5}\nretain_alarms: false");
	rig->retained = mqtt_retained_new(rig->config, &plant);
	drain(rig);
	assert_false(look(rig, 100));
	assert_false(next(rig, NULL));
	rig->values[0].value.number += 0.5;
	rig->values[3].value.number += 0.6;
	assert_false(look(rig, 100));
	assert_true(next(rig, "gauged/plant-7/points/meter.total"));
	assert_int_equal(rig->publication.qos, 0);
	assert_false(next(rig, NULL));
	/* Against what was published, not against what was seen last. */
	rig->values[0].value.number += 0.1;
	assert_false(look(rig, 100));
	assert_true(next(rig, "gauged/plant-7/points/boiler.temp"));
	rig->values[1].quality = QUALITY_STALE;
	rig->values[2].value = (struct value){.kind = VALUE_NONE};
	assert_false(look(rig, 100));
	assert_true(next(rig, "gauged/plant-7/points/boiler.mode"));
	assert_true(next(rig, "gauged/plant-7/points/boiler.on"));
	assert_false(next(rig, NULL));
	rig->values[1].value = value_text("auto");
	assert_false(look(rig, 100));
	assert_true(next(rig, NULL));
	rig->values[1].value = value_text("manual");
	assert_false(look(rig, 100));
	assert_true(next(rig, NULL));
	assert_false(next(rig, NULL));
}

static void test_points_are_looked_at_in_pieces(void **state)
{
	struct rig *rig = *state;
	struct mqtt_plant plant = plant_of(rig);

	rig->config = parse(rig, "points: {names: '*'}");
	rig->retained = mqtt_retained_new(rig->config, &plant);
	drain(rig);
	rig->values[4].value.number = 100;
	assert_true(look(rig, 2));
	assert_true(look(rig, 2));
	assert_false(next(rig, NULL));
	assert_false(look(rig, 2));
	assert_true(next(rig, "gauged/plant-7/points/meter.flux"));
}

static void test_what_is_no_longer_told_is_taken_away(void **state)
{
	struct rig *rig = *state;
	struct mqtt_plant plant = plant_of(rig), fewer = {rig->points, 1, rule_names};
	struct mqtt_retained *old;

	rig->config = parse(rig, "points: {names: [boiler.temp, boiler.on]}");
	old = mqtt_retained_new(rig->config, &plant);
	rig->config = parse(rig, "points: {names: [boiler.temp]}");
	rig->retained = mqtt_retained_new(rig->config, &fewer);
	mqtt_retained_inherit(rig->retained, old);
	mqtt_retained_anew(rig->retained);
	assert_true(next(rig, "gauged/plant-7/alarms/door"));
	assert_int_equal(rig->publication.body.len, 0);
	assert_true(next(rig, "gauged/plant-7/points/boiler.on"));
	assert_int_equal(rig->publication.body.len, 0);
	assert_true(next(rig, "gauged/plant-7/status"));
	assert_true(next(rig, "gauged/plant-7/alarms/over-temp"));
	assert_true(next(rig, "gauged/plant-7/points/boiler.temp"));
	assert_false(next(rig, NULL));
	mqtt_retained_free(old);
	/* Nothing is gone: nothing is taken away. */
	old = rig->retained;
	rig->retained = mqtt_retained_new(rig->config, &fewer);
	mqtt_retained_inherit(rig->retained, old);
	mqtt_retained_anew(rig->retained);
	assert_true(next(rig, "gauged/plant-7/status"));
	mqtt_retained_free(old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_broker_has_defaults),
		TEST(test_addresses_of_brokers),
		TEST(test_what_is_wrong_is_told),
		TEST(test_a_site_without_a_name_has_to_name_its_client),
		TEST(test_secrets_are_names),
		TEST(test_margins_are_computed_only_if_somebody_is_told),
		TEST(test_points_are_chosen_once_each),
		TEST(test_names_become_one_level_of_a_topic),
		TEST(test_events_are_rendered),
		TEST(test_states_are_json_whatever_they_hold),
		TEST(test_home_assistant_is_told_of_points),
		TEST(test_all_is_due_on_a_new_connection),
		TEST(test_the_latest_state_of_an_alarm_wins),
		TEST(test_values_are_published_when_they_changed),
		TEST(test_points_are_looked_at_in_pieces),
		TEST(test_what_is_no_longer_told_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
