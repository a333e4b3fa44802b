/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the pretence of a daemon; see the header. */
#include "fake_daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "conf/diag.h"
#include "model/point.h"
#include "io/loop.h"
#include "rules/engine.h"
#include "rules/explain.h"
#include "rules/outlet.h"
#include "rules/ruleset.h"
#include "actions/mqtt.h"
#include "actions/outbox.h"
#include "actions/webhook.h"
#include "actions/webhook_probe.h"
#include "io/http_client.h"
#include "daemon/boxes.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/config_diff.h"
#include "daemon/dispatch.h"
#include "daemon/state.h"
#include "fake_state.h"

struct daemon {
	struct fake_daemon fake;
	struct state *state;
	struct boot started;
};

struct bus {
	const char *name, *type, *state, *detail, *device;
};

struct webhook {
	const char *name;
};

static const struct bus fake_buses[] = {
	{"plc", "modbus", "up", "", "boiler"},
	{"mast", "serial", "backoff",
	 "cannot open /dev/ttyACM0: No such file or directory, retrying in 4 s", "wind"},
};

static const struct webhook fake_webhooks[] = {{"ops"}};
struct mqtt {
	const char *name;
};
static const struct mqtt fake_mqtts[] = {{"cloud"}};

static const struct rule_view fake_rules[] = {
	{.name = "boiler-over-temp",
	 .severity = SEVERITY_CRITICAL,
	 .condition = "boiler.temp > 80 degC",
	 .point_count = 1,
	 .points = (uint32_t[]){0}},
	{.name = "doorbell", .instant = true, .condition = "rises(door.bell)"},
};

struct fake_daemon *fake_daemon(struct daemon *daemon)
{
	return &daemon->fake;
}

static void fake_points(struct point_table *table)
{
	const struct point points[] = {
		{.name = "boiler.temp",
		 .device = "boiler",
		 .kind = VALUE_NUMBER,
		 .unit_text = "degC",
		 .readable = true,
		 .stale_ns = 1,
		 .low = 1,
		 .high = 0},
		{.name = "boiler.burner",
		 .device = "boiler",
		 .kind = VALUE_BOOL,
		 .readable = true,
		 .writable = true,
		 .stale_ns = 1,
		 .low = 1,
		 .high = 0},
		{.name = "boiler.setpoint",
		 .device = "boiler",
		 .kind = VALUE_NUMBER,
		 .unit_text = "degC",
		 .readable = true,
		 .writable = true,
		 .stale_ns = 1,
		 .low = 20,
		 .high = 90},
		{.name = "wind.speed",
		 .device = "wind",
		 .kind = VALUE_NUMBER,
		 .unit_text = "m/s",
		 .readable = true,
		 .stale_ns = 1,
		 .low = 1,
		 .high = 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		point_table_add(table, &points[i]);
}

static void fake_ready(void *arg)
{
	(void)arg;
}

/* What a daemon may find when it starts: a webhook's queue, and that of one that is gone. */
static void fake_queues(struct state *state)
{
	outbox_set_ready(boxes_get(state_boxes(state), "ops"), fake_ready, NULL);
	fake_state_message(state, "ops", 1, JOURNAL_ALARM, NULL, "{\"n\": 1}");
	fake_state_message(state, "ops", 2, JOURNAL_TELEMETRY, NULL, "{\"n\": 2}");
	fake_state_message(state, "ops", 3, JOURNAL_ALARM, "rejected", "{\"n\": 3}");
	fake_state_message(state, "ops", 4, JOURNAL_ALARM, "too old", "{\"n\": 4}");
	fake_state_message(state, "pager", 5, JOURNAL_ALARM, NULL, "{\"n\": 5}");
}

struct daemon *fake_daemon_new(struct loop *loop)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	struct arena *arena = arena_new();
	struct config *config = arena_take(arena, 1, sizeof(*config));
	static const char *const files[] = {"/etc/gauged/gauged.yaml"};

	config->arena = arena;
	config->path = files[0];
	config->directory = "/etc/gauged";
	config->site = "plant-7";
	config->state_dir = "/var/lib/gauged";
	config->control_socket = "/run/gauged/control.sock";
	config->file_count = 1;
	config->files = files;
	config->points = point_table_new(arena);
	fake_points(config->points);
	daemon->fake = (struct fake_daemon){.loop = loop, .config = config, .arena = arena};
	daemon->started = clock_boot();
	daemon->state = fake_state_new();
	fake_queues(daemon->state);
	return daemon;
}

void fake_daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	arena_free(daemon->fake.arena);
	fake_state_free(daemon->state);
	free(daemon);
}

/* daemon.h */

struct loop *daemon_loop(const struct daemon *daemon)
{
	return daemon->fake.loop;
}

const struct config *daemon_config(const struct daemon *daemon)
{
	return daemon->fake.config;
}

const struct engine *daemon_engine(const struct daemon *daemon)
{
	return (const struct engine *)daemon;
}

size_t daemon_bus_count(const struct daemon *daemon)
{
	(void)daemon;
	return ARRAY_SIZE(fake_buses);
}

const struct bus *daemon_bus(const struct daemon *daemon, size_t i)
{
	(void)daemon;
	return &fake_buses[i];
}

size_t daemon_webhook_count(const struct daemon *daemon)
{
	(void)daemon;
	return ARRAY_SIZE(fake_webhooks);
}

const struct webhook *daemon_webhook(const struct daemon *daemon, size_t i)
{
	(void)daemon;
	return &fake_webhooks[i];
}

struct state *daemon_state(const struct daemon *daemon)
{
	return daemon->state;
}

size_t daemon_mqtt_count(const struct daemon *daemon)
{
	(void)daemon;
	return ARRAY_SIZE(fake_mqtts);
}

const struct mqtt *daemon_mqtt(const struct daemon *daemon, size_t i)
{
	(void)daemon;
	return &fake_mqtts[i];
}

void daemon_status(const struct daemon *daemon, struct daemon_status *ret)
{
	*ret = (struct daemon_status){
		.boot_id = "0f6f1a9e-92a2-4c0e-8f7f-0c7c7d6f2b11",
		.started = daemon->started,
		.started_wall = {INT64_C(1767225600123000000)},
		.synchronised = true,
		.reloads = 2,
		.reloads_failed = 1,
		.last_failure = daemon->fake.reload_refused ? "rules.yaml:1:1: error" : NULL,
		.writes.done = 3,
	};
}

static void fake_reloaded(struct daemon *daemon, reload_done *done, void *arg)
{
	static const char *const fields[] = {"when"};
	static const struct config_change change = {
		CONFIG_RULE, CONFIG_CHANGED, "boiler-over-temp", 1, fields, ENGINE_KEEPS_STATE};
	static const struct config_diff diff = {.kept = {[CONFIG_BUS] = 2},
						.changed = {[CONFIG_RULE] = 1},
						.count = 1,
						.changes = &change};
	struct reload_result result = {.ok = !daemon->fake.reload_refused,
				       .dry_run = daemon->fake.dry_run,
				       .diff = daemon->fake.reload_refused ? NULL : &diff};
	struct diags *diags = diags_new(10);

	if (daemon->fake.reload_refused)
		diag_error(diags, NULL, "unknown point 'boiler.tmep'");
	result.diags = diags;
	done(arg, &result);
	diags_free(diags);
}

static void fake_ask(struct daemon *daemon, bool dry, reload_done *done, void *arg)
{
	daemon->fake.dry_run = dry;
	daemon->fake.reloads_asked += !dry;
	daemon->fake.waiting = arg;
	daemon->fake.waiting_reload = done;
	if (!daemon->fake.hold)
		fake_daemon_release(daemon);
}

void daemon_reload(struct daemon *daemon, reload_done *done, void *arg)
{
	fake_ask(daemon, false, done, arg);
}

void daemon_reload_try(struct daemon *daemon, reload_done *done, void *arg)
{
	fake_ask(daemon, true, done, arg);
}

void daemon_reload_forget(struct daemon *daemon, void *arg)
{
	if (daemon->fake.waiting == arg)
		daemon->fake.waiting_reload = NULL;
}

int daemon_ack(struct daemon *daemon, uint32_t rule)
{
	(void)rule;
	daemon->fake.acked++;
	return daemon->fake.operated;
}

int daemon_shelve(struct daemon *daemon, uint32_t rule, int64_t for_ns)
{
	(void)rule;
	daemon->fake.shelved++;
	daemon->fake.shelved_ns = for_ns;
	return daemon->fake.operated;
}

int daemon_unshelve(struct daemon *daemon, uint32_t rule)
{
	(void)rule;
	daemon->fake.unshelved++;
	return daemon->fake.operated;
}

int daemon_write(struct daemon *daemon, uint32_t point, struct value value, const char *who,
		 int64_t for_ns, write_done *done, void *arg, struct error *err)
{
	const struct point *to = point_table_get(daemon->fake.config->points, point);

	(void)who;
	daemon->fake.written_for_ns = for_ns;
	daemon->fake.writes_asked++;
	if (!to->writable)
		return error_set(err, EPERM, "%s is not writable", to->name);
	if (value.kind != to->kind)
		return error_set(err, EINVAL, "%s takes a %s, not a %s", to->name,
				 value_kind_name(to->kind), value_kind_name(value.kind));
	daemon->fake.written = value;
	if (daemon->fake.waits)
		error_set(err, EAGAIN, "%s: it has been off for less than min_off", to->name);
	if (daemon->fake.waits)
		return 1;
	daemon->fake.waiting = arg;
	daemon->fake.waiting_write = done;
	if (!daemon->fake.hold)
		fake_daemon_release(daemon);
	return 0;
}

size_t daemon_output_count(const struct daemon *daemon)
{
	(void)daemon;
	return 2;
}

/* The burner is a person's for 8 s and waits, the set point was never written. */
void daemon_output(const struct daemon *daemon, size_t i, uint32_t *ret_point,
		   struct outlet_report *ret)
{
	struct boot now = clock_boot();

	(void)daemon;
	*ret_point = (uint32_t)i + 1;
	*ret = (struct outlet_report){.hold_until = BOOT_NEVER, .changes_left = -1};
	if (i > 0)
		return;
	*ret = (struct outlet_report){
		.value = value_bool(true),
		.since = {now.ns - 12 * NSEC_PER_SEC},
		.layer = "operator",
		.wanted = value_bool(false),
		.holder = "uid 1000 (pid 7)",
		.hold_until = boot_add(now, 8500 * NSEC_PER_MSEC),
		.set_by = "rule boiler-over-temp",
		.set_at = {now.ns - 12 * NSEC_PER_SEC},
		.waits = true,
		.verdict = INTERLOCK_MIN_ON,
		.until = boot_add(now, 3500 * NSEC_PER_MSEC),
		.max_on = true,
		.off_at = boot_add(now, 60 * NSEC_PER_SEC),
		.changes_left = 17,
	};
}

void daemon_write_forget(struct daemon *daemon, void *arg)
{
	if (daemon->fake.waiting == arg)
		daemon->fake.waiting_write = NULL;
}

void fake_daemon_release(struct daemon *daemon)
{
	struct fake_daemon *fake = &daemon->fake;
	reload_done *reload = fake->waiting_reload;
	write_done *write = fake->waiting_write;
	struct write_result result = {
		.outcome = fake->outcome, .text = "the PLC said so", .value = fake->taken};

	fake->waiting_reload = NULL;
	fake->waiting_write = NULL;
	if (reload != NULL)
		fake_reloaded(daemon, reload, fake->waiting);
	if (write != NULL)
		write(fake->waiting, &result);
}

void daemon_watch(struct daemon *daemon, struct daemon_watcher *watcher)
{
	watcher->next = daemon->fake.watchers;
	daemon->fake.watchers = watcher;
}

void daemon_unwatch(struct daemon *daemon, struct daemon_watcher *watcher)
{
	struct daemon_watcher **at = &daemon->fake.watchers;

	while (*at != watcher)
		at = &(*at)->next;
	*at = watcher->next;
}

void fake_daemon_reading(struct daemon *daemon, uint32_t point, struct value value)
{
	struct reading reading = {.point = point, .value = value, .at = clock_boot()};

	for (struct daemon_watcher *w = daemon->fake.watchers; w != NULL; w = w->next) {
		if (w->reading != NULL)
			w->reading(w->arg, &reading);
	}
}

void fake_daemon_event(struct daemon *daemon)
{
	const struct event_point point = {.name = "boiler.temp",
					  .unit = "degC",
					  .value = value_number(81.3),
					  .age_ns = 1000000};
	const struct event_label label = {"area", "boiler \"room\""};
	const struct event event = {
		.type = EVENT_FIRE,
		.rule_name = "boiler-over-temp",
		.severity = SEVERITY_CRITICAL,
		.from = RULE_PENDING,
		.to = RULE_FIRING,
		.seq = 7,
		.at = clock_boot(),
		.message = daemon->fake.message != NULL ? daemon->fake.message
							: "Boiler 81.3 degC\nnow",
		.label_count = 1,
		.labels = &label,
		.point_count = 1,
		.points = &point,
	};
	const struct event_stamp stamp = {.site = "plant-7", .wall = clock_wall()};

	for (struct daemon_watcher *w = daemon->fake.watchers; w != NULL; w = w->next)
		w->event(w->arg, &event, &stamp);
}

/* engine.h and ruleset.h */

void engine_point(const struct engine *engine, uint32_t point, struct boot now,
		  struct engine_point *ret)
{
	const struct daemon *daemon = (const struct daemon *)engine;
	static const double values[] = {81.3, 0, 70, 4.2};

	*ret = (struct engine_point){.quality = QUALITY_GOOD, .ever = true, .at = now};
	ret->at.ns -= 1200 * NSEC_PER_MSEC;
	ret->last = ret->value = value_number(values[point]);
	if (point_table_get(daemon->fake.config->points, point)->kind == VALUE_BOOL)
		ret->last = ret->value = value_bool(true);
	if (point == 3) {
		ret->quality = QUALITY_STALE;
		ret->reason = BAD_OFFLINE;
		ret->value = (struct value){0};
		ret->at.ns -= 80 * NSEC_PER_SEC;
	}
}

void engine_rule(const struct engine *engine, uint32_t rule, struct engine_rule *ret)
{
	(void)engine;
	*ret = (struct engine_rule){
		.state = rule == 0 ? RULE_PENDING : RULE_OK,
		.since = {clock_boot().ns - 12 * NSEC_PER_SEC},
		.has_deadline = rule == 0,
		.deadline = {clock_boot().ns + 18 * NSEC_PER_SEC},
		.condition = rule == 0,
		.inhibitor = UINT32_MAX,
		.planned = BOOT_NEVER,
		.fired = 4,
		.cleared = 4,
	};
}

bool engine_local(const struct engine *engine, struct boot at, struct civil *ret)
{
	(void)engine, (void)at, (void)ret;
	return false;
}

void engine_counters(const struct engine *engine, struct engine_counters *ret)
{
	(void)engine;
	*ret = (struct engine_counters){.readings = 12345, .bad_readings = 6, .events = 8};
}

size_t ruleset_count(const struct ruleset *set)
{
	(void)set;
	return ARRAY_SIZE(fake_rules);
}

void ruleset_view(const struct ruleset *set, uint32_t rule, struct rule_view *ret)
{
	(void)set;
	*ret = fake_rules[rule];
}

bool ruleset_apart(const struct ruleset *set, uint32_t a, uint32_t b)
{
	(void)set, (void)a, (void)b;
	return false;
}

uint32_t ruleset_find(const struct ruleset *set, const char *name)
{
	(void)set;
	for (uint32_t i = 0; i < ARRAY_SIZE(fake_rules); i++) {
		if (strcmp(fake_rules[i].name, name) == 0)
			return i;
	}
	return UINT32_MAX;
}

size_t ruleset_engine_size(const struct ruleset *set)
{
	(void)set;
	return 4096;
}

/* explain.h */

static void fake_part(struct arena *arena, struct explain *ret, const char *field,
		      struct explain_node *tree, struct explain_node *decisive, size_t count)
{
	struct explain_part *part = &ret->parts[ret->part_count++];

	*part = (struct explain_part){.field = field, .text = tree->text, .tree = tree};
	part->decisive = arena_take(arena, count, sizeof(*part->decisive));
	while (part->decisive_count < count)
		part->decisive[part->decisive_count++] = decisive++;
}

/* Four nodes: a whole, two operands, and what the first of them reads. */
static void fake_explain_state(struct arena *arena, struct explain *ret)
{
	struct explain_node *nodes = arena_take(arena, 4, sizeof(*nodes));

	nodes[0] = (struct explain_node){
		.text = "boiler.temp > 80 degC and age(boiler.flow) < 90s",
		.value = value_bool(true),
		.decides = true,
		.kids = &nodes[1],
	};
	nodes[1] = (struct explain_node){
		.text = "boiler.temp > 80 degC",
		.value = value_bool(true),
		.decides = true,
		.compared = "81.3 degC > 80 degC",
		.kids = &nodes[3],
		.next = &nodes[2],
	};
	nodes[2] = (struct explain_node){
		.text = "age(boiler.flow) < 90s",
		.value = value_bool(true),
		.decides = true,
		.compared = "81 s < 1m30s",
		.changes_ns = 8800 * NSEC_PER_MSEC,
	};
	nodes[3] = (struct explain_node){
		.text = "boiler.temp",
		.value = value_number(81.3),
		.unit = "degC",
		.decides = true,
	};
	for (int i = 0; i < 4; i++) {
		nodes[i].point = i == 3 ? 0 : POINT_NONE;
		nodes[i].rule = UINT32_MAX;
		if (i != 2)
			nodes[i].changes_ns = -1;
	}
	fake_part(arena, ret, "when", nodes, &nodes[1], 2);
}

void explain_rule(struct arena *arena, const struct ruleset *set, const struct engine *engine,
		  uint32_t rule, struct boot now, struct explain *ret)
{
	struct explain_node *node;

	(void)set, (void)engine, (void)now;
	*ret = (struct explain){.condition = rule == 0, .latch = rule == 0};
	if (rule == 0) {
		fake_explain_state(arena, ret);
		return;
	}
	node = arena_take(arena, 1, sizeof(*node));
	*node = (struct explain_node){.text = "rises(door.bell)",
				      .value = value_bool(false),
				      .decides = true,
				      .point = POINT_NONE,
				      .rule = 0,
				      .changes_ns = -1};
	fake_part(arena, ret, "on", node, node, 1);
}

/* bus.h and webhook.h */

const char *bus_name(const struct bus *bus)
{
	return bus->name;
}

const char *bus_type(const struct bus *bus)
{
	return bus->type;
}

size_t bus_device_count(const struct bus *bus)
{
	(void)bus;
	return 1;
}

const char *bus_device_name(const struct bus *bus, size_t i)
{
	(void)i;
	return bus->device;
}

void bus_report(const struct bus *bus, struct report *ret_bus, struct report *ret_devices)
{
	*ret_bus = (struct report){.state = bus->state};
	strcpy(ret_bus->detail, bus->detail);
	report_count(ret_bus, "timeouts", "Requests without an answer in time.", 3);
	report_count(ret_bus, bus->type[0] == 'm' ? "exceptions" : "frames",
		     "Only one of the two has it: a \\ and\na second line.", 1);
	ret_devices[0] = (struct report){.state = bus->state};
	report_count(&ret_devices[0], "polls", "Polls.", 99);
}

void bus_readings(const struct bus *bus, uint64_t *ret_all, uint64_t *ret_bad)
{
	(void)bus;
	*ret_all = 10;
	*ret_bad = 4;
}

const char *mqtt_name(const struct mqtt *mqtt)
{
	return mqtt->name;
}

const char *mqtt_queue(const struct mqtt *mqtt)
{
	return mqtt->name;
}

size_t mqtt_waiting(const struct mqtt *mqtt)
{
	(void)mqtt;
	return 0;
}

void mqtt_report(const struct mqtt *mqtt, struct report *ret)
{
	(void)mqtt;
	*ret = (struct report){.state = "up"};
	report_count(ret, "states", "States published.", 7);
}

const char *webhook_name(const struct webhook *webhook)
{
	return webhook->name;
}

size_t webhook_waiting(const struct webhook *webhook)
{
	(void)webhook;
	return 2;
}

void webhook_view(const struct webhook *webhook, struct webhook_view *ret)
{
	(void)webhook;
	*ret = (struct webhook_view){
		.state = "backoff",
		.origin = "https://hooks.example.net",
		.last = "HTTP 503",
		.last_age_ns = 3 * NSEC_PER_SEC,
		.next_ns = 5 * NSEC_PER_SEC,
		.waiting = 2,
	};
}

void dispatch_stamp(const struct config *config, const char *boot_id, const struct event *event,
		    struct event_stamp *ret)
{
	(void)config;
	(void)event;
	*ret = (struct event_stamp){.boot_id = boot_id};
}

static unsigned probes_cancelled;

unsigned fake_probes_cancelled(void)
{
	return probes_cancelled;
}

/* The receiver of fire is well, that of clear does not answer, and others say nothing. */
struct webhook_probe *webhook_probe_start(const struct webhook *webhook,
					  const struct event *event,
					  const struct event_stamp *stamp,
					  webhook_probe_done *done, void *arg)
{
	static char probe;
	struct http_answer answer = {.status = 200, .body = "thanks\n", .body_len = 7};

	(void)webhook;
	(void)stamp;
	if (event->type == EVENT_CLEAR)
		answer = (struct http_answer){.failure = "Connection refused", .body = ""};
	if (event->type == EVENT_FIRE || event->type == EVENT_CLEAR)
		done(arg, "msg_test1", 12 * NSEC_PER_MSEC, &answer);
	return (struct webhook_probe *)(void *)&probe;
}

void webhook_probe_cancel(struct webhook_probe *probe)
{
	(void)probe;
	probes_cancelled++;
}

void webhook_report(const struct webhook *webhook, struct report *ret)
{
	(void)webhook;
	*ret = (struct report){.state = "up"};
	report_count(ret, "delivered", "Messages that the receiver took.", 40);
}
