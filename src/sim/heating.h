/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The plant as its controller shows it on Modbus: unit 1 is the boiler, unit 2 the tank. The
 * addresses are zero-based protocol addresses.
 *
 *   unit 1  holding 100      temp           int16, 0.1 degC
 *           holding 101      return_temp    int16, 0.1 degC
 *           holding 110      status         bit 0 ready, 1 flame, 3 fault, 4..6 mode
 *                                           (0 switched off, 1 heating, 2 waiting)
 *           holding 120      setpoint       int16, 0.1 degC, written (the manual's 40121)
 *           holding 130-131  energy burned  uint32 ABCD, Wh
 *           holding 200-207  name           string(16)
 *           input 20-21      flow           float32 CDAB, L/min
 *           discrete 0 pump runs, 1 flame, 3 safety limiter tripped, 4 flame although the
 *                    burner is switched off
 *           coil 7           burner release, written
 *           coil 8           pump, written
 *   unit 2  holding 0        level          int16, 0.1 %
 *           holding 1        temp           int16, 0.1 degC
 *           input 0-1        draw           float32 ABCD, L/min
 *           discrete 0       the cold water valve is open
 */
#ifndef GAUGED_SIM_HEATING_H
#define GAUGED_SIM_HEATING_H

#include <stdint.h>

#include "sim/rack.h"
#include "sim/plant.h"

enum { HEATING_UNITS = 2 };

struct chronicle;

struct heating {
	struct plant plant;
	struct slave slaves[HEATING_UNITS];
	struct chronicle *chronicle;
	uint64_t burner_writes; /* that changed the coil */
};

/* Embedded; heating must not move afterwards. */
void heating_init(struct heating *heating, struct chronicle *chronicle);
/* Lets us microseconds of the plant's time pass and tells what changed in it. */
void heating_advance(struct heating *heating, int64_t us);

#endif
