/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests serial buses on real pseudo-terminals and a TCP server, from the wire to readings. */
#include "inputs/serial.h"

#include <arpa/inet.h>
#include <linux/serial.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "input_rig.h"
#include "io/loop.h"
#include "pty.h"

static const char mast_yaml[] =
	"bus: {serial: %s, baud: 115200, framing: {max: 64, gap: %s}, max_lines: %s}\n"
	"devices:\n"
	"  wind:\n"
	"    match: '^\\$WIMWV,(?<dir>[\\d.]+),R,(?<speed>[\\d.]+),M,A'\n"
	"    stale_after: %s\n"
	"    points: {speed: {unit: m/s, range: [0, 75]}, dir: {unit: deg}}\n"
	"  air:\n"
	"    keyvalue: true\n"
	"    points: {temp: {field: T, unit: degC}, mode: {field: M, type: text}}\n";

struct mast {
	struct loop *loop;
	struct input_rig rig;
	struct pty pty;
	char *yaml;
};

static void mast_init(struct mast *mast, const char *path, const char *gap, const char *rate,
		      const char *stale)
{
	*mast = (struct mast){.loop = loop_new(NULL)};
	pty_plug(&mast->pty);
	assert_true(asprintf(&mast->yaml, mast_yaml, path != NULL ? path : mast->pty.path, gap,
			     rate, stale) > 0);
	rig_open(&mast->rig, &input_serial, mast->yaml, mast->loop);
}

static void mast_up(struct mast *mast)
{
	for (int i = 0; i < 20000 && strcmp(rig_state(&mast->rig, -1), "up") != 0; i++)
		pty_idle(mast->loop, 1);
	assert_string_equal(rig_state(&mast->rig, -1), "up");
}

/* Opened, and in step with the frames. */
static void mast_open(struct mast *mast)
{
	mast_init(mast, NULL, "2s", "1000/s", "60s");
	mast_up(mast);
	pty_send(&mast->pty, mast->loop, "\n", 1);
}

static void mast_done(struct mast *mast)
{
	rig_done(&mast->rig);
	loop_free(mast->loop);
	pty_unplug(&mast->pty);
	free(mast->yaml);
}

static void mast_send(struct mast *mast, const char *text)
{
	pty_send(&mast->pty, mast->loop, text, strlen(text));
}

static void mast_wait(struct mast *mast, const char *counter, uint64_t want)
{
	for (int i = 0; i < 20000 && rig_counter(&mast->rig, -1, counter) < want; i++)
		pty_idle(mast->loop, 1);
	assert_true(rig_counter(&mast->rig, -1, counter) >= want);
}

static void test_lines_become_readings_of_the_devices_they_fit(void **state)
{
	struct mast mast;

	mast_open(&mast);
	mast_send(&mast, "$WIMWV,214.8,R,4.9,M,A*3B\r\nT=21.5 M=auto\r\n");
	pty_wait(mast.loop, &mast.rig.good, 4);
	assert_string_equal(rig_last(&mast.rig, "wind.dir"), "214.8");
	assert_string_equal(rig_last(&mast.rig, "wind.speed"), "4.9");
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "21.5");
	assert_string_equal(rig_last(&mast.rig, "air.mode"), "\"auto\"");
	assert_string_equal(rig_state(&mast.rig, 0), "up");
	assert_int_equal(rig_counter(&mast.rig, 0, "lines"), 1);
	assert_int_equal(rig_counter(&mast.rig, -1, "lines"), 2);
	mast_done(&mast);
}

static void test_fault_A13_values_that_are_none_are_bad_with_a_reason(void **state)
{
	static const struct {
		const char *line, *temp;
	} cases[] = {
		{"T=12x\n", "bad:parse"},
		{"T=\n", "bad:parse"},
		{"T=0x10\n", "bad:parse"},
		{"T=1e999\n", "bad:range"},
		{"T=-1e999\n", "bad:range"},
		{"T=nan\n", "bad:range"},
		{"T=-Inf\n", "bad:range"},
		{"T=1e308\n", "1e+308"},
		{"T=--5\n", "bad:parse"},
		{"T=1,5\n", "1"},
		{"T=9999999999999999999999999999999\n", "1e+31"},
	};
	struct mast mast;

	mast_open(&mast);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned before = mast.rig.all;

		mast_send(&mast, cases[i].line);
		pty_wait(mast.loop, &mast.rig.all, before + 1);
		assert_string_equal(rig_last(&mast.rig, "air.temp"), cases[i].temp);
	}
	mast_send(&mast, "$WIMWV,1.2.3,R,99,M,A\n");
	pty_wait(mast.loop, &mast.rig.counts[rig_point(&mast.rig, "wind.dir")], 1);
	assert_string_equal(rig_last(&mast.rig, "wind.dir"), "bad:parse");
	assert_string_equal(rig_last(&mast.rig, "wind.speed"), "bad:range");
	assert_true(rig_counter(&mast.rig, 0, "bad_values") == 2);
	assert_true(rig_counter(&mast.rig, 1, "bad_values") > 0);
	mast_done(&mast);
}

static void test_fault_A1_unplugged_all_points_are_bad_at_once(void **state)
{
	struct mast mast;

	mast_open(&mast);
	mast_send(&mast, "$WIMWV,214.8,R,4.9,M,A*3B\r\nT=21.5\r\n");
	pty_wait(mast.loop, &mast.rig.good, 3);
	pty_unplug(&mast.pty);
	pty_wait(mast.loop, &mast.rig.bad, 4);
	assert_string_equal(rig_last(&mast.rig, "wind.dir"), "bad:offline");
	assert_string_equal(rig_last(&mast.rig, "wind.speed"), "bad:offline");
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "bad:offline");
	assert_string_equal(rig_last(&mast.rig, "air.mode"), "bad:offline");
	assert_string_equal(rig_state(&mast.rig, 0), "offline");
	assert_int_equal(rig_counter(&mast.rig, -1, "disconnects"), 1);
	mast_done(&mast);
}

static void test_fault_A1_a_pulled_cable_costs_no_turns_of_the_loop(void **state)
{
	struct loop_report before, after;
	struct mast mast;

	mast_open(&mast);
	pty_unplug(&mast.pty);
	pty_wait(mast.loop, &mast.rig.bad, 4);
	loop_report(mast.loop, &before);
	/* The rig turns the loop itself; readings tell what the input did in them. */
	pty_idle(mast.loop, 300);
	loop_report(mast.loop, &after);
	assert_true(after.turns > before.turns);
	assert_true(mast.rig.bad <= 16);
	mast_done(&mast);
}

static void test_fault_A2_replugged_under_another_name_it_goes_on(void **state)
{
	char folder[128], path[160];
	struct pty other;
	struct mast mast;

	pty_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/usb-Mast_0001", folder);
	mast_init(&mast, path, "2s", "1000/s", "60s");
	pty_link(folder, "usb-Mast_0001", mast.pty.path);
	mast_up(&mast);
	mast_send(&mast, "\nT=1\n");
	pty_wait(mast.loop, &mast.rig.good, 1);
	pty_unplug(&mast.pty);
	pty_wait(mast.loop, &mast.rig.bad, 4);
	pty_plug(&other);
	pty_link(folder, "usb-Mast_0001", other.path);
	mast_up(&mast);
	pty_send(&other, mast.loop, "\nT=2\n", 5);
	pty_wait(mast.loop, &mast.rig.good, 2);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "2");
	assert_int_equal(rig_counter(&mast.rig, -1, "connects"), 2);
	pty_unplug(&other);
	mast_done(&mast);
	pty_folder_remove(folder);
}

static void test_fault_A3_absent_at_start_its_points_are_bad_and_it_waits(void **state)
{
	char folder[128], path[160];
	struct mast mast;

	pty_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/port", folder);
	mast_init(&mast, path, "2s", "1000/s", "60s");
	pty_wait(mast.loop, &mast.rig.bad, 4);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "bad:offline");
	assert_string_equal(rig_state(&mast.rig, -1), "backoff");
	pty_link(folder, "port", mast.pty.path);
	mast_up(&mast);
	mast_done(&mast);
	pty_folder_remove(folder);
}

static void test_fault_A4_a_flood_starves_nobody_and_is_bounded(void **state)
{
	static char flood[64 * 1024];
	struct mast flooded, quiet;
	struct loop_report turns;
	uint64_t bytes, lines;

	for (size_t i = 0; i < sizeof(flood); i += 8)
		memcpy(flood + i, "T=123.4\n", 8);
	mast_init(&flooded, NULL, "2s", "100/10s", "60s");
	mast_up(&flooded);
	/* Both on one loop. */
	quiet = (struct mast){.loop = flooded.loop};
	pty_plug(&quiet.pty);
	assert_true(asprintf(&quiet.yaml, mast_yaml, quiet.pty.path, "2s", "1000/s", "60s") >
		    0);
	rig_open(&quiet.rig, &input_serial, quiet.yaml, quiet.loop);
	mast_up(&quiet);
	mast_send(&quiet, "\n");
	for (unsigned i = 1; i <= 50; i++) {
		mast_send(&quiet, "T=20\n");
		pty_send(&flooded.pty, flooded.loop, flood, sizeof(flood));
		pty_wait(quiet.loop, &quiet.rig.good, i);
	}
	mast_wait(&flooded, "bytes_in", 50 * sizeof(flood));
	loop_report(flooded.loop, &turns);
	bytes = rig_counter(&flooded.rig, -1, "bytes_in");
	lines = rig_counter(&flooded.rig, -1, "lines");
	assert_true(bytes <= turns.turns * 16 * 1024);
	/* The first line may be cut off by the opening; the rest is read, and dropped. */
	assert_true(lines >= bytes / 8 - 1);
	assert_int_equal(rig_counter(&flooded.rig, -1, "lines_over_rate"),
			 lines - flooded.rig.good);
	assert_true(flooded.rig.good >= 100);
	rig_done(&quiet.rig);
	pty_unplug(&quiet.pty);
	free(quiet.yaml);
	mast_done(&flooded);
}

static void test_fault_A5_a_silent_line_is_told(void **state)
{
	struct mast mast;

	mast_init(&mast, NULL, "2s", "1000/s", "50ms");
	mast_up(&mast);
	assert_string_equal(rig_state(&mast.rig, 0), "silent");
	/* What makes its values stale is the point's own time. */
	assert_true(
		point_table_get(mast.rig.points, rig_point(&mast.rig, "wind.dir"))->stale_ns ==
		50 * NSEC_PER_MSEC);
	assert_true(
		point_table_get(mast.rig.points, rig_point(&mast.rig, "air.temp"))->stale_ns ==
		60 * NSEC_PER_SEC);
	mast_send(&mast, "\n$WIMWV,214.8,R,4.9,M,A*3B\nT=1\n");
	pty_wait(mast.loop, &mast.rig.good, 3);
	assert_string_equal(rig_state(&mast.rig, 1), "up");
	pty_idle(mast.loop, 60);
	assert_string_equal(rig_state(&mast.rig, 0), "silent");
	assert_string_equal(rig_state(&mast.rig, -1), "up");
	mast_done(&mast);
}

static void test_fault_A6_an_endless_line_is_counted_and_left_behind(void **state)
{
	static char block[16 * 1024];
	struct mast mast;

	memset(block, 'x', sizeof(block));
	mast_open(&mast);
	for (int i = 0; i < 64; i++)
		pty_send(&mast.pty, mast.loop, block, sizeof(block));
	mast_send(&mast, "\nT=3\n");
	pty_wait(mast.loop, &mast.rig.good, 1);
	assert_int_equal(rig_counter(&mast.rig, -1, "lines_cut"), 1);
	mast_done(&mast);
}

static void test_fault_A7_garbage_is_counted_and_forges_nothing(void **state)
{
	static const char garbage[] = "\0\0\x1b[2J\x1b]0;owned\a\n"
				      "T=\x1b[31m5\n"
				      "M=a\0b\x1b\xff\xc3\n"
				      "\xff\xfe\xfd\n"
				      "<3>gauged: alarm cleared\r\n"
				      "T=7 M=\xc3\xa9\r\n";
	char line[4096] = {0};
	int log[2];
	struct mast mast;

	assert_int_equal(pipe(log), 0);
	log_init(log[1], LOG_LEVEL_INFO);
	mast_open(&mast);
	pty_send(&mast.pty, mast.loop, garbage, sizeof(garbage) - 1);
	mast_wait(&mast, "lines", 6);
	pty_wait(mast.loop, &mast.rig.good, 3);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "7");
	assert_string_equal(rig_last(&mast.rig, "air.mode"), "\"\xc3\xa9\"");
	assert_int_equal(mast.rig.bad, 1);
	assert_int_equal(rig_counter(&mast.rig, -1, "lines_unfit"), 3);
	mast_done(&mast);
	assert_true(read(log[0], line, sizeof(line) - 1) > 0);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	/* One line each, and nothing in them that a terminal obeys. */
	for (char *p = line; *p != '\0'; p++)
		assert_true(*p == '\n' || ((unsigned char)*p >= ' ' && *p != '\x7f'));
	assert_non_null(
		strstr(line, "a value cannot be read, its point is bad: 'T=\\x1b[31m5'"));
	close(log[0]);
	close(log[1]);
}

static void test_texts_from_the_wire_are_made_utf8(void **state)
{
	static const char text[] = "M=a\0b\xff\xc3\x1b\n";
	struct mast mast;

	mast_open(&mast);
	pty_send(&mast.pty, mast.loop, text, sizeof(text) - 1);
	pty_wait(mast.loop, &mast.rig.good, 1);
	assert_string_equal(rig_last(&mast.rig, "air.mode"),
			    "\"a\xef\xbf\xbd"
			    "b\xef\xbf\xbd\xef\xbf\xbd\\u001b\"");
	mast_done(&mast);
}

static void test_fault_A9_a_pause_voids_the_half_line(void **state)
{
	struct mast mast;

	mast_init(&mast, NULL, "40ms", "1000/s", "60s");
	mast_up(&mast);
	mast_send(&mast, "\nT=21");
	mast_wait(&mast, "bytes_in", 5);
	pty_idle(mast.loop, 60);
	mast_send(&mast, ".5\nT=4\n");
	pty_wait(mast.loop, &mast.rig.good, 1);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "4");
	assert_int_equal(rig_counter(&mast.rig, -1, "half_lines"), 1);
	assert_int_equal(mast.rig.all, 1);
	mast_done(&mast);
}

static void test_the_byte_255_passes_a_line_that_marks_damage(void **state)
{
	struct mast mast;

	mast_open(&mast);
	/* Latin-1 for "ÿ": not UTF-8, and the byte that marks begin with. */
	mast_send(&mast, "M=\xff T=6\n");
	pty_wait(mast.loop, &mast.rig.good, 2);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "6");
	assert_string_equal(rig_last(&mast.rig, "air.mode"), "\"\xef\xbf\xbd\"");
	assert_int_equal(rig_counter(&mast.rig, -1, "lines_damaged"), 0);
	mast_done(&mast);
}

/* A UART that counts what it loses; pseudo-terminals lose nothing and count nothing. */
static int uart_lost;

int ioctl(int fd, unsigned long request, ...)
{
	struct serial_icounter_struct *counts;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request != TIOCGICOUNT || uart_lost == 0)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	counts = arg;
	*counts = (struct serial_icounter_struct){.overrun = uart_lost};
	return 0;
}

static void test_fault_A8_lost_characters_drop_the_lines_at_hand(void **state)
{
	struct mast mast;

	uart_lost = 7;
	mast_open(&mast);
	mast_send(&mast, "T=1\nT=2");
	pty_wait(mast.loop, &mast.rig.good, 1);
	mast_wait(&mast, "bytes_in", 8);
	assert_int_equal(rig_counter(&mast.rig, -1, "overruns"), 0);
	/* "T=2" lost its end, or "T=13" its beginning: nobody knows. */
	uart_lost = 8;
	mast_send(&mast, "T=13\nT=14\nT=");
	mast_wait(&mast, "overruns", 1);
	mast_send(&mast, "15\nT=16\n");
	pty_wait(mast.loop, &mast.rig.good, 2);
	assert_string_equal(rig_last(&mast.rig, "air.temp"), "16");
	assert_int_equal(rig_counter(&mast.rig, -1, "overruns"), 1);
	mast_done(&mast);
	uart_lost = 0;
}

static void test_a_serial_server_is_read_over_tcp(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0), peer;
	struct loop *loop = loop_new(NULL);
	struct input_rig rig;
	char yaml[300];

	assert_int_equal(bind(server, (void *)&address, len), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (void *)&address, &len), 0);
	snprintf(yaml, sizeof(yaml),
		 "bus: {serial: 'tcp://127.0.0.1:%d'}\n"
		 "devices: {a: {csv: true, points: {x: {field: 2}}}}\n",
		 ntohs(address.sin_port));
	rig_open(&rig, &input_serial, yaml, loop);
	pty_idle(loop, 20);
	peer = accept(server, NULL, NULL);
	assert_int_equal(write(peer, "\n1,\xff\n2,42\n", 10), 10);
	pty_wait(loop, &rig.good, 1);
	assert_string_equal(rig_last(&rig, "a.x"), "42");
	close(peer);
	pty_wait(loop, &rig.bad, 2);
	assert_string_equal(rig_last(&rig, "a.x"), "bad:offline");
	rig_done(&rig);
	close(server);
	loop_free(loop);
}

static void check_config(const char *yaml, const char *expected)
{
	struct input_rig rig;
	const char *said = rig_parse(&rig, &input_serial, yaml);

	assert_non_null(said);
	if (strstr(said, expected) == NULL)
		fail_msg("%s\ninstead of: %s", said, expected);
	rig_done(&rig);
}

static void test_a_configuration_that_is_wrong_is_told(void **state)
{
	static const struct {
		const char *yaml, *expected;
	} cases[] = {
		{"bus: {serial: ttyUSB0}", "1:15: error: expected the path of a device or "
					   "tcp://host:port, got 'ttyUSB0'"},
		{"bus: {serial: 'tcp://h'}", "1:15: error: expected the path of a device"},
		{"bus: {serial: 'tcp://:5'}", "1:15: error: expected the path of a device"},
		{"bus: {serial: 'tcp://[::1:5'}", "1:15: error: expected the path of a device"},
		{"bus: {serial: 'tcp://h:0'}", "1:15: error: expected the path of a device"},
		{"bus: {serial: 'tcp://h:70000'}",
		 "1:15: error: expected the path of a device"},
		{"bus: {serial: 'tcp://h:5', baud: 9600}",
		 "1:28: error: baud is the serial server's affair, not the bus's"},
		{"bus: {serial: /dev/x, baud: 14400}",
		 "1:29: error: 14400 is no standard baud rate"},
		{"bus: {serial: /dev/x, baud: 14400}",
		 "known: 50 75 110 134 150 200 300 600 1200 1800 2400 4800 9600 19200"},
		{"bus: {serial: /dev/x, data_bits: 9}", "1:34: error:"},
		{"bus: {serial: /dev/x, parity: mark}", "1:31: error:"},
		{"bus: {serial: /dev/x, framing: {delimiter: '123456789'}}",
		 "1:44: error: expected a delimiter of 1 to 8 bytes"},
		{"bus: {serial: /dev/x, framing: {max: 1MiB}}", "1:38: error:"},
		{"bus: {serial: /dev/x}\ndevices: {a: {points: {b: {}}}}",
		 "device 'a' needs one of match, csv, keyvalue, json or nmea"},
		{"bus: {serial: /dev/x}\ndevices: {a: {csv: true, json: true, points: {}}}",
		 "json or nmea, not several (nmea goes with match)"},
		{"bus: {serial: /dev/x}\ndevices: {a: {csv: true, nmea: true, points: {}}}",
		 "not several"},
		{"bus: {serial: /dev/x}\ndevices: {a: {keyvalue: true}}", "points"},
		{"bus: {serial: /dev/x}\n"
		 "devices: {a: {keyvalue: true, points: {b: {unit: degX}}}}",
		 "2:50: error: 'degX' is no unit of measurement"},
		{"bus: {serial: /dev/x}\n"
		 "devices: {a: {keyvalue: true, points: {b: {type: bool, scale: 2}}}}",
		 "2:56: error: scale is for numbers; the point is of type bool"},
		{"bus: {serial: /dev/x}\ndevices: {a: {keyvalue: true, points: {3b: {}}}}",
		 "2:40: error: expected a name of letters, digits, _ and - that starts with a "
		 "letter"},
		{"bus: {serial: /dev/x}\n"
		 "devices: {a: {match: '(?<c>x)', points: {b: {field: d}}}}",
		 "2:53: error: the pattern has no group 'd'"},
		{"bus: {serial: /dev/x}\ndevices: {a: {match: '(?<c>x)', points: {b: {}}}}",
		 "2:42: error: the pattern has no group 'b'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_config(cases[i].yaml, cases[i].expected);
}

static void test_addresses_and_defaults_are_taken(void **state)
{
	static const char *const yamls[] = {
		"bus: {serial: 'tcp://[::1]:4001'}",
		"bus: {serial: 'tcp://host.example:4001'}",
		"bus: {serial: /dev/serial/by-id/x, baud: 4800, parity: even, data_bits: 7}",
	};

	for (size_t i = 0; i < sizeof(yamls) / sizeof(yamls[0]); i++) {
		struct input_rig rig;
		const char *said = rig_parse(&rig, &input_serial, yamls[i]);

		assert_string_equal(said != NULL ? said : "", "");
		rig_done(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_become_readings_of_the_devices_they_fit),
		cmocka_unit_test(test_fault_A13_values_that_are_none_are_bad_with_a_reason),
		cmocka_unit_test(test_fault_A1_unplugged_all_points_are_bad_at_once),
		cmocka_unit_test(test_fault_A1_a_pulled_cable_costs_no_turns_of_the_loop),
		cmocka_unit_test(test_fault_A2_replugged_under_another_name_it_goes_on),
		cmocka_unit_test(test_fault_A3_absent_at_start_its_points_are_bad_and_it_waits),
		cmocka_unit_test(test_fault_A4_a_flood_starves_nobody_and_is_bounded),
		cmocka_unit_test(test_fault_A5_a_silent_line_is_told),
		cmocka_unit_test(test_fault_A6_an_endless_line_is_counted_and_left_behind),
		cmocka_unit_test(test_fault_A7_garbage_is_counted_and_forges_nothing),
		cmocka_unit_test(test_texts_from_the_wire_are_made_utf8),
		cmocka_unit_test(test_fault_A9_a_pause_voids_the_half_line),
		cmocka_unit_test(test_the_byte_255_passes_a_line_that_marks_damage),
		cmocka_unit_test(test_fault_A8_lost_characters_drop_the_lines_at_hand),
		cmocka_unit_test(test_a_serial_server_is_read_over_tcp),
		cmocka_unit_test(test_a_configuration_that_is_wrong_is_told),
		cmocka_unit_test(test_addresses_and_defaults_are_taken),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
