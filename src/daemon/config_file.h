/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The files of a configuration: which ones there are, whether they may be trusted, and their
 * text. Reads from disk: never called on the loop.
 */
#ifndef GAUGED_DAEMON_CONFIG_FILE_H
#define GAUGED_DAEMON_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diag_source;
struct diags;
struct yaml_node;

enum { CONFIG_FILE_MAX_FILES = 256 };

/*
 * The text of the file at path, all in arena, or NULL after an error was added. Refused: what
 * is no regular file or over 1 MiB. A file that somebody else owns or can write is an error
 * when strict, a warning otherwise. where: the place that named the file, or NULL.
 */
const struct diag_source *config_file_read(struct arena *arena, const char *path, bool strict,
					   const struct yaml_node *where, struct diags *diags);

/*
 * The files that the patterns under 'include:' name, sorted within each pattern, without
 * doubles; relative patterns start at directory. Returns how many went to ret[max]; -1 after
 * errors were added. A pattern with no match is no error; a directory that cannot be read is.
 */
int config_file_glob(struct arena *arena, const struct yaml_node *include,
		     const char *directory, const char **ret, size_t max, struct diags *diags);

#endif
