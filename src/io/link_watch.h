/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tells when the box may reach the network again: an interface got a carrier, or an address.
 * rtnetlink(7), groups RTNLGRP_LINK and RTNLGRP_IPV4_IFADDR / IPV6_IFADDR.
 */
#ifndef GAUGED_IO_LINK_WATCH_H
#define GAUGED_IO_LINK_WATCH_H

#include "io/loop.h"

struct error;
struct link_watch;

/*
 * NULL + err where the kernel does not allow it; whoever wants to know then goes by time alone.
 * fn is called on the loop, once for all that came within half a second.
 */
struct link_watch *link_watch_new(struct loop *loop, loop_timer_fn *fn, void *arg,
				  struct error *err);
/* NULL is allowed. */
void link_watch_free(struct link_watch *watch);

#endif
