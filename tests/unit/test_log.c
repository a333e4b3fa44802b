/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Log lines leave at once or are counted; complaints back off. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { ROOM = 1 << 20 };

/* Everything that waits in fd, which does not block. */
static char *drain(int fd)
{
	char *text = xcalloc(ROOM, 1);
	size_t len = 0;
	ssize_t n;

	assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), errno);
	while ((n = read(fd, text + len, ROOM - 1 - len)) > 0)
		len += (size_t)n;
	return text;
}

static void expect_text(int fd, const char *text)
{
	char *got = drain(fd);

	assert_string_equal(got, text);
	free(got);
}

static size_t lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void test_lines_have_priorities_when_nobody_watches(void **state)
{
	int fds[2];

	(void)state;
	assert_return_code(pipe(fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	errno = EXDEV;
	log_error("cannot open '%s': %s", "x", "gone");
	log_warning("b");
	log_notice("c");
	log_info("d");
	log_debug("not said");
	assert_int_equal(errno, EXDEV);
	expect_text(fds[0], "<3>cannot open 'x': gone\n<4>b\n<5>c\n<6>d\n");
	log_init(fds[1], LOG_LEVEL_DEBUG);
	log_debug("said");
	expect_text(fds[0], "<7>said\n");
	close(fds[0]);
	close(fds[1]);
}

static void test_lines_are_bare_on_a_terminal(void **state)
{
	int master, slave;

	(void)state;
	assert_return_code(openpty(&master, &slave, NULL, NULL, NULL), errno);
	log_init(slave, LOG_LEVEL_INFO);
	log_warning("hello");
	expect_text(master, "hello\r\n");
	/* the terminal's other users still wait for it */
	assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
	close(master);
	close(slave);
}

static void test_line_from_outside_stays_one_line(void **state)
{
	char text[5000];
	int fds[2];
	char *got;

	(void)state;
	assert_return_code(pipe(fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	log_info("sensor says '%s'", "a\n<3>forged\x1b[31m");
	expect_text(fds[0], "<6>sensor says 'a\\x0a<3>forged\\x1b[31m'\n");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	memset(text, '\n', sizeof(text) - 1);
	log_info("%s", text);
	got = drain(fds[0]);
	assert_int_equal(lines(got), 2);
	assert_int_equal(got[strlen(got) - 1], '\n');
	free(got);
	close(fds[0]);
	close(fds[1]);
}

/* Fills what fd leads to by logging; returns how many lines it did not take. */
static uint64_t flood(size_t count)
{
	uint64_t before = log_dropped();

	for (size_t i = 0; i < count; i++)
		log_info("line %zu", i);
	return log_dropped() - before;
}

static void fault_E5_full_pipe_drops_counts_and_tells(void **state)
{
	int fds[2];
	uint64_t dropped;
	char *got, told[80];

	(void)state;
	assert_return_code(pipe(fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	/* Would block for ever here if it blocked. */
	dropped = flood(20000);
	assert_true(dropped > 0 && dropped < 20000);
	got = drain(fds[0]);
	assert_int_equal(lines(got), 20000 - dropped);
	assert_int_equal(got[strlen(got) - 1], '\n');
	free(got);
	log_notice("after");
	snprintf(told, sizeof(told), "<4>%ju log lines could not be written\n<5>after\n",
		 (uintmax_t)dropped);
	expect_text(fds[0], told);
	/* told once */
	log_notice("more");
	expect_text(fds[0], "<5>more\n");
	close(fds[0]);
	close(fds[1]);
}

static void fault_E5_full_pipe_is_not_made_non_blocking_for_others(void **state)
{
	int fds[2];

	(void)state;
	assert_return_code(pipe(fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	assert_true(flood(20000) > 0);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
}

/* Ctrl-S, or a remote shell whose line is dead. */
static void fault_E5_stopped_terminal_drops_and_goes_on(void **state)
{
	int master, slave;
	uint64_t dropped;
	char *got;

	(void)state;
	assert_return_code(openpty(&master, &slave, NULL, NULL, NULL), errno);
	log_init(slave, LOG_LEVEL_INFO);
	assert_return_code(tcflow(slave, TCOOFF), errno);
	dropped = flood(20000);
	assert_true(dropped > 0);
	assert_return_code(tcflow(slave, TCOON), errno);
	free(drain(master));
	log_notice("after");
	got = drain(master);
	assert_non_null(strstr(got, "log lines could not be written\r\nafter\r\n"));
	free(got);
	close(master);
	close(slave);
}

/* The journal's stream is a Unix socket. */
static void fault_E5_full_socket_drops_and_mends_a_torn_line(void **state)
{
	int fds[2], size = 4096;
	uint64_t dropped;
	char *got, *told;

	(void)state;
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), errno);
	assert_return_code(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
			   errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	dropped = flood(20000);
	assert_true(dropped > 0 && dropped < 20000);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	got = drain(fds[0]);
	assert_in_range(lines(got), 20000 - dropped, 20000 - dropped + 1);
	free(got);
	log_notice("after");
	got = drain(fds[0]);
	told = strstr(got, "<4>");
	assert_non_null(told);
	assert_true(told == got || told[-1] == '\n');
	assert_string_equal(strstr(told, "<5>"), "<5>after\n");
	free(got);
	close(fds[0]);
	close(fds[1]);
}

static void fault_E5_closed_reader_does_not_kill(void **state)
{
	uint64_t before;
	int fds[2];

	(void)state;
	assert_return_code(pipe(fds), errno);
	signal(SIGPIPE, SIG_DFL);
	log_init(fds[1], LOG_LEVEL_INFO);
	close(fds[0]);
	before = log_dropped();
	log_info("to nobody");
	assert_int_equal(log_dropped() - before, 1);
	close(fds[1]);

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	close(fds[0]);
	before = log_dropped();
	log_info("to nobody");
	log_info("to nobody");
	assert_int_equal(log_dropped() - before, 2);
	close(fds[1]);
}

static void fault_E5_closed_descriptor_is_not_written_to_when_reused(void **state)
{
	uint64_t before;
	int fds[2], closed;

	(void)state;
	closed = dup(STDERR_FILENO);
	assert_return_code(closed, errno);
	close(closed);
	log_init(closed, LOG_LEVEL_INFO);
	assert_return_code(pipe(fds), errno);
	/* a device might get the number */
	assert_true(fds[0] == closed || fds[1] == closed || dup2(fds[1], closed) == closed);
	before = log_dropped();
	log_info("to nobody");
	assert_int_equal(log_dropped() - before, 1);
	expect_text(fds[0], "");
	close(fds[0]);
	close(fds[1]);
	close(closed);
}

static struct mono at(int64_t seconds)
{
	return (struct mono){(1000 + seconds) * NSEC_PER_SEC};
}

static void test_complaint_backs_off_to_an_hour_and_ends(void **state)
{
	static const int64_t said[] = {0,   10,	  30,	70,   150,  310,
				       630, 1270, 2550, 5110, 8710, 12310};
	struct complaint complaint = {0};
	size_t next = 0;
	int fds[2];
	char *got;

	(void)state;
	assert_return_code(pipe(fds), errno);
	log_init(fds[1], LOG_LEVEL_INFO);
	log_notice("now the drops of other tests are told");
	free(drain(fds[0]));
	complaint_end(&complaint, "never said, so not over");
	for (int64_t s = 0; s <= 12310; s++) {
		bool now = complaint_say(&complaint, at(s), "plc: %s", "timeout");

		assert_int_equal(now, next < ARRAY_SIZE(said) && s == said[next]);
		next += now;
		if (s == 10) {
			expect_text(fds[0],
				    "<4>plc: timeout\n"
				    "<4>plc: timeout (said again after 9 more times)\n");
		}
	}
	assert_int_equal(next, ARRAY_SIZE(said));
	complaint_end(&complaint, "plc: answers again");
	complaint_end(&complaint, "plc: answers again");
	got = drain(fds[0]);
	assert_int_equal(lines(got), ARRAY_SIZE(said) - 2 + 1);
	assert_string_equal(strrchr(got, '<'), "<5>plc: answers again\n");
	free(got);
	/* from the start again */
	assert_true(complaint_say(&complaint, at(12311), "plc"));
	assert_false(complaint_say(&complaint, at(12320), "plc"));
	assert_true(complaint_say(&complaint, at(12321), "plc"));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_have_priorities_when_nobody_watches),
		cmocka_unit_test(test_lines_are_bare_on_a_terminal),
		cmocka_unit_test(test_line_from_outside_stays_one_line),
		cmocka_unit_test(fault_E5_full_pipe_drops_counts_and_tells),
		cmocka_unit_test(fault_E5_full_pipe_is_not_made_non_blocking_for_others),
		cmocka_unit_test(fault_E5_stopped_terminal_drops_and_goes_on),
		cmocka_unit_test(fault_E5_full_socket_drops_and_mends_a_torn_line),
		cmocka_unit_test(fault_E5_closed_reader_does_not_kill),
		cmocka_unit_test(fault_E5_closed_descriptor_is_not_written_to_when_reused),
		cmocka_unit_test(test_complaint_backs_off_to_an_hour_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
