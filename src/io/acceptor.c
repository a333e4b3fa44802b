/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns accept(2) and what to do when it fails. */
#include "io/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "io/loop.h"

enum { ACCEPTS_A_TURN = 16 };

#define REST_NS (1 * NSEC_PER_SEC)

struct acceptor {
	const char *name;
	int fd;
	int spare; /* a descriptor to give up when there is no other; or -1 */
	acceptor_fn *fn;
	void *arg;
	struct loop_watch *watch;
	struct loop_timer *rest;
	uint64_t failed;
	struct complaint complaint;
};

static bool out_of_something(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int acceptor_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The spare descriptor is enough to let one in and out again, so that it is not left waiting.
 */
static void acceptor_rest(struct acceptor *acceptor, int error)
{
	int fd;

	acceptor->failed++;
	complaint_say(&acceptor->complaint, clock_mono(),
		      "%s: cannot accept a client: %s, trying again in 1 s", acceptor->name,
		      strerrordesc_np(error));
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	fd = accept4(acceptor->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	acceptor->spare = acceptor_spare();
	loop_watch_set(acceptor->watch, 0);
	loop_timer_start(acceptor->rest, mono_add(clock_mono(), REST_NS));
}

static void acceptor_rested(void *arg)
{
	struct acceptor *acceptor = arg;

	loop_watch_set(acceptor->watch, LOOP_READ);
}

static void acceptor_ready(void *arg, unsigned what)
{
	struct acceptor *acceptor = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(acceptor->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (out_of_something(errno))
				acceptor_rest(acceptor, errno);
			return;
		}
		complaint_end(&acceptor->complaint, "%s: clients are accepted again",
			      acceptor->name);
		acceptor->fn(acceptor->arg, fd);
	}
}

struct acceptor *acceptor_new(struct loop *loop, int fd, const char *name, acceptor_fn *fn,
			      void *arg)
{
	struct acceptor *acceptor = xcalloc(1, sizeof(*acceptor));

	acceptor->name = name;
	acceptor->fd = fd;
	acceptor->spare = acceptor_spare();
	acceptor->fn = fn;
	acceptor->arg = arg;
	acceptor->rest = loop_timer_new(loop, acceptor_rested, acceptor);
	acceptor->watch = loop_watch_new(loop, fd, LOOP_READ, acceptor_ready, acceptor);
	return acceptor;
}

void acceptor_free(struct acceptor *acceptor)
{
	if (acceptor == NULL)
		return;
	loop_watch_free(acceptor->watch);
	loop_timer_free(acceptor->rest);
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	free(acceptor);
}

uint64_t acceptor_failed(const struct acceptor *acceptor)
{
	return acceptor != NULL ? acceptor->failed : 0;
}
