/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the listing that check-manual compares with the pages: one line for each row of each
 * option table, "page TAB section TAB option TAB default TAB number of the table".
 */
#include <stdio.h>

#include "conf/option.h"
#include "ctl/trial_file.h"
#include "daemon/config_options.h"

enum { TABLES_MAX = 100 };

int main(void)
{
	const struct option_table *tables[TABLES_MAX];
	size_t count = config_tables(tables, TABLES_MAX);

	for (size_t i = 0; trial_option_tables[i] != NULL && count < TABLES_MAX; i++)
		tables[count++] = trial_option_tables[i];
	for (size_t i = 0; i < count; i++) {
		const struct option_table *table = tables[i];

		for (size_t k = 0; k < table->count; k++)
			printf("%s\t%s\t%s\t%s\t%zu\n", table->manual, table->section,
			       table->rows[k].name,
			       table->rows[k].fallback != NULL ? table->rows[k].fallback : "",
			       i);
	}
	return count < TABLES_MAX ? 0 : 1;
}
