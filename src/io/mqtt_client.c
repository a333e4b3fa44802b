/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns a connection to a broker: its states, and libmosquitto on our loop. */
#include "io/mqtt_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/backoff.h"
#include "io/loop.h"
#include "io/mqtt_connect.h"
#include "io/mqtt_settings.h"

enum client_state {
	CLIENT_STOPPED,
	CLIENT_CONNECTING, /* a thread does */
	CLIENT_GREETING,   /* TLS, and the broker's answer to CONNECT */
	CLIENT_UP,
	CLIENT_PAUSE,
};

enum {
	REFUSED_FROM = 128, /* reason codes of MQTT 5 that are errors (section 2.4) */
	RECEIVE_BYTES = 32 << 10,
};

struct client_message {
	int number; /* 0: the place is free */
	struct mono since;
};

struct client_ack {
	int number, reason;
};

struct mqtt_client {
	struct loop *loop;
	struct mqtt_settings *settings;
	struct mqtt_client_host host;
	enum client_state state;
	struct mqtt_connect *connect; /* CLIENT_CONNECTING */
	struct mosquitto *mosq;	      /* from CLIENT_GREETING to its end */
	int fd; /* of its socket, our own: it closes its own at any time */
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct loop_defer *look;
	struct mono deadline; /* of the state */
	struct backoff backoff;
	unsigned turn; /* which address of the broker's name is tried */
	struct client_message in_flight[MQTT_IN_FLIGHT];
	size_t in_flight_count;
	/* What callbacks of libmosquitto left to be looked at once it has returned. */
	struct client_ack acks[2 * MQTT_IN_FLIGHT];
	size_t ack_count;
	unsigned held; /* messages of the broker's that libmosquitto keeps */
	bool greeted, gone;
	bool heard;	   /* a packet came to its end since received was noted */
	uint64_t received; /* bytes of the connection, as of about the last packet's end */
	char why[200];	   /* it is gone; or what libmosquitto said last */
	struct mqtt_client_report counted;
};

static int64_t client_tick_ns(const struct mqtt_client *client)
{
	int64_t tick = client->settings->keepalive_s / 4 * NSEC_PER_SEC;

	return tick > NSEC_PER_SEC ? tick : NSEC_PER_SEC;
}

static void client_say(struct mqtt_client *client, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void client_say(struct mqtt_client *client, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(client->why, sizeof(client->why), fmt, args);
	va_end(args);
}

/* ---- what libmosquitto calls, from inside of its own functions: notes only ---- */

static void on_connect(struct mosquitto *mosq, void *arg, int reason, int flags,
		       const mosquitto_property *properties)
{
	struct mqtt_client *client = arg;

	(void)mosq;
	(void)flags;
	(void)properties;
	client->greeted = reason == 0;
	if (reason == 0)
		return;
	client->gone = true;
	client_say(client, "the broker refuses the connection: %s",
		   client->settings->v5 ? mosquitto_reason_string(reason)
					: mosquitto_connack_string(reason));
}

static void on_disconnect(struct mosquitto *mosq, void *arg, int reason,
			  const mosquitto_property *properties)
{
	struct mqtt_client *client = arg;

	(void)mosq;
	(void)properties;
	if (client->gone)
		return;
	client->gone = true;
	if (client->settings->v5 && reason >= REFUSED_FROM)
		client_say(client, "the broker ends the connection: %s",
			   mosquitto_reason_string(reason));
}

static void on_publish(struct mosquitto *mosq, void *arg, int number, int reason,
		       const mosquitto_property *properties)
{
	struct mqtt_client *client = arg;

	(void)mosq;
	(void)properties;
	if (client->ack_count < ARRAY_SIZE(client->acks))
		client->acks[client->ack_count++] = (struct client_ack){number, reason};
}

/*
 * "Client ID received PUBLISH (d0, q2, ...": the only place where libmosquitto tells of
 * packets. Messages that some brokers send to everybody come and go; those of QoS 2 stay until
 * PUBREL.
 */
static void client_hear(struct mqtt_client *client, const char *line)
{
	static const char who[] = "Client ";
	size_t id = strlen(client->settings->client_id);
	unsigned dup, qos;

	if (strstr(line, "eceived ") == NULL)
		return;
	client->heard = true;
	if (strncmp(line, who, strlen(who)) != 0 ||
	    strncmp(line + strlen(who), client->settings->client_id, id) != 0)
		return;
	line += strlen(who) + id;
	if (strncmp(line, " received PUBREL", strlen(" received PUBREL")) == 0)
		client->held -= client->held > 0;
	else if (sscanf(line, " received PUBLISH (d%u, q%u", &dup, &qos) == 2 && qos == 2)
		client->held++;
	if (client->held <= MQTT_HELD_MAX)
		return;
	client->gone = true;
	client_say(client, "the broker sends messages that nobody has asked for");
}

static void on_log(struct mosquitto *mosq, void *arg, int level, const char *line)
{
	struct mqtt_client *client = arg;

	(void)mosq;
	if (client->gone)
		return;
	if (level == MOSQ_LOG_ERR)
		client_say(client, "TLS: %s", mqtt_connect_cause(line));
	else if (level == MOSQ_LOG_DEBUG)
		client_hear(client, line);
}

/* ---- the end of a connection ---- */

static void client_release(struct mqtt_client *client)
{
	loop_watch_free(client->watch);
	client->watch = NULL;
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	if (client->mosq != NULL)
		mosquitto_destroy(client->mosq);
	client->mosq = NULL;
	mqtt_connect_abandon(client->connect);
	client->connect = NULL;
	memset(client->in_flight, 0, sizeof(client->in_flight));
	client->in_flight_count = 0;
	client->ack_count = 0;
	client->greeted = client->gone = client->heard = false;
	client->received = 0;
	client->held = 0;
}

static void client_plan(struct mqtt_client *client, int64_t after_ns)
{
	client->deadline = mono_add(clock_mono(), after_ns);
	loop_timer_start(client->timer, client->deadline);
}

/* Not from inside a call of the host's. */
static void client_drop(struct mqtt_client *client)
{
	char why[sizeof(client->why)];

	memcpy(why, client->why, sizeof(why));
	client->why[0] = '\0';
	if (client->state == CLIENT_UP) {
		client->counted.losses++;
	} else {
		client->counted.failures++;
		client->turn++; /* one that was up once stays the first to be asked */
	}
	client_release(client);
	client->state = CLIENT_PAUSE;
	client_plan(client, backoff_next(&client->backoff));
	client->host.down(client->host.arg, why[0] != '\0' ? why : "the connection is lost");
}

/* ---- a connection at work ---- */

static void client_want(struct mqtt_client *client)
{
	unsigned what = LOOP_READ;

	/*
	 * While TLS shakes hands there is always something left to write, but it is an answer
	 * that is waited for.
	 */
	if (mosquitto_want_write(client->mosq) &&
	    (client->state == CLIENT_UP || !client->settings->tls))
		what |= LOOP_WRITE;
	loop_watch_set(client->watch, what);
}

static void client_ack(struct mqtt_client *client, const struct client_ack *ack)
{
	bool refused = ack->reason >= REFUSED_FROM;

	for (size_t i = 0; i < MQTT_IN_FLIGHT; i++) {
		if (client->in_flight[i].number != ack->number)
			continue;
		client->in_flight[i].number = 0;
		client->in_flight_count--;
		client->counted.acked++;
		client->counted.refused += refused;
		client->host.acked(client->host.arg, ack->number, refused ? ack->reason : 0,
				   refused ? mosquitto_reason_string(ack->reason) : "");
		return;
	}
}

static void client_greeted(struct mqtt_client *client)
{
	client->state = CLIENT_UP;
	client->counted.connects++;
	client->why[0] = '\0';
	client_plan(client, client_tick_ns(client));
	client->host.up(client->host.arg);
}

/* After libmosquitto was called: what came of it. */
static void client_look(void *arg)
{
	struct mqtt_client *client = arg;
	struct client_ack acks[ARRAY_SIZE(client->acks)];
	size_t count;

	if (client->mosq == NULL)
		return;
	if (client->greeted && client->state == CLIENT_GREETING)
		client_greeted(client);
	/* Whoever is told publishes more, and that may be written at once. */
	count = client->ack_count;
	memcpy(acks, client->acks, count * sizeof(acks[0]));
	client->ack_count = 0;
	for (size_t i = 0; i < count; i++)
		client_ack(client, &acks[i]);
	if (client->gone)
		client_drop(client);
	else
		client_want(client);
}

static void client_result(struct mqtt_client *client, int rc)
{
	int code = errno;

	if (rc == MOSQ_ERR_SUCCESS)
		return;
	client->gone = true;
	if (client->why[0] != '\0')
		return;
	if (rc != MOSQ_ERR_CONN_LOST)
		client_say(client, "%s", mqtt_connect_words(rc, code));
	else if (client->state == CLIENT_GREETING)
		client_say(client, "the broker closes the connection instead of greeting");
	else
		client_say(client, "the broker has closed the connection");
}

/*
 * libmosquitto has no limit for what it reads, but the kernel counts. It reads for as long as
 * there is something, so this sees what a network brings, and not what comes faster than that.
 */
static void client_measure(struct mqtt_client *client)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (client->gone || getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return;
	if (client->heard)
		client->received = info.tcpi_bytes_received;
	client->heard = false;
	if (info.tcpi_bytes_received - client->received <= MQTT_PACKET_MAX)
		return;
	client->gone = true;
	client_say(client, "the broker sends a packet of more than %d bytes", MQTT_PACKET_MAX);
}

static void client_read(struct mqtt_client *client)
{
	bool heard = client->heard;

	client->heard = false;
	client_result(client, mosquitto_loop_read(client->mosq, 1));
	/* Whoever sends whole packets, as brokers do, costs no call more. */
	if (client->heard)
		return;
	client->heard = heard;
	client_measure(client);
}

static void client_turn(struct mqtt_client *client, bool reading)
{
	if (reading)
		client_read(client);
	if (!client->gone &&
	    (client->state == CLIENT_GREETING || mosquitto_want_write(client->mosq)))
		client_result(client, mosquitto_loop_write(client->mosq, 1));
	client_look(client);
}

static void client_ready(void *arg, unsigned what)
{
	client_turn(arg, (what & LOOP_READ) != 0);
}

static void client_fail(struct mqtt_client *client, const struct error *err)
{
	client->counted.refused_addresses += err->code == EPERM;
	client_say(client, "%s", err->text);
	client_drop(client);
}

static void client_connected(void *arg)
{
	struct mqtt_client *client = arg;
	struct error err;

	client->mosq = mqtt_connect_take(client->connect, &err);
	client->connect = NULL;
	if (client->mosq == NULL) {
		client_fail(client, &err);
		return;
	}
	client->fd = fcntl(mosquitto_socket(client->mosq), F_DUPFD_CLOEXEC, 0);
	if (client->fd < 0) {
		error_errno(&err, errno, "cannot watch the connection");
		client_fail(client, &err);
		return;
	}
	mosquitto_user_data_set(client->mosq, client);
	mosquitto_connect_v5_callback_set(client->mosq, on_connect);
	mosquitto_disconnect_v5_callback_set(client->mosq, on_disconnect);
	mosquitto_publish_v5_callback_set(client->mosq, on_publish);
	mosquitto_log_callback_set(client->mosq, on_log);
	/* Whatever it sends, it sends in pieces that do not hold the loop up. */
	setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &(int){RECEIVE_BYTES}, sizeof(int));
	client->watch =
		loop_watch_new(client->loop, client->fd, LOOP_READ, client_ready, client);
	client->state = CLIENT_GREETING;
	client_plan(client, client->settings->connect_ns);
	client_turn(client, false);
}

static void client_connect(struct mqtt_client *client)
{
	struct error err;

	client->counted.attempts++;
	client->why[0] = '\0';
	client->connect = mqtt_connect_start(client->loop, client->settings, client->turn,
					     client_connected, client, &err);
	if (client->connect != NULL)
		client->state = CLIENT_CONNECTING;
	else
		client_fail(client, &err);
}

/* Whether some message has waited for its acknowledgement for too long. */
static bool client_overdue(const struct mqtt_client *client, struct mono now)
{
	for (size_t i = 0; i < MQTT_IN_FLIGHT; i++) {
		if (client->in_flight[i].number != 0 &&
		    mono_diff(now, client->in_flight[i].since) > client->settings->ack_ns)
			return true;
	}
	return false;
}

static void client_tick(struct mqtt_client *client)
{
	struct mono now = clock_mono();

	/* A connection that stays is a good one. */
	backoff_reset(&client->backoff);
	if (client_overdue(client, now)) {
		client->counted.ack_timeouts++;
		client->gone = true;
		client_say(client, "a message is not acknowledged in time");
	} else {
		client_result(client, mosquitto_loop_misc(client->mosq));
	}
	client_plan(client, client_tick_ns(client));
	client_look(client);
}

static void client_time(void *arg)
{
	struct mqtt_client *client = arg;

	switch (client->state) {
	case CLIENT_STOPPED:
	case CLIENT_CONNECTING:
		return;
	case CLIENT_PAUSE:
		client_connect(client);
		return;
	case CLIENT_GREETING:
		client_say(client, "no greeting from the broker in time");
		client_drop(client);
		return;
	case CLIENT_UP:
		client_tick(client);
		return;
	}
}

/* ---- a client ---- */

struct mqtt_client *mqtt_client_new(struct loop *loop, const struct mqtt_settings *settings,
				    const struct mqtt_client_host *host, uint64_t seed)
{
	struct mqtt_client *client = xcalloc(1, sizeof(*client));

	client->loop = loop;
	client->settings = mqtt_settings_copy(settings);
	client->host = *host;
	client->fd = -1;
	client->timer = loop_timer_new(loop, client_time, client);
	client->look = loop_defer_new(loop, client_look, client);
	backoff_init(&client->backoff, settings->pause_min_ns, settings->pause_max_ns, seed);
	return client;
}

void mqtt_client_free(struct mqtt_client *client)
{
	if (client == NULL)
		return;
	if (client->state == CLIENT_UP && !client->gone) {
		const struct mqtt_settings *set = client->settings;

		if (set->will_topic != NULL)
			mosquitto_publish(client->mosq, NULL, set->will_topic,
					  (int)strlen(set->will), set->will, 1, true);
		mosquitto_disconnect(client->mosq);
	}
	client_release(client);
	loop_timer_free(client->timer);
	loop_defer_free(client->look);
	mqtt_settings_free(client->settings);
	free(client);
}

void mqtt_client_set_host(struct mqtt_client *client, const struct mqtt_client_host *host)
{
	client->host = *host;
}

bool mqtt_client_same(const struct mqtt_client *a, const struct mqtt_client *b)
{
	return mqtt_settings_equal(a->settings, b->settings);
}

void mqtt_client_start(struct mqtt_client *client)
{
	if (client->state != CLIENT_STOPPED)
		return;
	client->state = CLIENT_PAUSE;
	client_plan(client, 0);
}

void mqtt_client_wake(struct mqtt_client *client)
{
	backoff_reset(&client->backoff);
	if (client->state == CLIENT_PAUSE)
		client_plan(client, 0);
}

bool mqtt_client_up(const struct mqtt_client *client)
{
	return client->state == CLIENT_UP && !client->gone;
}

size_t mqtt_client_room(const struct mqtt_client *client)
{
	return mqtt_client_up(client) ? MQTT_IN_FLIGHT - client->in_flight_count : 0;
}

static void client_note(struct mqtt_client *client, int number)
{
	for (size_t i = 0; i < MQTT_IN_FLIGHT; i++) {
		if (client->in_flight[i].number != 0)
			continue;
		client->in_flight[i] = (struct client_message){number, clock_mono()};
		client->in_flight_count++;
		return;
	}
}

int mqtt_client_publish(struct mqtt_client *client, const char *topic, const void *body,
			size_t len, int qos, bool retain, int *ret_message)
{
	int rc, number;

	if (mqtt_client_room(client) == 0)
		return -EAGAIN;
	rc = mosquitto_publish(client->mosq, &number, topic, (int)len, body, qos, retain);
	switch (rc) {
	case MOSQ_ERR_SUCCESS:
		break;
	case MOSQ_ERR_OVERSIZE_PACKET:
	case MOSQ_ERR_PAYLOAD_SIZE:
		return -EMSGSIZE;
	case MOSQ_ERR_RETAIN_NOT_SUPPORTED:
	case MOSQ_ERR_QOS_NOT_SUPPORTED:
		return -ENOTSUP;
	case MOSQ_ERR_INVAL:
	case MOSQ_ERR_MALFORMED_UTF8:
		return -EINVAL;
	default:
		client_result(client, rc);
		loop_defer_ask(client->look);
		return -EAGAIN;
	}
	client->counted.published++;
	client_note(client, number);
	*ret_message = number;
	/* What was written at once may be acknowledged by now. */
	loop_defer_ask(client->look);
	return 0;
}

void mqtt_client_report(const struct mqtt_client *client, struct mqtt_client_report *ret)
{
	static const char *const states[] = {
		[CLIENT_STOPPED] = "stopped",	  [CLIENT_CONNECTING] = "connecting",
		[CLIENT_GREETING] = "connecting", [CLIENT_UP] = "up",
		[CLIENT_PAUSE] = "backoff",
	};

	*ret = client->counted;
	ret->state = states[client->state];
	if (client->state == CLIENT_PAUSE)
		ret->next = client->deadline;
}
