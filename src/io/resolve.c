/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns evdns: one resolver for each loop, and the questions that it was asked. */
#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "io/loop.h"

struct resolver {
	struct loop *loop;
	struct evdns_base *dns;
	unsigned asked; /* questions that evdns still holds */
	bool renew;	/* one failed: read resolv.conf again before the next */
	char server[64];
};

struct resolve {
	struct resolver *resolver;
	struct evdns_getaddrinfo_request *request;
	struct loop_timer *timer;
	resolve_fn *fn; /* NULL: cancelled */
	void *arg;
	bool held; /* evdns will still call */
	int code;  /* EVUTIL_EAI_* of the failure */
	uint16_t port;
	struct resolve_result result;
	char host[];
};

static const char resolver_key;

static void resolver_release(void *thing)
{
	struct resolver *resolver = thing;

	if (resolver->dns != NULL) {
		evdns_base_free(resolver->dns, 1);
		/* evdns frees what it holds in callbacks that are still to run. */
		event_base_loop(loop_base(resolver->loop), EVLOOP_NONBLOCK);
	}
	free(resolver);
}

static struct resolver *resolver_of(struct loop *loop)
{
	struct resolver *resolver = loop_local(loop, &resolver_key);

	if (resolver == NULL) {
		resolver = xcalloc(1, sizeof(*resolver));
		resolver->loop = loop;
		loop_keep(loop, &resolver_key, resolver, resolver_release);
	}
	if (resolver->dns != NULL && resolver->renew && resolver->asked == 0) {
		evdns_base_free(resolver->dns, 1);
		resolver->dns = NULL;
	}
	if (resolver->dns == NULL) {
		resolver->dns =
			evdns_base_new(loop_base(loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		if (resolver->dns == NULL)
			return NULL;
		if (resolver->server[0] != '\0')
			evdns_base_nameserver_ip_add(resolver->dns, resolver->server);
		else
			evdns_base_resolv_conf_parse(resolver->dns, DNS_OPTIONS_ALL,
						     "/etc/resolv.conf");
	}
	resolver->renew = false;
	return resolver;
}

int resolve_numeric(const char *host, uint16_t port, struct resolve_result *ret)
{
	struct resolve_address address = {0};
	char bare[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len >= sizeof(bare))
		return -EINVAL;
	memcpy(bare, host, len);
	bare[len] = '\0';
	if (inet_pton(AF_INET, bare, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
		address.in.sin_port = htons(port);
		address.len = sizeof(address.in);
	} else if (inet_pton(AF_INET6, bare, &address.in6.sin6_addr) == 1) {
		address.in6.sin6_family = AF_INET6;
		address.in6.sin6_port = htons(port);
		address.len = sizeof(address.in6);
	} else {
		return -EINVAL;
	}
	ret->count = 1;
	ret->addresses[0] = address;
	return 0;
}

static void resolve_free(struct resolve *resolve)
{
	loop_timer_free(resolve->timer);
	free(resolve);
}

/* The question is over as far as evdns goes; the timer tells the asker, never evdns itself. */
static void resolve_answered(int code, struct evutil_addrinfo *list, void *arg)
{
	struct resolve *resolve = arg;
	struct resolve_result *result = &resolve->result;

	resolve->held = false;
	resolve->request = NULL;
	resolve->resolver->asked--;
	for (struct evutil_addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		struct resolve_address *address = &result->addresses[result->count];

		if (result->count == RESOLVE_ADDRESSES || ai->ai_addrlen > sizeof(address->in6))
			continue;
		memcpy(&address->any, ai->ai_addr, ai->ai_addrlen);
		address->len = (socklen_t)ai->ai_addrlen;
		if (ai->ai_family == AF_INET)
			address->in.sin_port = htons(resolve->port);
		else
			address->in6.sin6_port = htons(resolve->port);
		result->count++;
	}
	if (list != NULL)
		evutil_freeaddrinfo(list);
	resolve->code = code;
	if (resolve->fn == NULL)
		resolve_free(resolve);
	else
		loop_timer_start(resolve->timer, clock_mono());
}

/* Either the answer is there, or there is none in time. */
static void resolve_tell(void *arg)
{
	struct resolve *resolve = arg;
	resolve_fn *fn = resolve->fn;
	void *fn_arg = resolve->arg;
	struct resolve_result result = resolve->result;
	struct error err = {0};

	if (resolve->held)
		error_set(&err, ETIMEDOUT,
			  "cannot find the address of %s: no name server answers",
			  resolve->host);
	else
		error_set(&err, EHOSTUNREACH, "cannot find the address of %s: %s",
			  resolve->host,
			  resolve->code != 0 ? evutil_gai_strerror(resolve->code)
					     : "the name has none");
	if (result.count == 0)
		resolve->resolver->renew = true;
	resolve_cancel(resolve);
	fn(fn_arg, result.count > 0 ? &result : NULL, &err);
}

struct resolve *resolve_start(struct loop *loop, const char *host, uint16_t port,
			      resolve_fn *fn, void *arg)
{
	size_t len = strlen(host);
	struct resolve *resolve = xcalloc(1, sizeof(*resolve) + len + 1);
	struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
	};
	struct evdns_getaddrinfo_request *request;

	memcpy(resolve->host, host, len);
	resolve->port = port;
	resolve->fn = fn;
	resolve->arg = arg;
	resolve->timer = loop_timer_new(loop, resolve_tell, resolve);
	resolve->resolver = resolver_of(loop);
	loop_timer_start(resolve->timer,
			 mono_add(clock_mono(), RESOLVE_TIMEOUT_S * NSEC_PER_SEC));
	if (resolve->resolver == NULL) {
		resolve->resolver = loop_local(loop, &resolver_key);
		resolve->code = EVUTIL_EAI_MEMORY;
		loop_timer_start(resolve->timer, clock_mono());
		return resolve;
	}
	resolve->held = true;
	resolve->resolver->asked++;
	request = evdns_getaddrinfo(resolve->resolver->dns, host, NULL, &hints,
				    resolve_answered, resolve);
	if (resolve->held)
		resolve->request = request;
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	resolve->fn = NULL;
	loop_timer_stop(resolve->timer);
	if (!resolve->held)
		resolve_free(resolve);
	else if (resolve->request != NULL)
		/* resolve_answered() is called in a later turn and frees. */
		evdns_getaddrinfo_cancel(resolve->request);
}

void resolve_use_server(struct loop *loop, const char *address)
{
	struct resolver *resolver;

	if (resolver_of(loop) == NULL)
		return;
	resolver = loop_local(loop, &resolver_key);
	snprintf(resolver->server, sizeof(resolver->server), "%s", address);
	resolver->renew = true;
}
