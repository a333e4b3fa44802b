/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns where the boot id comes from. */
#include "base/boot_id.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void boot_id_read(char ret_id[BOOT_ID_SIZE])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret_id, BOOT_ID_SIZE - 1) : 0;
	const char *given = getenv("GAUGED_BOOT_ID");

	ret_id[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	if (n != BOOT_ID_SIZE - 1 && given != NULL && strlen(given) == 32)
		snprintf(ret_id, BOOT_ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", given, given + 8,
			 given + 12, given + 16, given + 20);
}
