/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Until when certificates hold, read of their bytes: whoever verifies them says so only when a
 * connection fails. Nothing is verified here. Pure.
 * Source: RFC 7468 (PEM), RFC 5280 section 4.1 (TBSCertificate, Validity).
 */
#ifndef GAUGED_IO_CERTIFICATE_H
#define GAUGED_IO_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct str;

enum { CERTIFICATE_SOON_DAYS = 21 };

/* Of all certificates in a text, by the wall clock; count 0: there is none that can be read. */
struct certificate_ends {
	size_t count;
	struct wall first, last; /* the soonest end, and the latest */
};
void certificate_read_ends(const char *pem, size_t len, struct certificate_ends *ret);

/*
 * Words for an end that has come ("no longer valid since 2026-03-01") or does soon ("valid
 * until 2026-03-01, which is in 3 days"). False: there is nothing to say.
 */
bool certificate_tell_end(struct wall end, struct wall now, struct str *out);

#endif
