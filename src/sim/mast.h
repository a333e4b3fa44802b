/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A weather mast on a serial line: a pseudo terminal that says the wind four times a second in
 * NMEA 0183 ($WIMWV with checksum), under a path that stays the same when the line is pulled
 * and plugged in again, as /dev/serial/by-id does.
 */
#ifndef GAUGED_SIM_MAST_H
#define GAUGED_SIM_MAST_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct mast;
struct poller;

enum mast_fault { MAST_OK, MAST_SILENT, MAST_GARBAGE };

/* path becomes a symbolic link to the terminal; an older link there is replaced. */
struct mast *mast_open(struct poller *poller, const char *path, struct error *err);
void mast_close(struct mast *mast);

void mast_fault(struct mast *mast, enum mast_fault fault);
/* false: the adapter is pulled out (the link is gone, readers see a hang-up); true: back. */
int mast_plug(struct mast *mast, bool plugged, struct error *err);
uint64_t mast_sentences(const struct mast *mast);
double mast_speed(const struct mast *mast);

#endif
