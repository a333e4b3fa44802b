/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what people read of a store that does not work. */
#include "io/journal_trouble.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void journal_trouble_begin(struct journal_trouble *trouble, const char *problem)
{
	complaint_say(&trouble->complaint, clock_mono(),
		      "journal: %s; what happens is kept in memory only until it works again",
		      problem);
	if (trouble->problem == NULL)
		trouble->since = clock_boot();
	else if (strcmp(trouble->problem, problem) == 0)
		return;
	free(trouble->problem);
	trouble->problem = xstrdup(problem);
	trouble->untold = true;
}

void journal_trouble_end(struct journal_trouble *trouble, const char *path)
{
	complaint_end(&trouble->complaint, "journal: %s works again", path);
	trouble->untold = trouble->untold || trouble->problem != NULL;
	free(trouble->problem);
	trouble->problem = NULL;
}

void journal_trouble_done(struct journal_trouble *trouble)
{
	free(trouble->problem);
}
