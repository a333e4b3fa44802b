/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the program says to whoever runs it: one line on standard error, with the priority
 * prefix of sd-daemon(3) when that is not a terminal. Never blocks: what a full pipe does not
 * take is counted and said later. base, conf, model and rules do not log.
 */
#ifndef GAUGED_BASE_LOG_H
#define GAUGED_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * Lines above level are not written. Writing to fd never waits, and whoever shares a pipe,
 * socket or terminal with us does not notice that. SIGPIPE is ignored from then on. A fd that
 * is closed is not written to, even if something else gets its number. May be called again.
 */
void log_init(int fd, enum log_level level);
/* Lines that could not be written since the start. */
uint64_t log_dropped(void);

/* fmt has no newline; bytes from outside are made safe by the writer (see str_add_safe). */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A complaint that may repeat: said at once, then after 10 s, 20 s, 40 s ... up to an hour
 * with the number of times it was held back; complaint_end() says that it is over, if it was
 * ever said. Start from all zero.
 */
struct complaint {
	bool active;
	int64_t pause_ns;
	struct mono next;
	uint64_t held;
};

/* True when the line was written. */
bool complaint_say(struct complaint *complaint, struct mono now, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void complaint_end(struct complaint *complaint, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
