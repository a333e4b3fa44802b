/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The commands that are about units and the buses on which they are: what goes wrong there,
 * and what stands in the registers. Each has so many words as the table in command.c demands.
 */
#ifndef GAUGED_SIM_COMMAND_BUS_H
#define GAUGED_SIM_COMMAND_BUS_H

struct error;
struct site;
struct str;
struct words;

/* 0, or -EINVAL + err and nothing has changed. */
int command_fault(struct site *site, const struct words *words, struct error *err);
int command_unit(struct site *site, const struct words *words, struct error *err);
int command_cable(struct site *site, const struct words *words, struct error *err);
int command_set(struct site *site, const struct words *words, struct error *err);
/* "ok: VALUE ..." */
int command_get(struct site *site, const struct words *words, struct str *answer,
		struct error *err);

#endif
