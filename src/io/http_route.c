/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the requests to one receiver have in common: trust, identity, proxy, networks. */
#include "io/http_route.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/http_address.h"
#include "io/http_gate.h"
#include "io/http_url.h"
#include "io/subnet.h"

struct http_route {
	unsigned references;
	struct curl_blob ca, cert, key; /* data NULL: not given */
	char *proxy, *proxy_host;
	char *user, *password;
	size_t network_count;
	struct subnet *networks;
	struct http_traffic traffic;
	bool shared, unresolved;
	char address[INET6_ADDRSTRLEN];
};

/* What users write, and what libcurl calls it. */
static const struct {
	const char *scheme, *name;
} proxy_kinds[] = {
	{"http", "http"},
	{"https", "https"},
	/* Its "socks5" resolves names here: their addresses would go unchecked. */
	{"socks5", "socks5h"},
};

/* NULL: it is none of them. */
static const char *proxy_kind(const char *url)
{
	size_t len = strcspn(url, ":");

	for (size_t i = 0; i < ARRAY_SIZE(proxy_kinds); i++)
		if (strlen(proxy_kinds[i].scheme) == len &&
		    strncasecmp(url, proxy_kinds[i].scheme, len) == 0)
			return proxy_kinds[i].name;
	return NULL;
}

static bool has_part(CURLU *parts, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(parts, part, &text, 0) == CURLUE_OK && strcmp(text, "/") != 0;

	curl_free(text);
	return has;
}

int http_proxy_check(const char *url, struct error *err)
{
	CURLU *parts = curl_url();
	CURLUcode code;
	int rc = 0;

	if (parts == NULL)
		abort();
	code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	if (code != CURLUE_OK)
		rc = error_set(err, EINVAL, "not a URL: %s", curl_url_strerror(code));
	else if (proxy_kind(url) == NULL)
		rc = error_set(err, EINVAL, "a proxy is http, https or socks5");
	else if (has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD))
		rc = error_set(err, EINVAL,
			       "a user or password may not stand in a URL: use 'proxy_login'");
	else if (has_part(parts, CURLUPART_PATH) || has_part(parts, CURLUPART_QUERY))
		rc = error_set(err, EINVAL, "a proxy has a host and a port, no path");
	else if (!has_part(parts, CURLUPART_PORT))
		rc = error_set(err, EINVAL, "the port is missing: proxies have no usual one");
	curl_url_cleanup(parts);
	return rc;
}

static bool holds(const struct http_bytes *pem, const char *text)
{
	return memmem(pem->bytes, pem->len, text, strlen(text)) != NULL;
}

/* What libcurl would only say when it connects. */
static int check_pem(const struct http_route_spec *spec, struct error *err)
{
	const struct http_bytes *key = spec->key.bytes != NULL ? &spec->key : &spec->cert;

	if (spec->ca.bytes != NULL && !holds(&spec->ca, "-----BEGIN CERTIFICATE-----"))
		return error_set(err, EINVAL, "ca: there is no certificate (PEM) in it");
	if (spec->cert.bytes == NULL)
		return 0;
	if (!holds(&spec->cert, "-----BEGIN CERTIFICATE-----"))
		return error_set(err, EINVAL, "cert: there is no certificate (PEM) in it");
	if (holds(key, "ENCRYPTED"))
		return error_set(err, EINVAL,
				 "key: it is encrypted, and there is nobody to ask for its "
				 "password");
	if (!holds(key, "PRIVATE KEY-----"))
		return error_set(err, EINVAL, "%s: there is no private key (PEM) in it",
				 spec->key.bytes != NULL ? "key" : "cert, without 'key'");
	return 0;
}

static struct curl_blob copy(const struct http_bytes *from)
{
	struct curl_blob blob = {.len = from->len, .flags = CURL_BLOB_NOCOPY};

	if (from->bytes != NULL) {
		blob.data = xmalloc(from->len + 1);
		memcpy(blob.data, from->bytes, from->len);
	}
	return blob;
}

static char *proxy_host(const char *url)
{
	CURLU *parts = curl_url();
	char *host;

	if (parts == NULL)
		abort();
	curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	host = http_url_host(parts);
	curl_url_cleanup(parts);
	return host;
}

struct http_route *http_route_new(const struct http_route_spec *spec, struct error *err)
{
	struct http_route *route;
	const char *colon;

	if (check_pem(spec, err) != 0)
		return NULL;
	route = xcalloc(1, sizeof(*route));
	route->references = 1;
	route->shared = spec->shared;
	route->ca = copy(&spec->ca);
	route->cert = copy(&spec->cert);
	route->key = copy(spec->key.bytes != NULL ? &spec->key : &spec->cert);
	if (spec->proxy != NULL) {
		route->proxy =
			xasprintf("%s%s", proxy_kind(spec->proxy), strchr(spec->proxy, ':'));
		route->proxy_host = proxy_host(spec->proxy);
	}
	if (spec->login != NULL) {
		colon = strchrnul(spec->login, ':');
		route->user = xasprintf("%.*s", (int)(colon - spec->login), spec->login);
		route->password = xstrdup(*colon != '\0' ? colon + 1 : "");
	}
	route->network_count = spec->network_count;
	route->networks = xcalloc(spec->network_count + 1, sizeof(*route->networks));
	for (size_t i = 0; i < spec->network_count; i++)
		route->networks[i] = spec->networks[i];
	return route;
}

struct http_route *http_route_ref(struct http_route *route)
{
	route->references++;
	return route;
}

static void wipe(void *bytes, size_t len)
{
	if (bytes != NULL)
		explicit_bzero(bytes, len);
	free(bytes);
}

void http_route_unref(struct http_route *route)
{
	if (route == NULL || --route->references > 0)
		return;
	free(route->ca.data);
	wipe(route->cert.data, route->cert.len);
	wipe(route->key.data, route->key.len);
	free(route->proxy);
	free(route->proxy_host);
	wipe(route->user, route->user != NULL ? strlen(route->user) : 0);
	wipe(route->password, route->password != NULL ? strlen(route->password) : 0);
	free(route->networks);
	free(route);
}

/* The same for the receiver and for a proxy that speaks TLS. */
static CURLcode apply_tls(const struct http_route *route, CURL *easy)
{
	/* libcurl only reads them. */
	struct curl_blob ca = route->ca, cert = route->cert, key = route->key;
	CURLcode code = CURLE_OK;

	if (ca.data != NULL) {
		/* A folder of authorities would be trusted beside it. */
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
		code |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &ca);
	}
	if (cert.data != NULL) {
		code |= curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
		code |= curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert);
		code |= curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
		code |= curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
	}
	return code;
}

bool http_route_apply(const struct http_route *route, void *easy)
{
	CURLcode code = apply_tls(route, easy);

	if (route->proxy == NULL)
		return code == CURLE_OK;
	code |= curl_easy_setopt(easy, CURLOPT_PROXY, route->proxy);
	code |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	code |= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	/* What the proxy says before the receiver is reached is no answer. */
	code |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (route->user != NULL) {
		code |= curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, route->user);
		code |= curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, route->password);
	}
	return code == CURLE_OK;
}

const char *http_route_proxy(const struct http_route *route)
{
	return route->proxy;
}

const char *http_route_refused(const struct http_route *route, const struct sockaddr *sa,
			       const char *host)
{
	return http_address_refused(sa, route->proxy != NULL ? route->proxy_host : host,
				    route->networks, route->network_count);
}

struct http_traffic *http_route_traffic(struct http_route *route)
{
	return &route->traffic;
}

void http_route_connected(struct http_route *route, const char *address)
{
	/* By a proxy it is the proxy's, and the name is the proxy's to resolve. */
	if (!route->shared && route->proxy == NULL)
		snprintf(route->address, sizeof(route->address), "%s", address);
}

void http_route_resolved(struct http_route *route, bool resolved)
{
	route->unresolved = !resolved;
}

const char *http_route_kept_address(const struct http_route *route)
{
	return route->unresolved && route->address[0] != '\0' ? route->address : NULL;
}
