/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A message made ready for one try: secrets put in, stamped and signed now, for a receiver
 * refuses what was signed long ago. Pure.
 */
#ifndef GAUGED_ACTIONS_ENVELOPE_H
#define GAUGED_ACTIONS_ENVELOPE_H

#include <stddef.h>

#include "base/clock.h"
#include "base/str.h"
#include "actions/template.h"

struct keyring;
struct outbox_message;
struct signature_key;

struct envelope {
	struct str url;
	const char **headers; /* "Name: value", ending in NULL */
	struct str body;
	struct str lines; /* the texts of headers */
};

/* What of a webhook does not depend on the message. Borrowed for the call. */
struct envelope_seal {
	struct keyring *keyring;
	enum template_context body_context;
	size_t key_count; /* 0: not signed */
	const struct signature_key *keys;
};

/*
 * -ENOENT, and an envelope that only has to be freed: a secret that the message needs is not
 * there any more.
 */
int envelope_init(struct envelope *envelope, const struct envelope_seal *seal, const char *id,
		  const struct outbox_message *message, struct wall now);
/* Overwrites what may hold secrets. */
void envelope_done(struct envelope *envelope);

#endif
