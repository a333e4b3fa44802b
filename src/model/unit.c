/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table of units and the reading of their names. */
#include "model/unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { LENGTH, MASS, TIME, CURRENT, TEMPERATURE, AMOUNT, LIGHT, INFORMATION };

struct unit_row {
	const char *name;
	double scale;
	int8_t dimension[UNIT_DIMENSIONS];
	bool prefixed; /* takes k, M, m ... before it */
	double offset;
	bool absolute;
};

/* Exponents of length, mass, time, current, temperature, amount, light, information. */
#define D(...)              \
	{                   \
		__VA_ARGS__ \
	}
#define UNIT(name_, scale_, ...)                                             \
	{                                                                    \
		.name = name_, .scale = scale_, .dimension = { __VA_ARGS__ } \
	}
/* One that takes prefixes. */
#define SI(name_, scale_, ...)                                                               \
	{                                                                                    \
		.name = name_, .scale = scale_, .dimension = {__VA_ARGS__}, .prefixed = true \
	}
/* A scale of temperature; offset in kelvin. */
#define DEGREE(name_, scale_, offset_)                                        \
	{                                                                     \
		.name = name_, .scale = scale_, .dimension = {0, 0, 0, 0, 1}, \
		.absolute = true, .offset = offset_                           \
	}

/* clang-format off */
static const struct unit_row unit_rows[] = {
	UNIT("%", 0.01, 0),
	UNIT("ppm", 1e-6, 0),
	UNIT("ppb", 1e-9, 0),
	UNIT("count", 1, 0),
	UNIT("pH", 1, 0),
	UNIT("dB", 1, 0),
	UNIT("dBm", 1, 0),
	SI("rad", 1, 0),
	UNIT("deg", M_PI / 180, 0),
	UNIT("°", M_PI / 180, 0),
	UNIT("rev", 2 * M_PI, 0),

	SI("m", 1, 1),
	UNIT("in", 0.0254, 1),
	UNIT("ft", 0.3048, 1),
	UNIT("yd", 0.9144, 1),
	UNIT("mi", 1609.344, 1),
	UNIT("m2", 1, 2),
	UNIT("m²", 1, 2),
	UNIT("ha", 1e4, 2),
	UNIT("m3", 1, 3),
	UNIT("m³", 1, 3),
	SI("L", 1e-3, 3),
	SI("l", 1e-3, 3),
	UNIT("gal", 3.785411784e-3, 3),
	UNIT("bbl", 0.158987294928, 3),
	UNIT("mph", 0.44704, 1, 0, -1),
	UNIT("kn", 1852.0 / 3600, 1, 0, -1),
	UNIT("gpm", 3.785411784e-3 / 60, 3, 0, -1),
	UNIT("cfm", 0.028316846592 / 60, 3, 0, -1),

	SI("g", 1e-3, 0, 1),
	UNIT("t", 1e3, 0, 1),
	UNIT("lb", 0.45359237, 0, 1),
	UNIT("oz", 0.028349523125, 0, 1),

	SI("s", 1, 0, 0, 1),
	UNIT("min", 60, 0, 0, 1),
	UNIT("h", 3600, 0, 0, 1),
	UNIT("d", 86400, 0, 0, 1),
	UNIT("w", 604800, 0, 0, 1),
	SI("Hz", 1, 0, 0, -1),
	UNIT("rpm", 1.0 / 60, 0, 0, -1),
	SI("Bq", 1, 0, 0, -1),

	SI("N", 1, 1, 1, -2),
	UNIT("lbf", 4.4482216152605, 1, 1, -2),
	SI("Pa", 1, -1, 1, -2),
	SI("bar", 1e5, -1, 1, -2),
	UNIT("atm", 101325, -1, 1, -2),
	UNIT("psi", 6894.757293168361, -1, 1, -2),
	UNIT("Torr", 101325.0 / 760, -1, 1, -2),
	UNIT("mmHg", 133.322387415, -1, 1, -2),
	UNIT("inHg", 3386.388640341, -1, 1, -2),
	UNIT("mmH2O", 9.80665, -1, 1, -2),
	UNIT("inH2O", 249.08891, -1, 1, -2),

	SI("J", 1, 2, 1, -2),
	SI("Wh", 3600, 2, 1, -2),
	SI("cal", 4.184, 2, 1, -2),
	UNIT("BTU", 1055.05585262, 2, 1, -2),
	SI("W", 1, 2, 1, -3),
	UNIT("hp", 745.6998715822702, 2, 1, -3),
	SI("VA", 1, 2, 1, -3),
	SI("var", 1, 2, 1, -3),
	SI("varh", 3600, 2, 1, -2),
	SI("VAh", 3600, 2, 1, -2),

	SI("A", 1, 0, 0, 0, 1),
	SI("Ah", 3600, 0, 0, 1, 1),
	SI("C", 1, 0, 0, 1, 1),
	SI("V", 1, 2, 1, -3, -1),
	SI("ohm", 1, 2, 1, -3, -2),
	SI("Ω", 1, 2, 1, -3, -2),
	SI("S", 1, -2, -1, 3, 2),
	SI("F", 1, -2, -1, 4, 2),
	SI("H", 1, 2, 1, -2, -2),
	SI("Wb", 1, 2, 1, -2, -1),
	SI("T", 1, 0, 1, -2, -1),

	/* K is a difference: an absolute temperature in kelvin is degK. */
	SI("K", 1, 0, 0, 0, 0, 1),
	DEGREE("degC", 1, 273.15),
	DEGREE("°C", 1, 273.15),
	DEGREE("degF", 5.0 / 9, 459.67 * 5 / 9),
	DEGREE("°F", 5.0 / 9, 459.67 * 5 / 9),
	DEGREE("degK", 1, 0),

	SI("mol", 1, 0, 0, 0, 0, 0, 1),
	SI("cd", 1, 0, 0, 0, 0, 0, 0, 1),
	SI("lm", 1, 0, 0, 0, 0, 0, 0, 1),
	SI("lx", 1, -2, 0, 0, 0, 0, 0, 1),

	SI("bit", 1, 0, 0, 0, 0, 0, 0, 0, 1),
	SI("B", 8, 0, 0, 0, 0, 0, 0, 0, 1),
	UNIT("KiB", 8 * 1024.0, 0, 0, 0, 0, 0, 0, 0, 1),
	UNIT("MiB", 8 * 1048576.0, 0, 0, 0, 0, 0, 0, 0, 1),
	UNIT("GiB", 8 * 1073741824.0, 0, 0, 0, 0, 0, 0, 0, 1),
};

/* What people call a dimension, for messages. */
static const struct {
	const char *name;
	int8_t dimension[UNIT_DIMENSIONS];
} dimension_rows[] = {
	{"ratio",         D( 0) },
	{"length",        D( 1) },
	{"area",          D( 2) },
	{"volume",        D( 3) },
	{"mass",          D( 0, 1) },
	{"time",          D( 0, 0, 1) },
	{"frequency",     D( 0, 0, -1) },
	{"speed",         D( 1, 0, -1) },
	{"acceleration",  D( 1, 0, -2) },
	{"volume flow",   D( 3, 0, -1) },
	{"density",       D(-3, 1) },
	{"force",         D( 1, 1, -2) },
	{"pressure",      D(-1, 1, -2) },
	{"energy",        D( 2, 1, -2) },
	{"power",         D( 2, 1, -3) },
	{"irradiance",    D( 0, 1, -3) },
	{"current",       D( 0, 0, 0, 1) },
	{"charge",        D( 0, 0, 1, 1) },
	{"voltage",       D( 2, 1, -3, -1) },
	{"resistance",    D( 2, 1, -3, -2) },
	{"conductance",   D(-2, -1, 3, 2) },
	{"conductivity",  D(-3, -1, 3, 2) },
	{"temperature",   D( 0, 0, 0, 0, 1) },
	{"temperature rate", D( 0, 0, -1, 0, 1) },
	{"amount",        D( 0, 0, 0, 0, 0, 1) },
	{"light",         D( 0, 0, 0, 0, 0, 0, 1) },
	{"illuminance",   D(-2, 0, 0, 0, 0, 0, 1) },
	{"information",   D( 0, 0, 0, 0, 0, 0, 0, 1) },
	{"data rate",     D( 0, 0, -1, 0, 0, 0, 0, 1) },
};

static const struct {
	const char *name;
	double scale;
} prefixes[] = {
	{"da", 1e1}, {"p", 1e-12}, {"n", 1e-9}, {"u", 1e-6}, {"µ", 1e-6}, {"μ", 1e-6},
	{"m", 1e-3}, {"c", 1e-2}, {"d", 1e-1}, {"h", 1e2}, {"k", 1e3}, {"M", 1e6},
	{"G", 1e9}, {"T", 1e12},
};
/* clang-format on */

/* The names that suggestions choose from: the rows, and what people write most with a prefix.
 */
static const char *const unit_words[] = {
	"degC", "degF", "degK", "%",   "ppm",  "ppb",	"count", "pH",	  "dB",	  "rad",  "deg",
	"rev",	"m",	"mm",	"cm",  "km",   "in",	"ft",	 "yd",	  "mi",	  "m2",	  "ha",
	"m3",	"L",	"mL",	"hL",  "gal",  "bbl",	"mph",	 "kn",	  "gpm",  "cfm",  "g",
	"mg",	"kg",	"t",	"lb",  "oz",   "s",	"ms",	 "us",	  "ns",	  "min",  "h",
	"d",	"w",	"Hz",	"kHz", "MHz",  "rpm",	"Bq",	 "N",	  "kN",	  "lbf",  "Pa",
	"hPa",	"kPa",	"MPa",	"bar", "mbar", "atm",	"psi",	 "Torr",  "mmHg", "inHg", "J",
	"kJ",	"MJ",	"Wh",	"kWh", "MWh",  "cal",	"kcal",	 "BTU",	  "W",	  "kW",	  "MW",
	"hp",	"VA",	"kVA",	"var", "kvar", "kvarh", "kVAh",	 "A",	  "mA",	  "uA",	  "Ah",
	"mAh",	"C",	"V",	"mV",  "kV",   "ohm",	"kohm",	 "S",	  "mS",	  "uS",	  "F",
	"uF",	"H",	"Wb",	"T",   "K",    "mol",	"mmol",	 "cd",	  "lm",	  "lx",	  "bit",
	"B",	"kB",	"MB",	"KiB", "MiB",  "GiB",	"mmH2O", "inH2O",
};

static bool unit_is(const char *row, const char *name, size_t len)
{
	return strlen(row) == len && memcmp(row, name, len) == 0;
}

static const struct unit_row *unit_row(const char *name, size_t len, bool prefixed)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_rows); i++) {
		if (unit_is(unit_rows[i].name, name, len) &&
		    (!prefixed || unit_rows[i].prefixed))
			return &unit_rows[i];
	}
	return NULL;
}

/* The row of a name with or without a prefix; the prefix's factor goes to *ret_factor. */
static const struct unit_row *unit_find(const char *name, size_t len, double *ret_factor)
{
	const struct unit_row *row = unit_row(name, len, false);

	*ret_factor = 1;
	if (row != NULL)
		return row;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i].name);

		if (len <= n || memcmp(prefixes[i].name, name, n) != 0)
			continue;
		row = unit_row(name + n, len - n, true);
		if (row != NULL) {
			*ret_factor = prefixes[i].scale;
			return row;
		}
	}
	return NULL;
}

/* "^3", "^-1" at text; the number of bytes used, 0 if there is none, -1 if it is wrong. */
static int unit_exponent(const char *text, size_t len, int *ret)
{
	size_t i = 1;
	bool negative;

	*ret = 1;
	if (len == 0 || text[0] != '^')
		return 0;
	negative = len > 1 && text[1] == '-';
	i += negative;
	if (i >= len || text[i] < '1' || text[i] > '9' ||
	    (i + 1 < len && text[i + 1] >= '0' && text[i + 1] <= '9'))
		return -1;
	*ret = negative ? '0' - text[i] : text[i] - '0';
	return (int)i + 1;
}

/* Multiplies *unit by row^exponent; false when an exponent leaves its bounds. */
static bool unit_multiply(struct unit *unit, const struct unit_row *row, double factor,
			  int exponent)
{
	for (int i = 0; i < UNIT_DIMENSIONS; i++) {
		int sum = unit->dimension[i] + row->dimension[i] * exponent;

		if (sum < -UNIT_EXPONENT_MAX || sum > UNIT_EXPONENT_MAX)
			return false;
		unit->dimension[i] = (int8_t)sum;
	}
	for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++) {
		double scale = row->scale * factor;

		unit->scale = exponent < 0 ? unit->scale / scale : unit->scale * scale;
	}
	return true;
}

int unit_parse(const char *text, size_t len, struct unit *ret, size_t *ret_bad,
	       size_t *ret_bad_len)
{
	struct unit unit = {.known = true, .scale = 1};
	const struct unit_row *row = NULL;
	size_t from = 0, to = 0;
	int sign = 1, parts = 0, power = 1;

	do {
		double factor;
		int exponent, used;

		from = to;
		while (to < len && strchr("*/^", text[to]) == NULL)
			to++;
		row = unit_find(text + from, to - from, &factor);
		if (row == NULL)
			goto bad;
		used = unit_exponent(text + to, len - to, &exponent);
		if (used < 0) {
			to = len;
			goto bad;
		}
		power = sign * exponent;
		if (!unit_multiply(&unit, row, factor, power))
			goto bad;
		to += (size_t)used;
		parts++;
		if (to < len && text[to] != '*' && text[to] != '/') {
			to = len;
			goto bad;
		}
		sign = to < len && text[to] == '/' ? -1 : 1;
	} while (to++ < len);
	/* Inside a product a degree is a step, not a place on a scale. */
	if (parts == 1 && power == 1) {
		unit.absolute = row->absolute;
		unit.offset = row->offset;
	}
	*ret = unit;
	return 0;
bad:
	*ret_bad = from;
	*ret_bad_len = to - from;
	return -EINVAL;
}

bool unit_same_dimension(const struct unit *a, const struct unit *b)
{
	return memcmp(a->dimension, b->dimension, sizeof(a->dimension)) == 0;
}

void unit_conversion(const struct unit *from, const struct unit *to, double *ret_factor,
		     double *ret_offset)
{
	*ret_factor = from->scale / to->scale;
	*ret_offset = (from->offset - to->offset) / to->scale;
}

const char *unit_dimension_name(const struct unit *unit)
{
	if (!unit->known)
		return "number";
	if (unit->dimension[TEMPERATURE] == 1 && !unit->absolute) {
		struct unit kelvin = {.dimension = {[TEMPERATURE] = 1}};

		if (unit_same_dimension(unit, &kelvin))
			return "temperature difference";
	}
	for (size_t i = 0; i < ARRAY_SIZE(dimension_rows); i++) {
		if (memcmp(dimension_rows[i].dimension, unit->dimension,
			   sizeof(unit->dimension)) == 0)
			return dimension_rows[i].name;
	}
	return "quantity";
}

const char *const *unit_names(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(unit_words);
	return unit_words;
}

const char *unit_name(size_t i)
{
	return i < ARRAY_SIZE(unit_rows) ? unit_rows[i].name : NULL;
}

const char *unit_prefix(size_t i)
{
	return i < ARRAY_SIZE(prefixes) ? prefixes[i].name : NULL;
}
