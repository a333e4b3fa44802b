/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The message of a rule: a text with expressions in it, compiled at load and rendered at the
 * event. What is unknown then is shown as "unknown".
 */
#ifndef GAUGED_RULES_MESSAGE_H
#define GAUGED_RULES_MESSAGE_H

#include <stdint.h>

#include "rules/check.h"
#include "rules/store.h"

struct message;
struct rule;
struct str;

/* Of the text that is rendered; of what is written, and of the expressions in it. */
enum { MESSAGE_MAX_BYTES = 1024, MESSAGE_MAX_TEXT = 4096, MESSAGE_MAX_HOLES = 64 };

/*
 * NULL after an error was added. trees: an arena for what nobody needs behind this. rule: its
 * name and severity are used. source: scalar, field, rule, bindings, points and diags are used.
 * use gets what the message reads, in trees.
 */
const struct message *message_compile(struct arena *arena, struct arena *trees,
				      struct program *program, const struct expr_source *source,
				      const struct check_rules *rules, const struct rule *rule,
				      struct program_use *use);

/* The i-th expression in it; false if there are not so many. */
bool message_code(const struct message *message, uint32_t i, struct code *ret);
/* Bytes that its parts take, beside their code and their texts. */
size_t message_size(const struct message *message);

/*
 * Adds the text; active_ns: how long the condition holds. The ages that the message shows have
 * to be up to date in the store's slots. A fixed buffer is cut between two characters.
 */
void message_render(const struct message *message, const struct store *store, int64_t active_ns,
		    struct str *out);

#endif
