/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how one value is read from its YAML node, and what is said when it cannot be. */
#include "conf/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"

enum {
	OPTION_NAME_BYTES = 64,
	OPTION_SHOWN = 48, /* of a wrong value in a message */
};

static bool bounded(const struct option *row)
{
	return row->min != 0 || row->max != 0;
}

static void add_bound(const struct option *row, double bound, struct str *out)
{
	if (row->type == OPTION_DURATION)
		str_add_duration(out, (int64_t)(bound * (double)NSEC_PER_SEC));
	else if (row->type == OPTION_SIZE)
		str_add_size(out, (int64_t)bound);
	else if (row->type == OPTION_INT)
		str_addf(out, "%.0f", bound);
	else
		str_add_number(out, bound);
}

static void add_range(const struct option *row, struct str *out)
{
	if (!isinf(row->min)) {
		str_adds(out, isinf(row->max) ? "at least " : "from ");
		add_bound(row, row->min, out);
		if (!isinf(row->max))
			str_adds(out, " to ");
	} else {
		str_adds(out, "at most ");
	}
	if (!isinf(row->max))
		add_bound(row, row->max, out);
}

static void add_choices(const struct option *row, struct str *out)
{
	for (size_t i = 0; row->choices[i] != NULL; i++) {
		if (i > 0)
			str_adds(out, row->choices[i + 1] == NULL ? " or " : ", ");
		str_adds(out, row->choices[i]);
	}
}

/* With an example where the bounds, which are example enough, are missing. */
static const struct {
	const char *name;
	const char *example;
} expected[] = {
	[OPTION_BOOL] = {"true or false (on and off, yes and no will do)", ""},
	[OPTION_INT] = {"a whole number", ""},
	[OPTION_NUMBER] = {"a number", ""},
	[OPTION_TEXT] = {"a text", ""},
	[OPTION_NAME] = {"a name (a letter, then letters, digits, '_' or '-', at most 64)", ""},
	[OPTION_DURATION] = {"a duration", " such as 250ms, 10s or 1h30m"},
	[OPTION_SIZE] = {"a size", " such as 512, 64KiB or 16MiB"},
	[OPTION_CHOICE] = {"", ""},
	[OPTION_RATE] = {"a rate such as 20/h or 3/10s", ""},
	[OPTION_LIMITS] = {"two numbers in a list, [low, high]", ""},
	[OPTION_TEXTS] = {"a text or a list of texts", ""},
	[OPTION_NODE] = {"a value", ""},
	[OPTION_MAP] = {"a map", ""},
	[OPTION_SEQ] = {"a list", ""},
};

void option_expected(const struct option *row, struct str *out)
{
	if (row->type == OPTION_CHOICE) {
		str_adds(out,
			 row->choices[0] != NULL && row->choices[1] == NULL ? "" : "one of ");
		add_choices(row, out);
		return;
	}
	str_adds(out, expected[row->type].name);
	if (bounded(row)) {
		str_addc(out, ' ');
		add_range(row, out);
	} else {
		str_adds(out, expected[row->type].example);
	}
}

static int parse_number(const char *text, double *ret)
{
	int64_t whole;
	int rc = str_to_number(text, ret);

	if (rc == -EINVAL && str_to_int(text, &whole) == 0) {
		*ret = (double)whole; /* 0x1f, 0o17 */
		rc = 0;
	}
	return rc;
}

/* "'x'", cut where it is long; a number as it stands; "a list" for what has no text. */
static void add_found(const struct yaml_node *node, struct str *out)
{
	size_t len = 0;
	double number;

	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		str_adds(out, yaml_kind_words(node));
		return;
	}
	if (node->plain && node->len < OPTION_SHOWN && parse_number(node->text, &number) == 0) {
		str_adds(out, node->text);
		return;
	}
	while (len < node->len && len < OPTION_SHOWN) {
		size_t n = str_utf8(node->text + len, node->len - len);

		len += n > 0 ? n : 1;
	}
	str_addc(out, '\'');
	str_add(out, node->text, len < node->len ? len : node->len);
	str_adds(out, len < node->len ? "...'" : "'");
}

static void add_subject(const struct option_value *of, struct str *out)
{
	str_addf(out, "'%s'", of->row->name);
	if (of->what != NULL)
		str_addf(out, " of %s", of->what);
}

/* "'poll' of device 'x' must be EXPECTED, not FOUND"; expected NULL: what the row says. */
static bool wrong(const struct option_value *of, const struct yaml_node *node,
		  const char *expects)
{
	struct str text;

	str_init(&text);
	add_subject(of, &text);
	str_adds(&text, " must be ");
	if (expects != NULL)
		str_adds(&text, expects);
	else
		option_expected(of->row, &text);
	str_adds(&text, ", not ");
	add_found(node, &text);
	diag_error(of->diags, node, "%.*s", (int)text.len, text.s);
	str_done(&text);
	return false;
}

static bool out_of_range(const struct option_value *of, const struct yaml_node *node)
{
	struct str text;

	str_init(&text);
	add_range(of->row, &text);
	wrong(of, node, text.s);
	str_done(&text);
	return false;
}

/* The node's text if it can be a value of one word; NULL after an error was added. */
static const char *word_of(const struct option_value *of, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node) &&
	    memchr(node->text, '\0', node->len) == NULL)
		return node->text;
	if (node->kind == YAML_SCALAR && node->len > 0 && !yaml_is_null(node)) {
		diag_error(of->diags, node, "'%s'%s%s cannot hold a NUL character",
			   of->row->name, of->what != NULL ? " of " : "",
			   of->what != NULL ? of->what : "");
		return NULL;
	}
	wrong(of, node, NULL);
	return NULL;
}

static bool read_bool(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	static const char *const words[] = {"true", "false", "on", "off", "yes", "no"};
	const char *text = word_of(of, node);

	if (text == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)ret = i % 2 == 0;
			return true;
		}
	}
	return wrong(of, node, NULL);
}

/* A number in quotes is a text: saying so spares a long search. */
static bool quoted(const struct option_value *of, const struct yaml_node *node)
{
	wrong(of, node, NULL);
	diag_note(of->diags, "hint: without the quotes it is a number");
	return false;
}

static bool read_int(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);
	int64_t value;
	int rc;

	if (text == NULL)
		return false;
	rc = str_to_int(text, &value);
	if (rc == 0 && !node->plain)
		return quoted(of, node);
	if (rc == -EINVAL || (rc < 0 && !bounded(of->row)))
		return wrong(of, node,
			     rc == -ERANGE ? "a whole number of at most 64 bits" : NULL);
	if (rc < 0 || (bounded(of->row) &&
		       ((double)value < of->row->min || (double)value > of->row->max)))
		return out_of_range(of, node);
	*(int64_t *)ret = value;
	return true;
}

static bool read_number(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);
	double value = 0;
	int rc;

	if (text == NULL)
		return false;
	rc = parse_number(text, &value);
	if (rc == 0 && !node->plain)
		return quoted(of, node);
	if (rc < 0)
		return wrong(of, node, rc == -ERANGE ? "a number below 1.8e308" : NULL);
	if (bounded(of->row) && (value < of->row->min || value > of->row->max))
		return out_of_range(of, node);
	*(double *)ret = value;
	return true;
}

static bool read_text(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);

	if (text == NULL)
		return false;
	*(const char **)ret = text;
	return true;
}

static bool name_form(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_0123456789";

	return len > 0 && len <= OPTION_NAME_BYTES && strspn(text, letters) == len &&
	       strchr("-_0123456789", text[0]) == NULL;
}

static bool read_name(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);

	if (text == NULL)
		return false;
	if (!name_form(text, node->len))
		return wrong(of, node, NULL);
	*(const char **)ret = text;
	return true;
}

/* What begins with a digit was meant as a duration: the unit is what is wrong. */
static bool unit_wrong(const struct option_value *of, const struct yaml_node *node)
{
	double number;

	wrong(of, node, NULL);
	if (node->len > OPTION_SHOWN || !isdigit((unsigned char)node->text[0]))
		return false;
	if (str_to_number(node->text, &number) == 0)
		diag_note(of->diags, "hint: a number alone has no unit; write %ss or %sms",
			  node->text, node->text);
	else
		diag_note(of->diags, "hint: the units are ns us ms s m h d w, without a blank");
	return false;
}

static bool read_duration(const struct option_value *of, const struct yaml_node *node,
			  void *ret)
{
	const char *text = word_of(of, node);
	int64_t ns;
	int rc;

	if (text == NULL)
		return false;
	rc = str_to_duration(text, &ns);
	if (rc == -EINVAL)
		return unit_wrong(of, node);
	if (rc < 0 && !bounded(of->row))
		return wrong(of, node, "at most 73 years");
	if (rc < 0 || (bounded(of->row) && ((double)ns < of->row->min * (double)NSEC_PER_SEC ||
					    (double)ns > of->row->max * (double)NSEC_PER_SEC)))
		return out_of_range(of, node);
	*(int64_t *)ret = ns;
	return true;
}

static bool read_size(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);
	int64_t bytes = 0;
	int rc;

	if (text == NULL)
		return false;
	rc = str_to_size(text, &bytes);
	if (rc == -EINVAL) {
		wrong(of, node, NULL);
		if (isdigit((unsigned char)text[0]))
			diag_note(of->diags,
				  "hint: the units are KiB, MiB and GiB, without a blank");
		return false;
	}
	if (rc < 0 && !bounded(of->row))
		return wrong(of, node, "a size below 8589934592GiB");
	if (rc < 0 || (bounded(of->row) &&
		       ((double)bytes < of->row->min || (double)bytes > of->row->max)))
		return out_of_range(of, node);
	*(int64_t *)ret = bytes;
	return true;
}

static bool read_choice(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);
	size_t count = 0;

	if (text == NULL)
		return false;
	for (; of->row->choices[count] != NULL; count++) {
		if (strcmp(of->row->choices[count], text) == 0) {
			*(int *)ret = (int)count;
			return true;
		}
	}
	wrong(of, node, NULL);
	diag_suggest(of->diags, text, of->row->choices, count);
	return false;
}

/* "20/h": a count, and a duration whose digits may be missing. */
static int parse_rate(const char *text, struct option_rate *ret)
{
	struct option_rate rate;
	char count[24], per[32];
	const char *slash = strchr(text, '/');
	size_t digits = slash != NULL ? (size_t)(slash - text) : 0;
	struct str str;

	if (digits == 0 || digits >= sizeof(count) || strspn(text, "0123456789") != digits)
		return -EINVAL;
	memcpy(count, text, digits);
	count[digits] = '\0';
	str_init_fixed(&str, per, sizeof(per));
	str_adds(&str, strchr("0123456789", slash[1]) == NULL ? "1" : "");
	str_adds(&str, slash + 1);
	if (str.cut || str_to_int(count, &rate.count) != 0 ||
	    str_to_duration(per, &rate.per_ns) != 0 || rate.count == 0 || rate.per_ns == 0)
		return -EINVAL;
	*ret = rate;
	return 0;
}

static bool read_rate(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	const char *text = word_of(of, node);

	if (text == NULL)
		return false;
	return parse_rate(text, ret) == 0 || wrong(of, node, NULL);
}

static bool read_limits(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	struct option number = {.name = of->row->name, .type = OPTION_NUMBER};
	struct option_value each = {of->arena, &number, of->what, of->diags};
	struct option_limits limits = {.set = true};

	if (node->kind != YAML_SEQ || node->count != 2) {
		wrong(of, node, NULL);
		if (node->kind == YAML_SEQ)
			diag_note(of->diags, "hint: this list has %zu item%s", node->count,
				  node->count == 1 ? "" : "s");
		return false;
	}
	if (!read_number(&each, node->values[0], &limits.low) ||
	    !read_number(&each, node->values[1], &limits.high))
		return false;
	if (limits.low > limits.high) {
		diag_error(of->diags, node, "'%s'%s%s has its low limit above its high one",
			   of->row->name, of->what != NULL ? " of " : "",
			   of->what != NULL ? of->what : "");
		return false;
	}
	*(struct option_limits *)ret = limits;
	return true;
}

static bool read_texts(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	struct option_texts texts = {.count = 1};
	struct option text = {.name = of->row->name, .type = OPTION_TEXT};
	struct option_value each = {of->arena, &text, of->what, of->diags};
	bool fine = true;

	if (node->kind == YAML_MAP || yaml_is_null(node))
		return wrong(of, node, NULL);
	if (node->kind == YAML_SEQ)
		texts.count = node->count;
	texts.texts = arena_take(of->arena, texts.count, sizeof(*texts.texts));
	if (node->kind == YAML_SCALAR)
		fine = read_text(&each, node, &texts.texts[0]);
	for (size_t i = 0; node->kind == YAML_SEQ && i < node->count; i++)
		fine = read_text(&each, node->values[i], &texts.texts[i]) && fine;
	if (fine)
		*(struct option_texts *)ret = texts;
	return fine;
}

static bool read_node(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	if ((of->row->type == OPTION_MAP && node->kind != YAML_MAP) ||
	    (of->row->type == OPTION_SEQ && node->kind != YAML_SEQ)) {
		wrong(of, node, NULL);
		if (of->row->type == OPTION_SEQ && node->kind == YAML_SCALAR &&
		    !yaml_is_null(node) && node->len < OPTION_SHOWN)
			diag_note(of->diags, "hint: a list of one is [%s]", node->text);
		return false;
	}
	*(const struct yaml_node **)ret = node;
	return true;
}

typedef bool read_fn(const struct option_value *of, const struct yaml_node *node, void *ret);

static read_fn *const readers[] = {
	[OPTION_BOOL] = read_bool,     [OPTION_INT] = read_int,
	[OPTION_NUMBER] = read_number, [OPTION_TEXT] = read_text,
	[OPTION_NAME] = read_name,     [OPTION_DURATION] = read_duration,
	[OPTION_SIZE] = read_size,     [OPTION_CHOICE] = read_choice,
	[OPTION_RATE] = read_rate,     [OPTION_LIMITS] = read_limits,
	[OPTION_TEXTS] = read_texts,   [OPTION_NODE] = read_node,
	[OPTION_MAP] = read_node,      [OPTION_SEQ] = read_node,
};

bool option_value_read(const struct option_value *of, const struct yaml_node *node, void *ret)
{
	return readers[of->row->type](of, node, ret);
}

bool option_parse(struct arena *arena, const struct option *row, const struct yaml_node *node,
		  void *ret, struct diags *diags)
{
	struct option_value of = {arena, row, NULL, diags};

	return option_value_read(&of, node, ret);
}
