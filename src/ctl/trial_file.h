/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A file of rule tests as it is written (gauged-rules(5), TESTS): which configuration, what
 * comes in, what is done, and what is expected when.
 */
#ifndef GAUGED_CTL_TRIAL_FILE_H
#define GAUGED_CTL_TRIAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diags;
struct option_table;
struct yaml_node;

/* What has to be so at an instant: a rule's state or condition, a point's value or quality. */
struct trial_expect {
	const struct yaml_node *node;
	int64_t at_ns;
	const char *rule, *point;
	int state, condition, quality; /* index of the choice; see has_ */
	bool has_state, has_condition, has_quality;
	const struct yaml_node *value;
};

/* What the rules have to do at an instant. */
struct trial_deed {
	const struct yaml_node *node;
	int64_t at_ns;
	const char *webhook, *mqtt, *rule;
	const struct yaml_node *write, *body;
	bool log;
	int event; /* enum event_type; see has_event */
	bool has_event;
};

/* What somebody does at an instant. */
struct trial_act {
	const struct yaml_node *node;
	int64_t at_ns;
	const char *reload;  /* "true", or the path of another configuration */
	const char *restart; /* "true", or the time that is in down_ns */
	int64_t down_ns;
	const char *clock_step; /* that is in step_ns */
	int64_t step_ns;
	const char *ack, *shelve, *unshelve;
	const struct yaml_node *webhook_reply; /* by webhook: a status, or none */
	int64_t for_ns; /* shelve, and webhook_reply, where 0 is for good */
};

struct trial {
	const char *name;
	const struct yaml_node *node;
	int64_t step_ns, until_ns;
	int64_t start_s; /* what the local clocks show then, in seconds since their 1970 */
	const struct yaml_node *inputs; /* a map; NULL: none */
	size_t expect_count, deed_count, act_count;
	const struct trial_expect *expects;
	const struct trial_deed *deeds;
	const struct trial_act *acts;
	const struct yaml_node *deeds_node; /* NULL: what the rules do is not looked at */
};

struct trial_file {
	const char *path, *directory;
	const char *config; /* path, relative to the file's directory */
	const struct yaml_node *config_node;
	size_t count;
	const struct trial *trials;
};

/* Everything in arena; false after errors were added. Reads the file. */
bool trial_file_read(struct arena *arena, const char *path, struct trial_file *ret,
		     struct diags *diags);

/* For the schema and the manual; ends in NULL. */
extern const struct option_table *const trial_option_tables[];

#endif
