/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns copies of settings. */
#include "io/mqtt_settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/subnet.h"

static const size_t texts[] = {
	offsetof(struct mqtt_settings, host), offsetof(struct mqtt_settings, client_id),
	offsetof(struct mqtt_settings, user), offsetof(struct mqtt_settings, password),
	offsetof(struct mqtt_settings, ca),   offsetof(struct mqtt_settings, cert),
	offsetof(struct mqtt_settings, key),  offsetof(struct mqtt_settings, will_topic),
	offsetof(struct mqtt_settings, will),
};

static const char *text_get(const struct mqtt_settings *settings, size_t i)
{
	const char *text;

	memcpy(&text, (const char *)settings + texts[i], sizeof(text));
	return text;
}

struct mqtt_settings *mqtt_settings_copy(const struct mqtt_settings *settings)
{
	struct mqtt_settings *copy = xcalloc(1, sizeof(*copy));

	*copy = *settings;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = text_get(settings, i);

		if (text != NULL)
			text = xstrdup(text);
		memcpy((char *)copy + texts[i], &text, sizeof(text));
	}
	if (settings->network_count > 0)
		copy->networks = memcpy(xcalloc(settings->network_count, sizeof(struct subnet)),
					settings->networks,
					settings->network_count * sizeof(struct subnet));
	return copy;
}

void mqtt_settings_free(struct mqtt_settings *settings)
{
	if (settings == NULL)
		return;
	if (settings->password != NULL)
		explicit_bzero((char *)settings->password, strlen(settings->password));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free((char *)text_get(settings, i));
	if (settings->network_count > 0)
		free((struct subnet *)settings->networks);
	free(settings);
}

static bool networks_equal(const struct mqtt_settings *a, const struct mqtt_settings *b)
{
	if (a->network_count != b->network_count)
		return false;
	for (size_t i = 0; i < a->network_count; i++) {
		if (a->networks[i].bits != b->networks[i].bits ||
		    memcmp(a->networks[i].bytes, b->networks[i].bytes,
			   sizeof(a->networks[i].bytes)) != 0)
			return false;
	}
	return true;
}

bool mqtt_settings_equal(const struct mqtt_settings *a, const struct mqtt_settings *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *one = text_get(a, i), *other = text_get(b, i);

		if (one != other && (one == NULL || other == NULL || strcmp(one, other) != 0))
			return false;
	}
	return networks_equal(a, b) && a->port == b->port && a->tls == b->tls &&
	       a->v5 == b->v5 && a->keepalive_s == b->keepalive_s &&
	       a->connect_ns == b->connect_ns && a->ack_ns == b->ack_ns &&
	       a->pause_min_ns == b->pause_min_ns && a->pause_max_ns == b->pause_max_ns;
}
