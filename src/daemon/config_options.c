/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options that are nobody else's, and the list of all tables. */
#include "daemon/config_options.h"

#include "base/alloc.h"
#include "rules/derived.h"
#include "rules/rule_options.h"
#include "rules/ruleset.h"
#include "inputs/gpio_options.h"
#include "inputs/modbus_options.h"
#include "inputs/playback.h"
#include "inputs/point_entry.h"
#include "inputs/serial_command.h"
#include "inputs/serial_config.h"
#include "inputs/serial_decode.h"
#include "inputs/sysfs.h"
#include "inputs/write_entry.h"
#include "actions/mqtt_config.h"
#include "actions/outbox_config.h"
#include "actions/webhook_config.h"

static const struct option config_file_rows[] = {
	{.name = "site",
	 OPTION(NODE, config_sections, site),
	 .shape = "text",
	 .help = "Name of the installation; stands in every event."},
	{.name = "zone",
	 OPTION(NODE, config_sections, zone),
	 .shape = "text",
	 .help = "The time zone whose local time rules mean; otherwise that of the box."},
	{.name = "secrets_dir",
	 OPTION(NODE, config_sections, secrets_dir),
	 .shape = "text",
	 .help = "Directory of the files that ${secret:NAME} reads."},
	{.name = "state",
	 OPTION(MAP, config_sections, state),
	 .shape = "state",
	 .help = "Where state is kept."},
	{.name = "control",
	 OPTION(MAP, config_sections, control),
	 .shape = "control",
	 .help = "The control socket."},
	{.name = "metrics",
	 OPTION(MAP, config_sections, metrics),
	 .shape = "metrics",
	 .help = "Metrics over TCP."},
	{.name = "include",
	 OPTION(NODE, config_sections, include),
	 .shape = "text|[text]",
	 .help = "Further files: one pattern or a list; only in the main file."},
	{.name = "defaults",
	 OPTION(MAP, config_sections, defaults),
	 .shape = "defaults",
	 .help = "What rules do not say themselves."},
	{.name = "buses",
	 OPTION(MAP, config_sections, buses),
	 .shape = "{name:bus}",
	 .help = "Buses by name."},
	{.name = "devices",
	 OPTION(MAP, config_sections, devices),
	 .shape = "{name:device}",
	 .help = "Devices by name."},
	{.name = "derived",
	 OPTION(MAP, config_sections, derived),
	 .shape = "{names:derived}",
	 .help = "Points that are computed from others, by name."},
	{.name = "webhooks",
	 OPTION(MAP, config_sections, webhooks),
	 .shape = "{name:webhook}",
	 .help = "Webhooks by name."},
	{.name = "mqtt",
	 OPTION(MAP, config_sections, mqtt),
	 .shape = "{name:mqtt}",
	 .help = "MQTT brokers by name."},
	{.name = "rules",
	 OPTION(MAP, config_sections, rules),
	 .shape = "{name:rule}",
	 .help = "Rules by name."},
};
const struct option_table config_file_options = {
	.section = "configuration file",
	.manual = "gauged.yaml(5)",
	.rows = config_file_rows,
	.count = ARRAY_SIZE(config_file_rows),
	.name = "file",
};

static const struct option config_text_rows[] = {
	{.name = "site",
	 .type = OPTION_TEXT,
	 .fallback = "",
	 .help = "Name of the installation; stands in every event."},
	{.name = "secrets_dir",
	 .type = OPTION_TEXT,
	 .help = "Directory of the files that ${secret:NAME} reads."},
	{.name = "zone",
	 .type = OPTION_TEXT,
	 .help = "The time zone whose local time rules mean; otherwise that of the box."},
};
const struct option_table config_text_options = {
	.section = "configuration file",
	.manual = "gauged.yaml(5)",
	.rows = config_text_rows,
	.count = ARRAY_SIZE(config_text_rows),
};

static const struct option config_state_rows[] = {
	{.name = "dir",
	 OPTION(TEXT, config_state, dir),
	 .help = "Directory of what survives a restart; otherwise systemd's, or none."},
	{.name = "max_size",
	 OPTION(SIZE, config_state, max_bytes),
	 .fallback = "64MiB",
	 .min = 4 << 20,
	 .max = 1ll << 40,
	 .help = "What the state may take on the disk."},
	{.name = "on_fire",
	 OPTION(SEQ, config_state, on_fire),
	 .shape = "[action]",
	 .help = "Who is told when the store fails; nothing is switched."},
	{.name = "on_clear",
	 OPTION(SEQ, config_state, on_clear),
	 .shape = "[action]",
	 .help = "Who is told when it works again."},
};
const struct option_table config_state_options = {
	.section = "state",
	.manual = "gauged.yaml(5)",
	.rows = config_state_rows,
	.count = ARRAY_SIZE(config_state_rows),
	.name = "state",
};

static const struct option config_control_rows[] = {
	{.name = "socket",
	 OPTION(TEXT, config_control, socket),
	 .fallback = "/run/gauged/control.sock",
	 .help = "Path of the Unix socket that gaugectl speaks to."},
};
const struct option_table config_control_options = {
	.section = "control",
	.manual = "gauged.yaml(5)",
	.rows = config_control_rows,
	.count = ARRAY_SIZE(config_control_rows),
	.name = "control",
};

static const struct option config_metrics_rows[] = {
	{.name = "listen",
	 OPTION(TEXT, config_metrics, listen),
	 .required = true,
	 .help = "ADDRESS:PORT that serves GET /metrics over TCP; without it there is no listener."},
};
const struct option_table config_metrics_options = {
	.section = "metrics",
	.manual = "gauged.yaml(5)",
	.rows = config_metrics_rows,
	.count = ARRAY_SIZE(config_metrics_rows),
	.name = "metrics",
};

size_t config_tables(const struct option_table **ret, size_t max)
{
	static const struct option_table *const tables[] = {
		&config_file_options,	  &config_state_options,       &config_control_options,
		&config_metrics_options,  &modbus_bus_options,	       &modbus_rs485_options,
		&modbus_serve_options,	  &modbus_device_options,      &modbus_point_options,
		&serial_bus_options,	  &serial_framing_options,     &serial_device_options,
		&serial_csv_options,	  &serial_keyvalue_options,    &serial_json_options,
		&serial_nmea_options,	  &serial_point_options,       &serial_command_options,
		&gpio_bus_options,	  &gpio_chip_options,	       &gpio_device_options,
		&gpio_point_options,	  &gpio_rate_options,	       &playback_bus_options,
		&playback_device_options, &point_entry_options,	       &write_start_options,
		&write_entry_options,	  &sysfs_bus_options,	       &sysfs_device_options,
		&sysfs_point_options,	  &ruleset_option_table,       &derived_option_table,
		&defaults_option_table,	  &rule_defaults_option_table, &flap_option_table,
	};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables) && count < max; i++)
		ret[count++] = tables[i];
	for (size_t i = 0; webhook_option_tables[i] != NULL && count < max; i++)
		ret[count++] = webhook_option_tables[i];
	for (size_t i = 0; mqtt_option_tables[i] != NULL && count < max; i++)
		ret[count++] = mqtt_option_tables[i];
	for (size_t i = 0; outbox_option_tables[i] != NULL && count < max; i++)
		ret[count++] = outbox_option_tables[i];
	return count;
}
