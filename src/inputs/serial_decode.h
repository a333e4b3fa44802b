/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The ways to read fields out of a frame: a decoder is a const table of functions in a file of
 * its own, listed in serial_decode.c. Pure: everything is compiled while the configuration is
 * read; decoding allocates nothing and its work has a bound.
 */
#ifndef GAUGED_INPUTS_SERIAL_DECODE_H
#define GAUGED_INPUTS_SERIAL_DECODE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diags;
struct option_binding;
struct option_table;
struct serial_decoder; /* a decoder's own */
struct serial_room;    /* what matching needs beside the frame; serial_match.c */
struct str;
struct yaml_node;

/* Fields that one device may take out of a frame. */
enum { SERIAL_FIELDS = 64 };

enum serial_field_kind {
	SERIAL_FIELD_ABSENT,  /* the frame does not have it: no reading */
	SERIAL_FIELD_TEXT,    /* as it stands in the frame */
	SERIAL_FIELD_ESCAPED, /* with the escapes of a JSON string in it */
	SERIAL_FIELD_DOUBLED, /* with doubled quotes in it, each of which means one (CSV) */
	SERIAL_FIELD_NOTHING, /* the device says that it has no value: null, an object */
};

/* A piece of the frame; borrowed from it. */
struct serial_field {
	enum serial_field_kind kind;
	const char *s;
	size_t len;
};

enum serial_verdict {
	SERIAL_FITS,	/* the fields are filled in */
	SERIAL_OTHER,	/* not a frame of this device */
	SERIAL_WRONG,	/* a frame of this kind, but damaged: syntax, checksum */
	SERIAL_TOO_DEEP /* given up at a limit of steps, memory or depth */
};

struct serial_decoder_type {
	const char *key; /* of the device's map */
	/* node is the value of key. NULL after errors were added. */
	struct serial_decoder *(*parse)(struct arena *arena, const struct yaml_node *node,
					struct diags *diags);
	/*
	 * Asks for one more field, the n-th from 0; node is the scalar that names it. False
	 * after an error was added.
	 */
	bool (*want)(struct serial_decoder *decoder, const struct yaml_node *node,
		     struct diags *diags);
	/* Fills ret[0..fields wanted - 1], only when the frame fits. */
	enum serial_verdict (*decode)(const struct serial_decoder *decoder,
				      struct serial_room *room, const char *frame, size_t len,
				      struct serial_field *ret);
};

/* All decoders, ending in NULL. */
extern const struct serial_decoder_type *const serial_decoder_types[];

extern const struct option_table serial_csv_options, serial_keyvalue_options,
	serial_json_options, serial_nmea_options;

extern const struct serial_decoder_type serial_match;
extern const struct serial_decoder_type serial_csv;
extern const struct serial_decoder_type serial_keyvalue;
extern const struct serial_decoder_type serial_json;
extern const struct serial_decoder_type serial_nmea;

/*
 * What an input needs for its decoders while it runs; may be shared by all that run on one
 * thread. Never NULL.
 */
struct serial_room *serial_room_new(void);
void serial_room_free(struct serial_room *room);

/*
 * The text that a field means, without its escapes; what is not UTF-8 becomes U+FFFD. out is
 * fixed and notes that it was cut.
 */
void serial_field_text(const struct serial_field *field, struct str *out);

/* For the decoders: */

/* The wanted fields, for decoders whose fields have names. */
struct serial_names {
	size_t count;
	struct {
		const char *s;
		size_t len;
	} names[SERIAL_FIELDS];
};

/* Adds the name; false after an error (too many, empty) was added. */
bool serial_names_add(struct serial_names *names, const struct yaml_node *node,
		      struct diags *diags);
/* A whole number from low to high, or -1 without an error. */
int serial_field_number(const struct yaml_node *node, int low, int high);
/* Adds the error that there is no room for another field; false. */
bool serial_fields_full(const struct yaml_node *node, struct diags *diags);
/* node is "true", for the defaults, or a map of options. False after errors were added. */
bool serial_options_bind(struct arena *arena, const struct yaml_node *node,
			 const struct option_binding *binding, struct diags *diags);
/* text, or "" for the NULL of an option that was not given. */
const char *serial_text(const char *text);
bool serial_prefixed(const char *prefix, const char *frame, size_t len);

#endif
