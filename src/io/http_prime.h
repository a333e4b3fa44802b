/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The authorities of the system are a file of some hundred certificates, which libcurl reads
 * and parses, for 50 ms and more, when the first connection by TLS opens; then it keeps them
 * for a day. This has it done before anything waits for the loop.
 */
#ifndef GAUGED_IO_HTTP_PRIME_H
#define GAUGED_IO_HTTP_PRIME_H

/* multi: a CURLM whose handles take no folder of authorities. Waits for the file. */
void http_prime(void *multi);

#endif
