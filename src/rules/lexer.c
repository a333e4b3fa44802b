/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words of expressions, and the places that errors in them point at. */
#include "rules/lexer.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "rules/calendar_text.h"

enum { LEXER_NUMBER = 48, LEXER_WORD = 48, LEXER_MESSAGE = 400 };

void expr_error(const struct expr_source *source, size_t from, size_t len, const char *fmt, ...)
{
	char text[LEXER_MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_error_in(source->diags, source->scalar, source->from + from, len, "%s", text);
}

void expr_hint(const struct expr_source *source, const char *fmt, ...)
{
	char text[LEXER_MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_note(source->diags, "hint: %s", text);
}

void expr_no_hint(const struct expr_source *source)
{
	diag_note(source->diags, "in '%s' of %s '%s'", source->field,
		  source->what != NULL ? source->what : "rule", source->rule);
}

static bool lexer_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool lexer_is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

bool expr_hint_name(const struct expr_source *source, size_t from)
{
	size_t start = from, end = from;
	const char *text = source->text;

	while (start > 0 &&
	       (lexer_name_byte(text[start - 1]) || lexer_is_one_of(text[start - 1], "-.")))
		start--;
	while (end < source->len &&
	       (lexer_name_byte(text[end]) || lexer_is_one_of(text[end], "-.")))
		end++;
	if (start == end || source->points == NULL ||
	    memchr(text + start, '-', end - start) == NULL ||
	    point_table_find(source->points, text + start, end - start) == POINT_NONE)
		return false;
	expr_hint(source, "a name with '-' in it is written point('%.*s')", (int)(end - start),
		  text + start);
	return true;
}

void lexer_init(struct lexer *lexer, const struct expr_source *source)
{
	*lexer = (struct lexer){.source = source};
}

static bool lexer_digit(const struct lexer *lexer, size_t at)
{
	return at < lexer->source->len && lexer->source->text[at] >= '0' &&
	       lexer->source->text[at] <= '9';
}

static char lexer_byte(const struct lexer *lexer, size_t at)
{
	return at < lexer->source->len ? lexer->source->text[at] : '\0';
}

static bool lexer_letter(char c)
{
	return lexer_name_byte(c) && !(c >= '0' && c <= '9');
}

static void lexer_blanks(struct lexer *lexer)
{
	while (lexer_is_one_of(lexer_byte(lexer, lexer->at), " \t\r\n"))
		lexer->at++;
}

static const struct {
	const char *word;
	enum token_type type;
} keywords[] = {
	{"and", TOKEN_AND}, {"or", TOKEN_OR},	  {"not", TOKEN_NOT},
	{"in", TOKEN_IN},   {"true", TOKEN_TRUE}, {"false", TOKEN_FALSE},
};

static enum token_type lexer_keyword(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strlen(keywords[i].word) == len && memcmp(keywords[i].word, word, len) == 0)
			return keywords[i].type;
	}
	return TOKEN_NAME;
}

/* What people write who come from another language, and what it is here. */
static const struct {
	const char *text;
	const char *hint;
} strangers[] = {
	{"&&", "write 'and'"},
	{"&", "write 'and'"},
	{"||", "write 'or'"},
	{"|", "write 'or'"},
	{"!", "write 'not'"},
	{"=", "write '==' to compare"},
	{"?", "write if(condition, value, other)"},
	{"**", "write '^' for a power"},
	{"%", "'%' is a unit here; write mod(x, y) for a remainder"},
	{"[", "a unit in brackets stands behind a number: 5[m/s]"},
	{";", "write 'and' or 'or' between two conditions"},
	{":", "write if(condition, value, other)"},
};

static void lexer_stranger(struct lexer *lexer, struct token *token)
{
	const struct expr_source *source = lexer->source;
	const char *text = source->text + lexer->at;
	size_t left = source->len - lexer->at, len = str_utf8(text, left);
	const char *hint = NULL;

	len = len > 0 ? len : 1;
	for (size_t i = 0; i < ARRAY_SIZE(strangers) && hint == NULL; i++) {
		size_t n = strlen(strangers[i].text);

		if (n <= left && memcmp(strangers[i].text, text, n) == 0) {
			hint = strangers[i].hint;
			len = n;
		}
	}
	if ((unsigned char)text[0] < 0x20 || text[0] == 0x7f || str_utf8(text, left) == 0)
		expr_error(source, lexer->at, len, "unexpected byte 0x%02x",
			   (unsigned char)text[0]);
	else
		expr_error(source, lexer->at, len, "unexpected '%.*s'", (int)len, text);
	if (hint != NULL)
		expr_hint(source, "%s", hint);
	else if (!expr_hint_name(source, lexer->at))
		expr_no_hint(source);
	token->type = TOKEN_WRONG;
	token->len = len;
}

static const struct {
	const char *name;
	double seconds;
} duration_rows[] = {
	{"w", 604800}, {"d", 86400}, {"h", 3600},  {"min", 60},	 {"m", 60},
	{"s", 1},      {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},
};

/* Seconds in a duration's unit, or 0. */
static double lexer_duration_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(duration_rows); i++) {
		if (strlen(duration_rows[i].name) == len &&
		    memcmp(duration_rows[i].name, name, len) == 0)
			return duration_rows[i].seconds;
	}
	return 0;
}

/* End of the digits with their fraction that start at at. */
static size_t lexer_digits(const struct lexer *lexer, size_t at)
{
	while (lexer_digit(lexer, at))
		at++;
	if (lexer_byte(lexer, at) == '.' && lexer_digit(lexer, at + 1)) {
		at++;
		while (lexer_digit(lexer, at))
			at++;
	}
	return at;
}

static bool lexer_read_number(struct lexer *lexer, size_t to, struct token *token)
{
	const struct expr_source *source = lexer->source;
	char room[LEXER_NUMBER];
	size_t len = to - lexer->at;

	if (len >= sizeof(room)) {
		expr_error(source, lexer->at, len, "the number has more than %d characters",
			   LEXER_NUMBER - 1);
		expr_no_hint(source);
		return false;
	}
	memcpy(room, source->text + lexer->at, len);
	room[len] = '\0';
	token->number = strtod(room, NULL);
	if (!isfinite(token->number)) {
		expr_error(source, lexer->at, len, "the number '%s' is too large", room);
		expr_no_hint(source);
		return false;
	}
	return true;
}

static size_t lexer_letters(const struct lexer *lexer, size_t at)
{
	while (lexer_letter(lexer_byte(lexer, at)))
		at++;
	return at;
}

/*
 * "1h30m": from_at is where the unit of the first number starts. Lengths are kept in whole
 * nanoseconds as str_to_duration() does, so that 'for: 1.1s' and 1.1s are the same time.
 */
static bool lexer_read_duration(struct lexer *lexer, size_t from_at, struct token *token)
{
	const char *text = lexer->source->text;
	size_t at = from_at, end = lexer_letters(lexer, at);
	double unit = lexer_duration_unit(text + at, end - at);
	double ns = 0, number = token->number;

	/* A word that goes on with other characters is a name of its own: "s2", "m_x". */
	while (unit > 0) {
		double next_unit;
		size_t digits = end, letters;

		ns += number * (unit * 1e9);
		if (!lexer_digit(lexer, end))
			break;
		digits = lexer_digits(lexer, end);
		letters = lexer_letters(lexer, digits);
		next_unit = lexer_duration_unit(text + digits, letters - digits);
		if (next_unit <= 0 || next_unit >= unit || digits - end >= LEXER_NUMBER)
			return false;
		lexer->at = end;
		number = strtod(text + end, NULL);
		unit = next_unit;
		end = letters;
	}
	if (unit <= 0 || (unsigned char)lexer_byte(lexer, end) >= 0x80)
		return false;
	lexer->at = end;
	token->number = fabs(ns) < 9e15 ? nearbyint(ns) / 1e9 : ns / 1e9;
	token->duration = true;
	token->unit = (struct unit){.known = true, .dimension = {[2] = 1}, .scale = 1};
	token->unit_text = "s";
	token->unit_text_len = 1;
	return true;
}

static void lexer_unknown_unit(struct lexer *lexer, size_t from, size_t len)
{
	const struct expr_source *source = lexer->source;
	char word[LEXER_WORD];
	const char *const *names, *near;
	size_t count;

	if (len == 0) {
		expr_error(source, from, 1, "a unit is missing here");
		expr_hint(source, "a unit in brackets is one such as 5[m], 5[m/s] or 5[m^2]");
		return;
	}
	snprintf(word, sizeof(word), "%.*s", (int)len, source->text + from);
	expr_error(source, from, len, "unknown unit '%s'", word);
	names = unit_names(&count);
	near = str_nearest(word, names, count);
	if (strcasecmp(word, "and") == 0 || strcasecmp(word, "or") == 0 ||
	    strcasecmp(word, "not") == 0 || strcasecmp(word, "in") == 0)
		expr_hint(source, "and, or, not, in are written in small letters");
	else if (near != NULL)
		expr_hint(source, "did you mean '%s'?", near);
	else if (!expr_hint_name(source, from))
		expr_no_hint(source);
}

static bool lexer_take_unit(struct lexer *lexer, size_t from, size_t len, struct token *token)
{
	size_t bad = 0, bad_len = 0;

	if (unit_parse(lexer->source->text + from, len, &token->unit, &bad, &bad_len) != 0) {
		lexer_unknown_unit(lexer, from + bad, bad_len);
		return false;
	}
	token->unit_text = lexer->source->text + from;
	token->unit_text_len = len;
	return true;
}

/* The unit behind a number, if there is one; false after an error. */
static bool lexer_read_unit(struct lexer *lexer, struct token *token)
{
	const struct expr_source *source = lexer->source;
	size_t from = lexer->at, to, letters;
	char c;

	while (lexer_is_one_of(lexer_byte(lexer, from), " \t\r\n"))
		from++;
	c = lexer_byte(lexer, from);
	if (c == '%') {
		lexer->at = from + 1;
		return lexer_take_unit(lexer, from, 1, token);
	}
	if (c == '[') {
		const char *end = memchr(source->text + from, ']', source->len - from);

		if (end == NULL) {
			expr_error(source, from, 1, "the unit does not end: ']' is missing");
			expr_no_hint(source);
			return false;
		}
		to = (size_t)(end - source->text);
		lexer->at = to + 1;
		from++;
		while (from < to && source->text[from] == ' ')
			from++;
		while (to > from && source->text[to - 1] == ' ')
			to--;
		return lexer_take_unit(lexer, from, to - from, token);
	}
	if (!lexer_letter(c) && (unsigned char)c < 0x80)
		return true;
	for (to = from; lexer_name_byte(lexer_byte(lexer, to)) ||
			(unsigned char)lexer_byte(lexer, to) >= 0x80;
	     to++)
		;
	if (lexer_keyword(source->text + from, to - from) != TOKEN_NAME)
		return true;
	if (lexer_read_duration(lexer, from, token))
		return true;
	letters = lexer_letters(lexer, from);
	if (letters < to && lexer_digit(lexer, letters) &&
	    lexer_duration_unit(source->text + from, letters - from) > 0) {
		expr_error(source, from, to - from,
			   "the units of a duration go from large to small: 1h30m");
		expr_no_hint(source);
		return false;
	}
	lexer->at = to;
	return lexer_take_unit(lexer, from, to - from, token);
}

/* "22:00", a time of day: as long as it is after midnight. */
static bool lexer_time(struct lexer *lexer, struct token *token)
{
	const struct expr_source *source = lexer->source;
	int32_t seconds;
	size_t len = calendar_time(source->text + lexer->at, source->len - lexer->at, &seconds);

	if (len == 0)
		return false;
	token->type = TOKEN_NUMBER;
	token->len = len;
	token->number = seconds;
	token->duration = true;
	token->unit = (struct unit){.known = true, .dimension = {[2] = 1}, .scale = 1};
	token->unit_text = "s";
	token->unit_text_len = 1;
	if (seconds < 0) {
		expr_error(source, lexer->at, len, "there is no such time of day");
		expr_hint(source, "00:00 to 24:00, seconds may follow: 06:00:30");
		token->type = TOKEN_WRONG;
	}
	lexer->at += len;
	return true;
}

static void lexer_number(struct lexer *lexer, struct token *token)
{
	size_t to = lexer_digits(lexer, lexer->at);
	char c = lexer_byte(lexer, to), sign = lexer_byte(lexer, to + 1);

	if (c == 'e' || c == 'E') {
		size_t digits = to + 1 + (sign == '+' || sign == '-');

		if (lexer_digit(lexer, digits)) {
			for (to = digits; lexer_digit(lexer, to); to++)
				;
		}
	}
	if (!lexer_read_number(lexer, to, token)) {
		token->type = TOKEN_WRONG;
		return;
	}
	lexer->at = to;
	token->type = lexer_read_unit(lexer, token) ? TOKEN_NUMBER : TOKEN_WRONG;
	token->len = lexer->at - token->from;
}

static void lexer_string(struct lexer *lexer, struct token *token)
{
	const struct expr_source *source = lexer->source;
	size_t from = lexer->at + 1;
	const char *end =
		memchr(source->text + from, source->text[lexer->at], source->len - from);

	if (end == NULL) {
		expr_error(source, lexer->at, 1, "the text does not end: %c is missing",
			   source->text[lexer->at]);
		expr_no_hint(source);
		token->type = TOKEN_WRONG;
		return;
	}
	token->type = TOKEN_STRING;
	token->text = source->text + from;
	token->text_len = (size_t)(end - token->text);
	token->len = token->text_len + 2;
	lexer->at += token->len;
}

static void lexer_name(struct lexer *lexer, struct token *token)
{
	size_t to = lexer->at;
	bool dots = false;

	while (lexer_name_byte(lexer_byte(lexer, to)) ||
	       (lexer_byte(lexer, to) == '.' && lexer_name_byte(lexer_byte(lexer, to + 1)))) {
		dots = dots || lexer_byte(lexer, to) == '.';
		to++;
	}
	token->text = lexer->source->text + lexer->at;
	token->text_len = token->len = to - lexer->at;
	token->type = lexer_keyword(token->text, token->text_len);
	if (token->type == TOKEN_NAME && !dots && lexer_byte(lexer, to) == '(')
		token->type = TOKEN_CALL;
	lexer->at = to;
}

static const struct {
	const char *text;
	enum token_type type;
} signs[] = {
	{"<=", TOKEN_LE},   {">=", TOKEN_GE},	 {"==", TOKEN_EQ},   {"!=", TOKEN_NE},
	{"??", TOKEN_ELSE}, {"..", TOKEN_RANGE}, {"<", TOKEN_LT},    {">", TOKEN_GT},
	{"(", TOKEN_LEFT},  {")", TOKEN_RIGHT},	 {",", TOKEN_COMMA}, {"+", TOKEN_PLUS},
	{"-", TOKEN_MINUS}, {"/", TOKEN_SLASH},	 {"^", TOKEN_CARET}, {"*", TOKEN_STAR},
};

static bool lexer_sign(struct lexer *lexer, struct token *token)
{
	const char *text = lexer->source->text + lexer->at;
	size_t left = lexer->source->len - lexer->at;

	if (left >= 2 && memcmp(text, "**", 2) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		size_t n = strlen(signs[i].text);

		if (n <= left && memcmp(signs[i].text, text, n) == 0) {
			token->type = signs[i].type;
			token->len = n;
			lexer->at += n;
			return true;
		}
	}
	return false;
}

void lexer_next(struct lexer *lexer, struct token *ret)
{
	char c;

	lexer_blanks(lexer);
	*ret = (struct token){.type = TOKEN_END, .from = lexer->at};
	if (lexer->at >= lexer->source->len)
		return;
	c = lexer->source->text[lexer->at];
	if (lexer_digit(lexer, lexer->at)) {
		if (!lexer_time(lexer, ret))
			lexer_number(lexer, ret);
	} else if (c == '\'' || c == '"')
		lexer_string(lexer, ret);
	else if (lexer_letter(c))
		lexer_name(lexer, ret);
	else if (!lexer_sign(lexer, ret))
		lexer_stranger(lexer, ret);
}

const char *lexer_word(size_t i)
{
	if (i < ARRAY_SIZE(keywords))
		return keywords[i].word;
	i -= ARRAY_SIZE(keywords);
	if (i < ARRAY_SIZE(signs))
		return signs[i].text;
	i -= ARRAY_SIZE(signs);
	if (i < ARRAY_SIZE(duration_rows))
		return duration_rows[i].name;
	i -= ARRAY_SIZE(duration_rows);
	return i < ARRAY_SIZE(strangers) ? strangers[i].text : NULL;
}

const char *token_words(enum token_type type)
{
	static const char *const words[] = {
		[TOKEN_END] = "the end",
		[TOKEN_NUMBER] = "a number",
		[TOKEN_STRING] = "a text",
		[TOKEN_NAME] = "a name",
		[TOKEN_CALL] = "a function",
		[TOKEN_TRUE] = "'true'",
		[TOKEN_FALSE] = "'false'",
		[TOKEN_AND] = "'and'",
		[TOKEN_OR] = "'or'",
		[TOKEN_NOT] = "'not'",
		[TOKEN_IN] = "'in'",
		[TOKEN_LEFT] = "'('",
		[TOKEN_RIGHT] = "')'",
		[TOKEN_COMMA] = "','",
		[TOKEN_LT] = "'<'",
		[TOKEN_LE] = "'<='",
		[TOKEN_GT] = "'>'",
		[TOKEN_GE] = "'>='",
		[TOKEN_EQ] = "'=='",
		[TOKEN_NE] = "'!='",
		[TOKEN_PLUS] = "'+'",
		[TOKEN_MINUS] = "'-'",
		[TOKEN_STAR] = "'*'",
		[TOKEN_SLASH] = "'/'",
		[TOKEN_CARET] = "'^'",
		[TOKEN_ELSE] = ("'?"
				"?'"),
		[TOKEN_RANGE] = "'..'",
	};

	return words[type];
}
