/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The texts of slots and spans. Pure.
 *
 *   slots = "every" duration | entry { ";" entry } ;     entry = times [ days ] ;
 *   spans = span { ";" span } ;                          span  = [ days ] [ ranges ] | ranges
 * days ; times  = time { "," time } ;          ranges = time to time { "," time to time } ;
 *   days   = "daily" | weekday [ to weekday ] { "," ... } | monthday [ to monthday ] { "," ...
 * } ; time   = hour ":" minutes [ ":" seconds ] ;          to = ".." | "-" ;
 *
 * Weekdays are mon tue wed thu fri sat sun, ranges may wrap (fri-mon). Days of the month are
 * 1..31 and last, for slots only. Without days: daily; without ranges: the whole day. Only the
 * end of a range may be 24:00. Blanks may stand between all words; case does not matter.
 *
 *   06:00 mon-fri      06:00,18:30 sat,sun      00:00 1,15      23:59:30 last      every 10m
 *   mon..fri 06:00..22:00; sat 08:00..12:00     22:00..06:00    sat,sun
 */
#ifndef GAUGED_RULES_CALENDAR_TEXT_H
#define GAUGED_RULES_CALENDAR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct calendar;
struct calendar_spans;
struct diags;
struct yaml_node;

/*
 * Of a scalar, or of a list of them; everything goes to arena. False after errors were added,
 * each at its word; *ret is untouched then.
 */
bool calendar_parse_slots(struct arena *arena, const struct yaml_node *node,
			  struct calendar *ret, struct diags *diags);
bool calendar_parse_spans(struct arena *arena, const struct yaml_node *node,
			  struct calendar_spans *ret, struct diags *diags);

/*
 * "06:00" or "06:00:30" at the start of text, as seconds since midnight up to 86400: how many
 * bytes it has, 0 if there is none. *ret is -1 for what looks like a time and is none (25:00).
 */
size_t calendar_time(const char *text, size_t len, int32_t *ret);

#endif
