/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves reloads, which are logged with who asked. */
#include <jansson.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/config.h"
#include "daemon/config_diff.h"
#include "daemon/daemon.h"

enum { WHO_MAX = 64 };

static const char *call_who(const struct api_call *call, char room[WHO_MAX])
{
	struct str who;

	str_init_fixed(&who, room, WHO_MAX);
	peer_show(&call->peer, &who);
	return room;
}

static json_t *diags_json(const struct diags *diags, enum diag_level level)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diags_count(diags); i++) {
		const struct diag *diag = diags_get(diags, i);

		if (diag->level != level)
			continue;
		json_array_append_new(
			list,
			json_pack("{so so so so so}", "file", api_json_text(diag->file), "line",
				  diag->line > 0 ? json_integer(diag->line) : json_null(),
				  "column",
				  diag->column > 0 ? json_integer(diag->column) : json_null(),
				  "message", api_json_text(diag->message), "notes",
				  api_json_text(diag->notes)));
	}
	return list;
}

static void reload_refused(struct api_call *call, const struct reload_result *result)
{
	size_t errors = diags_errors(result->diags);
	struct str text;
	json_t *detail;

	str_init(&text);
	diags_render(result->diags, &text);
	detail = json_sprintf("%zu error%s; %s", errors, errors == 1 ? "" : "s",
			      result->dry_run ? "a reload would be refused"
					      : "nothing was changed, the configuration before "
						"it runs on");
	api_answer_problem(call, 422,
			   json_pack("{ss ss so so so}", "type",
				     "urn:gauged:problem:configuration", "title",
				     "The configuration was refused", "detail", detail,
				     "errors", diags_json(result->diags, DIAG_ERROR), "text",
				     api_json_text(text.s != NULL ? text.s : "")));
	str_done(&text);
}

static json_t *change_json(const struct config_change *change)
{
	static const char *const nouns[] = {"bus", "webhook", "mqtt", "point", "rule"};
	static const char *const verbs[] = {"added", "removed", "changed"};
	static const char *const keeps[] = {"nothing", "state", "everything"};
	json_t *json = json_pack("{ss so ss}", "what", nouns[change->noun], "name",
				 api_json_text(change->name), "change", verbs[change->verb]);
	json_t *fields;

	if (change->verb != CONFIG_CHANGED)
		return json;
	fields = json_array();
	for (size_t i = 0; i < change->field_count; i++)
		json_array_append_new(fields, api_json_text(change->fields[i]));
	json_object_set_new(json, "fields", fields);
	if (change->noun == CONFIG_RULE)
		json_object_set_new(json, "keeps", json_string(keeps[change->keep]));
	return json;
}

static json_t *counts_json(const struct config_diff *diff, enum config_noun noun)
{
	size_t added = diff->added[noun], removed = diff->removed[noun];
	size_t changed = diff->changed[noun];

	if (noun == CONFIG_BUS)
		return json_pack("{so so so}", "kept", api_json_count(diff->kept[noun]),
				 "opened", api_json_count(added + changed), "closed",
				 api_json_count(removed + changed));
	return json_pack("{so so so so}", "kept", api_json_count(diff->kept[noun]), "changed",
			 api_json_count(changed), "added", api_json_count(added), "removed",
			 api_json_count(removed));
}

static void reload_ended(void *arg, const struct reload_result *result)
{
	struct api_call *call = arg;

	if (!result->ok) {
		reload_refused(call, result);
	} else {
		const struct config_diff *diff = result->diff;
		json_t *changes = json_array();
		struct str text;

		str_init(&text);
		diags_render(result->diags, &text);
		for (size_t i = 0; i < diff->count; i++)
			json_array_append_new(changes, change_json(&diff->changes[i]));
		api_answer(call, 200,
			   json_pack("{sb so so so so so so so so}", "dry_run", result->dry_run,
				     "buses", counts_json(diff, CONFIG_BUS), "webhooks",
				     counts_json(diff, CONFIG_WEBHOOK), "mqtt",
				     counts_json(diff, CONFIG_MQTT), "points",
				     counts_json(diff, CONFIG_POINT), "rules",
				     counts_json(diff, CONFIG_RULE), "changes", changes,
				     "warnings", diags_json(result->diags, DIAG_WARNING),
				     "text", api_json_text(text.s != NULL ? text.s : "")));
		str_done(&text);
	}
	api_answered(call);
}

static void reload_forget(struct api_call *call)
{
	daemon_reload_forget(call->daemon, call);
}

/*
 * A dry run changes nothing, but is no reader's either: errors quote lines of files that group
 * gauged may not be allowed to read, and each costs as much as a reload.
 */
void api_reload(struct api_call *call)
{
	bool dry = api_param_is_on(call, "dry_run");
	char who[WHO_MAX];

	log_notice("control: %s asks %s", call_who(call, who),
		   dry ? "what a reload would change" : "for a reload");
	call->forget = reload_forget;
	if (dry)
		daemon_reload_try(call->daemon, reload_ended, call);
	else
		daemon_reload(call->daemon, reload_ended, call);
}
