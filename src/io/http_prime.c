/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the connection to nobody for which libcurl reads the authorities of the system. */
#include "io/http_prime.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PRIME_TURNS = 16 }; /* of libcurl's machine, at most; it takes two or three */

/* On this box, where nobody will ever accept. */
static int prime_listen(char *ret_url, size_t size)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *sa = (struct sockaddr *)&sin;
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, sa, len) != 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, sa, &len) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	snprintf(ret_url, size, "https://127.0.0.1:%u/", ntohs(sin.sin_port));
	return fd;
}

static curl_socket_t prime_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	int *fd = arg;

	(void)purpose;
	*fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     addr->protocol);
	return *fd;
}

/* It gets as far as its greeting, behind which all is read. */
static void prime_greet(CURLM *multi, CURL *easy, const int *fd)
{
	int running;

	if (curl_multi_add_handle(multi, easy) != CURLM_OK)
		return;
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	for (int turn = 0; turn < PRIME_TURNS && running > 0 && *fd >= 0; turn++)
		curl_multi_socket_action(multi, *fd, CURL_CSELECT_OUT, &running);
	curl_multi_remove_handle(multi, easy);
}

void http_prime(void *multi)
{
	CURL *easy = curl_easy_init();
	CURLcode code = CURLE_OK;
	char url[40];
	int listener = prime_listen(url, sizeof(url)), fd = -1;

	if (listener >= 0 && easy != NULL) {
		code |= curl_easy_setopt(easy, CURLOPT_URL, url);
		code |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
		code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
		code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, prime_open);
		code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &fd);
		if (code == CURLE_OK)
			prime_greet(multi, easy, &fd);
	}
	curl_easy_cleanup(easy);
	if (listener >= 0)
		close(listener);
}
