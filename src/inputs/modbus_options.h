/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The options of Modbus buses, devices and points: one row for each key, as it is written. */
#ifndef GAUGED_INPUTS_MODBUS_OPTIONS_H
#define GAUGED_INPUTS_MODBUS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/option.h"
#include "inputs/modbus_types.h"

struct yaml_node;

struct modbus_bus_settings {
	const char *address;
	int64_t timeout_ns, connect_timeout_ns, in_flight, reconnect_min_ns, reconnect_max_ns;
	const struct yaml_node *serve;
	/* RTU */
	int64_t baud, stop_bits, gap_ns, idle_ns, quarantine_ns, turnaround_ns;
	int parity, adapter;
	bool echo;
	const struct yaml_node *rs485;
};

/* In the order of the choices of 'adapter'. */
enum modbus_adapter { MODBUS_ADAPTER_AUTO, MODBUS_ADAPTER_UART, MODBUS_ADAPTER_USB };

struct modbus_rs485_settings {
	bool rts_on_send, rts_after_send, rx_during_tx, termination;
	int64_t delay_before_ns, delay_after_ns;
};

struct modbus_serve_settings {
	const char *listen;
	struct option_texts allow;
	int64_t clients, idle_timeout_ns;
};

/* In the order of the choices of 'write_function' and 'write_bits'. */
enum modbus_write_function { MODBUS_WRITE_AUTO, MODBUS_WRITE_SINGLE, MODBUS_WRITE_MULTIPLE };
enum modbus_write_bits { MODBUS_BITS_NO, MODBUS_BITS_MASK, MODBUS_BITS_RMW };

struct modbus_device_settings {
	const char *bus;
	int64_t unit, poll_ns, timeout_ns, stale_after_ns, max_regs, max_bits, max_hole;
	int64_t delay_ns, retries, offline_after;
	int order, write_function, write_bits;
	const struct yaml_node *points;
};

struct modbus_point_settings {
	const char *holding, *input, *coil, *discrete, *ref;
	const char *type, *unit;
	int order, write_function, write_bits;
	double scale, offset, deadband;
	struct option_limits range;
	const struct yaml_node *bits, *invalid;
	int64_t poll_ns, stale_after_ns;
	bool hold_bad;
	bool write, verify, exclusive;
};

/* What the choices of 'order' mean. */
extern const enum modbus_order modbus_orders[];

/* For the schema and the manual as well. */
extern const struct option_table modbus_bus_options, modbus_rs485_options, modbus_serve_options,
	modbus_device_options, modbus_point_options;

#endif
