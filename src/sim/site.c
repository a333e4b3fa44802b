/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the parts of the simulation and the pace of its time. */
#include "sim/site.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "sim/fieldbus.h"
#include "sim/fleet.h"
#include "sim/gateway.h"
#include "sim/mast.h"
#include "sim/rack.h"
#include "sim/serial_port.h"
#include "sim/serial_server.h"
#include "sim/sink.h"
#include "sim/truth.h"

#define SITE_PACE_NS (20 * NSEC_PER_MSEC)

static void site_pace(void *arg)
{
	struct site *site = arg;
	struct mono now = clock_mono();
	double us = (double)mono_diff(now, site->paced) / NSEC_PER_USEC * site->speed;

	site->paced = now;
	heating_advance(&site->heating, (int64_t)us);
	poller_arm(site->poller, &site->pace, SITE_PACE_NS);
}

static int site_open_plant(struct site *site, const struct site_options *options,
			   struct error *err)
{
	heating_init(&site->heating, &site->chronicle);
	site->rack = rack_new(site->heating.slaves, HEATING_UNITS, options->seed, err);
	if (site->rack == NULL)
		return -EMFILE;
	if (site->truth != NULL)
		rack_record(site->rack, site->truth, "tcp");
	site->bus =
		fieldbus_open_rack(site->poller, options->port, &site->faults, site->rack, err);
	if (site->bus == NULL)
		return -EADDRINUSE;
	site->speed = options->speed;
	site->paced = clock_mono();
	site->pace.fn = site_pace;
	site->pace.arg = site;
	poller_arm(site->poller, &site->pace, SITE_PACE_NS);
	return 0;
}

static int site_open_gateway(struct site *site, const struct site_options *options,
			     struct error *err)
{
	struct gateway_options gateway = {.port = (uint16_t)options->gateway_port,
					  .timeout_ns = options->gateway_timeout_ns,
					  .line = &options->rtu};

	site->gateway = gateway_open(site->poller, site->cellar_rack, &site->gateway_faults,
				     &gateway, err);
	return site->gateway == NULL ? -EADDRINUSE : 0;
}

static int site_open_cellar(struct site *site, const struct site_options *options,
			    struct error *err)
{
	cellar_init(&site->cellar, &site->heating.plant, options->rtu_units);
	site->cellar_rack =
		rack_new(site->cellar.slaves, (size_t)site->cellar.count, options->seed, err);
	if (site->cellar_rack == NULL)
		return -EMFILE;
	if (site->truth != NULL)
		rack_record(site->cellar_rack, site->truth, "rtu");
	if (options->rtu_path != NULL) {
		site->rtu = serial_port_open(site->poller, site->cellar_rack, &site->rtu_faults,
					     options->rtu_path, &options->rtu, err);
		if (site->rtu == NULL)
			return -EIO;
	}
	if (options->serial_server_port >= 0) {
		site->server = serial_server_open(
			site->poller, (uint16_t)options->serial_server_port, site->cellar_rack,
			&site->server_faults, &options->rtu, err);
		if (site->server == NULL)
			return -EADDRINUSE;
	}
	return options->gateway_port >= 0 ? site_open_gateway(site, options, err) : 0;
}

static int site_open_units(struct site *site, const struct site_options *options,
			   struct error *err)
{
	int r;

	if (options->devices > 0) {
		site->fleet = fleet_open(site->poller, options->port, options->devices, err);
		return site->fleet == NULL ? -EADDRINUSE : 0;
	}
	if (options->truth_path != NULL) {
		site->truth = truth_open(options->truth_path, err);
		if (site->truth == NULL)
			return -EIO;
	}
	r = site_open_plant(site, options, err);
	return r == 0 ? site_open_cellar(site, options, err) : r;
}

int site_open(struct site *site, const struct site_options *options, struct error *err)
{
	int r;

	*site = (struct site){0};
	chronicle_init(&site->chronicle, STDOUT_FILENO);
	site->poller = poller_new();
	if (site->poller == NULL)
		return error_errno(err, errno, "no epoll descriptor");
	r = site_open_units(site, options, err);
	if (r == 0 && options->mast_path != NULL) {
		site->mast = mast_open(site->poller, options->mast_path, err);
		r = site->mast == NULL ? -EIO : 0;
	}
	if (r == 0 && options->sink_port >= 0) {
		site->sink = sink_open(site->poller, (uint16_t)options->sink_port,
				       &site->chronicle, err);
		r = site->sink == NULL ? -EADDRINUSE : 0;
	}
	if (r != 0)
		site_close(site);
	return r;
}

void site_close(struct site *site)
{
	gateway_close(site->gateway);
	serial_server_close(site->server);
	serial_port_close(site->rtu);
	rack_free(site->cellar_rack);
	sink_close(site->sink);
	mast_close(site->mast);
	fleet_close(site->fleet);
	fieldbus_close(site->bus);
	rack_free(site->rack);
	truth_close(site->truth);
	poller_disarm(&site->pace);
	poller_free(site->poller);
	*site = (struct site){0};
}
