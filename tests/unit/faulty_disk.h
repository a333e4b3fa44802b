/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A layer of SQLite's below which the disk is as bad as it is told to be: every file operation
 * of a store goes through it, is counted, and may fail. For all stores of the program, from any
 * thread; opened before the first of them.
 */
#ifndef GAUGED_TESTS_FAULTY_DISK_H
#define GAUGED_TESTS_FAULTY_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum faulty_op {
	FAULTY_OPEN = 1 << 0,
	FAULTY_READ = 1 << 1,
	FAULTY_WRITE = 1 << 2,
	FAULTY_SYNC = 1 << 3,
	FAULTY_TRUNCATE = 1 << 4,
	FAULTY_DELETE = 1 << 5,
	FAULTY_SIZE = 1 << 6,
	FAULTY_ALL = (1 << 7) - 1,
};

enum faulty_kind {
	FAULTY_IOERR, /* EIO */
	FAULTY_FULL,  /* ENOSPC, after half of a write */
	FAULTY_SHORT, /* EIO after half of a write */
	FAULTY_READONLY,
};

void faulty_disk_init(void);
/*
 * Operations of these kinds fail from the first-th on (1: the next one), so many times; first
 * 0: never. Counting begins anew.
 */
void faulty_disk_fail(unsigned ops, enum faulty_kind kind, uint64_t first, uint64_t times);
/* Nothing fails any more. */
void faulty_disk_heal(void);
/* A sync takes so long; < 0: none is made at all, to be quick. */
void faulty_disk_slow(int64_t sync_ns);
/* How many operations that could fail there were, and how many did. */
uint64_t faulty_disk_count(void);
uint64_t faulty_disk_failed(void);
/* Whether one is in a slow sync now. */
bool faulty_disk_syncing(void);

#endif
