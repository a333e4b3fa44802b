/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the main() of fuzz targets without a fuzzing engine: runs each file of the target's
 * corpus once, or the files that are named.
 */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static unsigned run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *bytes;
	size_t size;

	if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
		if (file != NULL)
			fclose(file);
		return 0;
	}
	/* Exactly as large as the input, so that a read behind its end is noticed. */
	bytes = xmalloc((size_t)st.st_size + (st.st_size == 0));
	size = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

static unsigned run_corpus(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *srcdir = getenv("srcdir");
	char *folder = xasprintf("%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
				 name != NULL ? name + 1 : program);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *path = xasprintf("%s/%s", folder, entry->d_name);

		count += run_file(path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	else
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
	free(folder);
	return count;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	if (argc == 1)
		count = run_corpus(argv[0]);
	for (int i = 1; i < argc; i++)
		count += run_file(argv[i]);
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
