/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how pseudo terminals are made. */
#include "sim/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

static int pty_raw(struct pty *pty, const char *name, int hold, struct error *err)
{
	struct termios raw;
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (slave < 0)
		return error_errno(err, errno, "can't open %s", name);
	if (tcgetattr(slave, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
	}
	if (hold != 0)
		pty->held = slave;
	else
		close(slave);
	return 0;
}

static int pty_link(struct pty *pty, const char *path, int hold, struct error *err)
{
	struct stat st;
	char name[64];
	int r;

	if (pty->fd < 0 || grantpt(pty->fd) != 0 || unlockpt(pty->fd) != 0 ||
	    ptsname_r(pty->fd, name, sizeof(name)) != 0)
		return error_errno(err, errno, "no pseudo terminal");
	r = pty_raw(pty, name, hold, err);
	if (r != 0)
		return r;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(path);
	if (symlink(name, path) != 0)
		return error_errno(err, errno, "can't make the link %s", path);
	pty->path = path;
	return 0;
}

int pty_plug(struct pty *pty, const char *path, int hold, struct error *err)
{
	int r;

	*pty = (struct pty){.held = -1};
	pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	r = pty_link(pty, path, hold, err);
	if (r != 0)
		pty_pull(pty);
	return r;
}

void pty_pull(struct pty *pty)
{
	if (pty->path != NULL)
		unlink(pty->path);
	if (pty->fd >= 0)
		close(pty->fd);
	if (pty->held >= 0)
		close(pty->held);
	*pty = (struct pty){.fd = -1, .held = -1};
}

static const struct {
	speed_t speed;
	int baud;
} speeds[] = {
	{B300, 300},	   {B600, 600},	      {B1200, 1200},	 {B2400, 2400},
	{B4800, 4800},	   {B9600, 9600},     {B19200, 19200},	 {B38400, 38400},
	{B57600, 57600},   {B115200, 115200}, {B230400, 230400}, {B460800, 460800},
	{B921600, 921600},
};

int pty_baud(const struct pty *pty)
{
	struct termios set;

	if (tcgetattr(pty->fd, &set) != 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (cfgetospeed(&set) == speeds[i].speed)
			return speeds[i].baud;
	return 0;
}
