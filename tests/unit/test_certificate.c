/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Ends of certificates, of whole texts and of damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/str.h"
#include "io/certificate.h"

#define DAY (86400 * NSEC_PER_SEC)

/* Made by openssl(1): until 2021-03-04 05:06:07, and until the end of 2099. */
static const char until_2021[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBfzCCASWgAwIBAgIUPxrmwGwCcrX6NjAQNN6lvPnRCUcwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBYTAeFw0yMDAxMDEwMDAwMDBaFw0yMTAzMDQwNTA2MDdaMA4x\n"
	"DDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAkQyfVqoQoW\n"
	"fZJS8sFsG7STjh0TYHizkn7k4ZC9i+XOGr4AlplSZY9g+humNQr55VCO2oshq1zb\n"
	"XuYkzkoUynmjYzBhMAkGA1UdEwQCMAAwFAYDVR0RBA0wC4IJbG9jYWxob3N0MB0G\n"
	"A1UdDgQWBBQ1NSsvMjSKDXj1wYiALbkOWf11DzAfBgNVHSMEGDAWgBTAyCN+29Ks\n"
	"Q5r0tvjT0Zq1cLJn+zAKBggqhkjOPQQDAgNIADBFAiEAv3DyRkkoSNxGJLX7bR6D\n"
	"6xnZyq/WpMJFgr7/UOmNv+UCIEoyw6WRrJnBgvYWe7jKiu6hFqhQhx2RoA8nFvwr\n"
	"/EKj\n"
	"-----END CERTIFICATE-----\n";
static const char until_2099[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBgDCCASegAwIBAgIUHf5J+Sja/HKHY50GlKiJ4iuP6UkwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBYTAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTIzNTk1OVow\n"
	"DjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr3QADZ+j\n"
	"42aJbE1oGS1PzQBuUi1CX1dp84bGKVuu4AFVkfBzyUgHzRUwaJAWbSjICYUS+FYu\n"
	"r+t0LyhfTrFxG6NjMGEwCQYDVR0TBAIwADAUBgNVHREEDTALgglsb2NhbGhvc3Qw\n"
	"HQYDVR0OBBYEFFvlNR27xl4eQff1XiGOI4NXNBikMB8GA1UdIwQYMBaAFMDII37b\n"
	"0qxDmvS2+NPRmrVwsmf7MAoGCCqGSM49BAMCA0cAMEQCIBqgql3q8dTU0oeY6yNH\n"
	"no2vZHucEdXQAGG7UUXn5y1yAiAIuh3w2LgqxVQcAJ/jf9aIAEXZMAv56AGYJxly\n"
	"KLsnLQ==\n"
	"-----END CERTIFICATE-----\n";

static const int64_t end_2021 = 1614834367 * NSEC_PER_SEC;
static const int64_t end_2099 = 4102444799 * NSEC_PER_SEC;

static void test_both_forms_of_time_are_read(void **state)
{
	struct certificate_ends ends;
	char both[sizeof(until_2021) + sizeof(until_2099)];

	(void)state;
	certificate_read_ends(until_2021, strlen(until_2021), &ends);
	assert_int_equal(ends.count, 1);
	assert_int_equal(ends.first.ns, end_2021);
	assert_int_equal(ends.last.ns, end_2021);
	certificate_read_ends(until_2099, strlen(until_2099), &ends);
	assert_int_equal(ends.count, 1);
	assert_int_equal(ends.first.ns, end_2099);
	strcpy(both, until_2099);
	strcat(both, until_2021);
	certificate_read_ends(both, strlen(both), &ends);
	assert_int_equal(ends.count, 2);
	assert_int_equal(ends.first.ns, end_2021);
	assert_int_equal(ends.last.ns, end_2099);
}

static void test_what_is_no_certificate_has_no_end(void **state)
{
	struct certificate_ends ends;

	(void)state;
	certificate_read_ends("", 0, &ends);
	assert_int_equal(ends.count, 0);
	certificate_read_ends("-----BEGIN CERTIFICATE-----", 27, &ends);
	assert_int_equal(ends.count, 0);
	certificate_read_ends("-----BEGIN CERTIFICATE-----\nAAAA\n-----END", 42, &ends);
	assert_int_equal(ends.count, 0);
}

/* A copy without a byte too many, for whoever watches the memory. */
static size_t count_of(const char *bytes, size_t len)
{
	char *copy = xmalloc(len > 0 ? len : 1);
	struct certificate_ends ends;

	memcpy(copy, bytes, len);
	certificate_read_ends(copy, len, &ends);
	free(copy);
	return ends.count;
}

static void test_cut_and_damaged_ones_do_no_harm(void **state)
{
	size_t len = strlen(until_2021), whole = 0, read = 0;
	struct random random;
	char text[sizeof(until_2021)];

	(void)state;
	for (size_t cut = 0; cut <= len; cut++)
		whole += count_of(until_2021, cut);
	/* From the first dash of its end on it is all there. */
	assert_int_equal(whole, strlen("-----END CERTIFICATE-----\n"));
	random_init(&random, 1);
	for (int i = 0; i < 20000; i++) {
		memcpy(text, until_2021, sizeof(text));
		for (int64_t n = random_between(&random, 1, 8); n > 0; n--)
			text[random_between(&random, 27, 120)] =
				(char)random_between(&random, 0, 255);
		read += count_of(text, len);
	}
	assert_true(read > 0 && read < 20000);
}

static void tells(int64_t end, int64_t now, const char *words)
{
	struct str out;
	char room[80];

	str_init_fixed(&out, room, sizeof(room));
	if (words == NULL) {
		assert_false(
			certificate_tell_end((struct wall){end}, (struct wall){now}, &out));
		return;
	}
	assert_true(certificate_tell_end((struct wall){end}, (struct wall){now}, &out));
	assert_string_equal(room, words);
}

static void test_words_come_when_the_end_is_near(void **state)
{
	(void)state;
	tells(end_2021, end_2021 - (CERTIFICATE_SOON_DAYS + 1) * DAY, NULL);
	tells(INT64_MAX, end_2021, NULL);
	tells(end_2021, end_2021 - 3 * DAY, "valid until 2021-03-04, which is in 3 days");
	tells(end_2021, end_2021 - DAY, "valid until 2021-03-04, which is in 1 day");
	tells(end_2021, end_2021, "no longer valid since 2021-03-04");
	tells(end_2021, end_2099, "no longer valid since 2021-03-04");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_forms_of_time_are_read),
		cmocka_unit_test(test_what_is_no_certificate_has_no_end),
		cmocka_unit_test(test_cut_and_damaged_ones_do_no_harm),
		cmocka_unit_test(test_words_come_when_the_end_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
