/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the load tests' devices and their ports. */
#include "sim/fleet.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/fieldbus.h"

enum { FLEET_TRIES = 100, FLEET_PORT_MIN = 20000, FLEET_PORT_MAX = 65535 };

struct fleet_device {
	struct fieldbus *bus;
	struct fieldbus_unit unit;
};

struct fleet {
	int count;
	uint16_t port;
	struct fleet_device *devices;
};

static void device_refresh(void *arg, struct fieldbus_unit *unit)
{
	unit->registers.holding[0] = unit->registers.input[0] = (uint16_t)unit->requests;
}

static void device_init(struct fleet_device *device, int number)
{
	struct registers *registers = &device->unit.registers;

	device->unit.refresh = device_refresh;
	for (int i = 2; i < REGISTERS_WORDS; i++)
		registers->holding[i] = registers->input[i] = (uint16_t)i;
	registers->holding[1] = registers->input[1] = (uint16_t)number;
}

static int fleet_listen(struct fleet *fleet, struct poller *poller, uint16_t port,
			struct error *err)
{
	for (int i = 0; i < fleet->count; i++) {
		struct fleet_device *device = &fleet->devices[i];

		device->bus =
			fieldbus_open(poller, (uint16_t)(port + i), &device->unit, 1, err);
		if (device->bus != NULL)
			continue;
		while (i-- > 0) {
			fieldbus_close(fleet->devices[i].bus);
			fleet->devices[i].bus = NULL;
		}
		return -1;
	}
	fleet->port = port;
	return 0;
}

struct fleet *fleet_open(struct poller *poller, uint16_t port, int count, struct error *err)
{
	struct fleet *fleet = xcalloc(1, sizeof(*fleet));
	struct random random;
	int r;

	random_init(&random, 0);
	fleet->count = count;
	fleet->devices = xcalloc((size_t)count, sizeof(*fleet->devices));
	for (int i = 0; i < count; i++)
		device_init(&fleet->devices[i], i + 1);
	r = port != 0 ? fleet_listen(fleet, poller, port, err) : -1;
	for (int i = 0; port == 0 && r != 0 && i < FLEET_TRIES; i++) {
		int64_t base = random_between(&random, FLEET_PORT_MIN, FLEET_PORT_MAX - count);

		r = fleet_listen(fleet, poller, (uint16_t)base, err);
	}
	if (r == 0)
		return fleet;
	fleet_close(fleet);
	return NULL;
}

void fleet_close(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	for (int i = 0; i < fleet->count; i++)
		fieldbus_close(fleet->devices[i].bus);
	free(fleet->devices);
	free(fleet);
}

int fleet_count(const struct fleet *fleet)
{
	return fleet->count;
}

uint16_t fleet_port(const struct fleet *fleet)
{
	return fleet->port;
}

struct fieldbus_unit *fleet_unit(struct fleet *fleet, int64_t n)
{
	return n >= 1 && n <= fleet->count ? &fleet->devices[n - 1].unit : NULL;
}

uint64_t fleet_requests(const struct fleet *fleet)
{
	uint64_t sum = 0;

	for (int i = 0; i < fleet->count; i++)
		sum += fleet->devices[i].unit.requests;
	return sum;
}
