/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the text form of subnets, and the comparison of addresses with them. */
#include "io/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "io/tcp_address.h"

enum { SUBNET_BITS = 128, SUBNET_MAPPED_BITS = 96, SUBNET_TEXT = 64 };

static const uint8_t mapped[SUBNET_MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

/* Bits behind the prefix are all zero. */
static bool subnet_exact(const struct subnet *subnet)
{
	for (unsigned bit = subnet->bits; bit < SUBNET_BITS; bit++) {
		if ((subnet->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	}
	return true;
}

int subnet_parse(const char *text, struct subnet *ret)
{
	struct subnet subnet = {0};
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	char host[SUBNET_TEXT];
	unsigned before = 0;
	int64_t bits;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, subnet.bytes + sizeof(mapped)) == 1) {
		memcpy(subnet.bytes, mapped, sizeof(mapped));
		before = SUBNET_MAPPED_BITS;
	} else if (inet_pton(AF_INET6, host, subnet.bytes) != 1) {
		return -EINVAL;
	}
	bits = SUBNET_BITS - before;
	if (*slash != '\0' && (strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
			       str_to_int(slash + 1, &bits) != 0))
		return -EINVAL;
	if (bits < 0 || bits > SUBNET_BITS - before)
		return -EINVAL;
	subnet.bits = (uint8_t)(before + bits);
	if (!subnet_exact(&subnet))
		return -EDOM;
	*ret = subnet;
	return 0;
}

bool subnet_holds(const struct subnet *subnet, const struct tcp_address *address)
{
	uint8_t bytes[sizeof(subnet->bytes)];
	unsigned whole = subnet->bits / 8, rest = subnet->bits % 8;

	if (address->any.sa_family == AF_INET) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + sizeof(mapped), &address->v4.sin_addr, 4);
	} else {
		memcpy(bytes, &address->v6.sin6_addr, sizeof(bytes));
	}
	return memcmp(bytes, subnet->bytes, whole) == 0 &&
	       (rest == 0 || (bytes[whole] ^ subnet->bytes[whole]) >> (8 - rest) == 0);
}
