/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is put into a message at the last moment: secrets, the time, signatures. */
#include "actions/envelope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions/keyring.h"
#include "actions/outbox.h"
#include "actions/signature.h"
#include "base/alloc.h"

static void str_wipe(struct str *str)
{
	if (str->s != NULL)
		explicit_bzero(str->s, str->len);
	str_done(str);
}

void envelope_done(struct envelope *envelope)
{
	str_wipe(&envelope->url);
	str_wipe(&envelope->lines);
	str_wipe(&envelope->body);
	free(envelope->headers);
}

static int expand(const struct envelope_seal *seal, const char *text, size_t len,
		  enum template_context context, struct str *out)
{
	return template_expand(text, len, context, keyring_find, seal->keyring, out);
}

/* The lines of the message itself; *count grows by them. */
static int add_lines(struct envelope *envelope, const struct envelope_seal *seal,
		     const char *text, size_t *count)
{
	const char *end;
	int rc = 0;

	for (; rc == 0 && (end = strchr(text, '\n')) != NULL; text = end + 1) {
		rc = expand(seal, text, (size_t)(end - text), TEMPLATE_HEADER,
			    &envelope->lines);
		str_addc(&envelope->lines, '\0');
		(*count)++;
	}
	return rc;
}

/* Those of Standard Webhooks; returns how many. */
static size_t add_stamp(struct envelope *envelope, const struct envelope_seal *seal,
			const char *id, struct wall now)
{
	int64_t timestamp = now.ns / NSEC_PER_SEC;
	struct str *lines = &envelope->lines;

	str_addf(lines, "webhook-id: %s", id);
	str_addc(lines, '\0');
	str_addf(lines, "webhook-timestamp: %lld", (long long)timestamp);
	str_addc(lines, '\0');
	if (seal->key_count == 0)
		return 2;
	str_adds(lines, "webhook-signature: ");
	signature_add(seal->keys, seal->key_count, id, timestamp,
		      envelope->body.s != NULL ? envelope->body.s : "", envelope->body.len,
		      lines);
	str_addc(lines, '\0');
	return 3;
}

static void point_headers(struct envelope *envelope, size_t count)
{
	const char *line = envelope->lines.s;

	envelope->headers = xcalloc(count + 1, sizeof(*envelope->headers));
	for (size_t i = 0; i < count; i++) {
		envelope->headers[i] = line;
		line += strlen(line) + 1;
	}
}

int envelope_init(struct envelope *envelope, const struct envelope_seal *seal, const char *id,
		  const struct outbox_message *message, struct wall now)
{
	size_t count;

	*envelope = (struct envelope){0};
	str_init(&envelope->url);
	str_init(&envelope->lines);
	str_init(&envelope->body);
	if (expand(seal, message->url, strlen(message->url), TEMPLATE_URL, &envelope->url) !=
		    0 ||
	    expand(seal, message->body, message->body_len, seal->body_context,
		   &envelope->body) != 0)
		return -ENOENT;
	count = add_stamp(envelope, seal, id, now);
	if (add_lines(envelope, seal, message->headers, &count) != 0)
		return -ENOENT;
	point_headers(envelope, count);
	return 0;
}
