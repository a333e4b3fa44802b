/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the netlink socket that tells of links and addresses. */
#include "io/link_watch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

/* Links come up in several steps, and routes come a moment after addresses. */
#define SETTLE_NS (500 * NSEC_PER_MSEC)

struct link_watch {
	struct loop_watch *watch;
	struct loop_timer *settle;
	int fd;
	_Alignas(struct nlmsghdr) char room[8192];
};

/* A carrier that is there, or an address that was added. */
static bool tells_of_more(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	if (message->nlmsg_type == RTM_NEWADDR)
		return true;
	return message->nlmsg_type == RTM_NEWLINK &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) &&
	       (link->ifi_flags & IFF_LOWER_UP) != 0;
}

static bool link_watch_more(const char *bytes, size_t len)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)bytes;

	for (; NLMSG_OK(message, len); message = NLMSG_NEXT(message, len)) {
		if (tells_of_more(message))
			return true;
	}
	return false;
}

static void link_watch_read(void *arg, unsigned what)
{
	struct link_watch *watch = arg;
	bool more = false;
	ssize_t n;

	(void)what;
	/* ENOBUFS: too much happened to be told; some of it may have been what we wait for. */
	while ((n = recv(watch->fd, watch->room, sizeof(watch->room), 0)) > 0 ||
	       (n < 0 && errno == ENOBUFS))
		more |= n < 0 || link_watch_more(watch->room, (size_t)n);
	if (more && !loop_timer_running(watch->settle))
		loop_timer_start(watch->settle, mono_add(clock_mono(), SETTLE_NS));
}

struct link_watch *link_watch_new(struct loop *loop, loop_timer_fn *fn, void *arg,
				  struct error *err)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct link_watch *watch;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error_set(err, errno, "cannot watch the network's links: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	watch = xcalloc(1, sizeof(*watch));
	watch->fd = fd;
	watch->settle = loop_timer_new(loop, fn, arg);
	watch->watch = loop_watch_new(loop, fd, LOOP_READ, link_watch_read, watch);
	return watch;
}

void link_watch_free(struct link_watch *watch)
{
	if (watch == NULL)
		return;
	loop_watch_free(watch->watch);
	loop_timer_free(watch->settle);
	close(watch->fd);
	free(watch);
}
