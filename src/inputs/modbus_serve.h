/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Lets other masters read from a bus what gauged reads from it: the cache of the last answers,
 * and the server before it. Costs the devices nothing: a client never causes a request.
 * All functions take NULL, which is a bus without 'serve', and do nothing.
 */
#ifndef GAUGED_INPUTS_MODBUS_SERVE_H
#define GAUGED_INPUTS_MODBUS_SERVE_H

#include "base/clock.h"

struct input_config;
struct loop;
struct modbus_result;
struct modbus_serve;
struct modbus_span;
struct report;

/*
 * NULL when config has no 'serve'; config must outlive it otherwise. Nothing is asked for until
 * modbus_serve_await() says so: a plan that was learned before may leave holes out.
 */
struct modbus_serve *modbus_serve_new(struct loop *loop, const struct input_config *config);
void modbus_serve_free(struct modbus_serve *serve);

/* How a request for the span ended, now. */
void modbus_serve_heard(struct modbus_serve *serve, const struct modbus_span *span,
			const struct modbus_result *result, struct boot now);
/* The span is not asked for any more. */
void modbus_serve_drop(struct modbus_serve *serve, const struct modbus_span *span);
/* The span will be asked for from now on. */
void modbus_serve_await(struct modbus_serve *serve, const struct modbus_span *span);
/* There is no connection: what was heard of the span holds no more. */
void modbus_serve_down(struct modbus_serve *serve, const struct modbus_span *span);

void modbus_serve_report(const struct modbus_serve *serve, struct report *ret);

#endif
