/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns termios2. */
#include "io/tty_baud.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <sys/ioctl.h>

/* Where CIBAUD stands: zero there means that the input's speed is the output's. */
enum { INPUT_SHIFT = IBSHIFT };

int tty_baud_set(int fd, int baud)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) != 0)
		return -errno;
	t.c_cflag &= ~(tcflag_t)(CBAUD | (CBAUD << INPUT_SHIFT));
	t.c_cflag |= BOTHER | (BOTHER << INPUT_SHIFT);
	t.c_ispeed = t.c_ospeed = (speed_t)baud;
	return ioctl(fd, TCSETS2, &t) != 0 ? -errno : 0;
}

int tty_baud_get(int fd, int *ret_input, int *ret_output)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) != 0)
		return -errno;
	*ret_input = (int)t.c_ispeed;
	*ret_output = (int)t.c_ospeed;
	return 0;
}
