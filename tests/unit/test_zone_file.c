/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of where time zones are found, in a folder of its own. */
#include "daemon/zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "rules/zone.h"

struct test {
	char folder[64];
	struct arena *arena;
	struct error err;
};

static void put(const struct test *t, const char *name, const void *bytes, size_t len)
{
	char *path = xasprintf("%s/%s", t->folder, name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
	free(path);
}

/* A zone an hour ahead of UTC, which never changes. */
static const unsigned char ahead[] = "TZif\0"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\0\0\0\1\0\0\0\4"
				     "\0\0\x0e\x10\0\0CET";

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	char *path;

	strcpy(t->folder, "/tmp/test_zone_file.XXXXXX");
	assert_ptr_equal(mkdtemp(t->folder), t->folder);
	path = xasprintf("%s/Far", t->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
	put(t, "Far/Away", ahead, sizeof(ahead));
	put(t, "Cut", ahead, sizeof(ahead) - 1);
	setenv("TZDIR", t->folder, 1);
	unsetenv("TZ");
	t->arena = arena_new();
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"Far/Away", "Far", "Cut", "Fifo", "Large"};
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = xasprintf("%s/%s", t->folder, names[i]);

		remove(path);
		free(path);
	}
	rmdir(t->folder);
	arena_free(t->arena);
	free(t);
	return 0;
}

static void assert_zone(struct test *t, const char *given, const char *name, int32_t offset)
{
	const struct zone *zone = zone_file_read(t->arena, given, &t->err);
	int64_t next;

	if (zone == NULL)
		fail_msg("%s", t->err.text);
	assert_string_equal(zone_name(zone), name);
	assert_int_equal(zone_offset(zone, 0, &next), offset);
}

static void test_names_and_rules(void **state)
{
	struct test *t = *state;
	char *path = xasprintf("%s/Far/Away", t->folder);

	assert_zone(t, "UTC", "UTC", 0);
	assert_zone(t, "Far/Away", "Far/Away", 3600);
	assert_zone(t, path, path, 3600);
	assert_zone(t, "EET-2", "EET-2", 7200);
	free(path);
}

static void test_local_is_what_tz_says(void **state)
{
	struct test *t = *state;
	char *path = xasprintf(":%s/Far/Away", t->folder);

	setenv("TZ", "Far/Away", 1);
	assert_zone(t, NULL, "Far/Away", 3600);
	assert_zone(t, "local", "Far/Away", 3600);
	setenv("TZ", path, 1);
	assert_zone(t, NULL, path + 1, 3600);
	setenv("TZ", ":EET-2", 1);
	assert_zone(t, NULL, "EET-2", 7200);
	setenv("TZ", "", 1);
	assert_zone(t, NULL, "UTC", 0);
	setenv("TZ", "Nowhere", 1);
	assert_null(zone_file_read(t->arena, NULL, &t->err));
	/* Whatever this box has, or UTC if it has none. */
	unsetenv("TZ");
	assert_non_null(zone_file_read(t->arena, NULL, &t->err));
	free(path);
}

static void assert_refused(struct test *t, const char *given, const char *said)
{
	t->err.text[0] = '\0';
	assert_null(zone_file_read(t->arena, given, &t->err));
	if (strstr(t->err.text, said) == NULL)
		fail_msg("%s", t->err.text);
}

static void test_zones_that_are_none(void **state)
{
	static const char large[ZONE_MAX_BYTES + 10] = "TZif";
	struct test *t = *state;
	char *fifo = xasprintf("%s/Fifo", t->folder);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	put(t, "Large", large, sizeof(large));
	assert_refused(t, "Nowhere", "there is no time zone 'Nowhere' (");
	assert_refused(t, "../etc/passwd", "there is no time zone '../etc/passwd' (");
	assert_refused(t, "Far/../Cut", "there is no time zone 'Far/../Cut' (");
	assert_refused(t, "", "there is no time zone '' (");
	assert_refused(t, "/nowhere/at/all", "cannot read the zone file /nowhere/at/all: ");
	assert_refused(t, "Far", " is no regular file: expected a zone file");
	assert_refused(t, "Fifo", " is no regular file: expected a zone file");
	assert_refused(t, "Cut", "the zone file 'Cut' is damaged: it is cut off");
	assert_refused(t, "Large", "bytes, expected at most 131072");
	free(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_and_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_local_is_what_tz_says, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zones_that_are_none, setup, teardown),
	};

	return cmocka_run_group_tests_name("zone_file", tests, NULL, NULL);
}
