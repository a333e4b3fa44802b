/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Everything that the language has, one by one: each production of the grammar, each word,
 * sign, function and unit with what it yields, and what is said of it when it is nearly right.
 * A word, function or unit without a row here fails.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/unit.h"
#include "rules/function.h"
#include "rules/lexer.h"
#include "rules_case.h"

/* A row: what it is about; an expression that has it, and how its value is shown. */
struct production {
	const char *of;
	const char *expr; /* or NULL */
	const char *shown;
	const char *near; /* a condition that is nearly right, or NULL; then as in wrong_expr */
	unsigned at;
	const char *message;
	const char *notes;
};

/* Shown in the world of show(). */
/* clang-format off */
static const struct production productions[] = {
	/* what binds loosest */
	{"or", "x.q or x.p", "true", "x.p or", 6, "expected an expression, got the end", NULL},
	{"or", "x.q or x.q or x.q", "false", NULL, 0, NULL, NULL},
	{"and", "x.p and x.q or x.p", "true", "x.p and and x.q", 8, "expected an expression, got 'and'", NULL},
	{"and", "x.p and x.q", "false", NULL, 0, NULL, NULL},
	{"not", "not x.q and x.p", "true", "not", 3, "expected an expression, got the end", NULL},
	{"not", "not not x.p", "true", "x.p == not x.q", 7, "'not' cannot stand behind an operator", "hint: put it in parentheses: (not x)"},

	/* comparisons */
	{"<", "x.a < 9", "false", "x.a < < 9", 6, "expected an expression, got '<'", NULL},
	{"<=", "x.a <= 9", "true", "x.a =< 9", 4, "unexpected '='", "hint: write '==' to compare"},
	{">", "x.a > 8", "true", "x.a >", 5, "expected an expression, got the end", NULL},
	{">=", "x.a >= 9.5", "false", "x.p >= x.q", 4, "true or false has no order", "hint: use == or !="},
	{"==", "x.s == 'auto'", "true", "x.s == 1", 4, "cannot compare a text with a number", NULL},
	{"!=", "x.s != 'auto'", "false", "x.a <> 9", 5, "expected an expression, got '>'", NULL},
	{"a < b < c", "8 < x.a <= 9", "true", "8 < x.a > 9", 8, "a chain of comparisons goes in one direction", "hint: write low < x < high or high > x > low, or join two comparisons with 'and'"},
	{"a < b < c", "9 > x.b >= 3", "true", "1 < x.a < 2 < 3", 12, "a comparison takes at most two operators", "hint: join two comparisons with 'and'"},
	{"in", "x.a in 9 .. 10", "true", "x.a in 5", 8, "expected '..' (x in low .. high), got the end", NULL},
	{"..", "x.a in (1 + 1) * 5 .. 12", "false", "x.a .. 5", 4, "expected an operator or the end, got '..'", NULL},
	{"not in", "x.a not in 9 .. 10", "false", "x.a not 5", 8, "expected 'in' behind 'not', got a number", NULL},
	{"in (list)", "x.a in (-9, 9)", "true", "x.a in (x.b, 9)", 8, "expected a literal, got a name", NULL},
	{"in (list)", "x.s in ('off', \"auto\")", "true", "x.a in (1 2)", 10, "expected ',' or ')', got a number", NULL},
	{"not in (list)", "x.p not in (false)", "true", "x.a not in (1, -true)", 15, "a sign stands before a number only", NULL},

	/* arithmetic */
	{"+", "x.a + 1", "10", "x.a +", 5, "expected an expression, got the end", NULL},
	{"-", "x.a - 1 - 2", "6", "x.p - 1 > 0", 0, "expected a number, got true or false", NULL},
	{"*", "x.a * 2 + 1", "19", "x.a * > 1", 6, "expected an expression, got '>'", NULL},
	{"/", "x.a / 2 / 3", "1.5", "x.a / > 1", 6, "expected an expression, got '>'", NULL},
	{"/", "x.a / 0", "unknown", NULL, 0, NULL, NULL},
	{"- x", "-x.a", "-9", "--x.a > 1", 1, "a sign cannot stand behind another sign", "hint: put it in parentheses: (-x)"},
	{"- x", "2 * -x.a", "-18", NULL, 0, NULL, NULL},
	{"+ x", "+x.a", "9", "-+x.a > 1", 1, "a sign cannot stand behind another sign", "hint: put it in parentheses: (+x)"},
	{"^", "2 ^ 3 ^ 2", "512", "x.a ^ > 1", 6, "expected an expression, got '>'", NULL},
	{"^", "-3 ^ 2", "-9", NULL, 0, NULL, NULL},
	{"^", "2 ^ -1", "0.5", NULL, 0, NULL, NULL},
	{("?" "?"), ("x.c ?" "? 7"), "7", ("x.a ?" "? -1 > 1"), 7, ("a sign cannot stand behind '?" "?'"), "hint: put it in parentheses: (-x)"},
	{("?" "?"), ("x.a ?" "? 7 ^ 2"), "81", ("x.a ?" "? 1 ?" "? 2 > 1"), 9, ("'?" "?' takes one alternative"), ("hint: put the first pair in parentheses: (x ?" "? y) ?" "? z")},

	/* what binds tightest */
	{"(", "(x.a + 1) * 2", "20", "(x.p", 4, "expected ')', got the end", NULL},
	{")", "((x.a))", "9", "x.p)", 3, "expected an operator or the end, got ')'", NULL},
	{",", "max(x.a, x.b, 10)", "10", "max(x.a,) > 1", 8, "expected an argument, got ')'", NULL},
	{"call()", "weekday()", "1", "weekday( > 1", 9, "expected an expression, got '>'", NULL},
	{"call(x)", "abs(-x.a)", "9", "abs (x.a) > 1", 4, "expected an operator or the end, got '('", NULL},
	{"call(x, y)", "min(x.a, x.b)", "3", "min(x.a x.b) > 1", 8, "expected ',' or ')', got a name", NULL},
	{"name", "x.a", "9", "a > 1", 0, "unknown point 'a'", NULL},
	{"name", "boiler.mode", "heat", "boiler.mod == 'heat'", 0, "unknown point 'boiler.mod'", "hint: did you mean 'boiler.mode'?"},
	{"name", "point('meter-3.power')", "1500", "meter-3.power > 5", 7, "unexpected '.'", "hint: a name with '-' in it is written point('meter-3.power')"},
	{"rule.NAME.firing", "rule.s.firing", "true", "rule.r.state", 0, "unknown property 'rule.r.state' of a rule", "hint: write rule.NAME.firing, or firing('NAME') for a name with '-' in it"},
	{"rule.NAME.firing", "rule.t.firing", "false", "rule.rr.firing", 0, "unknown rule 'rr'", "hint: did you mean 'r'?"},
	{"variable", "v + n", "8", "v > 1", 0, "unknown point 'v'", NULL},
	{"variable", "w == '${w}' and d.mode == 'heat'", "true", NULL, 0, NULL, NULL},
	{"variable", "'${v.name}' == 'x.b' and '${v.unit}' == '' and '${d.name}' == 'boiler'", "true", NULL, 0, NULL, NULL},

	/* literals */
	{"number", "80", "80", "x.a > 80 80", 9, "expected an operator or the end, got a number", NULL},
	{"number", "80.25", "80.25", "x.a > 80.", 8, "unexpected '.'", NULL},
	{"number", "1e3 + 1E-3 + 1.5e+2", "1150.001", "x.a > 1e999", 6, "the number '1e999' is too large", NULL},
	{"number", "0.1234567890123456789", "0.123456789", "x.a > 1.23456789012345678901234567890123456789012345678", 6, "the number has more than 47 characters", NULL},
	{"true", "x.p == true", "true", "x.p == True", 7, "unknown point 'True'", NULL},
	{"false", "x.p == false", "false", "x.p == FALSE", 7, "unknown point 'FALSE'", NULL},
	{"text", "'it is ' == \"it is \"", "true", "x.s == 'auto", 7, "the text does not end: ' is missing", NULL},
	{"text", "''", "", "x.s == \"auto", 7, "the text does not end: \" is missing", NULL},
	{"time of day", "22:00", "22h", "between(25:00, 06:00)", 8, "there is no such time of day", "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},
	{"time of day", "06:15:30 == 6h15m30s", "true", "between(6:5, 06:00)", 8, "there is no such time of day", "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},

	/* durations */
	{"w", "2w == 14d", "true", "age(x.a) > 1d1w", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"d", "1d == 24h", "true", "age(x.a) > 1h1d", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"h", "1h == 60min", "true", "age(x.a) > 1m1h", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"min", "1min == 60s", "true", "age(x.a) > 1s1min", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"m", "1m == 60s and 1h30m == 90m", "true", "age(x.a) > 1s1m", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"m", "1.5 m == 90s", "true", "tank.level > 5m", 11, "cannot compare length [m] with time [s]", "hint: a bare 'm' is minutes; write 5[m] for metres"},
	{"s", "1s == 1000ms and 1m30.5s == 90500ms", "true", "age(x.a) > 1ms1s", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"ms", "1ms == 1000us", "true", "age(x.a) > 1us1ms", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"us", "1us == 1000ns", "true", "age(x.a) > 1ns1us", 12, "the units of a duration go from large to small: 1h30m", NULL},
	{"ns", "1000000000ns == 1s", "true", "age(x.a) > 1ns1ns", 12, "the units of a duration go from large to small: 1h30m", NULL},

	/* units */
	{"%", "tank.fill == 50%", "true", "tank.fill > 50%%", 15, "unexpected '%'", "hint: '%' is a unit here; write mod(x, y) for a remainder"},
	{"unit", "boiler.temp >= 80 degC", "true", "boiler.temp >= 80 degX", 18, "unknown unit 'degX'", "hint: did you mean 'degC'?"},
	{"[unit]", "tank.level == 500[ cm ]", "true", "tank.level > 5[m", 14, "the unit does not end: ']' is missing", NULL},
	{"[unit]", "if(x.p, 1[bar], 2[bar]) == 100[kPa]", "true", "tank.level > 5[]", 15, "a unit is missing here", "hint: a unit in brackets is one such as 5[m], 5[m/s] or 5[m^2]"},
	{"[a*b]", "if(x.p, 1[N*m], 2[J]) == 1[J]", "true", "tank.level > 5[m*]", 17, "a unit is missing here", "hint: a unit in brackets is one such as 5[m], 5[m/s] or 5[m^2]"},
	{"[a/b]", "if(x.p, 1[m/s], 2[km/h]) == 3.6[km/h]", "true", "tank.level > 5 m/s", 17, "unknown point 's'", "hint: a unit with '/' stands in brackets: 80 [L/min]"},
	{"[a^n]", "if(x.p, 1[m^3], 1[L]) == 1000[L]", "true", "tank.level > 5[m^x]", 15, "unknown unit 'm^x'", "hint: did you mean 'm'?"},
	{"[a^-n]", "if(x.p, 1[s^-1], 2[Hz]) == 1[Hz]", "true", "tank.level > 5[m^0]", 15, "unknown unit 'm^0'", "hint: did you mean 'm'?"},

	/* what people write who come from another language */
	{"&&", NULL, NULL, "x.p && x.q", 4, "unexpected '&&'", "hint: write 'and'"},
	{"&", NULL, NULL, "x.p & x.q", 4, "unexpected '&'", "hint: write 'and'"},
	{"||", NULL, NULL, "x.p || x.q", 4, "unexpected '||'", "hint: write 'or'"},
	{"|", NULL, NULL, "x.p | x.q", 4, "unexpected '|'", "hint: write 'or'"},
	{"!", NULL, NULL, "!x.p", 0, "unexpected '!'", "hint: write 'not'"},
	{"=", NULL, NULL, "x.a = 5", 4, "unexpected '='", "hint: write '==' to compare"},
	{"?", NULL, NULL, "x.p ? 1 : 2", 4, "unexpected '?'", "hint: write if(condition, value, other)"},
	{"**", NULL, NULL, "x.a ** 2 > 1", 4, "unexpected '**'", "hint: write '^' for a power"},
	{"%", NULL, NULL, "x.a % 2 > 1", 4, "unexpected '%'", "hint: '%' is a unit here; write mod(x, y) for a remainder"},
	{"[", NULL, NULL, "x.a > [m]", 6, "unexpected '['", "hint: a unit in brackets stands behind a number: 5[m/s]"},
	{";", NULL, NULL, "x.p; x.q", 3, "unexpected ';'", "hint: write 'and' or 'or' between two conditions"},
	{":", NULL, NULL, "x.p : x.q", 4, "unexpected ':'", "hint: write if(condition, value, other)"},
	{"~", NULL, NULL, "x.a ~ 5", 4, "unexpected '~'", NULL},
	{"$", NULL, NULL, "x.a > $5", 6, "unexpected '$'", NULL},

	/* functions of numbers */
	{"abs", "abs(-x.a)", "9", "abs() > x.a", 0, "'abs' takes 1 argument, got 0", NULL},
	{"sqrt", "sqrt(x.a)", "3", "sqrt(tank.level) > 2", 0, "cannot take the root of length [m]", NULL},
	{"sqrt", "sqrt(-x.a)", "unknown", NULL, 0, NULL, NULL},
	{"floor", "floor(-x.a / 2)", "-5", "floor(x.p) > 1", 6, "expected a number, got true or false", NULL},
	{"ceil", "ceil(-x.a / 2)", "-4", "ceil(x.a, 1) > 1", 0, "'ceil' takes 1 argument, got 2", NULL},
	{"round", "round(-x.a / 2)", "-5", "round(x.s) > 1", 6, "expected a number, got a text", NULL},
	{"exp", "exp(x.a - 9)", "1", "exp(tank.level) > 5", 4, "'exp' takes a plain number, got length [m]", NULL},
	{"ln", "ln(exp(2))", "2", "ln(boiler.pressure) > 5", 3, "'ln' takes a plain number, got pressure [bar]", NULL},
	{"pow", "pow(x.a, 2)", "81", "pow(x.a) > 1", 0, "'pow' takes 2 arguments, got 1", NULL},
	{"mod", "mod(-x.a, 4)", "-1", "mod(x.a, tank.level, 2) > 1", 0, "'mod' takes 2 arguments, got 3", NULL},
	{"min", "min(x.a, x.b, 4)", "3", "min(x.a) > 1", 0, "'min' takes 2 to 16 arguments, got 1", NULL},
	{"max", "max(x.a, x.b, 10)", "10", "max(boiler.pressure, tank.level) > 5", 0, "cannot take together pressure [bar] and length [m]", NULL},
	{"clamp", "clamp(x.a, 0, 5)", "5", "clamp(x.a) > 1", 0, "'clamp' takes 3 arguments, got 1", NULL},
	{"clamp", "clamp(x.b, 5, 8)", "5", NULL, 0, NULL, NULL},
	{"if", "if(x.p, 'a', 'b')", "a", "if(x.a, 1, 2) > x.b", 3, "expected true or false, got a number", "hint: compare it: x > 0"},
	{"if", "if(x.q, 1, x.b)", "3", "if(x.p, 1, 'a') == 1", 0, "cannot choose between a number and a text", NULL},

	/* functions of what is unknown */
	{"default", "default(x.c, 7)", "7", "default(x.a, 'no') == 1", 0, "cannot choose between a number and a text", NULL},
	{"known", "known(x.c)", "false", "known() and x.p", 0, "'known' takes 1 argument, got 0", NULL},
	{"known", "known(x.a / 0)", "false", NULL, 0, NULL, NULL},
	{"point", "point('x.a')", "9", "point(x.a) > 5", 6, "'point' takes the name of a point in quotes", NULL},
	{"age", "age(x.a)", "5s", "age(5) > 1s", 4, "'age' takes a point", NULL},
	{"quality", "quality(x.a)", "good", "quality(x.a) == 'stal'", 16, "'stal' is no quality", "hint: did you mean 'stale'?"},
	{"quality", "quality(x.c)", "bad", NULL, 0, NULL, NULL},
	{"ok", "ok(x.a)", "true", "ok(x.a + 1)", 7, "'ok' takes a point", NULL},
	{"bad", "bad(x.a)", "false", "bad(boilr)", 4, "unknown point 'boilr'", NULL},
	{"bad", "bad(x)", "false", "bad('boiler.tem')", 4, "unknown point or device 'boiler.tem'", "hint: did you mean 'boiler.temp'?"},
	{"firing", "firing('s')", "true", "firing(r)", 7, "'firing' takes the name of a rule in quotes", NULL},

	/* functions of the past */
	{"prev", "prev(x.a)", "4", "prev(x.s) == 'a'", 5, "'prev' takes a number or true or false, not a text", NULL},
	{"held", "held(x.p, 20s)", "true", "held(x.p) and x.p", 0, "'held' takes 2 arguments, got 1", NULL},
	{"held", "held(x.q, 1s)", "false", NULL, 0, NULL, NULL},
	{"once", "once(x.q, 6s)", "true", "once(x.p, x.b)", 10, "'once' takes a constant time, got an expression", "hint: for example 5m"},
	{"once", "once(x.q, 4s)", "false", NULL, 0, NULL, NULL},
	{"since", "since(x.p)", "25s", "since(x.a) > 5m", 6, "expected true or false, got a number", "hint: compare it: x > 0"},
	{"ewma", "ewma(x.b, 10s)", "3", "ewma(x.p, 5s) > 1", 5, "expected a number, got true or false", NULL},

	/* functions of a window */
	{"avg", "avg(x.a, 1m)", "5", "avg(x.a, 0s) > 1", 9, "the time of 'avg' is from 1ms to 366d", NULL},
	{"avg", "avg(x.a, 16s)", "6.5", NULL, 0, NULL, NULL},
	{"tavg", "tavg(x.a, 32s)", "4", "tavg(x.a) > 1", 0, "'tavg' takes 2 arguments, got 1", NULL},
	{"sum", "sum(x.a, 1m)", "15", "sum(boiler.temp, 1m) > 1", 0, "cannot sum up temperature [degC]", "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
	{"count", "count(x.a, 1m)", "3", "count(x.a, 5) > 1", 11, "'count' takes a constant time, got a number", "hint: for example 5m"},
	{"count", "count(x.c, 1m)", "0", NULL, 0, NULL, NULL},
	{"min(x, d)", "min(x.a, 1m)", "2", "min(x.a, 400d) > 1", 9, "the time of 'min' is from 1ms to 366d", "hint: the smaller of both is min(0s, x)"},
	{"max(x, d)", "max(x.a, 1m)", "9", "max(x.p, 1m) > 1", 4, "expected a number, got true or false", NULL},
	{"spread", "spread(x.a, 1m)", "7", "spread(x.s, 1m) > 1", 7, "expected a number, got a text", NULL},
	{"stddev", "stddev(x.a, 1m) ^ 2", "13", "stddev(x.a, 1m, 2) > 1", 0, "'stddev' takes 2 arguments, got 3", NULL},
	{"rate", "rate(x.a, 1m)", "0.35", "rate(x.p, 1m) > 1", 5, "expected a number, got true or false", NULL},
	{"delta", "delta(x.a, 1m)", "7", "delta(x.a, 1 bar) > 1", 11, "'delta' takes a constant time, got pressure [bar]", "hint: for example 5m"},
	{"slope", "slope(x.a, 1m)", "0.35", "slope(1, 1m) > 1", 6, "this never changes: it reads no point", NULL},
	{"first", "first(x.a, 1m)", "2", "first(x.a, 0.5ms) > 1", 11, "the time of 'first' is from 1ms to 366d", NULL},
	{"changes", "changes(x.q, 1m)", "2", "changes(x.q, 367d) > 1", 13, "the time of 'changes' is from 1ms to 366d", NULL},
	{"increase", "increase(x.a, 1m)", "7", "increase(x.p, 1m) > 1", 9, "expected a number, got true or false", NULL},
	{"integral", "integral(x.a, 32s)", "96", "integral(boiler.temp, 1m) > 1", 0, "cannot sum up temperature [degC]", "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
	{"share", "share(x.q, 32s)", "0.4166666667", "share(x.a, 1m) > 1", 6, "expected true or false, got a number", "hint: compare it: x > 0"},
	{"quantile", "quantile(x.a, 100 %, 1m)", "9", "quantile(x.a, 2, 1m) > 1", 14, "'quantile' takes a constant fraction from 0 to 1", "hint: for example quantile(x, 95 %, 1h)"},
	{"median", "median(x.a, 1m)", "4", "median(x.a, 0.5, 1m) > 1", 0, "'median' takes 2 arguments, got 3", NULL},

	/* functions of local time */
	{"now", "now()", "1772452826", "now() > 5", 0, "'now' stands in messages only", "hint: tod(), weekday() and between() are compared"},
	{"tod", "tod()", "12h", "tod() > 25h", 8, "a time of day is from 00:00 to 24:00", NULL},
	{"weekday", "weekday()", "1", "weekday(x.a) > 1", 0, "'weekday' takes 0 arguments, got 1", NULL},
	{"between", "between(12:00, 13:00)", "true", "between(12:00, 12:00)", 0, "'between' takes two different times", "hint: the whole day is between(00:00, 24:00)"},
	{"between", "between(22:00, 06:00)", "false", "between(x.a, 12:00)", 8, "'between' takes constant times of day, got an expression", "hint: for example between(22:00, 06:00)"},

};

/* Instants, and how often they come in that world. */
static const struct {
	const char *of;
	const char *expr;
	unsigned times;
	const char *near;
	unsigned at;
	const char *message;
	const char *notes;
} instants[] = {
	{"rises", "rises(x.q)", 1, "rises(x.a)", 6, "expected true or false, got a number", "hint: compare it: x > 0"},
	{"falls", "falls(x.q)", 1, "falls(changed(x.a))", 6, "an instant cannot stand inside another", "in 'on' of rule 'r'"},
	{"changed", "changed(x.a)", 2, "changed(5)", 8, "this never changes: it reads no point", "in 'on' of rule 'r'"},
	{"changed", "changed(x.a) and x.q", 1, "held(changed(x.a), 5m)", 5, "'changed' is an instant: it has no past", "hint: changes(x, 1h) counts how often x changed"},
};

/* One of each unit, in another that does not lean on it. */
static const struct {
	const char *name;
	const char *same;
} units[] = {
	{"m", "100[cm]"},
	{"in", "2.54[cm]"},
	{"ft", "30.48[cm]"},
	{"yd", "3[ft]"},
	{"mi", "1760[yd]"},
	{"m2", "1[m^2]"},
	{"m²", "1[m^2]"},
	{"ha", "10000[m^2]"},
	{"m3", "1[m^3]"},
	{"m³", "1[m^3]"},
	{"L", "1000[cm^3]"},
	{"l", "1[L]"},
	{"gal", "3.785411784[L]"},
	{"bbl", "42[gal]"},
	{"mph", "1[mi/h]"},
	{"kn", "1852[m/h]"},
	{"gpm", "1[gal/min]"},
	{"cfm", "1[ft^3/min]"},
	{"g", "0.001[kg]"},
	{"t", "1000[kg]"},
	{"lb", "453.59237[g]"},
	{"oz", "0.0625[lb]"},
	{"s", "1000[ms]"},
	{"min", "60[s]"},
	{"h", "60[min]"},
	{"d", "24[h]"},
	{"w", "7[d]"},
	{"Hz", "60[rpm]"},
	{"rpm", "1[min^-1]"},
	{"Bq", "1[s^-1]"},
	{"N", "1[kg*m/s^2]"},
	{"lbf", "4.4482216152605[N]"},
	{"Pa", "1[N/m^2]"},
	{"bar", "100[kPa]"},
	{"atm", "1013.25[hPa]"},
	{"psi", "1[lbf/in^2]"},
	{"Torr", "133.3223684210526[Pa]"},
	{"mmHg", "133.322387415[Pa]"},
	{"inHg", "25.4[mmHg]"},
	{"mmH2O", "9.80665[Pa]"},
	{"inH2O", "249.08891[Pa]"},
	{"J", "1[N*m]"},
	{"Wh", "3600[J]"},
	{"cal", "4.184[J]"},
	{"BTU", "1055.05585262[J]"},
	{"W", "1[J/s]"},
	{"hp", "550[ft*lbf/s]"},
	{"VA", "1[V*A]"},
	{"var", "1[VA]"},
	{"varh", "1[Wh]"},
	{"VAh", "1[Wh]"},
	{"A", "1000[mA]"},
	{"Ah", "3600[C]"},
	{"C", "1[A*s]"},
	{"V", "1[W/A]"},
	{"ohm", "1[V/A]"},
	{"Ω", "1[ohm]"},
	{"S", "1[A/V]"},
	{"F", "1[C/V]"},
	{"H", "1[V*s/A]"},
	{"Wb", "1[V*s]"},
	{"T", "1[Wb/m^2]"},
	{"K", "1.8[degF/h*h]"},
	{"degC", "33.8[degF]"},
	{"°C", "1[degC]"},
	{"degF", "-17.22222222222222222[degC]"},
	{"°F", "1[degF]"},
	{"degK", "-272.15[degC]"},
	{"mol", "1000[mmol]"},
	{"cd", "1000[mcd]"},
	{"lm", "1[cd*rad^2]"},
	{"lx", "1[lm/m^2]"},
	{"bit", "0.125[B]"},
	{"B", "8[bit]"},
	{"KiB", "1024[B]"},
	{"MiB", "1024[KiB]"},
	{"GiB", "1024[MiB]"},
	{"%", "10000[ppm]"},
	{"ppm", "1000[ppb]"},
	{"ppb", "0.0000001[%]"},
	{"count", "100[%]"},
	{"pH", "1[count]"},
	{"dB", "1[count]"},
	{"dBm", "1[count]"},
	{"rad", "1[m/m]"},
	{"deg", "0.0174532925199433[rad]"},
	{"°", "1[deg]"},
	{"rev", "360[deg]"},
};

/* One metre with each prefix. */
static const struct {
	const char *prefix;
	const char *same;
} prefixes[] = {
	{"da", "10[m]"},
	{"p", "0.000000000001[m]"},
	{"n", "0.001[um]"},
	{"u", "0.001[mm]"},
	{"µ", "1[um]"},
	{"μ", "1[um]"},
	{"m", "0.001[m]"},
	{"c", "10[mm]"},
	{"d", "10[cm]"},
	{"h", "100[m]"},
	{"k", "1000[m]"},
	{"M", "1000[km]"},
	{"G", "1000[Mm]"},
	{"T", "1000[Gm]"},
};
/* clang-format on */

/*
 * One rule whose message shows expr, 26 s after noon on a Monday. By then x.a was 2, 4 and 9,
 * 10 s apart and 5 s ago; x.q was true for the middle one; x.c was never read. The timer of a
 * window that is due then comes behind the reading: what it weighs with time is of 25 s.
 */
static char *show(const char *expr)
{
	static const char rules[] = "rules:\n"
				    "  r:\n"
				    "    for_each: {v: [x.b], n: [5], w: [auto], d: [boiler]}\n"
				    "    when: x.r\n"
				    "    message: |-\n"
				    "      ${(%s)}\n"
				    "  s: {when: x.p}\n"
				    "  t: {when: x.q}\n";
	static const double values[] = {2, 4, 9};
	struct arena *arena = arena_new();
	struct rules_case c;
	const char *log, *from, *to;
	char *text;

	rules_case_init_polled(&c, arena_printf(arena, rules, expr), 10 * NSEC_PER_SEC);
	rules_case_start(&c);
	engine_set_wall(c.engine, (struct boot){0}, (struct wall){1772452800 * NSEC_PER_SEC},
			true);
	feed_number(&c, 1, "x.b", 3);
	feed_text(&c, 1, "x.s", "auto");
	feed_bool(&c, 1, "x.p", true);
	feed_number(&c, 1, "boiler.temp", 80);
	feed_text(&c, 1, "boiler.mode", "heat");
	feed_number(&c, 1, "tank.level", 5);
	feed_number(&c, 1, "tank.fill", 50);
	feed_number(&c, 1, "meter-3.power", 1500);
	for (int i = 0; i < 3; i++) {
		feed_number(&c, 1 + 10 * i, "x.a", values[i]);
		feed_bool(&c, 1 + 10 * i, "x.q", i == 1);
	}
	rules_case_log(&c);
	feed_bool(&c, 26, "x.r", true);
	log = rules_case_log(&c);
	from = strchr(log, '"');
	assert_non_null(from);
	to = strstr(from, "\" x.r=true");
	assert_non_null(to);
	text = xasprintf("%.*s", (int)(to - from) - 1, from + 1);
	rules_case_done(&c);
	arena_free(arena);
	return text;
}

static void assert_shown(const char *expr, const char *shown)
{
	char *text = show(expr);

	if (strcmp(text, shown) != 0)
		print_error("%s\n", expr);
	assert_string_equal(text, shown);
	free(text);
}

static void test_each_production_yields_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(productions); i++) {
		if (productions[i].expr != NULL)
			assert_shown(productions[i].expr, productions[i].shown);
	}
}

static void test_each_near_miss_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(productions); i++) {
		const struct production *row = &productions[i];

		if (row->near != NULL)
			assert_wrong("when", &(struct wrong_expr){row->near, row->at,
								  row->message, row->notes});
	}
	for (size_t i = 0; i < ARRAY_SIZE(instants); i++)
		assert_wrong("on",
			     &(struct wrong_expr){instants[i].near, instants[i].at,
						  instants[i].message, instants[i].notes});
}

static void test_each_instant_comes_when_it_is_due(void **state)
{
	struct rules_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
		rules_case_init_expr(&c, "on", instants[i].expr, "");
		rules_case_start(&c);
		feed_number(&c, 1, "x.a", 2);
		feed_bool(&c, 1, "x.q", false);
		assert_int_equal(c.events, 0);
		feed_bool(&c, 10, "x.q", true);
		feed_number(&c, 11, "x.a", 4);
		feed_bool(&c, 20, "x.q", false);
		feed_number(&c, 21, "x.a", 9);
		feed_number(&c, 22, "x.a", 9);
		assert_int_equal(c.events, instants[i].times);
		rules_case_done(&c);
	}
}

static bool has_row(const char *of, bool near)
{
	for (size_t i = 0; i < ARRAY_SIZE(productions); i++) {
		if (strcmp(productions[i].of, of) == 0 &&
		    (near ? productions[i].near : productions[i].expr) != NULL)
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
		if (strcmp(instants[i].of, of) == 0)
			return true;
	}
	return false;
}

static void test_nothing_of_the_language_is_without_a_row(void **state)
{
	const char *word;
	char window[40];

	(void)state;
	for (size_t i = 0; (word = lexer_word(i)) != NULL; i++) {
		if (!has_row(word, true))
			fail_msg("'%s' has no row", word);
	}
	for (size_t i = 0; i < function_count(); i++) {
		const char *name = function_get(i)->name;

		if (!has_row(name, false) || !has_row(name, true))
			fail_msg("the function '%s' has no row", name);
		if (function_find_window(name) == NULL)
			continue;
		snprintf(window, sizeof(window), "%s(x, d)", name);
		if (!has_row(window, false) || !has_row(window, true))
			fail_msg("the window '%s' has no row", window);
	}
	for (size_t i = 0; i < ARRAY_SIZE(productions); i++) {
		const char *of = productions[i].of;

		if (!has_row(of, true))
			fail_msg("'%s' has no near miss", of);
	}
}

/* ---- units ------------------------------------------------------------------------------ */

static void assert_same_unit(const char *prefix, const char *name, const char *same)
{
	struct arena *arena = arena_new();

	assert_shown(arena_printf(arena, "if(x.p, 1[%s%s], 2[%s%s]) == %s", prefix, name,
				  prefix, name, same),
		     "true");
	assert_shown(arena_printf(arena, "if(x.p, 2[%s%s], 1[%s%s]) == %s", prefix, name,
				  prefix, name, same),
		     "false");
	arena_free(arena);
}

static void test_each_unit_is_worth_what_it_says(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		assert_same_unit("", units[i].name, units[i].same);
	for (size_t i = 0; (name = unit_name(i)) != NULL; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(units) && strcmp(units[k].name, name) != 0)
			k++;
		if (k == ARRAY_SIZE(units))
			fail_msg("the unit '%s' has no row", name);
	}
}

static void test_each_prefix_is_worth_what_it_says(void **state)
{
	const char *prefix;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		assert_same_unit(prefixes[i].prefix, "m", prefixes[i].same);
	for (size_t i = 0; (prefix = unit_prefix(i)) != NULL; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(prefixes) && strcmp(prefixes[k].prefix, prefix) != 0)
			k++;
		if (k == ARRAY_SIZE(prefixes))
			fail_msg("the prefix '%s' has no row", prefix);
	}
}

/* With a letter too many, and with one that is not its own. */
static void test_each_unit_that_is_nearly_right_is_told(void **state)
{
	struct arena *arena = arena_new();
	const char *name;

	(void)state;
	for (size_t i = 0; (name = unit_name(i)) != NULL; i++) {
		const char *wrong = arena_printf(arena, "q%sq", name);
		const char *message = arena_printf(arena, "unknown unit '%s'", wrong);
		struct rules_case c;

		rules_case_init_expr(&c, "when", arena_printf(arena, "x.a > 5[%s]", wrong), "");
		assert_null(c.set);
		assert_int_equal(diags_errors(c.conf.diags), 1);
		assert_string_equal(diags_get(c.conf.diags, 0)->message, message);
		assert_int_equal(diags_get(c.conf.diags, 0)->column, 7 + 8);
		rules_case_done(&c);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_production_yields_what_it_says),
		cmocka_unit_test(test_each_near_miss_is_told),
		cmocka_unit_test(test_each_instant_comes_when_it_is_due),
		cmocka_unit_test(test_nothing_of_the_language_is_without_a_row),
		cmocka_unit_test(test_each_unit_is_worth_what_it_says),
		cmocka_unit_test(test_each_prefix_is_worth_what_it_says),
		cmocka_unit_test(test_each_unit_that_is_nearly_right_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
