/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Where a rule stands, in words, from what the daemon says of it. */
#ifndef GAUGED_CTL_RULE_WORDS_H
#define GAUGED_CTL_RULE_WORDS_H

#include <stdbool.h>

struct json_t;
struct str;

/* "pending, fires in 18 s"; with_age: "pending for 12 s, fires in 18 s" */
void rule_words_state(struct str *out, const struct json_t *rule, bool with_age);
/* Why its actions are held back: ", shelved for 2 h, inhibited by plc-offline" */
void rule_words_hold(struct str *out, const struct json_t *rule);

#endif
