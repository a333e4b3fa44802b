/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One rule test on a clock of its own: samples in, time moved on from one instant at which
 * something happens to the next, and what is expected compared with what is.
 */
#ifndef GAUGED_CTL_TRIAL_RUN_H
#define GAUGED_CTL_TRIAL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct diags;
struct trial;
struct trial_file;

/* By rule of the configuration: what its condition has been in any test so far. */
struct trial_coverage {
	bool was_true, was_false;
};

/*
 * Runs the test; an error in diags for each expectation that was not met. coverage has an entry
 * for each rule of config. True if it added no error.
 */
bool trial_run(const struct trial_file *file, const struct trial *trial, struct config *config,
	       struct trial_coverage *coverage, struct diags *diags);

#endif
