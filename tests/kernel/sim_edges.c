/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Edges at a line of gpio-sim, as fast as asked for: sim_edges COUNT GAP_US FILE...
 * Each FILE is a 'pull' of sysfs; they take turns, all up, all down. Prints the edges a second.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? atol(argv[1]) : 0;
	int64_t gap_ns = argc > 3 ? atol(argv[2]) * 1000 : 0, start, next;
	int fds[64], files = argc - 3;

	if (count <= 0 || files < 1 || files > 64)
		return 2;
	for (int i = 0; i < files; i++) {
		fds[i] = open(argv[3 + i], O_WRONLY | O_CLOEXEC);
		if (fds[i] < 0) {
			perror(argv[3 + i]);
			return 1;
		}
	}
	next = start = now_ns();
	for (long i = 0; i < count; i++) {
		int up = i / files % 2 == 0;

		while (now_ns() < next)
			;
		next += gap_ns;
		if (pwrite(fds[i % files], up ? "pull-up" : "pull-down", up ? 7 : 9, 0) < 0) {
			perror("pull");
			return 1;
		}
	}
	printf("%.0f\n", (double)count * 1e9 / (double)(now_ns() - start));
	return 0;
}
