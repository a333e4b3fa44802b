/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Secrets: small files, each named by ${secret:NAME}, in systemd's credentials directory or
 * in the configured one. Read when a webhook is opened, never while events are carried out (a
 * read of a small regular file, at start and reload). No error or log line shows a content.
 */
#ifndef GAUGED_IO_SECRET_H
#define GAUGED_IO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { SECRET_MAX_BYTES = 65536, SECRET_NAME_MAX = 128, SECRET_PATH_MAX_BYTES = 1 << 20 };

/* Where they are looked for, in this order; each may be NULL. */
struct secret_dirs {
	const char *credentials; /* $CREDENTIALS_DIRECTORY */
	const char *configured;	 /* secrets_dir */
};

/* Letters, digits, '_', '-' and '.'; not starting with a dot. */
bool secret_name_valid(const char *name, size_t len);

/*
 * The content of the secret without one newline at its end, to be given back with
 * secret_free(). A symbolic link, anything but a regular file, an empty file and one larger
 * than SECRET_MAX_BYTES are refused.
 */
int secret_read(const struct secret_dirs *dirs, const char *name, char **ret, size_t *ret_len,
		struct error *err);
/*
 * The same for a file by its path, such as a certificate or its key: symbolic links are
 * followed, as tools that renew certificates set them; at most SECRET_PATH_MAX_BYTES.
 */
int secret_read_path(const char *path, char **ret, size_t *ret_len, struct error *err);
/* Overwrites it first. NULL is allowed. */
void secret_free(char *secret, size_t len);

#endif
