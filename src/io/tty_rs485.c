/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns struct serial_rs485. */
#include "io/tty_rs485.h"

#include <errno.h>
#include <linux/serial.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "io/stream.h"

/* By what they are called in the configuration. */
static const struct {
	uint32_t flag;
	const char *name;
} rs485_flags[] = {
	{SER_RS485_RTS_ON_SEND, "rts_on_send"},
	{SER_RS485_RTS_AFTER_SEND, "rts_after_send"},
	{SER_RS485_RX_DURING_TX, "rx_during_tx"},
	{SER_RS485_TERMINATE_BUS, "termination"},
};

static struct serial_rs485 rs485_wanted(const struct stream_rs485 *rs485)
{
	return (struct serial_rs485){
		.flags = SER_RS485_ENABLED | (rs485->rts_on_send ? SER_RS485_RTS_ON_SEND : 0) |
			 (rs485->rts_after_send ? SER_RS485_RTS_AFTER_SEND : 0) |
			 (rs485->rx_during_tx ? SER_RS485_RX_DURING_TX : 0) |
			 (rs485->termination ? SER_RS485_TERMINATE_BUS : 0),
		.delay_rts_before_send = (uint32_t)rs485->before_ms,
		.delay_rts_after_send = (uint32_t)rs485->after_ms,
	};
}

/* What the driver left out or changed, by name; "" if nothing. */
static void rs485_lost(const struct serial_rs485 *want, const struct serial_rs485 *got,
		       struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rs485_flags); i++) {
		uint32_t flag = rs485_flags[i].flag;

		if (((want->flags ^ got->flags) & flag) != 0)
			str_addf(out, "%s%s: %s", out->len > 0 ? ", " : "", rs485_flags[i].name,
				 want->flags & flag ? "true" : "false");
	}
	if (want->delay_rts_before_send != got->delay_rts_before_send)
		str_addf(out, "%sdelay_before: %ums", out->len > 0 ? ", " : "",
			 want->delay_rts_before_send);
	if (want->delay_rts_after_send != got->delay_rts_after_send)
		str_addf(out, "%sdelay_after: %ums", out->len > 0 ? ", " : "",
			 want->delay_rts_after_send);
}

static int rs485_unable(const char *path, int code, struct error *err)
{
	return error_set(err, code,
			 "the driver of %s has no RS-485 mode (hint: use an adapter that "
			 "switches the direction by itself, and leave 'rs485' out)",
			 path);
}

int tty_rs485_set(int fd, const struct stream_tty *tty, struct error *err)
{
	struct serial_rs485 want = rs485_wanted(&tty->rs485), got = want;
	char room[120];
	struct str lost;

	/* The driver writes what it made of it into its argument, too: hence two. */
	if (ioctl(fd, TIOCSRS485, &got) != 0) {
		/* EINVAL and EOPNOTSUPP: drivers from before the kernel had an answer. */
		if (errno == ENOTTY || errno == EINVAL || errno == EOPNOTSUPP)
			return rs485_unable(tty->path, errno, err);
		return error_errno(err, errno, "cannot set up RS-485 on %s", tty->path);
	}
	if (ioctl(fd, TIOCGRS485, &got) != 0)
		return error_errno(err, errno, "cannot read the RS-485 mode of %s", tty->path);
	if (!(got.flags & SER_RS485_ENABLED))
		return rs485_unable(tty->path, ENOTTY, err);
	str_init_fixed(&lost, room, sizeof(room));
	rs485_lost(&want, &got, &lost);
	if (lost.len == 0)
		return 0;
	return error_set(err, EINVAL, "the driver of %s cannot do RS-485 with %s", tty->path,
			 room);
}
