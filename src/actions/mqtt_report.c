/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is told about a broker's side. */
#include <string.h>

#include "actions/mqtt_core.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/report.h"

static void report_detail(const struct mqtt *mqtt, const struct mqtt_client_report *client,
			  size_t waiting, struct report *ret)
{
	bool up = strcmp(client->state, "up") == 0;
	struct str detail;

	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	if (!up || mqtt->last != OUTBOX_DONE)
		str_adds(&detail, mqtt->failure);
	if (waiting > 0)
		str_addf(&detail, "%s%zu waiting", detail.len > 0 ? ", " : "", waiting);
	if (strcmp(client->state, "backoff") == 0) {
		str_adds(&detail, ", next try in ");
		str_add_duration(&detail, mono_diff(client->next, clock_mono()));
	}
}

static void report_counters(const struct mqtt *mqtt, const struct mqtt_client_report *client,
			    const struct outbox_report *box, struct report *ret)
{
	report_count(ret, "messages", "Messages queued.", box->accepted);
	report_count(ret, "delivered", "Messages the broker has acknowledged.", box->delivered);
	report_count(ret, "tries", "Tries to publish a message.", box->tries);
	report_count(ret, "failures", "Tries without a connection or an acknowledgement.",
		     box->failures);
	report_count(ret, "rejections", "Tries that the broker refused.", box->rejections);
	report_count(ret, "dead_letters", "Messages given up.", box->dead_letters);
	report_count(ret, "dead_letters_dropped", "Dead letters no longer kept.",
		     box->dead_dropped);
	report_count(ret, "expired", "Messages given up for their age.", box->expired);
	report_count(ret, "dropped_full", "Messages lost because the queue was full.",
		     box->dropped_full);
	report_count(ret, "dropped_size", "Messages lost because they were too large.",
		     box->dropped_size);
	report_count(ret, "states", "States of alarms, points and the like published.",
		     mqtt->states);
	report_count(ret, "states_refused", "States that the broker did not take.",
		     mqtt->states_refused);
	report_count(ret, "connects", "Connections made.", client->connects);
	report_count(ret, "connect_failures", "Attempts that made none.", client->failures);
	report_count(ret, "connection_losses", "Connections lost.", client->losses);
	report_count(ret, "ack_timeouts", "Connections ended for want of an acknowledgement.",
		     client->ack_timeouts);
	report_count(ret, "addresses_refused", "Addresses not connected to.",
		     client->refused_addresses);
}

void mqtt_report(const struct mqtt *mqtt, struct report *ret)
{
	struct mqtt_client_report client;
	struct outbox_report box;

	outbox_report(mqtt->outbox, &box);
	mqtt_client_report(mqtt->client, &client);
	*ret = (struct report){.state = client.state};
	if (strcmp(client.state, "stopped") == 0)
		ret->state = "connecting";
	else if (mqtt_client_up(mqtt->client) && mqtt->last != OUTBOX_DONE)
		ret->state = box.held ? "backoff" : "rejected";
	report_detail(mqtt, &client, box.waiting, ret);
	report_counters(mqtt, &client, &box, ret);
}
