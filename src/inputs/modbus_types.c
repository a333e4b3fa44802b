/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the meaning of registers: one row for each type, one permutation for each order. */
#include "inputs/modbus_types.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "io/modbus_pdu.h"

enum { WORDS_MAX = 4 };

/* How the raw bits are a number. */
enum shape { SHAPE_FLAG, SHAPE_SIGNED, SHAPE_UNSIGNED, SHAPE_FLOAT, SHAPE_BCD, SHAPE_TEXT };

/* low and high: raw values that can be written; high is the first that can't, where the last
 * one is no double. */
struct type {
	enum shape shape;
	uint16_t registers;
	double low, high;
};

static const struct type types[] = {
	[MODBUS_TYPE_BOOL] = {SHAPE_FLAG, 0, 0, 1},
	[MODBUS_TYPE_INT16] = {SHAPE_SIGNED, 1, -32768, 32767},
	[MODBUS_TYPE_UINT16] = {SHAPE_UNSIGNED, 1, 0, 65535},
	[MODBUS_TYPE_INT32] = {SHAPE_SIGNED, 2, -2147483648.0, 2147483647.0},
	[MODBUS_TYPE_UINT32] = {SHAPE_UNSIGNED, 2, 0, 4294967295.0},
	/* the last doubles below 2^63 and 2^64 */
	[MODBUS_TYPE_INT64] = {SHAPE_SIGNED, 4, -0x1p63, 0x1.fffffffffffffp62},
	[MODBUS_TYPE_UINT64] = {SHAPE_UNSIGNED, 4, 0, 0x1.fffffffffffffp63},
	[MODBUS_TYPE_FLOAT32] = {SHAPE_FLOAT, 2, -0x1.fffffep127, 0x1.fffffep127},
	[MODBUS_TYPE_FLOAT64] = {SHAPE_FLOAT, 4, -0x1.fffffffffffffp1023,
				 0x1.fffffffffffffp1023},
	[MODBUS_TYPE_BCD16] = {SHAPE_BCD, 1, 0, 9999},
	[MODBUS_TYPE_BCD32] = {SHAPE_BCD, 2, 0, 99999999},
	[MODBUS_TYPE_STRING] = {SHAPE_TEXT, 1, 0, 0},
};

const char *const modbus_type_names[] = {
	"bool",	   "int16",   "uint16", "int32", "uint32",    "int64", "uint64",
	"float32", "float64", "bcd16",	"bcd32", "string(8)", NULL,
};

int modbus_type_parse(const char *text, struct modbus_format *ret)
{
	static const char string[] = "string(";
	char number[8];
	int64_t registers;
	size_t len = strlen(text);

	for (size_t i = 0; i < MODBUS_TYPE_STRING; i++) {
		if (strcmp(text, modbus_type_names[i]) == 0) {
			ret->type = (enum modbus_type)i;
			ret->registers = types[i].registers;
			return 0;
		}
	}
	if (strncmp(text, string, sizeof(string) - 1) != 0 || text[len - 1] != ')' ||
	    len - sizeof(string) >= sizeof(number))
		return -EINVAL;
	memcpy(number, text + sizeof(string) - 1, len - sizeof(string));
	number[len - sizeof(string)] = '\0';
	if (str_to_int(number, &registers) != 0)
		return -EINVAL;
	if (registers < 1 || registers > MODBUS_WRITE_REGISTERS_MAX)
		return -ERANGE;
	ret->type = MODBUS_TYPE_STRING;
	ret->registers = (uint16_t)registers;
	return 0;
}

bool modbus_type_has_bits(enum modbus_type type)
{
	return types[type].shape == SHAPE_SIGNED || types[type].shape == SHAPE_UNSIGNED;
}

enum value_kind modbus_format_kind(const struct modbus_format *format)
{
	if (format->type == MODBUS_TYPE_BOOL || format->flag)
		return VALUE_BOOL;
	return format->type == MODBUS_TYPE_STRING ? VALUE_TEXT : VALUE_NUMBER;
}

/* The words of wire in the order high to low; it is its own inverse. */
static void permute(const struct modbus_format *format, const uint8_t *from, uint8_t *to)
{
	bool words = format->order == MODBUS_CDAB || format->order == MODBUS_DCBA;
	bool bytes = format->order == MODBUS_BADC || format->order == MODBUS_DCBA;
	size_t n = format->registers;

	/* A text has no higher and lower words. */
	words = words && format->type != MODBUS_TYPE_STRING;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *word = from + 2 * (words ? n - 1 - i : i);

		to[2 * i] = word[bytes];
		to[2 * i + 1] = word[!bytes];
	}
}

static uint64_t raw_of(const struct modbus_format *format, const uint8_t *wire)
{
	uint8_t b[2 * WORDS_MAX];
	uint64_t raw = 0;

	permute(format, wire, b);
	for (size_t i = 0; i < 2u * format->registers; i++)
		raw = raw << 8 | b[i];
	return raw;
}

static void raw_put(const struct modbus_format *format, uint64_t raw, uint8_t *wire)
{
	uint8_t b[2 * WORDS_MAX];

	for (size_t i = 2u * format->registers; i > 0; i--) {
		b[i - 1] = (uint8_t)raw;
		raw >>= 8;
	}
	permute(format, b, wire);
}

static double float_of(const struct modbus_format *format, uint64_t raw)
{
	uint32_t bits = (uint32_t)raw;
	double wide;
	float narrow;

	if (format->registers == 2) {
		memcpy(&narrow, &bits, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, &raw, sizeof(wide));
	return wide;
}

/* Bits of the number: of the field, or of all registers. */
static unsigned bits_of(const struct modbus_format *format)
{
	return format->width > 0 ? format->width : 16u * format->registers;
}

static double signed_of(const struct modbus_format *format, uint64_t raw)
{
	unsigned unused = 64 - bits_of(format);

	return (double)((int64_t)(raw << unused) >> unused);
}

/* False: a digit is none. */
static bool bcd_of(const struct modbus_format *format, uint64_t raw, double *ret)
{
	uint64_t value = 0;

	for (int shift = 16 * format->registers - 4; shift >= 0; shift -= 4) {
		unsigned digit = (raw >> shift) & 0xf;

		if (digit > 9)
			return false;
		value = 10 * value + digit;
	}
	*ret = (double)value;
	return true;
}

static uint64_t bcd_put(uint64_t value)
{
	uint64_t raw = 0;

	for (unsigned shift = 0; value > 0; shift += 4, value /= 10)
		raw |= (value % 10) << shift;
	return raw;
}

static uint64_t field_ones(const struct modbus_format *format)
{
	return UINT64_MAX >> (64 - format->width);
}

static bool number_of(const struct modbus_format *format, uint64_t raw, double *ret)
{
	switch (types[format->type].shape) {
	case SHAPE_FLAG:
	case SHAPE_TEXT:
		break;
	case SHAPE_SIGNED:
		*ret = signed_of(format, raw);
		return true;
	case SHAPE_UNSIGNED:
		*ret = (double)raw;
		return true;
	case SHAPE_FLOAT:
		*ret = float_of(format, raw);
		return true;
	case SHAPE_BCD:
		return bcd_of(format, raw, ret);
	}
	return false;
}

/* Sentinels are values of the whole registers, also for a field of them. */
static bool sentinel(const struct modbus_format *format, uint64_t raw)
{
	struct modbus_format whole = *format;
	double number = 0;
	bool is_number;

	whole.width = 0;
	is_number = number_of(&whole, raw, &number);

	for (size_t i = 0; i < format->invalid_count; i++) {
		const struct modbus_invalid *invalid = &format->invalid[i];

		if (invalid->is_number ? is_number && number == invalid->number
				       : raw == invalid->bits)
			return true;
	}
	return false;
}

int modbus_invalid_parse(const char *text, const struct modbus_format *format,
			 struct modbus_invalid *ret)
{
	struct modbus_invalid invalid = {0};
	uint64_t mask = UINT64_MAX >> (64 - 16u * format->registers);
	int64_t bits;

	if (text[0] == '0' && text[1] == 'x') {
		if (strlen(text) == 18 && strspn(text + 2, "0123456789abcdefABCDEF") == 16) {
			/* All 64 bits are more than a signed number holds. */
			for (const char *p = text + 2; *p != '\0'; p++)
				invalid.bits = invalid.bits << 4 |
					       (unsigned)(*p <= '9' ? *p - '0'
								    : (*p | 0x20) - 'a' + 10);
		} else if (str_to_int(text, &bits) == 0) {
			invalid.bits = (uint64_t)bits;
		} else {
			return -EINVAL;
		}
		if ((invalid.bits & ~mask) != 0)
			return -ERANGE;
	} else if (str_to_number(text, &invalid.number) == 0) {
		invalid.is_number = true;
	} else {
		return -EINVAL;
	}
	*ret = invalid;
	return 0;
}

/* Up to the first NUL, without blanks at its end; bytes that are no UTF-8 are Latin-1. */
static void text_of(const struct modbus_format *format, const uint8_t *wire,
		    char room[VALUE_TEXT_MAX + 1])
{
	uint8_t bytes[2 * MODBUS_WRITE_REGISTERS_MAX];
	size_t len, good = 0, n = 0;

	permute(format, wire, bytes);
	len = strnlen((const char *)bytes, 2u * format->registers);
	while (len > 0 && bytes[len - 1] == ' ')
		len--;
	while (good < len && (n = str_utf8((const char *)bytes + good, len - good)) > 0)
		good += n;
	if (good == len) {
		memcpy(room, bytes, len);
		room[len] = '\0';
		return;
	}
	n = 0;
	for (size_t i = 0; i < len && n + 2 <= VALUE_TEXT_MAX; i++) {
		if (bytes[i] >= 0x80)
			room[n++] = (char)(0xc0 | bytes[i] >> 6);
		room[n++] = (char)(bytes[i] >= 0x80 ? 0x80 | (bytes[i] & 0x3f) : bytes[i]);
	}
	room[n] = '\0';
}

/*
 * Scales that are one part of a whole number (0.1, 0.25) divide: 3 / 10 is the number that 0.3
 * is in a rule or a range, 3 * 0.1 is the one above.
 */
static double scaled(const struct modbus_format *format, double number)
{
	double parts = round(1 / format->scale);

	number = parts * format->scale == 1 ? number / parts : number * format->scale;
	return number + format->offset;
}

static enum bad_reason decode_number(const struct modbus_format *format, const uint8_t *wire,
				     struct value *ret)
{
	uint64_t raw = raw_of(format, wire);
	double number;

	if (sentinel(format, raw))
		return BAD_RANGE;
	if (format->width > 0)
		raw = raw >> format->shift & field_ones(format);
	if (format->flag) {
		*ret = value_bool(raw != 0);
		return BAD_NONE;
	}
	if (!number_of(format, raw, &number))
		return BAD_PARSE;
	number = scaled(format, number);
	if (!isfinite(number) ||
	    (format->limited && (number < format->low || number > format->high)))
		return BAD_RANGE;
	*ret = value_number(number);
	return BAD_NONE;
}

enum bad_reason modbus_decode(const struct modbus_format *format, const uint8_t *wire,
			      char room[VALUE_TEXT_MAX + 1], struct value *ret)
{
	*ret = (struct value){0};
	if (format->type == MODBUS_TYPE_BOOL) {
		*ret = value_bool(wire[0] & 1);
		return BAD_NONE;
	}
	if (format->type == MODBUS_TYPE_STRING) {
		text_of(format, wire, room);
		*ret = value_text(room);
		return BAD_NONE;
	}
	return decode_number(format, wire, ret);
}

static int encode_text(const struct modbus_format *format, const char *text, uint8_t *wire,
		       struct error *err)
{
	uint8_t bytes[2 * MODBUS_WRITE_REGISTERS_MAX] = {0};
	size_t len = strlen(text);

	if (len > 2u * format->registers)
		return error_set(err, ERANGE, "the text has %zu bytes, there is room for %u",
				 len, 2u * format->registers);
	memcpy(bytes, text, len);
	permute(format, bytes, wire);
	return 0;
}

/* The raw values that can be written. */
static void encode_limits(const struct modbus_format *format, double *ret_low, double *ret_high)
{
	const struct type *type = &types[format->type];

	*ret_low = type->low;
	*ret_high = type->high;
	if (format->width == 0 || format->width == 16u * format->registers)
		return;
	if (type->shape == SHAPE_SIGNED) {
		*ret_high = (double)(field_ones(format) >> 1);
		*ret_low = -*ret_high - 1;
	} else {
		*ret_low = 0;
		*ret_high = (double)field_ones(format);
	}
}

static uint64_t encode_bits(const struct modbus_format *format, double raw)
{
	uint64_t bits = 0;
	float narrow = (float)raw;

	switch (types[format->type].shape) {
	case SHAPE_FLAG:
	case SHAPE_TEXT:
		assert(false);
		break;
	case SHAPE_SIGNED:
		bits = (uint64_t)(int64_t)raw;
		break;
	case SHAPE_UNSIGNED:
		bits = (uint64_t)raw;
		break;
	case SHAPE_FLOAT:
		if (format->registers == 4)
			memcpy(&bits, &raw, sizeof(raw));
		else
			memcpy(&bits, &narrow, sizeof(narrow));
		break;
	case SHAPE_BCD:
		bits = bcd_put((uint64_t)raw);
		break;
	}
	return bits;
}

static int encode_number(const struct modbus_format *format, double number, uint64_t *ret,
			 struct error *err)
{
	double raw = (number - format->offset) / format->scale;
	double low, high;

	if (!isfinite(number))
		return error_set(err, ERANGE, "only finite numbers can be written");
	if (format->limited && (number < format->low || number > format->high))
		return error_set(err, ERANGE, "%g is outside the range from %g to %g", number,
				 format->low, format->high);
	if (types[format->type].shape != SHAPE_FLOAT)
		raw = round(raw); /* half away from zero */
	if (raw == 0)
		raw = 0; /* never -0: as bytes it would not be what 0 is read back as */
	encode_limits(format, &low, &high);
	if (raw >= low && raw <= high) {
		*ret = encode_bits(format, raw);
		return 0;
	}
	if (format->width > 0)
		return error_set(err, ERANGE, "%g does not fit %u bits", number, format->width);
	return error_set(err, ERANGE, "%g does not fit %s", number,
			 modbus_type_names[format->type]);
}

void modbus_field_mask(const struct modbus_format *format, uint8_t *wire)
{
	raw_put(format, field_ones(format) << format->shift, wire);
}

int modbus_encode(const struct modbus_format *format, struct value value, uint8_t *wire,
		  struct error *err)
{
	enum value_kind kind = modbus_format_kind(format);
	uint64_t bits = 0;
	int rc;

	/* 0 and 1 are as good as off and on. */
	if (kind == VALUE_BOOL && value.kind == VALUE_NUMBER &&
	    (value.number == 0 || value.number == 1))
		value = value_bool(value.number != 0);
	if (value.kind != kind)
		return error_set(err, EINVAL, "expected a %s, got a %s", value_kind_name(kind),
				 value_kind_name(value.kind));
	if (kind == VALUE_TEXT)
		return encode_text(format, value.text, wire, err);
	if (format->type == MODBUS_TYPE_BOOL) {
		wire[0] = value.flag;
		return 0;
	}
	if (kind == VALUE_BOOL)
		bits = value.flag;
	else if ((rc = encode_number(format, value.number, &bits, err)) != 0)
		return rc;
	if (format->width > 0)
		bits = (bits & field_ones(format)) << format->shift;
	raw_put(format, bits, wire);
	return 0;
}
