/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of secrets from their directories. */
#include "io/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

bool secret_name_valid(const char *name, size_t len)
{
	if (len == 0 || len > SECRET_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("_-.", name[i]) == NULL)
			return false;
	return memchr(name, '\0', len) == NULL;
}

/* A descriptor, or a negative errno. */
static int secret_open(const char *dir, const char *name)
{
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (dirfd < 0)
		return -errno;
	/* O_NONBLOCK: the open of a FIFO would wait for its writer. */
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(dirfd);
	return fd;
}

/*
 * LoadCredential=webhook:FOLDER, as the unit has it, names each file webhook_NAME: an id, '_'
 * and the file's name, systemd.exec(5).
 */
static int secret_open_credential(const char *dir, const char *name)
{
	char *file = xasprintf("webhook_%s", name);
	int fd = secret_open(dir, file);

	free(file);
	return fd;
}

/* what: what it is called in messages. */
static int secret_take(int fd, const char *what, size_t max, char **ret, size_t *ret_len,
		       struct error *err)
{
	struct stat st;
	char *text;
	size_t len = 0;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return error_errno(err, errno, "cannot read %s", what);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s is not a regular file", what);
	if ((uint64_t)st.st_size > max)
		return error_set(err, EFBIG, "%s is larger than %zu bytes", what, max);
	text = xmalloc(max + 1);
	do {
		n = read(fd, text + len, max - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		int rc = error_errno(err, errno, "cannot read %s", what);

		secret_free(text, len);
		return rc;
	}
	if (len > 0 && text[len - 1] == '\n')
		len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
	if (len == 0) {
		secret_free(text, len);
		return error_set(err, ENODATA, "%s is empty", what);
	}
	text[len] = '\0';
	*ret = xmalloc(len + 1);
	memcpy(*ret, text, len + 1);
	*ret_len = len;
	secret_free(text, len);
	return 0;
}

int secret_read(const struct secret_dirs *dirs, const char *name, char **ret, size_t *ret_len,
		struct error *err)
{
	const char *const places[] = {dirs->credentials, dirs->configured};
	int fd = -ENOENT, rc;
	char *what;

	if (!secret_name_valid(name, strlen(name)))
		return error_set(err, EINVAL,
				 "'%s' is no name of a secret: letters, digits, '_', '-', '.'",
				 name);
	if (dirs->credentials == NULL && dirs->configured == NULL)
		return error_set(err, ENOENT,
				 "there is no place for the secret '%s': set secrets_dir, or "
				 "LoadCredential= in the unit",
				 name);
	for (size_t i = 0; i < ARRAY_SIZE(places) && fd == -ENOENT; i++) {
		if (places[i] == NULL)
			continue;
		fd = secret_open(places[i], name);
		if (fd == -ENOENT && i == 0)
			fd = secret_open_credential(places[i], name);
	}
	if (fd == -ELOOP)
		return error_set(
			err, ELOOP,
			"the secret '%s' is a symbolic link, and those are not followed", name);
	if (fd < 0)
		return error_errno(err, -fd, "cannot open the secret '%s'", name);
	what = xasprintf("the secret '%s'", name);
	rc = secret_take(fd, what, SECRET_MAX_BYTES, ret, ret_len, err);
	free(what);
	close(fd);
	return rc;
}

int secret_read_path(const char *path, char **ret, size_t *ret_len, struct error *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc;

	if (fd < 0)
		return error_errno(err, errno, "cannot open %s", path);
	rc = secret_take(fd, path, SECRET_PATH_MAX_BYTES, ret, ret_len, err);
	close(fd);
	return rc;
}

void secret_free(char *secret, size_t len)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, len);
	free(secret);
}
