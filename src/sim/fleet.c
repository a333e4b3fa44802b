/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the load tests' devices and their ports. */
#include "sim/fleet.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "sim/fieldbus.h"
#include "sim/rack.h"

enum { FLEET_TRIES = 100, FLEET_PORT_MIN = 20000, FLEET_PORT_MAX = 65535 };

struct fleet_device {
	struct fieldbus *bus;
	struct rack *rack;
	struct slave slave;
};

struct fleet {
	int count;
	uint16_t port;
	struct fleet_device *devices;
};

static void device_refresh(void *arg, struct slave *slave)
{
	slave->registers.holding[0] = slave->registers.input[0] = (uint16_t)slave->requests;
}

static void device_init(struct fleet_device *device, int number)
{
	struct registers *registers = &device->slave.registers;

	device->slave.refresh = device_refresh;
	for (int i = 2; i < REGISTERS_WORDS; i++)
		registers->holding[i] = registers->input[i] = (uint16_t)i;
	registers->holding[1] = registers->input[1] = (uint16_t)number;
}

static void device_close(struct fleet_device *device)
{
	fieldbus_close(device->bus);
	rack_free(device->rack);
	device->bus = NULL;
	device->rack = NULL;
}

static int device_open(struct fleet_device *device, struct poller *poller, uint16_t port,
		       struct error *err)
{
	device->rack = rack_new(&device->slave, 1, 1, err);
	if (device->rack == NULL)
		return -EMFILE;
	device->bus = fieldbus_open_rack(poller, port, NULL, device->rack, err);
	if (device->bus == NULL)
		device_close(device);
	return device->bus != NULL ? 0 : -EADDRINUSE;
}

static int fleet_listen(struct fleet *fleet, struct poller *poller, uint16_t port,
			struct error *err)
{
	for (int i = 0; i < fleet->count; i++) {
		int r = device_open(&fleet->devices[i], poller, (uint16_t)(port + i), err);

		if (r == 0)
			continue;
		while (i-- > 0)
			device_close(&fleet->devices[i]);
		return r;
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
		device_close(&fleet->devices[i]);
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

struct slave *fleet_slave(struct fleet *fleet, int64_t n)
{
	return n >= 1 && n <= fleet->count ? &fleet->devices[n - 1].slave : NULL;
}

uint64_t fleet_requests(const struct fleet *fleet)
{
	uint64_t sum = 0;

	for (int i = 0; i < fleet->count; i++)
		sum += fleet->devices[i].slave.requests;
	return sum;
}
