/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the line of progress. */
#include "ctl/probe_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_CHARS = 160, LINE_USUAL = 80 };

struct probe_progress probe_progress_start(void)
{
	struct probe_progress progress = {.terminal = isatty(STDERR_FILENO) != 0,
					  .width = LINE_USUAL};
	struct winsize size;

	if (progress.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 1 && size.ws_col < LINE_MAX_CHARS)
		progress.width = size.ws_col;
	return progress;
}

void probe_progress_say(struct probe_progress *progress, const char *fmt, ...)
{
	char line[LINE_MAX_CHARS];
	va_list ap;

	if (!progress->terminal)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* A line that wraps could not be taken away again. */
	fprintf(stderr, "\r\033[K%.*s", (int)progress->width - 1, line);
	fflush(stderr);
	progress->shown = true;
}

void probe_progress_clear(struct probe_progress *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->shown = false;
}
