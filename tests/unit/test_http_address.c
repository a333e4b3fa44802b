/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Which addresses a webhook's name may lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/http_address.h"
#include "io/http_url.h"
#include "io/subnet.h"
#include "io/tcp_address.h"

static const char *judge(const char *text, const char *host, const char *network)
{
	struct tcp_address address;
	struct subnet subnet;
	char with_port[TCP_ADDRESS_TEXT];

	snprintf(with_port, sizeof(with_port), "%s:443", text);
	assert_int_equal(tcp_address_parse(with_port, &address), 0);
	if (network != NULL)
		assert_int_equal(subnet_parse(network, &subnet), 0);
	return http_address_refused(&address.any, host, &subnet, network != NULL);
}

static const struct {
	const char *address, *host, *network;
	const char *refused;
} cases[] = {
	{"192.0.2.1", "hooks.example.net", NULL, NULL},
	{"[2001:db8::1]", "hooks.example.net", NULL, NULL},
	{"172.32.0.1", "hooks.example.net", NULL, NULL},
	{"100.128.0.1", "hooks.example.net", NULL, NULL},
	/* Private ones: only if they are meant. */
	{"10.1.2.3", "hooks.example.net", NULL, "private"},
	{"172.31.255.255", "hooks.example.net", NULL, "private"},
	{"192.168.1.1", "hooks.example.net.", NULL, "private"},
	{"100.64.0.1", "hooks.example.net", NULL, "private"},
	{"[fd12::1]", "hooks.example.net", NULL, "private"},
	{"[fec0::1]", "hooks.example.net", NULL, "private"},
	{"[::ffff:10.1.2.3]", "hooks.example.net", NULL, "private"},
	{"[64:ff9b::a01:203]", "hooks.example.net", NULL, "private"},
	{"10.1.2.3", "10.1.2.3", NULL, NULL},
	{"[fd12::1]", "[fd12::1]", NULL, NULL},
	{"10.1.2.3", "homeassistant", NULL, NULL},
	{"10.1.2.3", "homeassistant.", NULL, NULL},
	{"10.1.2.3", "HomeAssistant.LOCAL", NULL, NULL},
	{"10.1.2.3", "ha.home.arpa", NULL, NULL},
	{"10.1.2.3", "ha.internal.", NULL, NULL},
	{"10.1.2.3", "ha.notlocal", NULL, "private"},
	{"10.1.2.3", ".local.example", NULL, "private"},
	{"10.1.2.3", "hooks.example.net", "10.0.0.0/8", NULL},
	{"10.1.2.3", "hooks.example.net", "10.1.2.3", NULL},
	{"10.1.2.3", "hooks.example.net", "10.2.0.0/16", "private"},
	{"[fd12::1]", "hooks.example.net", "fd00::/8", NULL},
	{"[64:ff9b::a01:203]", "hooks.example.net", "10.0.0.0/8", NULL},
	/* This box. */
	{"127.0.0.1", "hooks.example.net", NULL, "loopback"},
	{"127.0.0.1", "homeassistant", NULL, "loopback"},
	{"127.0.0.1", "homeassistant.local", NULL, "loopback"},
	{"[::1]", "homeassistant.local", NULL, "loopback"},
	{"127.0.0.1", "localhost", NULL, NULL},
	{"[::1]", "a.LOCALHOST", NULL, NULL},
	{"127.8.9.1", "127.8.9.1", NULL, NULL},
	{"127.0.0.1", "hooks.example.net", "127.0.0.0/8", NULL},
	{"[::1]", "hooks.example.net", "127.0.0.0/8", "loopback"},
	{"[::1]", "hooks.example.net", "::1", NULL},
	/* Never, whoever lists them. */
	{"169.254.169.254", "169.254.169.254", "0.0.0.0/0", "link-local or metadata"},
	{"100.100.100.200", "100.100.100.200", "100.64.0.0/10", "metadata"},
	{"[fd00:ec2::254]", "[fd00:ec2::254]", "::/0", "metadata"},
	{"[fe80::1]", "[fe80::1]", "::/0", "link-local"},
	{"224.0.0.1", "224.0.0.1", "0.0.0.0/0", "multicast"},
	{"[ff02::1]", "localhost", "::/0", "multicast"},
	{"0.0.0.0", "localhost", "0.0.0.0/0", "unspecified"},
	{"255.255.255.255", "localhost", "0.0.0.0/0", "reserved"},
	{"[64:ff9b::a9fe:a9fe]", "localhost", "::/0", "link-local or metadata"},
	{"192.0.0.192", "192.0.0.192", "0.0.0.0/0", "metadata"},
	{"168.63.129.16", "168.63.129.16", "0.0.0.0/0", "metadata"},
	{"[fd20:ce::254]", "[fd20:ce::254]", "::/0", "metadata"},
	{"[::a9fe:a9fe]", "localhost", "::/0", "reserved"},
	/* An address of version 4 in one of version 6: 6to4, and NAT64 of a site. */
	{"[2002:a9fe:a9fe::1]", "localhost", "::/0", "link-local or metadata"},
	{"[2002:a01:203::1]", "hooks.example.net", NULL, "private"},
	{"[2002:c000:201::1]", "hooks.example.net", NULL, NULL},
	{"[64:ff9b:1::a9fe:a9fe]", "localhost", "::/0", "link-local or metadata"},
	{"[64:ff9b:1::7f00:1]", "hooks.example.net", NULL, "loopback"},
	{"[64:ff9b:1::c000:201]", "hooks.example.net", NULL, NULL},
};

static void test_fault_C12_addresses_are_refused_unless_they_are_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *refused = judge(cases[i].address, cases[i].host, cases[i].network);

		if (cases[i].refused == NULL
			    ? refused != NULL
			    : refused == NULL || strcmp(refused, cases[i].refused) != 0)
			fail_msg("%s for %s: %s", cases[i].address, cases[i].host,
				 refused != NULL ? refused : "not refused");
	}
}

static void test_fault_C12_url_with_an_address_in_any_writing_is_seen_through(void **state)
{
	static const struct {
		const char *url;
		const char *refused;
	} urls[] = {
		{"http://169.254.169.254/", "link-local or metadata"},
		{"http://2852039166/latest", "link-local or metadata"},
		{"http://0xa9fea9fe/", "link-local or metadata"},
		{"http://0251.0376.0251.0376:80/", "link-local or metadata"},
		{"http://169.254.43518/", "link-local or metadata"},
		{"http://[::ffff:169.254.169.254]/", "link-local or metadata"},
		{"http://[fe80::1]/", "link-local"},
		{"https://0/", "unspecified"},
		{"http://127.0.0.1/", NULL},
		{"http://10.0.0.1/", NULL},
		{"http://[::1]:8080/", NULL},
		{"http://hooks.example.net/", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		if (urls[i].refused == NULL)
			assert_null(http_url_refused(urls[i].url));
		else
			assert_string_equal(http_url_refused(urls[i].url), urls[i].refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_C12_addresses_are_refused_unless_they_are_meant),
		cmocka_unit_test(
			test_fault_C12_url_with_an_address_in_any_writing_is_seen_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
