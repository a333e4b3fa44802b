/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the exact form of a window: its samples as they come and go, and who is least. */
#include "rules/window_ring.h"

#include <math.h>
#include <string.h>

#include "rules/pack.h"
#include "rules/quantile.h"
#include "rules/window_part.h"
#include "rules/window_sums.h"

struct entry {
	int64_t t;
	double value; /* NaN: unknown from t on; never two in a row, and only with PART_TIME */
};

/* Numbers of entries whose values only rise, or only fall, from the oldest to the newest. */
struct deque {
	uint32_t head, count;
};

struct window_ring {
	struct window_sums sums; /* of known entries, and of the time between entries */
	double carried;		 /* what left last: holds until the first entry */
	uint32_t capacity, parts;
	uint32_t head, count; /* entries */
	struct deque least, greatest;
	/* behind the entries, as parts ask, in bytes from the begin */
	uint32_t sorted_at, least_at, greatest_at, unused;
	struct entry entries[];
};

static size_t ring_layout(uint32_t capacity, unsigned parts, uint32_t at[3])
{
	size_t size = sizeof(struct window_ring) + capacity * sizeof(struct entry);

	at[0] = (uint32_t)size;
	size += (parts & PART_QUANTILE) != 0 ? capacity * sizeof(double) : 0;
	at[1] = (uint32_t)size;
	size += (parts & PART_MIN) != 0 ? capacity * sizeof(uint16_t) : 0;
	at[2] = (uint32_t)size;
	size += (parts & PART_MAX) != 0 ? capacity * sizeof(uint16_t) : 0;
	return size;
}

size_t window_ring_size(uint32_t capacity, unsigned parts)
{
	uint32_t at[3];

	return ring_layout(capacity, parts, at);
}

void window_ring_init(struct window_ring *ring, uint32_t capacity, unsigned parts)
{
	uint32_t at[3];

	ring_layout(capacity, parts, at);
	ring->capacity = capacity;
	ring->parts = parts;
	ring->carried = NAN;
	ring->sorted_at = at[0];
	ring->least_at = at[1];
	ring->greatest_at = at[2];
}

/* ---- entries ----------------------------------------------------------------------------- */

/* The place of the i-th of the entries, or of a deque; i < 2 * capacity. */
static uint32_t ring_place(const struct window_ring *ring, uint32_t head, uint32_t i)
{
	return head + i < ring->capacity ? head + i : head + i - ring->capacity;
}

static const struct entry *ring_entry(const struct window_ring *ring, uint32_t i)
{
	return &ring->entries[ring_place(ring, ring->head, i)];
}

/* Of the known, of which there are some; at most one entry in a row is unknown. */
static const struct entry *ring_first(const struct window_ring *ring)
{
	const struct entry *entry = ring_entry(ring, 0);

	return isnan(entry->value) ? ring_entry(ring, 1) : entry;
}

static const struct entry *ring_last(const struct window_ring *ring)
{
	const struct entry *entry = ring_entry(ring, ring->count - 1);

	return isnan(entry->value) ? ring_entry(ring, ring->count - 2) : entry;
}

static double *ring_sorted(const struct window_ring *ring)
{
	return (double *)((char *)ring + ring->sorted_at);
}

static uint16_t *ring_numbers(const struct window_ring *ring, const struct deque *deque)
{
	return (uint16_t *)((char *)ring +
			    (deque == &ring->least ? ring->least_at : ring->greatest_at));
}

/* sign: 1 for the least, -1 for the greatest. */
static void deque_push(struct window_ring *ring, struct deque *deque, uint32_t place,
		       double sign)
{
	uint16_t *numbers = ring_numbers(ring, deque);
	double value = sign * ring->entries[place].value;

	while (deque->count > 0) {
		uint32_t back = numbers[ring_place(ring, deque->head, deque->count - 1)];

		if (sign * ring->entries[back].value < value)
			break;
		deque->count--;
	}
	numbers[ring_place(ring, deque->head, deque->count++)] = (uint16_t)place;
}

static void deque_leave(struct window_ring *ring, struct deque *deque, uint32_t place)
{
	if (deque->count > 0 && ring_numbers(ring, deque)[deque->head] == place) {
		deque->head = ring_place(ring, deque->head, 1);
		deque->count--;
	}
}

static double deque_front(const struct window_ring *ring, const struct deque *deque)
{
	return ring->entries[ring_numbers(ring, deque)[deque->head]].value;
}

/* ---- samples come and go ----------------------------------------------------------------- */

/* The time from this entry to the next one, which begins at until. */
static void ring_segment(struct window_ring *ring, const struct entry *from, int64_t until,
			 int sign)
{
	if ((ring->parts & PART_TIME) != 0 && !isnan(from->value))
		window_sums_time(&ring->sums, from->value, until - from->t, sign);
}

static double median(double a, double b, double c)
{
	double low = a < b ? a : b, high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

/* All sums anew, from the entries; some are known. */
static void ring_rebuild(struct window_ring *ring)
{
	const struct entry *middle = ring_entry(ring, ring->count / 2), *before = NULL;

	if (isnan(middle->value))
		middle = ring_entry(ring, ring->count / 2 - 1);
	window_sums_init(&ring->sums,
			 median(ring_first(ring)->value, middle->value, ring_last(ring)->value),
			 middle->t);
	for (uint32_t i = 0; i < ring->count; i++) {
		const struct entry *entry = ring_entry(ring, i);

		if (i + 1 < ring->count)
			ring_segment(ring, entry, ring_entry(ring, i + 1)->t, 1);
		if (isnan(entry->value))
			continue;
		window_sums_sample(&ring->sums, ring->parts, entry->t, entry->value, 1);
		if ((ring->parts & PART_STEPS) != 0 && before != NULL)
			window_sums_step(&ring->sums, before->value, entry->value, 1);
		before = entry;
	}
}

static void ring_drop(struct window_ring *ring)
{
	uint32_t place = ring->head;
	const struct entry *entry = &ring->entries[place];
	struct window_sums *sums = &ring->sums;

	ring->head = ring_place(ring, ring->head, 1);
	ring->count--;
	if (ring->count > 0)
		ring_segment(ring, entry, ring_entry(ring, 0)->t, -1);
	ring->carried = entry->value;
	if (isnan(entry->value))
		return;
	deque_leave(ring, &ring->least, place);
	deque_leave(ring, &ring->greatest, place);
	if ((ring->parts & PART_QUANTILE) != 0)
		quantile_remove(ring_sorted(ring), sums->count, entry->value);
	window_sums_sample(sums, ring->parts, entry->t, entry->value, -1);
	if (sums->count == 0) {
		window_sums_init(sums, 0, 0);
		return;
	}
	if ((ring->parts & PART_STEPS) != 0)
		window_sums_step(sums, entry->value, ring_first(ring)->value, -1);
	if (window_sums_stale(sums) || window_sums_poor(sums))
		ring_rebuild(ring);
}

void window_ring_expire(struct window_ring *ring, const struct window *window)
{
	int64_t start;

	if (__builtin_sub_overflow(window->now, window->spec.span_ns, &start))
		return;
	while (ring->count > 0 && ring_entry(ring, 0)->t <= start)
		ring_drop(ring);
}

static void ring_known(struct window_ring *ring, uint32_t place)
{
	const struct entry *entry = &ring->entries[place];
	struct window_sums *sums = &ring->sums;

	if ((ring->parts & PART_QUANTILE) != 0)
		quantile_insert(ring_sorted(ring), sums->count, entry->value);
	if ((ring->parts & PART_MIN) != 0)
		deque_push(ring, &ring->least, place, 1);
	if ((ring->parts & PART_MAX) != 0)
		deque_push(ring, &ring->greatest, place, -1);
	if (sums->count == 0)
		window_sums_init(sums, entry->value, entry->t);
	window_sums_sample(sums, ring->parts, entry->t, entry->value, 1);
	if (place == 0 || window_sums_poor(sums))
		ring_rebuild(ring);
}

void window_ring_put(struct window_ring *ring, struct window *window, double value)
{
	double last;
	uint32_t place;

	last = ring->count > 0 ? ring_entry(ring, ring->count - 1)->value : ring->carried;
	if (isnan(value) && ((ring->parts & PART_TIME) == 0 || isnan(last)))
		return;
	if (ring->count == ring->capacity) {
		window->overruns++;
		ring_drop(ring);
	}
	if (ring->count > 0)
		ring_segment(ring, ring_entry(ring, ring->count - 1), window->now, 1);
	if ((ring->parts & PART_STEPS) != 0 && ring->sums.count > 0 && !isnan(value))
		window_sums_step(&ring->sums, ring_last(ring)->value, value, 1);
	place = ring_place(ring, ring->head, ring->count++);
	ring->entries[place] = (struct entry){window->now, value};
	if (!isnan(value))
		ring_known(ring, place);
}

bool window_ring_deadline(const struct window_ring *ring, const struct window *window,
			  int64_t *ret_deadline)
{
	int64_t deadline, grid;

	if (ring->count == 0)
		return false;
	if (__builtin_add_overflow(ring_entry(ring, 0)->t, window->spec.span_ns, &deadline))
		deadline = INT64_MAX;
	if ((ring->parts & PART_TIME) != 0 &&
	    !__builtin_add_overflow(window_multiple(window->now, window->step), window->step,
				    &grid) &&
	    grid < deadline)
		deadline = grid;
	*ret_deadline = deadline;
	return deadline != INT64_MAX;
}

void window_ring_shift(struct window_ring *ring, const struct window *window, int64_t by_ns)
{
	(void)window;
	ring->sums.origin += by_ns;
	for (uint32_t i = 0; i < ring->count; i++)
		ring->entries[ring_place(ring, ring->head, i)].t += by_ns;
}

/* ---- saved ------------------------------------------------------------------------------- */

void window_ring_save(const struct window_ring *ring, int64_t now, struct str *out)
{
	pack_add_double(out, ring->carried);
	pack_add_u32(out, ring->count);
	for (uint32_t i = 0; i < ring->count; i++) {
		const struct entry *entry = ring_entry(ring, i);

		pack_add_age(out, now, entry->t);
		pack_add_double(out, entry->value);
	}
}

/* Sample by sample, as they came: whatever the bytes say, the ring is one that can be. */
bool window_ring_load(struct window_ring *ring, struct window *window, struct pack *in,
		      int64_t now)
{
	int64_t end = window->now, least = end - window->spec.span_ns, last = least;
	uint32_t count;

	ring->carried = pack_take_double(in) + 0.0;
	count = pack_take_u32(in);
	if (count > ring->capacity)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t t = now - pack_take_age(in);
		double value = pack_take_double(in) + 0.0;

		if (in->bad || t <= least || t < last || t > end)
			return false;
		window->now = last = t;
		window_ring_put(ring, window, value);
	}
	window->now = end;
	return !in->bad;
}

/* ---- results ----------------------------------------------------------------------------- */

/* Before the first entry holds what is carried, behind the last one that. */
static double ring_time_result(const struct window_ring *ring, const struct window *window,
			       enum window_function function)
{
	struct window_sums sums = ring->sums;
	struct entry last = {window->now, ring->carried};
	int64_t first = window->now;

	if (ring->count > 0) {
		last = *ring_entry(ring, ring->count - 1);
		first = ring_entry(ring, 0)->t;
	}
	if (!isnan(last.value))
		window_sums_time(&sums, last.value, window->now - last.t, 1);
	if (!isnan(ring->carried))
		window_sums_time(&sums, ring->carried,
				 window->spec.span_ns - (window->now - first), 1);
	return window_time_result(function, sums.known_ns, sums.true_ns, sum_value(&sums.area),
				  last.value);
}

static double ring_ends_result(const struct window_ring *ring, enum window_function function)
{
	const struct entry *first = ring_first(ring), *last = ring_last(ring);
	struct window_ends ends = {first->t, last->t, first->value, last->value};

	if (function == WINDOW_SLOPE)
		return ends.last_t > ends.first_t ? window_sums_result(&ring->sums, function)
						  : NAN;
	return window_ends_result(function, &ends, ring->sums.count);
}

/* Some entries are known. */
static double ring_sample_result(const struct window_ring *ring, enum window_function function,
				 double parameter)
{
	const struct window_sums *sums = &ring->sums;

	switch (function) {
	case WINDOW_AVG:
		return sum_value(&sums->values) / sums->count;
	case WINDOW_SUM:
		return sum_value(&sums->values);
	case WINDOW_MIN:
		return deque_front(ring, &ring->least);
	case WINDOW_MAX:
		return deque_front(ring, &ring->greatest);
	case WINDOW_SPREAD:
		return deque_front(ring, &ring->greatest) - deque_front(ring, &ring->least);
	case WINDOW_STDDEV:
		return window_sums_result(sums, function);
	case WINDOW_RATE:
	case WINDOW_DELTA:
	case WINDOW_SLOPE:
	case WINDOW_FIRST:
		return ring_ends_result(ring, function);
	case WINDOW_CHANGES:
		return sums->changes;
	case WINDOW_INCREASE:
		return sum_value(&sums->rises);
	case WINDOW_QUANTILE:
		return quantile_of(ring_sorted(ring), sums->count, parameter);
	case WINDOW_COUNT:
	case WINDOW_TAVG:
	case WINDOW_INTEGRAL:
	case WINDOW_SHARE:
	case WINDOW_FUNCTIONS:
		break;
	}
	return NAN;
}

double window_ring_result(const struct window_ring *ring, const struct window *window,
			  enum window_function function, double parameter)
{
	if (function == WINDOW_COUNT)
		return ring->sums.count;
	if ((window_parts(1u << function) & PART_TIME) != 0)
		return ring_time_result(ring, window, function);
	return ring->sums.count > 0 ? ring_sample_result(ring, function, parameter) : NAN;
}
