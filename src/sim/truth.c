/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the record of what stood in the registers. */
#include "sim/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "sim/registers.h"

struct truth {
	int fd;
};

static const char *const table_names[TRUTH_TABLES] = {
	[TRUTH_COIL] = "coil",
	[TRUTH_DISCRETE] = "discrete",
	[TRUTH_HOLDING] = "holding",
	[TRUTH_INPUT] = "input",
};

struct truth *truth_open(const char *path, struct error *err)
{
	struct truth *truth;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_errno(err, errno, "can't write the truth to %s", path);
		return NULL;
	}
	truth = xcalloc(1, sizeof(*truth));
	truth->fd = fd;
	return truth;
}

void truth_close(struct truth *truth)
{
	if (truth == NULL)
		return;
	close(truth->fd);
	free(truth);
}

void truth_tell(struct truth *truth, const char *rack, int unit, const struct registers *now,
		struct registers *told)
{
	struct wall at = clock_wall();
	struct str lines;

	if (memcmp(now, told, sizeof(*now)) == 0)
		return;
	str_init(&lines);
	for (int t = 0; t < TRUTH_TABLES; t++)
		for (size_t i = 0; i < truth_table_size((enum truth_table)t); i++) {
			uint16_t value = truth_get(now, (enum truth_table)t, i);

			if (value != truth_get(told, (enum truth_table)t, i))
				str_addf(&lines, "%jd %s %d %s %zu %u\n", (intmax_t)at.ns, rack,
					 unit, table_names[t], i, value);
		}
	*told = *now;
	(void)!write(truth->fd, lines.s, lines.len);
	str_done(&lines);
}

int truth_table_by_name(const char *name)
{
	for (int t = 0; t < TRUTH_TABLES; t++)
		if (strcmp(table_names[t], name) == 0)
			return t;
	return -1;
}

size_t truth_table_size(enum truth_table table)
{
	return table == TRUTH_COIL || table == TRUTH_DISCRETE ? REGISTERS_BITS
							      : REGISTERS_WORDS;
}

uint16_t truth_get(const struct registers *registers, enum truth_table table, size_t at)
{
	switch (table) {
	case TRUTH_COIL:
		return registers->coils[at];
	case TRUTH_DISCRETE:
		return registers->discretes[at];
	case TRUTH_HOLDING:
		return registers->holding[at];
	case TRUTH_INPUT:
		return registers->input[at];
	case TRUTH_TABLES:
		break;
	}
	return 0;
}

void truth_set(struct registers *registers, enum truth_table table, size_t at, uint16_t value)
{
	switch (table) {
	case TRUTH_COIL:
		registers->coils[at] = value != 0;
		return;
	case TRUTH_DISCRETE:
		registers->discretes[at] = value != 0;
		return;
	case TRUTH_HOLDING:
		registers->holding[at] = value;
		return;
	case TRUTH_INPUT:
		registers->input[at] = value;
		return;
	case TRUTH_TABLES:
		return;
	}
}
