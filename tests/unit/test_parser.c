/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the grammar: every production, every limit, every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"
#include "rules/parser.h"
#include "rules_case.h"

/* The tree in prefix form: (+ a b). */
static void show(const struct expr *expr, struct str *out)
{
	static const char *const names[] = {
		[EXPR_CALL] = "call", [EXPR_NOT] = "not",   [EXPR_AND] = "and",
		[EXPR_OR] = "or",     [EXPR_NEG] = "neg",   [EXPR_ADD] = "+",
		[EXPR_SUB] = "-",     [EXPR_MUL] = "*",	    [EXPR_DIV] = "/",
		[EXPR_POW] = "^",     [EXPR_ELSE] = "else", [EXPR_LT] = "<",
		[EXPR_LE] = "<=",     [EXPR_GT] = ">",	    [EXPR_GE] = ">=",
		[EXPR_EQ] = "==",     [EXPR_NE] = "!=",	    [EXPR_CHAIN] = "chain",
		[EXPR_IN] = "in",
	};

	switch ((int)expr->op) {
	case EXPR_NUMBER:
		str_add_number(out, expr->number);
		return;
	case EXPR_BOOL:
		str_adds(out, expr->number != 0 ? "true" : "false");
		return;
	case EXPR_TEXT:
		str_addf(out, "'%s'", expr->text);
		return;
	case EXPR_NAME:
		str_adds(out, expr->text);
		return;
	default:
		break;
	}
	str_addf(out, "(%s", expr->op == EXPR_CALL ? expr->text : names[expr->op]);
	if (expr->op == EXPR_CHAIN)
		str_addf(out, " %s %s", names[expr->rel[0]], names[expr->rel[1]]);
	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next) {
		str_addc(out, ' ');
		show(kid, out);
	}
	str_addc(out, ')');
}

static void test_operators_bind_as_the_grammar_says(void **state)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{"a", "a"},
		{"(a)", "a"},
		{"'x'", "'x'"},
		{"true", "true"},
		{"a or b and c", "(or a (and b c))"},
		{"a and b or c", "(or (and a b) c)"},
		{"a or b or c", "(or (or a b) c)"},
		{"not a and b", "(and (not a) b)"},
		{"a and not b or c", "(or (and a (not b)) c)"},
		{"not not a", "(not (not a))"},
		{"not a == b", "(not (== a b))"},
		{"not (a or b)", "(not (or a b))"},
		{"a < b and c >= d", "(and (< a b) (>= c d))"},
		{"18 <= x < 25", "(chain <= < 18 x 25)"},
		{"9 > x >= y", "(chain > >= 9 x y)"},
		{"x in 1 .. 2", "(chain <= <= 1 x 2)"},
		{"x in (1) .. 2", "(chain <= <= 1 x 2)"},
		{"x in (1 + 1) * 2 .. 9", "(chain <= <= (* (+ 1 1) 2) x 9)"},
		{"x not in 1..2", "(not (chain <= <= 1 x 2))"},
		{"x in (1, -2, 3)", "(in x 1 -2 3)"},
		{"x in ('a')", "(in x 'a')"},
		{"x not in ('a', ')')", "(not (in x 'a' ')'))"},
		{"x in (true) and y", "(and (in x true) y)"},
		{"a + b - c", "(- (+ a b) c)"},
		{"a - b * c / d", "(- a (/ (* b c) d))"},
		{"-a + b", "(+ (neg a) b)"},
		{"+a", "a"},
		{"a - -b", "(- a (neg b))"},
		{"a * -b", "(* a (neg b))"},
		{"-a ^ 2", "(neg (^ a 2))"},
		{"2 ^ 3 ^ 4", "(^ 2 (^ 3 4))"},
		{"2 ^ -a", "(^ 2 (neg a))"},
		{"a ?"
		 "? 1 ^ 2",
		 "(^ (else a 1) 2)"},
		{"-a ?"
		 "? 1",
		 "(neg (else a 1))"},
		{"(a ?"
		 "? b) ?"
		 "? c",
		 "(else (else a b) c)"},
		{"min(a, b + 1, f())", "(min a (+ b 1) (f))"},
		{"if(a, b, c) > 1", "(> (if a b c) 1)"},
		{"a +\n b", "(+ a b)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena = arena_new();
		struct expr_source source = {.text = cases[i].text,
					     .len = strlen(cases[i].text)};
		struct expr *tree = parser_parse(arena, &source);
		struct str out;

		assert_non_null(tree);
		str_init(&out);
		show(tree, &out);
		assert_string_equal(out.s, cases[i].tree);
		str_done(&out);
		arena_free(arena);
	}
}

static void test_wrong_forms_are_told(void **state)
{
	static const struct wrong_expr cases[] = {
		{"x.a >", 5, "expected an expression, got the end", NULL},
		{"> 5", 0, "expected an expression, got '>'", NULL},
		{"x.p and", 7, "expected an expression, got the end", NULL},
		{"(x.p", 4, "expected ')', got the end", NULL},
		{"x.p)", 3, "expected an operator or the end, got ')'", NULL},
		{"x.p x.q", 4, "expected an operator or the end, got a name", NULL},
		{"min(x.a x.b) > 1", 8, "expected ',' or ')', got a name", NULL},
		{"min(x.a,) > 1", 8, "expected an argument, got ')'", NULL},
		{"x.a < x.b > x.c", 10, "a chain of comparisons goes in one direction",
		 "hint: write low < x < high or high > x > low, or join two comparisons with "
		 "'and'"},
		{"x.a == x.b == x.c", 11, "a chain of comparisons goes in one direction",
		 "hint: write low < x < high or high > x > low, or join two comparisons with "
		 "'and'"},
		{"1 < x.a < 2 < 3", 12, "a comparison takes at most two operators",
		 "hint: join two comparisons with 'and'"},
		{"x.a in 1..2 in 3..4", 12, "a comparison takes at most two operators",
		 "hint: join two comparisons with 'and'"},
		{"x.p == not x.q", 7, "'not' cannot stand behind an operator",
		 "hint: put it in parentheses: (not x)"},
		{"--x.a > 1", 1, "a sign cannot stand behind another sign",
		 "hint: put it in parentheses: (-x)"},
		{"-+x.a > 1", 1, "a sign cannot stand behind another sign",
		 "hint: put it in parentheses: (+x)"},
		{"x.a ?"
		 "? -1 > 1",
		 7,
		 "a sign cannot stand behind '?"
		 "?'",
		 "hint: put it in parentheses: (-x)"},
		{"x.a ?"
		 "? 1 ?"
		 "? 2 > 1",
		 9,
		 "'?"
		 "?' takes one alternative",
		 "hint: put the first pair in parentheses: (x ?"
		 "? y) ?"
		 "? z"},
		{"x.a in 5", 8, "expected '..' (x in low .. high), got the end", NULL},
		{"x.a in (x.b, x.c)", 8, "expected a literal, got a name", NULL},
		{"x.a in ()", 8, "expected a literal, got ')'", NULL},
		{"x.a in (1, 2", 12, "expected ',' or ')', got the end", NULL},
		{"x.a in (1, -true)", 11, "a sign stands before a number only", NULL},
		{"x.a not 5", 8, "expected 'in' behind 'not', got a number", NULL},
		{"x.a.b( > 1", 5, "expected an operator or the end, got '('", NULL},
		{"x.a > 80 80", 9, "expected an operator or the end, got a number", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_wrong("when", &cases[i]);
}

/* before, times the middle, after. */
static char *repeated(const char *before, const char *middle, size_t times, const char *after)
{
	struct str text;

	str_init(&text);
	str_adds(&text, before);
	while (times-- > 0)
		str_adds(&text, middle);
	str_adds(&text, after);
	return str_steal(&text);
}

static void wrong_at(char *expr, unsigned at, const char *message)
{
	struct wrong_expr wrong = {expr, at, message, NULL};

	assert_wrong("when", &wrong);
	free(expr);
}

static void test_fault_H5_expression_bombs_are_refused(void **state)
{
	struct rules_case c;
	char *text;

	(void)state;
	wrong_at(repeated("", "(", 70, "x.p"), 64, "the expression is nested deeper than 64");
	/* One that is wrong as a word is told as that, and not again. */
	wrong_at(repeated("", "(", 64, "$"), 64, "unexpected '$'");
	wrong_at(repeated("", "not ", 70, "x.p"), 256,
		 "the expression is nested deeper than 64");
	wrong_at(repeated("1 < 2", " ^ 2", 70, ""), 4 * 63 + 4,
		 "the expression is nested deeper than 64");
	wrong_at(repeated("", "abs(", 70, "x.a"), 256,
		 "the expression is nested deeper than 64");
	wrong_at(repeated("x.a", "+1", 600, " > 1"), 2 + 2 * 255 + 1,
		 "the expression has more than 512 parts");
	wrong_at(repeated("x.a > 1", " ", 5000, "and x.p"), 4096,
		 "the expression is longer than 4096 bytes");

	text = repeated("", "(", 60,
			"x.p))))))))))))))))))))))))))))))"
			"))))))))))))))))))))))))))))))");
	rules_case_init_expr(&c, "when", text, "");
	assert_non_null(c.set);
	rules_case_done(&c);
	free(text);

	text = repeated("x.a", " + 1", 250, " > 1");
	rules_case_init_expr(&c, "when", text, "");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 1);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
	free(text);
}

/* Whatever it is that would be one part too many. */
static void test_no_part_is_one_too_many(void **state)
{
	static const char *const ends[] = {
		"1",
		"'a'",
		"true",
		"abs(-x.a)",
		"max(1, 2)",
		"(x.a)",
		"not x.p",
		"-x.a",
		"x.a ^ 2",
		"x.p and x.q or x.r",
		"1 < x.a < 2",
		"x.a in 1 .. 2",
		"x.a not in (1, -2)",
		("x.a ?"
		 "? 1"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		bool fits = true;

		/* max(1, 1, ... end) has a part for each and one for itself. */
		for (size_t count = 500; count < 512; count++) {
			char *end = xasprintf("%s)", ends[i]);
			char *text = repeated("max(", "1, ", count, end);
			struct arena *arena = arena_new();
			struct diags *diags = diags_new(4);
			const struct yaml_node scalar = {.kind = YAML_SCALAR, .text = text};
			struct expr_source source = {
				.text = text,
				.len = strlen(text),
				.scalar = &scalar,
				.field = "when",
				.rule = "r",
				.diags = diags,
			};
			const struct expr *tree;

			tree = parser_parse(arena, &source);
			assert_int_equal(diags_count(diags), tree == NULL);
			if (tree == NULL)
				assert_string_equal(diags_get(diags, 0)->message,
						    "the expression has more than 512 parts");
			/* Once it is too long it stays so. */
			assert_true(fits || tree == NULL);
			fits = tree != NULL;
			diags_free(diags);
			arena_free(arena);
			free(text);
			free(end);
		}
		assert_false(fits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators_bind_as_the_grammar_says),
		cmocka_unit_test(test_wrong_forms_are_told),
		cmocka_unit_test(test_fault_H5_expression_bombs_are_refused),
		cmocka_unit_test(test_no_part_is_one_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
