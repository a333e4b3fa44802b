/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of networks in which nobody's webhook lives. */
#include "io/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"

/* Where nobody's webhook lives. IPv4 addresses stand in their mapped form. */
static const struct {
	const char *prefix;
	int bits;
	const char *words;
	bool loopback;
} refused_networks[] = {
	{"::ffff:0.0.0.0", 104, "unspecified", false},
	{"::ffff:127.0.0.0", 104, "loopback", true},
	{"::ffff:169.254.0.0", 112, "link-local or metadata", false},
	{"::ffff:224.0.0.0", 100, "multicast", false},
	{"::ffff:240.0.0.0", 100, "reserved", false},
	{"::", 128, "unspecified", false},
	{"::1", 128, "loopback", true},
	{"fe80::", 10, "link-local", false},
	{"ff00::", 8, "multicast", false},
	{"fd00:ec2::254", 128, "metadata", false},
};

static bool prefix_equal(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

const char *http_address_refused(const struct sockaddr *sa, bool local)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff}, prefix[16];

	if (sa->sa_family == AF_INET)
		memcpy(address + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		       4);
	else if (sa->sa_family == AF_INET6)
		memcpy(address, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		       16);
	else
		return "not an internet";
	/* An IPv4 address behind the well-known NAT64 prefix (RFC 6052) is judged as itself. */
	if (memcmp(address, nat64, sizeof(nat64)) == 0) {
		memset(address, 0, 10);
		memset(address + 10, 0xff, 2);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused_networks); i++) {
		if (inet_pton(AF_INET6, refused_networks[i].prefix, prefix) != 1 ||
		    !prefix_equal(address, prefix, refused_networks[i].bits))
			continue;
		if (refused_networks[i].loopback && local)
			return NULL;
		return refused_networks[i].words;
	}
	return NULL;
}
