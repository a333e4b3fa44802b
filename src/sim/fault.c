/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how faults are armed, by words, and when they strike. */
#include "sim/fault.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "sim/exchange.h"

enum { FAULT_NAMES_MAX = 80, FAULT_TIMES_MAX = 1000000 };

static const struct fault *fault_find(const char *name, unsigned on, struct error *err)
{
	const char *names[FAULT_NAMES_MAX], *near;
	size_t count = 0;

	for (size_t i = 0; i < fault_count && count < FAULT_NAMES_MAX; i++) {
		if ((fault_table[i].on & on) == 0)
			continue;
		if (strcmp(fault_table[i].name, name) == 0)
			return &fault_table[i];
		names[count++] = fault_table[i].name;
	}
	near = str_nearest(name, names, count);
	error_set(err, EINVAL, "'%s' is not known here%s%s%s", name,
		  near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
		  near != NULL ? "'" : "");
	return NULL;
}

/* "next N" and "chance PERCENT". */
static int armed_when(struct fault_armed *armed, const char *const *words, size_t count,
		      struct error *err)
{
	bool next = strcmp(words[0], "next") == 0;
	int64_t high = next ? FAULT_TIMES_MAX : 100, number;

	if (!next && strcmp(words[0], "chance") != 0)
		return error_set(err, EINVAL, "'%s' is not 'next N' or 'chance PERCENT'",
				 words[0]);
	if (count != 2 || str_to_int(words[1], &number) != 0 || number < 1 || number > high)
		return error_set(err, EINVAL, "'%s' needs a number from 1 to %jd", words[0],
				 (intmax_t)high);
	if (next)
		armed->left = number;
	else
		armed->percent = number;
	return 0;
}

static int armed_parse(struct fault_armed *armed, unsigned on, const char *const *words,
		       size_t count, struct error *err)
{
	size_t at = 1;

	*armed = (struct fault_armed){.left = -1, .percent = 100};
	armed->fault = fault_find(words[0], on, err);
	if (armed->fault == NULL)
		return -EINVAL;
	if (armed->fault->numbered) {
		if (count < 2 || str_to_int(words[1], &armed->number) != 0 ||
		    armed->number < armed->fault->low || armed->number > armed->fault->high)
			return error_set(err, EINVAL, "'%s' needs a number from %jd to %jd",
					 words[0], (intmax_t)armed->fault->low,
					 (intmax_t)armed->fault->high);
		at = 2;
	}
	return at < count ? armed_when(armed, words + at, count - at, err) : 0;
}

static void faults_remove(struct faults *faults, size_t at)
{
	faults->count--;
	memmove(&faults->armed[at], &faults->armed[at + 1],
		(faults->count - at) * sizeof(faults->armed[0]));
}

int faults_command(struct faults *faults, unsigned on, const char *const *words, size_t count,
		   struct error *err)
{
	struct fault_armed armed;
	int r;

	if (strcmp(words[0], "ok") == 0 && count == 1) {
		faults_clear(faults);
		return 0;
	}
	r = armed_parse(&armed, on, words, count, err);
	if (r != 0)
		return r;
	for (size_t i = 0; i < faults->count; i++)
		if (faults->armed[i].fault == armed.fault &&
		    faults->armed[i].number == armed.number)
			faults_remove(faults, i);
	if (faults->count == FAULTS_MAX)
		return error_set(err, ENOSPC, "there are %d faults already: clear them with ok",
				 FAULTS_MAX);
	faults->armed[faults->count++] = armed;
	return 0;
}

void faults_clear(struct faults *faults)
{
	faults->count = 0;
}

static bool armed_strikes(const struct fault_armed *armed, struct random *random)
{
	return armed->percent == 100 || random_between(random, 1, 100) <= armed->percent;
}

/* Counts a strike; true when it was the last one and the fault is gone. */
static bool faults_used(struct faults *faults, size_t at)
{
	struct fault_armed *armed = &faults->armed[at];

	if (armed->left < 0 || --armed->left > 0)
		return false;
	faults_remove(faults, at);
	return true;
}

void faults_apply(struct faults *faults, enum fault_stage stage, struct exchange *exchange)
{
	for (size_t i = 0; i < faults->count;) {
		const struct fault_armed *armed = &faults->armed[i];

		if (armed->fault->stage != stage || !armed_strikes(armed, exchange->random) ||
		    !armed->fault->apply(exchange, armed->number) || !faults_used(faults, i))
			i++;
	}
}

enum wire_end faults_accept(struct faults *faults, struct random *random)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault_armed *armed = &faults->armed[i];
		enum wire_end accept = armed->fault->accept;

		if (armed->fault->stage != FAULT_ACCEPT || !armed_strikes(armed, random))
			continue;
		faults_used(faults, i);
		return accept;
	}
	return WIRE_STAYS;
}

static const char *fault_where(unsigned on)
{
	if ((on & FAULT_ON_TCP) != 0 && (on & FAULT_ON_RTU) != 0)
		return "both";
	return (on & FAULT_ON_RTU) != 0 ? "RTU" : "TCP";
}

void faults_list(struct str *out)
{
	for (size_t i = 0; i < fault_count; i++)
		str_addf(out, "  %-4s %-16s %-2s %s\n", fault_where(fault_table[i].on),
			 fault_table[i].name, fault_table[i].numbered ? "N" : "",
			 fault_table[i].help);
}
