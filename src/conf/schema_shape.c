/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the notation of shapes, and the definitions that every schema has. */
#include "conf/schema_shape.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/schema_json.h"

#define NAME "[A-Za-z][A-Za-z0-9_-]{0,63}"
/* As base/str.h reads them. */
#define DIGITS	"[0-9]+(?:[.][0-9]*)?"
#define PART(u) "(?:" DIGITS u ")?"
#define DURATION  \
	PART("w") \
	PART("d") PART("h") PART("(?:min|m)") PART("s") PART("ms") PART("us") PART("ns")
/* "20/h": the digits of the first unit may be missing. Those of others are not told apart. */
#define LOOSE(u) "(?:(?:" DIGITS ")?" u ")?"
#define RATE_TIME  \
	LOOSE("w") \
	LOOSE("d") LOOSE("h") LOOSE("(?:min|m)") LOOSE("s") LOOSE("ms") LOOSE("us") LOOSE("ns")

/* YAML 1.2 knows numbers, true and false: where a text is wanted, they are their text. */
static const struct {
	const char *name;
	const char *members;
} built_in[] = {
	{"text", "\"type\":[\"string\",\"number\",\"boolean\"]"},
	{"name",
	 "\"type\":[\"string\",\"boolean\"],\"pattern\":\"^" NAME "$\","
	 "\"patternErrorMessage\":\"Expected a letter, then letters, digits, '_' or '-', at "
	 "most 64.\""},
	{"names",
	 "\"type\":[\"string\",\"boolean\"],\"maxLength\":64,\"pattern\":\"^" NAME "(?:[.]" NAME
	 ")*$\","
	 "\"patternErrorMessage\":\"Expected names joined by dots, such as boiler.lift, at most 64 "
	 "characters.\""},
	{"bool",
	 "\"type\":[\"boolean\",\"string\"],\"pattern\":\"^(?:[Tt][Rr][Uu][Ee]|"
	 "[Ff][Aa][Ll][Ss][Ee]|[Oo][Nn]|[Oo][Ff][Ff]|[Yy][Ee][Ss]|[Nn][Oo])$\","
	 "\"patternErrorMessage\":\"Expected true or false (on and off, yes and no will do).\""},
	{"duration",
	 "\"type\":\"string\",\"minLength\":1,\"pattern\":\"^" DURATION "$\","
	 "\"patternErrorMessage\":\"Expected a duration such as 250ms, 10s or 1h30m.\""},
	{"size", "\"type\":[\"integer\",\"string\"],\"minimum\":0,\"pattern\":\"^[0-9]{1,12}"
		 "(?:KiB|MiB|GiB)?$\","
		 "\"patternErrorMessage\":\"Expected a size such as 512, 64KiB or 16MiB.\""},
	{"rate", "\"type\":\"string\",\"pattern\":\"^0*[1-9][0-9]*/(?=.)" RATE_TIME "$\","
		 "\"patternErrorMessage\":\"Expected a rate such as 20/h or 3/10s.\""},
	{"limits",
	 "\"type\":\"array\",\"items\":{\"type\":\"number\"},\"minItems\":2,\"maxItems\":2"},
};

/* Words of a shape that need no definition. */
static const struct {
	const char *word;
	const char *members;
} words[] = {
	{"any", ""},
	{"map", "\"type\":\"object\""},
	{"null", "\"type\":\"null\""},
	{"true", "\"const\":true"},
	{"integer", "\"type\":\"integer\""},
	{"number", "\"type\":\"number\""},
};

/* Length of the alternative that shape begins with. */
static size_t alternative(const char *shape, size_t len)
{
	size_t depth = 0, i;

	if (len > 0 && shape[0] == '/') {
		const char *end = memchr(shape + 1, '/', len - 1);

		assert(end != NULL);
		return (size_t)(end - shape) + 1;
	}
	for (i = 0; i < len && (depth > 0 || shape[i] != '|'); i++)
		depth += (shape[i] == '[' || shape[i] == '{') -
			 (shape[i] == ']' || shape[i] == '}');
	return i;
}

void schema_add_object(struct str *out, const char *shape, size_t len)
{
	str_addc(out, '{');
	schema_add_members(out, shape, len);
	str_addc(out, '}');
}

static void add_ref(struct str *out, const char *name, size_t len)
{
	schema_add_key(out, "$ref");
	str_adds(out, "\"#/$defs/");
	schema_add_inside(out, name, len);
	str_addc(out, '"');
}

static void add_word(struct str *out, const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != len || strncmp(words[i].word, word, len) != 0)
			continue;
		if (words[i].members[0] != '\0' && out->s[out->len - 1] != '{')
			str_addc(out, ',');
		str_adds(out, words[i].members);
		return;
	}
	add_ref(out, word, len);
}

/* X, or what the keys are and X: "name:bus". */
static void add_map_of(struct str *out, const char *shape, size_t len)
{
	size_t keys = strspn(shape, "abcdefghijklmnopqrstuvwxyz_");

	schema_add_text(out, "type", "object");
	if (keys > 0 && keys < len && shape[keys] == ':') {
		schema_add_key(out, "propertyNames");
		schema_add_object(out, shape, keys);
		shape += keys + 1;
		len -= keys + 1;
	}
	schema_add_key(out, "additionalProperties");
	schema_add_object(out, shape, len);
}

/* "0..255" */
static bool add_whole(struct str *out, const char *shape, size_t len)
{
	char room[64];
	char *dots;
	double low, high;

	if (len >= sizeof(room))
		return false;
	memcpy(room, shape, len);
	room[len] = '\0';
	dots = strstr(room, "..");
	if (dots == NULL)
		return false;
	*dots = '\0';
	if (str_to_number(room, &low) != 0 || str_to_number(dots + 2, &high) != 0)
		return false;
	schema_add_text(out, "type", "integer");
	schema_add_number(out, "minimum", low);
	schema_add_number(out, "maximum", high);
	return true;
}

static void add_alternative(struct str *out, const char *shape, size_t len)
{
	assert(len > 0);
	switch (shape[0]) {
	case '/':
		schema_add_text(out, "type", "string");
		schema_add_key(out, "pattern");
		str_adds(out, "\"^(?:");
		schema_add_inside(out, shape + 1, len - 2);
		str_adds(out, ")$\"");
		return;
	case '[':
		schema_add_text(out, "type", "array");
		schema_add_key(out, "items");
		schema_add_object(out, shape + 1, len - 2);
		return;
	case '{':
		add_map_of(out, shape + 1, len - 2);
		return;
	default:
		if (!add_whole(out, shape, len))
			add_word(out, shape, len);
	}
}

void schema_add_members(struct str *out, const char *shape, size_t len)
{
	size_t n = alternative(shape, len);

	if (n == len) {
		add_alternative(out, shape, len);
		return;
	}
	schema_add_key(out, "anyOf");
	str_addc(out, '[');
	for (;;) {
		schema_add_comma(out);
		str_addc(out, '{');
		add_alternative(out, shape, n);
		str_addc(out, '}');
		if (n >= len)
			break;
		shape += n + 1;
		len -= n + 1;
		n = alternative(shape, len);
	}
	str_addc(out, ']');
}

void schema_add_built_in(struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
		schema_add_key(out, built_in[i].name);
		str_addf(out, "{%s}", built_in[i].members);
	}
}
