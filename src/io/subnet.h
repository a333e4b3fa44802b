/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A set of IP addresses that begin alike: who may come. Pure. An address of version 4 is the
 * same as its mapped form of version 6 (RFC 4291 section 2.5.5.2), which is how it shows on a
 * socket that listens for both.
 */
#ifndef GAUGED_IO_SUBNET_H
#define GAUGED_IO_SUBNET_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_address;

struct subnet {
	uint8_t bytes[16]; /* as version 6 */
	uint8_t bits;	   /* of them, 0..128, that an address has to share */
};

/*
 * "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". -EINVAL: none of these; -EDOM: bits are set
 * behind the prefix, as in 10.1.2.3/8.
 */
int subnet_parse(const char *text, struct subnet *ret);
bool subnet_holds(const struct subnet *subnet, const struct tcp_address *address);

#endif
