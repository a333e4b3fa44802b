/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Which addresses an HTTP request may be sent to. Pure. */
#ifndef GAUGED_IO_HTTP_ADDRESS_H
#define GAUGED_IO_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;
struct subnet;

/*
 * NULL: sa may be connected to for a URL with the host; otherwise what kind of address it is
 * ("multicast"). Never: unspecified, link-local, metadata, multicast and reserved ones. Of the
 * others, those of this box and of private networks only if they are in networks, or if the
 * host means them:
 *   loopback        the host is an address, or "localhost"
 *   private         the same; or a name that is no public one: without a dot, or below a
 *                   domain for use at home (.local, .internal, .home.arpa, .lan, ...)
 * A public name that resolves to one of these is the mark of DNS rebinding.
 */
const char *http_address_refused(const struct sockaddr *sa, const char *host,
				 const struct subnet *networks, size_t network_count);
/* Whether a refused address of that kind may be listed among the networks. */
bool http_address_can_be_meant(const char *kind);

#endif
