/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Text: a buffer that grows, or that is fixed and notes that it was cut; numbers, durations
 * and sizes as people write them; the nearest known word to a mistyped one.
 */
#ifndef GAUGED_BASE_STR_H
#define GAUGED_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *s; /* always ends in NUL once anything was added or after init_fixed */
	size_t len;
	size_t cap;
	bool fixed;
	bool cut; /* fixed, and something did not fit */
};

/* An empty buffer that grows; str_done() frees it. */
void str_init(struct str *str);
/* Uses the caller's room and never allocates; what does not fit is cut off. size > 0. */
void str_init_fixed(struct str *str, char *room, size_t size);
void str_done(struct str *str);
void str_clear(struct str *str);
/* Hands the text over to the caller, who frees it; the buffer is empty afterwards. */
char *str_steal(struct str *str);

void str_add(struct str *str, const char *bytes, size_t len);
void str_adds(struct str *str, const char *s);
void str_addc(struct str *str, char c);
void str_addf(struct str *str, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vaddf(struct str *str, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/*
 * Adds bytes from outside so that one line stays one line: control characters, DEL, and what
 * is not UTF-8 become \xNN; the backslash is doubled.
 */
void str_add_safe(struct str *str, const char *bytes, size_t len);
/* Adds the character with the number c (at most 0x10ffff, no surrogate) as UTF-8. */
void str_add_utf8(struct str *str, uint32_t c);
/* The shortest decimal text that reads back as the same double; "nan", "inf", "-inf". */
void str_add_number(struct str *str, double number);

/* Length in bytes of the valid UTF-8 character at s (at most len), or 0. NUL is valid. */
size_t str_utf8(const char *s, size_t len);

/* All of text has to be the number; -EINVAL or -ERANGE otherwise, *ret untouched. */
int str_to_int(const char *text, int64_t *ret);
int str_to_number(const char *text, double *ret);
/*
 * "250ms", "10s", "1h30m": digits with an optional fraction and one of
 * ns us ms s m min h d w, repeated from large to small. Result in nanoseconds, >= 0.
 */
int str_to_duration(const char *text, int64_t *ret_ns);
/* "512", "64KiB", "16MiB", "1GiB": bytes. */
int str_to_size(const char *text, int64_t *ret_bytes);
/* 65536 becomes "64KiB": whole units only, so that nothing is lost; plain bytes otherwise. */
void str_add_size(struct str *str, int64_t bytes);
/* "90s" becomes "1m30s": the way durations are shown; at most two units. */
void str_add_duration(struct str *str, int64_t ns);
/* All of it, so that str_to_duration() reads the same again: "503h", "1h14m50s". ns >= 0. */
void str_add_duration_exact(struct str *str, int64_t ns);

/*
 * The entry of words (count of them) that is nearest to word by edit distance, if it is near
 * enough to be what was meant; otherwise the only one that begins with word; otherwise NULL.
 * Nothing is near to "".
 */
const char *str_nearest(const char *word, const char *const *words, size_t count);

/* One of the two words, for messages: "1 bus", "2 buses". */
const char *str_plural(size_t count, const char *one, const char *many);

#endif
