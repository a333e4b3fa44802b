/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the panes of a rate. */
#include "inputs/gpio_rate.h"

void gpio_rate_init(struct gpio_rate *rate, int64_t over_ns, struct mono since)
{
	*rate = (struct gpio_rate){.pane_ns = over_ns / GPIO_RATE_PANES, .since_ns = since.ns};
}

void gpio_rate_add(struct gpio_rate *rate, struct mono at, uint32_t count)
{
	int64_t at_ns = at.ns > rate->newest_ns ? at.ns : rate->newest_ns;
	int64_t index = at_ns / rate->pane_ns;
	typeof(rate->panes[0]) *pane = &rate->panes[index % GPIO_RATE_PANES];

	if (pane->index != index || pane->count == 0) {
		if (pane->count > 0 && pane->last_ns > rate->before_ns)
			rate->before_ns = pane->last_ns;
		pane->index = index;
		pane->first_ns = at_ns;
		pane->count = 0;
	}
	pane->last_ns = rate->newest_ns = at_ns;
	pane->count += count;
}

/* What stands in the span that ends at now. */
struct rate_seen {
	uint64_t count;
	int64_t before_ns, first_ns, last_ns;
};

static struct rate_seen rate_look(const struct gpio_rate *rate, struct mono now)
{
	struct rate_seen seen = {.before_ns = rate->before_ns, .first_ns = INT64_MAX};
	int64_t oldest = now.ns / rate->pane_ns - GPIO_RATE_PANES;

	for (int i = 0; i < GPIO_RATE_PANES; i++) {
		const typeof(rate->panes[0]) *pane = &rate->panes[i];

		if (pane->count == 0)
			continue;
		if (pane->index <= oldest) {
			if (pane->last_ns > seen.before_ns)
				seen.before_ns = pane->last_ns;
			continue;
		}
		seen.count += pane->count;
		if (pane->first_ns < seen.first_ns)
			seen.first_ns = pane->first_ns;
		if (pane->last_ns > seen.last_ns)
			seen.last_ns = pane->last_ns;
	}
	return seen;
}

bool gpio_rate_known(const struct gpio_rate *rate, struct mono now)
{
	struct rate_seen seen = rate_look(rate, now);

	return now.ns - rate->since_ns >= rate->pane_ns * GPIO_RATE_PANES || seen.count > 1 ||
	       (seen.count > 0 && seen.before_ns > 0);
}

double gpio_rate_hz(const struct gpio_rate *rate, struct mono now)
{
	struct rate_seen seen = rate_look(rate, now);
	int64_t over_ns = rate->pane_ns * GPIO_RATE_PANES, span_ns = over_ns;
	uint64_t between = seen.count;
	double period_ns;

	if (seen.count == 0)
		return 0;
	/* An edge before the span counts as its beginning, unless there was a pause. */
	if (seen.before_ns > 0 && seen.first_ns - seen.before_ns <= over_ns) {
		span_ns = seen.last_ns - seen.before_ns;
	} else if (seen.count > 1 && seen.last_ns > seen.first_ns) {
		span_ns = seen.last_ns - seen.first_ns;
		between = seen.count - 1;
	}
	period_ns = (double)span_ns / (double)between;
	if ((double)(now.ns - seen.last_ns) > period_ns)
		period_ns = (double)(now.ns - seen.last_ns);
	return (double)NSEC_PER_SEC / period_ns;
}
