/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl schema: what may be written, as JSON Schema for editors. Needs no daemon. */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>

#include "base/str.h"
#include "conf/option.h"
#include "conf/schema.h"
#include "ctl/ctl.h"
#include "ctl/trial_file.h"
#include "daemon/config_schema.h"

/* More than enough for 0.001, and fewer digits than 0.1 is wrong in. */
enum { DIGITS = 15 };

/* The first table is the file's; the others stand in it. */
static void add_tests(struct str *out)
{
	schema_begin(out, "Tests of gauged's rules, see gauged-rules(5)",
		     trial_option_tables[0]);
	for (size_t i = 1; trial_option_tables[i] != NULL; i++)
		schema_add_table(out, trial_option_tables[i]);
	schema_end(out);
}

static enum ctl_status run(const struct ctl *ctl)
{
	size_t flags = JSON_REAL_PRECISION(DIGITS);
	struct str text;
	json_t *schema;
	int rc;

	str_init(&text);
	if ((ctl->options & CTL_TESTS) != 0)
		add_tests(&text);
	else
		config_schema(&text);
	schema = json_loads(text.s, JSON_REJECT_DUPLICATES, NULL);
	str_done(&text);
	assert(schema != NULL);
	rc = json_dumpf(schema, stdout, flags | (ctl->json ? JSON_COMPACT : JSON_INDENT(2)));
	json_decref(schema);
	putchar('\n');
	return rc == 0 ? CTL_OK : CTL_NO;
}

const struct ctl_command cmd_schema = {
	.name = "schema",
	.usage = "[--tests]",
	.summary = "what may stand in a configuration, for editors",
	.help = "Prints the JSON Schema (draft 2020-12) of a configuration file, or of a file of "
		"rule\ntests. Editors complete and check with it; gaugectl check sees more. Needs "
		"no daemon.\n",
	.options = CTL_TESTS,
	.run = run,
};
