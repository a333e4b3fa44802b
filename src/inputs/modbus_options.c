/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rows that bind the keys of Modbus buses, devices and points. */
#include "inputs/modbus_options.h"

#include "base/alloc.h"
#include "io/modbus_bus.h"
#include "io/modbus_server.h"

static const char *const order_names[] = {
	"ABCD",	    "CDAB",	"BADC",	    "DCBA",	"AB", "BA",
	"ABCDEFGH", "GHEFCDAB", "BADCFEHG", "HGFEDCBA", NULL,
};

static const char *const write_function_names[] = {"auto", "single", "multiple", NULL};
static const char *const write_bits_names[] = {"no", "mask", "rmw", NULL};

/* In the order of order_names. */
const enum modbus_order modbus_orders[] = {
	MODBUS_ABCD, MODBUS_CDAB, MODBUS_BADC, MODBUS_DCBA, MODBUS_ABCD,
	MODBUS_BADC, MODBUS_ABCD, MODBUS_CDAB, MODBUS_BADC, MODBUS_DCBA,
};

/* As enum stream_parity. */
static const char *const parity_names[] = {"none", "even", "odd", NULL};
static const char *const adapter_names[] = {"auto", "uart", "usb", NULL};

/* clang-format 14 crashes on rows of unequal length. */
/* clang-format off */
#define POLL_SECONDS	.min = 0.001, .max = 86400
#define TIMEOUT_SECONDS .min = 0.001, .max = 60
/* More than a second of silence is no pause between frames. */
#define PAUSE_SECONDS	.min = 0.001, .max = 1
/* What the kernel takes: RS485_MAX_RTS_DELAY. */
#define RTS_SECONDS	.min = 0, .max = 0.1

static const struct option bus_rows[] = {
	{.name = "modbus",
	 OPTION(TEXT, modbus_bus_settings, address),
	 .required = true,
	 .help = "Where the units are: tcp://HOST or tcp://HOST:PORT (port 502), rtu:///dev/NAME for "
		 "a serial line, rtu+tcp://HOST:PORT for one behind a serial server."},
	{.name = "timeout",
	 OPTION(DURATION, modbus_bus_settings, timeout_ns),
	 .fallback = "1s",
	 TIMEOUT_SECONDS,
	 .help = "How long an answer may take; a device may say otherwise."},
	{.name = "connect_timeout",
	 OPTION(DURATION, modbus_bus_settings, connect_timeout_ns),
	 .fallback = "3s",
	 TIMEOUT_SECONDS,
	 .help = "How long connecting to one address may take."},
	{.name = "in_flight",
	 OPTION(INT, modbus_bus_settings, in_flight),
	 .fallback = "1",
	 .min = 1,
	 .max = MODBUS_IN_FLIGHT_MAX,
	 .help = "Requests sent before the first one is answered; many devices take only one."},
	{.name = "reconnect_min",
	 OPTION(DURATION, modbus_bus_settings, reconnect_min_ns),
	 .fallback = "500ms",
	 .min = 0.01,
	 .max = 3600,
	 .help = "The shortest pause before a lost connection is made again."},
	{.name = "reconnect_max",
	 OPTION(DURATION, modbus_bus_settings, reconnect_max_ns),
	 .fallback = "60s",
	 .min = 0.01,
	 .max = 3600,
	 .help = "The longest pause before a lost connection is made again."},
	{.name = "serve",
	 OPTION(MAP, modbus_bus_settings, serve),
	 .help = "Lets other masters read what gauged has read from the bus."},
	{.name = "baud",
	 OPTION(INT, modbus_bus_settings, baud),
	 .fallback = "19200",
	 .min = 50,
	 .max = 4000000,
	 .help = "Speed of the serial line."},
	{.name = "parity",
	 OPTION(CHOICE, modbus_bus_settings, parity),
	 .fallback = "even",
	 .choices = parity_names,
	 .help = "Parity of each character on the serial line."},
	{.name = "stop_bits",
	 OPTION(INT, modbus_bus_settings, stop_bits),
	 .min = 1,
	 .max = 2,
	 .help = "Stop bits behind a character; if absent 1 with parity, 2 without."},
	{.name = "rs485",
	 OPTION(MAP, modbus_bus_settings, rs485),
	 .help = "Has the kernel switch the direction of an RS-485 line; not for adapters which "
		 "do that by themselves."},
	{.name = "adapter",
	 OPTION(CHOICE, modbus_bus_settings, adapter),
	 .fallback = "auto",
	 .choices = adapter_names,
	 .help = "What drives the line: usb hands over what it received in batches; auto goes by "
		 "the path."},
	{.name = "echo",
	 OPTION(BOOL, modbus_bus_settings, echo),
	 .fallback = "false",
	 .help = "Whether the line gives back what is sent, as some two-wire adapters do."},
	{.name = "gap",
	 OPTION(DURATION, modbus_bus_settings, gap_ns),
	 PAUSE_SECONDS,
	 .help = "Silence before each request; the standard's 3.5 characters, if absent or less."},
	{.name = "idle",
	 OPTION(DURATION, modbus_bus_settings, idle_ns),
	 PAUSE_SECONDS,
	 .help = "Silence inside an answer that gives the answer up; 5ms or 20 characters on a UART, 20ms over USB, "
		 "50ms behind a serial server, if absent."},
	{.name = "quarantine",
	 OPTION(DURATION, modbus_bus_settings, quarantine_ns),
	 PAUSE_SECONDS,
	 .help = "Silence after a failed exchange before the next request; 50ms, or 10 characters "
		 "where they take longer, if absent."},
	{.name = "turnaround",
	 OPTION(DURATION, modbus_bus_settings, turnaround_ns),
	 .fallback = "100ms",
	 PAUSE_SECONDS,
	 .help = "Pause after a broadcast, which no unit answers."},
};

static const struct option rs485_rows[] = {
	{.name = "rts_on_send",
	 OPTION(BOOL, modbus_rs485_settings, rts_on_send),
	 .fallback = "true",
	 .help = "Level of RTS while sending."},
	{.name = "rts_after_send",
	 OPTION(BOOL, modbus_rs485_settings, rts_after_send),
	 .help = "Level of RTS otherwise; the opposite of rts_on_send, if absent."},
	{.name = "delay_before",
	 OPTION(DURATION, modbus_rs485_settings, delay_before_ns),
	 .fallback = "0s",
	 RTS_SECONDS,
	 .help = "Time between the change of RTS and the first character; whole milliseconds."},
	{.name = "delay_after",
	 OPTION(DURATION, modbus_rs485_settings, delay_after_ns),
	 .fallback = "0s",
	 RTS_SECONDS,
	 .help = "Time between the last character and the change of RTS; whole milliseconds."},
	{.name = "rx_during_tx",
	 OPTION(BOOL, modbus_rs485_settings, rx_during_tx),
	 .fallback = "false",
	 .help = "Whether the receiver stays on while sending; on two wires it hears itself, which "
		 "needs 'echo: true'."},
	{.name = "termination",
	 OPTION(BOOL, modbus_rs485_settings, termination),
	 .fallback = "false",
	 .help = "Whether the port switches its terminating resistor on."},
};

static const struct option serve_rows[] = {
	{.name = "listen",
	 OPTION(TEXT, modbus_serve_settings, listen),
	 .required = true,
	 .help = "ADDRESS:PORT on which other masters may read over Modbus TCP."},
	{.name = "allow",
	 OPTION(TEXTS, modbus_serve_settings, allow),
	 .help = "Addresses and networks of those who may; only this machine, if absent."},
	{.name = "clients",
	 OPTION(INT, modbus_serve_settings, clients),
	 .fallback = "8",
	 .min = 1,
	 .max = MODBUS_SERVER_CLIENTS_MAX,
	 .help = "How many may be connected at the same time."},
	{.name = "idle_timeout",
	 OPTION(DURATION, modbus_serve_settings, idle_timeout_ns),
	 .fallback = "60s",
	 .min = 0.1,
	 .max = 86400,
	 .help = "A client that asks nothing for so long, or takes no answer, is closed."},
};

static const struct option device_rows[] = {
	{.name = "bus",
	 OPTION(NAME, modbus_device_settings, bus),
	 .required = true,
	 .help = "The bus that the device stands on."},
	{.name = "unit",
	 OPTION(INT, modbus_device_settings, unit),
	 .fallback = "1",
	 .min = 0,
	 .max = 255,
	 .help = "Unit identifier (slave address); many TCP devices take 1, 0 or 255."},
	{.name = "poll",
	 OPTION(DURATION, modbus_device_settings, poll_ns),
	 .fallback = "1s",
	 POLL_SECONDS,
	 .help = "How often points are read; a point may say otherwise."},
	{.name = "timeout",
	 OPTION(DURATION, modbus_device_settings, timeout_ns),
	 TIMEOUT_SECONDS,
	 .help = "How long an answer may take; as the bus says, if absent."},
	{.name = "delay",
	 OPTION(DURATION, modbus_device_settings, delay_ns),
	 .fallback = "0s",
	 .min = 0,
	 .max = 10,
	 .help = "Pause between an answer of the device and the next request to it."},
	{.name = "retries",
	 OPTION(INT, modbus_device_settings, retries),
	 .min = 0,
	 .max = 5,
	 .help = "How often a read that was not answered is repeated at once; writes never are. 1 "
		 "for RTU, 0 over TCP, if absent."},
	{.name = "offline_after",
	 OPTION(INT, modbus_device_settings, offline_after),
	 .fallback = "3",
	 .min = 1,
	 .max = 100,
	 .help = "Requests in a row without an answer that make the device offline; it is then "
		 "asked ever more rarely."},
	{.name = "order",
	 OPTION(CHOICE, modbus_device_settings, order),
	 .fallback = "ABCD",
	 .choices = order_names,
	 .help = "Order of bytes in values of several registers; A is the highest byte."},
	{.name = "write_function",
	 OPTION(CHOICE, modbus_device_settings, write_function),
	 .fallback = "auto",
	 .choices = write_function_names,
	 .help = "Functions that write: single (5, 6), multiple (15, 16), or auto: single for "
		 "a coil and for one register, multiple for more."},
	{.name = "write_bits",
	 OPTION(CHOICE, modbus_device_settings, write_bits),
	 .fallback = "no",
	 .choices = write_bits_names,
	 .help = "How single bits of a register are written: mask (function 22), or rmw: read "
		 "the register, change the bits, write it; another master's change in between "
		 "is lost."},
	{.name = "stale_after",
	 OPTION(DURATION, modbus_device_settings, stale_after_ns),
	 .min = 0.001,
	 .max = 31 * 86400,
	 .help = "How long a value counts without a new one; three polls and one timeout, at "
		 "least 1s, if absent."},
	{.name = "max_regs",
	 OPTION(INT, modbus_device_settings, max_regs),
	 .fallback = "125",
	 .min = 1,
	 .max = MODBUS_READ_REGISTERS_MAX,
	 .help = "Registers that the device takes in one request."},
	{.name = "max_bits",
	 OPTION(INT, modbus_device_settings, max_bits),
	 .fallback = "2000",
	 .min = 1,
	 .max = MODBUS_READ_BITS_MAX,
	 .help = "Coils or discrete inputs that the device takes in one request."},
	{.name = "max_hole",
	 OPTION(INT, modbus_device_settings, max_hole),
	 .min = 0,
	 .max = MODBUS_READ_REGISTERS_MAX,
	 .help = "Registers without a point that are read along to join two points; 16 times "
		 "as many bits. By the speed of the line, at most 32, if absent; 16 by TCP."},
	{.name = "points",
	 OPTION(MAP, modbus_device_settings, points),
	 .required = true,
	 .help = "The values of the device, by name."},
};

static const struct option point_rows[] = {
	{.name = "holding",
	 OPTION(TEXT, modbus_point_settings, holding),
	 .help = "Zero-based address of a holding register."},
	{.name = "input",
	 OPTION(TEXT, modbus_point_settings, input),
	 .help = "Zero-based address of an input register."},
	{.name = "coil",
	 OPTION(TEXT, modbus_point_settings, coil),
	 .help = "Zero-based address of a coil."},
	{.name = "discrete",
	 OPTION(TEXT, modbus_point_settings, discrete),
	 .help = "Zero-based address of a discrete input."},
	{.name = "ref",
	 OPTION(TEXT, modbus_point_settings, ref),
	 .help = "One-based reference of 5 or 6 digits as manuals print it: 40101 is holding "
		 "100."},
	{.name = "type",
	 OPTION(TEXT, modbus_point_settings, type),
	 .help = "What the registers hold: int16 uint16 int32 uint32 int64 uint64 float32 "
		 "float64 bcd16 bcd32 string(N), N in registers; uint16 if absent."},
	{.name = "bits",
	 OPTION(MAP, modbus_point_settings, bits),
	 .help = "Single bits of the register as points of their own, by name: a number, or "
		 "4..6; bit 0 is the lowest."},
	{.name = "order",
	 OPTION(CHOICE, modbus_point_settings, order),
	 .choices = order_names,
	 .help = "Order of bytes; as the device says, if absent."},
	{.name = "scale",
	 OPTION(NUMBER, modbus_point_settings, scale),
	 .fallback = "1",
	 .help = "The value is what was read times this, plus offset."},
	{.name = "offset",
	 OPTION(NUMBER, modbus_point_settings, offset),
	 .fallback = "0",
	 .help = "Added behind scale."},
	{.name = "unit",
	 OPTION(TEXT, modbus_point_settings, unit),
	 .help = "Unit of measurement of the value: degC, L/min, %."},
	{.name = "range",
	 OPTION(LIMITS, modbus_point_settings, range),
	 .help = "[low, high]: a value outside is bad, and is never written."},
	{.name = "deadband",
	 OPTION(NUMBER, modbus_point_settings, deadband),
	 .fallback = "0",
	 .min = 0,
	 .max = 1e300,
	 .help = "Changes smaller than this leave the value as it is."},
	{.name = "invalid",
	 OPTION(SEQ, modbus_point_settings, invalid),
	 .help = "Raw values that mean that there is none: [0x7FFF, -1]."},
	{.name = "poll",
	 OPTION(DURATION, modbus_point_settings, poll_ns),
	 POLL_SECONDS,
	 .help = "How often the point is read; as the device says, if absent."},
	{.name = "stale_after",
	 OPTION(DURATION, modbus_point_settings, stale_after_ns),
	 .min = 0.001,
	 .max = 31 * 86400,
	 .help = "How long a value counts without a new one; as the device says, if absent."},
	{.name = "write",
	 OPTION(BOOL, modbus_point_settings, write),
	 .fallback = "false",
	 .help = "Whether rules and people may write the point."},
	{.name = "verify",
	 OPTION(BOOL, modbus_point_settings, verify),
	 .fallback = "false",
	 .help = "Read the point back when a write was confirmed: the write is done only if it "
		 "holds what was written."},
	{.name = "write_function",
	 OPTION(CHOICE, modbus_point_settings, write_function),
	 .choices = write_function_names,
	 .help = "Functions that write it; as the device says, if absent."},
	{.name = "write_bits",
	 OPTION(CHOICE, modbus_point_settings, write_bits),
	 .choices = write_bits_names,
	 .help = "How its single bits are written; as the device says, if absent."},
	{.name = "exclusive",
	 OPTION(BOOL, modbus_point_settings, exclusive),
	 .fallback = "false",
	 .help = "Read it alone: reading it has effects, or takes long."},
};

/* clang-format on */

const struct option_table modbus_bus_options = {
	.section = "Modbus bus",
	.manual = "gauged.yaml(5)",
	.rows = bus_rows,
	.count = ARRAY_SIZE(bus_rows),
};
const struct option_table modbus_rs485_options = {
	.section = "rs485",
	.manual = "gauged.yaml(5)",
	.rows = rs485_rows,
	.count = ARRAY_SIZE(rs485_rows),
};
const struct option_table modbus_serve_options = {
	.section = "serve of a Modbus bus",
	.manual = "gauged.yaml(5)",
	.rows = serve_rows,
	.count = ARRAY_SIZE(serve_rows),
};
const struct option_table modbus_device_options = {
	.section = "Modbus device",
	.manual = "gauged.yaml(5)",
	.rows = device_rows,
	.count = ARRAY_SIZE(device_rows),
};
const struct option_table modbus_point_options = {
	.section = "Modbus point",
	.manual = "gauged.yaml(5)",
	.rows = point_rows,
	.count = ARRAY_SIZE(point_rows),
};
