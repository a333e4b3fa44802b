/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#ifndef GAUGED_IO_DEVICE_DENIED_H
#define GAUGED_IO_DEVICE_DENIED_H

struct error;

/*
 * The device at path could not be opened. code: EACCES, by whom the file is for; or EPERM, by
 * the policy of the unit. Says what to do about it. group: the one that such devices usually
 * belong to. Returns -code.
 */
int device_denied(const char *path, int code, const char *group, struct error *err);

#endif
