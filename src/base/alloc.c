/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rule that a failed small allocation ends the program. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc_or_die(void *p, size_t size)
{
	if (p != NULL || size == 0)
		return p;
	fprintf(stderr, "<2>out of memory: %zu bytes refused, ending\n", size);
	abort();
}

void *xmalloc(size_t size)
{
	size = size > 0 ? size : 1;
	return alloc_or_die(malloc(size), size);
}

void *xcalloc(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return xmalloc(1);
	return alloc_or_die(calloc(count, size), size);
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return alloc_or_die(reallocarray(old, count, size), size);
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return alloc_or_die(s, 1);
}
