/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Signatures by which a receiver knows that a message is ours and whole: Standard Webhooks
 * 1.0.0, "Signature scheme", symmetric (v1): HMAC-SHA256 over "ID.TIMESTAMP.BODY".
 */
#ifndef GAUGED_ACTIONS_SIGNATURE_H
#define GAUGED_ACTIONS_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

enum {
	SIGNATURE_KEYS_MAX = 2, /* the new and the old one, while they are exchanged */
	SIGNATURE_KEY_MIN = 24,
	SIGNATURE_KEY_MAX = 64,
};

struct signature_key {
	size_t len; /* SIGNATURE_KEY_MIN..SIGNATURE_KEY_MAX */
	uint8_t bytes[SIGNATURE_KEY_MAX];
};

/*
 * "whsec_" and base64 of the key, or the key itself. -EINVAL: its length is wrong, or it is
 * not base64; the text does not show it.
 */
int signature_key_parse(const char *text, size_t len, struct signature_key *ret,
			struct error *err);

/* Adds "v1,BASE64", one for each key, a space between. timestamp: seconds since 1970. */
void signature_add(const struct signature_key *keys, size_t count, const char *id,
		   int64_t timestamp, const char *body, size_t body_len, struct str *out);

#endif
