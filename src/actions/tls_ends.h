/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Says, when a receiver's side starts, that certificates in its 'tls' are out of date or soon
 * are. */
#ifndef GAUGED_ACTIONS_TLS_ENDS_H
#define GAUGED_ACTIONS_TLS_ENDS_H

#include "base/clock.h"

struct http_route_spec;

/* ns 0: not known, or there are none. */
struct tls_ends {
	struct wall ca;	  /* the latest: until then there is one to trust */
	struct wall cert; /* the soonest of the chain */
};

/* Of ca and cert of spec. */
void tls_ends_read(const struct http_route_spec *spec, struct tls_ends *ret);
/* Into the log, if there is something to say and the clock can be believed. */
void tls_ends_warn(const struct tls_ends *ends, const char *kind, const char *name);

#endif
