/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What becomes of messages in a test of rules: each webhook has its queue, as in the daemon,
 * on the clock of the test, and a receiver that answers what the test says. There is no
 * chance in it: pauses are as long as they may be. Pure.
 */
#ifndef GAUGED_CTL_TRIAL_DELIVERY_H
#define GAUGED_CTL_TRIAL_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct config;
struct trial_delivery;

/* Told of each message that its webhook, or the fallback of that, has taken. */
typedef void trial_delivered(void *arg, size_t parcel, const char *webhook, struct boot at);

struct trial_delivery *trial_delivery_new(trial_delivered *delivered, void *arg);
void trial_delivery_free(struct trial_delivery *delivery);

/* From now until then webhook name answers with status; 0: not at all. */
void trial_delivery_reply(struct trial_delivery *delivery, const char *name, int status,
			  struct boot until);
/*
 * A message to the index-th webhook of config, which has to outlive the delivery. parcel is
 * the caller's number for it. What is taken at once is told from within this call.
 */
void trial_delivery_add(struct trial_delivery *delivery, const struct config *config,
			size_t index, size_t parcel, struct boot now);
/* Every try that is due by now, in order. */
void trial_delivery_run(struct trial_delivery *delivery, struct boot now);
/* When the next try is due; false: never. */
bool trial_delivery_deadline(const struct trial_delivery *delivery, struct boot *ret);

#endif
