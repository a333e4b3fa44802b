/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests the decoders of serial frames, and the values that their fields become. */
#include "inputs/serial_decode.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/serial_value.h"

struct bench {
	const struct serial_decoder_type *type;
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	struct serial_decoder *decoder;
	struct serial_room *room;
	size_t wanted;
	struct str said; /* errors, or fields */
};

/* yaml: "{what: value of the decoder's key, want: [fields]}". */
static void bench_init(struct bench *bench, const struct serial_decoder_type *type,
		       const char *yaml)
{
	const struct yaml_node *root, *want;

	*bench = (struct bench){.type = type, .arena = arena_new(), .diags = diags_new(20)};
	bench->source = (struct diag_source){"t", yaml, strlen(yaml)};
	bench->room = serial_room_new();
	str_init(&bench->said);
	str_adds(&bench->said, "");
	root = yaml_parse(bench->arena, &bench->source, bench->diags);
	if (root != NULL)
		bench->decoder =
			type->parse(bench->arena, yaml_get(root, "what"), bench->diags);
	want = root != NULL ? yaml_get(root, "want") : NULL;
	for (size_t i = 0; bench->decoder != NULL && want != NULL && i < want->count; i++)
		bench->wanted += type->want(bench->decoder, want->values[i], bench->diags);
	diags_render(bench->diags, &bench->said);
}

static void bench_done(struct bench *bench)
{
	str_done(&bench->said);
	serial_room_free(bench->room);
	diags_free(bench->diags);
	arena_free(bench->arena);
}

/* The fields as "a|b|", an absent one as "-", nothing as "0"; or the verdict's name. */
static const char *bench_decode(struct bench *bench, const char *frame, size_t len)
{
	static const char *const verdicts[] = {"fits", "other", "wrong", "too deep"};
	struct serial_field fields[SERIAL_FIELDS];
	/* A copy of just that size, for the sanitizer to watch. */
	char *copy = malloc(len + 1);
	enum serial_verdict verdict;

	assert_string_equal(diags_errors(bench->diags) > 0 ? bench->said.s : "", "");
	memcpy(copy, frame, len);
	copy = realloc(copy, len > 0 ? len : 1);
	verdict = bench->type->decode(bench->decoder, bench->room, copy, len, fields);
	str_clear(&bench->said);
	if (verdict != SERIAL_FITS)
		str_adds(&bench->said, verdicts[verdict]);
	for (size_t i = 0; verdict == SERIAL_FITS && i < bench->wanted; i++) {
		char room[400];
		struct str text;

		str_init_fixed(&text, room, sizeof(room));
		serial_field_text(&fields[i], &text);
		if (fields[i].kind == SERIAL_FIELD_ABSENT)
			str_adds(&text, "-");
		if (fields[i].kind == SERIAL_FIELD_NOTHING)
			str_adds(&text, "0");
		str_addf(&bench->said, "%s|", room);
	}
	free(copy);
	return bench->said.s;
}

struct decode_case {
	const char *frame, *result;
};

static void check_all(const struct serial_decoder_type *type, const char *yaml,
		      const struct decode_case *cases, size_t count)
{
	struct bench bench;

	bench_init(&bench, type, yaml);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(
			bench_decode(&bench, cases[i].frame, strlen(cases[i].frame)),
			cases[i].result);
	bench_done(&bench);
}

static void check_error(const struct serial_decoder_type *type, const char *yaml,
			const char *expected)
{
	struct bench bench;

	bench_init(&bench, type, yaml);
	assert_int_equal(diags_errors(bench.diags), 1);
	assert_string_equal(bench.said.s, expected);
	bench_done(&bench);
}

static void test_match_takes_named_and_numbered_groups(void **state)
{
	static const struct decode_case cases[] = {
		{"$WIMWV,214.8,R,4.9,M,A*3B", "214.8|4.9|4.9|$WIMWV,214.8,R,4.9,M,A|"},
		{"$WIMWV,1,R,2,M,A", "1|2|2|$WIMWV,1,R,2,M,A|"},
		{"$WIMWV,1,T,2,M,A", "other"},
		{"", "other"},
	};

	check_all(&serial_match,
		  "{what: '^\\$WIMWV,(?<dir>[\\d.]+),R,(?<speed>[\\d.]+),M,A', "
		  "want: [dir, speed, 2, 0]}",
		  cases, ARRAY_SIZE(cases));
}

static void test_match_leaves_groups_out_that_took_no_part(void **state)
{
	static const struct decode_case cases[] = {
		{"T1", "1|-|"},
		{"H2", "-|2|"},
		{"T", "|-|"},
	};

	check_all(&serial_match, "{what: '^(?:T(?<t>\\d*)|H(?<h>\\d+))$', want: [t, h]}", cases,
		  ARRAY_SIZE(cases));
}

static void test_match_reads_bytes_that_are_no_utf8(void **state)
{
	struct bench bench;

	bench_init(&bench, &serial_match, "{what: '^T(.*)C', want: [1]}");
	assert_string_equal(bench_decode(&bench, "T\xff\0C", 4), "\xef\xbf\xbd\xef\xbf\xbd|");
	bench_done(&bench);
}

static void test_match_tells_what_is_wrong_with_a_pattern(void **state)
{
	check_error(&serial_match, "what: '^T=(\\d+'\n",
		    "t:1:15: error: bad pattern: missing closing parenthesis\n"
		    "    1 | what: '^T=(\\d+'\n"
		    "      |               ^\n"
		    "      = hint: patterns are Perl-compatible regular expressions, "
		    "pcre2pattern(3)\n");
	check_error(&serial_match, "what: '(?J)(?<a>x)(?<a>y)'\n",
		    "t:1:7: error: two groups of the pattern are named 'a'\n"
		    "    1 | what: '(?J)(?<a>x)(?<a>y)'\n"
		    "      |       ^~~~~~~~~~~~~~~~~~~~\n");
	check_error(&serial_match, "what: '(?<speed>x)'\nwant: [sped]\n",
		    "t:2:8: error: the pattern has no group 'sped'\n"
		    "    2 | want: [sped]\n"
		    "      |        ^~~~\n"
		    "      = hint: did you mean 'speed'?\n");
	check_error(&serial_match, "what: '(x)'\nwant: [2]\n",
		    "t:2:8: error: the pattern has no group '2'\n"
		    "    2 | want: [2]\n"
		    "      |        ^\n"
		    "      = hint: a group with a name is written (?<name>...)\n");
	check_error(&serial_match, "what: [x]\n",
		    "t:1:7: error: expected a pattern, got a list\n"
		    "    1 | what: [x]\n"
		    "      |       ^\n");
}

static void test_match_refuses_patterns_that_ask_for_much(void **state)
{
	struct bench bench;

	/* Nesting, length, UTF mode (which would refuse to look at bytes that are none). */
	bench_init(
		&bench, &serial_match,
		"{what: '((((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))))'}");
	assert_int_equal(diags_errors(bench.diags), 1);
	bench_done(&bench);
	bench_init(&bench, &serial_match, "{what: '(?<a>x)(?<a>y)'}");
	assert_non_null(strstr(bench.said.s, "bad pattern: two named subpatterns"));
	bench_done(&bench);
	bench_init(&bench, &serial_match, "{what: '(*UTF)x'}");
	assert_int_equal(diags_errors(bench.diags), 1);
	bench_done(&bench);
	bench_init(&bench, &serial_match, "{what: '(((a{999}){999}){999})'}");
	assert_int_equal(diags_errors(bench.diags), 1);
	bench_done(&bench);
}

static void test_fault_H4_a_pattern_that_explodes_is_given_up(void **state)
{
	static const char *const patterns[] = {
		"{what: '(a+)+$'}",
		"{what: '^(a|aa)+$'}",
		"{what: '(.*a){20}$'}",
		"{what: '(?:a?){40}a{40}b{3}$'}",
	};
	char line[1024];
	struct mono start = clock_mono();

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = 'b';
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct bench bench;

		bench_init(&bench, &serial_match, patterns[i]);
		for (int round = 0; round < 10; round++)
			assert_string_equal(bench_decode(&bench, line, sizeof(line)),
					    "too deep");
		/* What is left of it does not hinder the next line. */
		assert_string_equal(bench_decode(&bench, "b", 1), "other");
		bench_done(&bench);
	}
	/* Without limits the first alone would take longer than the sun burns. */
	assert_true(mono_diff(clock_mono(), start) < 20 * NSEC_PER_SEC);
}

static void test_csv_takes_columns_by_number_and_name(void **state)
{
	static const struct decode_case cases[] = {
		{"12:00,21.5,40", "21.5|40|12:00|0|"},
		{"12:00, 21.5 ,\t40 ", "21.5|40|12:00|0|"},
		{"12:00,21.5", "21.5|0|12:00|0|"},
		{"12:00,,40,x", "|40|12:00|x|"},
		{"\"12,00\",\"21\"\"5\" ,40", "21\"5|40|12,00|0|"},
		{"\"12", "wrong"},
		{"\"12\"x,1", "wrong"},
		{"time,temp,hum", "other"},
		{"time,temp,humidity", "temp|humidity|time|0|"},
		{"", "0|0||0|"},
	};

	check_all(&serial_csv, "{what: {columns: [time, temp, hum]}, want: [temp, 3, time, 4]}",
		  cases, ARRAY_SIZE(cases));
}

static void test_csv_takes_other_separators_and_a_prefix(void **state)
{
	static const struct decode_case semicolons[] = {
		{"#W 1;2,5;3", "2,5|"}, {"#X 1;2;3", "other"}, {"#", "other"}};
	static const struct decode_case tabs[] = {{"a b\tc d\te", "c d|e|"}, {"a\t\tb", "|b|"}};
	static const struct decode_case blanks[] = {
		{"1  2\t3", "2|3|"}, {"  1 2 3  ", "2|3|"}, {"1 2 ", "2|0|"},
		{"1", "0|0|"},	     {"\"a b\" c", "c|0|"}, {"1 \"2 x\" 3", "2 x|3|"}};

	check_all(&serial_csv, "{what: {separator: ';', prefix: '#W '}, want: [2]}", semicolons,
		  ARRAY_SIZE(semicolons));
	check_all(&serial_csv, "{what: {separator: tab}, want: [2, 3]}", tabs,
		  ARRAY_SIZE(tabs));
	check_all(&serial_csv, "{what: {separator: blanks}, want: [2, 3]}", blanks,
		  ARRAY_SIZE(blanks));
}

static void test_csv_tells_what_is_wrong(void **state)
{
	check_error(&serial_csv, "what: {columns: [time, temp]}\nwant: [tem]\n",
		    "t:2:8: error: expected a column from 1 to 999 or its name, got 'tem'\n"
		    "    2 | want: [tem]\n"
		    "      |        ^~~\n"
		    "      = hint: did you mean 'temp'?\n");
	check_error(&serial_csv, "what: true\nwant: [0]\n",
		    "t:2:8: error: expected a column from 1 to 999 or its name, got '0'\n"
		    "    2 | want: [0]\n"
		    "      |        ^\n"
		    "      = hint: name the columns with columns: [...] of csv\n");
	check_error(&serial_csv, "what: {separator: ab}\n",
		    "t:1:19: error: expected one character, tab or blanks, got 'ab'\n"
		    "    1 | what: {separator: ab}\n"
		    "      |                   ^~\n");
	check_error(&serial_csv, "what: 3\n",
		    "t:1:7: error: expected true or a map of options, got a number\n"
		    "    1 | what: 3\n"
		    "      |       ^\n");
}

static void test_keyvalue_finds_pairs_in_any_order(void **state)
{
	static const struct decode_case cases[] = {
		{"T=21.5 H=40", "21.5|40|-|"},
		{"H=40;T=21.5,M=on", "21.5|40|on|"},
		{"OK T = 21.5 , H= 40", "21.5|40|-|"},
		{"T=1 T=2", "2|-|-|"},
		{"M=\"a b=c\" T=", "|-|a b=c|"},
		{"M=\"open T=3", "3|-|\"open|"},
		{"TT=1 =5 ==", "other"},
		{"T", "other"},
		{"", "other"},
		{"H=1=2", "-|1=2|-|"},
	};

	check_all(&serial_keyvalue, "{what: true, want: [T, H, M]}", cases, ARRAY_SIZE(cases));
}

static void test_nmea_verifies_the_checksum(void **state)
{
	static const struct decode_case cases[] = {
		{"$WIMWV,214.8,R,4.9,M,A*22", "WIMWV|4.9|0|"},
		{"$WIMWV,8,R,4.9,M,A*3B", "WIMWV|4.9|0|"},
		{"$WIMWV,8,R,4.9,M,A*3b", "WIMWV|4.9|0|"},
		{"$IIMWV,,R,,M,V*29", "IIMWV||0|"},
		{"$WIMWV,214.8,R,4.8,M,A*22", "wrong"},
		{"$WIMWV,214.8,R,4.9,M,A*2", "wrong"},
		{"$WIMWV,214.8,R,4.9,M,A*220", "wrong"},
		{"$WIMWV,214.8,R,4.9,M,A*", "wrong"},
		{"$WIMWV,214.8,R,4.9,M,A", "wrong"},
		{"$WIMWV,214.8,\x01,4.9,M,A*22", "wrong"},
		{"$WIMWD,214.8*00", "other"},
		{"WIMWV,214.8,R,4.9,M,A*22", "other"},
		{"$", "other"},
		{"", "other"},
	};

	check_all(&serial_nmea, "{what: {sentence: MWV}, want: [0, 3, 9]}", cases,
		  ARRAY_SIZE(cases));
}

static void test_nmea_filters_talkers_and_may_do_without_a_checksum(void **state)
{
	static const struct decode_case cases[] = {
		{"$WIMWV,1,R,2,M,A", "1|"},
		{"$WIMWV,1,R,2,M,A*00", "wrong"},
		{"$IIMWV,1,R,2,M,A", "other"},
		{"$WI,7", "7|"},
		{"!WIVDM,5", "5|"},
	};

	check_all(&serial_nmea, "{what: {talker: WI, checksum: optional}, want: [1]}", cases,
		  ARRAY_SIZE(cases));
	/* The example that every description of GPS receivers has. */
	check_all(&serial_nmea, "{what: {sentence: GGA}, want: [2, 4, 9]}",
		  &(struct decode_case){"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,"
					"46.9,M,,*47",
					"4807.038|01131.000|545.4|"},
		  1);
	check_error(&serial_nmea, "what: true\nwant: [speed]\n",
		    "t:2:8: error: expected the number of a field from 0 (the address) to 99\n"
		    "    2 | want: [speed]\n"
		    "      |        ^~~~~\n");
}

static void test_json_takes_values_by_their_paths(void **state)
{
	static const struct decode_case cases[] = {
		{"{\"a\":1}", "1|-|-|-|"},
		{" { \"a\" : -1.5e3 , \"b\":{\"c\":true,\"d\":[7,{\"e\":\"x\\ty\"}]}} ",
		 "-1.5e3|true|x\ty|0|"},
		{"{\"a\":null,\"b\":{\"c\":\"\\u00e9\\ud83d\\ude00\"}}",
		 "0|\xc3\xa9\xf0\x9f\x98\x80|-|-|"},
		{"{\"a\":{\"x\":1}}", "0|-|-|-|"},
		{"{\"a\":1,\"a\":2}", "2|-|-|-|"},
		{"{\"b\":{\"c\":1},\"b\":{}}", "other"},
		{"{\"\\u0061\":5}", "5|-|-|-|"},
		{"{\"b\":{\"d\":[]}}", "-|-|-|0|"},
		{"{\"x\":1}", "other"},
		{"{}", "other"},
		{"[1,2]", "other"},
		{"21.5", "other"},
		{"", "other"},
		{"{\"a\":01}", "wrong"},
		{"{\"a\":+1}", "wrong"},
		{"{\"a\":.5}", "wrong"},
		{"{\"a\":1.}", "wrong"},
		{"{\"a\":1e}", "wrong"},
		{"{\"a\":nan}", "wrong"},
		{"{\"a\":1,}", "wrong"},
		{"{\"a\":[1,]}", "wrong"},
		{"{,\"a\":1}", "wrong"},
		{"{\"a\" 1}", "wrong"},
		{"{\"a\":1} x", "wrong"},
		{"{\"a\":\"\x01\"}", "wrong"},
		{"{\"a\":\"\xff\"}", "wrong"},
		{"{\"a\":\"\\x\"}", "wrong"},
		{"{\"a\":\"\\u0000\"}", "wrong"},
		{"{\"a\":1", "wrong"},
		{"{a:1}", "wrong"},
		{"{\"a\":tru}", "wrong"},
	};

	check_all(&serial_json, "{what: true, want: [a, b.c, b.d.1.e, b.d]}", cases,
		  ARRAY_SIZE(cases));
}

static void test_json_depth_has_a_bound(void **state)
{
	char text[4096];
	struct bench bench;

	bench_init(&bench, &serial_json, "{what: true, want: [0]}");
	for (size_t depth = 1; depth < 2000; depth += depth < 40 ? 1 : 500) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_string_equal(bench_decode(&bench, text, 2 * depth),
				    depth == 1	  ? "other"
				    : depth <= 32 ? "0|"
						  : "too deep");
	}
	bench_done(&bench);
	check_error(
		&serial_json, "what: true\nwant: [a..b]\n",
		"t:2:8: error: expected a path of at most 8 keys or indices with dots between, "
		"such as wind.speed, got 'a..b'\n"
		"    2 | want: [a..b]\n"
		"      |        ^~~~\n");
}

/* Appends a random JSON text that is mostly right, out of few keys. */
static void random_json(struct random *random, struct str *out, int depth)
{
	static const char *const scalars[] = {"1",	 "-2.5",
					      "1e3",	 "0",
					      "true",	 "false",
					      "null",	 "\"t\"",
					      "\"\\n\"", "\"\"",
					      "-0",	 "\"\\u00e9\\ud800\\udc00\"",
					      "1.0E-2",	 "\"\xc3\xa9\"",
					      "01",	 "\"",
					      "tru",	 "\"\xff\"",
					      "\"\\q\"", "",
					      "1e",	 "-",
					      "]",	 "\"\\ud800\""};
	static const char *const keys[] = {"\"a\"",	  "\"b\"", "\"c\"",
					   "\"\\u0061\"", "\"\"",  "a"};
	int64_t kind = random_between(random, 0, depth > 0 ? 3 : 1);
	int64_t count = random_between(random, 0, 3);
	/* The last half of the scalars, and the last key, are wrong: seldom. */
	bool wrong = random_between(random, 0, 40) == 0;

	if (kind < 2) {
		str_adds(out, scalars[random_between(random, wrong ? 14 : 0, wrong ? 23 : 13)]);
		return;
	}
	str_addc(out, kind == 2 ? '{' : '[');
	for (int64_t i = 0; i < count; i++) {
		if (i > 0)
			str_adds(out, random_between(random, 0, 60) == 0 ? ",," : " , ");
		if (kind == 2)
			str_addf(out, "%s:",
				 keys[random_between(random, wrong ? 5 : 0, wrong ? 5 : 4)]);
		random_json(random, out, depth - 1);
	}
	str_addc(out, kind == 2 ? '}' : ']');
}

/* What Jansson says about the path, in the words of bench_decode(). */
static void oracle_field(json_t *root, const char *const *path, struct str *out)
{
	json_t *node = root;

	for (; *path != NULL && node != NULL; path++)
		node = json_is_object(node) ? json_object_get(node, *path)
		       : json_is_array(node) && strcmp(*path, "0") == 0
			       ? json_array_get(node, 0)
			       : NULL;
	if (node == NULL)
		str_adds(out, "-|");
	else if (json_is_string(node))
		str_addf(out, "%s|", json_string_value(node));
	else if (json_is_boolean(node))
		str_adds(out, json_is_true(node) ? "true|" : "false|");
	else if (json_is_number(node)) {
		str_add_number(out, json_number_value(node));
		str_addc(out, '|');
	} else
		str_adds(out, "0|");
}

/* Numbers of ours as Jansson's: both through a double. */
static void same_numbers(const char *fields, struct str *out)
{
	while (*fields != '\0') {
		const char *bar = strchr(fields, '|');
		char word[64];
		double number;

		assert_non_null(bar);
		assert_true((size_t)(bar - fields) < sizeof(word));
		memcpy(word, fields, (size_t)(bar - fields));
		word[bar - fields] = '\0';
		if (str_to_number(word, &number) == 0 && strcmp(word, "0") != 0)
			str_add_number(out, number);
		else
			str_adds(out, word);
		str_addc(out, '|');
		fields = bar + 1;
	}
}

static void test_json_says_what_jansson_says(void **state)
{
	static const char *const paths[][4] = {
		{"a", NULL}, {"b", "a", NULL}, {"a", "0", NULL}, {"c", "b", "a", NULL}};
	unsigned fits = 0, wrong = 0;
	struct random random;
	struct str text, theirs, ours;
	struct bench bench;

	random_init(&random, 99);
	str_init(&text);
	str_init(&theirs);
	str_init(&ours);
	bench_init(&bench, &serial_json, "{what: true, want: [a, b.a, a.0, c.b.a]}");
	for (int i = 0; i < 40000; i++) {
		const char *said;
		json_error_t error;
		json_t *root;

		str_clear(&text);
		random_json(&random, &text, 4);
		str_adds(&text, "");
		if (text.len == 0 || (text.s[0] != '{' && text.s[0] != '['))
			continue;
		root = json_loadb(text.s, text.len, 0, &error);
		said = bench_decode(&bench, text.s, text.len);
		if (root == NULL) {
			if (strcmp(said, "wrong") != 0)
				fail_msg("%s: '%s', but Jansson: %s", text.s, said, error.text);
			wrong++;
			continue;
		}
		str_clear(&theirs);
		str_clear(&ours);
		for (size_t j = 0; j < ARRAY_SIZE(paths); j++)
			oracle_field(root, paths[j], &theirs);
		json_decref(root);
		if (strcmp(theirs.s, "-|-|-|-|") == 0) {
			assert_string_equal(said, "other");
			continue;
		}
		if (strcmp(said, "wrong") == 0 || strcmp(said, "other") == 0)
			fail_msg("%s: '%s', but Jansson: %s", text.s, said, theirs.s);
		same_numbers(said, &ours);
		assert_string_equal(ours.s, theirs.s);
		fits++;
	}
	/* The generator made enough of both. */
	assert_true(fits > 2000 && wrong > 2000);
	bench_done(&bench);
	str_done(&text);
	str_done(&theirs);
	str_done(&ours);
}

static void test_a_device_has_a_bound_of_fields(void **state)
{
	static const struct serial_decoder_type *const types[] = {&serial_csv, &serial_keyvalue,
								  &serial_json, &serial_nmea};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct bench bench;
		struct str yaml;

		str_init(&yaml);
		str_adds(&yaml, "{what: true, want: [");
		for (int j = 1; j <= SERIAL_FIELDS + 1; j++)
			str_addf(&yaml, "%d, ", j);
		str_adds(&yaml, "]}");
		bench_init(&bench, types[i], yaml.s);
		assert_int_equal(bench.wanted, SERIAL_FIELDS);
		assert_non_null(strstr(bench.said.s, "more than 64 fields for one device"));
		bench_done(&bench);
		str_done(&yaml);
	}
}

static enum bad_reason read_value(const struct point_scaling *scaling, const char *text,
				  struct value *ret)
{
	static char room[VALUE_TEXT_MAX + 1];
	const struct serial_field field = {SERIAL_FIELD_TEXT, text, strlen(text)};

	*ret = (struct value){0};
	return serial_value_read(scaling, &field, room, ret);
}

static void test_fault_A13_numbers_are_numbers_or_bad(void **state)
{
	static const struct {
		const char *text;
		enum bad_reason reason;
		double number;
	} cases[] = {
		{"12.5", BAD_NONE, 35},
		{" 12.5\t", BAD_NONE, 35},
		{"+1", BAD_NONE, 12},
		{".5", BAD_NONE, 11},
		{"-5", BAD_NONE, 0},
		{"", BAD_PARSE, 0},
		{" ", BAD_PARSE, 0},
		{"12 5", BAD_PARSE, 0},
		{"12,5", BAD_PARSE, 0},
		{"0x1p3", BAD_PARSE, 0},
		{"1e", BAD_PARSE, 0},
		{"NaN", BAD_RANGE, 0},
		{"-nan", BAD_RANGE, 0},
		{"INF", BAD_RANGE, 0},
		{"-infinity", BAD_RANGE, 0},
		{"1e400", BAD_RANGE, 0},
		{"1e308", BAD_RANGE, 0},
		{"46", BAD_RANGE, 0},
		{"-6", BAD_RANGE, 0},
		{"nano", BAD_PARSE, 0},
		{"9223372036854775808", BAD_RANGE, 0},
	};
	const struct point_scaling scaling = {VALUE_NUMBER, 2, 10, true, 0, 100};
	struct value value;
	char digits[200];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_value(&scaling, cases[i].text, &value), cases[i].reason);
		assert_int_equal(value.kind,
				 cases[i].reason == BAD_NONE ? VALUE_NUMBER : VALUE_NONE);
		if (cases[i].reason == BAD_NONE)
			assert_true(value.number == cases[i].number);
	}
	memset(digits, '1', sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	assert_int_equal(read_value(&scaling, digits, &value), BAD_PARSE);
}

static void test_truths_and_texts_are_read_or_bad(void **state)
{
	static const struct {
		const char *text;
		enum bad_reason reason;
		bool flag;
	} cases[] = {{"1", BAD_NONE, true},   {"0", BAD_NONE, false},
		     {"ON", BAD_NONE, true},  {"off", BAD_NONE, false},
		     {"Yes", BAD_NONE, true}, {" true ", BAD_NONE, true},
		     {"no", BAD_NONE, false}, {"2", BAD_PARSE, false},
		     {"", BAD_PARSE, false},  {"open", BAD_PARSE, false}};
	const struct point_scaling flag = {.kind = VALUE_BOOL}, text = {.kind = VALUE_TEXT};
	char room[VALUE_TEXT_MAX + 1], bytes[VALUE_TEXT_MAX + 2];
	const struct serial_field nothing = {.kind = SERIAL_FIELD_NOTHING};
	struct value value;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_value(&flag, cases[i].text, &value), cases[i].reason);
		if (cases[i].reason == BAD_NONE)
			assert_int_equal(value.flag, cases[i].flag);
	}
	memset(bytes, 'x', sizeof(bytes) - 1);
	bytes[sizeof(bytes) - 1] = '\0';
	assert_int_equal(read_value(&text, bytes, &value), BAD_RANGE);
	assert_int_equal(read_value(&text, bytes + 1, &value), BAD_NONE);
	assert_string_equal(value.text, bytes + 1);
	assert_int_equal(serial_value_read(&text, &nothing, room, &value), BAD_PARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_takes_named_and_numbered_groups),
		cmocka_unit_test(test_match_leaves_groups_out_that_took_no_part),
		cmocka_unit_test(test_match_reads_bytes_that_are_no_utf8),
		cmocka_unit_test(test_match_tells_what_is_wrong_with_a_pattern),
		cmocka_unit_test(test_match_refuses_patterns_that_ask_for_much),
		cmocka_unit_test(test_fault_H4_a_pattern_that_explodes_is_given_up),
		cmocka_unit_test(test_csv_takes_columns_by_number_and_name),
		cmocka_unit_test(test_csv_takes_other_separators_and_a_prefix),
		cmocka_unit_test(test_csv_tells_what_is_wrong),
		cmocka_unit_test(test_keyvalue_finds_pairs_in_any_order),
		cmocka_unit_test(test_nmea_verifies_the_checksum),
		cmocka_unit_test(test_nmea_filters_talkers_and_may_do_without_a_checksum),
		cmocka_unit_test(test_json_takes_values_by_their_paths),
		cmocka_unit_test(test_json_depth_has_a_bound),
		cmocka_unit_test(test_json_says_what_jansson_says),
		cmocka_unit_test(test_a_device_has_a_bound_of_fields),
		cmocka_unit_test(test_fault_A13_numbers_are_numbers_or_bad),
		cmocka_unit_test(test_truths_and_texts_are_read_or_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
