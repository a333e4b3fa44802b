/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests the cutting of a line's bytes into frames. */
#include "inputs/serial_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/str.h"

static const int64_t gap_ns = 100 * NSEC_PER_MSEC;

struct cutter {
	struct serial_frame_config config;
	struct serial_framer framer;
	struct mono now;
	char *room;
	struct str frames; /* "frame|frame|" */
};

static void cutter_frame(void *arg, const char *frame, size_t len)
{
	struct cutter *cutter = arg;

	assert_true(len > 0 && len <= cutter->config.max);
	str_add(&cutter->frames, frame, len);
	str_addc(&cutter->frames, '|');
}

/* Ready: the line has been silent for a gap before the first byte. */
static void cutter_init(struct cutter *cutter, const char *delimiter, size_t max, bool marked)
{
	*cutter = (struct cutter){.now = {NSEC_PER_SEC}};
	cutter->config = (struct serial_frame_config){
		.delimiter = delimiter,
		.delimiter_len = strlen(delimiter),
		.max = max,
		.gap_ns = gap_ns,
		.marked = marked,
	};
	/* Exactly so much, for the sanitizer to watch. */
	cutter->room = malloc(serial_framer_room(&cutter->config));
	serial_framer_init(&cutter->framer, &cutter->config, cutter->room);
	serial_framer_start(&cutter->framer, cutter->now);
	cutter->now = mono_add(cutter->now, gap_ns);
	str_init(&cutter->frames);
	str_adds(&cutter->frames, "");
}

static void cutter_done(struct cutter *cutter)
{
	str_done(&cutter->frames);
	free(cutter->room);
}

static void cutter_feed(struct cutter *cutter, const char *bytes, size_t len)
{
	serial_framer_feed(&cutter->framer, cutter->now, bytes, len, cutter_frame, cutter);
}

static void cutter_feeds(struct cutter *cutter, const char *text)
{
	cutter_feed(cutter, text, strlen(text));
}

static void test_frames_end_at_the_delimiter(void **state)
{
	static const struct {
		const char *delimiter, *bytes, *frames;
	} cases[] = {
		{"\n", "a\nbc\r\n\n\r\nd\n", "a|bc|d|"},
		{"\r\n", "a\nb\rc\r\nd\r\r\n", "a\nb\rc|d|"},
		{"\r", "a\rb\r", "a|b|"},
		{"aab", "xaaabyaabz", "xa|y|"},
		{";", "1;2;;3", "1|2|"},
		{"=12345==", "a=12345==b=12345=c", "a|"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cutter cutter;

		cutter_init(&cutter, cases[i].delimiter, 16, false);
		cutter_feeds(&cutter, cases[i].bytes);
		assert_string_equal(cutter.frames.s, cases[i].frames);
		assert_int_equal(cutter.framer.counts.bytes, strlen(cases[i].bytes));
		cutter_done(&cutter);
	}
}

static void test_a_delimiter_may_be_a_nul_byte(void **state)
{
	struct cutter cutter;

	cutter_init(&cutter, "\n", 16, false);
	cutter.config.delimiter = "\0";
	cutter_feed(&cutter, "ab\0cd\0e", 7);
	assert_string_equal(cutter.frames.s, "ab|cd|");
	cutter_done(&cutter);
}

static void test_the_first_frame_is_dropped_when_its_start_may_be_missing(void **state)
{
	struct cutter cutter;

	cutter_init(&cutter, "\n", 16, false);
	serial_framer_start(&cutter.framer, cutter.now);
	cutter_feeds(&cutter, "1.5\n21.5\n");
	assert_string_equal(cutter.frames.s, "21.5|");
	assert_int_equal(cutter.framer.counts.halves, 1);
	/* Nothing was lost when the first byte is a delimiter. */
	serial_framer_start(&cutter.framer, cutter.now);
	cutter_feeds(&cutter, "\n22.5\n");
	assert_string_equal(cutter.frames.s, "21.5|22.5|");
	assert_int_equal(cutter.framer.counts.halves, 1);
	/* A new start drops what was half there, and counts it. */
	cutter_feeds(&cutter, "23.");
	serial_framer_start(&cutter.framer, cutter.now);
	cutter.now = mono_add(cutter.now, gap_ns);
	cutter_feeds(&cutter, "24.5\n");
	assert_string_equal(cutter.frames.s, "21.5|22.5|24.5|");
	assert_int_equal(cutter.framer.counts.halves, 2);
	cutter_done(&cutter);
}

static void test_fault_A6_an_endless_line_is_cut_and_left_behind(void **state)
{
	static char block[4096];
	struct cutter cutter;

	memset(block, 'x', sizeof(block));
	cutter_init(&cutter, "\r\n", 1024, false);
	cutter_feeds(&cutter, "before\r\n");
	for (size_t sent = 0; sent < 10 * 1024 * 1024; sent += sizeof(block))
		cutter_feed(&cutter, block, sizeof(block));
	cutter_feeds(&cutter, "\r\nafter\r\n");
	assert_string_equal(cutter.frames.s, "before|after|");
	assert_int_equal(cutter.framer.counts.cut, 1);
	cutter_done(&cutter);
}

static void test_fault_A6_the_longest_line_fits_and_one_byte_more_does_not(void **state)
{
	for (size_t extra = 0; extra < 2; extra++) {
		for (size_t piece = 1; piece < 40; piece++) {
			char text[64];
			size_t len = 16 + extra;
			struct cutter cutter;

			memset(text, 'y', len);
			memcpy(text + len, "\r\nz\r\n", 6);
			cutter_init(&cutter, "\r\n", 16, false);
			for (size_t at = 0; at < len + 5; at += piece)
				cutter_feed(&cutter, text + at,
					    at + piece < len + 5 ? piece : len + 5 - at);
			assert_string_equal(cutter.frames.s,
					    extra == 0 ? "yyyyyyyyyyyyyyyy|z|" : "z|");
			assert_int_equal(cutter.framer.counts.cut, extra);
			cutter_done(&cutter);
		}
	}
}

static void test_fault_A8_damaged_characters_drop_their_frame(void **state)
{
	static const char bytes[] = "good\nb\377\0xad\nfine \377\377\nbreak\377\0\0\nlast\n";
	struct cutter cutter;

	for (size_t cut = 0; cut < sizeof(bytes) - 1; cut++) {
		cutter_init(&cutter, "\n", 64, true);
		cutter_feed(&cutter, bytes, cut);
		cutter_feed(&cutter, bytes + cut, sizeof(bytes) - 1 - cut);
		assert_string_equal(cutter.frames.s, "good|fine \377|last|");
		assert_int_equal(cutter.framer.counts.damaged, 2);
		cutter_done(&cutter);
	}
}

static void test_fault_A8_a_damaged_delimiter_joins_no_frames(void **state)
{
	static const char bytes[] = "a\nT=1\377\0\nT=2\nb\n";
	struct cutter cutter;

	cutter_init(&cutter, "\n", 64, true);
	cutter_feed(&cutter, bytes, sizeof(bytes) - 1);
	assert_string_equal(cutter.frames.s, "a|b|");
	assert_int_equal(cutter.framer.counts.damaged, 1);
	/* What a driver reports as lost counts as damage as well. */
	cutter_feeds(&cutter, "c");
	serial_framer_damage(&cutter.framer);
	cutter_feeds(&cutter, "d\ne\n");
	assert_string_equal(cutter.frames.s, "a|b|e|");
	assert_int_equal(cutter.framer.counts.damaged, 2);
	cutter_done(&cutter);
}

static void test_fault_A9_split_at_every_byte_gives_the_same_frames(void **state)
{
	static const char bytes[] = "$WIMWV,214.8,R,4.9,M,A*3B\r\nT=21.5 H=40\r\n\r\nx\r\n";
	size_t len = sizeof(bytes) - 1;

	for (size_t i = 0; i <= len; i++) {
		for (size_t j = i; j <= len; j++) {
			struct cutter cutter;

			cutter_init(&cutter, "\r\n", 32, false);
			cutter_feed(&cutter, bytes, i);
			/* Pauses shorter than the gap change nothing. */
			if (j > i)
				cutter.now = mono_add(cutter.now, gap_ns - 1);
			cutter_feed(&cutter, bytes + i, j - i);
			cutter.now = mono_add(cutter.now, gap_ns - 1);
			cutter_feed(&cutter, bytes + j, len - j);
			assert_string_equal(cutter.frames.s,
					    "$WIMWV,214.8,R,4.9,M,A*3B|T=21.5 H=40|x|");
			assert_int_equal(cutter.framer.counts.halves, 0);
			cutter_done(&cutter);
		}
	}
}

static void test_fault_A9_a_pause_drops_the_half_frame_and_joins_nothing(void **state)
{
	static const char bytes[] = "T=21.5\r\nT=22.5\r\n";
	size_t len = sizeof(bytes) - 1;

	for (size_t i = 1; i < len; i++) {
		struct cutter cutter;
		bool half = i != 8;

		cutter_init(&cutter, "\r\n", 32, false);
		cutter_feed(&cutter, bytes, i);
		cutter.now = mono_add(cutter.now, gap_ns);
		cutter_feeds(&cutter, "T=23.5\r\n");
		assert_string_equal(cutter.frames.s, i < 8 ? "T=23.5|" : "T=21.5|T=23.5|");
		assert_int_equal(cutter.framer.counts.halves, half);
		cutter_done(&cutter);
	}
}

static void test_without_a_gap_pauses_do_not_count(void **state)
{
	struct cutter cutter;

	cutter_init(&cutter, "\n", 32, false);
	cutter.config.gap_ns = 0;
	cutter_feeds(&cutter, "x\nT=2");
	cutter.now = mono_add(cutter.now, 3600 * NSEC_PER_SEC);
	cutter_feeds(&cutter, "1.5\n");
	assert_string_equal(cutter.frames.s, "T=21.5|");
	cutter_done(&cutter);
}

static void test_random_bytes_in_random_pieces_give_the_same_frames(void **state)
{
	static const char alphabet[] = "ab\r\n\377\0c";
	struct random random;

	random_init(&random, 4711);
	for (int round = 0; round < 2000; round++) {
		struct cutter whole, pieces;
		char bytes[300];
		size_t len = (size_t)random_between(&random, 0, sizeof(bytes)), at = 0;
		const char *delimiter = round % 2 ? "\r\n" : "\n";

		for (size_t i = 0; i < len; i++)
			bytes[i] = alphabet[random_between(&random, 0, sizeof(alphabet) - 2)];
		cutter_init(&whole, delimiter, 8, round % 3 != 0);
		cutter_init(&pieces, delimiter, 8, round % 3 != 0);
		cutter_feed(&whole, bytes, len);
		while (at < len) {
			size_t n = (size_t)random_between(&random, 0, 9);

			n = n < len - at ? n : len - at;
			cutter_feed(&pieces, bytes + at, n);
			at += n;
		}
		assert_int_equal(whole.frames.len, pieces.frames.len);
		assert_memory_equal(whole.frames.s, pieces.frames.s, whole.frames.len);
		assert_memory_equal(&whole.framer.counts, &pieces.framer.counts,
				    sizeof(whole.framer.counts));
		cutter_done(&whole);
		cutter_done(&pieces);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_end_at_the_delimiter),
		cmocka_unit_test(test_a_delimiter_may_be_a_nul_byte),
		cmocka_unit_test(test_the_first_frame_is_dropped_when_its_start_may_be_missing),
		cmocka_unit_test(test_fault_A6_an_endless_line_is_cut_and_left_behind),
		cmocka_unit_test(
			test_fault_A6_the_longest_line_fits_and_one_byte_more_does_not),
		cmocka_unit_test(test_fault_A8_damaged_characters_drop_their_frame),
		cmocka_unit_test(test_fault_A8_a_damaged_delimiter_joins_no_frames),
		cmocka_unit_test(test_fault_A9_split_at_every_byte_gives_the_same_frames),
		cmocka_unit_test(test_fault_A9_a_pause_drops_the_half_frame_and_joins_nothing),
		cmocka_unit_test(test_without_a_gap_pauses_do_not_count),
		cmocka_unit_test(test_random_bytes_in_random_pieces_give_the_same_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
