/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the search for whoever else uses a serial port. */
#include "io/tty_holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"

/* At most size - 1 bytes of a small file, NUL-terminated; false if it cannot be read. */
static bool holder_read(int dir, const char *path, char *room, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, room, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	room[n] = '\0';
	return true;
}

static void holder_name(int proc, pid_t pid, struct tty_holder *ret)
{
	char path[32], text[64];
	struct str out;

	ret->pid = pid;
	str_init_fixed(&out, ret->name, sizeof(ret->name));
	snprintf(path, sizeof(path), "%d/comm", pid);
	if (holder_read(proc, path, text, sizeof(text)))
		str_add_safe(&out, text, strcspn(text, "\n"));
	else
		str_adds(&out, "unknown");
}

/* proc(5): the seventh field of stat is the controlling terminal. */
static bool holder_controls(int proc, pid_t pid, dev_t device)
{
	char path[32], text[512], *fields;
	unsigned number;
	int terminal;

	snprintf(path, sizeof(path), "%d/stat", pid);
	if (!holder_read(proc, path, text, sizeof(text)))
		return false;
	/* The name in brackets may hold anything, brackets too. */
	fields = strrchr(text, ')');
	if (fields == NULL || sscanf(fields + 1, " %*c %*d %*d %*d %d", &terminal) != 1)
		return false;
	number = (unsigned)terminal;
	return terminal != 0 && major(device) == ((number >> 8) & 0xfff) &&
	       minor(device) == ((number & 0xff) | ((number >> 12) & 0xfff00));
}

static bool holder_opened(int proc, pid_t pid, dev_t device)
{
	char path[32];
	struct dirent *entry;
	bool found = false;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%d/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return false;
	}
	while (!found && (entry = readdir(dir)) != NULL) {
		struct stat st;

		found = entry->d_name[0] != '.' && fstatat(fd, entry->d_name, &st, 0) == 0 &&
			S_ISCHR(st.st_mode) && st.st_rdev == device;
	}
	closedir(dir);
	return found;
}

/* /run/lock/LCK..ttyUSB0 holds a process number: Filesystem Hierarchy Standard 3.0, 5.9. */
static bool holder_locked(const char *path, pid_t *ret)
{
	char real[PATH_MAX], lock[PATH_MAX + 8], text[32], *base, *end;
	long pid;
	int dir;
	bool read;

	if (realpath(path, real) == NULL)
		return false;
	base = strrchr(real, '/');
	snprintf(lock, sizeof(lock), "LCK..%s", base != NULL ? base + 1 : real);
	dir = open("/run/lock", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	read = holder_read(dir, lock, text, sizeof(text));
	close(dir);
	if (!read)
		return false;
	pid = strtol(text, &end, 10);
	if (end == text || pid <= 0 || pid > INT_MAX || pid == getpid() ||
	    (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
		return false;
	*ret = (pid_t)pid;
	return true;
}

/*
 * proc(5): /proc/locks names the process of each flock(2) by the file's device and inode, and
 * shows that to everybody, unlike open descriptors.
 */
static bool holder_flocked(const char *path, pid_t *ret)
{
	FILE *file = fopen("/proc/locks", "re");
	unsigned high, low;
	unsigned long inode;
	char line[256], type[8];
	bool found = false;
	struct stat st;
	int pid;

	if (file == NULL)
		return false;
	while (!found && stat(path, &st) == 0 && fgets(line, sizeof(line), file) != NULL) {
		found = sscanf(line, "%*d: %7s %*s %*s %d %x:%x:%lu", type, &pid, &high, &low,
			       &inode) == 5 &&
			strcmp(type, "FLOCK") == 0 && pid > 0 && high == major(st.st_dev) &&
			low == minor(st.st_dev) && inode == st.st_ino;
	}
	fclose(file);
	if (found)
		*ret = pid;
	return found;
}

bool tty_holder_find(dev_t device, const char *path, bool descriptors, struct tty_holder *ret)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t self = getpid(), found = 0;
	int fd;

	if (proc == NULL)
		return false;
	fd = dirfd(proc);
	if (!holder_locked(path, &found) && (!holder_flocked(path, &found) || found == self)) {
		found = 0;
		while (found == 0 && (entry = readdir(proc)) != NULL) {
			long pid = strtol(entry->d_name, NULL, 10);

			if (pid > 0 && pid != self &&
			    (holder_controls(fd, (pid_t)pid, device) ||
			     (descriptors && holder_opened(fd, (pid_t)pid, device))))
				found = (pid_t)pid;
		}
	}
	if (found != 0)
		holder_name(fd, found, ret);
	closedir(proc);
	return found != 0;
}

bool tty_holder_self(const char *path)
{
	pid_t pid;

	return holder_flocked(path, &pid) && pid == getpid();
}
