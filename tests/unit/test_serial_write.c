/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests what a serial bus sends: on real pseudo-terminals, and to a TCP server. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "input_rig.h"
#include "inputs/serial.h"
#include "io/loop.h"
#include "pty.h"

static const char panel_yaml[] = "bus: {serial: '%s', framing: {delimiter: %s, max: 300}}\n"
				 "devices:\n"
				 "  display:\n"
				 "    match: '^T=(?<temp>\\d+)'\n"
				 "    points: {temp: }\n"
				 "    commands: {show: {timeout: %s}, beep: }\n"
				 "  printer: {commands: {text: {timeout: %s}}}\n";

/* How the writes ended, in their order: "done", "refused: why" ... */
struct told {
	unsigned count;
	struct str text;
};

struct panel {
	struct loop *loop;
	struct input_rig rig;
	struct pty pty;
	char *yaml;
	struct told told;
};

static void told(void *arg, const struct write_result *result)
{
	static const char *const outcomes[] = {"done", "refused", "unknown", "differs"};
	struct told *told = arg;

	told->count++;
	str_addf(&told->text, "%s%s%s\n", outcomes[result->outcome],
		 result->text[0] != '\0' ? ": " : "", result->text);
}

static void panel_make(struct panel *panel, const char *path, const char *delimiter,
		       const char *timeout)
{
	*panel = (struct panel){.loop = loop_new(NULL)};
	str_init(&panel->told.text);
	str_adds(&panel->told.text, "");
	pty_plug(&panel->pty);
	assert_true(asprintf(&panel->yaml, panel_yaml, path != NULL ? path : panel->pty.path,
			     delimiter, timeout, timeout) > 0);
	rig_open(&panel->rig, &input_serial, panel->yaml, panel->loop);
}

static void panel_up(struct panel *panel)
{
	for (int i = 0; i < 20000 && strcmp(rig_state(&panel->rig, -1), "up") != 0; i++)
		pty_idle(panel->loop, 1);
	assert_string_equal(rig_state(&panel->rig, -1), "up");
}

static void panel_open(struct panel *panel, const char *delimiter, const char *timeout)
{
	panel_make(panel, NULL, delimiter, timeout);
	panel_up(panel);
}

static void panel_done(struct panel *panel)
{
	rig_done(&panel->rig);
	loop_free(panel->loop);
	pty_unplug(&panel->pty);
	str_done(&panel->told.text);
	free(panel->yaml);
}

static int put(struct panel *panel, const char *name, const char *text, struct error *err)
{
	return input_serial.write(panel->rig.input, rig_point(&panel->rig, name),
				  value_text(text), told, &panel->told, err);
}

static void put_well(struct panel *panel, const char *name, const char *text)
{
	struct error err = {0};

	if (put(panel, name, text, &err) != 0)
		fail_msg("%s", err.text);
}

/* What comes to the device until there are so many bytes. */
static void receive(struct panel *panel, int fd, char *room, size_t want)
{
	size_t len = 0;

	for (int i = 0; i < 20000 && len < want; i++) {
		ssize_t n = read(fd, room + len, want - len);

		len += n > 0 ? (size_t)n : 0;
		pty_idle(panel->loop, 1);
	}
	room[len] = '\0';
	assert_int_equal(len, want);
}

static void expect(struct panel *panel, const char *bytes)
{
	char room[1024];

	receive(panel, panel->pty.master, room, strlen(bytes));
	assert_string_equal(room, bytes);
	pty_idle(panel->loop, 5);
	assert_int_equal(read(panel->pty.master, room, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_texts_are_sent_as_lines_in_the_order_of_asking(void **state)
{
	struct panel panel;

	(void)state;
	panel_open(&panel, "\"\\r\\n\"", "5s");
	put_well(&panel, "display.show", "ALARM \xc2\xb0 100%");
	put_well(&panel, "printer.text", "");
	put_well(&panel, "display.beep", "BEEP 3");
	/* Nothing within the call. */
	assert_int_equal(panel.told.count, 0);
	expect(&panel, "ALARM \xc2\xb0 100%\r\n\r\nBEEP 3\r\n");
	pty_wait(panel.loop, &panel.told.count, 3);
	assert_string_equal(panel.told.text.s, "done\ndone\ndone\n");
	assert_int_equal(rig_counter(&panel.rig, -1, "writes"), 3);
	assert_int_equal(rig_counter(&panel.rig, -1, "bytes_out"), 25);
	assert_string_equal(rig_state(&panel.rig, 1), "up");
	panel_done(&panel);
}

static void test_reading_goes_on_beside_the_writes(void **state)
{
	struct panel panel;

	(void)state;
	panel_open(&panel, "\"\\n\"", "5s");
	pty_send(&panel.pty, panel.loop, "\nT=21\n", 6);
	put_well(&panel, "display.beep", "B");
	pty_send(&panel.pty, panel.loop, "T=22\n", 5);
	pty_wait(panel.loop, &panel.rig.good, 2);
	assert_string_equal(rig_last(&panel.rig, "display.temp"), "22");
	assert_string_equal(rig_last(&panel.rig, "display.show"), "nothing");
	expect(&panel, "B\n");
	panel_done(&panel);
}

static void test_fault_C13_what_is_no_single_line_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"A;RESET",
		 "display.show: what ends a line of the bus stands in the text itself"},
		{"A\nRESET", "display.show: byte 2 of its line is a control character"},
		{"A\x1b[2J", "display.show: byte 2 of its line is a control character"},
	};
	struct panel panel;
	struct error err;
	char text[300];

	(void)state;
	panel_open(&panel, "';'", "5s");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(put(&panel, "display.show", cases[i].text, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].why);
	}
	memset(text, 'x', sizeof(text));
	text[VALUE_TEXT_MAX + 1] = '\0';
	assert_int_equal(put(&panel, "display.show", text, &err), -EINVAL);
	assert_string_equal(err.text, "display.show: its line has 256 bytes, 255 are allowed");
	assert_int_equal(put(&panel, "display.temp", "1", &err), -EPERM);
	put_well(&panel, "display.show", "OK");
	expect(&panel, "OK;");
	assert_string_equal(panel.told.text.s, "done\n");
	panel_done(&panel);
}

static void test_a_later_line_takes_the_place_of_one_that_was_not_sent(void **state)
{
	struct panel panel;

	(void)state;
	panel_open(&panel, "\"\\n\"", "5s");
	put_well(&panel, "display.show", "ONE");
	put_well(&panel, "display.beep", "BEEP");
	put_well(&panel, "display.show", "TWO");
	assert_string_equal(panel.told.text.s,
			    "refused: a later write of the point took its place\n");
	expect(&panel, "BEEP\nTWO\n");
	assert_int_equal(rig_counter(&panel.rig, -1, "writes_replaced"), 1);
	panel_done(&panel);
}

/*
 * So that the line takes nothing more; returns what is in it. The kernel moves what was written
 * on a little later, which makes room once more.
 */
static size_t block(struct panel *panel)
{
	int fd = open(panel->pty.device, O_WRONLY | O_NOCTTY | O_NONBLOCK);
	char zeros[1000] = {0};
	size_t len = 0;

	assert_true(fd >= 0);
	for (int quiet = 0; quiet < 20; quiet++) {
		for (size_t size = sizeof(zeros); size > 0; size /= 10) {
			ssize_t n;

			while ((n = write(fd, zeros, size)) > 0) {
				len += (size_t)n;
				quiet = 0;
			}
			assert_int_equal(errno, EAGAIN);
		}
		pty_idle(panel->loop, 5);
	}
	close(fd);
	return len;
}

static void drain(struct panel *panel, size_t len)
{
	char *room = malloc(len + 1);

	receive(panel, panel->pty.master, room, len);
	free(room);
}

static void test_fault_A11_a_blocked_line_ends_its_writes_and_holds_up_nobody(void **state)
{
	struct panel panel;
	size_t len;

	(void)state;
	panel_open(&panel, "\"\\n\"", "50ms");
	len = block(&panel);
	put_well(&panel, "display.show", "ONE");
	put_well(&panel, "printer.text", "TWO");
	pty_wait(panel.loop, &panel.told.count, 2);
	assert_string_equal(
		panel.told.text.s,
		"refused: the line took 0 of 4 bytes within 50ms: its output is blocked\n"
		"refused: the line took 0 of 4 bytes within 50ms: its output is blocked\n");
	assert_int_equal(rig_counter(&panel.rig, -1, "writes_late"), 2);
	/* The other way is open. */
	pty_send(&panel.pty, panel.loop, "\nT=21\n", 6);
	pty_wait(panel.loop, &panel.rig.good, 1);
	drain(&panel, len);
	put_well(&panel, "display.beep", "BEEP");
	expect(&panel, "BEEP\n");
	panel_done(&panel);
}

/* By a server whose connection takes a part of a line: no command is continued by another. */
struct server {
	int listener, fd;
	char address[40];
};

static void server_open(struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int least = 1;

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	setsockopt(server->listener, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	assert_int_equal(bind(server->listener, (void *)&address, len), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(getsockname(server->listener, (void *)&address, &len), 0);
	snprintf(server->address, sizeof(server->address), "tcp://127.0.0.1:%u",
		 (unsigned)ntohs(address.sin_port));
}

static void server_accept(struct server *server, struct panel *panel)
{
	server->fd = -1;
	for (int i = 0; i < 20000 && server->fd < 0; i++) {
		pty_idle(panel->loop, 1);
		server->fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK);
	}
	assert_true(server->fd >= 0);
	panel_up(panel);
}

static void test_fault_A11_no_line_is_cut_off_and_continued_by_another(void **state)
{
	char text[VALUE_TEXT_MAX + 1], room[4096];
	struct server server;
	struct panel panel;
	size_t len = 0;
	int lines = 0;

	(void)state;
	server_open(&server);
	panel_make(&panel, server.address, "\"\\n\"", "100ms");
	server_accept(&server, &panel);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	/* Nobody reads: at last a line is not taken, as a whole or from some byte on. */
	for (unsigned i = 0; strstr(panel.told.text.s, "blocked") == NULL && i < 100000; i++) {
		put_well(&panel, "display.show", text);
		pty_wait(panel.loop, &panel.told.count, i + 1);
		lines = (int)i;
	}
	assert_non_null(strstr(panel.told.text.s, "blocked"));
	put_well(&panel, "display.beep", "END");
	/* All that was told done arrived, whole; a line that was begun too, before the next. */
	for (int i = 0; i < 200000 && (len < 4 || memcmp(room + len - 4, "END\n", 4) != 0);
	     i++) {
		ssize_t n;

		if (len == VALUE_TEXT_MAX + 1) {
			assert_memory_equal(room, text, VALUE_TEXT_MAX);
			assert_int_equal(room[VALUE_TEXT_MAX], '\n');
			lines--;
			len = 0;
		}
		n = read(server.fd, room + len, VALUE_TEXT_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
		else
			pty_idle(panel.loop, 1);
	}
	assert_int_equal(len, 4);
	/* The one that was told late came if it was begun. */
	assert_int_equal(lines,
			 strstr(panel.told.text.s, "unknown: the line took ") != NULL ? -1 : 0);
	close(server.fd);
	close(server.listener);
	panel_done(&panel);
}

static void test_a_serial_server_gets_the_same_bytes(void **state)
{
	struct server server;
	struct panel panel;
	char room[32];

	(void)state;
	server_open(&server);
	panel_make(&panel, server.address, "\"\\r\"", "5s");
	server_accept(&server, &panel);
	put_well(&panel, "printer.text", "PRINT 1");
	receive(&panel, server.fd, room, 8);
	assert_string_equal(room, "PRINT 1\r");
	close(server.fd);
	close(server.listener);
	panel_done(&panel);
}

/* As gauged stops, all may be written at once; no command waits twice. */
static void test_all_commands_of_a_bus_can_wait_at_once(void **state)
{
	enum { COMMANDS = 40 };
	char yaml[2048], name[16], bytes[COMMANDS * 8];
	struct panel panel;
	struct str text, lines;
	size_t len;

	(void)state;
	panel = (struct panel){.loop = loop_new(NULL)};
	str_init(&panel.told.text);
	pty_plug(&panel.pty);
	str_init_fixed(&text, yaml, sizeof(yaml));
	str_init_fixed(&lines, bytes, sizeof(bytes));
	str_addf(&text, "bus: {serial: %s}\ndevices: {d: {commands: {", panel.pty.path);
	for (int i = 0; i < COMMANDS; i++)
		str_addf(&text, "%sc%d: ", i > 0 ? ", " : "", i);
	str_adds(&text, "}}}\n");
	rig_open(&panel.rig, &input_serial, yaml, panel.loop);
	panel_up(&panel);
	len = block(&panel);
	for (int i = 0; i < 2 * COMMANDS; i++) {
		snprintf(name, sizeof(name), "d.c%d", i % COMMANDS);
		put_well(&panel, name, i < COMMANDS ? "X" : name);
		if (i >= COMMANDS)
			str_addf(&lines, "%s\n", name);
	}
	assert_int_equal(panel.told.count, COMMANDS);
	assert_int_equal(rig_counter(&panel.rig, -1, "writes_replaced"), COMMANDS);
	drain(&panel, len);
	expect(&panel, lines.s);
	pty_wait(panel.loop, &panel.told.count, 2 * COMMANDS);
	panel_done(&panel);
}

static void test_fault_A1_unplugged_its_writes_are_told(void **state)
{
	struct panel panel;
	struct error err;

	(void)state;
	panel_open(&panel, "\"\\n\"", "5s");
	block(&panel);
	put_well(&panel, "display.show", "ONE");
	pty_idle(panel.loop, 5);
	assert_int_equal(panel.told.count, 0);
	pty_unplug(&panel.pty);
	pty_wait(panel.loop, &panel.told.count, 1);
	assert_non_null(strstr(panel.told.text.s, "refused: "));
	assert_non_null(strstr(panel.told.text.s, "unplugged"));
	assert_int_equal(put(&panel, "display.show", "TWO", &err), -ENOTCONN);
	assert_non_null(strstr(err.text, "is not open: "));
	/* What is read has gone, what is written has no reading at all. */
	assert_string_equal(rig_last(&panel.rig, "display.temp"), "bad:offline");
	assert_string_equal(rig_last(&panel.rig, "display.show"), "nothing");
	panel_done(&panel);
}

static void test_closing_ends_what_waits(void **state)
{
	struct panel panel;

	(void)state;
	panel_open(&panel, "\"\\n\"", "5s");
	put_well(&panel, "display.show", "ONE");
	rig_done(&panel.rig);
	assert_string_equal(panel.told.text.s, "refused: the bus was closed\n");
	loop_free(panel.loop);
	pty_unplug(&panel.pty);
	str_done(&panel.told.text);
	free(panel.yaml);
}

static void test_a_configuration_that_is_wrong_is_told(void **state)
{
	static const struct {
		const char *yaml, *error;
	} cases[] = {
		{"bus: {serial: /dev/x}\ndevices: {d: {stale_after: 5s}}\n",
		 "device 'd' needs 'points' or 'commands'"},
		{"bus: {serial: /dev/x}\ndevices: {d: {csv: true, commands: {c: }}}\n",
		 "device 'd' reads nothing: it has no 'points'"},
		{"bus: {serial: /dev/x}\ndevices: {d: {points: {a: }, commands: {c: }}}\n",
		 "device 'd' needs one of match, csv, keyvalue, json or nmea"},
		{"bus: {serial: /dev/x, data_bits: 6}\ndevices: {d: {commands: {c: }}}\n",
		 "a line of 6 data bits carries no text: 'commands' take 7 or 8"},
		{"bus: {serial: /dev/x}\ndevices: {d: {commands: {c: {unit: m}}}}\n",
		 "unknown option 'unit'"},
		{"bus: {serial: /dev/x}\ndevices: {d: {commands: {c: {min_on: 5s}}}}\n",
		 "'min_on' is for points that are true or false only"},
		{"bus: {serial: /dev/x}\n"
		 "devices: {d: {commands: {c: {on_start: \"A\\nB\"}}}}\n",
		 "'d.c' does not take this text: byte 2 of its line is a control character"},
		{"bus: {serial: /dev/x, framing: {max: 8}}\n"
		 "devices: {d: {commands: {c: {on_stop: '123456789'}}}}\n",
		 "'d.c' does not take this text: its line has 9 bytes, 8 are allowed"},
		{"bus: {serial: /dev/x}\n"
		 "devices: {d: {json: true, points: {c: }, commands: {c: }}}\n",
		 "there is a point 'd.c' already"},
		{"bus: {serial: /dev/x}\ndevices: {d: {commands: {1c: }}}\n",
		 "expected a name of letters"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct input_rig rig = {0};
		const char *said = rig_parse(&rig, &input_serial, cases[i].yaml);

		if (said == NULL || strstr(said, cases[i].error) == NULL)
			fail_msg("case %zu: %s", i, said != NULL ? said : "no error");
		rig_done(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_sent_as_lines_in_the_order_of_asking),
		cmocka_unit_test(test_reading_goes_on_beside_the_writes),
		cmocka_unit_test(test_fault_C13_what_is_no_single_line_is_refused),
		cmocka_unit_test(test_a_later_line_takes_the_place_of_one_that_was_not_sent),
		cmocka_unit_test(
			test_fault_A11_a_blocked_line_ends_its_writes_and_holds_up_nobody),
		cmocka_unit_test(test_fault_A11_no_line_is_cut_off_and_continued_by_another),
		cmocka_unit_test(test_a_serial_server_gets_the_same_bytes),
		cmocka_unit_test(test_all_commands_of_a_bus_can_wait_at_once),
		cmocka_unit_test(test_fault_A1_unplugged_its_writes_are_told),
		cmocka_unit_test(test_closing_ends_what_waits),
		cmocka_unit_test(test_a_configuration_that_is_wrong_is_told),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
