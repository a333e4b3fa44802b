/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What hangs on the serial line in the plant's cellar. Addresses are zero-based protocol
 * addresses; each table of a unit has 64 bits and 256 registers, and what isn't named is 0.
 *
 *   1  heat meter of the boiler       input and holding, float32 ABCD:
 *        0 power kW, 2 flow m3/h, 4 supply degC, 6 return degC, 8 energy kWh;
 *        20-21 seconds it has run, uint32 ABCD; 100-107 name, string(16)
 *   2  heat meter of the tank         the same, float32 CDAB
 *   3  pump drive                     holding, int16:
 *        0 command (bit 0 run), written; 1 speed wanted 0.1 %, written; 10 status (bit 0
 *        ready, 1 runs, 3 fault); 11 speed rpm; 12 frequency 0.01 Hz; 13 current 0.01 A;
 *        14 power W; 15 motor degC; 16 torque 0.1 %, signed; coil 0: run, written
 *   4  electricity meter              input, float32 ABCD:
 *        0, 2, 4 volts of L1..L3; 6, 8, 10 amperes; 12 power W; 14 frequency Hz;
 *        16-19 energy Wh, uint64 ABCD
 *   5  room controller                holding, int16:
 *        0 room 0.1 degC, 1 wanted 0.1 degC, written; 2 humidity 0.1 %; 3 CO2 ppm;
 *        4 second sensor, not fitted: 0x8000; 5 clock as BCD hhmm; coil 0 heating valve
 *   6  pressure transmitter           input, int16: 0 pressure 0.01 bar; 1 its sign
 *   7  relay box                      coils 0..7, written; discrete 0..7 follow them
 *   8  and more: plain                holding 0 counts the requests, 1 is the unit, 2 and on
 *        are their own address; input registers are the same; coils and discretes are 1 where
 *        the address is odd. All are written.
 */
#ifndef GAUGED_SIM_CELLAR_H
#define GAUGED_SIM_CELLAR_H

#include "sim/plant.h"
#include "sim/rack.h"

enum { CELLAR_NAMED = 7, CELLAR_MAX = 32, CELLAR_DEFAULT = 8 };

struct cellar {
	const struct plant *plant;
	struct slave slaves[CELLAR_MAX];
	int count;
	double watt_hours; /* of the electricity meter, up to metered_s */
	double metered_s;
};

/* Embedded; cellar must not move afterwards. count: units from 1 on, at most CELLAR_MAX. */
void cellar_init(struct cellar *cellar, const struct plant *plant, int count);

#endif
