/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of configuration files and the decision whether one may be trusted. */
#include "daemon/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"

__attribute__((format(printf, 4, 5))) static void complain(bool strict,
							   const struct yaml_node *where,
							   struct diags *diags, const char *fmt,
							   ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strict)
		diag_error(diags, where, "%s", text);
	else
		diag_warning(diags, where, "%s; the daemon will refuse it", text);
}

/* Whoever can write the file decides what is switched: root, this user, and nobody else. */
static bool config_file_trusted(const struct stat *st, const char *path, bool strict,
				const struct yaml_node *where, struct diags *diags)
{
	size_t before = diags_errors(diags);

	if (st->st_uid != 0 && st->st_uid != geteuid())
		complain(strict, where, diags,
			 "%s belongs to user %u, expected root or user %u (chown root %s)",
			 path, (unsigned)st->st_uid, (unsigned)geteuid(), path);
	if (st->st_mode & S_IWOTH)
		complain(strict, where, diags, "everybody can write %s (chmod o-w %s)", path,
			 path);
	else if ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid())
		complain(strict, where, diags, "group %u can write %s (chmod g-w %s)",
			 (unsigned)st->st_gid, path, path);
	return diags_errors(diags) == before;
}

static int config_file_open(const char *path, struct stat *ret_st, bool strict,
			    const struct yaml_node *where, struct diags *diags)
{
	/* O_NONBLOCK: a FIFO must not hold us until somebody writes. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		diag_error(diags, where, "cannot open %s: %s", path, strerrordesc_np(errno));
		if (errno == EACCES)
			diag_note(diags, "hint: it has to be readable for user %u",
				  (unsigned)geteuid());
		return -1;
	}
	if (fstat(fd, ret_st) != 0)
		diag_error(diags, where, "cannot look at %s: %s", path, strerrordesc_np(errno));
	else if (!S_ISREG(ret_st->st_mode))
		diag_error(diags, where,
			   "%s is no regular file: expected a text file with YAML", path);
	else if (ret_st->st_size > YAML_MAX_BYTES)
		diag_error(diags, where,
			   "%s has %jd bytes, expected at most %d (split it with include:)",
			   path, (intmax_t)ret_st->st_size, YAML_MAX_BYTES);
	else if (config_file_trusted(ret_st, path, strict, where, diags))
		return fd;
	close(fd);
	return -1;
}

const struct diag_source *config_file_read(struct arena *arena, const char *path, bool strict,
					   const struct yaml_node *where, struct diags *diags)
{
	struct diag_source *source = NULL;
	struct stat st;
	size_t room;
	size_t len = 0;
	char *text;
	ssize_t n;
	int fd = config_file_open(path, &st, strict, where, diags);

	if (fd < 0)
		return NULL;
	/* One byte more than it had: a file that grew meanwhile is seen. */
	room = (size_t)st.st_size + 1;
	text = arena_take(arena, room + 1, 1);
	do {
		n = read(fd, text + len, room - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len < room) || (n < 0 && errno == EINTR));
	if (n < 0) {
		diag_error(diags, where, "cannot read %s: %s", path, strerrordesc_np(errno));
	} else if (len != (size_t)st.st_size) {
		diag_error(diags, where, "%s changed while it was read: try again", path);
	} else {
		source = arena_take(arena, 1, sizeof(*source));
		source->file = arena_text(arena, path, strlen(path));
		source->text = text;
		source->len = len;
	}
	close(fd);
	return source;
}

/* A directory that is not there holds no files; of one that cannot be read nobody knows. */
static int config_file_unread(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static int config_file_match(struct arena *arena, const struct yaml_node *pattern,
			     const char *directory, const char **ret, int count, size_t max,
			     struct diags *diags)
{
	char *path = pattern->text[0] == '/' || strcmp(directory, ".") == 0
			     ? arena_text(arena, pattern->text, pattern->len)
			     : arena_printf(arena, "%s/%s", directory, pattern->text);
	glob_t found;
	/* sorted by byte value: no setlocale() anywhere */
	int rc = glob(path, 0, config_file_unread, &found);

	if (rc != 0 && rc != GLOB_NOMATCH) {
		diag_error(diags, pattern,
			   "cannot look for %s: a directory on the way cannot be read", path);
		count = -1;
	}
	for (size_t i = 0; rc == 0 && count >= 0 && i < found.gl_pathc; i++) {
		bool known = false;

		for (int k = 0; k < count; k++)
			known = known || strcmp(ret[k], found.gl_pathv[i]) == 0;
		if (known)
			continue;
		if ((size_t)count == max) {
			diag_error(diags, pattern, "more than %zu files are included", max);
			count = -1;
			break;
		}
		ret[count++] = arena_text(arena, found.gl_pathv[i], strlen(found.gl_pathv[i]));
	}
	if (rc == 0)
		globfree(&found);
	else if (rc == GLOB_NOMATCH && count >= 0 && strpbrk(path, "*?[") == NULL) {
		diag_error(diags, pattern, "there is no file %s", path);
		count = -1;
	}
	return count;
}

int config_file_glob(struct arena *arena, const struct yaml_node *include,
		     const char *directory, const char **ret, size_t max, struct diags *diags)
{
	const struct yaml_node *const *patterns =
		include->kind == YAML_SEQ ? include->values : &include;
	size_t n = include->kind == YAML_SEQ ? include->count : 1;
	int count = 0;

	for (size_t i = 0; i < n; i++) {
		if (patterns[i]->kind != YAML_SCALAR || patterns[i]->len == 0) {
			diag_error(
				diags, patterns[i],
				"'include' must be file names such as rules.d/*.yaml, not %s",
				yaml_kind_words(patterns[i]));
			return -1;
		}
		count = config_file_match(arena, patterns[i], directory, ret, count, max,
					  diags);
		if (count < 0)
			return -1;
	}
	return count;
}
