/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Which addresses an HTTP request may be sent to. Pure. */
#ifndef GAUGED_IO_HTTP_ADDRESS_H
#define GAUGED_IO_HTTP_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/*
 * NULL: it may be connected to; otherwise what kind of address it is ("multicast"). local: the
 * URL itself names this box or gives an address, so that loopback is what is meant.
 */
const char *http_address_refused(const struct sockaddr *sa, bool local);

#endif
