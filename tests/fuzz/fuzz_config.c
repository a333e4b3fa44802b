/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of whole configurations: any bytes as the main file, and behind a byte
 * 0xff as a file that it may include, become a configuration with an engine, or errors of
 * which at least one has a place; twice the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "daemon/config.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* ---- files in a folder of their own ---------------------------------------------------- */

static char folder[64], main_path[128], part_path[128];

static void clean(void)
{
	unlink(main_path);
	unlink(part_path);
	rmdir(folder);
}

/* In memory where there is such a place; made once. */
static void make_folder(void)
{
	if (folder[0] != '\0')
		return;
	strcpy(folder, "/dev/shm/fuzz-config.XXXXXX");
	if (mkdtemp(folder) == NULL) {
		strcpy(folder, "/tmp/fuzz-config.XXXXXX");
		demand(mkdtemp(folder) != NULL);
	}
	snprintf(main_path, sizeof(main_path), "%s/gauged.yaml", folder);
	snprintf(part_path, sizeof(part_path), "%s/part.yaml", folder);
	atexit(clean);
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	demand(file != NULL && fchmod(fileno(file), 0600) == 0);
	demand(fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* Other files than those two are somebody else's: nothing may go and look for them. */
static bool stays_here(const uint8_t *bytes, size_t size)
{
	static const char include[] = "include", only[] = "include: part.yaml\n";
	const uint8_t *at = bytes;

	while (size > 0 && (at = memmem(at, (size_t)(bytes + size - at), include,
					sizeof(include) - 1)) != NULL) {
		if ((size_t)(bytes + size - at) < sizeof(only) - 1 ||
		    memcmp(at, only, sizeof(only) - 1) != 0)
			return false;
		at += sizeof(only) - 1;
	}
	return true;
}

/* ---- loading --------------------------------------------------------------------------- */

static void ignore_event(void *arg, const struct event *event)
{
	demand(arg == NULL && event->rule_name[0] != '\0');
}

/* Everything that is said without a device. */
static void try_config(struct config *config, struct str *out)
{
	struct engine_sink sink = {.event = ignore_event};
	struct engine *engine =
			      engine_new(config->rules, config->points, sink, (struct boot){0}),
		      *next;
	struct reading reading = {.quality = QUALITY_BAD, .reason = BAD_TIMEOUT};

	for (uint32_t i = 0; i < point_table_count(config->points) && i < 1000; i++) {
		if (point_table_get(config->points, i)->device == NULL)
			continue;
		reading.point = i;
		reading.at.ns++;
		engine_feed(engine, &reading);
	}
	engine_tick(engine, (struct boot){NSEC_PER_SEC});
	next = engine_new(config->rules, config->points, sink, (struct boot){NSEC_PER_SEC});
	engine_adopt(next, engine, (struct boot){NSEC_PER_SEC});
	engine_free(engine);
	engine_free(next);
	str_addf(out, "%zu files, %zu buses, %zu webhooks, %zu points, %zu rules, %zu bytes\n",
		 config->file_count, config->bus_count, config->webhook_count,
		 point_table_count(config->points), ruleset_count(config->rules),
		 ruleset_engine_size(config->rules));
}

static bool is_placed(const struct diags *diags)
{
	for (size_t i = 0; i < diags_count(diags); i++) {
		const struct diag *diag = diags_get(diags, i);

		if (diag->level == DIAG_ERROR && diag->file != NULL && diag->line > 0 &&
		    diag->column > 0 && diag->message[0] != '\0')
			return true;
	}
	return false;
}

static void load(struct str *out)
{
	struct diags *diags = diags_new(100);
	struct config *config = config_load(main_path, true, diags);

	demand((config == NULL) == (diags_errors(diags) > 0));
	if (config != NULL)
		try_config(config, out);
	else
		demand(is_placed(diags));
	diags_render(diags, out);
	diags_free(diags);
	config_unref(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *part = size > 0 ? memchr(bytes, 0xff, size) : NULL;
	size_t len = part != NULL ? (size_t)(part - bytes) : size;
	struct str first, second;

	if (!stays_here(bytes, size))
		return 0;
	make_folder();
	write_file(main_path, bytes, len);
	write_file(part_path, part != NULL ? part + 1 : (const uint8_t *)"",
		   part != NULL ? size - len - 1 : 0);
	str_init(&first);
	str_init(&second);
	load(&first);
	load(&second);
	demand(first.len == second.len);
	demand(first.len == 0 || memcmp(first.s, second.s, first.len) == 0);
	str_done(&first);
	str_done(&second);
	return 0;
}
