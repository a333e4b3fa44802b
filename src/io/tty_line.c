/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns termios. */
#include "io/tty_line.h"

#include <errno.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/stream.h"
#include "io/tty_baud.h"

/*
 * A receiver samples in the middle of a bit, so the tenth may be off by half of one: 5 %
 * between the two ends. Kernel drivers take a standard rate as met within 2 %.
 */
enum { BAUD_TOLERANCE = 50 };

/* clang-format off */
static const struct {
	int baud;
	speed_t code;
} tty_bauds[] = {
	{50, B50}, {75, B75}, {110, B110}, {134, B134},
	{150, B150}, {200, B200}, {300, B300}, {600, B600},
	{1200, B1200}, {1800, B1800}, {2400, B2400}, {4800, B4800},
	{9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600},
	{115200, B115200}, {230400, B230400}, {460800, B460800}, {500000, B500000},
	{576000, B576000}, {921600, B921600}, {1000000, B1000000}, {1152000, B1152000},
	{1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
	{3500000, B3500000}, {4000000, B4000000},
};
/* clang-format on */

int tty_line_baud(size_t i)
{
	return i < ARRAY_SIZE(tty_bauds) ? tty_bauds[i].baud : 0;
}

static speed_t tty_code(int baud)
{
	for (size_t i = 0; i < ARRAY_SIZE(tty_bauds); i++) {
		if (tty_bauds[i].baud == baud)
			return tty_bauds[i].code;
	}
	return B0;
}

bool tty_line_baud_known(int baud)
{
	return tty_code(baud) != B0;
}

int tty_line_baud_near(int baud)
{
	int near = tty_bauds[0].baud;

	for (size_t i = 0; i < ARRAY_SIZE(tty_bauds); i++) {
		if (abs(tty_bauds[i].baud - baud) < abs(near - baud))
			near = tty_bauds[i].baud;
	}
	return near;
}

bool tty_line_pseudo(int fd)
{
	struct stat st;

	/* Documentation/admin-guide/devices.txt of the kernel: majors 136-143. */
	return fstat(fd, &st) == 0 && major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143;
}

static void tty_line_wanted(const struct stream_tty *tty, struct termios *t)
{
	static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
	tcflag_t speed = t->c_cflag & (CBAUD | CIBAUD);

	cfmakeraw(t);
	/* IXANY and the like survive cfmakeraw(): flow control is nobody's here. */
	t->c_iflag = tty->check_parity ? INPCK | PARMRK : IGNBRK;
	/*
	 * CLOCAL: no waiting for a carrier. No HUPCL: boards that reset when DTR falls keep
	 * running while gauged is restarted.
	 */
	t->c_cflag = CREAD | CLOCAL | sizes[tty->data_bits - 5] |
		     (tty->stop_bits == 2 ? CSTOPB : 0) |
		     (tty->parity != PARITY_NONE ? PARENB : 0) |
		     (tty->parity == PARITY_ODD ? PARODD : 0);
	/* With 0, read() would return 0 for "nothing yet" as it does for a hang-up. */
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
	/* Another rate is set behind this; until then the line keeps the one it has. */
	if (tty_line_baud_known(tty->baud)) {
		cfsetispeed(t, tty_code(tty->baud));
		cfsetospeed(t, tty_code(tty->baud));
	} else {
		t->c_cflag |= speed;
	}
}

/* "19200 baud 8E1" */
static void tty_line_words(const struct termios *t, int baud, char *room, size_t size)
{
	int bits = 5;

	for (tcflag_t s = t->c_cflag & CSIZE; s != CS5 && bits < 8; s -= CS6)
		bits++;
	snprintf(room, size, "%d baud %d%c%d", baud, bits,
		 !(t->c_cflag & PARENB) ? 'N'
		 : t->c_cflag & PARODD	? 'O'
					: 'E',
		 t->c_cflag & CSTOPB ? 2 : 1);
}

static bool tty_line_near(int want, int got)
{
	return abs(want - got) <= want / BAUD_TOLERANCE;
}

static int tty_line_write(int fd, const struct stream_tty *tty, const struct termios *t)
{
	if (tcsetattr(fd, TCSANOW, t) != 0)
		return -errno;
	return tty_line_baud_known(tty->baud) ? 0 : tty_baud_set(fd, tty->baud);
}

int tty_line_set(int fd, const struct stream_tty *tty, struct error *err)
{
	tcflag_t checked = CSTOPB | CRTSCTS;
	struct termios want, got;
	int rc, input, output;
	char wanted[40], given[40];

	if (tcgetattr(fd, &want) != 0)
		return error_set(err, errno, "%s is no serial line", tty->path);
	tty_line_wanted(tty, &want);
	/* The C library calls it an error if nothing else than these was to be changed. */
	if (tty_line_pseudo(fd))
		want.c_cflag = (want.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	rc = tty_line_write(fd, tty, &want);
	if (rc == 0)
		rc = tcgetattr(fd, &got) != 0 ? -errno : tty_baud_get(fd, &input, &output);
	if (rc != 0)
		return error_errno(err, -rc, "cannot set up %s", tty->path);
	if (!tty_line_pseudo(fd))
		checked |= CSIZE | PARENB | PARODD;
	if (((want.c_cflag ^ got.c_cflag) & checked) != 0 || want.c_iflag != got.c_iflag ||
	    !tty_line_near(tty->baud, input) || !tty_line_near(tty->baud, output)) {
		tty_line_words(&want, tty->baud, wanted, sizeof(wanted));
		tty_line_words(&got, output, given, sizeof(given));
		return error_set(err, EINVAL, "the driver of %s cannot do %s (it stays at %s)",
				 tty->path, wanted, given);
	}
	tcflush(fd, TCIOFLUSH);
	return 0;
}

void tty_line_low_latency(int fd)
{
	struct serial_struct serial;

	if (ioctl(fd, TIOCGSERIAL, &serial) != 0 || (serial.flags & ASYNC_LOW_LATENCY) != 0)
		return;
	serial.flags |= ASYNC_LOW_LATENCY;
	/* Where it is refused, answers come a little later. */
	(void)ioctl(fd, TIOCSSERIAL, &serial);
}
