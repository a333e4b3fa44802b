/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the simulator tells: one line for each thing that happened, with the seconds since the
 * start, a topic of one word, and a sentence.
 *
 *      12.3 burner   switched off over Modbus by 127.0.0.1:40022
 */
#ifndef GAUGED_SIM_CHRONICLE_H
#define GAUGED_SIM_CHRONICLE_H

#include "base/clock.h"

struct chronicle {
	int fd;
	struct mono start;
};

void chronicle_init(struct chronicle *chronicle, int fd);
/* fmt has no newline; bytes from outside are made safe. A line that can't be written is lost.
 */
void chronicle_say(struct chronicle *chronicle, const char *topic, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
double chronicle_seconds(const struct chronicle *chronicle);

#endif
