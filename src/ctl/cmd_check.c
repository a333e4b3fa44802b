/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl check: builds a configuration as the daemon would, and opens nothing. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "ctl/check_cost.h"
#include "ctl/check_plan.h"
#include "ctl/ctl.h"
#include "ctl/remote.h"
#include "daemon/config.h"
#include "daemon/config_memory.h"

enum { DIAGS_MAX = 200 };

static size_t count_devices(const struct config *config)
{
	size_t devices = 0;

	for (size_t i = 0; i < config->bus_count; i++)
		devices += config->buses[i].source.device_count;
	return devices;
}

static void add_count(struct str *out, const char *before, size_t count, const char *one,
		      const char *many)
{
	str_addf(out, "%s%zu %s", before, count, str_plural(count, one, many));
}

static void print_summary(const char *path, const struct config *config, size_t warnings)
{
	struct str line;

	str_init(&line);
	str_addf(&line, "%s: good: ", path);
	add_count(&line, "", config->bus_count, "bus", "buses");
	add_count(&line, ", ", count_devices(config), "device", "devices");
	add_count(&line, ", ", point_table_count(config->points), "point", "points");
	add_count(&line, ", ", ruleset_count(config->rules), "rule", "rules");
	add_count(&line, ", ", config->webhook_count, "webhook", "webhooks");
	if (config->mqtt_count > 0)
		add_count(&line, ", ", config->mqtt_count, "broker", "brokers");
	str_addf(&line, "; %.0f KiB of memory", (double)(config_memory(config) + 1023) / 1024);
	if (warnings > 0)
		add_count(&line, "; ", warnings, "warning", "warnings");
	puts(line.s);
	str_done(&line);
}

static json_t *diags_json(const struct diags *diags)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diags_count(diags); i++) {
		const struct diag *diag = diags_get(diags, i);

		json_array_append_new(
			list, json_pack("{ss ss* sI sI ss ss*}", "level",
					diag->level == DIAG_ERROR ? "error" : "warning", "file",
					diag->file, "line", (json_int_t)diag->line, "column",
					(json_int_t)diag->column, "message", diag->message,
					"notes", diag->notes));
	}
	return list;
}

static json_t *summary_json(const char *path, const struct config *config,
			    const struct diags *diags, unsigned options)
{
	json_t *json = json_pack("{ss sb so}", "file", path, "good", config != NULL, "messages",
				 diags_json(diags));

	if (config != NULL)
		json_object_update_new(
			json, json_pack("{sI sI sI sI sI sI sI}", "buses",
					(json_int_t)config->bus_count, "devices",
					(json_int_t)count_devices(config), "points",
					(json_int_t)point_table_count(config->points), "rules",
					(json_int_t)ruleset_count(config->rules), "webhooks",
					(json_int_t)config->webhook_count, "mqtt",
					(json_int_t)config->mqtt_count, "memory_bytes",
					(json_int_t)config_memory(config)));
	if (config == NULL)
		return json;
	json_object_set_new(json, "plan", check_plan_json(config, (options & CTL_PLAN) != 0));
	json_object_set_new(json, "cost", check_cost_json(config, (options & CTL_COST) != 0));
	return json;
}

static bool check_file(const struct ctl *ctl, const char *path)
{
	struct diags *diags = diags_new(DIAGS_MAX);
	/* A draft in an editor's folder is checked as well: who may write it is not asked. */
	struct config *config = config_load(path, false, diags);
	bool good = config != NULL;
	struct str text;

	str_init(&text);
	if (ctl->json) {
		remote_print(summary_json(path, config, diags, ctl->options));
	} else {
		diags_render(diags, &text);
		if (text.len > 0)
			fputs(text.s, good ? stdout : stderr);
		if (good) {
			print_summary(path, config, diags_warnings(diags));
			check_cost_print(ctl, config, (ctl->options & CTL_COST) != 0);
			check_plan_print(ctl, config, (ctl->options & CTL_PLAN) != 0);
		} else
			fprintf(stderr, "%s: %zu error%s\n", path, diags_errors(diags),
				diags_errors(diags) == 1 ? "" : "s");
	}
	str_done(&text);
	if (config != NULL)
		config_unref(config);
	diags_free(diags);
	return good;
}

static enum ctl_status run_check(const struct ctl *ctl)
{
	bool good = true;

	for (size_t i = 0; i < ctl->count; i++)
		good = check_file(ctl, ctl->args[i]) && good;
	return good ? CTL_OK : CTL_NO;
}

const struct ctl_command cmd_check = {
	.name = "check",
	.usage = "[--plan] [--cost] FILE...",
	.summary = "check configurations without a daemon",
	.help = "Reads each FILE with all that it includes, as gauged would, and opens nothing.\n"
		"Prints every error with its place; for a good one how much memory it takes, which\n"
		"reading takes most of evaluation, the form and size of each window; and for each\n"
		"bus that is asked for values how many requests that takes, and how much of the\n"
		"line's time.\n"
		"Exit status: 0 all are good, 1 one is not.\n",
	.options = CTL_PLAN | CTL_COST,
	.least = 1,
	.most = 1000,
	.run = run_check,
};
