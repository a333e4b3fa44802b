/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Which lines a GPIO bus has together in one request of the kernel, and so reads in one call,
 * for people who check a configuration. With lines that are busy it may come otherwise.
 */
#ifndef GAUGED_INPUTS_GPIO_PLAN_H
#define GAUGED_INPUTS_GPIO_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct input_config;
struct plan_request;

/* Of a config that is complete but for it. */
void gpio_plan_build(struct arena *arena, struct input_config *config);
/* See input_type.plan. */
bool gpio_plan(const struct input_config *config, size_t n, struct plan_request *ret);

#endif
