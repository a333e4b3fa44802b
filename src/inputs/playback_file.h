/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A file read by a thread of its own, because reading a cold disk waits: the bytes come out of
 * a pipe, whose size bounds what is read ahead.
 */
#ifndef GAUGED_INPUTS_PLAYBACK_FILE_H
#define GAUGED_INPUTS_PLAYBACK_FILE_H

struct error;

/*
 * A non-blocking descriptor that the caller watches, reads and closes: first an int with what
 * opening the file said (0 or a positive errno; EINVAL: no regular file), then the bytes of the
 * file, then its end. Closing it early ends the thread. Negative errno and err if there is no
 * descriptor or thread.
 */
int playback_file_open(const char *path, struct error *err);

#endif
