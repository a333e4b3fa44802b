/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is said of certificates that end. */
#include "actions/tls_ends.h"

#include "base/log.h"
#include "base/str.h"
#include "io/certificate.h"
#include "io/http_route.h"

void tls_ends_read(const struct http_route_spec *spec, struct tls_ends *ret)
{
	struct certificate_ends ends;

	*ret = (struct tls_ends){0};
	if (spec->ca.bytes != NULL) {
		certificate_read_ends(spec->ca.bytes, spec->ca.len, &ends);
		ret->ca = ends.last;
	}
	if (spec->cert.bytes != NULL) {
		certificate_read_ends(spec->cert.bytes, spec->cert.len, &ends);
		ret->cert = ends.first;
	}
}

static void ends_warn(struct wall end, const char *kind, const char *name, const char *what)
{
	struct str words;
	char room[80];

	str_init_fixed(&words, room, sizeof(room));
	if (end.ns != 0 && certificate_tell_end(end, clock_wall(), &words))
		log_warning("%s %s: tls: the certificate of '%s' is %s", kind, name, what,
			    words.s);
}

void tls_ends_warn(const struct tls_ends *ends, const char *kind, const char *name)
{
	if (!clock_plausible())
		return;
	ends_warn(ends->ca, kind, name, "ca");
	ends_warn(ends->cert, kind, name, "cert");
}
