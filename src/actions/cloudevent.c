/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the CloudEvents form of an event. */
#include "actions/cloudevent.h"

#include <ctype.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "base/str.h"
#include "model/event.h"

/* A URI reference (RFC 3986, section 4.1): a path, with the site as its last segment. */
static void add_source(const char *site, struct str *out)
{
	str_adds(out, "/gauged");
	if (site == NULL || site[0] == '\0')
		return;
	str_addc(out, '/');
	for (; *site != '\0'; site++) {
		unsigned char c = (unsigned char)*site;

		if ((c < 0x80 && isalnum(c)) || strchr("-_~", c) != NULL)
			str_addc(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

void cloudevent_add(const struct event_facts *facts, struct str *out)
{
	str_adds(out, "{\"specversion\":\"1.0\",\"id\":");
	event_text_add(facts->id, out);
	str_adds(out, ",\"source\":\"");
	add_source(facts->stamp->site, out);
	str_addf(out,
		 "\",\"type\":\"gauged.%s\",\"subject\":", event_type_name(facts->event->type));
	event_text_add(facts->event->rule_name, out);
	str_adds(out, ",\"time\":\"");
	event_time_add(facts->stamp->wall, out);
	str_adds(out, "\",\"datacontenttype\":\"application/json\",\"data\":");
	event_body_add(facts, out);
	str_addc(out, '}');
}
