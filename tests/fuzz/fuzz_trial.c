/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of files of rule tests: any bytes are tests of one and the same
 * configuration, each of which passes or fails with a word, or errors that have a place; twice
 * the same.
 */
#include <ctype.h>
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
#include "rules/ruleset.h"
#include "ctl/trial_file.h"
#include "ctl/trial_run.h"
#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* Every kind of point, of action and of rule; nothing that happens by itself for ever. */
static const char plant[] =
	"buses: {plc: {modbus: 'tcp://192.0.2.10:502'}}\n"
	"devices:\n"
	"  b:\n"
	"    bus: plc\n"
	"    poll: 10s\n"
	"    stale_after: 35s\n"
	"    points:\n"
	"      t: {holding: 100, type: int16, scale: 0.1, unit: degC, range: [-40, 400]}\n"
	"      m: {holding: 102, type: string(8)}\n"
	"      r: {discrete: 3}\n"
	"      w: {coil: 7, write: true}\n"
	"derived:\n"
	"  d.mean: {value: 'avg(b.t, 1m)'}\n"
	"webhooks:\n"
	"  o: {url: 'http://192.0.2.11/'}\n"
	"  c: {url: 'http://192.0.2.11/c', body: '{\"text\": \"${message}\"}'}\n"
	"rules:\n"
	"  hot:\n"
	"    when: b.t > 80 degC\n"
	"    for: 30s\n"
	"    clear: b.t < 75 degC\n"
	"    clear_for: 10s\n"
	"    message: '${b.t:.1f}'\n"
	"    on_fire: [{webhook: o}, {write: {b.w: off}}]\n"
	"    on_clear: [{webhook: o}]\n"
	"  quiet: {when: age(b.t) > 30s, latch: true, on_fire: [{webhook: c}, {log: true}],\n"
	"          on_clear: [{webhook: c}]}\n"
	"  not: {when: not b.r, inhibited_by: [quiet], on_fire: [{log: true}]}\n"
	"  mode: {on: changed(b.m), do: [{webhook: c}]}\n"
	"  mean: {when: d.mean > 50 degC, flap: {changes: 3, in: 1m}, on_fire: [{log: true}]}\n";

static struct fixture {
	char folder[64], plant_path[128], path[128];
	struct config *config;
} * fixture;

static void clean(void)
{
	config_unref(fixture->config);
	unlink(fixture->plant_path);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	demand(file != NULL && fchmod(fileno(file), 0600) == 0);
	demand(fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void make_fixture(void)
{
	struct diags *diags = diags_new(10);
	struct str text;

	fixture = xcalloc(1, sizeof(*fixture));
	strcpy(fixture->folder, "/dev/shm/fuzz-trial.XXXXXX");
	if (mkdtemp(fixture->folder) == NULL) {
		strcpy(fixture->folder, "/tmp/fuzz-trial.XXXXXX");
		demand(mkdtemp(fixture->folder) != NULL);
	}
	snprintf(fixture->plant_path, sizeof(fixture->plant_path), "%s/plant.yaml",
		 fixture->folder);
	snprintf(fixture->path, sizeof(fixture->path), "%s/test.yaml", fixture->folder);
	write_file(fixture->plant_path, plant, sizeof(plant) - 1);
	fixture->config = config_load(fixture->plant_path, true, diags);
	str_init(&text);
	diags_render(diags, &text);
	if (fixture->config == NULL)
		fprintf(stderr, "%s", text.s);
	demand(fixture->config != NULL);
	str_done(&text);
	diags_free(diags);
	atexit(clean);
}

/* A test of a million samples is right, and takes its time: others are tried meanwhile. */
static bool is_long(const uint8_t *bytes, size_t size)
{
	size_t digits = 0;

	for (size_t i = 0; i < size; i++) {
		digits = isdigit(bytes[i]) ? digits + 1 : 0;
		if (digits > 3)
			return true;
	}
	return false;
}

static void run(const struct trial_file *file, const struct trial *trial, struct str *out)
{
	struct trial_coverage *coverage =
		xcalloc(ruleset_count(fixture->config->rules), sizeof(*coverage));
	struct diags *diags = diags_new(100);
	bool good = trial_run(file, trial, fixture->config, coverage, diags);

	demand(good == (diags_errors(diags) == 0));
	for (size_t i = 0; i < diags_count(diags); i++)
		demand(diags_get(diags, i)->line > 0);
	diags_render(diags, out);
	str_addf(out, "%s: %d\n", trial->name, good);
	diags_free(diags);
	free(coverage);
}

static void read_and_run(bool runs, struct str *out)
{
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(100);
	struct trial_file file;
	bool good = trial_file_read(arena, fixture->path, &file, diags);

	demand(good == (diags_errors(diags) == 0));
	for (size_t i = 0; i < diags_count(diags); i++)
		demand(diags_get(diags, i)->line > 0);
	for (size_t i = 0; good && runs && i < file.count && i < 20; i++)
		run(&file, &file.trials[i], out);
	diags_render(diags, out);
	diags_free(diags);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	bool runs = !is_long(bytes, size);
	struct str first, second;

	if (fixture == NULL)
		make_fixture();
	write_file(fixture->path, bytes, size);
	str_init(&first);
	str_init(&second);
	read_and_run(runs, &first);
	read_and_run(runs, &second);
	demand(first.len == second.len);
	demand(first.len == 0 || memcmp(first.s, second.s, first.len) == 0);
	str_done(&first);
	str_done(&second);
	return 0;
}
