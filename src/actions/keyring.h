/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The secrets that one webhook needs, read once. */
#ifndef GAUGED_ACTIONS_KEYRING_H
#define GAUGED_ACTIONS_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct keyring;
struct secret_dirs;
struct template;

/* An empty one. */
struct keyring *keyring_new(void);
/* Overwrites all that was read. NULL is allowed. */
void keyring_free(struct keyring *keyring);

/* Reads the secret, if it is not there yet. */
int keyring_add(struct keyring *keyring, const struct secret_dirs *dirs, const char *name,
		struct error *err);
/*
 * Reads all that the template names; one_line: -EINVAL for one with control characters. NUL is
 * never allowed inside.
 */
int keyring_add_template(struct keyring *keyring, const struct secret_dirs *dirs,
			 const struct template *template, bool one_line, struct error *err);

/* A template_secret_fn; arg is the keyring. Borrowed. */
const char *keyring_find(void *arg, const char *name, size_t *ret_len);

#endif
