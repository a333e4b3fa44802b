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
#include "random_forms.h"

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

static bool is_leaf(const struct random_form *form)
{
	for (const char *at = form->text; (at = strchr(at, '{')) != NULL; at++) {
		if (at[1] < 'a')
			return false;
	}
	return true;
}

static void grow_type(struct grow *grow, char type, int depth);

static bool remembers(const struct random_form *form)
{
	static const char *const spans[] = {"{w}", "{v}", "{u}", "prev("};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		if (strstr(form->text, spans[i]) != NULL)
			return true;
	}
	return false;
}

static void grow_form(struct grow *grow, const struct random_form *form, int depth)
{
	int use = grow->use;

	/* What remembers takes no rules and no instants, and an instant has no instants in it.
	 */
	if (use < PLAIN && (form->yields == 'E' || remembers(form)))
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
	case 'u':
		str_addf(grow->out, "%jdms",
			 (intmax_t)(chance_between(grow->chance, 800, 1399) * 500 +
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
static bool is_there(const struct grow *grow, const struct random_form *form)
{
	const char *derived = strstr(form->text, "d.k");

	if (form->use == PANED && !grow->set->paned)
		return false;
	if (grow->rule == 0 && strstr(form->text, "{r}") != NULL)
		return false;
	if (grow->derived == 0 && strstr(form->text, "{e}") != NULL)
		return false;
	return derived == NULL || derived[3] - '0' < grow->derived;
}

static void grow_type(struct grow *grow, char type, int depth)
{
	const struct random_form *form;

	if (type >= 'a') {
		grow_leaf(grow, type);
		return;
	}
	do
		form = &random_forms[chance_between(grow->chance, 0, random_form_count - 1)];
	while (form->yields != type || ((depth <= 0 || grow->left <= 0) && !is_leaf(form)) ||
	       (int)form->use < (grow->use == PLAIN ? PANED : grow->use) ||
	       !is_there(grow, form) ||
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

/* Behind which nothing else is due. */
static int64_t some_ms(struct chance *chance, int64_t most)
{
	return chance_between(chance, 2, most) * 500 + chance_between(chance, 1, 499);
}

/* What keeps the rule from saying too much. */
static void grow_limits(struct chance *chance, struct random_rule *rule)
{
	struct str out;

	str_init_fixed(&out, rule->limits, sizeof(rule->limits));
	if (!chance_one_in(chance, 4))
		return;
	if (chance_one_in(chance, 2))
		str_addf(&out, "    min_interval: %jdms\n", (intmax_t)some_ms(chance, 60));
	if (chance_one_in(chance, 2))
		str_addf(&out, "    max_rate: %jd/%jdms\n",
			 (intmax_t)chance_between(chance, 1, 4),
			 (intmax_t)some_ms(chance, 120));
	if (!rule->instant && chance_one_in(chance, 2))
		str_addf(&out, "    flap: {changes: %jd, in: %jdms}\n",
			 (intmax_t)chance_between(chance, 2, 5),
			 (intmax_t)some_ms(chance, 120));
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
	grow_limits(chance, rule);
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
	ret->simple = chance_one_in(chance, 2);
	ret->paned = chance_one_in(chance, 6);
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
	switch (chance_between(chance, 0, 9)) {
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
		memcpy(rule->limits, other.limits, sizeof(rule->limits));
		break;
	case 8:
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
		str_adds(out, rule->limits);
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
