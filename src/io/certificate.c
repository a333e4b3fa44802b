/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way to the end of a certificate: PEM, the few bytes of DER before it, and its time.
 */
#include "io/certificate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"

#define DAY_NS (86400 * NSEC_PER_SEC)

enum {
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0, /* [0], which may be absent */
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	CERTIFICATE_BYTES_MAX = 64 << 10,
};

struct der {
	const unsigned char *at, *end;
};

static int base64_digit(unsigned char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

/* What is not a digit is left out. How many bytes it were, at most room. */
static size_t base64_read(const char *text, size_t len, unsigned char *ret, size_t room)
{
	uint32_t bits = 0;
	size_t count = 0;
	int held = 0;

	for (size_t i = 0; i < len && count < room; i++) {
		int digit = base64_digit((unsigned char)text[i]);

		if (digit < 0)
			continue;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		ret[count++] = (unsigned char)(bits >> held);
	}
	return count;
}

/* The element that *in begins with, and in behind it. -1: it is not whole. */
static int der_take(struct der *in, struct der *ret)
{
	const unsigned char *at = in->at;
	size_t len, left = (size_t)(in->end - at);
	int tag;

	if (left < 2)
		return -1;
	tag = at[0];
	len = at[1];
	at += 2;
	if (len > 0x80) {
		size_t digits = len - 0x80;

		if (digits > 3 || digits > left - 2)
			return -1;
		for (len = 0; digits > 0; digits--)
			len = len << 8 | *at++;
	}
	if (len > (size_t)(in->end - at))
		return -1;
	*ret = (struct der){at, at + len};
	in->at = at + len;
	return tag;
}

static int two_digits(const unsigned char *at)
{
	bool digits = at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9';

	return digits ? 10 * (at[0] - '0') + at[1] - '0' : -1;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, the only forms that certificates may have. */
static bool der_time(int tag, const struct der *in, struct wall *ret)
{
	size_t years = tag == DER_TIME ? 4 : 2;
	int parts[6], century = 0;
	struct tm tm = {0};

	if ((tag != DER_TIME && tag != DER_UTC_TIME) ||
	    (size_t)(in->end - in->at) != years + 11 || in->end[-1] != 'Z')
		return false;
	if (tag == DER_TIME)
		century = two_digits(in->at);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		parts[i] = two_digits(in->at + years - 2 + 2 * i);
		if (parts[i] < 0 || century < 0)
			return false;
	}
	if (tag == DER_UTC_TIME)
		century = parts[0] < 50 ? 20 : 19;
	tm.tm_year = 100 * century + parts[0] - 1900;
	tm.tm_mon = parts[1] - 1;
	tm.tm_mday = parts[2];
	tm.tm_hour = parts[3];
	tm.tm_min = parts[4];
	tm.tm_sec = parts[5];
	/* Beyond what the wall clock has room for it is for ever. */
	ret->ns = tm.tm_year >= 350 ? INT64_MAX : (int64_t)timegm(&tm) * NSEC_PER_SEC;
	return true;
}

static bool certificate_end(struct der certificate, struct wall *ret)
{
	/* serialNumber, signature, issuer */
	enum { BEFORE_VALIDITY = 3 };
	struct der outer, body, part, from, to;
	int tag;

	if (der_take(&certificate, &outer) != DER_SEQUENCE ||
	    der_take(&outer, &body) != DER_SEQUENCE)
		return false;
	tag = der_take(&body, &part);
	if (tag == DER_VERSION)
		tag = der_take(&body, &part);
	for (int i = 1; i < BEFORE_VALIDITY && tag >= 0; i++)
		tag = der_take(&body, &part);
	if (tag < 0 || der_take(&body, &part) != DER_SEQUENCE || der_take(&part, &from) < 0)
		return false;
	tag = der_take(&part, &to);
	return tag >= 0 && der_time(tag, &to, ret);
}

static void ends_note(struct certificate_ends *ends, struct wall end)
{
	if (ends->count == 0 || end.ns < ends->first.ns)
		ends->first = end;
	if (ends->count == 0 || end.ns > ends->last.ns)
		ends->last = end;
	ends->count++;
}

void certificate_read_ends(const char *pem, size_t len, struct certificate_ends *ret)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	unsigned char *bytes = xmalloc(CERTIFICATE_BYTES_MAX);
	const char *end = pem + len, *at = pem;

	*ret = (struct certificate_ends){0};
	while ((at = memmem(at, (size_t)(end - at), begin, strlen(begin))) != NULL) {
		const char *stop;
		struct wall until;
		size_t count;

		at += strlen(begin);
		stop = memchr(at, '-', (size_t)(end - at));
		if (stop == NULL)
			break;
		count = base64_read(at, (size_t)(stop - at), bytes, CERTIFICATE_BYTES_MAX);
		if (certificate_end((struct der){bytes, bytes + count}, &until))
			ends_note(ret, until);
		at = stop;
	}
	free(bytes);
}

bool certificate_tell_end(struct wall end, struct wall now, struct str *out)
{
	time_t seconds = (time_t)(end.ns / NSEC_PER_SEC);
	int64_t days;
	char date[32];
	struct tm tm;

	if (end.ns > now.ns && end.ns - now.ns > CERTIFICATE_SOON_DAYS * DAY_NS)
		return false;
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (end.ns <= now.ns) {
		str_addf(out, "no longer valid since %s", date);
		return true;
	}
	days = (end.ns - now.ns) / DAY_NS;
	str_addf(out, "valid until %s, which is in %jd %s", date, (intmax_t)days,
		 str_plural((size_t)days, "day", "days"));
	return true;
}
