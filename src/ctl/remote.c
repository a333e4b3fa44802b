/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns libcurl in gaugectl, and the words for a daemon that cannot be asked. */
#include "ctl/remote.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { ANSWER_MAX = 64 << 20, LINE_MAX_BYTES = 1 << 20 };

struct remote {
	const struct ctl *ctl;
	CURL *curl;
	struct str answer; /* or the part of a line that is there */
	void (*line)(void *arg, const char *text, size_t len);
	void *arg;
	const struct remote_tap *tap; /* or NULL */
	bool begun;
	char why[CURL_ERROR_SIZE];
};

static size_t remote_lines(struct remote *remote, const char *bytes, size_t len)
{
	const char *newline;
	long status = 0;

	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	str_add(&remote->answer, bytes, len);
	/* A refusal is no line of what was to be followed. */
	while (status == 200 &&
	       (newline = memchr(remote->answer.s, '\n', remote->answer.len)) != NULL) {
		size_t whole = (size_t)(newline - remote->answer.s);

		remote->line(remote->arg, remote->answer.s, whole);
		memmove(remote->answer.s, newline + 1, remote->answer.len - whole - 1);
		remote->answer.len -= whole + 1;
	}
	return remote->answer.len > LINE_MAX_BYTES ? 0 : len;
}

static size_t remote_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct remote *remote = arg;
	size_t len = size * count;

	if (remote->line != NULL)
		return remote_lines(remote, bytes, len);
	if (remote->answer.len + len > ANSWER_MAX)
		return 0;
	str_add(&remote->answer, bytes, len);
	return len;
}

/* Connecting failed with error. */
static enum ctl_status remote_unreachable(const struct ctl *ctl, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		fprintf(stderr,
			"gaugectl: you may not open %s\n"
			"Who may look is in group gauged: 'sudo usermod -aG gauged $USER', then "
			"log in again.\nWho may also change things is in group gauged-admin.\n",
			ctl->socket);
		return CTL_FORBIDDEN;
	case ENOENT:
	case ECONNREFUSED:
		fprintf(stderr,
			"gaugectl: gauged does not run: nobody listens on %s\n"
			"Start it with 'sudo systemctl start gauged', see why it stopped with "
			"'journalctl -u gauged',\nor say with --socket or GAUGED_SOCKET where "
			"else it listens.\n",
			ctl->socket);
		return CTL_UNREACHABLE;
	default:
		fprintf(stderr, "gaugectl: cannot reach gauged on %s: %s\n", ctl->socket,
			strerror(error));
		return CTL_UNREACHABLE;
	}
}

static enum ctl_status remote_failed(struct remote *remote, CURLcode code)
{
	long error = 0;

	if (remote->tap != NULL && remote->tap->quiet)
		return CTL_UNREACHABLE;
	if (code == CURLE_COULDNT_CONNECT) {
		curl_easy_getinfo(remote->curl, CURLINFO_OS_ERRNO, &error);
		return remote_unreachable(remote->ctl, error != 0 ? (int)error : ENOENT);
	}
	if (remote->line != NULL && (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
				     code == CURLE_GOT_NOTHING))
		fprintf(stderr, "gaugectl: gauged closed the connection: it ends, or we read "
				"too slowly\n");
	else
		fprintf(stderr, "gaugectl: gauged on %s does not answer: %s\n",
			remote->ctl->socket,
			remote->why[0] != '\0' ? remote->why : curl_easy_strerror(code));
	return CTL_UNREACHABLE;
}

/* The daemon says no, with a problem document. */
static enum ctl_status remote_problem(struct remote *remote, long status, json_t *json,
				      json_t **ret_problem)
{
	const char *detail = json_string_value(json_object_get(json, "detail"));

	if (ret_problem != NULL && json != NULL && status != 403) {
		*ret_problem = json;
		return CTL_NO;
	}
	if (status == 403)
		fprintf(stderr, "gaugectl: not permitted: %s\n",
			detail != NULL ? detail : "the daemon refuses");
	else
		fprintf(stderr, "gaugectl: %s\n",
			detail != NULL ? detail
				       : "the daemon sent something that is no answer");
	json_decref(json);
	return status == 403 ? CTL_FORBIDDEN : status == 503 ? CTL_UNREACHABLE : CTL_NO;
}

static enum ctl_status remote_judge(struct remote *remote, json_t **ret, json_t **ret_problem)
{
	long status = 0;
	json_error_t why;
	json_t *json;

	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	if (remote->line != NULL && status == 200)
		return CTL_OK;
	json = json_loadb(remote->answer.s != NULL ? remote->answer.s : "", remote->answer.len,
			  0, &why);
	if (status < 200 || status > 299 || json == NULL)
		return remote_problem(remote, status, json, ret_problem);
	*ret = json;
	return CTL_OK;
}

static void remote_set_up(struct remote *remote, const char *path, const char *body)
{
	struct str url;

	remote->curl = curl_easy_init();
	if (remote->curl == NULL)
		abort();
	str_init(&url);
	str_addf(&url, "http://gauged%s", path);
	curl_easy_setopt(remote->curl, CURLOPT_URL, url.s);
	curl_easy_setopt(remote->curl, CURLOPT_UNIX_SOCKET_PATH, remote->ctl->socket);
	curl_easy_setopt(remote->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(remote->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(remote->curl, CURLOPT_ERRORBUFFER, remote->why);
	curl_easy_setopt(remote->curl, CURLOPT_WRITEFUNCTION, remote_bytes);
	curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, remote);
	if (body != NULL)
		curl_easy_setopt(remote->curl, CURLOPT_COPYPOSTFIELDS, body);
	str_done(&url);
}

static enum ctl_status remote_run(struct remote *remote, const char *path, const char *body,
				  json_t **ret, json_t **ret_problem)
{
	enum ctl_status status;
	CURLcode code;

	remote_set_up(remote, path, body);
	code = curl_easy_perform(remote->curl);
	status = code == CURLE_OK ? remote_judge(remote, ret, ret_problem)
				  : remote_failed(remote, code);
	curl_easy_cleanup(remote->curl);
	str_done(&remote->answer);
	return status;
}

enum ctl_status remote_ask(const struct ctl *ctl, const char *path, const char *body,
			   json_t **ret, json_t **ret_problem)
{
	struct remote remote = {.ctl = ctl};

	return remote_run(&remote, path, body, ret, ret_problem);
}

/* path/NAME and what follows it. */
static enum ctl_status remote_ask_whole(const struct ctl *ctl, const char *path,
					const char *name, const char *rest, const char *body,
					json_t **ret, json_t **ret_problem)
{
	char *encoded = curl_easy_escape(NULL, name, (int)strnlen(name, 4096));
	enum ctl_status status;
	struct str whole;

	str_init(&whole);
	str_addf(&whole, "%s/%s%s", path, encoded != NULL ? encoded : "", rest);
	status = remote_ask(ctl, whole.s, body, ret, ret_problem);
	str_done(&whole);
	curl_free(encoded);
	return status;
}

enum ctl_status remote_ask_name(const struct ctl *ctl, const char *path, const char *name,
				const char *body, json_t **ret, json_t **ret_problem)
{
	return remote_ask_whole(ctl, path, name, "", body, ret, ret_problem);
}

enum ctl_status remote_ask_of(const struct ctl *ctl, const char *path, const char *name,
			      const char *rest, json_t **ret)
{
	return remote_ask_whole(ctl, path, name, rest, NULL, ret, NULL);
}

enum ctl_status remote_post_to(const struct ctl *ctl, const char *path, const char *name,
			       const char *rest, const char *body, json_t **ret)
{
	return remote_ask_whole(ctl, path, name, rest, body, ret, NULL);
}

enum ctl_status remote_follow(const struct ctl *ctl, const char *path,
			      void (*line)(void *arg, const char *text, size_t len), void *arg)
{
	struct remote remote = {.ctl = ctl, .line = line, .arg = arg};
	json_t *none = NULL;
	enum ctl_status status = remote_run(&remote, path, NULL, &none, NULL);

	json_decref(none);
	return status;
}

enum ctl_status remote_follow_of(const struct ctl *ctl, const char *before, const char *name,
				 const char *after,
				 void (*line)(void *arg, const char *text, size_t len),
				 void *arg)
{
	char *encoded = curl_easy_escape(NULL, name, (int)strnlen(name, 4096));
	enum ctl_status status;
	struct str whole;

	str_init(&whole);
	str_addf(&whole, "%s%s%s", before, encoded != NULL ? encoded : "", after);
	status = remote_follow(ctl, whole.s, line, arg);
	str_done(&whole);
	curl_free(encoded);
	return status;
}

/* A header line; the empty one is the last. */
static size_t remote_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct remote *remote = arg;
	size_t len = size * count;
	long status = 0;

	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && (bytes[0] == '\r' || bytes[0] == '\n') && !remote->begun) {
		remote->begun = true;
		remote->tap->begun(remote->tap->arg);
	}
	return len;
}

/* True when the transfer has come to its end, and how. */
static bool remote_ended(CURLM *multi, CURLcode *ret)
{
	int left;
	CURLMsg *message = curl_multi_info_read(multi, &left);

	if (message == NULL || message->msg != CURLMSG_DONE)
		return false;
	*ret = message->data.result;
	return true;
}

/* False: somebody has said that it is enough. */
static bool remote_wait(struct remote *remote, CURLM *multi)
{
	struct curl_waitfd stop = {.fd = remote->tap->stop_fd, .events = CURL_WAIT_POLLIN};

	if (!remote->tap->rest(remote->tap->arg))
		return false;
	curl_multi_poll(multi, &stop, 1, 1000, NULL);
	return (stop.revents & CURL_WAIT_POLLIN) == 0;
}

enum ctl_status remote_tap(const struct ctl *ctl, const char *path,
			   const struct remote_tap *tap, bool *ret_begun)
{
	struct remote remote = {.ctl = ctl, .line = tap->line, .arg = tap->arg, .tap = tap};
	CURLM *multi = curl_multi_init();
	enum ctl_status status = CTL_OK;
	json_t *none = NULL;
	CURLcode code;
	int running;

	remote_set_up(&remote, path, NULL);
	curl_easy_setopt(remote.curl, CURLOPT_HEADERFUNCTION, remote_header);
	curl_easy_setopt(remote.curl, CURLOPT_HEADERDATA, &remote);
	if (multi == NULL)
		abort();
	curl_multi_add_handle(multi, remote.curl);
	do {
		curl_multi_perform(multi, &running);
		if (remote_ended(multi, &code)) {
			status = code == CURLE_OK ? remote_judge(&remote, &none, NULL)
						  : remote_failed(&remote, code);
			if (status == CTL_OK)
				status = CTL_UNREACHABLE;
			break;
		}
	} while (remote_wait(&remote, multi));
	*ret_begun = remote.begun;
	json_decref(none);
	curl_multi_remove_handle(multi, remote.curl);
	curl_easy_cleanup(remote.curl);
	curl_multi_cleanup(multi);
	str_done(&remote.answer);
	return status;
}

void remote_print(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(json);
}
