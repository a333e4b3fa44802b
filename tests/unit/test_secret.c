/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Secrets: where they are found, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/secret.h"

struct place {
	char credentials[40], configured[40];
	struct secret_dirs dirs;
};

static int set_up(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	strcpy(place->credentials, "/tmp/gauged-secret-a-XXXXXX");
	strcpy(place->configured, "/tmp/gauged-secret-b-XXXXXX");
	assert_non_null(mkdtemp(place->credentials));
	assert_non_null(mkdtemp(place->configured));
	place->dirs = (struct secret_dirs){place->credentials, place->configured};
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	static const char *const names[] = {"token", "link", "fifo",  "dir",	      "big",
					    "crlf",  "two",  "empty", "webhook_token"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[100];

		snprintf(path, sizeof(path), "%s/%s", place->credentials, names[i]);
		remove(path);
		snprintf(path, sizeof(path), "%s/%s", place->configured, names[i]);
		remove(path);
	}
	assert_int_equal(rmdir(place->credentials), 0);
	assert_int_equal(rmdir(place->configured), 0);
	free(place);
	return 0;
}

static void put(const char *dir, const char *name, const char *text, size_t len)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(text, 1, len, file);
	fclose(file);
}

static void expect(const struct place *place, const char *name, const char *text)
{
	struct error err = {0};
	char *secret;
	size_t len;

	assert_int_equal(secret_read(&place->dirs, name, &secret, &len, &err), 0);
	assert_int_equal(len, strlen(text));
	assert_string_equal(secret, text);
	secret_free(secret, len);
}

static void refuse(const struct secret_dirs *dirs, const char *name, int code, const char *text)
{
	char *untouched = (char *)dirs, *secret = untouched;
	struct error err = {0};
	size_t len = 77;

	assert_int_equal(secret_read(dirs, name, &secret, &len, &err), -code);
	assert_string_equal(err.text, text);
	assert_ptr_equal(secret, untouched);
	assert_int_equal(len, 77);
}

static void test_credentials_come_before_the_configured_folder(void **state)
{
	struct place *place = *state;

	put(place->configured, "token", "second", 6);
	expect(place, "token", "second");
	put(place->credentials, "token", "first\n", 6);
	expect(place, "token", "first");
	place->dirs.credentials = NULL;
	expect(place, "token", "second");
}

static void test_a_credential_of_a_folder_has_the_id_before_its_name(void **state)
{
	struct place *place = *state;

	put(place->configured, "token", "configured", 10);
	put(place->credentials, "webhook_token", "loaded", 6);
	expect(place, "token", "loaded");
	put(place->credentials, "token", "exact", 5);
	expect(place, "token", "exact");
}

static void test_one_newline_at_the_end_is_not_part_of_it(void **state)
{
	struct place *place = *state;

	put(place->configured, "crlf", "x\r\n", 3);
	expect(place, "crlf", "x");
	put(place->configured, "two", "x\n\n", 3);
	expect(place, "two", "x\n");
}

static void test_links_and_what_is_no_file_are_refused(void **state)
{
	struct place *place = *state;
	char path[100], target[100];

	put(place->configured, "token", "x", 1);
	snprintf(target, sizeof(target), "%s/token", place->configured);
	snprintf(path, sizeof(path), "%s/link", place->configured);
	assert_int_equal(symlink(target, path), 0);
	refuse(&place->dirs, "link", ELOOP,
	       "the secret 'link' is a symbolic link, and those are not followed");
	snprintf(path, sizeof(path), "%s/fifo", place->configured);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse(&place->dirs, "fifo", EINVAL, "the secret 'fifo' is not a regular file");
	snprintf(path, sizeof(path), "%s/dir", place->configured);
	assert_int_equal(mkdir(path, 0700), 0);
	refuse(&place->dirs, "dir", EINVAL, "the secret 'dir' is not a regular file");
}

static void test_size_has_two_ends(void **state)
{
	struct place *place = *state;
	char *big = xcalloc(1, SECRET_MAX_BYTES + 1), *secret;
	size_t len;

	memset(big, 'x', SECRET_MAX_BYTES + 1);
	put(place->configured, "big", big, SECRET_MAX_BYTES + 1);
	refuse(&place->dirs, "big", EFBIG, "the secret 'big' is larger than 65536 bytes");
	put(place->configured, "big", big, SECRET_MAX_BYTES);
	assert_int_equal(secret_read(&place->dirs, "big", &secret, &len, NULL), 0);
	assert_int_equal(len, SECRET_MAX_BYTES);
	secret_free(secret, len);
	put(place->configured, "empty", "\n", 1);
	refuse(&place->dirs, "empty", ENODATA, "the secret 'empty' is empty");
	free(big);
}

static void test_names_can_not_leave_the_folder(void **state)
{
	static const char *const names[] = {"../token", "a/b", "/etc/passwd", "..",   ".", "",
					    ".hidden",	"a b", "a\nb",	      "a\xff"};
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *secret;
		size_t len;

		assert_false(secret_name_valid(names[i], strlen(names[i])));
		assert_int_equal(secret_read(&place->dirs, names[i], &secret, &len, NULL),
				 -EINVAL);
	}
	assert_false(secret_name_valid("a\0b", 3));
	assert_true(secret_name_valid("ops_token-2.key", 15));
}

static void test_missing_is_told_by_name(void **state)
{
	struct place *place = *state;
	struct secret_dirs nowhere = {NULL, NULL};

	refuse(&place->dirs, "token", ENOENT,
	       "cannot open the secret 'token': No such file or directory");
	refuse(&nowhere, "token", ENOENT,
	       "there is no place for the secret 'token': set secrets_dir, or "
	       "LoadCredential= in the unit");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_credentials_come_before_the_configured_folder),
		TEST(test_a_credential_of_a_folder_has_the_id_before_its_name),
		TEST(test_one_newline_at_the_end_is_not_part_of_it),
		TEST(test_links_and_what_is_no_file_are_refused),
		TEST(test_size_has_two_ends),
		TEST(test_names_can_not_leave_the_folder),
		TEST(test_missing_is_told_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
