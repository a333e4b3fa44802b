/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what the answer to a poll says about each point of a block. When it is asked is
 * modbus_poll's, what registers mean modbus_types'.
 */
#include "inputs/modbus_input.h"

/* What the block's span was when it was asked may be another by now; it begins where it did. */
static const struct modbus_item *block_items(const struct input *input,
					     const struct modbus_block *block)
{
	return &input->config->items[block - input->blocks];
}

void modbus_reading_bad(struct input *input, struct modbus_block *block, size_t items_count,
			enum bad_reason reason, uint8_t code, struct boot at)
{
	const struct modbus_item *items = block_items(input, block);

	block->away = reason == BAD_OFFLINE;
	for (size_t i = 0; i < items_count; i++) {
		struct reading reading = {
			.point = items[i].point,
			.quality = QUALITY_BAD,
			.reason = reason,
			.code = code,
			.at = at,
		};

		input->readings_bad++;
		input->devices[items[i].device].bad++;
		input->sink.put(input->sink.arg, &reading);
	}
}

void modbus_reading_answer(struct input *input, const struct modbus_block *block,
			   const uint8_t *data, struct boot at)
{
	const struct modbus_item *items = block_items(input, block);

	for (size_t i = 0; i < block->asked; i++) {
		const struct modbus_format *format =
			&input->config->points[items[i].point].format;
		size_t from = (size_t)(items[i].address - block->job.request.address);
		uint32_t end = items[i].address + items[i].count;
		char room[VALUE_TEXT_MAX + 1];
		struct reading reading = {.point = items[i].point, .at = at};
		uint8_t bit;

		if (items[i].address < block->written_to && end > block->written_from)
			continue;
		if (format->type == MODBUS_TYPE_BOOL) {
			bit = modbus_bit(data, from);
			reading.reason = modbus_decode(format, &bit, room, &reading.value);
		} else {
			reading.reason =
				modbus_decode(format, data + 2 * from, room, &reading.value);
		}
		reading.quality = reading.reason == BAD_NONE ? QUALITY_GOOD : QUALITY_BAD;
		if (reading.reason != BAD_NONE) {
			input->readings_bad++;
			input->devices[items[i].device].bad++;
		}
		input->sink.put(input->sink.arg, &reading);
	}
}
