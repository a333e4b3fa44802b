/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how numbers lie in bytes. */
#include "rules/pack.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

static void pack_add(struct str *out, uint64_t number, unsigned bytes)
{
	char room[8];

	for (unsigned i = 0; i < bytes; i++)
		room[i] = (char)(unsigned char)(number >> 8 * i);
	str_add(out, room, bytes);
}

void pack_add_u8(struct str *out, uint8_t number)
{
	pack_add(out, number, 1);
}

void pack_add_u32(struct str *out, uint32_t number)
{
	pack_add(out, number, 4);
}

void pack_add_u64(struct str *out, uint64_t number)
{
	pack_add(out, number, 8);
}

void pack_add_double(struct str *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	pack_add(out, bits, 8);
}

void pack_add_age(struct str *out, int64_t now, int64_t t)
{
	int64_t age;

	if (__builtin_sub_overflow(now, t, &age) || age > PACK_AGE_MAX)
		age = PACK_AGE_MAX;
	pack_add(out, age > 0 ? (uint64_t)age : 0, 8);
}

void pack_add_text(struct str *out, const char *text)
{
	size_t len = strlen(text);

	pack_add_u32(out, (uint32_t)len);
	str_add(out, text, len);
}

static uint64_t pack_take(struct pack *pack, unsigned bytes)
{
	uint64_t number = 0;

	if ((size_t)(pack->end - pack->at) < bytes) {
		pack->at = pack->end;
		pack->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		number |= (uint64_t)*pack->at++ << 8 * i;
	return number;
}

uint8_t pack_take_u8(struct pack *pack)
{
	return (uint8_t)pack_take(pack, 1);
}

uint32_t pack_take_u32(struct pack *pack)
{
	return (uint32_t)pack_take(pack, 4);
}

uint64_t pack_take_u64(struct pack *pack)
{
	return pack_take(pack, 8);
}

double pack_take_double(struct pack *pack)
{
	uint64_t bits = pack_take(pack, 8);
	double number;

	memcpy(&number, &bits, sizeof(number));
	if (!isinf(number))
		return number;
	pack->bad = true;
	return NAN;
}

int64_t pack_take_age(struct pack *pack)
{
	uint64_t age = pack_take(pack, 8);

	if (age <= PACK_AGE_MAX)
		return (int64_t)age;
	pack->bad = true;
	return 0;
}

const char *pack_take_text(struct pack *pack, size_t *ret_len)
{
	size_t len = pack_take_u32(pack);
	const char *text = (const char *)pack->at;

	if (len > (size_t)(pack->end - pack->at) || memchr(text, '\0', len) != NULL) {
		pack->bad = true;
		*ret_len = 0;
		return "";
	}
	pack->at += len;
	*ret_len = len;
	return text;
}

uint64_t pack_hash(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t pack_hash_text(uint64_t hash, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	uint64_t mark = text != NULL ? len : UINT64_MAX;
	unsigned char room[8];

	for (unsigned i = 0; i < sizeof(room); i++)
		room[i] = (unsigned char)(mark >> 8 * i);
	hash = pack_hash(hash, room, sizeof(room));
	return text != NULL ? pack_hash(hash, text, len) : hash;
}
