/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl test: runs files of rule tests, on a clock of their own and without a daemon. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "rules/ruleset.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"
#include "ctl/trial_file.h"
#include "ctl/trial_junit.h"
#include "ctl/trial_run.h"
#include "daemon/config.h"

enum { DIAGS_MAX = 100 };

struct session {
	const struct ctl *ctl;
	struct junit *junit; /* NULL: none is wanted */
	size_t tests, failed, broken;
};

/* What one test came to; text says why it failed, or is "". */
static void show_test(struct session *session, const char *path, const char *name, bool good,
		      const char *text)
{
	const struct ctl *ctl = session->ctl;

	session->tests++;
	session->failed += !good;
	junit_case(session->junit, path, name, good ? NULL : text);
	if (ctl->json) {
		remote_print(json_pack("{ss ss sb ss}", "file", path, "test", name, "good",
				       good, "text", text));
		return;
	}
	look_print(ctl, good ? LOOK_GOOD : LOOK_BAD, good ? "ok  " : "FAIL");
	printf("  %s\n", name);
	fputs(text, stdout);
}

static void run_tests(struct session *session, const struct trial_file *file,
		      struct config *config, struct trial_coverage *coverage)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct trial *trial = &file->trials[i];
		struct diags *diags = diags_new(DIAGS_MAX);
		bool good = trial_run(file, trial, config, coverage, diags);
		struct str text;

		str_init(&text);
		diags_render(diags, &text);
		show_test(session, file->path, trial->name, good, text.s != NULL ? text.s : "");
		str_done(&text);
		diags_free(diags);
	}
}

/* Rules whose condition was never true or never false: what nobody has tested. */
static void show_coverage(const struct session *session, const char *path,
			  const struct config *config, const struct trial_coverage *coverage)
{
	size_t count = ruleset_count(config->rules), whole = 0, rules = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct rule_view view;
		const char *never = !coverage[i].was_true && !coverage[i].was_false
					    ? "true or false"
				    : !coverage[i].was_true ? "true"
							    : "false";

		ruleset_view(config->rules, i, &view);
		if (view.instant)
			continue;
		rules++;
		if (coverage[i].was_true && coverage[i].was_false) {
			whole++;
			continue;
		}
		if (session->ctl->json)
			remote_print(json_pack("{ss ss ss}", "file", path, "rule", view.name,
					       "never", never));
		else
			printf("      never %s: %s ('%s')\n", never, view.name, view.condition);
	}
	if (!session->ctl->json)
		printf("%s: %zu of %zu conditions were both true and false\n", path, whole,
		       rules);
}

static void show_broken(struct session *session, const char *path, struct diags *diags)
{
	struct str text;

	session->broken++;
	str_init(&text);
	diags_render(diags, &text);
	junit_case(session->junit, path, "the file can be read", text.s != NULL ? text.s : "");
	if (session->ctl->json)
		remote_print(json_pack("{ss sb ss}", "file", path, "good", false, "text",
				       text.s != NULL ? text.s : ""));
	else
		fputs(text.s != NULL ? text.s : "", stdout);
	str_done(&text);
}

static struct config *load_config(const struct trial_file *file, struct arena *arena,
				  struct diags *diags)
{
	const char *path = arena_printf(
		arena, "%s%s", file->config[0] == '/' ? "" : file->directory, file->config);

	return config_load(path, false, diags);
}

static void run_file(struct session *session, const char *path)
{
	struct diags *diags = diags_new(DIAGS_MAX);
	struct arena *arena = arena_new();
	struct trial_coverage *coverage;
	struct trial_file file;
	struct config *config;

	if (!session->ctl->json)
		printf("%s\n", path);
	config = trial_file_read(arena, path, &file, diags) ? load_config(&file, arena, diags)
							    : NULL;
	if (config == NULL) {
		show_broken(session, path, diags);
	} else {
		coverage = xcalloc(ruleset_count(config->rules) + 1, sizeof(*coverage));
		run_tests(session, &file, config, coverage);
		if ((session->ctl->options & CTL_COVERAGE) != 0)
			show_coverage(session, path, config, coverage);
		free(coverage);
		config_unref(config);
	}
	diags_free(diags);
	arena_free(arena);
}

static enum ctl_status run_test(const struct ctl *ctl)
{
	const char *junit = ctl_value(ctl, CTL_JUNIT);
	struct session session = {.ctl = ctl, .junit = junit != NULL ? junit_new() : NULL};
	bool written;

	for (size_t i = 0; i < ctl->count; i++)
		run_file(&session, ctl->args[i]);
	if (!ctl->json) {
		printf("%zu test%s, %zu failed", session.tests, session.tests == 1 ? "" : "s",
		       session.failed);
		if (session.broken > 0)
			printf(", %zu file%s could not be run", session.broken,
			       session.broken == 1 ? "" : "s");
		putchar('\n');
	}
	written = junit_write(session.junit, junit);
	return session.failed == 0 && session.broken == 0 && written ? CTL_OK : CTL_NO;
}

const struct ctl_command cmd_test = {
	.name = "test",
	.usage = "FILE...",
	.summary = "test rules offline, on a clock of their own",
	.help = "Each FILE names a configuration and says what comes in, and what has to come of\n"
		"it; see TESTS in gauged-rules(5). Nothing is opened, hours pass in a moment.\n"
		"A test that fails shows the place, what is otherwise, and what the rule reads.\n"
		"Exit status: 0 all passed, 1 one did not or could not be run.\n",
	.options = CTL_JUNIT | CTL_COVERAGE,
	.least = 1,
	.most = 1000,
	.run = run_test,
};
