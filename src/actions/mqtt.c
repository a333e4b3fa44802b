/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the life of a broker's side: its parts, and what a reload hands over. */
#include "actions/mqtt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions/mqtt_config.h"
#include "actions/mqtt_core.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "io/http_route.h"
#include "io/loop.h"
#include "io/mqtt_settings.h"
#include "io/secret.h"
#include "model/event.h"

/* ---- secrets ---- */

static int read_secret(const struct mqtt *mqtt, const struct secret_dirs *dirs,
		       const char *name, char **ret, size_t *ret_len, struct error *err)
{
	struct error why;

	if (name == NULL)
		return 0;
	if (secret_read(dirs, name, ret, ret_len, &why) != 0)
		return error_set(err, why.code, "mqtt '%s': %s", mqtt->config->name, why.text);
	if (strlen(*ret) == *ret_len)
		return 0;
	return error_set(err, EINVAL, "mqtt '%s': the secret '%s' has a NUL inside",
			 mqtt->config->name, name);
}

/* What libmosquitto would only say when it connects; it reads them itself, each time anew. */
static int look_at_files(struct mqtt *mqtt, struct error *err)
{
	const struct mqtt_settings *set = &mqtt->config->settings;
	const char *const paths[] = {set->ca, set->cert, set->key};
	struct http_route_spec spec = {0};
	struct http_bytes *const places[] = {&spec.ca, &spec.cert, &spec.key};
	struct http_route *route = NULL;
	char *texts[ARRAY_SIZE(paths)] = {NULL};
	struct error why;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && rc == 0; i++) {
		if (paths[i] == NULL)
			continue;
		rc = secret_read_path(paths[i], &texts[i], &places[i]->len, &why);
		places[i]->bytes = texts[i];
	}
	if (rc == 0) {
		route = http_route_new(&spec, &why);
		rc = route != NULL ? 0 : -why.code;
	}
	if (rc == 0)
		tls_ends_read(&spec, &mqtt->ends);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		secret_free(texts[i], places[i]->len);
	http_route_unref(route);
	return rc == 0 ? 0
		       : error_set(err, -rc, "mqtt '%s': tls: %s", mqtt->config->name,
				   why.text);
}

static int make_client(struct mqtt *mqtt, struct loop *loop, const struct secret_dirs *dirs,
		       struct error *err)
{
	const struct mqtt_config *config = mqtt->config;
	struct mqtt_settings settings = config->settings;
	struct mqtt_client_host host = mqtt_hears(mqtt);
	char *user = NULL, *password = NULL;
	size_t user_len = 0, password_len = 0;
	int rc = read_secret(mqtt, dirs, config->user_secret, &user, &user_len, err);

	if (rc == 0)
		rc = read_secret(mqtt, dirs, config->password_secret, &password, &password_len,
				 err);
	if (user != NULL)
		settings.user = user;
	settings.password = password;
	if (rc == 0)
		mqtt->client = mqtt_client_new(loop, &settings, &host, 0);
	secret_free(user, user_len);
	secret_free(password, password_len);
	return rc;
}

/* ---- a broker's side ---- */

struct mqtt *mqtt_open(const struct mqtt_config *config, const struct mqtt_plant *plant,
		       struct loop *loop, struct outbox *outbox,
		       const struct secret_dirs *secrets, struct error *err)
{
	struct mqtt *mqtt = xcalloc(1, sizeof(*mqtt));

	mqtt->config = config;
	LIST_INIT(&mqtt->flights);
	str_init(&mqtt->publication.topic);
	str_init(&mqtt->publication.body);
	mqtt->owns_outbox = outbox == NULL;
	mqtt->outbox = outbox != NULL ? outbox : outbox_new(&config->policy, 0, NULL);
	mqtt->timer = loop_timer_new(loop, mqtt_turn, mqtt);
	mqtt->looks = loop_timer_new(loop, mqtt_look, mqtt);
	mqtt->wake = loop_defer_new(loop, mqtt_turn, mqtt);
	mqtt->retained = mqtt_retained_new(config, plant);
	if (look_at_files(mqtt, err) != 0 || make_client(mqtt, loop, secrets, err) != 0) {
		mqtt_close(mqtt);
		return NULL;
	}
	return mqtt;
}

/* Texts have come; or an operator ends all pauses, that of the connection as well. */
static void mqtt_ready(void *arg)
{
	struct mqtt *mqtt = arg;
	struct outbox_report box;

	outbox_report(mqtt->outbox, &box);
	if (!box.held)
		mqtt_client_wake(mqtt->client);
	mqtt_turn(mqtt);
}

void mqtt_start(struct mqtt *mqtt, const struct mqtt_host *host)
{
	mqtt->host = *host;
	mqtt->started = true;
	tls_ends_warn(&mqtt->ends, "mqtt", mqtt->config->name);
	outbox_set_policy(mqtt->outbox, &mqtt->config->policy);
	outbox_set_ready(mqtt->outbox, mqtt_ready, mqtt);
	mqtt_client_start(mqtt->client);
	mqtt_retained_anew(mqtt->retained);
	mqtt_look_later(mqtt, mqtt->config->points.every_ns);
	/* What is under way belongs to the turn of the loop that begins after this one. */
	loop_defer_ask(mqtt->wake);
}

void mqtt_close(struct mqtt *mqtt)
{
	struct mqtt_flight *flight;

	if (mqtt == NULL)
		return;
	if (mqtt->owns_outbox && mqtt_waiting(mqtt) > 0)
		log_warning("mqtt %s: closed with %zu %s not delivered and lost",
			    mqtt->config->name, mqtt_waiting(mqtt),
			    str_plural(mqtt_waiting(mqtt), "message", "messages"));
	mqtt_client_free(mqtt->client);
	while ((flight = LIST_FIRST(&mqtt->flights)) != NULL) {
		outbox_return(mqtt->outbox, flight->row);
		mqtt_flight_end(flight);
	}
	if (mqtt->started)
		outbox_set_ready(mqtt->outbox, NULL, NULL);
	loop_timer_free(mqtt->timer);
	loop_timer_free(mqtt->looks);
	loop_defer_free(mqtt->wake);
	if (mqtt->owns_outbox)
		outbox_free(mqtt->outbox);
	mqtt_retained_free(mqtt->retained);
	str_done(&mqtt->publication.topic);
	str_done(&mqtt->publication.body);
	free(mqtt);
}

static void adopt_client(struct mqtt *mqtt, struct mqtt *old)
{
	struct mqtt_client *spare = mqtt->client;
	struct mqtt_client_host host;
	struct mqtt_flight *flight;

	if (!mqtt_client_same(spare, old->client)) {
		/* First: two connections of one name would throw each other out. */
		while ((flight = LIST_FIRST(&old->flights)) != NULL) {
			outbox_return(old->outbox, flight->row);
			mqtt_flight_end(flight);
		}
		mqtt_client_free(old->client);
		old->client = NULL;
		return;
	}
	mqtt->client = old->client;
	old->client = spare;
	host = mqtt_hears(mqtt);
	mqtt_client_set_host(mqtt->client, &host);
	while ((flight = LIST_FIRST(&old->flights)) != NULL) {
		LIST_REMOVE(flight, link);
		LIST_INSERT_HEAD(&mqtt->flights, flight, link);
	}
}

void mqtt_adopt(struct mqtt *mqtt, struct mqtt *old)
{
	struct outbox *spare = mqtt->outbox;

	adopt_client(mqtt, old);
	if (old->owns_outbox) {
		mqtt->outbox = old->outbox;
		old->outbox = spare;
	}
	mqtt->last = old->last;
	memcpy(mqtt->failure, old->failure, sizeof(mqtt->failure));
	mqtt->states = old->states;
	mqtt->states_refused = old->states_refused;
	mqtt->expired_told = old->expired_told;
	mqtt->trouble = old->trouble;
	mqtt->rejected = old->rejected;
	mqtt->lost = old->lost;
	mqtt->dropped = old->dropped;
	mqtt->refused = old->refused;
	old->started = false;
	loop_timer_stop(old->timer);
	loop_timer_stop(old->looks);
	mqtt_retained_inherit(mqtt->retained, old->retained);
}

void mqtt_send(struct mqtt *mqtt, const struct event *event, const struct event_stamp *stamp)
{
	int rc;

	mqtt_tell_gap(mqtt);
	rc = mqtt_enqueue(mqtt, event, stamp);
	if (rc != 0)
		complaint_say(&mqtt->dropped, clock_mono(),
			      "mqtt %s: the message of rule %s is lost: %s", mqtt->config->name,
			      event->rule_name,
			      rc == -EMSGSIZE ? "it is too large" : "the queue is full");
	else
		complaint_end(&mqtt->dropped, "mqtt %s: messages are queued again",
			      mqtt->config->name);
	if (mqtt->started)
		mqtt_dispatch(mqtt);
}

void mqtt_alarm_moved(struct mqtt *mqtt, uint32_t rule)
{
	mqtt_retained_alarm(mqtt->retained, rule);
	loop_defer_ask(mqtt->wake);
}

void mqtt_wake(struct mqtt *mqtt)
{
	mqtt_client_wake(mqtt->client);
	outbox_wake(mqtt->outbox);
	mqtt_dispatch(mqtt);
}

const char *mqtt_name(const struct mqtt *mqtt)
{
	return mqtt->config->name;
}

const char *mqtt_queue(const struct mqtt *mqtt)
{
	return mqtt->config->queue;
}

size_t mqtt_waiting(const struct mqtt *mqtt)
{
	struct outbox_report box;

	outbox_report(mqtt->outbox, &box);
	return box.waiting;
}
