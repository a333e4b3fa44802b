/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of evaluation: Kleene's tables, numbers that have no result, and random expressions
 * whose compiled code has to agree with a plain walk over a tree of our own, made here and
 * written out as text.
 */
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
#include "base/random.h"
#include "rules/check.h"
#include "rules/compile.h"
#include "rules/eval.h"
#include "rules/parser.h"
#include "rules/program.h"
#include "rules_case.h"

/* A value here: unknown is a flag, not a NaN. */
struct val {
	bool known;
	double x;
};

enum { NUMBERS = 3, TRUTHS = 3, POINTS = 8 };

struct world {
	struct val points[POINTS]; /* x.a x.b x.c x.p x.q x.r x.s x.t */
};

static const char *const point_names[POINTS] = {"x.a", "x.b", "x.c", "x.p",
						"x.q", "x.r", "x.s", "x.t"};
static const char *const texts[] = {"auto", "manual", "off"};

/* ---- compiled ---------------------------------------------------------------------------- */

struct compiled {
	struct arena *arena;
	struct diags *diags;
	struct program *program;
	struct code code;
	double *slots;
};

static uint32_t no_rule(const void *arg, const char *name, size_t len)
{
	(void)arg, (void)name, (void)len;
	return UINT32_MAX;
}

static void compile_text(struct compiled *c, const char *text, enum value_kind kind)
{
	struct check_rules rules = {.find = no_rule};
	struct program_use use = {0};
	struct expr_source source;
	struct expr *tree;

	c->arena = arena_new();
	c->diags = diags_new(1);
	source = (struct expr_source){.text = text,
				      .len = strlen(text),
				      .field = "when",
				      .rule = "r",
				      .points = rules_points(c->arena),
				      .diags = c->diags};
	c->program = program_new(c->arena, c->arena, source.points, 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		program_text(c->program, texts[i]);
	tree = parser_parse(c->arena, &source);
	if (tree == NULL || !check_expr(c->arena, c->program, &source, &rules, CHECK_MESSAGE,
					kind, &tree, &use))
		fail_msg("not taken: %s", text);
	c->code = compile_expr(c->program, tree, &use);
	c->slots = xcalloc(program_slots(c->program), sizeof(double));
	for (uint32_t i = 0; i < c->program->cell_count; i++)
		c->slots[PROGRAM_SCRATCH + c->program->point_count + i] = c->program->cells[i];
}

static void compiled_done(struct compiled *c)
{
	free(c->slots);
	diags_free(c->diags);
	arena_free(c->arena);
}

static struct val run(struct compiled *c, const struct world *world)
{
	double result;

	for (int i = 0; i < POINTS; i++)
		c->slots[PROGRAM_SCRATCH + i] =
			world->points[i].known ? world->points[i].x : NAN;
	result = eval_run(c->program, c->code, c->slots);
	return (struct val){!isnan(result), isnan(result) ? 0 : result};
}

/* ---- a tree of our own ------------------------------------------------------------------- */

enum kind { NUMBER, TRUTH, TEXT };

struct tree {
	int op; /* index into ops */
	int leaf;
	double constant;
	struct tree *kids[3];
};

enum op {
	POINT,
	CONSTANT,
	ADD,
	SUB,
	MUL,
	DIV,
	NEG,
	MIN,
	MAX,
	ABS,
	SQRT,
	FLOOR,
	MOD,
	POW,
	CLAMP,
	IF,
	ELSE,
	LT,
	LE,
	GT,
	GE,
	EQ,
	NE,
	CHAIN,
	IN,
	AND,
	OR,
	NOT,
	KNOWN,
	SAME_TEXT,
	IS_TEXT,
	OP_COUNT
};

/* clang-format off */
static const struct {
	const char *form; /* 1, 2, 3: operands */
	enum kind result;
	int kids;
	enum kind kid[3];
	bool monotone; /* knows more when it is told more */
} ops[OP_COUNT] = {
	[POINT]     = {"", NUMBER, 0, {0}, true},
	[CONSTANT]  = {"", NUMBER, 0, {0}, true},
	[ADD]       = {"(1 + 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[SUB]       = {"(1 - 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[MUL]       = {"(1 * 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[DIV]       = {"(1 / 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[NEG]       = {"(-1)", NUMBER, 1, {NUMBER}, true},
	[MIN]       = {"min(1, 2, 3)", NUMBER, 3, {NUMBER, NUMBER, NUMBER}, true},
	[MAX]       = {"max(1, 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[ABS]       = {"abs(1)", NUMBER, 1, {NUMBER}, true},
	[SQRT]      = {"sqrt(1)", NUMBER, 1, {NUMBER}, true},
	[FLOOR]     = {"floor(1)", NUMBER, 1, {NUMBER}, true},
	[MOD]       = {"mod(1, 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[POW]       = {"(1 ^ 2)", NUMBER, 2, {NUMBER, NUMBER}, true},
	[CLAMP]     = {"clamp(1, 2, 3)", NUMBER, 3, {NUMBER, NUMBER, NUMBER}, true},
	[IF]        = {"if(1, 2, 3)", NUMBER, 3, {TRUTH, NUMBER, NUMBER}, true},
	[ELSE]      = {"((1) ?" "? (2))", NUMBER, 2, {NUMBER, NUMBER}, false},
	[LT]        = {"(1 < 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[LE]        = {"(1 <= 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[GT]        = {"(1 > 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[GE]        = {"(1 >= 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[EQ]        = {"(1 == 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[NE]        = {"(1 != 2)", TRUTH, 2, {NUMBER, NUMBER}, true},
	[CHAIN]     = {"(1 < 2 <= 3)", TRUTH, 3, {NUMBER, NUMBER, NUMBER}, true},
	[IN]        = {"(1 in (0, -2, 3.5))", TRUTH, 1, {NUMBER}, true},
	[AND]       = {"(1 and 2)", TRUTH, 2, {TRUTH, TRUTH}, true},
	[OR]        = {"(1 or 2)", TRUTH, 2, {TRUTH, TRUTH}, true},
	[NOT]       = {"(not 1)", TRUTH, 1, {TRUTH}, true},
	[KNOWN]     = {"known(1)", TRUTH, 1, {NUMBER}, false},
	[SAME_TEXT] = {"(x.s == x.t)", TRUTH, 0, {0}, true},
	[IS_TEXT]   = {"(x.s != 'manual')", TRUTH, 0, {0}, true},
};
/* clang-format on */

struct grower {
	struct random random;
	struct arena *arena;
	bool monotone;
};

static int64_t pick(struct grower *g, int64_t low, int64_t high)
{
	return random_between(&g->random, low, high);
}

static struct tree *grow(struct grower *g, enum kind kind, int depth)
{
	struct tree *tree = arena_take(g->arena, 1, sizeof(*tree));

	if (depth == 0 || pick(g, 0, 9) == 0) {
		tree->op = kind == NUMBER && pick(g, 0, 2) == 0 ? CONSTANT : POINT;
		tree->leaf = (int)pick(g, kind == NUMBER ? 0 : 3, kind == NUMBER ? 2 : 5);
		tree->constant = (double)pick(g, -8, 8) / 2;
		return tree;
	}
	do
		tree->op = (int)pick(g, ADD, OP_COUNT - 1);
	while (ops[tree->op].result != kind || (g->monotone && !ops[tree->op].monotone));
	for (int i = 0; i < ops[tree->op].kids; i++)
		tree->kids[i] = grow(g, ops[tree->op].kid[i], depth - 1);
	return tree;
}

static void write_tree(const struct tree *tree, struct str *out)
{
	const char *form = ops[tree->op].form;

	if (tree->op == POINT) {
		str_adds(out, point_names[tree->leaf]);
	} else if (tree->op == CONSTANT) {
		str_addf(out, tree->constant < 0 ? "(%g)" : "%g", tree->constant);
	} else if (tree->op == IN || ops[tree->op].kids == 0) {
		/* digits in these forms are digits */
		if (tree->op == IN) {
			str_addc(out, '(');
			write_tree(tree->kids[0], out);
			str_adds(out, " in (0, -2, 3.5))");
		} else {
			str_adds(out, form);
		}
	} else {
		for (; *form != '\0'; form++) {
			if (*form >= '1' && *form <= '3')
				write_tree(tree->kids[*form - '1'], out);
			else
				str_addc(out, *form);
		}
	}
}

static struct val unknown(void)
{
	return (struct val){0};
}

static struct val number(double x)
{
	return isfinite(x) ? (struct val){true, x} : unknown();
}

static struct val truth(bool b)
{
	return (struct val){true, b};
}

/* Strong Kleene, written as its table. */
static struct val kleene_and(struct val a, struct val b)
{
	if ((a.known && a.x == 0) || (b.known && b.x == 0))
		return truth(false);
	return a.known && b.known ? truth(true) : unknown();
}

static struct val negate(struct val a)
{
	return a.known ? truth(a.x == 0) : a;
}

static double smaller(double a, double b)
{
	return b < a ? b : a;
}

static double larger(double a, double b)
{
	return b > a ? b : a;
}

static struct val walk(const struct tree *tree, const struct world *world);

static struct val walk_known(int op, const double *x)
{
	switch ((enum op)op) {
	case ADD:
		return number(x[0] + x[1]);
	case SUB:
		return number(x[0] - x[1]);
	case MUL:
		return number(x[0] * x[1]);
	case DIV:
		return number(x[0] / x[1]);
	case NEG:
		return number(-x[0]);
	case MIN:
		return number(smaller(smaller(x[0], x[1]), x[2]));
	case MAX:
		return number(larger(x[0], x[1]));
	case ABS:
		return number(fabs(x[0]));
	case SQRT:
		return number(sqrt(x[0]));
	case FLOOR:
		return number(floor(x[0]));
	case MOD:
		return number(fmod(x[0], x[1]));
	case POW:
		return number(pow(x[0], x[1]));
	case CLAMP:
		return number(larger(smaller(x[0], x[2]), x[1]));
	case LT:
		return truth(x[0] < x[1]);
	case LE:
		return truth(x[0] <= x[1]);
	case GT:
		return truth(x[0] > x[1]);
	case GE:
		return truth(x[0] >= x[1]);
	case EQ:
		return truth(x[0] == x[1]);
	case NE:
		return truth(x[0] != x[1]);
	case IN:
		return truth(x[0] == 0 || x[0] == -2 || x[0] == 3.5);
	case POINT:
	case CONSTANT:
	case IF:
	case ELSE:
	case CHAIN:
	case AND:
	case OR:
	case NOT:
	case KNOWN:
	case SAME_TEXT:
	case IS_TEXT:
	case OP_COUNT:
		break;
	}
	fail();
	return unknown();
}

static struct val walk_text(const struct tree *tree, const struct world *world)
{
	struct val s = world->points[6], t = world->points[7];

	if (tree->op == IS_TEXT)
		return s.known ? truth(s.x != 5) : unknown(); /* 4 auto, 5 manual, 6 off */
	return s.known && t.known ? truth(s.x == t.x) : unknown();
}

static struct val walk(const struct tree *tree, const struct world *world)
{
	struct val v[3] = {{0}};
	double x[3] = {0};
	bool all = true;

	if (tree->op == POINT)
		return world->points[tree->leaf];
	if (tree->op == CONSTANT)
		return number(tree->constant);
	for (int i = 0; i < ops[tree->op].kids; i++) {
		v[i] = walk(tree->kids[i], world);
		x[i] = v[i].x;
		all = all && v[i].known;
	}
	switch (tree->op) {
	case AND:
		return kleene_and(v[0], v[1]);
	case OR:
		return negate(kleene_and(negate(v[0]), negate(v[1])));
	case NOT:
		return negate(v[0]);
	case CHAIN:
		return kleene_and(v[0].known && v[1].known ? truth(x[0] < x[1]) : unknown(),
				  v[1].known && v[2].known ? truth(x[1] <= x[2]) : unknown());
	case IF:
		return !v[0].known ? unknown() : x[0] != 0 ? v[1] : v[2];
	case ELSE:
		return v[0].known ? v[0] : v[1];
	case KNOWN:
		return truth(v[0].known);
	case SAME_TEXT:
	case IS_TEXT:
		return walk_text(tree, world);
	default:
		return all ? walk_known(tree->op, x) : unknown();
	}
}

/* ---- tests ------------------------------------------------------------------------------- */

static void some_world(struct grower *g, struct world *world)
{
	for (int i = 0; i < POINTS; i++) {
		world->points[i].known = pick(g, 0, 3) != 0;
		if (i < NUMBERS)
			world->points[i].x =
				pick(g, 0, 20) == 0 ? 1e308 : (double)pick(g, -6, 6) / 2;
		else if (i < NUMBERS + TRUTHS)
			world->points[i].x = (double)pick(g, 0, 1);
		else
			world->points[i].x = (double)pick(g, 4, 7);
	}
}

static bool folds(const struct tree *tree)
{
	bool constant = ops[tree->op].kids > 0;

	for (int i = 0; i < ops[tree->op].kids; i++) {
		if (folds(tree->kids[i]))
			return true;
		constant = constant && tree->kids[i]->op == CONSTANT;
	}
	return constant;
}

static bool same(struct val a, struct val b)
{
	return a.known == b.known && (!a.known || a.x == b.x);
}

static void test_compiled_code_agrees_with_a_walk_over_the_tree(void **state)
{
	struct grower g = {.monotone = false};
	int known = 0, cases = 0;

	(void)state;
	random_init(&g.random, 20261122);
	for (int i = 0; i < 4000; i++) {
		enum kind kind = i % 3 == 0 ? NUMBER : TRUTH;
		struct compiled c;
		struct tree *tree;
		struct str text;

		g.arena = arena_new();
		tree = grow(&g, kind, 1 + i % 5);
		str_init(&text);
		write_tree(tree, &text);
		/* Constant parts are computed at load, where 1/0 is an error. */
		if (text.len < EXPR_MAX_BYTES && !folds(tree)) {
			compile_text(&c, text.s, kind == NUMBER ? VALUE_NUMBER : VALUE_BOOL);
			for (int k = 0; k < 30; k++) {
				struct world world;
				struct val expected, got;

				some_world(&g, &world);
				expected = walk(tree, &world);
				got = run(&c, &world);
				if (!same(expected, got))
					print_error("%s: expected %d %g, got %d %g\n", text.s,
						    expected.known, expected.x, got.known,
						    got.x);
				assert_true(same(expected, got));
				known += expected.known;
				cases++;
			}
			compiled_done(&c);
		}
		str_done(&text);
		arena_free(g.arena);
	}
	/* The random trees are worth something: both outcomes are frequent. */
	assert_true(cases > 60000);
	assert_true(known > cases / 5 && known < cases * 4 / 5);
}

static void test_filling_an_unknown_never_flips_a_known_result(void **state)
{
	struct grower g = {.monotone = true};
	int compared = 0;

	(void)state;
	random_init(&g.random, 7);
	for (int i = 0; i < 2000; i++) {
		struct compiled c;
		struct tree *tree;
		struct str text;

		g.arena = arena_new();
		tree = grow(&g, TRUTH, 2 + i % 4);
		str_init(&text);
		write_tree(tree, &text);
		if (text.len < EXPR_MAX_BYTES && !folds(tree)) {
			compile_text(&c, text.s, VALUE_BOOL);
			for (int k = 0; k < 30; k++) {
				struct world less, more;
				struct val before, after;

				some_world(&g, &less);
				more = less;
				more.points[pick(&g, 0, POINTS - 1)].known = true;
				before = run(&c, &less);
				after = run(&c, &more);
				if (before.known && !same(before, after))
					print_error("%s\n", text.s);
				assert_true(!before.known || same(before, after));
				compared += before.known;
			}
			compiled_done(&c);
		}
		str_done(&text);
		arena_free(g.arena);
	}
	assert_true(compared > 10000);
}

static struct val run_text(const char *text, enum value_kind kind, const struct world *world)
{
	struct compiled c;
	struct val got;

	compile_text(&c, text, kind);
	got = run(&c, world);
	compiled_done(&c);
	return got;
}

static struct val three(int i)
{
	return (struct val){i < 2, i};
}

static void test_logic_follows_the_tables_of_kleene(void **state)
{
	/* false, true, unknown */
	static const int and_table[3][3] = {{0, 0, 0}, {0, 1, 2}, {0, 2, 2}};
	static const int or_table[3][3] = {{0, 1, 2}, {1, 1, 1}, {2, 1, 2}};
	static const int not_table[3] = {1, 0, 2};
	struct world world = {0};

	(void)state;
	for (int p = 0; p < 3; p++) {
		world.points[3] = three(p);
		assert_true(same(run_text("not x.p", VALUE_BOOL, &world), three(not_table[p])));
		for (int q = 0; q < 3; q++) {
			world.points[4] = three(q);
			assert_true(same(run_text("x.p and x.q", VALUE_BOOL, &world),
					 three(and_table[p][q])));
			assert_true(same(run_text("x.p or x.q", VALUE_BOOL, &world),
					 three(or_table[p][q])));
		}
	}
}

static void test_fault_A13_numbers_without_result_are_unknown(void **state)
{
	static const char *const none[] = {
		"x.a / x.b",	   "x.b / x.b",
		"x.c * x.c",	   "x.c + x.c",
		"-x.c - x.c",	   "x.c ^ 2",
		"exp(x.c)",	   "ln(x.b)",
		"ln(-x.a)",	   "sqrt(-x.a)",
		"mod(x.a, x.b)",   "pow(-x.a, 0.5)",
		"min(x.a, 1/x.b)", "if(x.a > 0, 1/x.b, 1)",
		"x.a ^ x.c * 0",
	};
	/* x.a 2, x.b 0, x.c near the end of the doubles */
	struct world world = {{{true, 2}, {true, 0}, {true, 1.7e308}}};
	struct str text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		if (run_text(none[i], VALUE_NUMBER, &world).known)
			print_error("%s\n", none[i]);
		assert_false(run_text(none[i], VALUE_NUMBER, &world).known);
		/* ... and never true and never false in a comparison */
		str_init(&text);
		str_addf(&text, "(%s) > 1", none[i]);
		assert_false(run_text(text.s, VALUE_BOOL, &world).known);
		str_clear(&text);
		str_addf(&text, "not ((%s) != 1)", none[i]);
		assert_false(run_text(text.s, VALUE_BOOL, &world).known);
		str_done(&text);
	}
	assert_true(run_text("(x.a / x.b) ?"
			     "? 7",
			     VALUE_NUMBER, &world)
			    .x == 7);
	assert_true(same(run_text("known(x.a / x.b)", VALUE_BOOL, &world), truth(false)));
}

static void test_functions_compute_what_they_say(void **state)
{
	static const struct {
		const char *text;
		double result;
	} cases[] = {
		{"abs(-x.a)", 2},
		{"sqrt(x.a * 8)", 4},
		{"floor(x.c)", -3},
		{"ceil(x.c)", -2},
		{"round(x.c)", -3},
		{"exp(x.b)", 1},
		{"ln(exp(x.b))", 0},
		{"pow(x.a, 10)", 1024},
		{"mod(x.c, x.a)", -0.5},
		{"min(3, x.a, 5, 1.5)", 1.5},
		{"max(x.a, x.b, x.c)", 2},
		{"clamp(x.c, 0, 1)", 0},
		{"clamp(x.a, 0, 1)", 1},
		{"clamp(0.5, x.b, 1)", 0.5},
		{"if(x.a > 1, 10, 20)", 10},
		{"if(x.a > 5, 10, 20)", 20},
		{"default(x.a, 9)", 2},
		{"x.a ^ 3 ^ x.b", 2},
		{"-x.a ^ 2", -4},
		{"2 ^ -1 * x.a", 1},
		{"1 - 1 - x.a", -2},
	};
	struct world world = {{{true, 2}, {true, 0}, {true, -2.5}}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct val got = run_text(cases[i].text, VALUE_NUMBER, &world);

		if (!got.known || got.x != cases[i].result)
			print_error("%s: %g\n", cases[i].text, got.x);
		assert_true(got.known && got.x == cases[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logic_follows_the_tables_of_kleene),
		cmocka_unit_test(test_functions_compute_what_they_say),
		cmocka_unit_test(test_fault_A13_numbers_without_result_are_unknown),
		cmocka_unit_test(test_compiled_code_agrees_with_a_walk_over_the_tree),
		cmocka_unit_test(test_filling_an_unknown_never_flips_a_known_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
