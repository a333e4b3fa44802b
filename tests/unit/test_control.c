/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The control socket: where it is made, who has a place, and the end of it all. */
#include "daemon/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "daemon/client.h"
#include "daemon/control_socket.h"
#include "fake_daemon.h"
#include "fake_state.h"

struct fixture {
	char dir[64], path[96];
	struct loop *loop;
	struct daemon *daemon;
	struct control *control;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/tmp/test-control-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/run/sock", fixture->dir);
	fixture->loop = loop_new(NULL);
	fixture->daemon = fake_daemon_new(fixture->loop);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char run[80];

	control_free(fixture->control);
	fake_daemon_free(fixture->daemon);
	loop_free(fixture->loop);
	snprintf(run, sizeof(run), "%s/run", fixture->dir);
	unlink(fixture->path);
	rmdir(run);
	unlink(run);
	rmdir(fixture->dir);
	free(fixture);
	return 0;
}

static void open_control(struct fixture *fixture)
{
	struct control_config config = {.socket = fixture->path};

	fixture->control = control_new(fixture->daemon, fixture->loop, &config, NULL);
	assert_non_null(fixture->control);
}

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turn(struct fixture *fixture)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(loop_turn(fixture->loop), 0);
}

/* What was answered so far; "" when nothing was. */
static const char *said(int fd, char *room, size_t size)
{
	ssize_t n = recv(fd, room, size - 1, 0);

	room[n > 0 ? n : 0] = '\0';
	return room;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void test_control_makes_the_socket_for_owner_and_group_only(void **state)
{
	struct fixture *fixture = *state;
	mode_t mask = umask(0);
	struct stat st;
	char run[80];

	open_control(fixture);
	umask(mask);
	assert_int_equal(lstat(fixture->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	snprintf(run, sizeof(run), "%s/run", fixture->dir);
	assert_int_equal(stat(run, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	control_free(fixture->control);
	fixture->control = NULL;
	assert_int_equal(lstat(fixture->path, &st), -1);
}

static void test_control_says_who_runs_already(void **state)
{
	struct fixture *fixture = *state;
	struct control_config config = {.socket = fixture->path};
	struct error err;
	char want[200];

	open_control(fixture);
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_int_equal(err.code, EADDRINUSE);
	snprintf(want, sizeof(want), "control socket %s: gauged runs already, with pid %d",
		 fixture->path, (int)getpid());
	assert_string_equal(err.text, want);
	/* The first one is as it was. */
	close(dial(fixture->path));
}

static void test_control_replaces_the_socket_of_a_dead_instance(void **state)
{
	struct fixture *fixture = *state;
	struct control_socket dead;
	struct error err;

	assert_int_equal(control_socket_open(&dead, fixture->path, &err), 0);
	close(dead.fd);
	close(dead.dir);
	open_control(fixture);
	close(dial(fixture->path));
}

static void test_fault_H6_control_takes_nothing_that_is_no_socket(void **state)
{
	struct fixture *fixture = *state;
	struct control_config config = {.socket = fixture->path};
	struct error err;
	struct stat st;
	char run[80];
	int fd;

	snprintf(run, sizeof(run), "%s/run", fixture->dir);
	assert_int_equal(mkdir(run, 0700), 0);
	fd = open(fixture->path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_int_equal(err.code, EEXIST);
	assert_int_equal(stat(fixture->path, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(fixture->path);
	/* Neither the name nor its directory may be a link. */
	assert_int_equal(symlink("/tmp/elsewhere", fixture->path), 0);
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_int_equal(err.code, EEXIST);
	unlink(fixture->path);
	rmdir(run);
	assert_int_equal(symlink("/tmp", run), 0);
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_true(err.code == ENOTDIR || err.code == ELOOP);
}

static void test_control_refuses_paths_that_are_none(void **state)
{
	struct fixture *fixture = *state;
	struct control_config config = {.socket = "relative/sock"};
	struct error err;
	char path[300];

	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_int_equal(err.code, EINVAL);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	config.socket = path;
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_int_equal(err.code, ENAMETOOLONG);
	config.socket = fixture->path;
	config.metrics_listen = "localhost:9464";
	assert_null(control_new(fixture->daemon, fixture->loop, &config, &err));
	assert_string_equal(err.text,
			    "metrics listener localhost:9464: expected an address and "
			    "a port, such as 127.0.0.1:9464");
}

/* The service manager has made the socket: it stays when we go. */
static void test_control_takes_a_socket_that_was_passed(void **state)
{
	struct fixture *fixture = *state;
	struct control_socket made, got;
	struct error err;
	struct stat st;
	char pid[16];
	int saved;

	assert_int_equal(control_socket_open(&made, fixture->path, &err), 0);
	saved = fcntl(3, F_DUPFD_CLOEXEC, 20);
	assert_int_equal(dup2(made.fd, 3), 3);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(control_socket_open(&got, "/nowhere/at/all", &err), 0);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	assert_int_equal(got.fd, 3);
	assert_int_equal(got.dir, -1);
	control_socket_close(&got);
	if (saved >= 0) {
		dup2(saved, 3);
		close(saved);
	}
	assert_int_equal(lstat(fixture->path, &st), 0);
	control_socket_close(&made);
}

static void test_control_answers_while_others_wait_for_a_reload(void **state)
{
	struct fixture *fixture = *state;
	char room[4096];
	int waiting, other;

	open_control(fixture);
	fake_daemon(fixture->daemon)->hold = true;
	waiting = dial(fixture->path);
	send_text(waiting, "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	turn(fixture);
	assert_string_equal(said(waiting, room, sizeof(room)), "");
	assert_int_equal(fake_daemon(fixture->daemon)->reloads_asked, 1);
	other = dial(fixture->path);
	send_text(other, "GET /v1/queue HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	assert_non_null(strstr(said(other, room, sizeof(room)), "HTTP/1.1 200 OK"));
	fake_daemon_release(fixture->daemon);
	turn(fixture);
	assert_non_null(strstr(said(waiting, room, sizeof(room)), "HTTP/1.1 200 OK"));
	close(waiting);
	close(other);
}

/* It ends at once, whatever its clients are doing. */
static void test_control_ends_with_clients_in_every_state(void **state)
{
	static const char *const requests[] = {
		"",
		"GET /v1/st",
		"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"GET /v1/points?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/queue/ops/export HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/history HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /v1/points/boiler.burner HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
	};
	struct fixture *fixture = *state;
	int fds[sizeof(requests) / sizeof(requests[0])];
	char room[8192];

	open_control(fixture);
	fake_daemon(fixture->daemon)->hold = true;
	fake_state(daemon_state(fixture->daemon))->hold = true;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		fds[i] = dial(fixture->path);
		send_text(fds[i], requests[i]);
	}
	turn(fixture);
	fake_daemon_reading(fixture->daemon, 0, value_number(1));
	control_free(fixture->control);
	fixture->control = NULL;
	assert_null(fake_daemon(fixture->daemon)->waiting_reload);
	assert_null(fake_daemon(fixture->daemon)->watchers);
	assert_int_equal(fake_state_release(daemon_state(fixture->daemon)), 0);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		while (recv(fds[i], room, sizeof(room), 0) > 0)
			continue;
		assert_int_equal(recv(fds[i], room, sizeof(room), 0), 0);
		close(fds[i]);
	}
}

static void test_control_notices_a_follower_that_went_away(void **state)
{
	struct fixture *fixture = *state;
	struct control_counters counters;
	int fd;

	open_control(fixture);
	fd = dial(fixture->path);
	send_text(fd, "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	control_count(fixture->control, &counters);
	assert_int_equal(counters.followers_now, 1);
	assert_int_equal(counters.clients_now, 1);
	close(fd);
	turn(fixture);
	control_count(fixture->control, &counters);
	assert_int_equal(counters.followers_now, 0);
	assert_int_equal(counters.clients_now, 0);
	assert_int_equal(counters.followers_dropped, 0);
}

static void test_control_drops_a_follower_that_does_not_read(void **state)
{
	struct fixture *fixture = *state;
	struct control_counters counters;
	int fd;

	open_control(fixture);
	fd = dial(fixture->path);
	send_text(fd, "GET /v1/points?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	for (int i = 0; i < 10000; i++) {
		fake_daemon_reading(fixture->daemon, 0, value_number(i));
		assert_int_equal(loop_turn(fixture->loop), 0);
	}
	control_count(fixture->control, &counters);
	assert_int_equal(counters.followers_dropped, 1);
	assert_int_equal(counters.followers_now, 0);
	assert_int_equal(counters.clients_now, 0);
	close(fd);
}

static void test_control_limits_followers(void **state)
{
	struct fixture *fixture = *state;
	struct control_counters counters;
	char room[2048];
	int fds[17];

	open_control(fixture);
	for (int i = 0; i < 17; i++) {
		fds[i] = dial(fixture->path);
		send_text(fds[i], "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
		turn(fixture);
	}
	control_count(fixture->control, &counters);
	assert_int_equal(counters.followers_now, 16);
	assert_non_null(strstr(said(fds[15], room, sizeof(room)), "200 OK"));
	assert_non_null(strstr(said(fds[16], room, sizeof(room)), "503 Service"));
	for (int i = 0; i < 17; i++)
		close(fds[i]);
}

static void test_control_sends_an_export_as_the_store_gives_it(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	struct control_counters counters;
	char room[8192];
	int fd;

	open_control(fixture);
	fake_state(store)->hold = true;
	fd = dial(fixture->path);
	send_text(fd, "GET /v1/queue/ops/export HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	control_count(fixture->control, &counters);
	assert_int_equal(counters.exports_now, 1);
	assert_null(strstr(said(fd, room, sizeof(room)), "body"));
	assert_int_equal(fake_state_release(store), 1);
	turn(fixture);
	said(fd, room, sizeof(room));
	assert_non_null(strstr(room, "\"body\":\"{\\\"n\\\": 1}\""));
	assert_non_null(strstr(room, "\"body\":\"{\\\"n\\\": 4}\""));
	assert_string_equal(room + strlen(room) - 5, "0\r\n\r\n");
	control_count(fixture->control, &counters);
	assert_int_equal(counters.exports_now, 0);
	/* The connection goes on. */
	send_text(fd, "GET /v1/queue/pager HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	assert_non_null(strstr(said(fd, room, sizeof(room)), "200 OK"));
	send_text(fd, "HEAD /v1/queue/ops/export HTTP/1.1\r\nHost: x\r\n\r\n");
	turn(fixture);
	assert_non_null(strstr(said(fd, room, sizeof(room)), "200 OK"));
	close(fd);
}

static void test_control_limits_exports(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	struct control_counters counters;
	char room[2048];
	int fds[5];

	open_control(fixture);
	fake_state(store)->hold = true;
	for (int i = 0; i < 5; i++) {
		fds[i] = dial(fixture->path);
		send_text(fds[i], "GET /v1/queue/ops/export HTTP/1.1\r\nHost: x\r\n\r\n");
		turn(fixture);
	}
	control_count(fixture->control, &counters);
	assert_int_equal(counters.exports_now, 4);
	assert_int_equal(counters.exports_refused, 1);
	assert_non_null(strstr(said(fds[4], room, sizeof(room)), "503 Service"));
	for (int i = 0; i < 5; i++)
		close(fds[i]);
	turn(fixture);
	control_count(fixture->control, &counters);
	assert_int_equal(counters.exports_now, 0);
	assert_int_equal(counters.clients_now, 0);
	assert_int_equal(fake_state_release(store), 0);
}

/* Out of descriptors: the listener rests, does not spin, and comes back. */
static void test_fault_I1_control_survives_without_descriptors(void **state)
{
	struct fixture *fixture = *state;
	struct control_counters counters;
	struct rlimit saved, none;
	char room[16];
	int one, two;

	open_control(fixture);
	one = dial(fixture->path);
	two = dial(fixture->path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	none = saved;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	turn(fixture);
	turn(fixture);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	control_count(fixture->control, &counters);
	assert_int_equal(counters.accepts_failed, 1);
	assert_int_equal(counters.clients, 0);
	/* After the rest both are taken. */
	while (counters.clients < 2) {
		struct pollfd nothing = {.fd = -1};

		poll(&nothing, 1, 20);
		turn(fixture);
		control_count(fixture->control, &counters);
	}
	assert_int_equal(recv(one, room, sizeof(room), 0), -1);
	close(one);
	close(two);
}

static struct peer someone(uid_t uid)
{
	return (struct peer){.role = PEER_READ, .root = uid == 0, .pid = 1, .uid = uid};
}

static struct client *enter(struct clients *clients, uid_t uid)
{
	struct peer peer = someone(uid);

	if (!clients_place(clients, &peer))
		return NULL;
	return client_new(clients, dup(STDIN_FILENO), &peer);
}

static void leave(struct client *client)
{
	close(client->fd);
	client_free(client);
}

static void test_fault_H2_two_places_are_kept_for_root(void **state)
{
	struct fixture *fixture = *state;
	struct clients clients;
	struct client *all[CLIENTS_MAX];
	struct peer other = someone(1000), root = someone(0);

	clients_init(&clients, fixture->loop);
	for (int i = 0; i < CLIENTS_OTHERS; i++)
		assert_non_null(all[i] = enter(&clients, 1000));
	assert_false(clients_place(&clients, &other));
	for (int i = CLIENTS_OTHERS; i < CLIENTS_MAX; i++)
		assert_non_null(all[i] = enter(&clients, 0));
	/* They have all only just come: nobody loses a place for the 33rd. */
	assert_false(clients_place(&clients, &root));
	assert_int_equal(clients.evicted, 0);
	for (int i = 0; i < CLIENTS_MAX; i++)
		leave(all[i]);
	clients_done(&clients);
}

static void test_fault_H2_the_oldest_idle_client_makes_place(void **state)
{
	struct fixture *fixture = *state;
	struct clients clients;
	struct client *all[CLIENTS_OTHERS];
	struct peer other = someone(1000), root = someone(0);

	clients_init(&clients, fixture->loop);
	for (int i = 0; i < CLIENTS_OTHERS; i++) {
		assert_non_null(all[i] = enter(&clients, 1000));
		all[i]->since.ns -= NSEC_PER_SEC - i;
	}
	all[0]->state = CLIENT_SERVED;
	all[1]->peer.root = true;
	all[29]->peer.root = true; /* two of the thirty are root's: there is a place */
	assert_true(clients_place(&clients, &other));
	assert_int_equal(clients.evicted, 0);
	all[1]->peer.root = all[29]->peer.root = false;
	all[1]->peer.uid = 1;
	assert_true(clients_place(&clients, &other));
	assert_int_equal(all[0]->state, CLIENT_SERVED);
	assert_int_equal(all[1]->state, CLIENT_DOOMED);
	assert_int_equal(all[2]->state, CLIENT_IDLE);
	assert_int_equal(clients.evicted, 1);
	/* Root needs to evict nobody: the two places are there. */
	assert_true(clients_place(&clients, &root));
	assert_int_equal(clients.evicted, 1);
	for (int i = 0; i < CLIENTS_OTHERS; i++)
		leave(all[i]);
	clients_done(&clients);
}

#define CONTROL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTROL_TEST(test_control_makes_the_socket_for_owner_and_group_only),
		CONTROL_TEST(test_control_says_who_runs_already),
		CONTROL_TEST(test_control_replaces_the_socket_of_a_dead_instance),
		CONTROL_TEST(test_fault_H6_control_takes_nothing_that_is_no_socket),
		CONTROL_TEST(test_control_refuses_paths_that_are_none),
		CONTROL_TEST(test_control_takes_a_socket_that_was_passed),
		CONTROL_TEST(test_control_answers_while_others_wait_for_a_reload),
		CONTROL_TEST(test_control_ends_with_clients_in_every_state),
		CONTROL_TEST(test_control_notices_a_follower_that_went_away),
		CONTROL_TEST(test_control_drops_a_follower_that_does_not_read),
		CONTROL_TEST(test_control_limits_followers),
		CONTROL_TEST(test_control_sends_an_export_as_the_store_gives_it),
		CONTROL_TEST(test_control_limits_exports),
		CONTROL_TEST(test_fault_I1_control_survives_without_descriptors),
		CONTROL_TEST(test_fault_H2_two_places_are_kept_for_root),
		CONTROL_TEST(test_fault_H2_the_oldest_idle_client_makes_place),
	};

	signal(SIGPIPE, SIG_IGN);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
