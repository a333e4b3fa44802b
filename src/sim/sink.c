/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the HTTP of the webhook receiver: what RFC 9112 asks of a server that only takes POST
 * with a known length. Whoever sends something else is told so and loses the connection.
 */
#include "sim/sink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "sim/chronicle.h"
#include "sim/endpoint.h"
#include "sim/poller.h"

enum { HEAD_MAX = 16 << 10, BODY_MAX = 64 << 10, CLIENTS_MAX = 64, BOOKS_MAX = 16 };

/* One path with its ledger: each webhook counts its messages for itself. */
struct book {
	char *path;
	struct ledger *ledger;
	SLIST_ENTRY(book) entry;
};

struct client {
	struct sink *sink;
	int fd;
	struct poller_watch *watch;
	char *input;
	size_t input_len;
	bool continued; /* 100 Continue was sent for the request at hand */
	LIST_ENTRY(client) entry;
};

struct sink {
	struct poller *poller;
	struct chronicle *chronicle;
	int fd;
	uint16_t port;
	struct poller_watch *watch;
	int fault;
	uint64_t refused;
	SLIST_HEAD(, book) books;
	size_t book_count;
	LIST_HEAD(, client) clients;
	size_t client_count;
};

/* A request's head, read. */
struct head {
	size_t len; /* with the empty line */
	char path[128];
	size_t body_len;
	bool close;
	bool expects; /* Expect: 100-continue */
	int status;   /* 0, or what to refuse the request with */
};

static void client_close(struct client *client)
{
	poller_unwatch(client->watch);
	close(client->fd);
	LIST_REMOVE(client, entry);
	client->sink->client_count--;
	free(client->input);
	free(client);
}

static const char *status_text(int status)
{
	switch (status) {
	case 204:
		return "No Content";
	case 400:
		return "Bad Request";
	case 405:
		return "Method Not Allowed";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	default:
		return "As Asked";
	}
}

/* False when the connection is gone: answers fit into the socket's buffer or it is broken. */
static bool client_answer(struct client *client, int status, const char *text, bool end)
{
	char room[768];
	int len;

	if (status == 204)
		len = snprintf(room, sizeof(room), "HTTP/1.1 204 No Content\r\n%s\r\n",
			       end ? "Connection: close\r\n" : "");
	else
		len = snprintf(room, sizeof(room),
			       "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\n"
			       "Content-Length: %zu\r\n%s\r\n%s",
			       status, status_text(status), strlen(text),
			       end ? "Connection: close\r\n" : "", text);
	if (send(client->fd, room, (size_t)len, MSG_NOSIGNAL) == len && !end)
		return true;
	shutdown(client->fd, SHUT_WR);
	client_close(client);
	return false;
}

static void head_field(struct head *head, const char *name, const char *value)
{
	int64_t length;

	if (strcasecmp(name, "content-length") == 0) {
		if (str_to_int(value, &length) != 0 || length < 0)
			head->status = 400;
		else if (length > BODY_MAX)
			head->status = 413;
		else
			head->body_len = (size_t)length;
	} else if (strcasecmp(name, "transfer-encoding") == 0) {
		head->status = 411;
	} else if (strcasecmp(name, "connection") == 0) {
		head->close = strcasecmp(value, "close") == 0;
	} else if (strcasecmp(name, "expect") == 0) {
		head->expects = strcasecmp(value, "100-continue") == 0;
	}
}

/* Takes text apart; it is a copy of its own. */
static void head_parse(struct head *head, char *text)
{
	char *rest = text, *line = strsep(&rest, "\n"), method[16];
	int version;

	if (sscanf(line, "%15s %127s HTTP/1.%d", method, head->path, &version) != 3)
		head->status = 400;
	else if (strcmp(method, "POST") != 0)
		head->status = 405;
	while (rest != NULL && head->status == 0) {
		char *name = strsep(&rest, "\n"), *value = strchr(name, ':');

		name[strcspn(name, "\r")] = '\0';
		if (value == NULL)
			continue;
		*value++ = '\0';
		head_field(head, name, value + strspn(value, " \t"));
	}
}

/* 1: *ret holds the head. 0: more has to come. */
static int head_read(const struct client *client, struct head *ret)
{
	const char *end = memmem(client->input, client->input_len, "\r\n\r\n", 4);
	char *text;

	*ret = (struct head){0};
	if (end == NULL) {
		ret->status = 431;
		return client->input_len > HEAD_MAX;
	}
	ret->len = (size_t)(end - client->input) + 4;
	text = xstrndup(client->input, ret->len - 4);
	head_parse(ret, text);
	free(text);
	return 1;
}

static struct book *sink_book(struct sink *sink, const char *path)
{
	struct book *book;

	SLIST_FOREACH (book, &sink->books, entry)
		if (strcmp(book->path, path) == 0)
			return book;
	if (sink->book_count >= BOOKS_MAX)
		return NULL;
	book = xcalloc(1, sizeof(*book));
	book->path = xstrdup(path);
	book->ledger = ledger_new();
	SLIST_INSERT_HEAD(&sink->books, book, entry);
	sink->book_count++;
	return book;
}

/* Books one whole request and answers it; false when the connection is gone. */
static bool client_deliver(struct client *client, const struct head *head)
{
	static const char *const verdicts[] = {"", " (again)", " BAD"};
	struct sink *sink = client->sink;
	struct book *book;
	struct ledger_line line;

	if (sink->fault != SINK_OK) {
		sink->refused++;
		if (sink->fault == SINK_TIMEOUT)
			chronicle_say(sink->chronicle, "webhook", "not answered, as asked");
		else
			chronicle_say(sink->chronicle, "webhook", "answered %d, as asked",
				      sink->fault);
		return sink->fault == SINK_TIMEOUT ||
		       client_answer(client, sink->fault, "a fault that was asked for\n",
				     head->close);
	}
	book = sink_book(sink, head->path);
	if (book == NULL)
		return client_answer(client, 400, "too many paths\n", true);
	ledger_book(book->ledger, client->input + head->len, head->body_len, &line);
	chronicle_say(sink->chronicle, "webhook", "%s%s %s: %s%s%s",
		      line.type[0] != '\0' ? line.type : "?", verdicts[line.verdict],
		      line.rule[0] != '\0' ? line.rule : "?", line.message,
		      line.complaint[0] != '\0' ? " | " : "", line.complaint);
	if (line.verdict == VERDICT_BAD)
		return client_answer(client, 400, line.complaint, head->close);
	return client_answer(client, 204, "", head->close);
}

/* Handles the whole requests of the input; false when the connection is gone. */
static bool client_requests(struct client *client)
{
	struct head head;

	while (head_read(client, &head) == 1) {
		size_t len = head.len + head.body_len;

		if (head.status != 0)
			return client_answer(client, head.status, "POST a JSON event here\n",
					     true);
		if (client->input_len < len) {
			if (head.expects && !client->continued)
				(void)!send(client->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25,
					    MSG_NOSIGNAL);
			client->continued = true;
			return true;
		}
		if (!client_deliver(client, &head))
			return false;
		client->continued = false;
		memmove(client->input, client->input + len, client->input_len - len);
		client->input_len -= len;
	}
	return true;
}

static void client_ready(void *arg, unsigned what)
{
	struct client *client = arg;
	ssize_t n = recv(client->fd, client->input + client->input_len,
			 HEAD_MAX + BODY_MAX - client->input_len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_close(client);
		return;
	}
	client->input_len += (size_t)n;
	client_requests(client);
}

static void sink_accept(void *arg, unsigned what)
{
	struct sink *sink = arg;
	struct client *client;
	char peer[32];
	int fd = endpoint_accept(sink->fd, peer, sizeof(peer));

	if (fd < 0)
		return;
	if (sink->client_count >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->sink = sink;
	client->fd = fd;
	client->input = xmalloc(HEAD_MAX + BODY_MAX);
	client->watch = poller_watch(sink->poller, fd, POLLER_READ, client_ready, client);
	LIST_INSERT_HEAD(&sink->clients, client, entry);
	sink->client_count++;
}

struct sink *sink_open(struct poller *poller, uint16_t port, struct chronicle *chronicle,
		       struct error *err)
{
	struct sink *sink = xcalloc(1, sizeof(*sink));

	sink->poller = poller;
	sink->chronicle = chronicle;
	SLIST_INIT(&sink->books);
	LIST_INIT(&sink->clients);
	sink->fd = endpoint_tcp(port, &sink->port, err);
	if (sink->fd < 0) {
		free(sink);
		return NULL;
	}
	sink->watch = poller_watch(poller, sink->fd, POLLER_READ, sink_accept, sink);
	return sink;
}

void sink_close(struct sink *sink)
{
	struct client *client;
	struct book *book;

	if (sink == NULL)
		return;
	while ((client = LIST_FIRST(&sink->clients)) != NULL)
		client_close(client);
	while ((book = SLIST_FIRST(&sink->books)) != NULL) {
		SLIST_REMOVE_HEAD(&sink->books, entry);
		ledger_free(book->ledger);
		free(book->path);
		free(book);
	}
	poller_unwatch(sink->watch);
	close(sink->fd);
	free(sink);
}

uint16_t sink_port(const struct sink *sink)
{
	return sink->port;
}

void sink_fault(struct sink *sink, int status)
{
	sink->fault = status;
}

uint64_t sink_refused(const struct sink *sink)
{
	return sink->refused;
}

struct ledger_counts sink_counts(const struct sink *sink)
{
	struct ledger_counts sum = {0};
	struct book *book;

	SLIST_FOREACH (book, &sink->books, entry) {
		struct ledger_counts counts = ledger_counts(book->ledger);

		sum.good += counts.good;
		sum.duplicates += counts.duplicates;
		sum.bad += counts.bad;
		sum.fires += counts.fires;
		sum.clears += counts.clears;
		sum.instants += counts.instants;
		sum.others += counts.others;
	}
	return sum;
}
