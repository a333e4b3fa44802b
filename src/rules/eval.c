/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what each instruction does. */
#include "rules/eval.h"

#include "rules/function.h"

/* A comparison's result where both operands are known, otherwise unknown. */
static inline double eval_compared(int result, double a, double b)
{
	return __builtin_isunordered(a, b) ? NAN : result;
}

double eval_run(const struct program *program, struct code code, double *slots)
{
	const struct instr *instr = program->code + code.start, *end = instr + code.count;

	for (; instr < end; instr++) {
		double a = slots[instr->a], b, *dst = &slots[instr->dst];

		/* CALL's b is a function, not a slot. */
		b = slots[instr->op == OP_CALL ? instr->a : instr->b];
		switch ((enum opcode)instr->op) {
		case OP_MOVE:
			*dst = a;
			break;
		case OP_NOT:
			*dst = eval_not(a);
			break;
		case OP_AND:
			*dst = eval_and(a, b);
			break;
		case OP_OR:
			*dst = eval_or(a, b);
			break;
		case OP_NEG:
			*dst = -a;
			break;
		case OP_ADD:
			*dst = eval_finite(a + b);
			break;
		case OP_SUB:
			*dst = eval_finite(a - b);
			break;
		case OP_MUL:
			*dst = eval_finite(a * b);
			break;
		case OP_DIV:
			*dst = eval_finite(a / b);
			break;
		case OP_LT:
			*dst = eval_compared(a < b, a, b);
			break;
		case OP_LE:
			*dst = eval_compared(a <= b, a, b);
			break;
		case OP_EQ:
			*dst = eval_compared(a == b, a, b);
			break;
		case OP_NE:
			*dst = eval_compared(a != b, a, b);
			break;
		case OP_ELSE:
			*dst = isnan(a) ? b : a;
			break;
		case OP_KNOWN:
			*dst = !isnan(a);
			break;
		case OP_IF:
			*dst = isnan(a) ? a : slots[instr->b + (a == 0)];
			break;
		case OP_CALL: {
			const struct function *function = function_get(instr->b);
			const double *args = &slots[instr->a];
			double unknown = 0;

			for (int i = 0; i < (function->min_args); i++)
				unknown += args[i] * 0;
			*dst = isnan(unknown) ? NAN : eval_finite(function->eval(args));
			break;
		}
		}
	}
	return slots[code.result];
}
