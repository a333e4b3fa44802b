/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the state folder's checks, its lock and its names. */
#include "io/journal_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#define FOLDER_STORE "journal.db"
#define FOLDER_LOG   "journal.db-wal"
#define FOLDER_LOCK  "journal.lock"

enum { FOLDER_SAME_SECOND = 100 };

char *journal_folder_path(const char *directory)
{
	return xasprintf("%s/%s", directory, FOLDER_STORE);
}

void journal_folder_init(struct journal_folder *folder, const char *directory)
{
	*folder = (struct journal_folder){.given = xstrdup(directory), .fd = -1, .lock = -1};
}

static void folder_close(struct journal_folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock = -1;
}

void journal_folder_done(struct journal_folder *folder)
{
	folder_close(folder);
	free(folder->given);
	folder->given = NULL;
}

static int folder_check(const struct journal_folder *folder, const struct stat *st,
			struct error *err)
{
	if (st->st_uid != geteuid())
		return error_set(err, EPERM,
				 "the state folder %s belongs to user %u, not to %u who runs "
				 "this: give it away with chown",
				 folder->given, st->st_uid, geteuid());
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(
			err, EPERM,
			"others may write to the state folder %s (mode %04o): it is not "
			"used until 'chmod go-w'",
			folder->given, st->st_mode & 07777);
	return 0;
}

/* So that a power cut does not take the folder away with all that is in it. */
static void folder_sync_parent(const struct journal_folder *folder)
{
	int up = openat(folder->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* One that can't be read is not ours to sync. */
	if (up < 0)
		return;
	(void)fsync(up);
	close(up);
}

static int folder_enter(struct journal_folder *folder, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char *path = folder->given;
	char real[PATH_MAX];
	struct stat st, again;

	folder->fd = open(path, flags);
	if (folder->fd < 0 && errno == ENOENT && mkdir(path, 0700) == 0) {
		folder->fd = open(path, flags);
		if (folder->fd >= 0)
			folder_sync_parent(folder);
	}
	if (folder->fd < 0 && (errno == ELOOP || errno == ENOTDIR) && lstat(path, &st) == 0)
		return error_set(err, ENOTDIR, "the state folder %s is %s: it is not used",
				 path, S_ISLNK(st.st_mode) ? "a symbolic link" : "no folder");
	if (folder->fd < 0 || fstat(folder->fd, &st) != 0)
		return error_errno(err, errno, "the state folder %s cannot be opened", path);
	if (folder_check(folder, &st, err) != 0)
		return -err->code;
	/* SQLite refuses a path with a link on the way, and /var may be one. */
	if (realpath(path, real) == NULL || stat(real, &again) != 0)
		return error_errno(err, errno, "the state folder %s cannot be found", path);
	if (again.st_ino != st.st_ino || again.st_dev != st.st_dev)
		return error_set(err, EAGAIN, "the state folder %s changes while it is opened",
				 path);
	snprintf(folder->store, sizeof(folder->store), "%s/%s", real, FOLDER_STORE);
	return 0;
}

static int folder_lock(struct journal_folder *folder, pid_t *ret_pid, struct error *err)
{
	char text[24] = "";
	struct stat st;
	ssize_t n;

	folder->lock = openat(folder->fd, FOLDER_LOCK,
			      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (folder->lock < 0)
		return error_errno(err, errno, "%s/%s cannot be opened", folder->given,
				   FOLDER_LOCK);
	if (fstat(folder->lock, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return error_set(
			err, EPERM,
			"%s/%s is no plain file with one name: it is not touched; move "
			"it away",
			folder->given, FOLDER_LOCK);
	if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return error_errno(err, errno, "%s/%s cannot be locked", folder->given,
					   FOLDER_LOCK);
		n = pread(folder->lock, text, sizeof(text) - 1, 0);
		*ret_pid = n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
		return error_set(err, EBUSY,
				 "the state folder %s is in use by another gauged (pid %d)",
				 folder->given, (int)*ret_pid);
	}
	/* The lock is what counts: a number that can't be written is only missing in a text. */
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(folder->lock, 0) != 0 || pwrite(folder->lock, text, (size_t)n, 0) != n)
		return 0;
	return 0;
}

/* What stands under one of the store's names has to be a plain file of ours, or nothing. */
static int folder_check_file(const struct journal_folder *folder, const char *name,
			     struct error *err)
{
	struct stat st;

	if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0
				       : error_errno(err, errno, "%s/%s cannot be looked at",
						     folder->given, name);
	if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1)
		return 0;
	return error_set(err, EPERM, "%s/%s is %s: it is not touched; move it away",
			 folder->given, name,
			 S_ISLNK(st.st_mode)	  ? "a symbolic link"
			 : !S_ISREG(st.st_mode)	  ? "no file"
			 : st.st_uid != geteuid() ? "a file of another user"
						  : "a file with a second name");
}

static int folder_check_files(const struct journal_folder *folder, struct error *err)
{
	static const char *const names[] = {FOLDER_STORE, FOLDER_LOG, FOLDER_STORE "-journal",
					    FOLDER_STORE "-shm"};
	struct stat st;
	int fd, rc;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		rc = folder_check_file(folder, names[i], err);
		if (rc != 0)
			return rc;
	}
	fd = openat(folder->fd, FOLDER_STORE,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	/* The name of a new one has to be durable before anything in it can be. */
	if (fd < 0 || fchmod(fd, 0600) != 0 || fstat(fd, &st) != 0 ||
	    (st.st_size == 0 && fsync(folder->fd) != 0)) {
		rc = error_errno(err, errno, "%s/%s cannot be opened", folder->given,
				 FOLDER_STORE);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	close(fd);
	return 0;
}

/* Whether the path still leads to the folder that is open. */
static bool folder_same(const struct journal_folder *folder)
{
	struct stat mine, there;

	return fstat(folder->fd, &mine) == 0 && lstat(folder->given, &there) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

int journal_folder_open(struct journal_folder *folder, pid_t *ret_pid, struct error *err)
{
	struct stat st;
	int rc = 0;

	if (folder->lock < 0 || !folder_same(folder)) {
		folder_close(folder);
		rc = folder_enter(folder, err);
		if (rc == 0)
			rc = folder_lock(folder, ret_pid, err);
		if (rc != 0)
			folder_close(folder);
	} else if (fstat(folder->fd, &st) == 0) {
		rc = folder_check(folder, &st, err);
	}
	return rc != 0 ? rc : folder_check_files(folder, err);
}

static int folder_copy_onto_itself(int fd)
{
	static const size_t room = 64 << 10;
	char *bytes = xmalloc(room);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, room, at)) > 0) {
		ssize_t done = pwrite(fd, bytes, (size_t)n, at);

		if (done <= 0) {
			n = -1;
			break;
		}
		at += done;
	}
	free(bytes);
	if (n < 0 || (at > 0 && fsync(fd) != 0))
		return errno != 0 ? -errno : -EIO;
	return 0;
}

int journal_folder_rewrite_log(struct journal_folder *folder, struct error *err)
{
	int fd = openat(folder->fd, FOLDER_LOG, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	rc = fd < 0 ? -errno : folder_copy_onto_itself(fd);
	if (fd >= 0)
		close(fd);
	return rc == 0 ? 0
		       : error_errno(err, -rc, "%s/%s cannot be written", folder->given,
				     FOLDER_LOG);
}

static int folder_rename(const struct journal_folder *folder, const char *suffix,
			 const char *target)
{
	char from[64], to[128];

	snprintf(from, sizeof(from), FOLDER_STORE "%s", suffix);
	snprintf(to, sizeof(to), "%s%s", target, suffix);
	if (renameat2(folder->fd, from, folder->fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	return -errno;
}

int journal_folder_set_aside(struct journal_folder *folder, char *ret_path, size_t size,
			     struct error *err)
{
	static const char *const suffixes[] = {"-wal", "-journal", "-shm"};
	time_t now = (time_t)(clock_wall().ns / NSEC_PER_SEC);
	char stamp[32], target[96];
	struct tm tm;
	int rc = -EEXIST;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 1; i < FOLDER_SAME_SECOND && rc == -EEXIST; i++) {
		char again[8] = "";

		if (i > 1)
			snprintf(again, sizeof(again), "-%d", i);
		snprintf(target, sizeof(target), FOLDER_STORE ".corrupt-%s%s", stamp, again);
		rc = folder_rename(folder, "", target);
	}
	if (rc != 0 && rc != -ENOENT)
		return error_errno(err, -rc, "%s cannot be renamed to %s", folder->store,
				   target);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		rc = folder_rename(folder, suffixes[i], target);
		if (rc != 0 && rc != -ENOENT)
			return error_errno(err, -rc, "%s%s cannot be renamed to %s%s",
					   folder->store, suffixes[i], target, suffixes[i]);
	}
	if (fsync(folder->fd) != 0)
		return error_errno(err, errno, "%s cannot be synced", folder->given);
	snprintf(ret_path, size, "%.*s%s", (int)(strlen(folder->store) - strlen(FOLDER_STORE)),
		 folder->store, target);
	return 0;
}
