/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Bytes that outlive the program: numbers, little endian, added to a text and taken out again
 * one by one. What is taken is foreign: behind the end everything is 0 and the pack is bad,
 * which is asked once, when all is taken.
 */
#ifndef GAUGED_RULES_PACK_H
#define GAUGED_RULES_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* Ages in nanoseconds: what is longer ago counts as this long. */
#define PACK_AGE_MAX (INT64_C(1) << 60)

void pack_add_u8(struct str *out, uint8_t number);
void pack_add_u32(struct str *out, uint32_t number);
void pack_add_u64(struct str *out, uint64_t number);
void pack_add_double(struct str *out, double number);
/* How long t lies before now: 0 .. PACK_AGE_MAX. */
void pack_add_age(struct str *out, int64_t now, int64_t t);
void pack_add_text(struct str *out, const char *text);

struct pack {
	const unsigned char *at, *end;
	bool bad;
};

uint8_t pack_take_u8(struct pack *pack);
uint32_t pack_take_u32(struct pack *pack);
uint64_t pack_take_u64(struct pack *pack);
/* Finite, or NaN: anything else is bad. */
double pack_take_double(struct pack *pack);
/* 0 .. PACK_AGE_MAX: anything else is bad. */
int64_t pack_take_age(struct pack *pack);
/* Borrowed from the pack, with no NUL behind it or in it; "" if bad. */
const char *pack_take_text(struct pack *pack, size_t *ret_len);

#define PACK_HASH_START UINT64_C(14695981039346656037)
/* FNV-1a, 64 bit: goes on from hash. Any one changed byte changes it. */
uint64_t pack_hash(uint64_t hash, const void *bytes, size_t len);
/* A text with its length, or that there is none. */
uint64_t pack_hash_text(uint64_t hash, const char *text);

#endif
