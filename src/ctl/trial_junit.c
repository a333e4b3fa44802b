/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the XML of test reports. */
#include "ctl/trial_junit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

struct junit {
	struct str cases;
	size_t tests, failures;
};

struct junit *junit_new(void)
{
	struct junit *junit = xcalloc(1, sizeof(*junit));

	str_init(&junit->cases);
	return junit;
}

/* XML 1.0 has no control characters but tab and line ends, not even escaped. */
static void add_xml(struct str *out, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
	size_t len = strlen(text);

	for (size_t i = 0, k; i < len; i += k) {
		const char *entity = NULL;

		k = str_utf8(text + i, len - i);
		for (size_t e = 0; e < ARRAY_SIZE(entities); e++) {
			if (text[i] == entities[e].c)
				entity = entities[e].entity;
		}
		if (entity != NULL)
			str_adds(out, entity);
		else if (k == 0 ||
			 ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t'))
			str_adds(out, "\xef\xbf\xbd");
		else
			str_add(out, text + i, k);
		k = k > 0 ? k : 1;
	}
}

void junit_case(struct junit *junit, const char *file, const char *name, const char *failure)
{
	if (junit == NULL)
		return;
	junit->tests++;
	str_adds(&junit->cases, "  <testcase classname=\"");
	add_xml(&junit->cases, file);
	str_adds(&junit->cases, "\" name=\"");
	add_xml(&junit->cases, name);
	if (failure == NULL) {
		str_adds(&junit->cases, "\"/>\n");
		return;
	}
	junit->failures++;
	str_adds(&junit->cases, "\">\n    <failure message=\"it is not as expected\">");
	add_xml(&junit->cases, failure);
	str_adds(&junit->cases, "</failure>\n  </testcase>\n");
}

bool junit_write(struct junit *junit, const char *path)
{
	FILE *file;
	bool good;

	if (junit == NULL)
		return true;
	file = fopen(path, "we");
	good = file != NULL &&
	       fprintf(file,
		       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<testsuite name=\"gaugectl test\" tests=\"%zu\" failures=\"%zu\">\n"
		       "%s</testsuite>\n",
		       junit->tests, junit->failures,
		       junit->cases.s != NULL ? junit->cases.s : "") > 0;
	if (file != NULL && fclose(file) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "gaugectl: cannot write %s: %s\n", path, strerror(errno));
	str_done(&junit->cases);
	free(junit);
	return good;
}
