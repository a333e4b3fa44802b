/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the secrets of one webhook in memory. */
#include "actions/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions/template.h"
#include "base/alloc.h"
#include "base/error.h"
#include "io/secret.h"

struct kept_secret {
	char *name;
	char *text;
	size_t len;
};

struct keyring {
	size_t count;
	struct kept_secret *secrets;
};

struct keyring *keyring_new(void)
{
	return xcalloc(1, sizeof(struct keyring));
}

void keyring_free(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	for (size_t i = 0; i < keyring->count; i++) {
		free(keyring->secrets[i].name);
		secret_free(keyring->secrets[i].text, keyring->secrets[i].len);
	}
	free(keyring->secrets);
	free(keyring);
}

const char *keyring_find(void *arg, const char *name, size_t *ret_len)
{
	const struct keyring *keyring = arg;

	for (size_t i = 0; i < keyring->count; i++) {
		if (strcmp(keyring->secrets[i].name, name) != 0)
			continue;
		*ret_len = keyring->secrets[i].len;
		return keyring->secrets[i].text;
	}
	return NULL;
}

int keyring_add(struct keyring *keyring, const struct secret_dirs *dirs, const char *name,
		struct error *err)
{
	struct kept_secret secret = {0};
	size_t len;
	int rc;

	if (keyring_find(keyring, name, &len) != NULL)
		return 0;
	rc = secret_read(dirs, name, &secret.text, &secret.len, err);
	if (rc != 0)
		return rc;
	secret.name = xstrdup(name);
	keyring->secrets =
		xreallocarray(keyring->secrets, keyring->count + 1, sizeof(*keyring->secrets));
	keyring->secrets[keyring->count++] = secret;
	return 0;
}

static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

int keyring_add_template(struct keyring *keyring, const struct secret_dirs *dirs,
			 const struct template *template, bool one_line, struct error *err)
{
	const char *name, *text;
	size_t len = 0;
	int rc;

	for (size_t i = 0; (name = template_secret(template, i)) != NULL; i++) {
		rc = keyring_add(keyring, dirs, name, err);
		if (rc != 0)
			return rc;
		text = keyring_find(keyring, name, &len);
		if (strlen(text) != len || (one_line && has_control(text, len)))
			return error_set(err, EINVAL,
					 "the secret '%s' has control characters inside, "
					 "perhaps more than one line",
					 name);
	}
	return 0;
}
