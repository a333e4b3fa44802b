/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Sliding windows over the samples of one input: what `avg(x, 5m)` and its kin compute. One
 * window serves all functions of one (input, span). Its memory is the caller's, of a fixed size
 * and without pointers: it may be copied, saved and restored by its bytes.
 *
 * A sample (t, v) holds from t on until the next. A window at `now` covers (now - span, now].
 * NaN and infinite values are unknown: the input is unknown from t on. Times are nanoseconds
 * of one clock, |t| < 2^62; a time before the last one counts as the last one. Samples of one
 * instant all count, in the order they came. -0 counts as 0.
 *
 *   count                known samples; never unknown
 *   avg sum min max      of the known samples; unknown if there is none
 *   spread               max - min
 *   first                the oldest known sample in the window
 *   changes              how often a known sample differs from the known one before it, both in
 *                        the window; 0 if there is one, unknown if there is none
 *   increase             of a counter: the sum of its rises, where after a drop it counted from
 *                        0 (a drop to v adds v, or 0 if v < 0); otherwise as changes
 *   delta                last - first; unknown below two samples, like the next three
 *   rate                 delta / (time of last - time of first), per second; unknown if these
 *                        are one instant
 *   slope                least squares of value over time, per second: Sxy / Sxx (Draper,
 * Smith, Applied Regression Analysis, 1.2); unknown if all are of one instant stddev of the
 * sample, n - 1 below the fraction quantile(q)          0 <= q <= 1, linear between the
 * neighbours: definition 7 of Hyndman, Fan, "Sample quantiles in statistical packages", Am.
 * Stat. 50(4), 1996 tavg                 mean over the time that the value was known, weighted
 * with that time; the value carried into the window counts. With no such time yet: the value.
 *   integral             value * seconds over the time it was known, carried value included;
 *                        unknown if it is unknown throughout
 *   share                the part of the known time that the input was not 0; otherwise as tavg
 *
 * A result that is no finite number is unknown. Unknown is NaN.
 *
 * Exact: a ring of the samples, for at most 256 expected within the span and some more (an
 * eighth, and 4). A sample beyond that pushes the oldest out early and counts as an overrun (by
 * time, the oldest is then taken to have held since the window's begin). What left leaves
 * nothing behind: sums are compensated, and made anew from the samples once each turn of the
 * ring, and when they shrank so far that the rest of a large value could show. Cost of that:
 * constant on average.
 *
 * Paned: otherwise, and when the interval is not known: 32 panes of span/32, between multiples
 * of that. Covered is [e - 31 span/32, now], where e is the last such multiple <= now: from
 * 31/32 of the span to all of it, never more. Only what panes hold is merged, so nothing has to
 * be taken out again. Quantiles are within 1 % of the value (sketch.h).
 *
 * Deadlines: results move at samples; when samples leave (exact: at t + span; paned: at
 * multiples of span/32); and those weighted with time also between, of which the window asks
 * for the multiples of span/32 for as long as a sample is inside. At other instants nobody has
 * to call: calls of window_expire() in between change no bit of any later result.
 */
#ifndef GAUGED_RULES_WINDOW_H
#define GAUGED_RULES_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum window_function {
	WINDOW_AVG,
	WINDOW_TAVG,
	WINDOW_SUM,
	WINDOW_COUNT,
	WINDOW_MIN,
	WINDOW_MAX,
	WINDOW_SPREAD,
	WINDOW_STDDEV,
	WINDOW_RATE,
	WINDOW_DELTA,
	WINDOW_SLOPE,
	WINDOW_FIRST,
	WINDOW_CHANGES,
	WINDOW_INCREASE,
	WINDOW_INTEGRAL,
	WINDOW_SHARE,
	WINDOW_QUANTILE,
	WINDOW_FUNCTIONS
};

enum window_form { WINDOW_EXACT, WINDOW_PANED };

struct window_spec {
	int64_t span_ns;     /* > 0 */
	int64_t interval_ns; /* how often a sample is expected; 0: not known */
	unsigned functions;  /* 1u << enum window_function, or-ed */
};

struct pack;
struct str;
struct window;

enum { WINDOW_ALIGN = 16, WINDOW_DESCRIBED = 64 };

enum window_form window_form(const struct window_spec *spec);
/* Bytes: a multiple of WINDOW_ALIGN, and what the functions asked for need. */
size_t window_size(const struct window_spec *spec);
/* "exact, 120 samples, 2.4 KiB" or "32 panes, 1.9 KiB"; buf has WINDOW_DESCRIBED bytes. */
const char *window_describe(const struct window_spec *spec, char *buf);

/* memory: window_size() bytes, aligned to WINDOW_ALIGN. Unknown until the first sample. */
struct window *window_init(void *memory, const struct window_spec *spec, int64_t now);
void window_put(struct window *window, int64_t t, double value);
/* Brings the window to now; earlier than it already stands: nothing. */
void window_expire(struct window *window, int64_t now);
/* The next instant, after that of the last put or expire, at which to call window_expire(). */
bool window_deadline(const struct window *window, int64_t *ret_deadline);
/*
 * At the instant of the last put or expire, for a function of the spec. parameter: q of
 * quantile, otherwise of no meaning. NaN: unknown.
 */
double window_result(const struct window *window, enum window_function function,
		     double parameter);
/*
 * How many samples fell out of an exact window early, or, of quantiles of panes, how often a
 * small value had to count as 0.
 */
uint64_t window_overruns(const struct window *window);
/* Copies the contents if both have the same spec; false, and nothing done, if not. */
bool window_adopt(struct window *to, const struct window *from);
/* Moves all times by this much: for a window under another zero of the clock. */
void window_shift(struct window *window, int64_t by_ns);
/*
 * What the window holds, in bytes that any later program reads: samples or panes, their times
 * as ages at now, which is not before the last put or expire.
 */
void window_save(const struct window *window, int64_t now, struct str *out);
/*
 * The other way round, over memory as for window_init(): now is the instant of the save on the
 * clock of today. Nothing in the bytes is trusted; false if they are no window of this spec,
 * and the window is empty then.
 */
bool window_load(void *memory, const struct window_spec *spec, struct pack *in, int64_t now);

#endif
