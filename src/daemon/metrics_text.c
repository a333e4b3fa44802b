/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the text format of Prometheus. Source: "Exposition formats", text-based format 0.0.4.
 */
#include "daemon/metrics_text.h"

#include <string.h>

#include "base/str.h"

void metrics_family(struct str *out, const char *name, enum metric_type type, const char *help)
{
	str_addf(out, "# HELP %s ", name);
	for (const char *p = help; *p != '\0'; p++) {
		if (*p == '\\' || *p == '\n')
			str_addc(out, '\\');
		str_addc(out, *p == '\n' ? 'n' : *p);
	}
	str_addf(out, "\n# TYPE %s %s\n", name, type == METRIC_COUNTER ? "counter" : "gauge");
}

static void label_text(struct str *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0) {
			str_adds(out, "\xef\xbf\xbd"); /* U+FFFD: not UTF-8 */
			n = 1;
		} else if (text[i] == '\n') {
			str_adds(out, "\\n");
		} else {
			if (text[i] == '\\' || text[i] == '"')
				str_addc(out, '\\');
			str_add(out, text + i, n);
		}
	}
}

/* Name and labels of a sample; labels end with a name of NULL. */
static void sample(struct str *out, const char *name, const struct metrics_label *labels)
{
	bool any = labels != NULL && labels[0].name != NULL;

	str_adds(out, name);
	for (size_t i = 0; any && labels[i].name != NULL; i++) {
		str_addf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		label_text(out, labels[i].text);
		str_addc(out, '"');
	}
	str_adds(out, any ? "} " : " ");
}

void metrics_sample_count(struct str *out, const char *name, const struct metrics_label *labels,
			  uint64_t count)
{
	sample(out, name, labels);
	str_addf(out, "%ju\n", (uintmax_t)count);
}

void metrics_sample_number(struct str *out, const char *name,
			   const struct metrics_label *labels, double number)
{
	sample(out, name, labels);
	str_add_number(out, number);
	str_addc(out, '\n');
}

void metrics_single(struct str *out, const char *name, enum metric_type type, const char *help,
		    double number)
{
	metrics_family(out, name, type, help);
	metrics_sample_number(out, name, NULL, number);
}

void metrics_counts(struct str *out, const struct metrics_count *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		metrics_family(out, rows[i].name, rows[i].type, rows[i].help);
		metrics_sample_count(out, rows[i].name, NULL, rows[i].count);
	}
}
