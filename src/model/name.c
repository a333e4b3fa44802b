/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the form of names. */
#include "model/name.h"

static bool name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool name_valid(const char *name, size_t len)
{
	if (len == 0 || len > NAME_MAX_BYTES || !name_letter(name[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!name_letter(name[i]) && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '_' && name[i] != '-')
			return false;
	}
	return true;
}
