/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the simulator's output. */
#include "sim/chronicle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { CHRONICLE_LINE = 1024 };

void chronicle_init(struct chronicle *chronicle, int fd)
{
	chronicle->fd = fd;
	chronicle->start = clock_mono();
}

double chronicle_seconds(const struct chronicle *chronicle)
{
	return (double)mono_diff(clock_mono(), chronicle->start) / NSEC_PER_SEC;
}

void chronicle_say(struct chronicle *chronicle, const char *topic, const char *fmt, ...)
{
	char text[CHRONICLE_LINE], room[4 * CHRONICLE_LINE + 64];
	struct str line;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_init_fixed(&line, room, sizeof(room) - 1);
	str_addf(&line, "%8.1f %-8s ", chronicle_seconds(chronicle), topic);
	str_add_safe(&line, text, strlen(text));
	room[line.len++] = '\n';
	(void)!write(chronicle->fd, room, line.len);
}
