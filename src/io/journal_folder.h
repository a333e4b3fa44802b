/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The folder of the store: that it is ours, that nobody else has it open, and the names of the
 * files in it. Knows nothing of what is in them. May wait for the disk: not for the loop.
 */
#ifndef GAUGED_IO_JOURNAL_FOLDER_H
#define GAUGED_IO_JOURNAL_FOLDER_H

#include <limits.h>
#include <sys/types.h>

struct error;

struct journal_folder {
	char *given;		   /* as it was configured */
	int fd;			   /* of the folder, or -1 */
	int lock;		   /* of journal.lock, held; or -1 */
	char store[PATH_MAX + 16]; /* journal.db in it, without symbolic links on the way */
};

/* The journal's file in directory, for people. The caller frees it. */
char *journal_folder_path(const char *directory);
void journal_folder_init(struct journal_folder *folder, const char *directory);
void journal_folder_done(struct journal_folder *folder);
/*
 * Opens it, or makes it, and takes the lock, if that is not done; then looks whether it is
 * still the same and whether the store's files can be ours, and makes the store with mode 0600
 * if it isn't there. -EBUSY: another one has the lock, and *ret_pid is its number, or 0.
 */
int journal_folder_open(struct journal_folder *folder, pid_t *ret_pid, struct error *err);
/*
 * Reads the log of the store and writes the same bytes again, durably. After a failed fsync
 * the kernel may call pages clean that never reached the disk, and no later fsync would tell.
 */
int journal_folder_rewrite_log(struct journal_folder *folder, struct error *err);
/*
 * Gives the store and its logs new names: journal.db.corrupt-20261130T045709Z and so on.
 * Nobody may have it open. Writes the path of the store's new name.
 */
int journal_folder_set_aside(struct journal_folder *folder, char *ret_path, size_t size,
			     struct error *err);

#endif
