/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what of the outputs outlives the program, in bytes. Records, each
 *
 *   mark     4 bytes, "gov1": the last one is the version
 *   length   u32, of what is behind the sum
 *   sum      u64, pack_hash() of length and rest
 *   name     of the point, then the body, see outlet_save()
 *
 * A reader who finds no record looks for the next mark.
 */
#include <string.h>

#include "base/str.h"
#include "model/point.h"
#include "rules/pack.h"
#include "daemon/config.h"
#include "daemon/config_outputs.h"
#include "daemon/output_inside.h"

#define OUTPUT_MARK "gov1"
enum { HEAD_BYTES = 4 + 4 + 8, RECORD_MAX = 1 << 20, CORRUPT_MAX = 1000 };

static void record_patch(struct str *out, size_t at, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out->s[at + i] = (char)(unsigned char)(number >> 8 * i);
}

static uint64_t record_sum(const void *length, const void *body, size_t len)
{
	return pack_hash(pack_hash(PACK_HASH_START, length, 4), body, len);
}

void outputs_save(const struct outputs *outputs, struct boot now, struct str *out)
{
	for (size_t i = 0; i < outputs->count; i++) {
		const struct outlet *outlet = outputs->list[i].outlet;
		size_t from = out->len, body = from + HEAD_BYTES, len;

		str_adds(out, OUTPUT_MARK);
		pack_add_u32(out, 0);
		pack_add_u64(out, 0);
		pack_add_text(out, outlet_point(outlet)->name);
		outlet_save(outlet, now, out);
		len = out->len - body;
		record_patch(out, from + 4, len, 4);
		record_patch(out, from + 8, record_sum(out->s + from + 4, out->s + body, len),
			     8);
	}
}

/* The record at in->at: its body, and in behind it; false if none stands there. */
static bool record_take(struct pack *in, struct pack *ret_body)
{
	struct pack head = *in;
	const unsigned char *length = in->at + 4;
	uint64_t sum;
	size_t len;

	if (in->end - in->at < HEAD_BYTES || memcmp(in->at, OUTPUT_MARK, 4) != 0)
		return false;
	head.at += 4;
	len = pack_take_u32(&head);
	sum = pack_take_u64(&head);
	if (len > RECORD_MAX || len > (size_t)(head.end - head.at) ||
	    record_sum(length, head.at, len) != sum)
		return false;
	*ret_body = (struct pack){.at = head.at, .end = head.at + len};
	in->at = head.at + len;
	return true;
}

/* To the next mark behind in->at, or the end. */
static void record_seek(struct pack *in)
{
	const unsigned char *next =
		in->end - in->at > 4
			? memmem(in->at + 1, (size_t)(in->end - in->at) - 1, OUTPUT_MARK, 4)
			: NULL;

	in->at = next != NULL ? next : in->end;
}

static struct output *record_output(struct outputs *outputs, struct pack *body)
{
	size_t len;
	const char *name = pack_take_text(body, &len);
	uint32_t point = point_table_find(outputs->config->points, name, len);
	const struct config_output *entry =
		point != POINT_NONE ? config_output_of(outputs->config, point) : NULL;

	return entry != NULL ? &outputs->list[entry - outputs->config->outputs] : NULL;
}

size_t outputs_restore(struct outputs *outputs, const void *bytes, size_t len, struct boot now,
		       int64_t outage_ns)
{
	struct pack in = {.at = bytes, .end = (const unsigned char *)bytes + len}, body;
	uint64_t *restored = &outputs->counters.restored;

	while (in.at < in.end && outputs->counters.corrupt < CORRUPT_MAX) {
		struct output *output;

		if (!record_take(&in, &body)) {
			outputs->counters.corrupt++;
			record_seek(&in);
			continue;
		}
		output = record_output(outputs, &body);
		if (output == NULL)
			continue; /* it is gone */
		if (!outlet_restore(output->outlet, &body, now, outage_ns)) {
			outputs->counters.corrupt++;
			continue;
		}
		output_settle(outputs, output);
		output->restored = true;
		++*restored;
	}
	return *restored;
}

void outputs_forgotten(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (!outputs->list[i].restored)
			outlet_forgotten(outputs->list[i].outlet);
}
