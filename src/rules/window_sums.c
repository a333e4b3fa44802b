/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the running sums of an exact window. */
#include "rules/window_sums.h"

#include <math.h>

#include "rules/window_part.h"

void window_sums_init(struct window_sums *sums, double shift, int64_t origin)
{
	*sums = (struct window_sums){.shift = shift, .origin = origin};
}

void window_sums_sample(struct window_sums *sums, unsigned parts, int64_t t, double value,
			int sign)
{
	double v = value - sums->shift;

	sums->count += (uint32_t)sign;
	sums->weight += sign * fabs(value);
	if (sums->weight > sums->weight_peak)
		sums->weight_peak = sums->weight;
	if ((parts & PART_SUM) != 0)
		sum_add(&sums->values, sign * value);
	if ((parts & PART_MOMENTS) == 0)
		return;
	sum_add(&sums->v, sign * v);
	sum_add(&sums->vv, sign * (v * v));
	if (sums->vv.high > sums->vv_peak)
		sums->vv_peak = sums->vv.high;
	if ((parts & PART_TREND) != 0) {
		double u = window_seconds(t - sums->origin);

		sum_add(&sums->u, sign * u);
		sum_add(&sums->uu, sign * (u * u));
		sum_add(&sums->uv, sign * (u * v));
	}
}

void window_sums_step(struct window_sums *sums, double before, double after, int sign)
{
	sums->changes += before != after ? (uint32_t)sign : 0;
	sum_add(&sums->rises, sign * window_rise(before, after));
}

void window_sums_time(struct window_sums *sums, double value, int64_t time_ns, int sign)
{
	sums->known_ns += sign * time_ns;
	sums->true_ns += value != 0 ? sign * time_ns : 0;
	sum_add(&sums->area, sign * (value * window_seconds(time_ns)));
}

bool window_sums_stale(const struct window_sums *sums)
{
	return sums->weight < sums->weight_peak * 0x1p-20 ||
	       sums->vv.high < sums->vv_peak * 0x1p-40 ||
	       !isfinite(sums->weight + sum_value(&sums->values) + sum_value(&sums->rises) +
			 sum_value(&sums->area) + sum_value(&sums->vv) + sum_value(&sums->uv));
}

static bool poor(const struct sum *x, const struct sum *xx, uint32_t n)
{
	return x->high * x->high * (1 + 0x1p-12) > n * xx->high;
}

bool window_sums_poor(const struct window_sums *sums)
{
	return poor(&sums->v, &sums->vv, sums->count) || poor(&sums->u, &sums->uu, sums->count);
}

double window_sums_result(const struct window_sums *sums, enum window_function function)
{
	double n = sums->count, v = sum_value(&sums->v), u = sum_value(&sums->u);

	if (function == WINDOW_STDDEV)
		return window_stddev(sum_value(&sums->vv) - v * v / n, n);
	return (sum_value(&sums->uv) - u * v / n) / (sum_value(&sums->uu) - u * u / n);
}
