/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the signing of messages, and the library that computes it. */
#include "actions/signature.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

enum { KEY_TEXT_MAX = BASE64_ENCODE_RAW_LENGTH(SIGNATURE_KEY_MAX) };

static const char prefix[] = "whsec_";

/* The bytes of the key, or 0 when that is no base64, or of too many. */
static size_t decode_key(const char *text, size_t len, uint8_t bytes[SIGNATURE_KEY_MAX])
{
	struct base64_decode_ctx decode;
	uint8_t room[BASE64_DECODE_LENGTH(KEY_TEXT_MAX)];
	size_t count = 0;
	bool good;

	if (len > KEY_TEXT_MAX)
		return 0;
	base64_decode_init(&decode);
	good = base64_decode_update(&decode, &count, room, len, text) == 1 &&
	       base64_decode_final(&decode) == 1 && count <= SIGNATURE_KEY_MAX;
	if (good)
		memcpy(bytes, room, count);
	explicit_bzero(room, sizeof(room));
	return good ? count : 0;
}

int signature_key_parse(const char *text, size_t len, struct signature_key *ret,
			struct error *err)
{
	size_t skip = sizeof(prefix) - 1;
	struct signature_key key = {0};

	if (len >= skip && memcmp(text, prefix, skip) == 0) {
		key.len = decode_key(text + skip, len - skip, key.bytes);
	} else if (len <= SIGNATURE_KEY_MAX) {
		memcpy(key.bytes, text, len);
		key.len = len;
	}
	if (key.len >= SIGNATURE_KEY_MIN)
		*ret = key;
	len = key.len;
	explicit_bzero(&key, sizeof(key));
	if (len < SIGNATURE_KEY_MIN)
		return error_set(
			err, EINVAL,
			"it has to be a key of %d to %d bytes: whsec_ and their base64, "
			"or the bytes themselves",
			SIGNATURE_KEY_MIN, SIGNATURE_KEY_MAX);
	return 0;
}

void signature_add(const struct signature_key *keys, size_t count, const char *id,
		   int64_t timestamp, const char *body, size_t body_len, struct str *out)
{
	struct hmac_sha256_ctx hmac;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char head[128], text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
	struct str signed_head;

	str_init_fixed(&signed_head, head, sizeof(head));
	str_addf(&signed_head, "%s.%" PRId64 ".", id, timestamp);
	for (size_t i = 0; i < count; i++) {
		hmac_sha256_set_key(&hmac, keys[i].len, keys[i].bytes);
		hmac_sha256_update(&hmac, signed_head.len, (const uint8_t *)head);
		hmac_sha256_update(&hmac, body_len, (const uint8_t *)body);
		hmac_sha256_digest(&hmac, sizeof(digest), digest);
		base64_encode_raw(text, sizeof(digest), digest);
		str_adds(out, i > 0 ? " v1," : "v1,");
		str_add(out, text, sizeof(text));
	}
	explicit_bzero(&hmac, sizeof(hmac));
}
