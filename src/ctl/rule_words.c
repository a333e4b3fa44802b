/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words for states of rules. */
#include "ctl/rule_words.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "ctl/look.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ", next 2026-03-29 06:00:00", ", inactive until 2026-03-30 06:00:00" */
static void add_planned(struct str *out, const json_t *rule, const char *before)
{
	const json_t *planned = json_object_get(rule, "planned_s");
	const char *at = text(rule, "planned_at");

	if (at != NULL) {
		str_adds(out, before);
		look_add_text(out, at);
	} else if (json_is_number(planned)) {
		/* every 10m: it goes by no clock */
		str_adds(out, ", next in ");
		look_add_age(out, json_number_value(planned));
	}
}

void rule_words_state(struct str *out, const json_t *rule, bool with_age)
{
	const char *state = text(rule, "state");
	const json_t *deadline = json_object_get(rule, "deadline_s");
	const json_t *since = json_object_get(rule, "since_s");

	if (state == NULL) {
		str_adds(out, "instant");
		add_planned(out, rule, ", next ");
		return;
	}
	str_adds(out, state);
	if (with_age && json_is_number(since)) {
		str_adds(out, " for ");
		look_add_age(out, json_number_value(since));
	}
	if (json_is_number(deadline)) {
		str_adds(out, strcmp(state, "pending") == 0 ? ", fires in " : ", clears in ");
		look_add_age(out, json_number_value(deadline));
	}
	if (strcmp(state, "returned") == 0)
		str_adds(out, ", to be acknowledged");
	if (json_is_true(json_object_get(rule, "acknowledged")))
		str_adds(out, ", acknowledged");
	if (json_is_true(json_object_get(rule, "inactive")))
		add_planned(out, rule, ", inactive until ");
}

void rule_words_hold(struct str *out, const json_t *rule)
{
	const json_t *shelved = json_object_get(rule, "shelved_s");
	const char *inhibitor = text(rule, "inhibited_by"), *quiet = text(rule, "quiet");
	json_int_t left_out = json_integer_value(json_object_get(rule, "left_out"));

	if (json_is_number(shelved)) {
		str_adds(out, ", shelved for ");
		look_add_age(out, json_number_value(shelved));
	}
	if (inhibitor != NULL) {
		str_adds(out, ", inhibited by ");
		look_add_text(out, inhibitor);
	}
	if (quiet != NULL) {
		str_adds(out, ", quiet: ");
		look_add_text(out, quiet);
	}
	if (left_out > 0)
		str_addf(out, ", %jd left out", (intmax_t)left_out);
}
