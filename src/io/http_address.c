/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of networks in which no webhook lives, or only one that is meant. */
#include "io/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "io/subnet.h"
#include "io/tcp_address.h"

/* Who may be meant by which hosts. */
enum reach { REACH_NEVER, REACH_LOOPBACK, REACH_PRIVATE };

/* The first that holds an address decides. IPv4 addresses stand in their mapped form. */
static const struct {
	const char *prefix;
	int bits;
	const char *words;
	enum reach reach;
} special_networks[] = {
	{"::ffff:0.0.0.0", 104, "unspecified", REACH_NEVER},
	{"::ffff:127.0.0.0", 104, "loopback", REACH_LOOPBACK},
	{"::ffff:169.254.0.0", 112, "link-local or metadata", REACH_NEVER},
	{"::ffff:100.100.100.200", 128, "metadata", REACH_NEVER},
	{"::ffff:168.63.129.16", 128, "metadata", REACH_NEVER},
	{"::ffff:192.0.0.192", 128, "metadata", REACH_NEVER},
	{"::ffff:224.0.0.0", 100, "multicast", REACH_NEVER},
	{"::ffff:240.0.0.0", 100, "reserved", REACH_NEVER},
	/* RFC 1918, RFC 6598 */
	{"::ffff:10.0.0.0", 104, "private", REACH_PRIVATE},
	{"::ffff:172.16.0.0", 108, "private", REACH_PRIVATE},
	{"::ffff:192.168.0.0", 112, "private", REACH_PRIVATE},
	{"::ffff:100.64.0.0", 106, "private", REACH_PRIVATE},
	{"::", 128, "unspecified", REACH_NEVER},
	{"::1", 128, "loopback", REACH_LOOPBACK},
	{"::", 96, "reserved", REACH_NEVER},
	{"fe80::", 10, "link-local", REACH_NEVER},
	{"ff00::", 8, "multicast", REACH_NEVER},
	{"fd00:ec2::254", 128, "metadata", REACH_NEVER},
	{"fd20:ce::254", 128, "metadata", REACH_NEVER},
	/* RFC 4193, RFC 3879 */
	{"fc00::", 7, "private", REACH_PRIVATE},
	{"fec0::", 10, "private", REACH_PRIVATE},
};

/*
 * Domains that no public server answers for: RFC 6761 and 6762, RFC 8375, ICANN's .internal,
 * and what routers hand out.
 */
static const char *const home_domains[] = {
	".localhost", ".local", ".internal", ".home.arpa", ".lan",
	".home",      ".corp",	".private",  ".intranet",  ".localdomain",
};

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && strncasecmp(text + len - n, end, n) == 0;
}

static bool is_address(const char *host)
{
	uint8_t address[16];

	return host[0] == '[' || inet_pton(AF_INET, host, address) == 1;
}

static bool means_loopback(const char *host)
{
	return is_address(host) || strcasecmp(host, "localhost") == 0 ||
	       ends_with(host, strlen(host), ".localhost");
}

static bool means_private(const char *host)
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (is_address(host) || memchr(host, '.', len) == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(home_domains); i++)
		if (ends_with(host, len, home_domains[i]))
			return true;
	return false;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/*
 * Where one of version 4 stands in one of version 6, by which a translator or relay reaches it:
 * NAT64 (RFC 6052), that of a site (RFC 8215, with 96 bits as it is usual), 6to4 (RFC 3056).
 */
static const struct {
	const char *prefix;
	int bits;
	size_t at;
} embeddings[] = {
	{"64:ff9b::", 96, 12},
	{"64:ff9b:1::", 48, 12},
	{"2002::", 16, 2},
};

/* Then it is judged as what it is. */
static void address_unpack(uint8_t address[16])
{
	uint8_t prefix[16], mapped[16] = {[10] = 0xff, [11] = 0xff};

	for (size_t i = 0; i < ARRAY_SIZE(embeddings); i++) {
		if (inet_pton(AF_INET6, embeddings[i].prefix, prefix) != 1 ||
		    !prefix_equal(address, prefix, embeddings[i].bits))
			continue;
		memcpy(mapped + 12, address + embeddings[i].at, 4);
		memcpy(address, mapped, sizeof(mapped));
		return;
	}
}

/* As version 6; false: it is neither. */
static bool address_bytes(const struct sockaddr *sa, uint8_t ret[16])
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};

	if (sa->sa_family == AF_INET)
		memcpy(address + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		       4);
	else if (sa->sa_family == AF_INET6)
		memcpy(address, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		       16);
	else
		return false;
	address_unpack(address);
	memcpy(ret, address, sizeof(address));
	return true;
}

static bool listed(const uint8_t address[16], const struct subnet *networks, size_t count)
{
	struct tcp_address as_v6 = {.v6.sin6_family = AF_INET6};

	memcpy(&as_v6.v6.sin6_addr, address, 16);
	for (size_t i = 0; i < count; i++)
		if (subnet_holds(&networks[i], &as_v6))
			return true;
	return false;
}

const char *http_address_refused(const struct sockaddr *sa, const char *host,
				 const struct subnet *networks, size_t network_count)
{
	uint8_t address[16], prefix[16];

	if (!address_bytes(sa, address))
		return "not an internet";
	for (size_t i = 0; i < ARRAY_SIZE(special_networks); i++) {
		enum reach reach = special_networks[i].reach;

		if (inet_pton(AF_INET6, special_networks[i].prefix, prefix) != 1 ||
		    !prefix_equal(address, prefix, special_networks[i].bits))
			continue;
		if (reach != REACH_NEVER && listed(address, networks, network_count))
			return NULL;
		if ((reach == REACH_LOOPBACK && means_loopback(host)) ||
		    (reach == REACH_PRIVATE && means_private(host)))
			return NULL;
		return special_networks[i].words;
	}
	return NULL;
}

bool http_address_can_be_meant(const char *kind)
{
	return strcmp(kind, "loopback") == 0 || strcmp(kind, "private") == 0;
}
