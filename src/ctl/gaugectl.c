/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the command line of gaugectl: options, and the table of subcommands. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ctl/ctl.h"

#define DEFAULT_SOCKET "/run/gauged/control.sock"

static const struct ctl_command *const commands[] = {
	&cmd_status, &cmd_points, &cmd_rules,	&cmd_explain,  &cmd_watch,   &cmd_outputs,
	&cmd_write,  &cmd_ack,	  &cmd_shelve,	&cmd_unshelve, &cmd_reload,  &cmd_check,
	&cmd_buses,  &cmd_queue,  &cmd_health,	&cmd_probe,    &cmd_test,    &cmd_schema,
	&cmd_record, &cmd_replay, &cmd_history, &cmd_webhooks, &cmd_webhook,
};

struct command_line {
	struct ctl ctl;
	const struct ctl_command *command;
	bool help, version;
};

static const struct {
	const char *name;
	enum ctl_option option;
	const char *value; /* what stands behind it; NULL: nothing */
	const char *help;
} extra_options[] = {
	{"--events", CTL_EVENTS, NULL, "only events of rules"},
	{"--readings", CTL_READINGS, NULL, "only readings of points"},
	{"--coverage", CTL_COVERAGE, NULL, "which conditions no test made true, or false"},
	{"--junit", CTL_JUNIT, "FILE", "write the results as JUnit XML"},
	{"--dry-run", CTL_DRY_RUN, NULL, "what would change; nothing does"},
	{"--output", CTL_OUTPUT, "FILE",
	 "write to FILE, which must not be there yet; also -o FILE"},
	{"--for", CTL_FOR, "TIME", "for how long, such as 10m"},
	{"--reason", CTL_REASON, "TEXT", "why, for the log and for 'gaugectl outputs'"},
	{"--config", CTL_CONFIG, "FILE", "the configuration that the recording is played to"},
	{"--replay", CTL_REPLAY, "FILE", "the recording that is played; - is standard input"},
	{"--at", CTL_AT, "TIME", "when: 1h30m since the start, or a wall time"},
	{"--diff", CTL_DIFF, "FILE", "what it does otherwise than this configuration"},
	{"--until", CTL_UNTIL, "TIME", "end there: 1h30m since the start, or a wall time"},
	{"--plan", CTL_PLAN, NULL, "every request that is repeated, and what it takes"},
	{"--cost", CTL_COST, NULL, "what each rule takes of time and memory, and each reading"},
	{"--tests", CTL_TESTS, NULL, "of a file of rule tests instead of a configuration"},
	{"--dead", CTL_DEAD, NULL, "the dead letters: messages that were given up"},
	{"--all", CTL_ALL, NULL, "all messages, dead letters as well"},
	{"--yes", CTL_YES, NULL, "it is meant: what is dropped is gone"},
	{"--limit", CTL_LIMIT, "N", "at most N of them; also -n N"},
	{"--verbose", CTL_VERBOSE, NULL, "with the values that decided it; also -v"},
	{"--unit", CTL_UNIT, "LIST", "units to ask, such as 1..20,255"},
	{"--holding", CTL_HOLDING, "A..B",
	 "holding registers to read; 0..99 if no table is named"},
	{"--input", CTL_INPUT, "A..B", "input registers to read"},
	{"--coil", CTL_COIL, "A..B", "coils to read"},
	{"--discrete", CTL_DISCRETE, "A..B", "discrete inputs to read"},
	{"--baud", CTL_BAUD, "BAUD",
	 "baud rate of a serial line; the usual ones are tried if absent"},
	{"--parity", CTL_PARITY, "PARITY", "none, even or odd; tried if absent"},
	{"--timeout", CTL_TIMEOUT, "TIME", "how long an answer may take, 300ms if absent"},
};

static void print_usage(FILE *to)
{
	fprintf(to, "usage: gaugectl [--json] [--socket PATH] COMMAND [ARGUMENT...]\n\n"
		    "Asks gauged what goes on, and tells it what to do.\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %-22s %s\n", commands[i]->name, commands[i]->usage,
			commands[i]->summary);
	fprintf(to,
		"\noptions:\n"
		"  --json         print JSON for programs instead of text for people\n"
		"  --socket PATH  where gauged listens; otherwise GAUGED_SOCKET,\n"
		"                 or " DEFAULT_SOCKET "\n"
		"  --help         help for gaugectl, or for the command it stands behind\n"
		"  --version      print the version\n\n"
		"Exit status: 0 yes, 1 no, 2 wrong usage, 3 gauged does not answer, 4 not permitted.\n"
		"See gaugectl(1).\n");
}

static void print_help(const struct ctl_command *command)
{
	printf("usage: gaugectl %s%s%s\n\n%s: %s\n\n%s", command->name,
	       command->usage[0] != '\0' ? " " : "", command->usage, command->name,
	       command->summary, command->help);
	if (command->options != 0)
		printf("\noptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(extra_options); i++) {
		const char *name = extra_options[i].name, *value = extra_options[i].value;
		int room = 17 - (int)strlen(name);

		if ((command->options & extra_options[i].option) != 0)
			printf("  %s %-*s %s\n", name, room > 0 ? room : 0,
			       value != NULL ? value : "", extra_options[i].help);
	}
}

static enum ctl_status usage_error(const char *what, const char *which)
{
	fprintf(stderr, "gaugectl: %s%s\nTry 'gaugectl --help'.\n", what, which);
	return CTL_USAGE;
}

static enum ctl_status unknown_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i]->name;
	near = str_nearest(name, names, ARRAY_SIZE(commands));
	fprintf(stderr, "gaugectl: there is no command '%s'%s%s%s\nTry 'gaugectl --help'.\n",
		name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
	return CTL_USAGE;
}

static const struct {
	const char *letter, *name;
} short_options[] = {
	{"-h", "--help"},
	{"-n", "--limit"},
	{"-o", "--output"},
	{"-v", "--verbose"},
};

/* The option that a letter stands for; what is none stays as it is. */
static const char *long_option(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(short_options); i++) {
		if (strcmp(text, short_options[i].letter) == 0)
			return short_options[i].name;
	}
	return text;
}

/* An option that only some subcommands know. */
static enum ctl_status parse_extra(struct command_line *line, char **argv, int *at)
{
	const char *option = long_option(argv[*at]);

	for (size_t i = 0; i < ARRAY_SIZE(extra_options); i++) {
		const char *value, *name = extra_options[i].name;
		size_t len = strlen(name);

		if (strncmp(option, name, len) != 0 ||
		    (option[len] != '\0' &&
		     (option[len] != '=' || extra_options[i].value == NULL)))
			continue;
		line->ctl.options |= extra_options[i].option;
		if (extra_options[i].value == NULL)
			return CTL_OK;
		value = option[len] == '=' ? option + len + 1 : argv[++*at];
		if (value == NULL)
			return usage_error(name, " needs a value");
		line->ctl.values[__builtin_ctz(extra_options[i].option)] = value;
		return CTL_OK;
	}
	return usage_error("unknown option ", option);
}

/* One option at argv[*at]; *at moves on past its argument. */
static enum ctl_status parse_option(struct command_line *line, char **argv, int *at)
{
	const char *option = long_option(argv[*at]);

	if (strcmp(option, "--json") == 0) {
		line->ctl.json = true;
	} else if (strcmp(option, "--help") == 0) {
		line->help = true;
	} else if (strcmp(option, "--version") == 0) {
		line->version = true;
	} else if (strncmp(option, "--socket=", 9) == 0) {
		line->ctl.socket = option + 9;
	} else if (strcmp(option, "--socket") == 0) {
		if (argv[*at + 1] == NULL)
			return usage_error("--socket needs a path", "");
		line->ctl.socket = argv[++*at];
	} else {
		return parse_extra(line, argv, at);
	}
	return CTL_OK;
}

static const struct ctl_command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

/*
 * Options may stand anywhere up to "--"; an argument such as -5 is none. What is no option is
 * moved to the front of args.
 */
static enum ctl_status parse_line(struct command_line *line, char **argv, char **args)
{
	bool options = true;

	for (int i = 1; argv[i] != NULL; i++) {
		enum ctl_status status = CTL_OK;

		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && strncmp(long_option(argv[i]), "--", 2) == 0)
			status = parse_option(line, argv, &i);
		else if (line->command != NULL)
			args[line->ctl.count++] = argv[i];
		else if (strcmp(argv[i], "help") == 0)
			line->help =
				true; /* 'help' and 'help COMMAND', as many programs have it */
		else if ((line->command = find_command(argv[i])) == NULL)
			status = unknown_command(argv[i]);
		if (status != CTL_OK)
			return status;
	}
	return CTL_OK;
}

static void look_around(struct ctl *ctl)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool terminal = isatty(STDOUT_FILENO) != 0;
	struct winsize size;

	setlocale(LC_CTYPE, "");
	ctl->colour = terminal && (no_color == NULL || no_color[0] == '\0') &&
		      (term == NULL || strcmp(term, "dumb") != 0);
	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ctl->width = size.ws_col;
	if (ctl->socket == NULL)
		ctl->socket = getenv("GAUGED_SOCKET");
	if (ctl->socket == NULL || ctl->socket[0] == '\0')
		ctl->socket = DEFAULT_SOCKET;
}

static enum ctl_status run(struct command_line *line)
{
	const struct ctl_command *command = line->command;

	if (line->version) {
		printf("gaugectl %s\n", PACKAGE_VERSION);
		return CTL_OK;
	}
	if (line->help && command == NULL) {
		print_usage(stdout);
		return CTL_OK;
	}
	if (command == NULL) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	if (line->help) {
		print_help(command);
		return CTL_OK;
	}
	if ((line->ctl.options & ~command->options) != 0 || line->ctl.count < command->least ||
	    line->ctl.count > command->most) {
		fprintf(stderr, "usage: gaugectl %s%s%s\n", command->name,
			command->usage[0] != '\0' ? " " : "", command->usage);
		return CTL_USAGE;
	}
	return command->run(&line->ctl);
}

int main(int argc, char **argv)
{
	struct command_line line = {0};
	char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	enum ctl_status status;

	line.ctl.args = args;
	status = parse_line(&line, argv, args);
	if (status == CTL_OK) {
		look_around(&line.ctl);
		status = run(&line);
	}
	free(args);
	if (fflush(stdout) != 0 && status == CTL_OK)
		status = CTL_NO;
	return status;
}
