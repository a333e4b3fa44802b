/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is said of units that are none. */
#include "model/unit_text.h"

#include <string.h>

#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/unit.h"

bool unit_text_parse(const struct yaml_node *node, struct unit *ret, struct diags *diags)
{
	size_t bad, len, count;
	const char *const *names = unit_names(&count);
	char word[32] = "";

	if (node == NULL || unit_parse(node->text, strlen(node->text), ret, &bad, &len) == 0)
		return true;
	diag_error_in(diags, node, bad, len, "'%.*s' is no unit of measurement", (int)len,
		      node->text + bad);
	if (len < sizeof(word)) {
		memcpy(word, node->text + bad, len);
		diag_suggest(diags, word, names, count);
	}
	return false;
}
