/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what may stand on the command line of a probe, and what is done if nothing does. */
#include "ctl/probe_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "ctl/ctl.h"

enum { UNITS_USUAL = 20, RANGE_USUAL = 99 };

static const int64_t timeout_usual_ns = 300 * NSEC_PER_MSEC;
static const int64_t timeout_least_ns = 10 * NSEC_PER_MSEC, timeout_most_ns = 10 * NSEC_PER_SEC;

/*
 * The Modbus standard wants 19200 8E1; what is sold is set to 9600, mostly without parity.
 * Faster ones cost little time, slow and odd ones come last.
 */
static const struct probe_setting settings[] = {
	{9600, "none"},	 {9600, "even"},  {19200, "even"},  {19200, "none"},  {38400, "none"},
	{38400, "even"}, {57600, "none"}, {57600, "even"},  {115200, "none"}, {115200, "even"},
	{4800, "none"},	 {4800, "even"},  {2400, "none"},   {2400, "even"},   {9600, "odd"},
	{19200, "odd"},	 {38400, "odd"},  {57600, "odd"},   {115200, "odd"},  {1200, "none"},
	{1200, "even"},	 {4800, "odd"},	  {230400, "none"}, {230400, "even"},
};
static const char *const parities[] = {"none", "even", "odd"};

static const struct {
	enum ctl_option option;
	uint8_t function;
	const char *name;
} tables[] = {
	{CTL_HOLDING, MODBUS_READ_HOLDING, "--holding"},
	{CTL_INPUT, MODBUS_READ_INPUT, "--input"},
	{CTL_COIL, MODBUS_READ_COILS, "--coil"},
	{CTL_DISCRETE, MODBUS_READ_DISCRETE, "--discrete"},
};

/* "7" or "1..20", within 0..most. */
static bool parse_range(const char *text, int64_t most, int64_t *ret_first, int64_t *ret_last)
{
	const char *dots = strstr(text, "..");
	char *head = dots != NULL ? xstrndup(text, (size_t)(dots - text)) : xstrdup(text);
	int64_t first = -1, last = -1;

	if (str_to_int(head, &first) == 0)
		last = first;
	if (dots != NULL && str_to_int(dots + 2, &last) != 0)
		last = -1;
	free(head);
	if (first < 0 || last < first || last > most)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

static void add_unit(struct probe_plan *plan, int64_t unit)
{
	for (size_t i = 0; i < plan->unit_count; i++) {
		if (plan->units[i] == unit)
			return;
	}
	plan->units[plan->unit_count++] = (uint8_t)unit;
}

static int parse_units(struct probe_plan *plan, const char *text, struct error *err)
{
	char *copy = xstrdup(text), *rest = copy, *item;
	int64_t first, last;
	int rc = 0;

	while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
		if (!parse_range(item, PROBE_UNITS - 1, &first, &last))
			rc = error_set(
				err, EINVAL,
				"--unit takes numbers from 0 to 255 such as 1..20 or 1,5,247, "
				"not '%s'",
				text);
		else if (plan->rtu && first == 0)
			rc = error_set(err, EINVAL,
				       "unit 0 of a serial line is all of them at once, and "
				       "nobody answers: --unit begins at 1");
		for (int64_t unit = first; rc == 0 && unit <= last; unit++)
			add_unit(plan, unit);
	}
	free(copy);
	return rc;
}

static void usual_units(struct probe_plan *plan)
{
	for (int unit = 1; unit <= UNITS_USUAL; unit++)
		add_unit(plan, unit);
	/* What devices with a network of their own answer to. */
	if (!plan->rtu) {
		add_unit(plan, 255);
		add_unit(plan, 0);
	}
}

static int parse_tables(struct probe_plan *plan, const struct ctl *ctl, struct error *err)
{
	int64_t first, last;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *text = ctl_value(ctl, tables[i].option);

		if (text == NULL)
			continue;
		if (!parse_range(text, UINT16_MAX, &first, &last))
			return error_set(
				err, EINVAL,
				"%s takes zero-based addresses such as 0..99 or 7, at most "
				"65535, not '%s'",
				tables[i].name, text);
		plan->ranges[plan->range_count++] = (struct probe_range){
			tables[i].function, (uint16_t)first, (uint16_t)last};
	}
	plan->any_table = plan->range_count == 0;
	if (plan->any_table)
		plan->ranges[plan->range_count++] =
			(struct probe_range){MODBUS_READ_HOLDING, 0, RANGE_USUAL};
	return 0;
}

static int parse_parity(const char **parity, struct error *err)
{
	for (size_t i = 0; *parity != NULL && i < ARRAY_SIZE(parities); i++) {
		if (strcmp(*parity, parities[i]) == 0) {
			*parity = parities[i];
			return 0;
		}
	}
	if (*parity == NULL)
		return 0;
	return error_set(err, EINVAL, "--parity is none, even or odd, not '%s'", *parity);
}

static int parse_settings(struct probe_plan *plan, const struct ctl *ctl, struct error *err)
{
	const char *speed = ctl_value(ctl, CTL_BAUD), *parity = ctl_value(ctl, CTL_PARITY);
	int64_t baud = 0;

	if (!plan->serial && (speed != NULL || parity != NULL))
		return error_set(
			err, EINVAL,
			"--baud and --parity are for a serial line (rtu:///dev/ttyUSB0); "
			"behind a serial server they are set there");
	if (speed != NULL && (str_to_int(speed, &baud) != 0 || baud < 1 || baud > 4000000))
		return error_set(err, EINVAL, "--baud is a number such as 9600, not '%s'",
				 speed);
	if (parse_parity(&parity, err) != 0)
		return -EINVAL;
	if (!plan->serial) {
		plan->settings[plan->setting_count++] = (struct probe_setting){0};
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if ((baud == 0 || settings[i].baud == baud) &&
		    (parity == NULL || strcmp(settings[i].parity, parity) == 0))
			plan->settings[plan->setting_count++] = settings[i];
	}
	if (plan->setting_count > 0)
		return 0;
	/* One that is not usual. */
	for (size_t i = 0; i < ARRAY_SIZE(parities); i++) {
		if (parity == NULL || parities[i] == parity)
			plan->settings[plan->setting_count++] =
				(struct probe_setting){(int)baud, parities[i]};
	}
	return 0;
}

static int parse_timeout(struct probe_plan *plan, const char *text, struct error *err)
{
	plan->timeout_ns = timeout_usual_ns;
	if (text == NULL)
		return 0;
	if (str_to_duration(text, &plan->timeout_ns) != 0 ||
	    plan->timeout_ns < timeout_least_ns || plan->timeout_ns > timeout_most_ns)
		return error_set(err, EINVAL, "--timeout is from 10ms to 10s, not '%s'", text);
	return 0;
}

int probe_plan_parse(const struct ctl *ctl, struct probe_plan *ret, struct error *err)
{
	struct probe_plan plan = {.address = ctl->args[0]};
	const char *units = ctl_value(ctl, CTL_UNIT);
	int rc;

	plan.serial = strncmp(plan.address, "rtu://", 6) == 0;
	plan.rtu = plan.serial || strncmp(plan.address, "rtu+tcp://", 10) == 0;
	rc = parse_tables(&plan, ctl, err);
	if (rc == 0 && units != NULL)
		rc = parse_units(&plan, units, err);
	else
		usual_units(&plan);
	if (rc == 0)
		rc = parse_settings(&plan, ctl, err);
	if (rc == 0)
		rc = parse_timeout(&plan, ctl_value(ctl, CTL_TIMEOUT), err);
	if (rc == 0)
		*ret = plan;
	return rc;
}
