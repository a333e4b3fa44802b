/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Rows bind maps to structs, and say where, what was expected and what came. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "conf_case.h"

struct bus {
	bool verify;
	int64_t unit;
	double scale;
	double above;
	const char *path;
	const char *name;
	int64_t timeout_ns;
	int64_t poll_ns;
	int64_t max_bytes;
	int64_t any_bytes;
	int parity;
	struct option_rate changes;
	struct option_limits range;
	struct option_texts include;
	const struct yaml_node *node;
	const struct yaml_node *map;
	const struct yaml_node *seq;
	int64_t any_int;
	double any_number;
};

static const char *const parities[] = {"none", "even", "odd", NULL};

static const struct option rows[] = {
	{.name = "verify", OPTION(BOOL, bus, verify), .fallback = "on", .help = "h"},
	{.name = "unit", OPTION(INT, bus, unit), .fallback = "1", .min = 1, .max = 247},
	{.name = "scale", OPTION(NUMBER, bus, scale), .fallback = "0.1", .min = -10, .max = 10},
	{.name = "above", OPTION(NUMBER, bus, above), .min = 0, .max = INFINITY},
	{.name = "path", OPTION(TEXT, bus, path), .fallback = "/dev/null"},
	{.name = "name", OPTION(NAME, bus, name)},
	{.name = "timeout", OPTION(DURATION, bus, timeout_ns), .fallback = "300ms"},
	{.name = "poll", OPTION(DURATION, bus, poll_ns), .min = 0.01, .max = 3600},
	{.name = "max",
	 OPTION(SIZE, bus, max_bytes),
	 .fallback = "1KiB",
	 .min = 16,
	 .max = 1 << 20},
	{.name = "any_size", OPTION(SIZE, bus, any_bytes)},
	{.name = "parity",
	 OPTION(CHOICE, bus, parity),
	 .fallback = "even",
	 .choices = parities},
	{.name = "changes", OPTION(RATE, bus, changes), .fallback = "20/h"},
	{.name = "range", OPTION(LIMITS, bus, range), .fallback = "[-1, 1.5]"},
	{.name = "include", OPTION(TEXTS, bus, include), .fallback = "[a, b]"},
	{.name = "node", OPTION(NODE, bus, node)},
	{.name = "map", OPTION(MAP, bus, map)},
	{.name = "seq", OPTION(SEQ, bus, seq)},
	{.name = "any_int", OPTION(INT, bus, any_int)},
	{.name = "any_number", OPTION(NUMBER, bus, any_number)},
};

static const struct option_table table = {
	.section = "bus",
	.manual = "gauged.yaml(5)",
	.rows = rows,
	.count = ARRAY_SIZE(rows),
};

static bool bind(struct conf_case *c, const char *yaml, struct bus *bus)
{
	struct option_binding binding = {&table, bus};

	*bus = (struct bus){0};
	conf_case_init(c, yaml, strlen(yaml));
	assert_non_null(c->root);
	return option_bind(c->arena, c->root, "bus 'plc'", &binding, 1, c->diags);
}

static void accepts(struct conf_case *c, const char *yaml, struct bus *bus)
{
	bool fine = bind(c, yaml, bus);

	assert_string_equal(conf_case_said(c), "");
	assert_true(fine);
}

/* The first message only, without the excerpt. */
static void says(const char *yaml, const char *message, const char *notes)
{
	struct conf_case c;
	struct bus bus;

	assert_false(bind(&c, yaml, &bus));
	assert_int_equal(diags_count(c.diags), 1);
	assert_string_equal(diags_get(c.diags, 0)->message, message);
	if (notes == NULL)
		assert_null(diags_get(c.diags, 0)->notes);
	else
		assert_string_equal(diags_get(c.diags, 0)->notes, notes);
	conf_case_done(&c);
}

static void test_defaults_are_set_when_nothing_is_said(void **state)
{
	static const char *const texts[] = {"", "{}", "~"};
	struct conf_case c;
	struct bus bus;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		accepts(&c, texts[i], &bus);
		assert_true(bus.verify);
		assert_int_equal(bus.unit, 1);
		assert_true(bus.scale == 0.1);
		assert_string_equal(bus.path, "/dev/null");
		assert_null(bus.name);
		assert_int_equal(bus.timeout_ns, 300 * NSEC_PER_MSEC);
		assert_int_equal(bus.poll_ns, 0);
		assert_int_equal(bus.max_bytes, 1024);
		assert_int_equal(bus.parity, 1);
		assert_int_equal(bus.changes.count, 20);
		assert_int_equal(bus.changes.per_ns, 3600 * NSEC_PER_SEC);
		assert_true(bus.range.set);
		assert_true(bus.range.low == -1 && bus.range.high == 1.5);
		assert_int_equal(bus.include.count, 2);
		assert_string_equal(bus.include.texts[1], "b");
		assert_null(bus.node);
		conf_case_done(&c);
	}
}

static void test_defaults_are_set_when_there_is_no_map(void **state)
{
	struct bus bus = {0};
	struct option_binding binding = {&table, &bus};
	struct conf_case c;

	(void)state;
	conf_case_init(&c, "", 0);
	assert_true(option_bind(c.arena, NULL, NULL, &binding, 1, c.diags));
	assert_int_equal(bus.max_bytes, 1024);
	conf_case_done(&c);
}

static void test_every_type_is_read(void **state)
{
	static const char yaml[] = "verify: no\n"
				   "unit: 0x11\n"
				   "scale: -2.5e-1\n"
				   "above: 1000000\n"
				   "path: 7\n"
				   "name: boiler-1_a\n"
				   "timeout: 1h30m\n"
				   "poll: 10ms\n"
				   "max: 64KiB\n"
				   "any_size: 0\n"
				   "parity: odd\n"
				   "changes: 3/10s\n"
				   "range: [0x10, .inf_]\n"
				   "include: rules.d/*.yaml\n"
				   "node: [1]\n"
				   "map: {a: 1}\n"
				   "seq: [a]\n"
				   "any_int: -9223372036854775808\n"
				   "any_number: 0o17\n";
	char *text = xstrdup(yaml);
	struct conf_case c;
	struct bus bus;

	(void)state;
	memcpy(strstr(text, ".inf_"), " 17.5", 5);
	accepts(&c, text, &bus);
	assert_false(bus.verify);
	assert_int_equal(bus.unit, 17);
	assert_true(bus.scale == -0.25);
	assert_true(bus.above == 1e6);
	assert_string_equal(bus.path, "7");
	assert_string_equal(bus.name, "boiler-1_a");
	assert_int_equal(bus.timeout_ns, 5400 * NSEC_PER_SEC);
	assert_int_equal(bus.poll_ns, 10 * NSEC_PER_MSEC);
	assert_int_equal(bus.max_bytes, 65536);
	assert_int_equal(bus.any_bytes, 0);
	assert_int_equal(bus.parity, 2);
	assert_int_equal(bus.changes.count, 3);
	assert_int_equal(bus.changes.per_ns, 10 * NSEC_PER_SEC);
	assert_true(bus.range.low == 16 && bus.range.high == 17.5);
	assert_int_equal(bus.include.count, 1);
	assert_string_equal(bus.include.texts[0], "rules.d/*.yaml");
	assert_int_equal(bus.node->kind, YAML_SEQ);
	assert_ptr_equal(bus.map, yaml_get(c.root, "map"));
	assert_ptr_equal(bus.seq, yaml_get(c.root, "seq"));
	assert_true(bus.any_int == INT64_MIN);
	assert_true(bus.any_number == 15);
	conf_case_done(&c);
	free(text);
}

static void test_bool_takes_the_words_of_people(void **state)
{
	static const struct {
		const char *yaml;
		bool value;
	} cases[] = {
		{"verify: true", true}, {"verify: False", false}, {"verify: 'on'", true},
		{"verify: OFF", false}, {"verify: yes", true},	  {"verify: no", false},
	};
	struct conf_case c;
	struct bus bus;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		accepts(&c, cases[i].yaml, &bus);
		assert_int_equal(bus.verify, cases[i].value);
		conf_case_done(&c);
	}
	says("verify: 1",
	     "'verify' of bus 'plc' must be true or false (on and off, yes and no will do), not 1",
	     NULL);
}

static void test_whole_message_has_place_and_excerpt(void **state)
{
	struct conf_case c;
	struct bus bus;

	(void)state;
	assert_false(bind(&c, "unit: 2\npath: x\n\ntimeout:   soon # later\n", &bus));
	assert_string_equal(
		conf_case_said(&c),
		"t.yaml:4:12: error: 'timeout' of bus 'plc' must be a duration such "
		"as 250ms, 10s or 1h30m, not 'soon'\n"
		"    4 | timeout:   soon # later\n"
		"      |            ^~~~\n");
	/* what was wrong keeps its default, what was right is read */
	assert_int_equal(bus.timeout_ns, 300 * NSEC_PER_MSEC);
	assert_int_equal(bus.unit, 2);
	conf_case_done(&c);
}

static void test_all_errors_are_told_in_one_run(void **state)
{
	struct conf_case c;
	struct bus bus;

	(void)state;
	assert_false(bind(&c, "unit: x\npath: []\ntimeout: y\nwhat: z\n", &bus));
	assert_int_equal(diags_errors(c.diags), 4);
	conf_case_done(&c);
}

static void test_numbers_are_refused_with_their_range(void **state)
{
	(void)state;
	says("unit: 248", "'unit' of bus 'plc' must be from 1 to 247, not 248", NULL);
	says("unit: 0", "'unit' of bus 'plc' must be from 1 to 247, not 0", NULL);
	says("unit: 1.5", "'unit' of bus 'plc' must be a whole number from 1 to 247, not 1.5",
	     NULL);
	says("unit: 1_0", "'unit' of bus 'plc' must be a whole number from 1 to 247, not '1_0'",
	     NULL);
	says("unit: '5'", "'unit' of bus 'plc' must be a whole number from 1 to 247, not '5'",
	     "hint: without the quotes it is a number");
	says("unit: 99999999999999999999",
	     "'unit' of bus 'plc' must be from 1 to 247, not 99999999999999999999", NULL);
	says("any_int: 9223372036854775808",
	     "'any_int' of bus 'plc' must be a whole number of at most 64 bits, not "
	     "9223372036854775808",
	     NULL);
	says("scale: 10.1", "'scale' of bus 'plc' must be from -10 to 10, not 10.1", NULL);
	says("scale: .nan", "'scale' of bus 'plc' must be a number from -10 to 10, not '.nan'",
	     NULL);
	says("scale: '1.5'", "'scale' of bus 'plc' must be a number from -10 to 10, not '1.5'",
	     "hint: without the quotes it is a number");
	says("above: -0.5", "'above' of bus 'plc' must be at least 0, not -0.5", NULL);
	says("any_number: .inf", "'any_number' of bus 'plc' must be a number, not '.inf'",
	     NULL);
	says("any_number: 1e999",
	     "'any_number' of bus 'plc' must be a number below 1.8e308, not "
	     "'1e999'",
	     NULL);
	says("any_number: 12,5", "'any_number' of bus 'plc' must be a number, not '12,5'",
	     NULL);
	says("any_number: true", "'any_number' of bus 'plc' must be a number, not 'true'",
	     NULL);
}

static void test_bounds_themselves_are_taken(void **state)
{
	static const char *const texts[] = {"unit: 1",	 "unit: 247",  "scale: -10",
					    "scale: 10", "poll: 10ms", "poll: 1h",
					    "max: 16",	 "max: 1MiB",  "above: 0"};
	struct conf_case c;
	struct bus bus;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		accepts(&c, texts[i], &bus);
		conf_case_done(&c);
	}
}

static void test_durations_and_sizes_are_refused_with_an_example(void **state)
{
	(void)state;
	says("timeout: 5",
	     "'timeout' of bus 'plc' must be a duration such as 250ms, 10s or 1h30m, not 5",
	     "hint: a number alone has no unit; write 5s or 5ms");
	says("timeout: 5 s",
	     "'timeout' of bus 'plc' must be a duration such as 250ms, 10s or 1h30m, not '5 s'",
	     "hint: the units are ns us ms s m h d w, without a blank");
	says("timeout: -5s",
	     "'timeout' of bus 'plc' must be a duration such as 250ms, 10s or 1h30m, not '-5s'",
	     NULL);
	says("timeout: 90000d", "'timeout' of bus 'plc' must be at most 73 years, not '90000d'",
	     NULL);
	says("poll: 5ms", "'poll' of bus 'plc' must be from 10ms to 1h, not '5ms'", NULL);
	says("poll: 90000d", "'poll' of bus 'plc' must be from 10ms to 1h, not '90000d'", NULL);
	says("poll: often",
	     "'poll' of bus 'plc' must be a duration from 10ms to 1h, not 'often'", NULL);
	says("max: 2MiB", "'max' of bus 'plc' must be from 16 to 1MiB, not '2MiB'", NULL);
	says("max: 64kb", "'max' of bus 'plc' must be a size from 16 to 1MiB, not '64kb'",
	     "hint: the units are KiB, MiB and GiB, without a blank");
	says("max: 99999999999GiB",
	     "'max' of bus 'plc' must be from 16 to 1MiB, not '99999999999GiB'", NULL);
	says("any_size: 1 MiB",
	     "'any_size' of bus 'plc' must be a size such as 512, 64KiB or 16MiB, not '1 MiB'",
	     "hint: the units are KiB, MiB and GiB, without a blank");
	says("any_size: 99999999999GiB",
	     "'any_size' of bus 'plc' must be a size below 8589934592GiB, not '99999999999GiB'",
	     NULL);
}

static void test_choices_are_listed_with_the_nearest(void **state)
{
	(void)state;
	says("parity: evn", "'parity' of bus 'plc' must be one of none, even or odd, not 'evn'",
	     "hint: did you mean 'even'?");
	says("parity: 5", "'parity' of bus 'plc' must be one of none, even or odd, not 5",
	     NULL);
}

static void test_rates_and_limits_say_their_form(void **state)
{
	static const char *const rates[] = {"20",
					    "20/",
					    "/h",
					    "x/h",
					    "20/y",
					    "0/h",
					    "-1/h",
					    "1/0s",
					    "1.5/h",
					    "20/h/h",
					    "20/11111111111111111111111111111111s"};
	struct str yaml, message;

	(void)state;
	str_init(&yaml);
	str_init(&message);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		str_clear(&yaml);
		str_clear(&message);
		str_addf(&yaml, "changes: %s", rates[i]);
		str_addf(
			&message,
			"'changes' of bus 'plc' must be a rate such as 20/h or 3/10s, not %s%s%s",
			i == 0 ? "" : "'", rates[i], i == 0 ? "" : "'");
		says(yaml.s, message.s, NULL);
	}
	str_done(&yaml);
	str_done(&message);
	says("range: 5",
	     "'range' of bus 'plc' must be two numbers in a list, [low, high], not 5", NULL);
	says("range: [1, 2, 3]",
	     "'range' of bus 'plc' must be two numbers in a list, [low, high], not a list",
	     "hint: this list has 3 items");
	says("range: [1]",
	     "'range' of bus 'plc' must be two numbers in a list, [low, high], not a list",
	     "hint: this list has 1 item");
	says("range: [1, x]", "'range' of bus 'plc' must be a number, not 'x'", NULL);
	says("range: [2, 1]", "'range' of bus 'plc' has its low limit above its high one",
	     NULL);
}

static void test_texts_names_and_collections_say_what_came(void **state)
{
	(void)state;
	says("path: {a: 1}", "'path' of bus 'plc' must be a text, not a map", NULL);
	says("path: \"a\\0b\"", "'path' of bus 'plc' cannot hold a NUL character", NULL);
	says("name: 1st",
	     "'name' of bus 'plc' must be a name (a letter, then letters, digits, '_' or '-', at "
	     "most 64), not '1st'",
	     NULL);
	says("name: b\xc3\xbcro",
	     "'name' of bus 'plc' must be a name (a letter, then letters, digits, '_' or '-', at "
	     "most 64), not 'b\xc3\xbcro'",
	     NULL);
	says("include: [a, [b]]", "'include' of bus 'plc' must be a text, not a list", NULL);
	says("include: {}",
	     "'include' of bus 'plc' must be a text or a list of texts, not a map", NULL);
	says("map: []", "'map' of bus 'plc' must be a map, not a list", NULL);
	says("seq: x", "'seq' of bus 'plc' must be a list, not 'x'",
	     "hint: a list of one is [x]");
	says("path: \"a\nb\"\nunit: '12345678901234567890123456789012345678901234567890'",
	     "'unit' of bus 'plc' must be from 1 to 247, not "
	     "'123456789012345678901234567890123456789012345678...'",
	     NULL);
}

static void test_name_is_kept_at_64_bytes(void **state)
{
	char yaml[6 + 65 + 1] = "name: ";
	struct conf_case c;
	struct bus bus;

	(void)state;
	memset(yaml + 6, 'n', 65);
	yaml[6 + 64] = '\0';
	accepts(&c, yaml, &bus);
	assert_int_equal(strlen(bus.name), 64);
	conf_case_done(&c);
	yaml[6 + 64] = 'n';
	assert_false(bind(&c, yaml, &bus));
	conf_case_done(&c);
}

static void test_nothing_is_refused_where_a_value_is_due(void **state)
{
	(void)state;
	says("unit:", "'unit' of bus 'plc' must be a whole number from 1 to 247, not nothing",
	     NULL);
	says("path: ~", "'path' of bus 'plc' must be a text, not nothing", NULL);
	says("map:", "'map' of bus 'plc' must be a map, not nothing", NULL);
	says("include: [a, ~]", "'include' of bus 'plc' must be a text, not nothing", NULL);
	says("parity: null",
	     "'parity' of bus 'plc' must be one of none, even or odd, not nothing", NULL);
}

static void test_unknown_options_name_the_nearest_or_all(void **state)
{
	struct conf_case c;
	struct bus bus;

	(void)state;
	assert_false(bind(&c, "tiemout: 5s\n", &bus));
	assert_string_equal(conf_case_said(&c),
			    "t.yaml:1:1: error: unknown option 'tiemout' in bus 'plc'\n"
			    "    1 | tiemout: 5s\n"
			    "      | ^~~~~~~\n"
			    "      = hint: did you mean 'timeout'?\n"
			    "      = see: gauged.yaml(5)\n");
	conf_case_done(&c);
	says("zzzzzzz: 1", "unknown option 'zzzzzzz' in bus 'plc'",
	     "known: verify, unit, scale, above, path, name, timeout, poll, max, any_size, "
	     "parity, changes, range, include, node, map, seq, any_int, any_number\n"
	     "see: gauged.yaml(5)");
}

static void test_decimal_comma_is_seen(void **state)
{
	struct conf_case c;
	struct bus bus;

	(void)state;
	assert_false(bind(&c, "{unit: 2, scale: 0,25, path: x}\n", &bus));
	assert_string_equal(conf_case_said(&c),
			    "t.yaml:1:20: error: a lone '25' in bus 'plc'\n"
			    "    1 | {unit: 2, scale: 0,25, path: x}\n"
			    "      |                    ^~\n"
			    "      = hint: numbers have a decimal point, such as 0.25\n");
	conf_case_done(&c);
}

static void test_section_must_be_a_map(void **state)
{
	says("just words", "bus 'plc' must be a map of options, not a text", NULL);
	says("[a]", "bus 'plc' must be a map of options, not a list", NULL);
	(void)state;
}

struct hook {
	const char *url;
	const char *method;
};

static const struct option hook_rows[] = {
	{.name = "url",
	 OPTION(TEXT, hook, url),
	 .required = true,
	 .help = "the address that events are posted to"},
	{.name = "method", OPTION(TEXT, hook, method)},
};
static const struct option_table hook_table = {
	.section = "webhook",
	.rows = hook_rows,
	.count = ARRAY_SIZE(hook_rows),
};

static void test_missing_options_are_explained(void **state)
{
	static const char yaml[] = "ops:\n  method: post\n";
	struct hook hook = {0};
	struct option_binding binding = {&hook_table, &hook};
	struct conf_case c;

	(void)state;
	conf_case_init(&c, yaml, strlen(yaml));
	assert_false(option_bind(c.arena, conf_case_get(&c, "ops"), "webhook 'ops'", &binding,
				 1, c.diags));
	assert_string_equal(conf_case_said(&c),
			    "t.yaml:2:3: error: webhook 'ops' needs 'url'\n"
			    "    2 |   method: post\n"
			    "      |   ^\n"
			    "      = url: the address that events are posted to\n");
	assert_string_equal(hook.method, "post");
	conf_case_done(&c);
	conf_case_init(&c, "", 0);
	assert_false(option_bind(c.arena, NULL, NULL, &binding, 1, c.diags));
	assert_string_equal(conf_case_said(&c),
			    "error: webhook needs 'url'\n"
			    "      = url: the address that events are posted to\n");
	conf_case_done(&c);
}

static void test_tables_share_one_map(void **state)
{
	static const char yaml[] = "unit: 3\nurl: here\npath: p\nmethode: get\n";
	struct hook hook = {0}, twin = {0};
	struct bus bus = {0};
	struct option_binding bindings[] = {
		{&table, &bus}, {&hook_table, &hook}, {&hook_table, &twin}};
	struct conf_case c;

	(void)state;
	conf_case_init(&c, yaml, strlen(yaml));
	assert_false(option_bind(c.arena, c.root, "all", bindings, 3, c.diags));
	assert_int_equal(diags_errors(c.diags), 1);
	assert_string_equal(diags_get(c.diags, 0)->message, "unknown option 'methode' in all");
	assert_string_equal(diags_get(c.diags, 0)->notes,
			    "hint: did you mean 'method'?\nsee: gauged.yaml(5)");
	assert_int_equal(bus.unit, 3);
	assert_string_equal(hook.url, "here");
	assert_string_equal(twin.url, "here");
	conf_case_done(&c);
}

static void test_one_value_is_read_by_itself(void **state)
{
	struct conf_case c;
	int64_t ns = 77;

	(void)state;
	conf_case_init(&c, "[10s, x]", 8);
	assert_true(option_parse(c.arena, &rows[6], c.root->values[0], &ns, c.diags));
	assert_int_equal(ns, 10 * NSEC_PER_SEC);
	assert_false(option_parse(c.arena, &rows[6], c.root->values[1], &ns, c.diags));
	assert_int_equal(ns, 10 * NSEC_PER_SEC);
	assert_string_equal(
		diags_get(c.diags, 0)->message,
		"'timeout' must be a duration such as 250ms, 10s or 1h30m, not 'x'");
	conf_case_done(&c);
}

static void test_rows_say_what_they_take(void **state)
{
	static const struct option at_most = {.type = OPTION_INT, .min = -INFINITY, .max = 9};
	static const char *const one[] = {"only", NULL};
	static const struct option choice = {.type = OPTION_CHOICE, .choices = one};
	static const struct {
		const struct option *row;
		const char *text;
	} cases[] = {
		{&rows[1], "a whole number from 1 to 247"},
		{&rows[3], "a number at least 0"},
		{&rows[7], "a duration from 10ms to 1h"},
		{&rows[8], "a size from 16 to 1MiB"},
		{&rows[10], "one of none, even or odd"},
		{&rows[14], "a value"},
		{&at_most, "a whole number at most 9"},
		{&choice, "only"},
	};
	struct str text;

	(void)state;
	str_init(&text);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&text);
		option_expected(cases[i].row, &text);
		assert_string_equal(text.s, cases[i].text);
	}
	str_done(&text);
}

/* Whatever stands in a file, the worst that happens is an error with a place in the file. */
static void test_mutated_files_never_crash(void **state)
{
	static const char base[] =
		"verify: no\nunit: 0x11\nscale: -2.5e-1\npath: \"\\x41 b\"\n"
		"name: 'boiler-1'\ntimeout: 1h30m\nmax: 64KiB\nparity: odd\n"
		"changes: 3/10s\nrange: [0x10, 17.5]\ninclude:\n  - a\n  - |\n"
		"    line\n  - >-\n    fold\n    ed\nnode: {a: [1, {b: ~}]}\n"
		"any_int: -9\n# end\n";
	static const char bytes[] = "\0\t\n\r !\"#$%&'()*+,-./0:<=>?@[\\]^_`{|}~x\x80\xc3\xff";
	struct random random;

	(void)state;
	random_init(&random, 20260101);
	for (int run = 0; run < 100; run++) {
		size_t len = sizeof(base) - 1;
		char *text = xstrndup(base, len);
		struct conf_case c;
		struct bus bus = {0};
		struct option_binding binding = {&table, &bus};

		for (int64_t n = random_between(&random, 1, 6); n > 0; n--) {
			size_t at = (size_t)random_between(&random, 0, (int64_t)len - 1);
			size_t to =
				(size_t)random_between(&random, (int64_t)at, (int64_t)len - 1);

			if (random_between(&random, 0, 3) == 0) {
				memmove(text + at, text + to, len - to);
				len -= to - at;
			} else {
				text[at] = bytes[random_between(&random, 0, sizeof(bytes) - 2)];
			}
		}
		conf_case_init(&c, text, len);
		if (c.root != NULL)
			option_bind(c.arena, c.root, "bus", &binding, 1, c.diags);
		else
			assert_true(diags_errors(c.diags) > 0);
		conf_case_said(&c);
		for (size_t i = 0; i < diags_count(c.diags); i++) {
			assert_string_equal(diags_get(c.diags, i)->file, "t.yaml");
			assert_in_range(diags_get(c.diags, i)->line, 1, 40);
			assert_in_range(diags_get(c.diags, i)->column, 1, len + 1);
		}
		conf_case_done(&c);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_set_when_nothing_is_said),
		cmocka_unit_test(test_defaults_are_set_when_there_is_no_map),
		cmocka_unit_test(test_every_type_is_read),
		cmocka_unit_test(test_bool_takes_the_words_of_people),
		cmocka_unit_test(test_whole_message_has_place_and_excerpt),
		cmocka_unit_test(test_all_errors_are_told_in_one_run),
		cmocka_unit_test(test_numbers_are_refused_with_their_range),
		cmocka_unit_test(test_bounds_themselves_are_taken),
		cmocka_unit_test(test_durations_and_sizes_are_refused_with_an_example),
		cmocka_unit_test(test_choices_are_listed_with_the_nearest),
		cmocka_unit_test(test_rates_and_limits_say_their_form),
		cmocka_unit_test(test_texts_names_and_collections_say_what_came),
		cmocka_unit_test(test_name_is_kept_at_64_bytes),
		cmocka_unit_test(test_nothing_is_refused_where_a_value_is_due),
		cmocka_unit_test(test_unknown_options_name_the_nearest_or_all),
		cmocka_unit_test(test_decimal_comma_is_seen),
		cmocka_unit_test(test_section_must_be_a_map),
		cmocka_unit_test(test_missing_options_are_explained),
		cmocka_unit_test(test_tables_share_one_map),
		cmocka_unit_test(test_one_value_is_read_by_itself),
		cmocka_unit_test(test_rows_say_what_they_take),
		cmocka_unit_test(test_mutated_files_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
