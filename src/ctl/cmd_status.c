/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl status and health: the daemon on one screen, or in one word. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

static json_int_t count(const json_t *status, const char *group, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(status, group), name));
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : "";
}

static void print_problems(const struct ctl *ctl, const json_t *problems)
{
	/* This is the place where reasons are read: they are not cut. */
	struct ctl wide = *ctl;
	struct table *table;
	const json_t *problem;
	size_t i;

	wide.width = 0;
	table = table_new(&wide, "PROBLEM|NAME|STATE|WHY");
	json_array_foreach (problems, i, problem) {
		table_cell(table, LOOK_PLAIN, text(problem, "what"));
		table_cell(table, LOOK_PLAIN, text(problem, "name"));
		table_cell(table, look_of_state(text(problem, "state")),
			   text(problem, "state"));
		table_cell(table, LOOK_PLAIN, text(problem, "detail"));
	}
	table_print(table);
}

/* "name    value", value as the caller wrote it. */
static void fact(const struct ctl *ctl, const char *name, enum look look, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void fact(const struct ctl *ctl, const char *name, enum look look, const char *fmt, ...)
{
	struct str value;
	va_list ap;

	str_init(&value);
	va_start(ap, fmt);
	str_vaddf(&value, fmt, ap);
	va_end(ap);
	printf("  %-9s ", name);
	look_print(ctl, look, value.s);
	putchar('\n');
	str_done(&value);
}

static void print_headline(const struct ctl *ctl, const json_t *status, size_t problems)
{
	struct str age, site;

	str_init(&age);
	str_init(&site);
	look_add_age(&age, json_number_value(json_object_get(status, "uptime_s")));
	if (text(status, "site")[0] != '\0') {
		str_adds(&site, " at ");
		look_add_text(&site, text(status, "site"));
	}
	printf("gauged %s%s, ", text(status, "version"), site.s != NULL ? site.s : "");
	str_clear(&site);
	str_addf(&site, "%zu problem%s", problems, problems == 1 ? "" : "s");
	look_print(ctl, problems == 0 ? LOOK_GOOD : LOOK_BAD,
		   problems == 0 ? "all is well" : site.s);
	printf("\n\n");
	fact(ctl, "running", LOOK_PLAIN, "for %s, pid %jd", age.s,
	     (intmax_t)json_integer_value(json_object_get(status, "pid")));
	str_done(&age);
	str_done(&site);
}

#define COUNT(group, name) ((intmax_t)count(status, group, name))

/* What outlives the program, and how well. */
static void print_store(const struct ctl *ctl, const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	const char *state = text(store, "state");
	struct str line;

	if (strcmp(state, "none") == 0) {
		fact(ctl, "store", LOOK_WARN,
		     "none: alarms, timers and what waits end with the program");
		return;
	}
	str_init(&line);
	str_adds(&line, state);
	if (json_is_number(json_object_get(store, "problem_s"))) {
		str_adds(&line, " for ");
		look_add_age(&line, json_number_value(json_object_get(store, "problem_s")));
	}
	str_addf(&line, ", %.1f of %.0f MiB, last commit took %.1f ms",
		 (double)COUNT("store", "bytes") / (1 << 20),
		 (double)COUNT("store", "max_bytes") / (1 << 20),
		 json_number_value(json_object_get(store, "commit_last_ms")));
	if (COUNT("store", "pending") > 0)
		str_addf(&line, ", %jd not stored yet", COUNT("store", "pending"));
	if (text(store, "aside")[0] != '\0') {
		str_adds(&line, ", a damaged one is now ");
		look_add_text(&line, text(store, "aside"));
	}
	fact(ctl, "store",
	     strcmp(state, "good") != 0	       ? LOOK_BAD
	     : text(store, "aside")[0] != '\0' ? LOOK_WARN
					       : LOOK_PLAIN,
	     "%s", line.s);
	str_done(&line);
}

static void print_counts(const struct ctl *ctl, const json_t *status)
{
	intmax_t firing = COUNT("counts", "rules_firing"), waiting;

	fact(ctl, "buses",
	     COUNT("counts", "buses_up") < COUNT("counts", "buses") ? LOOK_BAD : LOOK_PLAIN,
	     "%jd of %jd up, %jd device%s", COUNT("counts", "buses_up"),
	     COUNT("counts", "buses"), COUNT("counts", "devices"),
	     COUNT("counts", "devices") == 1 ? "" : "s");
	fact(ctl, "points",
	     COUNT("counts", "points_good") < COUNT("counts", "points") ? LOOK_WARN
									: LOOK_PLAIN,
	     "%jd of %jd good", COUNT("counts", "points_good"), COUNT("counts", "points"));
	fact(ctl, "rules", firing > 0 ? LOOK_BAD : LOOK_PLAIN, "%jd, %jd firing, %jd pending",
	     COUNT("counts", "rules"), firing, COUNT("counts", "rules_pending"));
	waiting = COUNT("counts", "deliveries_waiting");
	fact(ctl, "webhooks", waiting > 0 ? LOOK_WARN : LOOK_PLAIN,
	     "%jd, %jd message%s waiting", COUNT("counts", "webhooks"), waiting,
	     waiting == 1 ? "" : "s");
	if (COUNT("counts", "mqtt") > 0)
		fact(ctl, "brokers", LOOK_PLAIN, "%jd", COUNT("counts", "mqtt"));
	print_store(ctl, status);
	fact(ctl, "readings", LOOK_PLAIN, "%jd, %jd of them bad", COUNT("engine", "readings"),
	     COUNT("engine", "bad_readings"));
	fact(ctl, "events", LOOK_PLAIN, "%jd", COUNT("engine", "events"));
	fact(ctl, "writes", LOOK_PLAIN,
	     "%jd done, %jd refused, %jd of unknown outcome, %jd not kept, %jd held back",
	     COUNT("writes", "done"), COUNT("writes", "refused"), COUNT("writes", "unknown"),
	     COUNT("writes", "differs"), COUNT("writes", "held"));
	fact(ctl, "reloads", LOOK_PLAIN, "%jd done, %jd refused", COUNT("reload", "done"),
	     COUNT("reload", "failed"));
	fact(ctl, "loop", LOOK_PLAIN, "at worst %.1f ms late",
	     json_number_value(json_object_get(json_object_get(status, "loop"), "lag_max_ms")));
	if (!json_is_true(json_object_get(status, "clock_synchronised")))
		fact(ctl, "clock", LOOK_WARN,
		     "nobody has set it: times in events may be wrong");
}

static void print_status(const struct ctl *ctl, const json_t *status)
{
	const json_t *problems = json_object_get(status, "problems");
	const char *failure = json_string_value(
		json_object_get(json_object_get(status, "reload"), "last_failure"));

	print_headline(ctl, status, json_array_size(problems));
	print_counts(ctl, status);
	if (json_array_size(problems) > 0) {
		putchar('\n');
		print_problems(ctl, problems);
	}
	if (failure != NULL)
		printf("\nThe last reload was refused:\n%s", failure);
}

static enum ctl_status run_status(const struct ctl *ctl)
{
	json_t *status;
	enum ctl_status result = remote_ask(ctl, "/v1/status", NULL, &status, NULL);

	if (result != CTL_OK)
		return result;
	if (ctl->json) {
		remote_print(status);
		return CTL_OK;
	}
	print_status(ctl, status);
	json_decref(status);
	return CTL_OK;
}

static enum ctl_status run_health(const struct ctl *ctl)
{
	json_t *status;
	enum ctl_status result = remote_ask(ctl, "/v1/status", NULL, &status, NULL);
	bool healthy;

	if (result != CTL_OK)
		return result;
	healthy = json_is_true(json_object_get(status, "healthy"));
	if (ctl->json) {
		remote_print(json_pack("{sb sO}", "healthy", healthy, "problems",
				       json_object_get(status, "problems")));
	} else if (healthy) {
		look_print(ctl, LOOK_GOOD, "healthy");
		putchar('\n');
	} else {
		print_problems(ctl, json_object_get(status, "problems"));
	}
	json_decref(status);
	return healthy ? CTL_OK : CTL_NO;
}

const struct ctl_command cmd_status = {
	.name = "status",
	.usage = "",
	.summary = "how gauged is, on one screen",
	.help = "Shows what runs and since when, how many buses, points and rules are well, and\n"
		"each problem with its reason. The exit status is 0 whenever gauged answers.\n",
	.run = run_status,
};

const struct ctl_command cmd_health = {
	.name = "health",
	.usage = "",
	.summary = "exit status 0 if all is well, 1 if not",
	.help = "For scripts and probes: every bus, device, webhook and broker works, what is to\n"
		"outlive the program can be stored, and the last reload was not refused. Otherwise\n"
		"lists the problems and exits with 1.\n",
	.run = run_health,
};
