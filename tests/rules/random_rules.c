/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the grammar that random rules are grown from. */
#include "random_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/str.h"

/*
 * Forms by what they yield. In a form, {x} stands for something of type x:
 *
 *   N number, B truth, X text, E instant, T temperature, D its difference, L length;
 *   n, b, x: points of these kinds; p: any point; e: a derived one; c: a number on the grid of
 * the readings; h, l: a place on the scale of temperature, a length in cm, off the grid; t: a
 * text; d: a duration, w: one after which nothing else is due, v: such a one that outlives a
 * restart; r: a rule that stands behind this one's number; k: a time of the day, y: a day of
 * the week
 *
 * Constants of measured quantities stay off the grid of their readings, however converted:
 * two ways to compute one sum may differ in its last bit.
 *
 * PLAIN may stand in the argument of what remembers, which takes no rules and no instants.
 * SIMPLE are those that the engine need not look at while a point stays between two thresholds.
 */
static const struct form {
	char yields;
	enum { RULE, PLAIN, SIMPLE } use;
	const char *text;
} forms[] = {
	{'N', SIMPLE, "{n}"},
	{'N', SIMPLE, "{n}"},
	{'N', PLAIN, "point('{n}')"},
	{'N', PLAIN, "({N} + {N})"},
	{'N', PLAIN, "({N} - {N})"},
	{'N', SIMPLE, "({N} + {c})"},
	{'N', PLAIN, "({N} * {N})"},
	{'N', PLAIN, "({N} / {N})"},
	{'N', SIMPLE, "(-{N})"},
	{'N', PLAIN, "(+{N})"},
	{'N', PLAIN, "({N} ^ 2)"},
	{'N', PLAIN, "({n} ^ {n})"},
	{'N', PLAIN, "min({N}, {N}, {c})"},
	{'N', PLAIN, "max({N}, {N})"},
	{'N', SIMPLE, "abs({N})"},
	{'N', PLAIN, "sqrt({N})"},
	{'N', PLAIN, "floor({N})"},
	{'N', PLAIN, "ceil({N})"},
	{'N', PLAIN, "round({N})"},
	{'N', PLAIN, "exp({n})"},
	{'N', PLAIN, "ln({N})"},
	{'N', PLAIN, "pow({N}, 2)"},
	{'N', PLAIN, "mod({N}, {N})"},
	{'N', PLAIN, "if({B}, {N}, {N})"},
	{'N', PLAIN, "clamp({N}, -1, 2)"},
	{'N', PLAIN, "default({N}, {c})"},
	{'N', PLAIN,
	 "({N} ?"
	 "? {N})"},
	{'N', PLAIN, "(({T} - {T}) / 1.5[K])"},
	{'N', PLAIN, "({L} / 50[cm])"},
	{'N', PLAIN, "(a.fill / 100%)"},
	{'N', PLAIN, "d.k0"},
	{'N', PLAIN, "d.k3"},
	{'B', SIMPLE, "{b}"},
	{'B', SIMPLE, "{b}"},
	{'B', PLAIN, "d.k1"},
	{'B', PLAIN, "(d.k4 > {c})"},
	{'B', PLAIN, "(quality({e}) == 'uncertain')"},
	{'B', PLAIN, "ok({e})"},
	{'B', RULE, "(age({e}) > {d})"},
	{'B', SIMPLE, "({n} > {c})"},
	{'B', SIMPLE, "({n} <= {c})"},
	{'B', PLAIN, "({N} < {N})"},
	{'B', PLAIN, "({N} <= {N})"},
	{'B', SIMPLE, "({N} > {c})"},
	{'B', PLAIN, "({N} >= {N})"},
	{'B', PLAIN, "({N} == {N})"},
	{'B', SIMPLE, "({N} != {c})"},
	{'B', PLAIN, "({N} < {N} <= {N})"},
	{'B', PLAIN, "({N} >= {N} > {c})"},
	{'B', SIMPLE, "({N} in -1 .. 2)"},
	{'B', PLAIN, "({N} not in {N} .. {N})"},
	{'B', SIMPLE, "({N} in (0, -2, 2))"},
	{'B', SIMPLE, "({B} and {B})"},
	{'B', SIMPLE, "({B} or {B})"},
	{'B', PLAIN, "({B} and {B} or {B} and {B})"},
	{'B', SIMPLE, "(not {B})"},
	{'B', PLAIN, "if({B}, {B}, {B})"},
	{'B', PLAIN,
	 "({B} ?"
	 "? {B})"},
	{'B', PLAIN, "default({B}, true)"},
	{'B', PLAIN, "({X} == {X})"},
	{'B', PLAIN, "({X} != {t})"},
	{'B', PLAIN, "({X} in ({t}, {t}))"},
	{'B', PLAIN, "({X} not in ({t}, {t}))"},
	{'B', PLAIN, "known({N})"},
	{'B', PLAIN, "known({B})"},
	{'B', PLAIN, "known({X})"},
	{'B', PLAIN, "ok({p})"},
	{'B', PLAIN, "bad({p})"},
	{'B', PLAIN, "bad(b)"},
	{'B', PLAIN, "bad(c)"},
	{'B', PLAIN, "(quality({p}) == 'good')"},
	{'B', PLAIN, "(quality({p}) != 'stale')"},
	{'B', PLAIN, "(quality({p}) in ('bad', 'uncertain'))"},
	{'B', SIMPLE, "({T} > 80.13 degC)"},
	{'B', PLAIN, "({T} <= 177.13 degF)"},
	{'B', PLAIN, "({T} < {T})"},
	{'B', PLAIN, "({D} > 1.13[K])"},
	{'B', PLAIN, "({L} > 4.513)"},
	{'B', SIMPLE, "({L} >= 451.3[cm])"},
	{'B', PLAIN, "(4.013[m] <= {L} < 501.3[cm])"},
	{'B', PLAIN, "({L} ^ 2 > 20.13[m^2])"},
	{'B', PLAIN, "(sqrt({L} * {L}) > 4.513[m])"},
	{'B', PLAIN, "({L} in 4.013[m] .. 491.3[cm])"},
	{'B', SIMPLE, "(a.fill > 50.13%)"},
	{'B', RULE, "(age({p}) > {d})"},
	{'B', RULE, "(age({p}) >= {d})"},
	{'B', RULE, "(age({p}) < {d})"},
	{'B', RULE, "({d} >= age({p}))"},
	{'B', RULE, "(1500ms < age({p}) <= {d})"},
	{'B', RULE, "rule.{r}.firing"},
	{'B', RULE, "(not firing('{r}'))"},
	{'B', RULE, "{E}"},
	{'B', PLAIN, "held({B}, {w})"},
	{'B', PLAIN, "once({B}, {w})"},
	{'B', PLAIN, "(since({B}) > {w})"},
	{'B', PLAIN, "(since({B}) <= {w})"},
	{'B', PLAIN, "between({k}, {k})"},
	{'B', PLAIN, "(tod() >= {k})"},
	{'B', PLAIN, "({k} >= tod())"},
	{'B', PLAIN, "({k} < tod() < {k})"},
	{'B', PLAIN, "(weekday() == {y})"},
	{'B', PLAIN, "(weekday() in ({y}, {y}))"},
	{'B', PLAIN, "({y} < weekday())"},
	{'B', PLAIN, "held({B}, {v})"},
	{'B', PLAIN, "once({B}, {v})"},
	{'B', PLAIN, "({n} > prev({n}))"},
	{'B', PLAIN, "({n} != prev({n} + {n}))"},
	{'B', PLAIN, "(ewma({n}, {w}) > 0.8137)"},
	{'B', PLAIN, "(avg({N}, {w}) > 0.8137)"},
	{'B', PLAIN, "(avg({T}, {w}) > 80.0137 degC)"},
	{'B', PLAIN, "(sum({n}, {w}) < 2.137)"},
	{'B', PLAIN, "(count({N}, {w}) > 1.5)"},
	{'B', PLAIN, "(min({n}, {w}) < -0.8137)"},
	{'B', PLAIN, "(max({N}, {w}) > 1.8137)"},
	{'B', PLAIN, "(median({n}, {w}) > 0.5137)"},
	{'B', PLAIN, "(spread({n}, {w}) > 1.137)"},
	{'B', PLAIN, "(stddev({n}, {w}) > 0.8137)"},
	{'B', PLAIN, "(delta({n}, {w}) > 0.2137)"},
	{'B', PLAIN, "(rate({n}, {w}) > 0.0137)"},
	{'B', PLAIN, "(slope({n}, {w}) > 0.0137)"},
	{'B', PLAIN, "(first({n}, {w}) > 0.5137)"},
	{'B', PLAIN, "(changes({b}, {w}) > 1.5)"},
	{'B', PLAIN, "(increase({n}, {w}) > 2.137)"},
	{'B', PLAIN, "(avg({n}, {v}) > 0.8137)"},
	{'B', PLAIN, "(count({n}, {v}) > 5.5)"},
	{'B', PLAIN, "(min({n}, {v}) < -0.8137)"},
	{'B', PLAIN, "(max({n}, {v}) > 1.8137)"},
	{'B', PLAIN, "(median({n}, {v}) > 0.5137)"},
	{'B', PLAIN, "(stddev({n}, {v}) > 0.8137)"},
	{'B', PLAIN, "(delta({n}, {v}) > 0.2137)"},
	{'B', PLAIN, "(slope({n}, {v}) > 0.0037)"},
	{'B', PLAIN, "(changes({b}, {v}) > 5.5)"},
	{'B', PLAIN, "(increase({n}, {v}) > 9.137)"},
	{'X', PLAIN, "{x}"},
	{'X', PLAIN, "{x}"},
	{'X', PLAIN,
	 "({x} ?"
	 "? {t})"},
	{'X', PLAIN, "if({B}, {x}, {t})"},
	{'E', RULE, "rises({B})"},
	{'E', RULE, "falls({B})"},
	{'E', SIMPLE, "changed({b})"},
	{'E', RULE, "changed({N})"},
	{'E', RULE, "changed({x})"},
	{'E', RULE, "rises({n} > {c})"},
	{'T', SIMPLE, "a.temp"},
	{'T', SIMPLE, "b.temp"},
	{'T', SIMPLE, "c.temp"},
	{'T', PLAIN, "d.k2"},
	{'T', PLAIN, "({T} + 1.5[K])"},
	{'T', PLAIN, "({T} - {D})"},
	{'T', PLAIN, "max({T}, {T})"},
	{'T', PLAIN, "if({B}, {T}, {T})"},
	{'T', PLAIN,
	 "({T} ?"
	 "? {h} degC)"},
	{'D', PLAIN, "({T} - {T})"},
	{'D', PLAIN, "(a.temp - 79.5)"},
	{'D', PLAIN, "abs({D})"},
	{'D', PLAIN, "(2 * {D})"},
	{'L', SIMPLE, "a.level"},
	{'L', SIMPLE, "b.level"},
	{'L', PLAIN, "(({L} + {L}) / 2)"},
	{'L', PLAIN, "min({L}, {l}[cm])"},
	{'L', PLAIN, "clamp({L}, 4.1, {l}[cm])"},
	{'L', PLAIN, "({L} - 10[cm])"},
};

static const char *const n_points[] = {"a.n", "b.n", "c.n", "c.m"};
static const char *const b_points[] = {"a.p", "b.p", "c.q"};
static const char *const x_points[] = {"a.s", "b.s"};
static const char *const any_points[] = {"a.n", "c.m", "b.p", "a.s", "a.temp", "b.level"};
static const char *const texts[] = {"'auto'", "'off'", "'night'"};

/* What one expression may still grow to. */
struct grow {
	struct chance *chance;
	const struct random_set *set;
	struct str *out;
	int derived; /* it may refer to so many derived points */
	int rule;    /* refers to those below it only: no loops */
	int use;     /* at least */
	int left;
};

static const char *pick(struct grow *grow, const char *const *words, int64_t count)
{
	return words[chance_between(grow->chance, 0, count - 1)];
}

static bool is_leaf(const struct form *form)
{
	for (const char *at = form->text; (at = strchr(at, '{')) != NULL; at++) {
		if (at[1] < 'a')
			return false;
	}
	return true;
}

static void grow_type(struct grow *grow, char type, int depth);

static void grow_form(struct grow *grow, const struct form *form, int depth)
{
	int use = grow->use;

	if (form->yields == 'E' && use < PLAIN)
		grow->use = PLAIN;
	for (const char *at = form->text; *at != '\0'; at++) {
		if (*at == '{') {
			grow_type(grow, at[1], depth - 1);
			at += 2;
		} else {
			str_addc(grow->out, *at);
		}
	}
	grow->use = use;
}

static void grow_leaf(struct grow *grow, char type)
{
	switch (type) {
	case 'n':
		str_adds(grow->out, pick(grow, n_points, ARRAY_SIZE(n_points)));
		break;
	case 'b':
		str_adds(grow->out, pick(grow, b_points, ARRAY_SIZE(b_points)));
		break;
	case 'x':
		str_adds(grow->out, pick(grow, x_points, ARRAY_SIZE(x_points)));
		break;
	case 'p':
		str_adds(grow->out, pick(grow, any_points, ARRAY_SIZE(any_points)));
		break;
	case 't':
		str_adds(grow->out, pick(grow, texts, ARRAY_SIZE(texts)));
		break;
	case 'c':
		str_addf(grow->out, "%g", (double)chance_between(grow->chance, 0, 6) / 2);
		break;
	case 'd':
		str_addf(grow->out, "%jdms",
			 (intmax_t)chance_between(grow->chance, 4, 30) * 500);
		break;
	case 'h':
		str_addf(grow->out, "%.6f",
			 79 + (double)chance_between(grow->chance, 1, 3999999) / 1e6);
		break;
	case 'l':
		str_addf(grow->out, "%.6f",
			 460 + (double)chance_between(grow->chance, 1, 39999999) / 1e6);
		break;
	case 'w':
		str_addf(grow->out, "%jdms",
			 (intmax_t)(chance_between(grow->chance, 2, 30) * 500 +
				    chance_between(grow->chance, 1, 499)));
		break;
	case 'v':
		str_addf(grow->out, "%jdms",
			 (intmax_t)(chance_between(grow->chance, 600, 611) * 500 +
				    chance_between(grow->chance, 1, 499)));
		break;
	case 'r':
		str_addf(grow->out, "r%jd",
			 (intmax_t)chance_between(grow->chance, 0, grow->rule - 1));
		break;
	case 'e':
		str_addf(grow->out, "d.k%jd",
			 (intmax_t)chance_between(grow->chance, 0, grow->derived - 1));
		break;
	case 'k':
		random_clock_tod(grow->chance, &grow->set->clock, grow->out);
		break;
	case 'y':
		random_clock_day(grow->chance, &grow->set->clock, grow->out);
		break;
	default:
		fail_msg("no type '%c'", type);
	}
}

/* Whether all that the form names is there. */
static bool is_there(const struct grow *grow, const struct form *form)
{
	const char *derived = strstr(form->text, "d.k");

	if (grow->rule == 0 && strstr(form->text, "{r}") != NULL)
		return false;
	if (grow->derived == 0 && strstr(form->text, "{e}") != NULL)
		return false;
	return derived == NULL || derived[3] - '0' < grow->derived;
}

static void grow_type(struct grow *grow, char type, int depth)
{
	const struct form *form;

	if (type >= 'a') {
		grow_leaf(grow, type);
		return;
	}
	do
		form = &forms[chance_between(grow->chance, 0, ARRAY_SIZE(forms) - 1)];
	while (form->yields != type || ((depth <= 0 || grow->left <= 0) && !is_leaf(form)) ||
	       (int)form->use < grow->use || !is_there(grow, form) ||
	       /* at a leaf there is no way back from an instant */
	       (depth <= 0 && form->yields == 'B' && strcmp(form->text, "{E}") == 0));
	grow->left--;
	grow_form(grow, form, depth);
}

static void grow_expr(struct chance *chance, const struct random_set *set, int rule, char type,
		      int depth, char *ret)
{
	struct str out;
	struct grow grow = {.chance = chance,
			    .set = set,
			    .out = &out,
			    .derived = set->derives ? RANDOM_DERIVED : 0,
			    .rule = rule,
			    .use = set->simple ? SIMPLE : RULE,
			    .left = 25};

	str_init_fixed(&out, ret, RANDOM_EXPR);
	grow_type(&grow, type, depth);
	assert_false(out.cut);
}

/* One reads those before it. */
static void grow_derived(struct chance *chance, const struct random_set *set, int number,
			 char *ret)
{
	static const char types[] = "NBTN";
	struct str out;
	struct grow grow = {.chance = chance,
			    .set = set,
			    .out = &out,
			    .derived = number,
			    .use = PLAIN,
			    .left = 8};

	str_init_fixed(&out, ret, RANDOM_EXPR);
	if (number == RANDOM_DERIVED - 1) {
		str_adds(&out, "clamp((prev(d.k4) ?"
			       "? 0) + ");
		grow_type(&grow, 'n', 0);
		str_adds(&out, ", -20, 20)");
	} else {
		grow_type(&grow, types[number], 2);
	}
	assert_false(out.cut);
}

static int64_t some_time(struct chance *chance, int64_t ticks, int64_t rarely)
{
	return chance_one_in(chance, rarely) ? chance_between(chance, 2, ticks) * RANDOM_TICK
					     : 0;
}

static void grow_rule(struct chance *chance, const struct random_set *set, int number,
		      struct random_rule *rule)
{
	struct str out;

	*rule = (struct random_rule){.there = true, .inhibitor = -1};
	/* The last four are instants, always: no reload makes a state of one. */
	rule->instant = number >= RANDOM_RULES - 4;
	rule->severity = (int)chance_between(chance, 0, 2);
	if (number > 0 && chance_one_in(chance, 4))
		rule->inhibitor = (int)chance_between(chance, 0, (number < 6 ? number : 6) - 1);
	if (number >= RANDOM_RULES - 2) {
		str_init_fixed(&out, rule->at, sizeof(rule->at));
		random_clock_slots(chance, &set->clock, &out);
		return;
	}
	if (rule->instant) {
		char more[RANDOM_EXPR];

		grow_expr(chance, set, 0, 'E', (int)chance_between(chance, 0, 2), rule->when);
		if (chance_one_in(chance, 2)) {
			grow_expr(chance, set, 0, 'B', (int)chance_between(chance, 0, 1), more);
			if (strlen(rule->when) + strlen(more) + 6 < RANDOM_EXPR)
				snprintf(rule->when + strlen(rule->when),
					 RANDOM_EXPR - strlen(rule->when), " %s %s",
					 chance_one_in(chance, 2) ? "and" : "or", more);
		}
		return;
	}
	grow_expr(chance, set, number, 'B', (int)chance_between(chance, 0, 4), rule->when);
	if (chance_one_in(chance, 3))
		grow_expr(chance, set, number, 'B', (int)chance_between(chance, 0, 2),
			  rule->clear);
	rule->for_ns = some_time(chance, 12, 2);
	rule->clear_for_ns = some_time(chance, 12, 2);
	rule->repeat_ns = some_time(chance, 20, 4);
	rule->blind_ns = some_time(chance, 40, 4);
	rule->on_unknown = (int)chance_between(chance, 0, 2);
	rule->latch = chance_one_in(chance, 5);
	if (chance_one_in(chance, 6)) {
		str_init_fixed(&out, rule->schedule, sizeof(rule->schedule));
		random_clock_spans(chance, &set->clock, &out);
	}
}

/* Rules that others name have to stay. */
static void drop(struct random_set *set, int number)
{
	char name[8];

	if (number == 0) /* some rule there has to be */
		return;
	snprintf(name, sizeof(name), "r%d", number);
	for (int i = 0; i < RANDOM_RULES; i++) {
		const struct random_rule *rule = &set->rules[i];

		if (rule->there &&
		    (rule->inhibitor == number || strstr(rule->when, name) != NULL ||
		     strstr(rule->clear, name) != NULL))
			return;
	}
	set->rules[number].there = false;
}

static void swap(struct chance *chance, struct random_set *set)
{
	int64_t a = chance_between(chance, 0, RANDOM_RULES - 1);
	int64_t b = chance_between(chance, 0, RANDOM_RULES - 1);
	int number = set->order[a];

	set->order[a] = set->order[b];
	set->order[b] = number;
}

void random_rules_grow(struct chance *chance, struct random_set *ret)
{
	random_clock_begin(chance, &ret->clock);
	ret->simple = chance_one_in(chance, 3);
	ret->derives = !ret->simple && chance_one_in(chance, 2);
	for (int i = 0; i < RANDOM_DERIVED; i++)
		grow_derived(chance, ret, i, ret->derived[i]);
	for (int i = 0; i < RANDOM_RULES; i++) {
		ret->order[i] = i;
		grow_rule(chance, ret, i, &ret->rules[i]);
	}
	for (int i = 0; i < RANDOM_RULES; i++)
		swap(chance, ret);
	for (int i = RANDOM_RULES - 1; i > 0; i--) {
		if (chance_one_in(chance, 3))
			drop(ret, i);
	}
}

/* Whether all that the rule names is there. */
static bool can_come(const struct random_set *set, const struct random_rule *rule)
{
	for (int i = 0; i < RANDOM_RULES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "r%d", i);
		if (!set->rules[i].there &&
		    (rule->inhibitor == i || strstr(rule->when, name) != NULL ||
		     strstr(rule->clear, name) != NULL))
			return false;
	}
	return true;
}

static void edit_rule(struct chance *chance, struct random_set *set, int number)
{
	struct random_rule *rule = &set->rules[number], other;

	grow_rule(chance, set, number, &other);
	switch (chance_between(chance, 0, 8)) {
	case 0:
		rule->for_ns = other.for_ns;
		rule->clear_for_ns = other.clear_for_ns;
		break;
	case 1:
		rule->severity = other.severity;
		break;
	case 2:
		rule->repeat_ns = other.repeat_ns;
		rule->latch = other.latch;
		break;
	case 3:
		rule->on_unknown = other.on_unknown;
		break;
	case 4:
		if (rule->there)
			drop(set, number);
		else if (can_come(set, &other))
			*rule = other;
		break;
	case 5:
		if (rule->there && can_come(set, &other))
			*rule = other;
		break;
	case 6:
		memcpy(rule->schedule, other.schedule, sizeof(rule->schedule));
		break;
	case 7:
		if (can_come(set, &other))
			rule->inhibitor = other.inhibitor;
		break;
	default:
		rule->blind_ns = other.blind_ns;
		break;
	}
}

void random_rules_edit(struct chance *chance, struct random_set *set)
{
	if (chance_one_in(chance, 3))
		return;
	for (int64_t i = chance_between(chance, 1, 3); i > 0; i--)
		edit_rule(chance, set, (int)chance_between(chance, 0, RANDOM_RULES - 1));
	if (chance_one_in(chance, 4))
		swap(chance, set);
	if (chance_one_in(chance, 4)) {
		int number = (int)chance_between(chance, 0, RANDOM_DERIVED - 1);

		grow_derived(chance, set, number, set->derived[number]);
	}
	if (chance_one_in(chance, 10))
		random_clock_move(chance, &set->clock);
}

static void write_time(struct str *out, const char *key, int64_t ns)
{
	if (ns > 0)
		str_addf(out, "    %s: %jdms\n", key, (intmax_t)(ns / 1000000));
}

static void write_derived(const struct random_set *set, struct str *out)
{
	static const char *const rest[RANDOM_DERIVED] = {"", "", "    unit: degC\n",
							 "    deadband: 0.5\n", ""};

	str_adds(out, "derived:\n");
	for (int i = 0; i < RANDOM_DERIVED; i++)
		str_addf(out, "  d.k%d:\n    value: |-\n      %s\n%s", i, set->derived[i],
			 rest[i]);
}

void random_rules_write(const struct random_set *set, struct str *out)
{
	static const char *const unknowns[] = {"hold", "clear", "fire"};
	static const char *const severities[] = {"info", "warning", "critical"};

	if (set->derives)
		write_derived(set, out);
	str_adds(out, "rules:\n");
	for (int i = 0; i < RANDOM_RULES; i++) {
		const struct random_rule *rule = &set->rules[set->order[i]];

		if (!rule->there)
			continue;
		str_addf(out, "  r%d:\n    severity: %s\n", set->order[i],
			 severities[rule->severity]);
		if (rule->at[0] != '\0')
			str_addf(out, "    at: '%s'\n", rule->at);
		else
			str_addf(out, "    %s: |-\n      %s\n", rule->instant ? "on" : "when",
				 rule->when);
		if (rule->inhibitor >= 0)
			str_addf(out, "    inhibited_by: [r%d]\n", rule->inhibitor);
		if (rule->instant)
			continue;
		if (rule->clear[0] != '\0')
			str_addf(out, "    clear: |-\n      %s\n", rule->clear);
		if (rule->schedule[0] != '\0')
			str_addf(out, "    schedule: '%s'\n", rule->schedule);
		write_time(out, "for", rule->for_ns);
		write_time(out, "clear_for", rule->clear_for_ns);
		write_time(out, "repeat", rule->repeat_ns);
		write_time(out, "blind_after", rule->blind_ns);
		str_addf(out, "    on_unknown: %s\n    latch: %s\n", unknowns[rule->on_unknown],
			 rule->latch ? "true" : "false");
	}
}
