/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns `nmea:`: sentences of NMEA 0183 (IEC 61162-1, section 7): $ or !, an address of a talker
 * and a sentence, fields between commas, and *hh, the exclusive or of what stands between.
 * Fields are numbers: 0 is the address, 1 the first behind it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"

enum { NMEA_FIELDS = 99 };

enum nmea_checksum { NMEA_REQUIRED, NMEA_OPTIONAL };

struct nmea_options {
	const char *talker;
	const char *sentence;
	int checksum;
};

struct serial_decoder {
	struct nmea_options options;
	size_t count;
	int numbers[SERIAL_FIELDS];
};

static const char *const nmea_checksums[] = {"required", "optional", NULL};

static const struct option nmea_rows[] = {
	{.name = "talker",
	 OPTION(TEXT, nmea_options, talker),
	 .help = "Only sentences of this talker, such as WI; absent: of any."},
	{.name = "sentence",
	 OPTION(TEXT, nmea_options, sentence),
	 .help = "Only sentences with this name, such as MWV; absent: all."},
	{.name = "checksum",
	 OPTION(CHOICE, nmea_options, checksum),
	 .fallback = "required",
	 .choices = nmea_checksums,
	 .help = "Whether a sentence may come without its checksum; a wrong one never counts."},
};

const struct option_table serial_nmea_options = {
	.section = "nmea",
	.manual = "gauged.yaml(5)",
	.rows = nmea_rows,
	.count = ARRAY_SIZE(nmea_rows),
	.name = "serial_nmea",
};

static struct serial_decoder *nmea_parse(struct arena *arena, const struct yaml_node *node,
					 struct diags *diags)
{
	struct serial_decoder *nmea = arena_take(arena, 1, sizeof(*nmea));
	const struct option_binding binding = {&serial_nmea_options, &nmea->options};

	if (!serial_options_bind(arena, node, &binding, diags))
		return NULL;
	nmea->options.talker = serial_text(nmea->options.talker);
	nmea->options.sentence = serial_text(nmea->options.sentence);
	return nmea;
}

static bool nmea_want(struct serial_decoder *nmea, const struct yaml_node *node,
		      struct diags *diags)
{
	int number = serial_field_number(node, 0, NMEA_FIELDS);

	if (number < 0) {
		diag_error(diags, node,
			   "expected the number of a field from 0 (the address) to %d",
			   NMEA_FIELDS);
		return false;
	}
	if (nmea->count == SERIAL_FIELDS)
		return serial_fields_full(node, diags);
	nmea->numbers[nmea->count++] = number;
	return true;
}

static int nmea_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Cuts "*hh" off the end of the frame; *ret_len is what is left of it. */
static enum serial_verdict nmea_verify(const struct nmea_options *options, const char *frame,
				       size_t len, size_t *ret_len)
{
	const char *star = memchr(frame, '*', len);
	unsigned sum = 0;
	size_t end = star != NULL ? (size_t)(star - frame) : len;

	/* Without a checksum there is nothing else to tell a sentence from noise. */
	for (size_t i = 1; i < end; i++) {
		if (frame[i] < ' ' || frame[i] > '~')
			return SERIAL_WRONG;
		sum ^= (unsigned char)frame[i];
	}
	*ret_len = end;
	if (star == NULL)
		return options->checksum == NMEA_OPTIONAL ? SERIAL_FITS : SERIAL_WRONG;
	if (len - end != 3 || nmea_digit(star[1]) < 0 || nmea_digit(star[2]) < 0 ||
	    (unsigned)(nmea_digit(star[1]) << 4 | nmea_digit(star[2])) != sum)
		return SERIAL_WRONG;
	return SERIAL_FITS;
}

/* The address is talker and sentence together; a proprietary one starts with P, a maker's code.
 */
static bool nmea_addressed(const struct nmea_options *options, const char *address, size_t len)
{
	size_t talker = strlen(options->talker), sentence = strlen(options->sentence);

	return len >= talker + sentence && memcmp(address, options->talker, talker) == 0 &&
	       memcmp(address + len - sentence, options->sentence, sentence) == 0;
}

static enum serial_verdict nmea_decode(const struct serial_decoder *nmea,
				       struct serial_room *room, const char *frame, size_t len,
				       struct serial_field *ret)
{
	struct serial_field fields[SERIAL_FIELDS];
	enum serial_verdict verdict;
	const char *s, *end;
	size_t address = 0;

	if (len < 4 || (frame[0] != '$' && frame[0] != '!'))
		return SERIAL_OTHER;
	while (address + 1 < len && frame[address + 1] != ',' && frame[address + 1] != '*')
		address++;
	if (!nmea_addressed(&nmea->options, frame + 1, address))
		return SERIAL_OTHER;
	verdict = nmea_verify(&nmea->options, frame, len, &len);
	if (verdict != SERIAL_FITS)
		return verdict;
	/* A field that is not there is as unknown as an empty one. */
	for (size_t i = 0; i < nmea->count; i++)
		fields[i] = (struct serial_field){.kind = SERIAL_FIELD_NOTHING};
	s = frame + 1;
	end = frame + len;
	for (int number = 0; s <= end && number <= NMEA_FIELDS; number++) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		const char *to = comma != NULL ? comma : end;

		for (size_t i = 0; i < nmea->count; i++) {
			if (nmea->numbers[i] == number)
				fields[i] = (struct serial_field){SERIAL_FIELD_TEXT, s,
								  (size_t)(to - s)};
		}
		s = to + 1;
	}
	memcpy(ret, fields, nmea->count * sizeof(*fields));
	return SERIAL_FITS;
}

const struct serial_decoder_type serial_nmea = {
	.key = "nmea",
	.parse = nmea_parse,
	.want = nmea_want,
	.decode = nmea_decode,
};
