/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns termios. */
#include "io/tty_line.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/stream.h"

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

bool tty_line_pseudo(int fd)
{
	struct stat st;

	/* Documentation/admin-guide/devices.txt of the kernel: majors 136-143. */
	return fstat(fd, &st) == 0 && major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143;
}

static void tty_line_wanted(const struct stream_tty *tty, struct termios *t)
{
	static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};

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
	cfsetispeed(t, tty_code(tty->baud));
	cfsetospeed(t, tty_code(tty->baud));
}

/* "19200 baud 8E1" */
static void tty_line_words(const struct termios *t, char *room, size_t size)
{
	int baud = 0, bits = 5;

	for (size_t i = 0; i < ARRAY_SIZE(tty_bauds); i++)
		baud = tty_bauds[i].code == cfgetospeed(t) ? tty_bauds[i].baud : baud;
	for (tcflag_t s = t->c_cflag & CSIZE; s != CS5 && bits < 8; s -= CS6)
		bits++;
	snprintf(room, size, "%d baud %d%c%d", baud, bits,
		 !(t->c_cflag & PARENB) ? 'N'
		 : t->c_cflag & PARODD	? 'O'
					: 'E',
		 t->c_cflag & CSTOPB ? 2 : 1);
}

int tty_line_set(int fd, const struct stream_tty *tty, struct error *err)
{
	tcflag_t checked = CSTOPB | CRTSCTS;
	struct termios want, got;
	char wanted[40], given[40];

	if (tcgetattr(fd, &want) != 0)
		return error_set(err, errno, "%s is no serial line", tty->path);
	tty_line_wanted(tty, &want);
	if (tcsetattr(fd, TCSANOW, &want) != 0 || tcgetattr(fd, &got) != 0)
		return error_errno(err, errno, "cannot set up %s", tty->path);
	if (!tty_line_pseudo(fd))
		checked |= CSIZE | PARENB | PARODD;
	if (((want.c_cflag ^ got.c_cflag) & checked) != 0 || want.c_iflag != got.c_iflag ||
	    cfgetospeed(&want) != cfgetospeed(&got) ||
	    cfgetispeed(&want) != cfgetispeed(&got)) {
		tty_line_words(&want, wanted, sizeof(wanted));
		tty_line_words(&got, given, sizeof(given));
		return error_set(err, EINVAL, "the driver of %s cannot do %s (it stays at %s)",
				 tty->path, wanted, given);
	}
	tcflush(fd, TCIOFLUSH);
	return 0;
}
