/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the advice. */
#include "ctl/probe_hint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { WHERE_NET = 1, WHERE_TTY = 2 };

static const struct {
	int code;
	unsigned where;
	const char *advice;
} closed_advice[] = {
	{ECONNREFUSED, WHERE_NET,
	 "The host is there, and nothing listens on that port: is Modbus switched on in the\n"
	 "device, and is it the right port (502 is usual)? Many devices take one connection\n"
	 "only: another master, gauged itself too, may have it.\n"},
	{ETIMEDOUT, WHERE_NET,
	 "Nothing came back at all: check the address, the cable, the network of this machine\n"
	 "(same subnet, or a route to it) and firewalls. Does 'ping' reach it?\n"},
	{EHOSTUNREACH, WHERE_NET,
	 "Nobody on the network has that address: check it, the device's power and its cable.\n"},
	{ENETUNREACH, WHERE_NET,
	 "This machine has no route to that network: see 'ip route'.\n"},
	{ECONNRESET, WHERE_NET,
	 "The device took the connection and closed it: many take one only. Another master,\n"
	 "gauged itself too, may have it.\n"},
	{EBUSY, WHERE_TTY,
	 "A serial line has one master at a time. If gauged is the one: stop it with\n"
	 "'sudo systemctl stop gauged', or take the bus out of its configuration and\n"
	 "'gaugectl reload'; start it again afterwards. As root you see who it is:\n"
	 "'sudo fuser -v' and the device file.\n"},
	{EACCES, WHERE_TTY,
	 "To be allowed: 'sudo usermod -aG dialout $USER' (or the group named above) and log\n"
	 "in again; or run this with sudo.\n"},
	{ENOENT, WHERE_TTY,
	 "The adapters that are plugged in: 'ls -l /dev/serial/by-id'; what the kernel says of\n"
	 "them: 'sudo dmesg | grep tty'.\n"},
};

void probe_hint_closed(const struct probe_plan *plan, const struct error *err)
{
	unsigned where = plan->serial ? WHERE_TTY : WHERE_NET;

	fprintf(stderr, "gaugectl: %s: %s\n", plan->address, err->text);
	for (size_t i = 0; i < ARRAY_SIZE(closed_advice); i++) {
		if (closed_advice[i].code == err->code && closed_advice[i].where == where)
			fputs(closed_advice[i].advice, stderr);
	}
}

static bool any(const struct probe_found *found, enum probe_presence presence)
{
	for (size_t i = 0; i < found->unit_count; i++) {
		if (found->units[i].presence == presence)
			return true;
	}
	return false;
}

static void advise_network(const struct probe_found *found)
{
	fputs("What to check next:\n", stderr);
	if (any(found, PROBE_NOBODY))
		fputs("- The gateway answers for itself: nobody is behind it with these "
		      "numbers. Check its\n"
		      "  serial side: baud rate and parity there, A and B swapped, power of "
		      "the devices.\n",
		      stderr);
	fputs("- the unit number: --unit 0..255 asks all there are (manuals say address, "
	      "slave id)\n"
	      "- slow devices and gateways: --timeout 1s\n"
	      "- whether another master holds the only connection that the device serves\n",
	      stderr);
}

static void advise_quiet_line(const struct probe_plan *plan)
{
	fputs("Not one byte came back. What to check next:\n"
	      "- A and B swapped: makers disagree which is which, and swapping them harms "
	      "nothing\n"
	      "- power of the device; the common ground (a third wire) between it and this "
	      "machine\n"
	      "- the unit number: --unit 1..247 asks all there are\n"
	      "- slow devices: --timeout 1s\n",
	      stderr);
	if (plan->serial && plan->setting_count == 1)
		fputs("- the baud rate and parity: without --baud and --parity the usual ones "
		      "are tried\n",
		      stderr);
	if (plan->serial)
		fputs("- the adapter: one for RS-485, not RS-232, and with automatic direction "
		      "control\n",
		      stderr);
	else
		fputs("- the serial server: its baud rate and parity, and that it passes bytes "
		      "on as they are\n"
		      "  (if it speaks Modbus TCP itself, the address is tcp://...)\n",
		      stderr);
}

static void advise_noisy_line(const struct probe_plan *plan, const struct probe_found *found)
{
	fprintf(stderr,
		"%ju bytes came back, and no proper answer among them. What to check next:\n",
		(uintmax_t)found->traffic.bytes_in);
	if (plan->setting_count == 1)
		fputs("- baud rate and parity: a wrong one looks like this\n", stderr);
	fputs("- another master on the line: there can be one only\n"
	      "- an adapter that hears what it sends (echo): the same number of bytes comes "
	      "back as was sent\n"
	      "- two devices with the same unit number: take one off the line\n"
	      "- termination: 120 ohm at both ends of a long line and nowhere else, and bias "
	      "resistors once\n",
	      stderr);
}

static void advise_late(const struct probe_plan *plan, const struct probe_found *found)
{
	char words[48];

	probe_setting_words(found->setting, words);
	if (found->traffic.late > 0)
		fprintf(stderr,
			"%ju answers came too late: try a longer --timeout, such as 2s.\n",
			(uintmax_t)found->traffic.late);
	else
		fprintf(stderr,
			"%ju proper messages came that nobody here asked for: another master is "
			"on the line,\nand there can be one only; or a device is slow: try "
			"--timeout 2s.\n",
			(uintmax_t)found->traffic.strangers);
	if (plan->setting_count > 1)
		fprintf(stderr, "The line is right: %s.\n", words);
}

void probe_hint_silent(const struct probe_plan *plan, const struct probe_found *found)
{
	if (found->traffic.late > 0 || found->traffic.strangers > 0)
		advise_late(plan, found);
	else if (!plan->rtu)
		advise_network(found);
	else if (found->traffic.bytes_in == 0)
		advise_quiet_line(plan);
	else
		advise_noisy_line(plan, found);
}
