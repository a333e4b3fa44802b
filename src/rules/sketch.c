/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the sketch: buckets in order of their values, and their counts in each pane. */
#include "rules/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/pack.h"
#include "rules/quantile.h"

enum { EACH_OCTAVE = 50, MANTISSA_BITS = 52, EXPONENTS = 0x7ff };
/* That of the largest double. */
enum { KEY_MAX = EXPONENTS * EACH_OCTAVE };

static int32_t key_of(double value)
{
	uint64_t bits, mantissa;
	int32_t exponent, key;

	memcpy(&bits, &value, sizeof(bits));
	exponent = (int32_t)(bits >> MANTISSA_BITS & EXPONENTS);
	if (exponent == 0)
		return 0;
	mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
	key = 1 + exponent * EACH_OCTAVE + (int32_t)(mantissa * EACH_OCTAVE >> MANTISSA_BITS);
	return value < 0 ? -key : key;
}

/*
 * The value which is as far, relatively, from the lowest of the bucket as from the highest:
 * 2ab / (a + b), with a and b as 1 + s/50 and 1 + (s+1)/50 times a power of two.
 */
static double value_of(int32_t key)
{
	uint64_t bits;
	double s, power, value;

	if (key == 0)
		return 0;
	s = (abs(key) - 1) % EACH_OCTAVE;
	bits = (uint64_t)((abs(key) - 1) / EACH_OCTAVE) << MANTISSA_BITS;
	memcpy(&power, &bits, sizeof(power));
	value = power * (2 * (EACH_OCTAVE + s) * (EACH_OCTAVE + s + 1) /
			 (EACH_OCTAVE * (2 * (EACH_OCTAVE + s) + 1)));
	return key < 0 ? -value : value;
}

/* How many buckets have a lower key. */
static uint32_t buckets_below(const struct sketch *sketch, int32_t key)
{
	uint32_t low = 0, count = sketch->bucket_count;

	while (count > 0) {
		uint32_t half = count / 2;

		if (sketch->buckets[low + half].key < key) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

static void bucket_insert(struct sketch *sketch, uint32_t at, int32_t key)
{
	struct sketch_bucket *bucket = &sketch->buckets[at];

	memmove(bucket + 1, bucket, (sketch->bucket_count++ - at) * sizeof(*bucket));
	bucket->key = key;
	bucket->total = 0;
	bucket->slot = sketch->free_count > 0 ? sketch->free[--sketch->free_count]
					      : sketch->slots_used++;
}

static void bucket_remove(struct sketch *sketch, uint32_t at)
{
	struct sketch_bucket *bucket = &sketch->buckets[at];

	sketch->free[sketch->free_count++] = (uint16_t)bucket->slot;
	memmove(bucket, bucket + 1, (--sketch->bucket_count - at) * sizeof(*bucket));
}

/* The bucket next to 0 on either side; there is one that isn't 0. */
static uint32_t bucket_least(const struct sketch *sketch)
{
	const struct sketch_bucket *buckets = sketch->buckets;
	uint32_t above = buckets_below(sketch, 1), below = buckets_below(sketch, 0);

	if (below == 0)
		return above;
	if (above == sketch->bucket_count)
		return below - 1;
	return buckets[above].key < -buckets[below - 1].key ? above : below - 1;
}

/* All buckets are in use and none is key's: makes room and returns key, or 0 to count it there.
 */
static int32_t sketch_collapse(struct sketch *sketch, int32_t key)
{
	uint32_t least = bucket_least(sketch), zero = buckets_below(sketch, 0);
	struct sketch_bucket *from = &sketch->buckets[least], *to = &sketch->buckets[zero];
	int32_t magnitude = abs(from->key);

	if (zero == sketch->bucket_count || to->key != 0) {
		from->key = 0;
		return abs(key) < magnitude ? 0 : sketch_collapse(sketch, key);
	}
	if (abs(key) < magnitude)
		return 0;
	to->total += from->total;
	for (unsigned i = 0; i < SKETCH_PANES; i++) {
		sketch->counts[i][to->slot] += sketch->counts[i][from->slot];
		sketch->counts[i][from->slot] = 0;
	}
	bucket_remove(sketch, least);
	return key;
}

unsigned sketch_put(struct sketch *sketch, unsigned pane, double value)
{
	int32_t key = key_of(value);
	uint32_t at = buckets_below(sketch, key);
	unsigned collapsed = 0;

	if (at == sketch->bucket_count || sketch->buckets[at].key != key) {
		if (sketch->bucket_count == SKETCH_BUCKETS) {
			key = sketch_collapse(sketch, key);
			at = buckets_below(sketch, key);
			collapsed = 1;
		}
		if (at == sketch->bucket_count || sketch->buckets[at].key != key)
			bucket_insert(sketch, at, key);
	}
	sketch->buckets[at].total++;
	sketch->counts[pane][sketch->buckets[at].slot]++;
	sketch->count++;
	return collapsed;
}

void sketch_drop(struct sketch *sketch, unsigned pane)
{
	uint32_t *counts = sketch->counts[pane], kept = 0;

	for (uint32_t i = 0; i < sketch->bucket_count; i++) {
		struct sketch_bucket bucket = sketch->buckets[i];

		bucket.total -= counts[bucket.slot];
		sketch->count -= counts[bucket.slot];
		counts[bucket.slot] = 0;
		if (bucket.total > 0)
			sketch->buckets[kept++] = bucket;
		else
			sketch->free[sketch->free_count++] = (uint16_t)bucket.slot;
	}
	sketch->bucket_count = kept;
}

double sketch_quantile(const struct sketch *sketch, double q)
{
	const struct sketch_bucket *bucket = sketch->buckets;
	double part, low;
	uint64_t below, passed;

	if (sketch->count == 0 || !(q >= 0 && q <= 1))
		return NAN;
	below = quantile_rank(sketch->count, q, &part);
	for (passed = bucket->total; passed <= below; passed += bucket->total)
		bucket++;
	low = value_of(bucket->key);
	if (part == 0 || passed > below + 1)
		return low;
	return low + part * (value_of(bucket[1].key) - low);
}

void sketch_save(const struct sketch *sketch, struct str *out)
{
	pack_add_u32(out, sketch->bucket_count);
	for (uint32_t i = 0; i < sketch->bucket_count; i++) {
		const struct sketch_bucket *bucket = &sketch->buckets[i];

		pack_add_u32(out, (uint32_t)bucket->key);
		for (unsigned pane = 0; pane < SKETCH_PANES; pane++)
			pack_add_u32(out, sketch->counts[pane][bucket->slot]);
	}
}

static bool bucket_load(struct sketch *sketch, uint32_t i, struct pack *in)
{
	struct sketch_bucket *bucket = &sketch->buckets[i];
	uint64_t total = 0;

	bucket->key = (int32_t)pack_take_u32(in);
	bucket->slot = i;
	for (unsigned pane = 0; pane < SKETCH_PANES; pane++)
		total += sketch->counts[pane][i] = pack_take_u32(in);
	bucket->total = (uint32_t)total;
	sketch->count += total;
	return !in->bad && total > 0 && total <= UINT32_MAX && bucket->key >= -KEY_MAX &&
	       bucket->key <= KEY_MAX && (i == 0 || bucket[-1].key < bucket->key);
}

/* Slots in the order of the buckets: only keys and counts come from the bytes. */
bool sketch_load(struct sketch *sketch, struct pack *in)
{
	uint32_t count = pack_take_u32(in);

	if (count > SKETCH_BUCKETS)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!bucket_load(sketch, i, in))
			return false;
	}
	sketch->bucket_count = sketch->slots_used = count;
	return true;
}
