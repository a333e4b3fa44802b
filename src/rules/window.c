/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the choice between the forms of a window, and what both have in common. */
#include "rules/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rules/pack.h"
#include "rules/window_panes.h"
#include "rules/window_part.h"
#include "rules/window_ring.h"

enum { EXACT_SAMPLES = 256 };

static int64_t samples_expected(const struct window_spec *spec)
{
	return (spec->span_ns - 1) / spec->interval_ns + 1;
}

static uint32_t ring_capacity(const struct window_spec *spec)
{
	uint32_t expected = (uint32_t)samples_expected(spec);

	return expected + expected / 8 + 4;
}

enum window_form window_form(const struct window_spec *spec)
{
	if (spec->interval_ns <= 0 || samples_expected(spec) > EXACT_SAMPLES)
		return WINDOW_PANED;
	return WINDOW_EXACT;
}

size_t window_size(const struct window_spec *spec)
{
	unsigned parts = window_parts(spec->functions);
	size_t size =
		sizeof(struct window) + (window_form(spec) == WINDOW_EXACT
						 ? window_ring_size(ring_capacity(spec), parts)
						 : window_panes_size(parts));

	return (size + WINDOW_ALIGN - 1) / WINDOW_ALIGN * WINDOW_ALIGN;
}

const char *window_describe(const struct window_spec *spec, char *buf)
{
	double kib = (double)window_size(spec) / 1024;

	if (window_form(spec) == WINDOW_EXACT)
		snprintf(buf, WINDOW_DESCRIBED, "exact, %jd samples, %.1f KiB",
			 (intmax_t)samples_expected(spec), kib);
	else
		snprintf(buf, WINDOW_DESCRIBED, "%d panes, %.1f KiB", PANES, kib);
	return buf;
}

static struct window_ring *ring_of(const struct window *window)
{
	return (struct window_ring *)(window + 1);
}

static struct window_panes *panes_of(const struct window *window)
{
	return (struct window_panes *)(window + 1);
}

struct window *window_init(void *memory, const struct window_spec *spec, int64_t now)
{
	struct window *window = memory;

	memset(memory, 0, window_size(spec));
	window->spec = *spec;
	window->now = now;
	window->form = window_form(spec);
	window->parts = window_parts(spec->functions);
	window->step = spec->span_ns >= PANES ? spec->span_ns / PANES : 1;
	if (window->form == WINDOW_EXACT)
		window_ring_init(ring_of(window), ring_capacity(spec), window->parts);
	else
		window_panes_init(panes_of(window), window);
	return window;
}

void window_expire(struct window *window, int64_t now)
{
	if (now <= window->now)
		return;
	window->now = now;
	if (window->form == WINDOW_EXACT)
		window_ring_expire(ring_of(window), window);
	else
		window_panes_expire(panes_of(window), window);
}

void window_put(struct window *window, int64_t t, double value)
{
	/* No -0 in the sorted values, where it could not be told from 0. */
	double known = isfinite(value) ? value + 0.0 : NAN;

	window_expire(window, t);
	if (window->form == WINDOW_EXACT)
		window_ring_put(ring_of(window), window, known);
	else
		window_panes_put(panes_of(window), window, known);
}

bool window_deadline(const struct window *window, int64_t *ret_deadline)
{
	if (window->form == WINDOW_EXACT)
		return window_ring_deadline(ring_of(window), window, ret_deadline);
	return window_panes_deadline(panes_of(window), window, ret_deadline);
}

double window_result(const struct window *window, enum window_function function,
		     double parameter)
{
	double result =
		window->form == WINDOW_EXACT
			? window_ring_result(ring_of(window), window, function, parameter)
			: window_panes_result(panes_of(window), window, function, parameter);

	return isfinite(result) ? result : NAN;
}

uint64_t window_overruns(const struct window *window)
{
	return window->overruns;
}

bool window_adopt(struct window *to, const struct window *from)
{
	const struct window_spec *a = &to->spec, *b = &from->spec;

	if (a->span_ns != b->span_ns || a->interval_ns != b->interval_ns ||
	    a->functions != b->functions)
		return false;
	memcpy(to, from, window_size(a));
	return true;
}

void window_shift(struct window *window, int64_t by_ns)
{
	window->now += by_ns;
	if (window->form == WINDOW_EXACT)
		window_ring_shift(ring_of(window), window, by_ns);
	else
		window_panes_shift(panes_of(window), window, by_ns);
}

void window_save(const struct window *window, int64_t now, struct str *out)
{
	pack_add_u64(out, (uint64_t)window->spec.span_ns);
	pack_add_u64(out, (uint64_t)window->spec.interval_ns);
	pack_add_u32(out, window->spec.functions);
	pack_add_u64(out, window->overruns);
	pack_add_age(out, now, window->now);
	if (window->form == WINDOW_EXACT)
		window_ring_save(ring_of(window), now, out);
	else
		window_panes_save(panes_of(window), now, out);
}

static bool window_take(struct window *window, struct pack *in, int64_t now)
{
	const struct window_spec *spec = &window->spec;
	uint64_t overruns;

	if (pack_take_u64(in) != (uint64_t)spec->span_ns ||
	    pack_take_u64(in) != (uint64_t)spec->interval_ns ||
	    pack_take_u32(in) != spec->functions)
		return false;
	overruns = pack_take_u64(in);
	window->now = now - pack_take_age(in);
	if (in->bad || !(window->form == WINDOW_EXACT
				 ? window_ring_load(ring_of(window), window, in, now)
				 : window_panes_load(panes_of(window), window, in, now)))
		return false;
	window->overruns = overruns;
	return true;
}

bool window_load(void *memory, const struct window_spec *spec, struct pack *in, int64_t now)
{
	struct window *window = window_init(memory, spec, now);

	if (window_take(window, in, now))
		return true;
	window_init(memory, spec, now);
	return false;
}
