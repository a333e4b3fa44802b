/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests serial lines as streams, on real pseudo-terminals: opening, losing, finding again. */
#include "io/stream.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/serial.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/tty_baud.h"
#include "io/tty_holder.h"
#include "io/tty_line.h"
#include "io/tty_rs485.h"
#include "pty.h"

struct line {
	struct loop *loop;
	struct stream *stream;
	struct stream_config config;
	struct pty pty;
	unsigned ups, downs, reads, eagains;
	char last[480]; /* of down */
	char bytes[64];
	size_t len;
};

static void line_up(void *arg)
{
	((struct line *)arg)->ups++;
}

static void line_down(void *arg, const struct error *err)
{
	struct line *line = arg;

	line->downs++;
	snprintf(line->last, sizeof(line->last), "%s", err->text);
}

static void line_readable(void *arg)
{
	struct line *line = arg;
	ssize_t n = stream_read(line->stream, line->bytes + line->len,
				sizeof(line->bytes) - 1 - line->len);

	line->reads++;
	if (n > 0)
		line->len += (size_t)n;
	line->bytes[line->len] = '\0';
}

static void line_writable(void *arg)
{
	(void)arg;
}

static const struct stream_ops line_ops = {
	.up = line_up,
	.down = line_down,
	.readable = line_readable,
	.writable = line_writable,
};

static void line_init(struct line *line, const char *path)
{
	*line = (struct line){.loop = loop_new(NULL)};
	pty_plug(&line->pty);
	line->config = (struct stream_config){
		.name = "mast",
		.tty = {.path = path != NULL ? path : line->pty.path,
			.baud = 19200,
			.data_bits = 8,
			.stop_bits = 1,
			.check_parity = true},
		.backoff_min_ns = 20 * NSEC_PER_MSEC,
		.backoff_max_ns = 40 * NSEC_PER_MSEC,
	};
	line->stream = stream_new(line->loop, &line->config, &line_ops, line);
	stream_start(line->stream, 0);
}

static void line_done(struct line *line)
{
	stream_free(line->stream);
	loop_free(line->loop);
	pty_unplug(&line->pty);
}

static void test_a_line_is_opened_raw_and_read(void **state)
{
	struct line line;
	struct termios t;
	int fd;

	line_init(&line, NULL);
	pty_wait(line.loop, &line.ups, 1);
	pty_send(&line.pty, NULL, "a\r\n\003\021\377", 6);
	pty_wait(line.loop, &line.reads, 1);
	/* Nothing is translated, and \377 is doubled because damaged bytes are marked. */
	assert_memory_equal(line.bytes, "a\r\n\003\021\377\377", 7);
	fd = open(line.pty.path, O_RDWR | O_NOCTTY);
	assert_int_equal(tcgetattr(fd, &t), 0);
	assert_int_equal(cfgetospeed(&t), B19200);
	assert_int_equal(t.c_lflag & (ECHO | ICANON | ISIG), 0);
	assert_int_equal(t.c_iflag, INPCK | PARMRK);
	assert_int_equal(t.c_cflag & (CLOCAL | CREAD | HUPCL | CRTSCTS), CLOCAL | CREAD);
	assert_int_equal(t.c_cc[VMIN], 1);
	close(fd);
	line_done(&line);
}

static void test_every_standard_baud_rate_can_be_set(void **state)
{
	struct pty pty;
	int fd;

	pty_plug(&pty);
	fd = open(pty.path, O_RDWR | O_NOCTTY);
	assert_true(tty_line_pseudo(fd));
	for (size_t i = 0; tty_line_baud(i) != 0; i++) {
		for (int bits = 5; bits <= 8; bits++) {
			struct stream_tty tty = {.path = pty.path,
						 .baud = tty_line_baud(i),
						 .data_bits = bits,
						 .stop_bits = 1 + (bits & 1),
						 .parity = (enum stream_parity)(i % 3)};

			assert_true(tty_line_baud_known(tty_line_baud(i)));
			assert_int_equal(tty_line_set(fd, &tty, NULL), 0);
			/* Reopened, with nothing left to change. */
			assert_int_equal(tty_line_set(fd, &tty, NULL), 0);
		}
	}
	assert_false(tty_line_baud_known(14400));
	assert_false(tty_line_baud_known(7));
	assert_false(tty_line_baud_known(0));
	close(fd);
	pty_unplug(&pty);
}

static void test_other_baud_rates_are_made_exactly(void **state)
{
	static const int bauds[] = {51, 14400, 28800, 31250, 74880, 250000, 3999999};
	struct pty pty;
	int fd, input, output;

	pty_plug(&pty);
	fd = open(pty.path, O_RDWR | O_NOCTTY);
	for (size_t i = 0; i < ARRAY_SIZE(bauds); i++) {
		struct stream_tty tty = {.path = pty.path,
					 .baud = bauds[i],
					 .data_bits = 8,
					 .stop_bits = 2 - (int)(i & 1)};
		struct termios t;

		assert_false(tty_line_baud_known(bauds[i]));
		assert_int_equal(tty_line_set(fd, &tty, NULL), 0);
		assert_int_equal(tty_baud_get(fd, &input, &output), 0);
		assert_int_equal(input, bauds[i]);
		assert_int_equal(output, bauds[i]);
		/* The rest came with it. */
		assert_int_equal(tcgetattr(fd, &t), 0);
		assert_int_equal(t.c_cflag & CSTOPB, i & 1 ? 0 : CSTOPB);
		assert_int_equal(t.c_lflag & (ICANON | ECHO), 0);
		/* And goes when a standard one is set. */
		tty.baud = 9600;
		assert_int_equal(tty_line_set(fd, &tty, NULL), 0);
		assert_int_equal(tty_baud_get(fd, &input, &output), 0);
		assert_int_equal(input, 9600);
		assert_int_equal(output, 9600);
	}
	assert_int_equal(tty_line_baud_near(14400), 9600);
	assert_int_equal(tty_line_baud_near(19201), 19200);
	assert_int_equal(tty_line_baud_near(1), 50);
	assert_int_equal(tty_line_baud_near(INT32_MAX), 4000000);
	close(fd);
	pty_unplug(&pty);
}

/* What can be read back of a pseudo-terminal; parity is left out of what its driver keeps. */
static void test_modbus_settings_are_read_back(void **state)
{
	static const struct {
		const char *name;
		int data_bits, stop_bits;
		enum stream_parity parity;
		tcflag_t flags;
	} rows[] = {
		{"7E1", 7, 1, PARITY_EVEN, 0},
		{"8N2", 8, 2, PARITY_NONE, CSTOPB},
		{"8O1", 8, 1, PARITY_ODD, PARODD},
		{"8E1", 8, 1, PARITY_EVEN, 0},
	};
	struct line line;
	struct termios t;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		line_init(&line, "/nonexistent/port");
		stream_free(line.stream);
		line.config.tty = (struct stream_tty){.path = line.pty.path,
						      .baud = 19200,
						      .data_bits = rows[i].data_bits,
						      .stop_bits = rows[i].stop_bits,
						      .parity = rows[i].parity,
						      .low_latency = true};
		line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
		stream_start(line.stream, 0);
		pty_wait(line.loop, &line.ups, 1);
		fd = open(line.pty.path, O_RDWR | O_NOCTTY);
		assert_int_equal(tcgetattr(fd, &t), 0);
		print_message("%s\n", rows[i].name);
		assert_int_equal(t.c_cflag & (CSTOPB | PARODD), rows[i].flags);
		assert_int_equal(cfgetospeed(&t), B19200);
		/* Nothing is marked: the bytes are the frame's. */
		assert_int_equal(t.c_iflag, IGNBRK);
		close(fd);
		line_done(&line);
	}
}

/* A driver that takes everything but a second stop bit, and does not say so. */
static bool driver_is_poor;

int tcsetattr(int fd, int when, const struct termios *t)
{
	static int (*real)(int, int, const struct termios *);
	struct termios poor = *t;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "tcsetattr");
	if (driver_is_poor)
		poor.c_cflag &= ~(tcflag_t)CSTOPB;
	return real(fd, when, &poor);
}

static void test_settings_the_driver_did_not_take_are_told(void **state)
{
	struct stream_tty tty = {.baud = 9600, .data_bits = 8, .stop_bits = 2};
	struct error err = {0};
	struct pty pty;
	char expected[300];
	int fd;

	pty_plug(&pty);
	tty.path = pty.path;
	fd = open(pty.path, O_RDWR | O_NOCTTY);
	driver_is_poor = true;
	assert_int_equal(tty_line_set(fd, &tty, &err), -EINVAL);
	driver_is_poor = false;
	snprintf(expected, sizeof(expected),
		 "the driver of %s cannot do 9600 baud 8N2 (it stays at 9600 baud 8N1)",
		 pty.path);
	assert_string_equal(err.text, expected);
	close(fd);
	pty_unplug(&pty);
}

/* As <asm/termbits.h>, which cannot stand beside <termios.h>, has it; for TCSETS2. */
struct termios2 {
	tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
	cc_t c_line, c_cc[19];
	speed_t c_ispeed, c_ospeed;
};

/* A serial driver of the kernel, as far as pseudo-terminals have none of it. */
static struct {
	bool on;
	unsigned baud; /* the only one it knows */
	int rs485_errno;
	uint32_t rs485_flags; /* that it can do */
	struct serial_rs485 rs485;
	int serial_errno, serial_flags;
	unsigned serial_sets;
} driver;

static int driver_rs485(unsigned long request, struct serial_rs485 *arg)
{
	if (driver.rs485_errno != 0) {
		errno = driver.rs485_errno;
		return -1;
	}
	if (request == TIOCSRS485) {
		driver.rs485 = *arg;
		driver.rs485.flags &= driver.rs485_flags;
	}
	*arg = driver.rs485;
	return 0;
}

static int driver_serial(unsigned long request, struct serial_struct *arg)
{
	if (request == TIOCSSERIAL && driver.serial_errno != 0) {
		errno = driver.serial_errno;
		return -1;
	}
	if (request == TIOCGSERIAL) {
		*arg = (struct serial_struct){.flags = driver.serial_flags};
		return 0;
	}
	driver.serial_sets++;
	driver.serial_flags = arg->flags;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (driver.on && (request == TIOCSRS485 || request == TIOCGRS485))
		return driver_rs485(request, arg);
	if (driver.on && (request == TIOCSSERIAL || request == TIOCGSERIAL))
		return driver_serial(request, arg);
	if (driver.on && request == TCSETS2) {
		struct termios2 *t = arg;

		t->c_ispeed = t->c_ospeed = driver.baud;
	}
	return real(fd, request, arg);
}

static void test_a_rate_that_the_driver_cannot_make_is_refused(void **state)
{
	struct stream_tty tty = {.baud = 14400, .data_bits = 8, .stop_bits = 1};
	struct error err = {0};
	struct pty pty;
	char expected[300];
	int fd;

	pty_plug(&pty);
	tty.path = pty.path;
	fd = open(pty.path, O_RDWR | O_NOCTTY);
	driver.on = true;
	driver.baud = 9600;
	assert_int_equal(tty_line_set(fd, &tty, &err), -EINVAL);
	snprintf(expected, sizeof(expected),
		 "the driver of %s cannot do 14400 baud 8N1 (it stays at 9600 baud 8N1)",
		 pty.path);
	assert_string_equal(err.text, expected);
	/* Within 2 %, what the driver makes of it will do. */
	driver.baud = 14688;
	assert_int_equal(tty_line_set(fd, &tty, &err), 0);
	driver.baud = 14689;
	assert_int_equal(tty_line_set(fd, &tty, &err), -EINVAL);
	driver.on = false;
	close(fd);
	pty_unplug(&pty);
}

static void test_rs485_is_set_and_read_back(void **state)
{
	struct stream_tty tty = {
		.path = "/dev/ttyS1",
		.rs485 = {.on = true, .rts_on_send = true, .before_ms = 2, .after_ms = 3},
	};
	struct error err = {0};

	memset(&driver, 0, sizeof(driver));
	driver.on = true;
	driver.rs485_flags = UINT32_MAX;
	assert_int_equal(tty_rs485_set(-1, &tty, &err), 0);
	assert_int_equal(driver.rs485.flags, SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND);
	assert_int_equal(driver.rs485.delay_rts_before_send, 2);
	assert_int_equal(driver.rs485.delay_rts_after_send, 3);
	tty.rs485 = (struct stream_rs485){
		.on = true, .rts_after_send = true, .rx_during_tx = true, .termination = true};
	assert_int_equal(tty_rs485_set(-1, &tty, &err), 0);
	assert_int_equal(driver.rs485.flags, SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND |
						     SER_RS485_RX_DURING_TX |
						     SER_RS485_TERMINATE_BUS);
	driver.rs485_flags = ~(uint32_t)SER_RS485_TERMINATE_BUS;
	assert_int_equal(tty_rs485_set(-1, &tty, &err), -EINVAL);
	assert_string_equal(err.text, "the driver of /dev/ttyS1 cannot do RS-485 with "
				      "termination: true");
	/* It says yes and does nothing. */
	driver.rs485_flags = 0;
	assert_int_equal(tty_rs485_set(-1, &tty, &err), -ENOTTY);
	assert_non_null(strstr(err.text, "has no RS-485 mode (hint: use an adapter that"));
	driver.rs485_errno = EIO;
	assert_int_equal(tty_rs485_set(-1, &tty, &err), -EIO);
	assert_non_null(strstr(err.text, "cannot set up RS-485 on /dev/ttyS1"));
	driver.on = false;
}

static void test_a_line_without_rs485_stays_offline_and_says_so(void **state)
{
	struct line line;

	/* A pseudo-terminal's driver has none. */
	line_init(&line, "/nonexistent/port");
	stream_free(line.stream);
	line.config.tty.path = line.pty.path;
	line.config.tty.rs485 = (struct stream_rs485){.on = true, .rts_on_send = true};
	line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
	stream_start(line.stream, 0);
	pty_wait(line.loop, &line.downs, 2);
	assert_non_null(strstr(line.last, "has no RS-485 mode"));
	assert_int_equal(line.ups, 0);
	line_done(&line);
}

static void test_low_latency_is_asked_for_where_it_is_not_set(void **state)
{
	memset(&driver, 0, sizeof(driver));
	driver.on = true;
	driver.serial_flags = ASYNC_SKIP_TEST;
	tty_line_low_latency(-1);
	assert_int_equal(driver.serial_flags, ASYNC_SKIP_TEST | ASYNC_LOW_LATENCY);
	tty_line_low_latency(-1);
	assert_int_equal(driver.serial_sets, 1);
	driver.serial_flags = 0;
	driver.serial_errno = EPERM;
	tty_line_low_latency(-1);
	assert_int_equal(driver.serial_flags, 0);
	driver.on = false;
}

static void test_fault_A1_a_hang_up_ends_the_line_at_once(void **state)
{
	struct line line;

	line_init(&line, NULL);
	pty_wait(line.loop, &line.ups, 1);
	pty_unplug(&line.pty);
	pty_wait(line.loop, &line.downs, 1);
	assert_non_null(strstr(line.last, "hung up"));
	assert_int_not_equal(stream_state(line.stream), STREAM_UP);
	/* No busy loop: a read or two told of the end, then the descriptor was let go. */
	assert_true(line.reads <= 2);
	pty_wait(line.loop, &line.downs, 3);
	assert_non_null(strstr(line.last, "is not there"));
	assert_int_equal(line.ups, 1);
	line_done(&line);
}

static void test_fault_A2_found_again_through_the_moved_link(void **state)
{
	char folder[128], path[160];
	struct line line;
	struct pty other;

	pty_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/by-id", folder);
	line_init(&line, path);
	/* Only inotify can bring it back within the time of the test. */
	stream_free(line.stream);
	line.config.backoff_min_ns = line.config.backoff_max_ns = 3600 * NSEC_PER_SEC;
	line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
	pty_link(folder, "by-id", line.pty.path);
	stream_start(line.stream, 0);
	pty_wait(line.loop, &line.ups, 1);
	pty_unplug(&line.pty);
	pty_wait(line.loop, &line.downs, 1);
	pty_plug(&other);
	pty_link(folder, "by-id", other.path);
	pty_wait(line.loop, &line.ups, 2);
	pty_send(&other, NULL, "new\n", 4);
	pty_wait(line.loop, &line.reads, 2);
	assert_memory_equal(line.bytes, "new\n", 4);
	pty_unplug(&other);
	line_done(&line);
	pty_folder_remove(folder);
}

static void test_fault_A3_a_line_that_is_absent_at_start_is_waited_for(void **state)
{
	char folder[128], path[180], sub[160];
	struct line line;

	pty_folder_make(folder, sizeof(folder));
	snprintf(sub, sizeof(sub), "%s/by-id", folder);
	snprintf(path, sizeof(path), "%s/usb-sensor", sub);
	line_init(&line, path);
	stream_free(line.stream);
	line.config.backoff_min_ns = line.config.backoff_max_ns = 3600 * NSEC_PER_SEC;
	line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
	stream_start(line.stream, 0);
	pty_wait(line.loop, &line.downs, 1);
	assert_non_null(strstr(line.last, "is not there: No such file or directory"));
	/* Even the folder appears only now, as udev's do. */
	assert_int_equal(mkdir(sub, 0755), 0);
	pty_wait(line.loop, &line.downs, 2);
	pty_link(sub, "usb-sensor", line.pty.path);
	pty_wait(line.loop, &line.ups, 1);
	line_done(&line);
	pty_folder_remove(sub);
	pty_folder_remove(folder);
}

static void test_fault_A10_a_port_in_use_is_not_shared(void **state)
{
	struct line line, second;

	line_init(&line, NULL);
	pty_wait(line.loop, &line.ups, 1);
	line_init(&second, line.pty.path);
	pty_wait(second.loop, &second.downs, 1);
	assert_non_null(strstr(second.last, "is in use by a process that gauged may not see, "
					    "or by another bus"));
	assert_int_equal(second.ups, 0);
	/* As soon as the first lets go, the second gets it. */
	stream_free(line.stream);
	line.stream = NULL;
	pty_wait(second.loop, &second.ups, 1);
	line_done(&second);
	line_done(&line);
}

static void test_fault_A10_the_holder_is_named(void **state)
{
	struct line line;
	char expected[64];
	int ready[2];
	pid_t pid;
	char c;

	line_init(&line, "/nonexistent/port");
	stream_free(line.stream);
	line.config.tty.path = line.pty.path;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* A login: a session whose terminal is the port. Ends with the test. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		if (open(line.pty.path, O_RDWR) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
	stream_start(line.stream, 0);
	pty_wait(line.loop, &line.downs, 1);
	snprintf(expected, sizeof(expected), "(process %d)", pid);
	assert_non_null(strstr(line.last, expected));
	assert_non_null(strstr(line.last, "is in use by test_stream_tty"));
	assert_int_equal(line.ups, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pty_wait(line.loop, &line.ups, 1);
	close(ready[0]);
	close(ready[1]);
	line_done(&line);
}

static void test_fault_A10_the_holder_of_the_lock_is_named(void **state)
{
	struct tty_holder holder;
	struct stat st;
	struct pty pty;
	int ready[2], fd;
	pid_t pid;
	char c;

	pty_plug(&pty);
	assert_int_equal(stat(pty.path, &st), 0);
	assert_int_equal(pipe(ready), 0);
	/* Descriptors are not looked at: those of other users can't be seen. */
	assert_false(tty_holder_find(st.st_rdev, pty.path, false, &holder));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fd = open(pty.path, O_RDWR | O_NOCTTY);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_true(tty_holder_find(st.st_rdev, pty.path, false, &holder));
	assert_false(tty_holder_self(pty.path));
	assert_int_equal(holder.pid, pid);
	assert_string_equal(holder.name, "test_stream_tty");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(tty_holder_find(st.st_rdev, pty.path, false, &holder));
	/* One that is being closed here is still ours, whoever has it open besides. */
	fd = open(pty.path, O_RDWR | O_NOCTTY);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(tty_holder_self(pty.path));
	assert_false(tty_holder_find(st.st_rdev, pty.path, false, &holder));
	close(fd);
	assert_false(tty_holder_self(pty.path));
	close(ready[0]);
	close(ready[1]);
	pty_unplug(&pty);
}

static void test_fault_A10_an_exclusive_port_is_left_alone(void **state)
{
	struct line line;
	int fd;

	line_init(&line, "/nonexistent/port");
	stream_free(line.stream);
	line.config.tty.path = line.pty.path;
	fd = open(line.pty.path, O_RDWR | O_NOCTTY);
	assert_int_equal(ioctl(fd, TIOCEXCL), 0);
	line.stream = stream_new(line.loop, &line.config, &line_ops, &line);
	stream_start(line.stream, 0);
	pty_wait(line.loop, &line.downs, 1);
	assert_non_null(strstr(line.last, "is in use"));
	assert_int_equal(line.ups, 0);
	ioctl(fd, TIOCNXCL);
	close(fd);
	pty_wait(line.loop, &line.ups, 1);
	line_done(&line);
}

static void test_fault_A11_writing_to_a_full_line_never_waits(void **state)
{
	static const char block[1024] = {'x'};
	struct line line;
	ssize_t n;
	size_t sent = 0;

	line_init(&line, NULL);
	pty_wait(line.loop, &line.ups, 1);
	/* The alarm would end the program: nobody reads the other side. */
	alarm(60);
	for (int i = 0; i < 1000; i++) {
		n = stream_write(line.stream, block, sizeof(block));
		assert_true(n >= 0);
		sent += (size_t)n;
	}
	assert_true(sent > 0 && sent < 1000 * sizeof(block));
	assert_int_equal(stream_write(line.stream, block, sizeof(block)), 0);
	assert_int_equal(stream_state(line.stream), STREAM_UP);
	/* Nor does giving it up with the output still standing there. */
	stream_free(line.stream);
	line.stream = NULL;
	alarm(0);
	line_done(&line);
}

/* As nobody, whose uid has no right to anything here; exits with 0 when all was as it should.
 */
static int denied_child(const char *path)
{
	struct line line;
	int rc;

	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		return 77;
	line_init(&line, path);
	pty_wait(line.loop, &line.downs, 2);
	rc = strstr(line.last, "Permission denied") != NULL &&
			     strstr(line.last, "has to be in the group that owns it, ") != NULL
		     ? 0
		     : 1;
	line_done(&line);
	return rc;
}

static void test_fault_A12_without_permission_it_retries_with_a_hint(void **state)
{
	struct pty pty;
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("needs root to become somebody without permission\n");
		skip();
	}
	pty_plug(&pty);
	assert_int_equal(chmod(pty.device, 0), 0);
	assert_int_equal(chown(pty.device, (uid_t)-1, 5), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(denied_child(pty.device));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	pty_unplug(&pty);
}

static void test_what_is_no_serial_line_is_told(void **state)
{
	struct line line;

	line_init(&line, "/dev/null");
	pty_wait(line.loop, &line.downs, 1);
	assert_string_equal(line.last, "/dev/null is no serial line");
	line_done(&line);
}

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void test_freed_at_any_moment_nothing_is_left_open(void **state)
{
	unsigned before = open_descriptors();

	for (int i = 0; i < 60; i++) {
		struct line line;

		line_init(&line, i % 3 == 2 ? "/nonexistent" : NULL);
		for (int turn = 0; turn < i; turn++)
			loop_turn(line.loop);
		if (i % 3 == 1)
			pty_wait(line.loop, &line.ups, 1);
		line_done(&line);
	}
	/* The threads of the last ones may still be closing. */
	for (int i = 0; i < 2000 && open_descriptors() > before; i++)
		usleep(1000);
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_opened_raw_and_read),
		cmocka_unit_test(test_every_standard_baud_rate_can_be_set),
		cmocka_unit_test(test_other_baud_rates_are_made_exactly),
		cmocka_unit_test(test_modbus_settings_are_read_back),
		cmocka_unit_test(test_settings_the_driver_did_not_take_are_told),
		cmocka_unit_test(test_a_rate_that_the_driver_cannot_make_is_refused),
		cmocka_unit_test(test_rs485_is_set_and_read_back),
		cmocka_unit_test(test_a_line_without_rs485_stays_offline_and_says_so),
		cmocka_unit_test(test_low_latency_is_asked_for_where_it_is_not_set),
		cmocka_unit_test(test_fault_A1_a_hang_up_ends_the_line_at_once),
		cmocka_unit_test(test_fault_A2_found_again_through_the_moved_link),
		cmocka_unit_test(test_fault_A3_a_line_that_is_absent_at_start_is_waited_for),
		cmocka_unit_test(test_fault_A10_a_port_in_use_is_not_shared),
		cmocka_unit_test(test_fault_A10_the_holder_is_named),
		cmocka_unit_test(test_fault_A10_the_holder_of_the_lock_is_named),
		cmocka_unit_test(test_fault_A10_an_exclusive_port_is_left_alone),
		cmocka_unit_test(test_fault_A11_writing_to_a_full_line_never_waits),
		cmocka_unit_test(test_fault_A12_without_permission_it_retries_with_a_hint),
		cmocka_unit_test(test_what_is_no_serial_line_is_told),
		cmocka_unit_test(test_freed_at_any_moment_nothing_is_left_open),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
