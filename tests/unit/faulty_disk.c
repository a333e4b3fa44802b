/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include "faulty_disk.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs faulty_vfs;
static sqlite3_vfs *faulty_real;
static atomic_uint faulty_ops;
static atomic_int faulty_kind;
static atomic_uint_fast64_t faulty_first, faulty_times, faulty_counted, faulty_failures;
static atomic_int_fast64_t faulty_sync_ns;
static atomic_bool faulty_in_sync;

static bool faulty_fails(unsigned op)
{
	uint64_t n, first = faulty_first;

	if ((faulty_ops & op) == 0)
		return false;
	n = atomic_fetch_add(&faulty_counted, 1) + 1;
	if (first == 0 || n < first || n - first >= faulty_times)
		return false;
	faulty_failures++;
	return true;
}

static int faulty_code(int ioerr)
{
	if (faulty_kind == FAULTY_FULL)
		return SQLITE_FULL;
	return faulty_kind == FAULTY_READONLY ? SQLITE_READONLY : ioerr;
}

static sqlite3_file *faulty_below(sqlite3_file *file)
{
	return ((struct faulty_file *)file)->real;
}

static int faulty_close(sqlite3_file *file)
{
	sqlite3_file *real = faulty_below(file);
	int rc = real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;

	free(real);
	return rc;
}

static int faulty_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
	sqlite3_file *real = faulty_below(file);

	if (faulty_fails(FAULTY_READ))
		return SQLITE_IOERR_READ;
	return real->pMethods->xRead(real, bytes, count, at);
}

static int faulty_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
	sqlite3_file *real = faulty_below(file);

	if (!faulty_fails(FAULTY_WRITE))
		return real->pMethods->xWrite(real, bytes, count, at);
	if (faulty_kind == FAULTY_FULL || faulty_kind == FAULTY_SHORT)
		(void)real->pMethods->xWrite(real, bytes, count / 2, at);
	return faulty_code(SQLITE_IOERR_WRITE);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *real = faulty_below(file);

	if (faulty_fails(FAULTY_TRUNCATE))
		return faulty_code(SQLITE_IOERR_TRUNCATE);
	return real->pMethods->xTruncate(real, size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *real = faulty_below(file);
	int64_t slow = faulty_sync_ns;

	if (slow > 0) {
		struct timespec ts = {slow / NSEC_PER_SEC, slow % NSEC_PER_SEC};

		faulty_in_sync = true;
		nanosleep(&ts, NULL);
		faulty_in_sync = false;
	}
	if (faulty_fails(FAULTY_SYNC))
		return SQLITE_IOERR_FSYNC;
	return slow < 0 ? SQLITE_OK : real->pMethods->xSync(real, flags);
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *real = faulty_below(file);

	if (faulty_fails(FAULTY_SIZE))
		return SQLITE_IOERR_FSTAT;
	return real->pMethods->xFileSize(real, size);
}

static int faulty_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xLock(real, level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xUnlock(real, level);
}

static int faulty_check_lock(sqlite3_file *file, int *ret)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xCheckReservedLock(real, ret);
}

static int faulty_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xFileControl(real, op, arg);
}

static int faulty_sector(sqlite3_file *file)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xSectorSize(real);
}

static int faulty_device(sqlite3_file *file)
{
	sqlite3_file *real = faulty_below(file);

	return real->pMethods->xDeviceCharacteristics(real);
}

/* Version 1: no shared memory and no mapping, which the journal does not use. */
static const sqlite3_io_methods faulty_methods = {
	.iVersion = 1,
	.xClose = faulty_close,
	.xRead = faulty_read,
	.xWrite = faulty_write,
	.xTruncate = faulty_truncate,
	.xSync = faulty_sync,
	.xFileSize = faulty_size,
	.xLock = faulty_lock,
	.xUnlock = faulty_unlock,
	.xCheckReservedLock = faulty_check_lock,
	.xFileControl = faulty_control,
	.xSectorSize = faulty_sector,
	.xDeviceCharacteristics = faulty_device,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		       int *ret_flags)
{
	struct faulty_file *mine = (struct faulty_file *)file;
	int rc;

	mine->base.pMethods = NULL;
	if (faulty_fails(FAULTY_OPEN))
		return SQLITE_CANTOPEN;
	mine->real = calloc(1, (size_t)faulty_real->szOsFile);
	rc = faulty_real->xOpen(faulty_real, name, mine->real, flags, ret_flags);
	if (rc == SQLITE_OK)
		mine->base.pMethods = &faulty_methods;
	else
		free(mine->real);
	return rc;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	if (faulty_fails(FAULTY_DELETE))
		return SQLITE_IOERR_DELETE;
	return faulty_real->xDelete(faulty_real, name, sync);
}

void faulty_disk_init(void)
{
	sqlite3_initialize();
	faulty_real = sqlite3_vfs_find(NULL);
	faulty_vfs = *faulty_real;
	faulty_vfs.zName = "faulty";
	faulty_vfs.pNext = NULL;
	faulty_vfs.szOsFile = sizeof(struct faulty_file);
	faulty_vfs.xOpen = faulty_open;
	faulty_vfs.xDelete = faulty_delete;
	sqlite3_vfs_register(&faulty_vfs, 1);
}

void faulty_disk_fail(unsigned ops, enum faulty_kind kind, uint64_t first, uint64_t times)
{
	faulty_first = 0;
	faulty_ops = ops;
	faulty_kind = (int)kind;
	faulty_counted = faulty_failures = 0;
	faulty_times = times;
	faulty_first = first;
}

void faulty_disk_heal(void)
{
	faulty_first = 0;
}

void faulty_disk_slow(int64_t sync_ns)
{
	faulty_sync_ns = sync_ns;
}

uint64_t faulty_disk_count(void)
{
	return faulty_counted;
}

uint64_t faulty_disk_failed(void)
{
	return faulty_failures;
}

bool faulty_disk_syncing(void)
{
	return faulty_in_sync;
}
