/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The results of tests as JUnit XML, which build servers show. NULL stands for a report that
 * nobody wants.
 */
#ifndef GAUGED_CTL_TRIAL_JUNIT_H
#define GAUGED_CTL_TRIAL_JUNIT_H

#include <stdbool.h>

struct junit;

struct junit *junit_new(void);
/* failure: why it failed; NULL: it did not. */
void junit_case(struct junit *junit, const char *file, const char *name, const char *failure);
/* Writes the report to path and frees it; false after it was said why not. */
bool junit_write(struct junit *junit, const char *path);

#endif
