/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The name that the kernel gave to this start of the box: boot times compare only within one.
 */
#ifndef GAUGED_BASE_BOOT_ID_H
#define GAUGED_BASE_BOOT_ID_H

enum { BOOT_ID_SIZE = 37 };

/*
 * Writes "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", or "" where nobody tells. Under
 * ProcSubset=pid the kernel's file is hidden, and the unit hands the same id over in
 * GAUGED_BOOT_ID, without its dashes (systemd.unit(5), %b).
 */
void boot_id_read(char ret_id[BOOT_ID_SIZE]);

#endif
