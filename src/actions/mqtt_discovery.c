/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what Home Assistant is told, and its words for units. */
#include "actions/mqtt_discovery.h"

#include <ctype.h>
#include <string.h>

#include "actions/mqtt_config.h"
#include "actions/mqtt_message.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"

/* Only units that Home Assistant knows for the class: with others it refuses the entity. */
static const struct {
	const char *unit, *theirs, *device_class;
} units[] = {
	{"degC", "°C", "temperature"},
	{"degF", "°F", "temperature"},
	{"degK", "K", "temperature"},
	{"bar", "bar", "pressure"},
	{"mbar", "mbar", "pressure"},
	{"Pa", "Pa", "pressure"},
	{"hPa", "hPa", "pressure"},
	{"kPa", "kPa", "pressure"},
	{"psi", "psi", "pressure"},
	{"V", "V", "voltage"},
	{"mV", "mV", "voltage"},
	{"A", "A", "current"},
	{"mA", "mA", "current"},
	{"W", "W", "power"},
	{"kW", "kW", "power"},
	{"W*h", "Wh", "energy"},
	{"kW*h", "kWh", "energy"},
	{"MW*h", "MWh", "energy"},
	{"Hz", "Hz", "frequency"},
	{"kHz", "kHz", "frequency"},
	{"L/min", "L/min", "volume_flow_rate"},
	{"m^3/h", "m³/h", "volume_flow_rate"},
	{"m/s", "m/s", "speed"},
	{"km/h", "km/h", "speed"},
	{"lx", "lx", "illuminance"},
	{"kg", "kg", "weight"},
	{"g", "g", "weight"},
	{"s", "s", "duration"},
	{"min", "min", "duration"},
	{"h", "h", "duration"},
	{"d", "d", "duration"},
	{"mm", "mm", "distance"},
	{"cm", "cm", "distance"},
	{"m", "m", "distance"},
	{"km", "km", "distance"},
};

/* Home Assistant's: letters, digits, '_' and '-'. "a_b.c" and "a.b_c" stay two. */
static void add_object(const char *text, struct str *out)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '_')
			str_addc(out, '_');
		str_addc(out, c < 0x80 && (isalnum(c) || c == '-') ? (char)c : '_');
	}
}

static void add_topic(const struct mqtt_config *config, const char *component, const char *kind,
		      const char *name, struct str *topic)
{
	str_addf(topic, "%s/%s/", config->discovery, component);
	add_object(config->settings.client_id, topic);
	str_addf(topic, "/%s_", kind);
	add_object(name, topic);
	str_adds(topic, "/config");
}

static void add_member(const char *key, const char *text, struct str *body)
{
	if (body->s[body->len - 1] != '{')
		str_addc(body, ',');
	str_addf(body, "\"%s\":", key);
	mqtt_json_text(text, body);
}

static void add_built(const char *key, struct str *text, struct str *body)
{
	add_member(key, text->s, body);
	str_done(text);
}

/* What all entities have in common. */
static void add_entity(const struct mqtt_config *config, const char *kind, const char *name,
		       struct str *body)
{
	const char *site = config->site[0] != '\0' ? config->site : "gauged";
	struct str text;

	add_member("name", name, body);
	str_init(&text);
	str_addf(&text, "%s.%s.%s", config->settings.client_id, kind, name);
	add_built("unique_id", &text, body);
	str_init(&text);
	mqtt_status_topic(config, &text);
	add_built("availability_topic", &text, body);
	str_adds(body, ",\"device\":{");
	str_adds(body, "\"identifiers\":[");
	mqtt_json_text(config->settings.client_id, body);
	str_addc(body, ']');
	add_member("name", site, body);
	add_member("model", "gauged", body);
	add_member("sw_version", PACKAGE_VERSION, body);
	str_adds(body, "},\"origin\":{");
	add_member("name", "gauged", body);
	add_member("sw_version", PACKAGE_VERSION, body);
	str_addc(body, '}');
}

static void add_unit(const struct point *point, struct str *body)
{
	const char *unit = point->unit_text, *theirs = unit, *class = NULL;

	if (unit == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].unit, unit) != 0)
			continue;
		theirs = units[i].theirs;
		class = units[i].device_class;
	}
	add_member("unit_of_measurement", theirs, body);
	if (class != NULL)
		add_member("device_class", class, body);
	/* Energy counts up, which is another class of state; whether it does is not known. */
	if (class == NULL || strcmp(class, "energy") != 0)
		add_member("state_class", "measurement", body);
}

void mqtt_discovery_point(const struct mqtt_config *config, const struct point *point,
			  struct str *topic, struct str *body)
{
	bool binary = point->kind == VALUE_BOOL;
	struct str text;

	add_topic(config, binary ? "binary_sensor" : "sensor", "point", point->name, topic);
	str_addc(body, '{');
	add_entity(config, "point", point->name, body);
	str_init(&text);
	mqtt_point_topic(config, point->name, &text);
	add_member("state_topic", text.s, body);
	add_built("json_attributes_topic", &text, body);
	/* "None" is Home Assistant's word for a state that is not known. */
	add_member("value_template",
		   binary ? "{{ 'None' if value_json.value is none else 'ON' if "
			    "value_json.value else 'OFF' }}"
			  : "{{ value_json.value }}",
		   body);
	if (point->kind == VALUE_NUMBER)
		add_unit(point, body);
	str_addc(body, '}');
}

void mqtt_discovery_alarm(const struct mqtt_config *config, const char *rule, struct str *topic,
			  struct str *body)
{
	struct str text;

	add_topic(config, "binary_sensor", "alarm", rule, topic);
	str_addc(body, '{');
	add_entity(config, "alarm", rule, body);
	str_init(&text);
	mqtt_alarm_topic(config, rule, &text);
	add_member("state_topic", text.s, body);
	add_built("json_attributes_topic", &text, body);
	add_member("device_class", "problem", body);
	add_member("value_template", "{{ 'ON' if value_json.firing else 'OFF' }}", body);
	str_addc(body, '}');
}
