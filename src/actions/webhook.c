/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way of a message: from an event to the outbox, and from there to the receiver. */
#include "actions/webhook.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "actions/action.h"
#include "actions/envelope.h"
#include "actions/event_body.h"
#include "actions/keyring.h"
#include "actions/signature.h"
#include "actions/template.h"
#include "actions/webhook_config.h"
#include "actions/webhook_inside.h"
#include "actions/webhook_message.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "io/backoff.h"
#include "io/http_client.h"
#include "io/http_route.h"
#include "io/loop.h"
#include "model/event.h"

/* Bytes that a queue has to have left for the message that tells of a gap. */
enum { GAP_ROOM = 4096 };

/* How often a fallback that had no room is asked again. */
#define FALLBACK_PAUSE (1 * NSEC_PER_SEC)

/* One try of one message. */
struct flight {
	LIST_ENTRY(flight) link;
	struct webhook *webhook;
	struct outbox_row *row;
	struct http_request *request;
	struct envelope envelope;
};

static void dispatch(struct webhook *webhook);
static void tell_gap(struct webhook *webhook);

/* ---- secrets ---- */

static int load_keys(struct webhook *webhook, const struct secret_dirs *dirs, struct error *err)
{
	const struct webhook_config *config = webhook->config;

	for (size_t i = 0; i < config->sign_count; i++) {
		const char *name = config->sign[i], *text;
		struct error why;
		size_t len;
		int rc = keyring_add(webhook->secrets, dirs, name, err);

		if (rc != 0)
			return rc;
		text = keyring_find(webhook->secrets, name, &len);
		rc = signature_key_parse(text, len, &webhook->keys[i], &why);
		if (rc != 0)
			return error_set(err, -rc, "the secret '%s': %s", name, why.text);
	}
	return 0;
}

static int load_secrets(struct webhook *webhook, const struct secret_dirs *dirs,
			struct error *err)
{
	const struct webhook_config *config = webhook->config;
	struct keyring *secrets = webhook->secrets;
	struct error why;
	int rc = keyring_add_template(secrets, dirs, config->url, true, &why);

	for (size_t i = 0; rc == 0 && i < config->header_count; i++)
		rc = keyring_add_template(secrets, dirs, config->headers[i].value, true, &why);
	if (rc == 0 && config->body != NULL)
		rc = keyring_add_template(secrets, dirs, config->body, false, &why);
	if (rc == 0)
		rc = load_keys(webhook, dirs, &why);
	if (rc == 0) {
		webhook->route =
			webhook_route_open(&config->route, secrets, dirs, &webhook->ends, &why);
		rc = webhook->route != NULL ? 0 : -why.code;
	}
	return rc == 0 ? 0 : error_set(err, -rc, "webhook '%s': %s", config->name, why.text);
}

/* ---- one try ---- */

static void flight_free(struct flight *flight)
{
	LIST_REMOVE(flight, link);
	http_request_cancel(flight->request);
	envelope_done(&flight->envelope);
	free(flight);
}

static uint64_t webhook_expired(const struct webhook *webhook)
{
	struct outbox_report box;

	outbox_report(webhook->outbox, &box);
	return box.expired;
}

/* What the operator needs to know about a try that did not deliver. */
static void say_failure(struct webhook *webhook, const struct outbox_row *row,
			enum outbox_verdict verdict, bool trouble)
{
	const char *name = webhook->config->name;
	struct mono now = clock_mono();
	struct outbox_report box;
	struct boot next;
	struct str pause;
	char room[64];

	outbox_report(webhook->outbox, &box);
	str_init_fixed(&pause, room, sizeof(room));
	if (outbox_deadline(webhook->outbox, &next))
		str_add_duration(&pause, boot_diff(next, clock_boot()));
	switch (verdict) {
	case OUTBOX_DONE:
		return;
	case OUTBOX_PARKED:
		log_error("webhook %s: %s answered 410 Gone: parked with %zu %s, nothing "
			  "is sent until its url is changed",
			  name, webhook->config->origin, webhook_waiting(webhook),
			  str_plural(webhook_waiting(webhook), "message", "messages"));
		return;
	case OUTBOX_DEAD:
		webhook->expired_told = webhook_expired(webhook);
		complaint_say(&webhook->lost, now,
			      "webhook %s: a message is given up (%s), the next one goes; "
			      "given up so far: %ju",
			      name, webhook->failure, (uintmax_t)box.dead_letters);
		return;
	case OUTBOX_RETRY:
		if (trouble)
			complaint_say(&webhook->trouble, now,
				      "webhook %s: %s: %s, %zu waiting, next try in %s", name,
				      webhook->config->origin, webhook->failure,
				      webhook_waiting(webhook), pause.s);
		else
			complaint_say(&webhook->rejected, now,
				      "webhook %s: message %s is rejected (%s), try %u of %d, "
				      "next in %s",
				      name, row->identity.id, webhook->failure, row->rejections,
				      OUTBOX_REJECTIONS, pause.s);
		return;
	}
}

/* Apart from the rejections: the last of them must not hide that messages were lost. */
static void say_lost(struct webhook *webhook)
{
	struct outbox_report box;

	outbox_report(webhook->outbox, &box);
	complaint_end(&webhook->lost,
		      "webhook %s: no message is given up any more; given up so far: %ju",
		      webhook->config->name, (uintmax_t)box.dead_letters);
}

static void flight_done(void *arg, const struct http_answer *answer)
{
	struct flight *flight = arg;
	struct webhook *webhook = flight->webhook;
	struct outbox_row *row = flight->row;
	unsigned rejections = row->rejections;

	flight->request = NULL;
	flight_free(flight);
	if (answer->status == 0)
		snprintf(webhook->failure, sizeof(webhook->failure), "%s", answer->failure);
	else
		snprintf(webhook->failure, sizeof(webhook->failure), "HTTP %d", answer->status);
	webhook->answered = clock_boot();
	webhook->last = outbox_answer(webhook->outbox, row, answer->status,
				      answer->retry_after_ns, clock_boot());
	if (webhook->last == OUTBOX_DONE) {
		complaint_end(&webhook->trouble, "webhook %s: %s takes messages again",
			      webhook->config->name, webhook->config->origin);
		complaint_end(&webhook->rejected, "webhook %s: messages are accepted again",
			      webhook->config->name);
		say_lost(webhook);
		tell_gap(webhook);
	} else {
		say_failure(webhook, row, webhook->last,
			    webhook->last == OUTBOX_RETRY && row->rejections == rejections);
	}
	dispatch(webhook);
}

int webhook_seal(const struct webhook *webhook, const char *id,
		 const struct outbox_message *message, struct envelope *ret)
{
	struct envelope_seal seal = {
		.keyring = webhook->secrets,
		.body_context = webhook->config->body_context,
		.key_count = webhook->config->sign_count,
		.keys = webhook->keys,
	};

	return envelope_init(ret, &seal, id, message, clock_wall());
}

struct http_request *webhook_call(const struct webhook *webhook,
				  const struct envelope *envelope, http_done *done, void *arg)
{
	struct http_call call = {
		.method = webhook->config->method,
		.url = envelope->url.s,
		.headers = envelope->headers,
		.body = envelope->body.s != NULL ? envelope->body.s : "",
		.body_len = envelope->body.len,
		.timeout_ns = webhook->config->timeout_ns,
		.route = webhook->route,
	};

	return http_client_start(webhook->client, &call, done, arg);
}

/*
 * A secret that a queued message needs may be gone after a reload. The try then counts as
 * trouble of the receiver: the message waits, and is told about.
 */
static void flight_start(struct webhook *webhook, struct outbox_row *row)
{
	struct flight *flight = xcalloc(1, sizeof(*flight));

	flight->webhook = webhook;
	flight->row = row;
	LIST_INSERT_HEAD(&webhook->flights, flight, link);
	if (webhook_seal(webhook, row->identity.id, &row->message, &flight->envelope) != 0) {
		flight_free(flight);
		snprintf(webhook->failure, sizeof(webhook->failure),
			 "a secret that the message needs is no longer configured");
		webhook->answered = clock_boot();
		webhook->last = outbox_answer(webhook->outbox, row, 0, -1, clock_boot());
		say_failure(webhook, row, webhook->last, true);
		return;
	}
	flight->request = webhook_call(webhook, &flight->envelope, flight_done, flight);
}

/* ---- messages ---- */

typedef int take_fn(struct outbox *outbox, const struct outbox_identity *identity,
		    const struct outbox_message *message, struct boot now);

/* body: see webhook_message_render(). take: outbox_add() or outbox_offer(). */
static int enqueue(struct webhook *webhook, const struct event *event,
		   const struct event_stamp *stamp, const struct outbox_message *body,
		   take_fn *take)
{
	struct outbox_identity identity;
	struct event_facts facts = {event, stamp, identity.id, 0};
	struct webhook_message message;
	int rc;

	outbox_identify(webhook->outbox, &identity);
	facts.seq = identity.seq;
	webhook_message_render(&message, webhook->config, &facts, body);
	rc = take(webhook->outbox, &identity, &message.message, clock_boot());
	if (message.headers_refused > 0 && rc != -EAGAIN) {
		webhook->headers_refused += message.headers_refused;
		complaint_say(
			&webhook->refused, clock_mono(),
			"webhook %s: %u %s would have control characters for rule %s, the "
			"message goes without",
			webhook->config->name, message.headers_refused,
			str_plural(message.headers_refused, "header", "headers"),
			event->rule_name);
	}
	if (rc == 0)
		log_debug("webhook %s: %s is number %ju: %s", webhook->config->name,
			  identity.id, (uintmax_t)identity.seq, message.what.s);
	webhook_message_done(&message);
	return rc;
}

/* As soon as there is room for it, and before what comes later. */
static void tell_gap(struct webhook *webhook)
{
	struct event_stamp stamp;
	struct outbox_gap gap;
	struct event event;
	struct str text;
	char room[256];

	if (webhook->host.stamp == NULL || !outbox_gap(webhook->outbox, &gap) ||
	    !outbox_has_room(webhook->outbox, GAP_ROOM))
		return;
	str_init_fixed(&text, room, sizeof(room));
	webhook_gap_event(&gap, webhook->config->name, &text, &event);
	event.at = clock_boot();
	webhook->host.stamp(webhook->host.arg, &event, &stamp);
	outbox_gap_told(webhook->outbox);
	if (enqueue(webhook, &event, &stamp, NULL, outbox_add) != 0)
		outbox_set_gap(webhook->outbox, &gap);
}

/* As the event that it was, as far as that is known. */
static int hand_over(struct webhook *webhook, const struct outbox_row *row)
{
	struct webhook *to = webhook->fallback;
	char from[128];
	struct webhook_what what;
	struct event_stamp stamp;
	bool same = to->config->body == NULL && webhook->config->body == NULL &&
		    to->config->builtin == webhook->config->builtin &&
		    strcmp(to->config->content_type, webhook->config->content_type) == 0;

	snprintf(from, sizeof(from), "not delivered to %s", webhook->config->name);
	webhook_what_parse(row->message.what, from, &what);
	what.event.at = clock_boot();
	to->host.stamp(to->host.arg, &what.event, &stamp);
	return enqueue(to, &what.event, &stamp, same ? &row->message : NULL, outbox_offer);
}

static void say_handed_over(struct webhook *webhook, int rc)
{
	const char *name = webhook->config->name, *to = webhook->fallback->config->name;

	if (rc == 0)
		complaint_end(&webhook->stuck, "webhook %s: %s has room again", name, to);
	else if (rc == -EAGAIN)
		complaint_say(&webhook->stuck, clock_mono(),
			      "webhook %s: %s has no room for what is given up here, which "
			      "waits until it has",
			      name, to);
	else
		complaint_say(&webhook->lost, clock_mono(),
			      "webhook %s: a message is too large for %s as well, it is a "
			      "dead letter",
			      name, to);
}

/* What is given up goes on to the fallback. True: it has no room for it now. */
static bool pass_on(struct webhook *webhook)
{
	struct webhook *to = webhook->fallback;
	struct outbox_row *row;
	bool passed = false;

	while (to->host.stamp != NULL && (row = outbox_leaving(webhook->outbox)) != NULL) {
		int rc = hand_over(webhook, row);

		say_handed_over(webhook, rc);
		if (rc == -EAGAIN)
			break;
		if (rc == 0)
			outbox_left(webhook->outbox, row);
		else
			outbox_refused(webhook->outbox, row);
		passed = true;
	}
	/* One that is started after this one takes it in the next turn. */
	if (to->host.stamp == NULL)
		loop_defer_ask(webhook->wake);
	else if (passed)
		loop_defer_ask(to->wake);
	return to->host.stamp != NULL && outbox_leaving(webhook->outbox) != NULL;
}

static void say_expired(struct webhook *webhook)
{
	uint64_t more = webhook_expired(webhook) - webhook->expired_told;

	if (more == 0)
		return;
	complaint_say(&webhook->lost, clock_mono(),
		      "webhook %s: %ju %s too old to be tried again, %s%s",
		      webhook->config->name, (uintmax_t)more,
		      str_plural(more, "message was", "messages were"),
		      webhook->fallback != NULL ? "sent to " : "given up",
		      webhook->fallback != NULL ? webhook->fallback->config->name : "");
	webhook->expired_told = webhook_expired(webhook);
}

static void dispatch(struct webhook *webhook)
{
	struct boot now = clock_boot(), next = BOOT_NEVER, due;
	struct outbox_row *row;

	while ((row = outbox_take(webhook->outbox, now)) != NULL)
		flight_start(webhook, row);
	if (webhook->fallback != NULL && pass_on(webhook))
		next = boot_add(now, FALLBACK_PAUSE);
	say_expired(webhook);
	if (outbox_deadline(webhook->outbox, &due) && due.ns > now.ns && due.ns < next.ns)
		next = due;
	/* A backoff counts waking time: after a suspend the network needs time as well. */
	if (next.ns != BOOT_NEVER.ns)
		loop_timer_start(webhook->timer,
				 backoff_wake(mono_add(clock_mono(), boot_diff(next, now)),
					      boot_diff(next, now)));
	else
		loop_timer_stop(webhook->timer);
}

static void on_timer(void *arg)
{
	dispatch(arg);
}

/* ---- the webhook ---- */

struct webhook *webhook_open(const struct webhook_config *config, struct http_client *client,
			     struct loop *loop, struct outbox *outbox,
			     const struct secret_dirs *secrets, struct error *err)
{
	struct webhook *webhook = xcalloc(1, sizeof(*webhook));

	webhook->config = config;
	webhook->client = client;
	webhook->secrets = keyring_new();
	LIST_INIT(&webhook->flights);
	webhook->owns_outbox = outbox == NULL;
	webhook->outbox = outbox != NULL ? outbox : outbox_new(&config->policy, 0, NULL);
	webhook->timer = loop_timer_new(loop, on_timer, webhook);
	webhook->wake = loop_defer_new(loop, on_timer, webhook);
	if (load_secrets(webhook, secrets, err) != 0) {
		webhook_close(webhook);
		return NULL;
	}
	return webhook;
}

static bool webhook_trusts_system(const struct webhook *webhook)
{
	const struct webhook_pem *ca = &webhook->config->route.ca;

	return ca->secret == NULL && ca->path == NULL &&
	       strncmp(webhook->config->origin, "https:", 6) == 0;
}

void webhook_start(struct webhook *webhook, const struct webhook_host *host,
		   struct webhook *fallback)
{
	webhook->host = *host;
	webhook->fallback = fallback;
	webhook->started = true;
	tls_ends_warn(&webhook->ends, "webhook", webhook->config->name);
	if (webhook_trusts_system(webhook))
		http_client_prime(webhook->client);
	outbox_set_policy(webhook->outbox, &webhook->config->policy);
	outbox_set_ready(webhook->outbox, on_timer, webhook);
	dispatch(webhook);
}

void webhook_close(struct webhook *webhook)
{
	struct flight *flight;

	if (webhook == NULL)
		return;
	/* Whoever comes back to the queue, and whoever looks into it, finds it all there. */
	if (webhook->started)
		outbox_stay(webhook->outbox);
	if (webhook->owns_outbox && webhook_waiting(webhook) > 0)
		log_warning("webhook %s: closed with %zu %s not delivered and lost",
			    webhook->config->name, webhook_waiting(webhook),
			    str_plural(webhook_waiting(webhook), "message", "messages"));
	while ((flight = LIST_FIRST(&webhook->flights)) != NULL) {
		outbox_return(webhook->outbox, flight->row);
		flight_free(flight);
	}
	if (webhook->started) {
		outbox_set_ready(webhook->outbox, NULL, NULL);
		/* Whoever comes back to the queue may have another receiver. */
		outbox_unpark(webhook->outbox);
	}
	loop_timer_free(webhook->timer);
	loop_defer_free(webhook->wake);
	if (webhook->owns_outbox)
		outbox_free(webhook->outbox);
	http_client_forget(webhook->client, webhook->route);
	http_route_unref(webhook->route);
	keyring_free(webhook->secrets);
	explicit_bzero(webhook->keys, sizeof(webhook->keys));
	free(webhook);
}

void webhook_adopt(struct webhook *webhook, struct webhook *old)
{
	struct outbox *spare = webhook->outbox;
	struct flight *flight;

	if (old->owns_outbox) {
		webhook->outbox = old->outbox;
		old->outbox = spare;
	}
	while ((flight = LIST_FIRST(&old->flights)) != NULL) {
		LIST_REMOVE(flight, link);
		flight->webhook = webhook;
		LIST_INSERT_HEAD(&webhook->flights, flight, link);
	}
	webhook->last = old->last;
	memcpy(webhook->failure, old->failure, sizeof(webhook->failure));
	webhook->answered = old->answered;
	webhook->headers_refused = old->headers_refused;
	webhook->expired_told = old->expired_told;
	webhook->trouble = old->trouble;
	webhook->rejected = old->rejected;
	webhook->lost = old->lost;
	webhook->dropped = old->dropped;
	webhook->refused = old->refused;
	webhook->stuck = old->stuck;
	old->started = false;
	loop_timer_stop(old->timer);
	if (!yaml_equal(webhook->config->url_node, old->config->url_node))
		outbox_unpark(webhook->outbox);
}

void webhook_render(const struct webhook *webhook, const struct event_facts *facts,
		    struct webhook_message *ret)
{
	webhook_message_render(ret, webhook->config, facts, NULL);
}

void webhook_send(struct webhook *webhook, const struct event *event,
		  const struct event_stamp *stamp)
{
	int rc;

	tell_gap(webhook);
	rc = enqueue(webhook, event, stamp, NULL, outbox_add);
	if (rc != 0)
		complaint_say(&webhook->dropped, clock_mono(),
			      "webhook %s: the message of rule %s is lost: %s",
			      webhook->config->name, event->rule_name,
			      rc == -EMSGSIZE ? "it is too large" : "the queue is full");
	else
		complaint_end(&webhook->dropped, "webhook %s: messages are queued again",
			      webhook->config->name);
	if (webhook->started)
		dispatch(webhook);
}

void webhook_retry(struct webhook *webhook)
{
	outbox_unpark(webhook->outbox);
	dispatch(webhook);
}

void webhook_wake(struct webhook *webhook)
{
	outbox_wake(webhook->outbox);
	dispatch(webhook);
}

const char *webhook_name(const struct webhook *webhook)
{
	return webhook->config->name;
}

void webhook_outbox(const struct webhook *webhook, struct outbox_report *ret)
{
	outbox_report(webhook->outbox, ret);
}

size_t webhook_waiting(const struct webhook *webhook)
{
	struct outbox_report box;

	outbox_report(webhook->outbox, &box);
	return box.waiting;
}
