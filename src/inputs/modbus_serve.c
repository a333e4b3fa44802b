/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the other masters of a bus are told, and when it stops being true. */
#include "inputs/modbus_serve.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "inputs/modbus_cache.h"
#include "inputs/modbus_config.h"
#include "io/modbus_server.h"

struct modbus_serve {
	const struct input_config *config;
	struct modbus_server *server;
	struct modbus_cache *cache;
	bool units[256]; /* that stand on the bus */
};

static struct modbus_range range_of(const struct modbus_serve *serve,
				    const struct modbus_span *span)
{
	return (struct modbus_range){
		.unit = serve->config->devices[span->device].number,
		.function = span->function,
		.address = span->address,
		.count = span->count,
	};
}

/* What a gateway says (V1.1b3 section 7): 0x0A for whom it has no way to, 0x0B for silence. */
static uint8_t serve_read(void *arg, const struct modbus_question *question, uint8_t *ret_data)
{
	const struct modbus_serve *serve = arg;
	struct modbus_range range = {
		.unit = question->unit,
		.function = question->function,
		.address = question->address,
		.count = question->count,
	};

	if (!serve->units[question->unit])
		return MODBUS_GATEWAY_PATH;
	return modbus_cache_read(serve->cache, &range, clock_boot(), ret_data);
}

/*
 * The hole behind the n-th span that a request may read along when the device takes less at
 * once than was thought, and requests begin elsewhere.
 */
static struct modbus_range bridge(const struct modbus_serve *serve, size_t n)
{
	const struct input_config *config = serve->config;
	const struct modbus_span *span = &config->spans[n], *next = span + 1;
	struct modbus_range hole = range_of(serve, span);
	int end = span->address + span->count;

	hole.count = 0;
	if (n + 1 < config->span_count && next->device == span->device &&
	    next->function == span->function && next->address > end &&
	    next->address - end <= modbus_plan_widest(&config->items[span->first])) {
		hole.address = (uint16_t)end;
		hole.count = (uint16_t)(next->address - end);
	}
	return hole;
}

struct modbus_serve *modbus_serve_new(struct loop *loop, const struct input_config *config)
{
	struct modbus_serve *serve;
	struct modbus_range *ranges;

	if (!config->serve.on)
		return NULL;
	serve = xcalloc(1, sizeof(*serve));
	serve->config = config;
	for (size_t i = 0; i < config->device_count; i++)
		serve->units[config->devices[i].number] = true;
	ranges = xcalloc(2 * config->span_count, sizeof(*ranges));
	for (size_t i = 0; i < config->span_count; i++) {
		ranges[i] = range_of(serve, &config->spans[i]);
		ranges[config->span_count + i] = bridge(serve, i);
	}
	serve->cache = modbus_cache_new(ranges, 2 * config->span_count);
	for (size_t i = 0; i < 2 * config->span_count; i++)
		modbus_cache_fail(serve->cache, &ranges[i], MODBUS_ILLEGAL_ADDRESS);
	free(ranges);
	serve->server = modbus_server_new(loop, &config->serve.server, serve_read, serve);
	return serve;
}

void modbus_serve_free(struct modbus_serve *serve)
{
	if (serve == NULL)
		return;
	modbus_server_free(serve->server);
	modbus_cache_free(serve->cache);
	free(serve);
}

/* All that is read together is as old as the one that ages fastest. */
static int64_t stale_after(const struct modbus_serve *serve, const struct modbus_span *span)
{
	const struct input_config *config = serve->config;
	int64_t shortest = INT64_MAX;

	for (size_t i = 0; i < span->items; i++) {
		int64_t stale = config->points[config->items[span->first + i].point].stale_ns;

		if (stale < shortest)
			shortest = stale;
	}
	return shortest;
}

/*
 * A refusal is passed on as a gateway does, but for those that promise something to whoever
 * asked, which was us (5, 7), and those that are in no standard.
 */
static uint8_t exception_told(uint8_t exception)
{
	static const bool passed[] = {
		[MODBUS_ILLEGAL_FUNCTION] = true,
		[MODBUS_ILLEGAL_ADDRESS] = true,
		[MODBUS_ILLEGAL_VALUE] = true,
		[MODBUS_DEVICE_FAILURE] = true,
		[MODBUS_BUSY] = true,
		[MODBUS_GATEWAY_PATH] = true,
		[MODBUS_GATEWAY_TARGET] = true,
	};

	return exception < ARRAY_SIZE(passed) && passed[exception] ? exception
								   : MODBUS_DEVICE_FAILURE;
}

void modbus_serve_heard(struct modbus_serve *serve, const struct modbus_span *span,
			const struct modbus_result *result, struct boot now)
{
	struct modbus_range range;
	uint8_t exception = MODBUS_GATEWAY_TARGET;

	if (serve == NULL)
		return;
	range = range_of(serve, span);
	switch (result->outcome) {
	case MODBUS_OK:
		modbus_cache_put(serve->cache, &range, result->data,
				 boot_add(now, stale_after(serve, span)));
		return;
	case MODBUS_EXCEPTION:
		exception = exception_told(result->exception);
		break;
	case MODBUS_TIMEOUT:
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
	case MODBUS_LOST:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		break;
	}
	modbus_cache_fail(serve->cache, &range, exception);
}

void modbus_serve_drop(struct modbus_serve *serve, const struct modbus_span *span)
{
	struct modbus_range range;

	if (serve == NULL)
		return;
	range = range_of(serve, span);
	modbus_cache_fail(serve->cache, &range, MODBUS_ILLEGAL_ADDRESS);
}

void modbus_serve_await(struct modbus_serve *serve, const struct modbus_span *span)
{
	struct modbus_range range;

	if (serve == NULL)
		return;
	range = range_of(serve, span);
	modbus_cache_await(serve->cache, &range);
}

void modbus_serve_down(struct modbus_serve *serve, const struct modbus_span *span)
{
	struct modbus_range range;

	if (serve == NULL)
		return;
	range = range_of(serve, span);
	modbus_cache_fail(serve->cache, &range, MODBUS_GATEWAY_TARGET);
}

void modbus_serve_report(const struct modbus_serve *serve, struct report *ret)
{
	if (serve != NULL)
		modbus_server_report(serve->server, ret);
}
