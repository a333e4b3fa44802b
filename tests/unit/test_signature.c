/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Signatures of messages: what others computed, and keys that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "actions/signature.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"

static struct signature_key key_of(const char *text)
{
	struct signature_key key;
	struct error err = {0};

	assert_int_equal(signature_key_parse(text, strlen(text), &key, &err), 0);
	return key;
}

/*
 * The example that the libraries of Standard Webhooks are tested with. The second was computed
 * by Python's hmac.
 */
static void test_signature_equals_what_others_compute(void **state)
{
	const struct signature_key keys[] = {
		key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
		key_of("an old key of more than 24 bytes"),
	};
	static const char body[] = "{\"test\": 2432232314}";
	struct str out;

	(void)state;
	str_init(&out);
	signature_add(keys, 1, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body),
		      &out);
	assert_string_equal(out.s, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	str_clear(&out);
	signature_add(keys, 2, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body),
		      &out);
	assert_string_equal(out.s, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
				   "v1,R9AWV0KYi/+iVHaS8GhcPlSIWPN3NpPzK+7UnvC078Q=");
	str_done(&out);
}

static void test_key_is_base64_behind_its_prefix_and_bytes_without(void **state)
{
	struct signature_key key = key_of("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3");

	(void)state;
	assert_int_equal(key.len, 24);
	assert_memory_equal(key.bytes, "0123456789abcdef01234567", 24);
	key = key_of("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3");
	assert_int_equal(key.len, 32);
	key = key_of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	assert_int_equal(key.len, SIGNATURE_KEY_MAX);
	/* 64 bytes, two '=' at the end. */
	key = key_of("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJj"
		     "ZGVmMDEyMzQ1Njc4OWFiY2RlZg==");
	assert_int_equal(key.len, SIGNATURE_KEY_MAX);
}

static void test_key_of_the_wrong_length_or_form_is_refused_and_not_shown(void **state)
{
	static const char *const bad[] = {
		"",
		"0123456789abcdef0123456",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+",
		"whsec_",
		/* 23 bytes, 65 bytes */
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY=",
		("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1"
		 "Njc4OWFiY2RlZis="),
		/* no base64; a digit too few */
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NT!3",
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3O",
	};
	struct signature_key key = {.len = 99};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(signature_key_parse(bad[i], strlen(bad[i]), &key, &err),
				 -EINVAL);
		assert_string_equal(err.text,
				    "it has to be a key of 24 to 64 bytes: whsec_ and their "
				    "base64, or the bytes themselves");
		assert_int_equal(key.len, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature_equals_what_others_compute),
		cmocka_unit_test(test_key_is_base64_behind_its_prefix_and_bytes_without),
		cmocka_unit_test(test_key_of_the_wrong_length_or_form_is_refused_and_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
