/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Devices that may not be opened: who has to be told what. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "io/device_denied.h"

static void assert_says(const char *path, int code, const char *words)
{
	struct error err;

	assert_int_equal(device_denied(path, code, "gpio", &err), -code);
	assert_int_equal(err.code, code);
	if (strstr(err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, err.text);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, strerror(code)));
}

static void test_fault_A12_the_policy_of_the_unit_is_told_with_the_class(void **state)
{
	char folder[] = "/tmp/gauged-denied-XXXXXX", device[64], link[64];

	assert_non_null(mkdtemp(folder));
	snprintf(device, sizeof(device), "%s/ttyUSB12", folder);
	snprintf(link, sizeof(link), "%s/meter1", folder);
	assert_int_equal(mknod(device, S_IFREG | 0600, 0), 0);
	assert_int_equal(symlink(device, link), 0);
	assert_says(device, EPERM, "DeviceAllow=char-ttyUSB rw");
	assert_says(link, EPERM, "DeviceAllow=char-ttyUSB rw");
	assert_int_equal(unlink(device), 0);
	/* Of what has no number, or is gone again, the path will do. */
	assert_says(link, EPERM, "/meter1 rw");
	assert_says("/dev/null", EPERM, "DeviceAllow=/dev/null rw");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void test_fault_A12_who_may_open_it_is_told(void **state)
{
	char path[] = "/tmp/gauged-denied-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	if (getegid() == 0) {
		assert_int_equal(fchmod(fd, 0600), 0);
		assert_says(path, EACCES, "for root alone");
		assert_says(path, EACCES, "to the group gpio");
		assert_int_equal(fchown(fd, (uid_t)-1, 1), 0);
	}
	assert_says(path, EACCES, "has to be in the group that owns it, ");
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_says(path, EACCES, "owns it, gpio)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_A12_the_policy_of_the_unit_is_told_with_the_class),
		cmocka_unit_test(test_fault_A12_who_may_open_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
