/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Addresses with a port, and sets of addresses: what is one, and who is in it. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/subnet.h"
#include "io/tcp_address.h"

static void test_addresses_with_a_port(void **state)
{
	static const struct {
		const char *text;
		const char *printed; /* NULL: no address */
		bool local;
	} rows[] = {
		{"127.0.0.1:1502", "127.0.0.1:1502", true},
		{"127.255.0.9:1", "127.255.0.9:1", true},
		{"[::1]:65535", "[::1]:65535", true},
		{"0.0.0.0:502", "0.0.0.0:502", false},
		{"[::]:0", "[::]:0", false},
		{"[2001:DB8::1]:502", "[2001:db8::1]:502", false},
		{"126.0.0.1:502", "126.0.0.1:502", false},
		{"128.0.0.1:502", "128.0.0.1:502", false},
		{"[::ffff:127.0.0.1]:502", "[::ffff:127.0.0.1]:502", false},
		{"127.0.0.1", NULL, false},
		{"127.0.0.1:", NULL, false},
		{"127.0.0.1:65536", NULL, false},
		{"127.0.0.1:-1", NULL, false},
		{"127.0.0.1:x", NULL, false},
		{":502", NULL, false},
		{"[]:502", NULL, false},
		{"[::1:502", NULL, false},
		{"localhost:502", NULL, false},
		{"127.0.0:502", NULL, false},
		{"[fe80::1%lo]:502", NULL, false},
		{"", NULL, false},
		{"11111111111111111111111111111111111111111111111111111111111111111111:1", NULL,
		 false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tcp_address address;
		char printed[TCP_ADDRESS_TEXT];

		if (rows[i].printed == NULL) {
			assert_int_equal(tcp_address_parse(rows[i].text, &address), -EINVAL);
			continue;
		}
		assert_int_equal(tcp_address_parse(rows[i].text, &address), 0);
		tcp_address_print(&address, printed);
		assert_string_equal(printed, rows[i].printed);
		assert_int_equal(tcp_address_local(&address), rows[i].local);
	}
}

static void test_who_is_in_a_subnet(void **state)
{
	static const struct {
		const char *subnet, *in, *out;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7", "192.0.2.8"},
		{"192.0.2.7/32", "192.0.2.7", "192.0.2.6"},
		{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
		{"10.0.0.0/8", "10.0.0.0", "9.255.255.255"},
		{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
		{"192.0.2.8/31", "192.0.2.9", "192.0.2.10"},
		{"0.0.0.0/0", "203.0.113.1", "[2001:db8::1]"},
		{"2001:db8::/32", "[2001:db8:ffff::1]", "[2001:db9::]"},
		{"2001:db8::/33", "[2001:db8:7fff::]", "[2001:db8:8000::]"},
		{"::1", "[::1]", "[::2]"},
		{"::/1", "[7fff::]", "[8000::]"},
		/* As they show on a socket for both versions. */
		{"10.0.0.0/8", "[::ffff:10.1.2.3]", "[::ffff:11.1.2.3]"},
		{"10.0.0.0/8", "10.1.2.3", "[::10.1.2.3]"},
		{"::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct subnet subnet;
		struct tcp_address in, out;
		char text[80];

		assert_int_equal(subnet_parse(rows[i].subnet, &subnet), 0);
		snprintf(text, sizeof(text), "%s:5", rows[i].in);
		assert_int_equal(tcp_address_parse(text, &in), 0);
		snprintf(text, sizeof(text), "%s:5", rows[i].out);
		assert_int_equal(tcp_address_parse(text, &out), 0);
		assert_true(subnet_holds(&subnet, &in));
		assert_false(subnet_holds(&subnet, &out));
	}
}

static void test_everybody_is_in_the_whole(void **state)
{
	struct subnet subnet;
	struct tcp_address v4, v6;

	assert_int_equal(subnet_parse("::/0", &subnet), 0);
	assert_int_equal(tcp_address_parse("203.0.113.1:1", &v4), 0);
	assert_int_equal(tcp_address_parse("[2001:db8::1]:1", &v6), 0);
	assert_true(subnet_holds(&subnet, &v4));
	assert_true(subnet_holds(&subnet, &v6));
}

static void test_what_is_no_subnet(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"", -EINVAL},
		{"/8", -EINVAL},
		{"10.0.0.0/", -EINVAL},
		{"10.0.0.0/33", -EINVAL},
		{"10.0.0.0/-1", -EINVAL},
		{"10.0.0.0/+8", -EINVAL},
		{"10.0.0.0/8/8", -EINVAL},
		{"10.0.0/8", -EINVAL},
		{"::/129", -EINVAL},
		{"[::1]", -EINVAL},
		{"10.0.0.0/255.0.0.0", -EINVAL},
		{"10.0.0.0/99999999999999999999", -EINVAL},
		{"example.org", -EINVAL},
		{"10.1.2.3/8", -EDOM},
		{"10.0.0.1/31", -EDOM},
		{"192.0.2.7/0", -EDOM},
		{"2001:db8::1/64", -EDOM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct subnet subnet = {.bits = 77};

		assert_int_equal(subnet_parse(rows[i].text, &subnet), rows[i].rc);
		assert_int_equal(subnet.bits, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_with_a_port),
		cmocka_unit_test(test_who_is_in_a_subnet),
		cmocka_unit_test(test_everybody_is_in_the_whole),
		cmocka_unit_test(test_what_is_no_subnet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
