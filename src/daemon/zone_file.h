/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Where time zones come from: the files of the system and TZ. Reads from disk and the
 * environment: never called on the loop. What it found stays; a /etc/localtime that is changed
 * is seen at the next reload.
 */
#ifndef GAUGED_DAEMON_ZONE_FILE_H
#define GAUGED_DAEMON_ZONE_FILE_H

struct arena;
struct error;
struct zone;

/*
 * The zone called name, all of it in arena; NULL and why if there is none. name is one of
 *   NULL or "local"   as TZ says (tzset(3)): empty is UTC, a ':' before it is allowed; without
 *                     TZ /etc/localtime, without that UTC
 *   UTC               without a file
 *   Europe/Berlin     below $TZDIR, or /usr/share/zoneinfo; an absolute path as it stands
 *   CET-1CEST,M3.5.0,M10.5.0/3    what is no file and a rule (zone_rule.h)
 */
const struct zone *zone_file_read(struct arena *arena, const char *name, struct error *err);

#endif
