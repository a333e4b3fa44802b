/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is told of a webhook: to people, and to the metrics. */
#include "actions/webhook.h"
#include "actions/webhook_config.h"
#include "actions/webhook_inside.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/report.h"

static const char *report_state(const struct webhook *webhook, const struct outbox_report *box)
{
	if (box->parked)
		return "parked";
	if (box->held)
		return "backoff";
	return webhook->last == OUTBOX_DONE ? "up" : "rejected";
}

void webhook_view(const struct webhook *webhook, struct webhook_view *ret)
{
	struct boot now = clock_boot(), next;
	struct outbox_report box;

	outbox_report(webhook->outbox, &box);
	*ret = (struct webhook_view){
		.state = report_state(webhook, &box),
		.origin = webhook->config->origin,
		.last = webhook->failure[0] != '\0' ? webhook->failure : NULL,
		.last_age_ns = -1,
		.next_ns = -1,
		.waiting = box.waiting,
		.in_flight = box.in_flight,
		.dead = box.dead,
		.delivered = box.delivered,
		.is_signed = webhook->config->sign_count > 0,
	};
	if (ret->last != NULL)
		ret->last_age_ns = boot_diff(now, webhook->answered);
	if (box.waiting > 0 && !box.parked && outbox_deadline(webhook->outbox, &next))
		ret->next_ns = next.ns > now.ns ? boot_diff(next, now) : 0;
}

static void report_detail(const struct webhook *webhook, const struct outbox_report *box,
			  struct report *ret)
{
	struct boot next;
	struct str detail;

	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	if (webhook->last != OUTBOX_DONE)
		str_adds(&detail, webhook->failure);
	if (box->waiting > 0)
		str_addf(&detail, "%s%zu waiting", detail.len > 0 ? ", " : "", box->waiting);
	if (box->leaving > 0 && webhook->fallback != NULL)
		str_addf(&detail, "%s%zu given up and not with %s yet",
			 detail.len > 0 ? ", " : "", box->leaving,
			 webhook_name(webhook->fallback));
	if (box->parked)
		str_adds(&detail, ", nothing is sent until its url is changed");
	if (box->waiting > 0 && box->in_flight == 0 && !box->parked &&
	    outbox_deadline(webhook->outbox, &next)) {
		int64_t pause = boot_diff(next, clock_boot());

		str_adds(&detail, pause > 0 ? ", next try in " : ", next try now");
		if (pause > 0)
			str_add_duration(&detail, pause);
	}
}

void webhook_report(const struct webhook *webhook, struct report *ret)
{
	struct outbox_report box;

	outbox_report(webhook->outbox, &box);
	*ret = (struct report){.state = report_state(webhook, &box)};
	report_detail(webhook, &box, ret);
	report_count(ret, "messages", "Messages queued.", box.accepted);
	report_count(ret, "delivered", "Messages the receiver took.", box.delivered);
	report_count(ret, "tries", "Requests sent.", box.tries);
	report_count(ret, "failures", "Tries without an answer, or with 408, 425, 429, 5xx.",
		     box.failures);
	report_count(ret, "rejections", "Tries answered with 3xx or another 4xx.",
		     box.rejections);
	report_count(ret, "dead_letters", "Messages given up.", box.dead_letters);
	report_count(ret, "dead_letters_dropped", "Dead letters no longer kept.",
		     box.dead_dropped);
	report_count(ret, "expired", "Messages given up for their age.", box.expired);
	report_count(ret, "dropped_full", "Messages lost because the queue was full.",
		     box.dropped_full);
	report_count(ret, "dropped_size", "Messages lost because they were too large.",
		     box.dropped_size);
	report_count(ret, "headers_refused", "Headers left out for control characters.",
		     webhook->headers_refused);
}
