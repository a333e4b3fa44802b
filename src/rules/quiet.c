/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the limits on what a rule says. */
#include "rules/quiet.h"

#include <stddef.h>

#include "rules/pack.h"

static void quiet_times_add(struct quiet_times *times, int64_t at)
{
	if (times->room == 0)
		return;
	times->times[times->next] = at;
	times->next = (times->next + 1) % times->room;
	times->count += times->count < times->room;
}

/* The n-th last one, from 0; it has to be there. */
static int64_t quiet_times_last(const struct quiet_times *times, uint32_t n)
{
	return times->times[(times->next + times->room - 1 - n) % times->room];
}

/* When there will be at most so many within the span; now or earlier: there are not more. */
static struct boot quiet_times_below(const struct quiet_times *times, uint32_t most,
				     int64_t span_ns)
{
	if (times->count <= most)
		return (struct boot){INT64_MIN};
	return boot_add((struct boot){quiet_times_last(times, most)}, span_ns);
}

static void quiet_times_adopt(struct quiet_times *times, const struct quiet_times *before)
{
	uint32_t count = before->count < times->room ? before->count : times->room;

	for (uint32_t i = count; i > 0; i--)
		quiet_times_add(times, quiet_times_last(before, i - 1));
}

uint32_t quiet_room(const struct quiet_limits *limits)
{
	return limits->flap_changes + limits->rate_count;
}

void quiet_init(struct quiet *quiet, const struct quiet_limits *limits, int64_t *times)
{
	*quiet = (struct quiet){
		.limits = limits,
		.pause_until = {INT64_MIN},
		.changes = {.times = times, .room = limits->flap_changes},
		.said = {.times = times + limits->flap_changes, .room = limits->rate_count},
	};
}

void quiet_adopt(struct quiet *quiet, const struct quiet *before)
{
	const struct quiet_limits *limits = quiet->limits, *old = before->limits;

	quiet_times_adopt(&quiet->changes, &before->changes);
	quiet_times_adopt(&quiet->said, &before->said);
	quiet->flapping = before->flapping && limits->flap_changes > 0;
	quiet->left_out = before->left_out;
	/* What is paused counts from when it was said last. */
	if (limits->min_interval_ns > 0 && old->min_interval_ns > 0 &&
	    before->pause_until.ns != INT64_MIN)
		quiet->pause_until = boot_add(before->pause_until,
					      limits->min_interval_ns - old->min_interval_ns);
}

static void quiet_times_save(const struct quiet_times *times, int64_t now, struct str *out)
{
	pack_add_u32(out, times->count);
	for (uint32_t i = times->count; i > 0; i--)
		pack_add_age(out, now, quiet_times_last(times, i - 1));
}

static bool quiet_times_load(struct quiet_times *times, struct pack *in, int64_t now)
{
	uint32_t count = pack_take_u32(in);
	int64_t before = PACK_AGE_MAX;

	if (count > QUIET_TIMES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t age = pack_take_age(in);

		if (in->bad || age > before)
			return false;
		before = age;
		quiet_times_add(times, now - age);
	}
	return !in->bad;
}

/* Of the pause: when it began, or that there was none. */
void quiet_save(const struct quiet *quiet, struct boot now, struct str *out)
{
	bool paused = quiet->pause_until.ns != INT64_MIN;
	int64_t last = paused ? quiet->pause_until.ns - quiet->limits->min_interval_ns : now.ns;

	pack_add_u8(out, paused);
	pack_add_age(out, now.ns, last);
	pack_add_u8(out, quiet->flapping);
	pack_add_u64(out, quiet->left_out);
	quiet_times_save(&quiet->changes, now.ns, out);
	quiet_times_save(&quiet->said, now.ns, out);
}

bool quiet_load(struct quiet *quiet, struct pack *in, struct boot now)
{
	const struct quiet_limits *limits = quiet->limits;
	bool paused = pack_take_u8(in) != 0;
	struct boot last = {now.ns - pack_take_age(in)};

	if (paused && limits->min_interval_ns > 0)
		quiet->pause_until = boot_add(last, limits->min_interval_ns);
	quiet->flapping = pack_take_u8(in) != 0 && limits->flap_changes > 0;
	quiet->left_out = pack_take_u64(in);
	if (quiet_times_load(&quiet->changes, in, now.ns) &&
	    quiet_times_load(&quiet->said, in, now.ns))
		return true;
	quiet_init(quiet, limits, quiet->changes.times);
	return false;
}

bool quiet_turned(struct quiet *quiet, struct boot now)
{
	const struct quiet_limits *limits = quiet->limits;

	quiet_times_add(&quiet->changes, now.ns);
	if (limits->flap_changes == 0 || quiet->flapping ||
	    quiet_times_below(&quiet->changes, limits->flap_changes - 1, limits->flap_ns).ns <=
		    now.ns)
		return false;
	quiet->flapping = true;
	return true;
}

/* The low mark is half of the high one. */
static struct boot quiet_calm_at(const struct quiet *quiet)
{
	return quiet_times_below(&quiet->changes, quiet->limits->flap_changes / 2,
				 quiet->limits->flap_ns);
}

bool quiet_calmed(struct quiet *quiet, struct boot now)
{
	if (!quiet->flapping || quiet_calm_at(quiet).ns > now.ns)
		return false;
	quiet->flapping = false;
	return true;
}

void quiet_said(struct quiet *quiet, bool fired, struct boot now)
{
	quiet_times_add(&quiet->said, now.ns);
	if (fired && quiet->limits->min_interval_ns > 0)
		quiet->pause_until = boot_add(now, quiet->limits->min_interval_ns);
}

static struct boot quiet_rate_from(const struct quiet *quiet)
{
	if (quiet->limits->rate_count == 0)
		return (struct boot){INT64_MIN};
	return quiet_times_below(&quiet->said, quiet->limits->rate_count - 1,
				 quiet->limits->rate_ns);
}

enum quiet_reason quiet_ask(const struct quiet *quiet, bool told, struct boot now)
{
	if (quiet->flapping)
		return QUIET_FLAPPING;
	if (!told && now.ns < quiet->pause_until.ns)
		return QUIET_MIN_INTERVAL;
	return now.ns < quiet_rate_from(quiet).ns ? QUIET_MAX_RATE : QUIET_NO;
}

static void quiet_sooner(struct boot *ret, struct boot at, struct boot now)
{
	if (at.ns > now.ns && at.ns < ret->ns)
		*ret = at;
}

struct boot quiet_deadline(const struct quiet *quiet, struct boot now)
{
	struct boot first = BOOT_NEVER;

	quiet_sooner(&first, quiet->pause_until, now);
	quiet_sooner(&first, quiet_rate_from(quiet), now);
	if (quiet->flapping && quiet_calm_at(quiet).ns < first.ns)
		first = quiet_calm_at(quiet);
	/* It has turned in the instant in which it became calm, and nobody has said so yet. */
	return first.ns > now.ns ? first : now;
}

const char *quiet_reason_name(enum quiet_reason reason)
{
	static const char *const names[] = {NULL, "min_interval", "flapping", "max_rate"};

	return names[reason];
}
