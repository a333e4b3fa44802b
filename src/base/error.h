/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One failure, told: an errno and a sentence for people. Functions that can fail take a
 * struct error as their last parameter and return a negative errno or NULL.
 */
#ifndef GAUGED_BASE_ERROR_H
#define GAUGED_BASE_ERROR_H

struct error {
	int code; /* positive errno */
	char text[480];
};

/*
 * Writes the sentence and returns -code. err may be NULL: then only the code is returned.
 * The text says what failed on what and why, without a full stop at its end.
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As error_set(), followed by ": " and the system's words for code. */
int error_errno(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
