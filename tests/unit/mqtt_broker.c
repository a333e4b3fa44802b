/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the process of a broker, and that of a subscriber. */
#include "mqtt_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "http_peer.h"

static const char broker_program[] = "/usr/sbin/mosquitto";
static const char subscriber_program[] = "/usr/bin/mosquitto_sub";

bool mqtt_broker_there(void)
{
	if (access(broker_program, X_OK) == 0 && access(subscriber_program, X_OK) == 0)
		return true;
	printf("SKIP: there is no mosquitto here (packages mosquitto, mosquitto-clients)\n");
	return false;
}

const char *mqtt_broker_path(const struct mqtt_broker *broker, const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", broker->dir, name);
	return path;
}

void mqtt_broker_init(struct mqtt_broker *broker, const char *config)
{
	FILE *file;

	*broker = (struct mqtt_broker){.dir = "/tmp/gauged-mqtt-XXXXXX"};
	assert_non_null(mkdtemp(broker->dir));
	broker->port = (uint16_t)http_peer_free_port();
	file = fopen(mqtt_broker_path(broker, "conf"), "w");
	assert_non_null(file);
	fprintf(file, "listener %u 127.0.0.1\nuser root\n", broker->port);
	for (const char *at = config; *at != '\0'; at++) {
		if (strncmp(at, "%s", 2) == 0) {
			fputs(broker->dir, file);
			at++;
		} else {
			fputc(*at, file);
		}
	}
	fclose(file);
}

static pid_t run(const char *program, const char *const *argv, const char *out)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen(out, "a", stdout) == NULL || freopen(out, "a", stderr) == NULL)
		_exit(126);
	execv(program, (char *const *)argv);
	_exit(127);
}

static bool answers(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0;

	close(fd);
	return good;
}

void mqtt_broker_start(struct mqtt_broker *broker)
{
	const char *argv[] = {"mosquitto", "-c", mqtt_broker_path(broker, "conf"), NULL};

	broker->pid = run(broker_program, argv, mqtt_broker_path(broker, "log"));
	for (int i = 0; i < 500 && !answers(broker->port); i++)
		usleep(20000);
	assert_true(answers(broker->port));
}

void mqtt_broker_stop(struct mqtt_broker *broker, int signal)
{
	if (broker->pid <= 0)
		return;
	kill(broker->pid, signal);
	waitpid(broker->pid, NULL, 0);
	broker->pid = 0;
}

void mqtt_broker_done(struct mqtt_broker *broker)
{
	char command[128];

	if (broker->dir[0] == '\0')
		return;
	if (broker->subscriber > 0) {
		kill(broker->subscriber, SIGKILL);
		waitpid(broker->subscriber, NULL, 0);
	}
	mqtt_broker_stop(broker, SIGKILL);
	snprintf(command, sizeof(command), "rm -r '%s'", broker->dir);
	assert_int_equal(system(command), 0);
	broker->dir[0] = '\0';
}

void mqtt_broker_certificates(const struct mqtt_broker *broker)
{
	char command[2000];

	snprintf(
		command, sizeof(command),
		"cd '%s' && exec 2>openssl.log && for ca in ca other; do openssl req -x509 "
		"-newkey rsa:2048 -nodes -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem; "
		"done && for who in server client; do openssl req -newkey rsa:2048 -nodes "
		"-subj /CN=$who -keyout $who.key -out $who.csr && echo "
		"subjectAltName=DNS:localhost >ext && openssl x509 -req -in $who.csr -CA ca.pem "
		"-CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.pem; done",
		broker->dir);
	assert_int_equal(system(command), 0);
}

void mqtt_broker_subscribe(struct mqtt_broker *broker)
{
	char port[8];
	const char *argv[] = {
		"mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", "#", "-F",
		"%t %r %p",	 NULL};

	snprintf(port, sizeof(port), "%u", broker->port);
	broker->subscriber = run(subscriber_program, argv, mqtt_broker_path(broker, "seen"));
}

unsigned mqtt_broker_count(const struct mqtt_broker *broker, const char *text)
{
	FILE *file = fopen(mqtt_broker_path(broker, "seen"), "r");
	char *line = NULL;
	size_t room = 0;
	unsigned count = 0;

	while (file != NULL && getline(&line, &room, file) > 0)
		count += strstr(line, text) != NULL;
	free(line);
	if (file != NULL)
		fclose(file);
	return count;
}

bool mqtt_broker_saw(const struct mqtt_broker *broker, const char *text)
{
	return mqtt_broker_count(broker, text) > 0;
}
