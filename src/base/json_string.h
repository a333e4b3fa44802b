/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of a JSON string (RFC 8259, section 7): where it ends, and what it means. A NUL
 * character (\u0000) is refused, because texts here end in one.
 */
#ifndef GAUGED_BASE_JSON_STRING_H
#define GAUGED_BASE_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct str;

/*
 * s stands behind the opening quote. Returns the number of bytes before the closing one;
 * -EINVAL: an escape that JSON does not know, or half a surrogate pair; -EILSEQ: a byte that is
 * not UTF-8, or a control character; -ENODATA: there is no closing quote in len bytes.
 */
ssize_t json_string_scan(const char *s, size_t len, bool *ret_escaped);
/* Adds what the len bytes mean, which json_string_scan() has found right. */
void json_string_add(struct str *out, const char *s, size_t len);

#endif
