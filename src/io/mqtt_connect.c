/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the thread that connects to a broker, and what is set on libmosquitto before. */
#include "io/mqtt_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "io/http_address.h"
#include "io/loop.h"
#include "io/mqtt_settings.h"

enum {
	CONNECT_STACK = 512 * 1024,
	SAID_SIZE = 200,
	VERIFY_PEER = 1, /* SSL_VERIFY_PEER of OpenSSL, which mosquitto.h takes */
};

/* libmosquitto sets OpenSSL up at the first connect of all, and expects no company at it. */
struct connect_gate {
	pthread_mutex_t lock;
	unsigned users; /* the loop, and every thread */
};

static const char connect_gate_key;
static const char os_authorities[] = "/etc/ssl/certs";

/* One attempt, shared by its thread and the loop until one of them is through. */
struct connect_job {
	pthread_mutex_t lock;
	bool abandoned; /* by the loop: the thread cleans up */
	bool done;	/* by the thread: the loop cleans up */
	struct loop_wake *wake;
	struct connect_gate *gate;
	struct mqtt_settings *settings;
	unsigned turn;
	struct mosquitto *mosq; /* NULL: it failed, err says why */
	char said[SAID_SIZE];	/* by libmosquitto, about what went wrong */
	struct error err;
};

struct mqtt_connect {
	struct connect_job *job;
	struct loop_wake *wake;
	void (*done)(void *arg);
	void *arg;
};

static void gate_leave(struct connect_gate *gate)
{
	bool last;

	pthread_mutex_lock(&gate->lock);
	last = --gate->users == 0;
	pthread_mutex_unlock(&gate->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&gate->lock);
	free(gate);
}

static void gate_release(void *thing)
{
	gate_leave(thing);
}

static struct connect_gate *gate_enter(struct loop *loop)
{
	struct connect_gate *gate = loop_local(loop, &connect_gate_key);

	if (gate == NULL) {
		gate = xcalloc(1, sizeof(*gate));
		pthread_mutex_init(&gate->lock, NULL);
		gate->users = 1;
		mosquitto_lib_init();
		loop_keep(loop, &connect_gate_key, gate, gate_release);
	}
	pthread_mutex_lock(&gate->lock);
	gate->users++;
	pthread_mutex_unlock(&gate->lock);
	return gate;
}

/* What runs in the thread. */

const char *mqtt_connect_cause(const char *line)
{
	const char *at = strstr(line, "::");

	if (strstr(line, "host name verification failed") != NULL)
		return "the certificate is for another host";
	/* "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed" */
	if (at != NULL)
		return at + 2;
	return strncmp(line, "Error: ", 7) == 0 ? line + 7 : line;
}

const char *mqtt_connect_words(int rc, int code)
{
	if (rc == MOSQ_ERR_KEEPALIVE)
		return "no answer to a ping within the keepalive";
	if (rc != MOSQ_ERR_ERRNO)
		return mosquitto_strerror(rc);
	/* What libmosquitto makes of whatever TLS fails with. */
	if (code == EPROTO)
		return "TLS: the broker breaks off (hint: it may want a certificate)";
	return code > 0 ? strerrordesc_np(code) : "input/output error";
}

static void connect_said(struct mosquitto *mosq, void *arg, int level, const char *line)
{
	struct connect_job *job = arg;

	(void)mosq;
	if (level == MOSQ_LOG_ERR)
		snprintf(job->said, sizeof(job->said), "%s", mqtt_connect_cause(line));
}

static int connect_error(const struct connect_job *job, int rc, struct error *err)
{
	int code = errno;

	if (job->said[0] != '\0')
		return error_set(err, EPROTO, "TLS: %s", job->said);
	return error_set(err, EPROTO, "cannot connect: %s", mqtt_connect_words(rc, code));
}

static int connect_set(struct connect_job *job, struct mosquitto *mosq)
{
	const struct mqtt_settings *set = job->settings;
	int rc = mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION,
				      set->v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);

	if (rc == 0)
		rc = mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
	if (rc == 0 && set->user != NULL)
		rc = mosquitto_username_pw_set(mosq, set->user, set->password);
	if (rc == 0 && set->will_topic != NULL)
		rc = mosquitto_will_set(mosq, set->will_topic, (int)strlen(set->will),
					set->will, 1, true);
	if (rc != 0 || !set->tls)
		return rc;
	if (set->ca == NULL)
		rc = mosquitto_int_option(mosq, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
	/* It takes no certificate of ours without a place of authorities. */
	if (rc == 0 && (set->ca != NULL || set->cert != NULL))
		rc = mosquitto_tls_set(mosq, set->ca, set->ca == NULL ? os_authorities : NULL,
				       set->cert, set->key, NULL);
	if (rc == 0)
		rc = mosquitto_tls_opts_set(mosq, VERIFY_PEER, "tlsv1.2", NULL);
	return rc;
}

static void address_write(const struct sockaddr *sa, char ret[INET6_ADDRSTRLEN])
{
	const void *in =
		sa->sa_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)(const void *)sa)
				  ->sin_addr
			: (const void *)&((const struct sockaddr_in6 *)(const void *)sa)
				  ->sin6_addr;

	if (inet_ntop(sa->sa_family, in, ret, INET6_ADDRSTRLEN) == NULL)
		ret[0] = '\0';
}

static int address_check(const struct mqtt_settings *set, const struct sockaddr *sa,
			 struct error *err)
{
	const char *refused =
		http_address_refused(sa, set->host, set->networks, set->network_count);
	char text[INET6_ADDRSTRLEN];

	if (refused == NULL)
		return 0;
	address_write(sa, text);
	return error_set(err, EPERM, "%s is a %s address and is not connected to%s", text,
			 refused,
			 http_address_can_be_meant(refused) ? " (hint: allow_networks)" : "");
}

/* What libmosquitto is told to connect to. */
struct connect_aim {
	char address[INET6_ADDRSTRLEN]; /* in place of the name; "": the name itself */
	const char *bind;		/* an address of the family that is meant, or NULL */
};

/* The one whose turn it is. */
static void connect_choose(const struct connect_job *job, const struct addrinfo *found,
			   struct connect_aim *ret)
{
	const struct addrinfo *at = found;
	unsigned count = 0, turn;

	for (; at != NULL; at = at->ai_next)
		count++;
	turn = count > 0 ? job->turn % count : 0;
	*ret = (struct connect_aim){0};
	for (at = found; turn > 0; turn--)
		at = at->ai_next;
	if (!job->settings->tls)
		address_write(at->ai_addr, ret->address);
	else if (at->ai_family != found->ai_family)
		ret->bind = at->ai_family == AF_INET6 ? "::" : "0.0.0.0";
}

static int connect_resolve(const struct connect_job *job, struct connect_aim *ret,
			   struct error *err)
{
	const struct mqtt_settings *set = job->settings;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	char port[8];
	int rc;

	snprintf(port, sizeof(port), "%u", set->port);
	rc = getaddrinfo(set->host, port, &hints, &found);
	if (rc != 0)
		return error_set(err, EHOSTUNREACH, "cannot resolve %s: %s", set->host,
				 gai_strerror(rc));
	for (const struct addrinfo *at = found; at != NULL && rc == 0; at = at->ai_next)
		rc = address_check(set, at->ai_addr, err);
	if (rc == 0)
		connect_choose(job, found, ret);
	freeaddrinfo(found);
	return rc;
}

/* Until the connection stands; then who it is that we are connected to. */
static int connect_wait(const struct mqtt_settings *set, int fd, struct error *err)
{
	struct mono end = mono_add(clock_mono(), set->connect_ns);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int);
	int code = 0, ready;

	do {
		int64_t left = mono_diff(end, clock_mono()) / NSEC_PER_MSEC;

		ready = poll(&poll_fd, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return error_errno(err, ETIMEDOUT, "cannot connect");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
		code = errno;
	len = sizeof(peer);
	if (code == 0 && getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		code = errno;
	if (code != 0)
		return error_errno(err, code, "cannot connect");
	return address_check(set, (const struct sockaddr *)&peer, err);
}

/* libmosquitto calls a file that it can't read an invalid argument. */
static int files_check(const struct mqtt_settings *set, struct error *err)
{
	const char *const files[] = {set->ca, set->cert, set->key};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i] != NULL && access(files[i], R_OK) != 0)
			return error_errno(err, errno, "TLS: cannot read %s", files[i]);
	}
	return 0;
}

static int connect_attempt(struct connect_job *job, struct mosquitto *mosq)
{
	const struct mqtt_settings *set = job->settings;
	struct connect_aim aim;
	int rc;

	mosquitto_log_callback_set(mosq, connect_said);
	rc = files_check(set, &job->err);
	if (rc != 0)
		return rc;
	rc = connect_set(job, mosq);
	if (rc != 0)
		return connect_error(job, rc, &job->err);
	rc = connect_resolve(job, &aim, &job->err);
	if (rc != 0)
		return rc;
	pthread_mutex_lock(&job->gate->lock);
	rc = mosquitto_connect_bind_async(mosq,
					  aim.address[0] != '\0' ? aim.address : set->host,
					  set->port, set->keepalive_s, aim.bind);
	if (rc != 0)
		rc = connect_error(job, rc, &job->err);
	pthread_mutex_unlock(&job->gate->lock);
	return rc != 0 ? rc : connect_wait(set, mosquitto_socket(mosq), &job->err);
}

static void connect_run(struct connect_job *job)
{
	struct mosquitto *mosq = mosquitto_new(job->settings->client_id, false, job);

	if (mosq == NULL) {
		error_errno(&job->err, errno, "cannot make a client of libmosquitto");
	} else if (connect_attempt(job, mosq) != 0) {
		mosquitto_destroy(mosq);
	} else {
		mosquitto_log_callback_set(mosq, NULL);
		job->mosq = mosq;
	}
}

static void job_free(struct connect_job *job)
{
	gate_leave(job->gate);
	if (job->mosq != NULL)
		mosquitto_destroy(job->mosq);
	mqtt_settings_free(job->settings);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

static void *connect_thread(void *arg)
{
	struct connect_job *job = arg;
	bool abandoned;

	connect_run(job);
	pthread_mutex_lock(&job->lock);
	abandoned = job->abandoned;
	job->done = true;
	if (!abandoned)
		loop_wake_ring(job->wake);
	pthread_mutex_unlock(&job->lock);
	if (abandoned)
		job_free(job);
	return NULL;
}

/* What runs on the loop. */

static int thread_start(struct connect_job *job)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, CONNECT_STACK);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, connect_thread, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

static bool job_done(struct connect_job *job)
{
	bool done;

	pthread_mutex_lock(&job->lock);
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	return done;
}

static void connect_ended(void *arg)
{
	struct mqtt_connect *connect = arg;

	if (job_done(connect->job))
		connect->done(connect->arg);
}

struct mqtt_connect *mqtt_connect_start(struct loop *loop, const struct mqtt_settings *settings,
					unsigned turn, void (*done)(void *arg), void *arg,
					struct error *err)
{
	struct mqtt_connect *connect = xcalloc(1, sizeof(*connect));
	struct connect_job *job = xcalloc(1, sizeof(*job));
	int rc;

	connect->wake = loop_wake_new(loop, connect_ended, connect);
	connect->job = job;
	connect->done = done;
	connect->arg = arg;
	pthread_mutex_init(&job->lock, NULL);
	job->wake = connect->wake;
	job->gate = gate_enter(loop);
	job->settings = mqtt_settings_copy(settings);
	job->turn = turn;
	rc = connect->wake != NULL ? thread_start(job) : -EMFILE;
	if (rc == 0)
		return connect;
	error_errno(err, -rc, "cannot start the thread that connects");
	job_free(job);
	loop_wake_free(connect->wake);
	free(connect);
	return NULL;
}

struct mosquitto *mqtt_connect_take(struct mqtt_connect *connect, struct error *err)
{
	struct connect_job *job = connect->job;
	struct mosquitto *mosq = job->mosq;

	job->mosq = NULL;
	if (mosq == NULL)
		*err = job->err;
	job_free(job);
	loop_wake_free(connect->wake);
	free(connect);
	return mosq;
}

void mqtt_connect_abandon(struct mqtt_connect *connect)
{
	struct connect_job *job;
	bool done;

	if (connect == NULL)
		return;
	job = connect->job;
	pthread_mutex_lock(&job->lock);
	job->abandoned = true;
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	if (done)
		job_free(job);
	loop_wake_free(connect->wake);
	free(connect);
}
