/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the files of a configuration: which are read, and what is said of the others. */
#include "daemon/config_file.h"

#include <fcntl.h>
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

#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"

/* Somebody who is neither root nor, as a rule, whoever runs this. */
enum { NOBODY = 65534 };

struct test {
	struct arena *arena;
	char dir[32];
	const char *path; /* a file of "a: 1\n" in it */
};

static int set_up(void **state)
{
	struct test *t = test_malloc(sizeof(*t));
	FILE *file;

	*t = (struct test){.arena = arena_new(), .dir = "/tmp/gauged-XXXXXX"};
	assert_non_null(mkdtemp(t->dir));
	t->path = arena_printf(t->arena, "%s/a.yaml", t->dir);
	file = fopen(t->path, "w");
	assert_non_null(file);
	assert_true(fputs("a: 1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(t->path, 0644), 0);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct test *t = *state;

	unlink(t->path);
	rmdir(t->dir);
	arena_free(t->arena);
	test_free(t);
	return 0;
}

/* Nothing else is said than this, whether it is an error or a warning. */
static void assert_told(struct test *t, const char *path, bool strict, const char *said,
			const char *notes)
{
	struct diags *diags = diags_new(4);
	const struct diag_source *source =
		config_file_read(t->arena, path, strict, NULL, diags);

	if (said == NULL) {
		assert_int_equal(diags_count(diags), 0);
		assert_non_null(source);
	} else {
		assert_int_equal(diags_count(diags), 1);
		assert_string_equal(diags_get(diags, 0)->message, said);
		assert_int_equal(diags_get(diags, 0)->level == DIAG_ERROR, source == NULL);
		if (notes != NULL)
			assert_string_equal(diags_get(diags, 0)->notes, notes);
		else
			assert_null(diags_get(diags, 0)->notes);
	}
	diags_free(diags);
}

static void test_a_file_is_read_whole(void **state)
{
	struct test *t = *state;
	struct diags *diags = diags_new(4);
	const struct diag_source *source =
		config_file_read(t->arena, t->path, true, NULL, diags);

	assert_non_null(source);
	assert_string_equal(source->file, t->path);
	assert_int_equal(source->len, 5);
	assert_memory_equal(source->text, "a: 1\n", 5);
	diags_free(diags);
}

static void test_what_is_no_file_of_text_is_told(void **state)
{
	struct test *t = *state;
	const char *missing = arena_printf(t->arena, "%s/b.yaml", t->dir);

	assert_told(
		t, missing, true,
		arena_printf(t->arena, "cannot open %s: No such file or directory", missing),
		NULL);
	assert_told(t, t->dir, true,
		    arena_printf(t->arena,
				 "%s is no regular file: expected a text file with YAML",
				 t->dir),
		    NULL);
	assert_int_equal(truncate(t->path, YAML_MAX_BYTES), 0);
	assert_told(t, t->path, true, NULL, NULL);
	assert_int_equal(truncate(t->path, YAML_MAX_BYTES + 1), 0);
	assert_told(
		t, t->path, true,
		arena_printf(t->arena,
			     "%s has %d bytes, expected at most %d (split it with include:)",
			     t->path, YAML_MAX_BYTES + 1, YAML_MAX_BYTES),
		NULL);
}

/* One that says that it is empty, and is not. */
static void test_a_file_that_changes_is_told(void **state)
{
	assert_told(*state, "/proc/self/status", true,
		    "/proc/self/status changed while it was read: try again", NULL);
}

static void test_a_file_that_may_not_be_read_is_told(void **state)
{
	struct test *t = *state;
	uid_t user = geteuid();

	assert_int_equal(chmod(t->path, 0), 0);
	if (user == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_told(t, t->path, true,
		    arena_printf(t->arena, "cannot open %s: Permission denied", t->path),
		    arena_printf(t->arena, "hint: it has to be readable for user %u",
				 (unsigned)geteuid()));
	assert_int_equal(seteuid(user), 0);
}

static void assert_not_trusted(struct test *t, const char *why)
{
	assert_told(t, t->path, true, why, NULL);
	assert_told(t, t->path, false,
		    arena_printf(t->arena, "%s; the daemon will refuse it", why), NULL);
}

static void test_a_file_that_others_can_write_is_told(void **state)
{
	struct test *t = *state;

	assert_int_equal(chmod(t->path, 0646), 0);
	assert_not_trusted(t, arena_printf(t->arena, "everybody can write %s (chmod o-w %s)",
					   t->path, t->path));
	assert_int_equal(chmod(t->path, 0664), 0);
	if (geteuid() != 0)
		return; /* only root can give files away */
	assert_told(t, t->path, true, NULL, NULL);
	assert_int_equal(chown(t->path, 0, NOBODY), 0);
	assert_int_equal(chmod(t->path, 0664), 0);
	assert_not_trusted(t, arena_printf(t->arena, "group %u can write %s (chmod g-w %s)",
					   NOBODY, t->path, t->path));
	assert_int_equal(chmod(t->path, 0644), 0);
	assert_int_equal(chown(t->path, NOBODY, 0), 0);
	assert_not_trusted(
		t,
		arena_printf(t->arena,
			     "%s belongs to user %u, expected root or user %u (chown root %s)",
			     t->path, NOBODY, 0, t->path));
}

/* What 'include: TEXT' finds; said NULL: no complaint. */
static int includes(struct test *t, const char *text, size_t max, const char *said)
{
	const struct diag_source source = {"t.yaml", text, strlen(text)};
	struct diags *diags = diags_new(4);
	const struct yaml_node *root = yaml_parse(t->arena, &source, diags);
	const char *found[CONFIG_FILE_MAX_FILES];
	int count = config_file_glob(t->arena, yaml_get(root, "include"), t->dir, found, max,
				     diags);

	assert_int_equal(diags_count(diags), said != NULL);
	if (said != NULL)
		assert_string_equal(diags_get(diags, 0)->message, said);
	diags_free(diags);
	return count;
}

static void test_patterns_find_files_or_it_is_told(void **state)
{
	struct test *t = *state;
	uid_t user = geteuid();

	assert_int_equal(includes(t, "include: '*.yaml'\n", 4, NULL), 1);
	assert_int_equal(includes(t, "include: [a.yaml, '*.yaml']\n", 4, NULL), 1);
	assert_int_equal(includes(t, "include: 'b*.yaml'\n", 4, NULL), 0);
	assert_int_equal(includes(t, "include: 'rules.d/*.yaml'\n", 4, NULL), 0);
	assert_int_equal(includes(t, "include: 'a.yaml/*.yaml'\n", 4, NULL), 0);
	assert_int_equal(includes(t, "include: b.yaml\n", 4,
				  arena_printf(t->arena, "there is no file %s/b.yaml", t->dir)),
			 -1);
	assert_int_equal(includes(t, "include: a.yaml\n", 0, "more than 0 files are included"),
			 -1);
	assert_int_equal(
		includes(t, "include: [{a: b}]\n", 4,
			 "'include' must be file names such as rules.d/*.yaml, not a map"),
		-1);
	assert_int_equal(
		includes(t, "include: ''\n", 4,
			 "'include' must be file names such as rules.d/*.yaml, not a text"),
		-1);
	assert_int_equal(chmod(t->dir, 0), 0);
	if (user == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(
		includes(
			t, "include: '*.yaml'\n", 4,
			arena_printf(t->arena,
				     "cannot look for %s/*.yaml: a directory on the way cannot "
				     "be read",
				     t->dir)),
		-1);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(chmod(t->dir, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_read_whole),
		TEST(test_what_is_no_file_of_text_is_told),
		TEST(test_a_file_that_changes_is_told),
		TEST(test_a_file_that_may_not_be_read_is_told),
		TEST(test_a_file_that_others_can_write_is_told),
		TEST(test_patterns_find_files_or_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
