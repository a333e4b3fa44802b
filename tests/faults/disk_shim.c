/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * For tests, preloaded: a disk that fails. DISK_SHIM names a file of the numbers below, which
 * the test sets. A file is here what the program sees of it, and what the disk has of it: the
 * latter gets what was written when a sync succeeds. When one fails, what it was for is never
 * written, though the program goes on seeing it and the next sync succeeds: so does Linux
 * ("fsyncgate"). When the power is cut, files become what the disk has, and the program ends.
 *
 * THREADS_REFUSED: no thread can be started.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHIM_FILES = 64, SHIM_DIRTY = 65536 };

struct shim_control {
	int32_t write_errno; /* of writing to files; 0: it goes well */
	int32_t sync_errno;  /* -1: it fails, and says that it went well */
	int32_t short_bytes; /* the most that one write takes; 0: all */
	int32_t cut;	     /* the power, before the next write or sync */
	int32_t sync_ms;     /* what a sync takes on top */
	int32_t writes_failed, syncs_failed, writes_short;
};

struct shim_range {
	off_t from, to;
};

struct shim_file {
	dev_t dev;
	ino_t ino;
	int fd; /* of its own: to close it would drop the locks of the program */
	char *disk;
	size_t size;
	struct shim_range *dirty;
	size_t dirty_count;
};

static struct shim_control *control;
static struct shim_file files[SHIM_FILES];
static size_t file_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void shim_start(void)
{
	const char *path = getenv("DISK_SHIM");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (control == MAP_FAILED)
		abort();
}

static ssize_t shim_write_file(int fd, const void *bytes, size_t len, off_t at)
{
	return syscall(SYS_pwrite64, fd, bytes, len, at);
}

static void shim_grow(struct shim_file *file, size_t size)
{
	if (size <= file->size)
		return;
	file->disk = realloc(file->disk, size);
	if (file->disk == NULL)
		abort();
	memset(file->disk + file->size, 0, size - file->size);
	file->size = size;
}

static void shim_read(struct shim_file *file, off_t from, off_t to)
{
	ssize_t n;

	shim_grow(file, (size_t)to);
	while (from < to &&
	       (n = pread(file->fd, file->disk + from, (size_t)(to - from), from)) > 0)
		from += n;
}

/* NULL: no plain file. */
static struct shim_file *shim_find(int fd)
{
	char path[64];
	struct shim_file *file;
	struct stat st;

	if (control == NULL || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	for (size_t i = 0; i < file_count; i++)
		if (files[i].dev == st.st_dev && files[i].ino == st.st_ino)
			return &files[i];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || file_count == SHIM_FILES)
		abort();
	file = &files[file_count++];
	*file = (struct shim_file){.dev = st.st_dev, .ino = st.st_ino, .fd = fd};
	file->dirty = calloc(SHIM_DIRTY, sizeof(*file->dirty));
	shim_read(file, 0, st.st_size);
	return file;
}

static void shim_cut(void)
{
	struct stat st;

	for (size_t i = 0; i < file_count; i++) {
		struct shim_file *file = &files[i];

		if (fstat(file->fd, &st) == 0)
			shim_grow(file, (size_t)st.st_size);
		if (shim_write_file(file->fd, file->disk, file->size, 0) != (ssize_t)file->size)
			abort();
	}
	raise(SIGKILL);
}

static ssize_t shim_written(struct shim_file *file, const void *bytes, size_t len, off_t at)
{
	ssize_t n;

	if (control->write_errno != 0) {
		control->writes_failed++;
		errno = control->write_errno;
		return -1;
	}
	if (control->short_bytes != 0 && len > (size_t)control->short_bytes) {
		control->writes_short++;
		len = (size_t)control->short_bytes;
	}
	if (file->dirty_count == SHIM_DIRTY)
		abort();
	n = shim_write_file(file->fd, bytes, len, at);
	if (n > 0)
		file->dirty[file->dirty_count++] = (struct shim_range){at, at + n};
	return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	struct shim_file *file;
	ssize_t n;

	pthread_mutex_lock(&mutex);
	file = shim_find(fd);
	if (control != NULL && control->cut)
		shim_cut();
	n = file != NULL ? shim_written(file, bytes, len, at)
			 : shim_write_file(fd, bytes, len, at);
	pthread_mutex_unlock(&mutex);
	return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return pwrite64(fd, bytes, len, at);
}

static int shim_synced(struct shim_file *file)
{
	bool fails = control->sync_errno != 0 && file->dirty_count > 0;

	for (size_t i = 0; i < file->dirty_count && !fails; i++)
		shim_read(file, file->dirty[i].from, file->dirty[i].to);
	/* Failed or not: it is clean now. */
	file->dirty_count = 0;
	control->syncs_failed += fails;
	errno = control->sync_errno;
	return fails && control->sync_errno > 0 ? -1 : 0;
}

int fdatasync(int fd)
{
	struct shim_file *file;
	int rc = 0;

	if (control != NULL)
		usleep((useconds_t)control->sync_ms * 1000);
	pthread_mutex_lock(&mutex);
	file = shim_find(fd);
	if (control != NULL && control->cut)
		shim_cut();
	if (file != NULL)
		rc = shim_synced(file);
	pthread_mutex_unlock(&mutex);
	return rc;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

int pthread_create(pthread_t *restrict ret, const pthread_attr_t *restrict attr,
		   void *(*fn)(void *), void *restrict arg)
{
	static int (*real)(pthread_t *restrict, const pthread_attr_t *restrict,
			   void *(*)(void *), void *restrict);

	if (getenv("THREADS_REFUSED") != NULL)
		return EAGAIN;
	if (real == NULL)
		real = (int (*)(pthread_t *restrict, const pthread_attr_t *restrict,
				void *(*)(void *), void *restrict))dlsym(RTLD_NEXT,
									 "pthread_create");
	return real(ret, attr, fn, arg);
}
