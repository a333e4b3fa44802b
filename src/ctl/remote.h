/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Asking the daemon: HTTP over its Unix socket through libcurl. Says on standard error what
 * went wrong and what to do about it.
 */
#ifndef GAUGED_CTL_REMOTE_H
#define GAUGED_CTL_REMOTE_H

#include <stddef.h>

#include "ctl/ctl.h"

struct json_t;

/*
 * The answer to a GET, or to a POST of body if that is not NULL ("" for none). CTL_OK: *ret is
 * the JSON of a 2xx, the caller's reference. Otherwise the problem was told; if ret_problem is
 * not NULL and the daemon sent a problem document, it is handed over there untold instead.
 */
enum ctl_status remote_ask(const struct ctl *ctl, const char *path, const char *body,
			   struct json_t **ret, struct json_t **ret_problem);
/* GET of path/NAME with NAME encoded as a path segment. */
enum ctl_status remote_ask_name(const struct ctl *ctl, const char *path, const char *name,
				const char *body, struct json_t **ret,
				struct json_t **ret_problem);
/* GET of path/NAME and rest, which begins with '/'. */
enum ctl_status remote_ask_of(const struct ctl *ctl, const char *path, const char *name,
			      const char *rest, struct json_t **ret);
/* POST of body to path/NAME and rest, which begins with '/'. */
enum ctl_status remote_post_to(const struct ctl *ctl, const char *path, const char *name,
			       const char *rest, const char *body, struct json_t **ret);
/* Calls line for each line of an answer without end, until that ends. */
enum ctl_status remote_follow(const struct ctl *ctl, const char *path,
			      void (*line)(void *arg, const char *text, size_t len), void *arg);
/* The same of before, name and after, name encoded as a part of a path or of a query. */
enum ctl_status remote_follow_of(const struct ctl *ctl, const char *before, const char *name,
				 const char *after,
				 void (*line)(void *arg, const char *text, size_t len),
				 void *arg);
/* An answer without end that somebody may stop. All of it is called by remote_tap(). */
struct remote_tap {
	void (*begun)(void *arg); /* gauged answers, and a line may follow */
	void (*line)(void *arg, const char *text, size_t len);
	bool (*rest)(void *arg); /* all lines that are there were told; false: that is enough */
	void *arg;
	int stop_fd; /* readable: that is enough */
	bool quiet;  /* nothing is said about a daemon that cannot be reached */
};

/*
 * CTL_UNREACHABLE: gauged could not be asked, or ended it. CTL_OK: it was stopped. *ret_begun:
 * whether it had begun.
 */
enum ctl_status remote_tap(const struct ctl *ctl, const char *path,
			   const struct remote_tap *tap, bool *ret_begun);
/* With --json: prints json as it is on one line. Takes the reference. */
void remote_print(struct json_t *json);

#endif
